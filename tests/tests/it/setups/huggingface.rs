//! Hugging Face.

use insta::assert_snapshot;
use synapse_testkit::provider_doubles::{HuggingFaceDouble, HuggingFaceFault, Route};

use super::setup::{Credential, Setup, Shown, expect};

/// A working set-up for `double`.
pub(crate) fn setup(double: &HuggingFaceDouble) -> Setup {
    Setup {
        provider: "huggingface",
        model: format!("{}:novita", HuggingFaceDouble::MODEL),
        base_url: double.base_url(),
        credential: Credential::File(format!("{}\n", HuggingFaceDouble::TOKEN)),
        flags: vec!["--allow-network".to_owned()],
    }
}

#[test]
fn each_wrong_setup_has_a_code_and_a_remedy_of_its_own() {
    let mut shown = Shown::default();
    found_locally(&mut shown);
    shown.add_unreachable(|| setup(&HuggingFaceDouble::start()));
    found_by_the_model(&mut shown);
    found_by_the_identity(&mut shown);
    found_by_a_real_prompt(&mut shown);
    assert_eq!(shown.count(), 25);
    assert_snapshot!(shown.text("huggingface.md"), @r#"
    # the gate is closed
      FAIL  gate        gate.network-disabled: live calls are off for this connection
    proven: config, endpoint
    error[gate.network-disabled]: live calls are off for this connection
      cause: its network gate is closed; nothing was sent and no secret was read
      hint: open the gate, if you want live calls: synapse connection edit work --allow-network
    # no credential file
      FAIL  credential  credential.missing: there is no credential file [HOME]/token
    proven: config, endpoint, gate
    error[credential.missing]: there is no credential file [HOME]/token
      hint: create it; the token is asked for and not shown: synapse secret set file:[HOME]/token
    # two tokens in one file
      FAIL  credential  credential.multi-line: the credential file [HOME]/token has 2 lines
    proven: config, endpoint, gate
    error[credential.multi-line]: the credential file [HOME]/token has 2 lines
      cause: a credential is exactly one line; only one final line end is removed
      hint: keep the line with the token and remove everything else
    # an OpenAI key
      FAIL  credential  credential.wrong-vendor: this is an OpenAI-style key, and the connection is to Hugging Face
    proven: config, endpoint, gate
    error[credential.wrong-vendor]: this is an OpenAI-style key, and the connection is to Hugging Face
      cause: its prefix says so; it was not sent
      hint: reference a token of Hugging Face: https://huggingface.co/settings/tokens/new?ownUserPermissions=inference.serverless.write&tokenType=fineGrained
    # an empty credential file
      FAIL  credential  credential.empty: the credential file [HOME]/token is empty
    proven: config, endpoint, gate
    error[credential.empty]: the credential file [HOME]/token is empty
      hint: write the token into it, on one line
    # a token with an invisible character
      FAIL  credential  credential.malformed: the credential file [HOME]/token does not hold a token
    proven: config, endpoint, gate
    error[credential.malformed]: the credential file [HOME]/token does not hold a token
      cause: there is a non-ASCII character at the end
      hint: copy the token again, without anything around it; its content is not shown here
    # the retired host
      FAIL  endpoint    endpoint.gone: api-inference.huggingface.co was retired
    proven: config
    error[endpoint.gone]: api-inference.huggingface.co was retired
      hint: use https://router.huggingface.co/v1
    # the web site as base URL
      FAIL  endpoint    endpoint.path-mismatch: huggingface.co is the web site and not the inference router
    proven: config
    error[endpoint.path-mismatch]: huggingface.co is the web site and not the inference router
      hint: use https://router.huggingface.co/v1
    # plain http that is redirected
      FAIL  reach       endpoint.redirected: the server answered with a redirect, which was not followed
    proven: config, endpoint, gate, credential
    error[endpoint.redirected]: the server answered with a redirect, which was not followed
      cause: 127.0.0.1:PORT answered without a body
      cause: HTTP 308 from http://127.0.0.1:PORT/v1/models/deepseek-ai/DeepSeek-V4-Pro, request id Root=1-fake
      hint: it points to https://router.test/v1/models/x
      hint: if you trust that address, make it the base URL (without the endpoint's own path)
    # a captive portal
      FAIL  reach       endpoint.not-an-api: a web page answered instead of the provider's API
    proven: config, endpoint, gate, credential
    error[endpoint.not-an-api]: a web page answered instead of the provider's API
      cause: 127.0.0.1:PORT answered with an HTML page
      cause: HTTP 200 from http://127.0.0.1:PORT/v1/models/deepseek-ai/DeepSeek-V4-Pro, request id Root=1-fake
      hint: look for a captive portal or proxy, or correct the base URL
    # a company that blocks it
      FAIL  reach       provider.region-blocked: an intermediary refused the request, not the provider's API
    proven: config, endpoint, gate, credential
    error[provider.region-blocked]: an intermediary refused the request, not the provider's API
      cause: 127.0.0.1:PORT answered with an HTML page
      cause: HTTP 403 from http://127.0.0.1:PORT/v1/models/deepseek-ai/DeepSeek-V4-Pro, request id Root=1-fake
      hint: check VPN, proxy and the account's IP allow-list
    # the router is down
      FAIL  reach       provider.overloaded: the provider is overloaded or unreachable behind its edge
    proven: config, endpoint, gate, credential
    error[provider.overloaded]: the provider is overloaded or unreachable behind its edge
      cause: 127.0.0.1:PORT answered with an HTML page
      cause: HTTP 502 from http://127.0.0.1:PORT/v1/models/deepseek-ai/DeepSeek-V4-Pro, request id Root=1-fake
      hint: try again later; Synapse never retries by itself
    # a sub-provider that does not serve the model
      FAIL  model       provider.model-unavailable: `groq` does not serve this model now
    proven: config, endpoint, gate, credential, reach, token
    error[provider.model-unavailable]: `groq` does not serve this model now
      cause: live sub-providers: novita, featherless-ai
      hint: enable sub-providers: https://huggingface.co/settings/inference-providers
      hint: pin one of them, for example deepseek-ai/DeepSeek-V4-Pro:novita
    # a revoked token
      FAIL  token       credential.token-rejected: the provider does not accept this token
    proven: config, endpoint, gate, credential, reach, model
    error[credential.token-rejected]: the provider does not accept this token
      cause: 127.0.0.1:PORT says: Invalid credentials in Authorization header
      cause: HTTP 401 from http://127.0.0.1:PORT/api/whoami-v2, request id Root=1-fake
      hint: check that the credential reference holds the current token; a revoked one fails within seconds
      hint: create a token: https://huggingface.co/settings/tokens/new?ownUserPermissions=inference.serverless.write&tokenType=fineGrained
    # a token without the permission
      FAIL  token       credential.token-permission: the token may not make calls to Inference Providers for `fake-user`
    proven: config, endpoint, gate, credential, reach, model
    error[credential.token-permission]: the token may not make calls to Inference Providers for `fake-user`
      cause: whoami lists no `inference.serverless.write` permission for it
      hint: create a token with the permission "Make calls to Inference Providers": https://huggingface.co/settings/tokens/new?ownUserPermissions=inference.serverless.write&tokenType=fineGrained
    # asked too often who it is
      FAIL  token       provider.rate-limited: the provider limits the request rate of this account
    proven: config, endpoint, gate, credential, reach, model
    error[provider.rate-limited]: the provider limits the request rate of this account
      cause: 127.0.0.1:PORT says: We had to rate limit you, you hit the quota of 1000 api requests per 5 minutes period.
      cause: HTTP 429 from http://127.0.0.1:PORT/api/whoami-v2, request id Root=1-fake
      hint: the provider asks to wait 286 s
      hint: Synapse never retries by itself
    # an organization of others
      FAIL  token       provider.account-scope: the token's account is not a member of `strangers`
    proven: config, endpoint, gate, credential, reach, model
    error[provider.account-scope]: the token's account is not a member of `strangers`
      cause: whoami of `fake-user` does not list that organization
      hint: correct or remove `bill_to`
    # used-up credits
      FAIL  live        provider.credits-exhausted: credits, quota or a spend limit are used up
    proven: config, endpoint, gate, credential, reach, model, token
    error[provider.credits-exhausted]: credits, quota or a spend limit are used up
      cause: 127.0.0.1:PORT says: You have depleted your monthly included credits. Purchase pre-paid credits to continue using Inference Providers with pay-as-you-go. Alternatively, subscribe to PRO to get 20x more included usage.
      cause: HTTP 402 from http://127.0.0.1:PORT/v1/chat/completions, request id Root=1-fake
      hint: buy credits or raise the limit; waiting does not help
    # a sub-provider that refuses the router's key
      FAIL  live        provider.failed: the sub-provider rejected the router's own key, which is not yours
    proven: config, endpoint, gate, credential, reach, model, token
    error[provider.failed]: the sub-provider rejected the router's own key, which is not yours
      cause: sub-provider novita says: Invalid API key provided
      cause: HTTP 401 from http://127.0.0.1:PORT/v1/chat/completions, code invalid_api_key, type invalid_request_error, request id Root=1-fake
      hint: report it to the provider, with the request id if there is one
    # a sub-provider that does not take the request
      FAIL  live        provider.request-rejected: the sub-provider rejects the request
    proven: config, endpoint, gate, credential, reach, model, token
    error[provider.request-rejected]: the sub-provider rejects the request
      cause: sub-provider novita says: model features function calling not support
      cause: HTTP 400 from http://127.0.0.1:PORT/v1/chat/completions, code 400, request id Root=1-fake
      hint: change the part that the message names
    # a sub-provider that answers with nothing
      FAIL  live        provider.empty-response: the provider answered without any choice
    proven: config, endpoint, gate, credential, reach, model, token
    error[provider.empty-response]: the provider answered without any choice
      cause: HTTP 200 from http://127.0.0.1:PORT/v1/chat/completions, request id Root=1-fake
      hint: report it to the provider, with the request id if there is one
    "#);
}

fn found_locally(shown: &mut Shown) {
    let double = HuggingFaceDouble::start();
    let server = double.server();
    let foreign = (
        "an OpenAI key",
        "sk-fake\n",
        "https://huggingface.co/settings/tokens/new",
    );
    shown.add_unsent(|| setup(&double), server, foreign);
    for (what, setup, code, hint) in [
        (
            "an empty credential file",
            setup(&double).token("\n"),
            "credential.empty",
            "write the token into it",
        ),
        (
            "a token with an invisible character",
            setup(&double).token("hf_fake\u{200b}\n"),
            "credential.malformed",
            "copy the token again",
        ),
        (
            "the retired host",
            setup(&double).at("https://api-inference.huggingface.co/v1"),
            "endpoint.gone",
            "use https://router.huggingface.co/v1",
        ),
        (
            "the web site as base URL",
            setup(&double).at("https://huggingface.co/v1"),
            "endpoint.path-mismatch",
            "use https://router.huggingface.co/v1",
        ),
    ] {
        shown.add(what, &setup, server, &expect(code, hint, 0));
    }
}

/// Problems found by the public model lookup, without the token.
fn found_by_the_model(shown: &mut Shown) {
    use HuggingFaceFault as Fault;
    let elsewhere = "https://router.test/v1/models/x".to_owned();
    // The identity is not requested when the router itself fails.
    for (what, fault, code, hint, requests) in [
        (
            "plain http that is redirected",
            Fault::Redirect(elsewhere),
            "endpoint.redirected",
            "it points to https://router.test/v1/models/x",
            1,
        ),
        (
            "a captive portal",
            Fault::CaptivePortal,
            "endpoint.not-an-api",
            "look for a captive portal or proxy",
            1,
        ),
        (
            "a company that blocks it",
            Fault::HtmlPage,
            "provider.region-blocked",
            "check VPN, proxy",
            1,
        ),
        (
            "the router is down",
            Fault::BadGateway,
            "provider.overloaded",
            "try again later",
            1,
        ),
    ] {
        let double = HuggingFaceDouble::with_faults([(Route::Model, fault)]);
        let expected = expect(code, hint, requests);
        shown.add(what, &setup(&double), double.server(), &expected);
    }
    let double = HuggingFaceDouble::start();
    let elsewhere = format!("{}:groq", HuggingFaceDouble::MODEL);
    let pinned = setup(&double).model(elsewhere);
    let pin = format!(
        "pin one of them, for example {}:novita",
        HuggingFaceDouble::MODEL
    );
    // The token is still checked.
    let expected = expect("provider.model-unavailable", &pin, 2);
    shown.add(
        "a sub-provider that does not serve the model",
        &pinned,
        double.server(),
        &expected,
    );
}

fn found_by_the_identity(shown: &mut Shown) {
    use HuggingFaceFault as Fault;
    for (what, fault, code, hint) in [
        (
            "a revoked token",
            Fault::TokenRejected,
            "credential.token-rejected",
            "https://huggingface.co/settings/tokens/new",
        ),
        (
            "a token without the permission",
            Fault::WhoamiWithoutPermission,
            "credential.token-permission",
            "Make calls to Inference Providers",
        ),
        (
            "asked too often who it is",
            Fault::HubRateLimited,
            "provider.rate-limited",
            "the provider asks to wait 286 s",
        ),
    ] {
        let double = HuggingFaceDouble::with_faults([(Route::Whoami, fault)]);
        let expected = expect(code, hint, 2);
        shown.add(what, &setup(&double), double.server(), &expected);
    }
    let double = HuggingFaceDouble::start();
    let billed = setup(&double).flags(["--bill-to", "strangers"]);
    let expected = expect("provider.account-scope", "correct or remove `bill_to`", 2);
    shown.add(
        "an organization of others",
        &billed,
        double.server(),
        &expected,
    );
}

/// Problems found only by the prompt of `--live`.
fn found_by_a_real_prompt(shown: &mut Shown) {
    use HuggingFaceFault as Fault;
    for (what, fault, code, hint) in [
        (
            "used-up credits",
            Fault::CreditsExhausted,
            "provider.credits-exhausted",
            "waiting does not help",
        ),
        (
            "a sub-provider that refuses the router's key",
            Fault::SubProviderKeyRejected,
            "provider.failed",
            "with the request id",
        ),
        (
            "a sub-provider that does not take the request",
            Fault::SubProviderRejected,
            "provider.request-rejected",
            "change the part that the message names",
        ),
        (
            "a sub-provider that answers with nothing",
            Fault::NoChoices,
            "provider.empty-response",
            "with the request id",
        ),
    ] {
        let double = HuggingFaceDouble::with_faults([(Route::Chat, fault)]);
        let passed = setup(&double).shown_passing();
        assert!(passed.contains("not proven: live"), "{passed}");
        assert_eq!(double.server().heads(), 2);
        let live = setup(&double).flags(["--live"]);
        shown.add(what, &live, double.server(), &expect(code, hint, 3));
    }
}
