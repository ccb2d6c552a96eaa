//! Reading Anthropic's answers: documented messages, costs, and unusable answers.

use serde_json::{Value, json};
use synapse_core::chat::{ChatReply, ChatRequest, Message, Parameters, Role};
use synapse_core::error::Code;
use synapse_core::money::Cost;
use synapse_core::provider::Exchanged;
use synapse_testkit::provider_doubles::{AnthropicDouble, AnthropicFault, Route};
use synapse_testkit::raw::{RawServer, Reply};

use crate::answers::view;
use crate::bench::{Bench, draft};
use crate::costs::listed;

async fn prompt(bench: &Bench) -> Exchanged<ChatReply> {
    let request = ChatRequest {
        model: bench.connection.model.clone(),
        messages: vec![Message::new(Role::User, "hi")],
        parameters: Parameters {
            max_tokens: Some(16),
            ..Parameters::default()
        },
    };
    bench.chat(&request).await
}

async fn ask(reply: Reply) -> (Exchanged<ChatReply>, usize) {
    let server = RawServer::always(reply);
    let draft = draft(
        "anthropic",
        AnthropicDouble::MODEL,
        server.url("/v1").as_str(),
    );
    let exchanged = prompt(&Bench::new(&draft, "fake-token")).await;
    (exchanged, server.heads())
}

#[tokio::test]
async fn messages_are_understood() {
    let directory = format!("{}/tests/golden/anthropic", env!("CARGO_MANIFEST_DIR"));
    let mut count = 0;
    for file in std::fs::read_dir(directory).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !name.starts_with("response-") {
            continue;
        }
        let golden: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let (exchanged, heads) = ask(Reply::json(200, golden["body"].to_string())).await;
        assert_eq!(view(&exchanged.outcome.unwrap()), golden["reply"], "{name}");
        assert_eq!(heads, 1);
        count += 1;
    }
    assert_eq!(count, 6, "a golden file was lost");
}

/// An error sent after the status.
fn late(kind: &str) -> Reply {
    let body = json!({"type": "error", "error": {"type": kind, "message": "late"}});
    Reply::json(200, body.to_string())
}

