//! Every preset over the compatible adapter: requests, recorded answers and lists, and the code of
//! each recorded error. Each preset has a directory of fixtures.

use std::fs;
use std::sync::Arc;

use serde_json::{Value, json};
use synapse_core::chat::{ChatReply, ChatRequest, Message, Parameters, Role, ToolCall};
use synapse_core::preflight::Finding;
use synapse_core::provider::models::ListedModel;
use synapse_core::provider::{Access, Authorization, Exchanged, ProviderKind, TokenNeed, Wire};
use synapse_testkit::raw::{RawServer, RecordedRequest, Reply};

use crate::answers::counts;
use crate::bench::{Bench, draft};

fn presets() -> impl Iterator<Item = ProviderKind> {
    let compatible = |kind: &ProviderKind| kind.profile().wire == Wire::Compatible;
    ProviderKind::ALL.into_iter().filter(compatible)
}

fn fixture(preset: ProviderKind, name: &str) -> String {
    let root = env!("CARGO_MANIFEST_DIR");
    let path = format!("{root}/tests/golden/compatible/{preset}/{name}.json");
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn document(preset: ProviderKind, name: &str) -> Value {
    serde_json::from_str(&fixture(preset, name)).unwrap()
}

/// The path of the preset's base URL, used on the loopback server too.
fn base_path(preset: ProviderKind) -> String {
    let example = preset.profile().base_url_example;
    let behind_host = example.splitn(4, '/').nth(3).unwrap();
    format!("/{behind_host}")
}

fn bench(preset: ProviderKind, model: &str, server: &RawServer) -> Bench {
    let base_url = server.url(&base_path(preset));
    Bench::new(&draft(preset.as_str(), model, base_url.as_str()), TOKEN)
}

/// Sends the token only if the provider requires one.
async fn chat(preset: ProviderKind, bench: &Bench, request: &ChatRequest) -> Exchanged<ChatReply> {
    let secret = Some(&bench.secret).filter(|_| preset.profile().token == TokenNeed::Required);
    let request = Arc::new(request.clone());
    bench
        .provider
        .chat(Access::new(&bench.permit, secret), &request)
        .await
}

fn check_token(preset: ProviderKind, request: &RecordedRequest, sent: bool) {
    let bearer = format!("Bearer {TOKEN}");
    let (authorization, named) = match preset.profile().authorization {
        Authorization::Bearer => (Some(bearer.as_str()), None),
        Authorization::Header(_) => (None, Some(TOKEN)),
    };
    let header = |name| request.header(name);
    assert_eq!(
        header("authorization"),
        authorization.filter(|_| sent),
        "{preset}"
    );
    assert_eq!(header("api-key"), named.filter(|_| sent), "{preset}");
    let whole = format!("{:?}", request.headers().collect::<Vec<_>>());
    assert_eq!(
        whole.matches(TOKEN).count(),
        usize::from(sent),
        "{preset}: {whole}"
    );
}

fn call(call: &ToolCall) -> Value {
    let mut shown = json!({"id": call.id, "name": call.name, "arguments": call.arguments});
    if !call.extra.is_empty() {
        shown["extra"] = Value::Object(call.extra.clone());
    }
    shown
}

fn view(exchanged: &Exchanged<ChatReply>) -> Value {
    let reply = exchanged.outcome.as_ref().unwrap();
    json!({
        "content": reply.content,
        "reasoning": reply.reasoning,
        "tool_calls": reply.tool_calls.iter().map(call).collect::<Vec<_>>(),
        "finish_reason": reply.finish_reason.as_ref().map(|reason| reason.as_str()),
        "model": reply.model,
        "served_by": exchanged.exchange.served_by,
        "stated_nano_usd": reply.billing.stated_nano_usd,
        "service_tier": reply.billing.service_tier,
        "usage": counts(&reply.usage),
    })
}

#[tokio::test]
async fn a_prompt_is_sent_as_the_preset_says_and_a_recorded_answer_is_understood() {
    let mut count = 0;
    for preset in presets() {
        let recorded = document(preset, "chat");
        // OpenRouter sends blank lines while it waits.
        let prefix = recorded["body_prefix"].as_str().unwrap_or_default();
        let body = format!("{prefix}{}", recorded["body"]);
        let server = RawServer::always(Reply::json(200, body));
        let bench = bench(preset, "org/model", &server);
        let request = ChatRequest {
            model: bench.connection.model.clone(),
            messages: vec![
                Message::new(Role::System, "Be brief."),
                Message::new(Role::Developer, "Use metric units."),
                Message::new(Role::User, "Hi"),
            ],
            parameters: Parameters {
                max_tokens: Some(16),
                temperature: Some(0.0),
                ..Parameters::default()
            },
        };
        let exchanged = chat(preset, &bench, &request).await;
        assert_eq!(view(&exchanged), recorded["reply"], "{preset}");
        assert_eq!((server.accepts(), server.heads()), (1, 1), "{preset}");
        let sent = server.only_request();
        let body = String::from_utf8(sent.body.clone()).unwrap();
        assert_eq!(body, fixture(preset, "request").trim_end(), "{preset}");
        let target = format!("{}/chat/completions", base_path(preset));
        assert_eq!((sent.method(), sent.target()), ("POST", target.as_str()));
        check_token(preset, &sent, preset.profile().token == TokenNeed::Required);
        count += 1;
    }
    assert_eq!(count, 13, "a preset was lost");
}

#[tokio::test]
async fn a_token_that_is_not_asked_for_is_sent_when_the_connection_has_one() {
    for preset in presets().filter(|kind| kind.profile().token == TokenNeed::Optional) {
        let answer = r#"{"choices":[{"message":{"content":"ok"}}]}"#;
        let server = RawServer::always(Reply::json(200, answer));
        bench(preset, "m", &server)
            .prompt("hi")
            .await
            .outcome
            .unwrap();
        check_token(preset, &server.only_request(), true);
    }
}

fn own(finding: &Finding) -> (&'static str, String) {
    match finding {
        Finding::Ok(text) => ("ok", text.clone()),
        Finding::Warn(text) => ("warn", text.clone()),
        Finding::Fail(failure) => ("fail", failure.code().to_string()),
        Finding::Skip(skip) => ("skip", skip.reason().to_owned()),
        Finding::Doubt(_) | Finding::Missing(_) => unreachable!("no rung finds that"),
    }
}

fn listed(model: &ListedModel) -> Value {
    json!({
        "id": model.id,
        "owned_by": model.owned_by,
        "shutdown_date": model.shutdown_date,
        "context_length": model.context_length,
        "input_pico_usd": model.rates.input.map(|price| price.pico_usd_per_token()),
        "output_pico_usd": model.rates.output.map(|price| price.pico_usd_per_token()),
        "size_bytes": model.size_bytes,
        "parameter_size": model.parameter_size,
        "quantization": model.quantization,
    })
}

#[tokio::test]
async fn a_recorded_list_is_understood_for_one_request() {
    for preset in presets() {
        let recorded = document(preset, "models");
        let server = RawServer::always(Reply::json(200, recorded["body"].to_string()));
        let bench = bench(preset, recorded["model"].as_str().unwrap(), &server);
        let with_token = recorded["token"].as_bool().unwrap();
        let secret =
            Some(&bench.secret).filter(|_| with_token || preset == ProviderKind::OpenRouter);
        let exchanged = bench
            .provider
            .list_models(Access::new(&bench.permit, secret))
            .await;
        let all = exchanged.outcome.unwrap();
        let (word, text) = own(&all.own);
        assert_eq!(word, recorded["own"][0], "{preset}: {text}");
        assert!(
            text.contains(recorded["own"][1].as_str().unwrap()),
            "{preset}: {text}"
        );
        let expected = recorded["listed"].as_array().unwrap();
        assert_eq!(all.models.len(), expected.len(), "{preset}");
        for (model, expected) in all.models.iter().zip(expected) {
            let model = listed(model);
            for (key, value) in expected.as_object().unwrap() {
                assert_eq!(model[key], *value, "{preset}: {key} of {}", model["id"]);
            }
        }
        assert_eq!(all.prices.len() as u64, recorded["kept"], "{preset}");
        assert_eq!((server.accepts(), server.heads()), (1, 1), "{preset}");
        assert!(!exchanged.exchange.maybe_billed, "{preset}: a list is free");
        let sent = server.only_request();
        assert_eq!(
            sent.target(),
            recorded["path"].as_str().unwrap(),
            "{preset}"
        );
        check_token(preset, &sent, with_token);
    }
}

fn reply(error: &Value) -> Reply {
    let status = u16::try_from(error["status"].as_u64().unwrap()).unwrap();
    let body = match &error["body"] {
        Value::String(text) => text.clone(),
        body => body.to_string(),
    };
    let headers = error["headers"].as_object();
    let header = |name: &str| headers.and_then(|all| all.get(name)?.as_str());
    let content_type = header("content-type").unwrap_or("application/json");
    let others = headers.into_iter().flatten();
    others.filter(|(name, _)| *name != "content-type").fold(
        Reply::typed(status, content_type, body),
        |reply, (name, value)| reply.header(name, value.as_str().unwrap()),
    )
}

#[tokio::test]
async fn every_recorded_error_has_its_code_for_one_request() {
    let mut count = 0;
    for preset in presets() {
        let errors = document(preset, "errors");
        for error in errors.as_array().unwrap() {
            let what = format!("{preset}: {}", error["name"]);
            let server = RawServer::always(reply(error));
            let bench = bench(preset, "llama3.2", &server);
            let request = ChatRequest::prompt(bench.connection.model.clone(), "hi");
            let Exchanged { exchange, outcome } = chat(preset, &bench, &request).await;
            let failure = outcome.unwrap_err();
            assert_eq!(
                failure.code().as_str(),
                error["code"],
                "{what}: {failure:?}"
            );
            assert_eq!(
                (server.accepts(), server.heads(), exchange.attempts),
                (1, 1, 1)
            );
            assert_eq!(
                exchange.http_status.map(u64::from),
                error["status"].as_u64()
            );
            let said = failure.causes().join("\n");
            if let Some(says) = error["says"].as_str() {
                assert!(said.contains(says), "{what}: {said}");
            }
            assert!(!said.contains("<html>"), "{what}: {said}");
            if let Some(hint) = error["hint"].as_str() {
                let hinted = format!("{:?}", failure.hints());
                assert!(hinted.contains(hint), "{what}: {hinted}");
            }
            for (key, seen) in [
                ("served_by", &exchange.served_by),
                ("request_id", &exchange.request_id),
            ] {
                if let Some(expected) = error[key].as_str() {
                    assert_eq!(seen.as_deref(), Some(expected), "{what}");
                }
            }
            count += 1;
        }
        assert!(errors.as_array().unwrap().len() >= 3, "{preset}");
    }
    assert_eq!(count, 105, "a recorded error was lost");
}

const TOKEN: &str = "fake-token";
