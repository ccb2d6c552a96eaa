//! OpenAI.

use insta::assert_snapshot;
use synapse_testkit::provider_doubles::{OpenAiDouble, OpenAiFault, Route};

use super::setup::{Credential, Setup, Shown, expect};

/// A working set-up for `double`.
pub(crate) fn setup(double: &OpenAiDouble) -> Setup {
    Setup {
        provider: "openai",
        model: OpenAiDouble::MODEL.to_owned(),
        base_url: double.base_url(),
        credential: Credential::File(format!("{}\n", OpenAiDouble::KEY)),
        flags: vec!["--allow-network".to_owned()],
    }
}

#[test]
fn each_wrong_setup_has_a_code_and_a_remedy_of_its_own() {
    let mut shown = Shown::default();
    found_locally(&mut shown);
    shown.add_unreachable(|| setup(&OpenAiDouble::start()));
    found_by_the_lookup(&mut shown);
    found_by_a_real_prompt(&mut shown);
    assert_eq!(shown.count(), 26);
    assert_snapshot!(shown.text("openai.md"), @"
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
    # a Hugging Face token
      FAIL  credential  credential.wrong-vendor: this is a Hugging Face token, and the connection is to OpenAI
    proven: config, endpoint, gate
    error[credential.wrong-vendor]: this is a Hugging Face token, and the connection is to OpenAI
      cause: its prefix says so; it was not sent
      hint: reference a token of OpenAI: https://platform.openai.com/api-keys
    # others may read the key
      FAIL  credential  credential.mode-too-open: other users of this machine may use the credential file [HOME]/0.token
    proven: config, endpoint, gate
    error[credential.mode-too-open]: other users of this machine may use the credential file [HOME]/0.token
      cause: its mode is 0644; it was not read
      hint: let only its owner read and write it: chmod 600 [HOME]/0.token
    # the key in the place of its file
      FAIL  credential  credential.literal-token: this looks like a token; a reference to one is expected here
    proven: config, endpoint
    error[credential.literal-token]: this looks like a token; a reference to one is expected here
      cause: a token on the command line or in a file ends up in histories and backups
      hint: put it into a file that only you can read and pass file:PATH: synapse secret set file:~/.synapse/provider.token
      hint: treat a token that was typed on a command line as exposed, and rotate it
    # plain http to the API
      FAIL  endpoint    endpoint.invalid-url: plain http would send everything unencrypted
    proven: config
    error[endpoint.invalid-url]: plain http would send everything unencrypted
      hint: use https://api.openai.com/v1
      hint: http is taken for loopback addresses only
    # a server that has moved
      FAIL  reach       endpoint.redirected: the server answered with a redirect, which was not followed
    proven: config, endpoint, gate, credential
    error[endpoint.redirected]: the server answered with a redirect, which was not followed
      cause: 127.0.0.1:PORT answered without a body
      cause: HTTP 307 from http://127.0.0.1:PORT/v1/models/gpt-5.6-terra, request id req_fake
      hint: it points to https://elsewhere.test/v1/models/x
      hint: if you trust that address, make it the base URL (without the endpoint's own path)
    # a captive portal
      FAIL  reach       endpoint.not-an-api: a web page answered instead of the provider's API
    proven: config, endpoint, gate, credential
    error[endpoint.not-an-api]: a web page answered instead of the provider's API
      cause: 127.0.0.1:PORT answered with an HTML page
      cause: HTTP 200 from http://127.0.0.1:PORT/v1/models/gpt-5.6-terra, request id req_fake
      hint: look for a captive portal or proxy, or correct the base URL
    # a project of another region
      FAIL  reach       endpoint.wrong-region-host: the project must use a regional host
    proven: config, endpoint, gate, credential
    error[endpoint.wrong-region-host]: the project must use a regional host
      cause: 127.0.0.1:PORT says: Attempted to access resource with incorrect regional hostname. Please make your request to eu.api.openai.com
      cause: HTTP 401 from http://127.0.0.1:PORT/v1/models/gpt-5.6-terra, code incorrect_hostname, type invalid_request_error, request id req_fake
      hint: set the base URL to the regional host that the message names
    # a revoked key
      FAIL  token       credential.token-rejected: the provider does not accept this token
    proven: config, endpoint, gate, credential, reach
    error[credential.token-rejected]: the provider does not accept this token
      cause: 127.0.0.1:PORT says: Incorrect API key provided: [redacted]. You can find your API key at https://platform.openai.com/account/api-keys.
      cause: HTTP 401 from http://127.0.0.1:PORT/v1/models/gpt-5.6-terra, code invalid_api_key, type invalid_request_error, request id req_fake
      hint: check that the credential reference holds the current token; a revoked one fails within seconds
      hint: create a token: https://platform.openai.com/api-keys
    # a key of another organization
      FAIL  token       provider.account-scope: the token does not belong to the organization or project of this connection
    proven: config, endpoint, gate, credential, reach
    error[provider.account-scope]: the token does not belong to the organization or project of this connection
      cause: 127.0.0.1:PORT says: OpenAI-Organization header should match organization for API key
      cause: HTTP 401 from http://127.0.0.1:PORT/v1/models/gpt-5.6-terra, code mismatched_organization, type invalid_request_error, request id req_fake
      hint: remove `organization` and `project` (a project key needs neither), or correct them
    # a country that is not served
      FAIL  reach       provider.region-blocked: the provider refuses requests from this country or network address
    proven: config, endpoint, gate, credential
    error[provider.region-blocked]: the provider refuses requests from this country or network address
      cause: 127.0.0.1:PORT says: Country, region, or territory not supported
      cause: HTTP 403 from http://127.0.0.1:PORT/v1/models/gpt-5.6-terra, code unsupported_country_region_territory, type request_forbidden, request id req_fake
      hint: check VPN, proxy and the account's IP allow-list
    # a model that the project may not use
      FAIL  model       provider.model-access: the account may not use this model
    proven: config, endpoint, gate, credential, reach, token
    error[provider.model-access]: the account may not use this model
      cause: 127.0.0.1:PORT says: Project `proj_fake` does not have access to model `gpt-5.6-terra`
      cause: HTTP 403 from http://127.0.0.1:PORT/v1/models/gpt-5.6-terra, code model_not_found, type invalid_request_error, request id req_fake
      hint: enable gpt-5.6-terra for the project or accept its terms, or choose another model
    # throttled
      FAIL  token       provider.rate-limited: the provider limits the request rate of this account
    proven: config, endpoint, gate, credential, reach
    error[provider.rate-limited]: the provider limits the request rate of this account
      cause: 127.0.0.1:PORT says: Rate limit reached for gpt-5.6-terra in organization org-fake on requests per min (RPM): Limit 3, Used 3, Requested 1. Please try again in 20s.
      cause: HTTP 429 from http://127.0.0.1:PORT/v1/models/gpt-5.6-terra, code rate_limit_exceeded, type requests, request id req_fake
      hint: the provider asks to wait 20 s
      hint: Synapse never retries by itself
    # overloaded
      FAIL  reach       provider.overloaded: the provider is overloaded or unreachable behind its edge
    proven: config, endpoint, gate, credential
    error[provider.overloaded]: the provider is overloaded or unreachable behind its edge
      cause: 127.0.0.1:PORT says: The server is currently overloaded. Please try again later.
      cause: HTTP 503 from http://127.0.0.1:PORT/v1/models/gpt-5.6-terra, code server_is_overloaded, type server_error, request id req_fake
      hint: try again later; Synapse never retries by itself
    # broken
      FAIL  reach       provider.failed: the provider failed
    proven: config, endpoint, gate, credential
    error[provider.failed]: the provider failed
      cause: 127.0.0.1:PORT says: The server had an error while processing your request. Sorry about that!
      cause: HTTP 500 from http://127.0.0.1:PORT/v1/models/gpt-5.6-terra, type server_error, request id req_fake
      hint: report it to the provider, with the request id if there is one
    # a wrong path
      FAIL  reach       endpoint.path-mismatch: the server has no such endpoint under the base URL
    proven: config, endpoint, gate, credential
    error[endpoint.path-mismatch]: the server has no such endpoint under the base URL
      cause: 127.0.0.1:PORT says: Invalid URL (GET /v2/models)
      cause: HTTP 404 from http://127.0.0.1:PORT/v2/models, type invalid_request_error, request id req_fake
      hint: OpenAI's own base URL is https://api.openai.com/v1
      hint: Synapse adds /chat/completions or /models to the base URL, nothing else
    # a misspelt model
      FAIL  model       provider.model-unavailable: the model does not exist or no provider serves it now
    proven: config, endpoint, gate, credential, reach, token
    error[provider.model-unavailable]: the model does not exist or no provider serves it now
      cause: 127.0.0.1:PORT says: The model `gpt-5.6-tera` does not exist or you do not have access to it.
      cause: HTTP 404 from http://127.0.0.1:PORT/v1/models/gpt-5.6-tera, code model_not_found, type invalid_request_error, request id req_fake
      hint: check the spelling, and that it is a chat model
    # a key that may read models and not chat
      FAIL  live        credential.token-permission: the token is valid but lacks a permission
    proven: config, endpoint, gate, credential, reach, token, model
    error[credential.token-permission]: the token is valid but lacks a permission
      cause: 127.0.0.1:PORT says: You have insufficient permissions for this operation. Missing scopes: model.request. Check that you have the correct role in your organization (Reader, Writer, Owner) and project (Member, Owner), and if you're using a restricted API key, that it has the necessary scopes.
      cause: HTTP 401 from http://127.0.0.1:PORT/v1/chat/completions, type invalid_request_error, request id req_fake
      hint: give the key the scope that the message names (for chat: Model capabilities, Write): https://platform.openai.com/api-keys
    # used-up credits
      FAIL  live        provider.credits-exhausted: credits, quota or a spend limit are used up
    proven: config, endpoint, gate, credential, reach, token, model
    error[provider.credits-exhausted]: credits, quota or a spend limit are used up
      cause: 127.0.0.1:PORT says: You exceeded your current quota, please check your plan and billing details.
      cause: HTTP 429 from http://127.0.0.1:PORT/v1/chat/completions, code insufficient_quota, type insufficient_quota, request id req_fake
      hint: buy credits or raise the limit; waiting does not help
    # a model that answers with nothing
      FAIL  live        provider.empty-response: the provider answered without any choice
    proven: config, endpoint, gate, credential, reach, token, model
    error[provider.empty-response]: the provider answered without any choice
      cause: HTTP 200 from http://127.0.0.1:PORT/v1/chat/completions, request id req_fake
      hint: report it to the provider, with the request id if there is one
    ");
}

fn found_locally(shown: &mut Shown) {
    let double = OpenAiDouble::start();
    let server = double.server();
    let foreign = (
        "a Hugging Face token",
        "hf_fake\n",
        "https://platform.openai.com/api-keys",
    );
    shown.add_unsent(|| setup(&double), server, foreign);
    let expected = expect("credential.mode-too-open", "chmod 600", 0);
    shown.add_readable_by_others("others may read the key", setup(&double), server, &expected);
    for (what, setup, code, hint) in [
        (
            "the key in the place of its file",
            setup(&double).credential(Credential::Words("sk-fakefakefake".to_owned())),
            "credential.literal-token",
            "rotate it",
        ),
        (
            "plain http to the API",
            setup(&double).at("http://api.openai.com/v1"),
            "endpoint.invalid-url",
            "use https://api.openai.com/v1",
        ),
    ] {
        shown.add(what, &setup, server, &expect(code, hint, 0));
    }
}

fn found_by_the_lookup(shown: &mut Shown) {
    use OpenAiFault as Fault;
    let elsewhere = "https://elsewhere.test/v1/models/x".to_owned();
    for (what, fault, code, hint) in [
        (
            "a server that has moved",
            Fault::Redirect(elsewhere),
            "endpoint.redirected",
            "it points to https://elsewhere.test/v1/models/x",
        ),
        (
            "a captive portal",
            Fault::CaptivePortal,
            "endpoint.not-an-api",
            "look for a captive portal or proxy",
        ),
        (
            "a project of another region",
            Fault::WrongRegionHost,
            "endpoint.wrong-region-host",
            "set the base URL to the regional host",
        ),
        (
            "a revoked key",
            Fault::KeyRejected,
            "credential.token-rejected",
            "https://platform.openai.com/api-keys",
        ),
        (
            "a key of another organization",
            Fault::MismatchedOrganization,
            "provider.account-scope",
            "remove `organization` and `project`",
        ),
        (
            "a country that is not served",
            Fault::RegionBlocked,
            "provider.region-blocked",
            "check VPN, proxy and the account's IP allow-list",
        ),
        (
            "a model that the project may not use",
            Fault::ModelAccess,
            "provider.model-access",
            "enable gpt-5.6-terra for the project",
        ),
        (
            "throttled",
            Fault::RateLimited,
            "provider.rate-limited",
            "the provider asks to wait 20 s",
        ),
        (
            "overloaded",
            Fault::Overloaded,
            "provider.overloaded",
            "try again later",
        ),
        (
            "broken",
            Fault::ServerError,
            "provider.failed",
            "with the request id",
        ),
    ] {
        let double = OpenAiDouble::with_faults([(Route::Model, fault)]);
        let expected = expect(code, hint, 1);
        let setup = setup(&double).flags(["--organization", "org-fake"]);
        shown.add(what, &setup, double.server(), &expected);
    }
    let double = OpenAiDouble::start();
    let wrong_path = setup(&double).at(double.base_url().replace("/v1", "/v2"));
    // The lookup, and the list that decides when it fails.
    let expected = expect("endpoint.path-mismatch", "https://api.openai.com/v1", 2);
    shown.add("a wrong path", &wrong_path, double.server(), &expected);
    let misspelt = setup(&double).model("gpt-5.6-tera");
    let expected = expect("provider.model-unavailable", "check the spelling", 1);
    shown.add("a misspelt model", &misspelt, double.server(), &expected);
}

/// Problems found only by the prompt of `--live`.
fn found_by_a_real_prompt(shown: &mut Shown) {
    for (what, fault, code, hint) in [
        (
            "a key that may read models and not chat",
            OpenAiFault::MissingScope("model.request"),
            "credential.token-permission",
            "Model capabilities, Write",
        ),
        (
            "used-up credits",
            OpenAiFault::QuotaExceeded,
            "provider.credits-exhausted",
            "waiting does not help",
        ),
        (
            "a model that answers with nothing",
            OpenAiFault::NoChoices,
            "provider.empty-response",
            "with the request id",
        ),
    ] {
        let double = OpenAiDouble::with_faults([(Route::Chat, fault)]);
        let setup = setup(&double);
        let passed = setup.shown_passing();
        assert!(passed.contains("not proven: live"), "{passed}");
        let before = double.server().heads();
        assert_eq!(before, 1);
        let setup = setup.flags(["--live"]);
        shown.add(what, &setup, double.server(), &expect(code, hint, 2));
    }
}