#[tokio::test]
async fn a_success_that_is_no_message_has_a_code_of_its_own() {
    for (reply, code) in [
        (
            Reply::typed(200, "text/event-stream", "event: message_start\n\n"),
            Code::ProviderUnexpectedStream,
        ),
        (
            Reply::typed(200, "text/html", "<html>portal</html>"),
            Code::EndpointNotAnApi,
        ),
        (Reply::json(200, ""), Code::ProviderEmptyResponse),
        (Reply::json(200, "[]"), Code::ProviderBadResponse),
        (
            Reply::json(200, r#"{"content":"text"}"#),
            Code::ProviderBadResponse,
        ),
        (
            Reply::json(200, r#"{"choices":[]}"#),
            Code::ProviderBadResponse,
        ),
        // This API only does so in streams, but routers in front of it do it elsewhere.
        (late("overloaded_error"), Code::ProviderOverloaded),
        (late("billing_error"), Code::ProviderCreditsExhausted),
        (
            Reply::json(200, r#"{"content":[{"ty"#),
            Code::ProviderBadResponse,
        ),
    ] {
        let (exchanged, heads) = ask(reply).await;
        assert_eq!(exchanged.outcome.unwrap_err().code(), code);
        assert_eq!((heads, exchanged.exchange.attempts), (1, 1));
        assert!(exchanged.exchange.maybe_billed);
    }
}

#[tokio::test]
async fn faults_of_the_double_are_told_apart_and_nothing_is_sent_twice() {
    use AnthropicFault as Fault;
    let elsewhere = AnthropicDouble::start();
    let target = format!("{}/messages", elsewhere.base_url());
    for (fault, code) in [
        (Fault::KeyRejected, Code::CredentialTokenRejected),
        (Fault::OrganizationDisabled, Code::CredentialTokenRejected),
        (Fault::MissingPermission, Code::CredentialTokenPermission),
        (Fault::WorkspaceMissing, Code::ProviderAccountScope),
        (Fault::RegionBlocked, Code::ProviderRegionBlocked),
        (Fault::HtmlPage, Code::ProviderRegionBlocked),
        (Fault::CreditsExhausted, Code::ProviderCreditsExhausted),
        (Fault::SpendLimit, Code::ProviderCreditsExhausted),
        (Fault::Billing, Code::ProviderCreditsExhausted),
        (Fault::PathNotFound, Code::EndpointPathMismatch),
        (Fault::RequestTooLarge, Code::ProviderContextTooLong),
        (Fault::PromptTooLong, Code::ProviderContextTooLong),
        (Fault::InvalidRequest, Code::ProviderRequestRejected),
        (Fault::RateLimited, Code::ProviderRateLimited),
        (Fault::ServerError, Code::ProviderFailed),
        (Fault::TimedOut, Code::ProviderOverloaded),
        (Fault::Overloaded, Code::ProviderOverloaded),
        (Fault::Redirect(target), Code::EndpointRedirected),
        (Fault::EventStream, Code::ProviderUnexpectedStream),
        (Fault::CaptivePortal, Code::EndpointNotAnApi),
    ] {
        let double = AnthropicDouble::with_faults([(Route::Chat, fault.clone())]);
        let draft = draft("anthropic", AnthropicDouble::MODEL, &double.base_url());
        let exchanged = prompt(&Bench::new(&draft, AnthropicDouble::KEY)).await;
        let failure = exchanged.outcome.unwrap_err();
        assert_eq!(failure.code(), code, "{fault:?}");
        assert!(!failure.hints().is_empty(), "{fault:?} has no next step");
        let server = double.server();
        assert_eq!((server.accepts(), server.heads()), (1, 1), "{fault:?}");
    }
    assert_eq!(elsewhere.server().accepts(), 0);

    let double = AnthropicDouble::start();
    let unknown = draft("anthropic", "claude-none", &double.base_url());
    let exchanged = prompt(&Bench::new(&unknown, AnthropicDouble::KEY)).await;
    let failure = exchanged.outcome.unwrap_err();
    assert_eq!(failure.code(), Code::ProviderModelUnavailable);
    assert_eq!(
        exchanged.exchange.request_id.as_deref(),
        Some("req_fake_anthropic")
    );
    assert_eq!(double.server().heads(), 1);
}

#[tokio::test]
async fn answers_without_text_say_why() {
    for (fault, reason, refusal) in [
        (
            AnthropicFault::Refusal,
            "refusal",
            Some("This request could enable cyber harm."),
        ),
        (AnthropicFault::SpentOnThinking, "max_tokens", None),
    ] {
        let double = AnthropicDouble::with_faults([(Route::Chat, fault)]);
        let draft = draft("anthropic", AnthropicDouble::MODEL, &double.base_url());
        let exchanged = prompt(&Bench::new(&draft, AnthropicDouble::KEY)).await;
        let reply = exchanged.outcome.unwrap();
        assert_eq!((reply.content, reply.refusal.as_deref()), (None, refusal));
        let finish = reply.finish_reason.unwrap();
        assert_eq!(finish.as_str(), reason);
        assert!(finish.without_text().is_some());
    }
}

#[tokio::test]
async fn a_server_that_says_the_key_back_does_not_have_it_written_down() {
    let body =
        json!({"content": [], "model": "m-fake-token", "stop_reason": "fake-token\u{1b}[2J"});
    let (exchanged, _) = ask(Reply::json(200, body.to_string())).await;
    let reply = exchanged.outcome.unwrap();
    assert_eq!(reply.model.as_deref(), Some("m-[redacted]"));
    let reason = reply.finish_reason.unwrap();
    assert!(!reason.as_str().contains("fake-token"), "{reason}");
    assert!(!reason.as_str().contains('\u{1b}'), "{reason}");

    let echo = json!({"type": "error", "error": {
        "type": "authentication_error", "message": "invalid x-api-key: fake-token"}});
    let (exchanged, _) = ask(Reply::json(401, echo.to_string())).await;
    let failure = exchanged.outcome.unwrap_err();
    assert_eq!(failure.code(), Code::CredentialTokenRejected);
    assert!(
        !format!("{failure:?}").contains("fake-token"),
        "{failure:?}"
    );
}

#[test]
fn the_shipped_prices_are_those_of_anthropic_itself() {
    let model = AnthropicDouble::MODEL;
    assert!(listed("anthropic", None, model, None).is_some());
    for other in [
        "https://eu.api.anthropic.com/v1",
        "https://api.anthropic.com.example/v1",
        "https://api.anthropic.com:8443/v1",
        "http://127.0.0.1:9/v1",
    ] {
        assert_eq!(
            listed("anthropic", Some(other), model, None),
            None,
            "{other}"
        );
    }
    let served = listed("anthropic", None, model, Some(AnthropicDouble::LARGE_MODEL));
    assert_eq!(
        served,
        listed("anthropic", None, AnthropicDouble::LARGE_MODEL, None)
    );
    assert_ne!(
        served,
        listed("anthropic", None, model, None),
        "served, then asked"
    );
    assert_eq!(listed("anthropic", None, "claude-none", None), None);
}

/// A message as Anthropic sends it, priced by the shipped list: 1, 5, 0.1 and 1.25 USD per million
/// tokens of prompt, answer, cache read and cache write.
#[tokio::test]
async fn a_message_has_its_golden_price() {
    let usual = 9 * 1_000 + 3 * 5_000;
    for (change, expected) in [
        (json!({}), Some(usual)),
        (
            json!({"service_tier": null, "inference_geo": null}),
            Some(usual),
        ),
        (
            json!({"cache_read_input_tokens": 100, "cache_creation_input_tokens": 40}),
            Some(usual + 100 * 100 + 40 * 1_250),
        ),
        (json!({"inference_geo": "us"}), None),
        (json!({"service_tier": "priority"}), None),
        (json!({"service_tier": "batch"}), None),
        (
            json!({"cache_creation_input_tokens": 4, "cache_creation": {"ephemeral_1h_input_tokens": 4}}),
            None,
        ),
        (json!({"output_tokens": null}), None),
        (json!({"input_tokens": null}), None),
    ] {
        let mut usage = json!({
            "input_tokens": 9, "output_tokens": 3, "cache_read_input_tokens": 0,
            "cache_creation_input_tokens": 0, "service_tier": "standard", "inference_geo": "global",
        });
        for (key, value) in change.as_object().unwrap() {
            usage[key] = value.clone();
        }
        let body = json!({"content": [], "model": AnthropicDouble::MODEL, "usage": usage});
        let (exchanged, heads) = ask(Reply::json(200, body.to_string())).await;
        let reply = exchanged.outcome.unwrap();
        let list = listed(
            "anthropic",
            None,
            AnthropicDouble::MODEL,
            reply.model.as_deref(),
        );
        let cost = Cost::of(&reply.usage, &reply.billing, list.as_ref());
        assert_eq!(cost.amount_nano_usd, expected, "{change}");
        assert_eq!(heads, 1);
    }
}
