//! Reading recorded and unusable answers.

use serde_json::{Value, json};
use synapse_core::chat::{ChatReply, ChatRequest, Usage};
use synapse_core::error::Code;
use synapse_core::provider::Exchanged;
use synapse_testkit::provider_doubles::{
    AnthropicDouble, AnthropicFault, HuggingFaceDouble, HuggingFaceFault, OpenAiDouble,
    OpenAiFault, Route,
};
use synapse_testkit::raw::{End, RawServer, Reply};

use crate::bench::{Bench, draft};

/// The reply as plain JSON, for comparison with a golden file.
pub(crate) fn view(reply: &ChatReply) -> Value {
    let calls: Vec<Value> = reply
        .tool_calls
        .iter()
        .map(|call| json!({"id": call.id, "name": call.name, "arguments": call.arguments}))
        .collect();
    json!({
        "content": reply.content,
        "reasoning": reply.reasoning,
        "refusal": reply.refusal,
        "tool_calls": calls,
        "finish_reason": reply.finish_reason.as_ref().map(|reason| reason.as_str()),
        "model": reply.model,
        "usage": counts(&reply.usage),
    })
}

pub(crate) fn counts(usage: &Usage) -> Value {
    json!({
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "cached_tokens": usage.cached_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
    })
}

async fn ask(provider: &str, reply: Reply) -> (Exchanged<ChatReply>, usize) {
    let server = RawServer::always(reply);
    let bench = Bench::new(
        &draft(provider, "org/m", server.url("/v1").as_str()),
        "fake-token",
    );
    let exchanged = bench.prompt("hi").await;
    (exchanged, server.heads())
}

#[tokio::test]
async fn recorded_answers_are_understood() {
    let directory = format!("{}/tests/golden/response", env!("CARGO_MANIFEST_DIR"));
    let mut count = 0;
    for file in std::fs::read_dir(directory).unwrap() {
        let path = file.unwrap().path();
        let golden: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        for provider in ["openai", "huggingface"] {
            let reply = Reply::json(200, golden["body"].to_string());
            let (exchanged, heads) = ask(provider, reply).await;
            let reply = exchanged.outcome.unwrap();
            assert_eq!(
                view(&reply),
                golden["reply"],
                "{} as {provider}",
                path.display()
            );
            assert_eq!(heads, 1);
        }
        count += 1;
    }
    assert_eq!(count, 12, "a golden file was lost");
}

#[tokio::test]
async fn a_success_that_is_no_answer_has_a_code_of_its_own() {
    let sse = "data: {\"choices\":[]}\n\ndata: [DONE]\n\n";
    for (reply, code) in [
        (
            Reply::typed(200, "text/event-stream", sse),
            Code::ProviderUnexpectedStream,
        ),
        (
            Reply::typed(200, "text/html", "<html>portal</html>"),
            Code::EndpointNotAnApi,
        ),
        (
            Reply::typed(200, "text/plain", "hello"),
            Code::EndpointNotAnApi,
        ),
        (Reply::json(200, ""), Code::ProviderEmptyResponse),
        (Reply::json(200, " \n"), Code::ProviderEmptyResponse),
        (
            Reply::json(200, r#"{"choices":[]}"#),
            Code::ProviderEmptyResponse,
        ),
        (
            Reply::json(200, r#"{"choices":[{}]}"#),
            Code::ProviderBadResponse,
        ),
        (
            Reply::json(200, r#"{"object":"list"}"#),
            Code::ProviderBadResponse,
        ),
        (Reply::json(200, "[]"), Code::ProviderBadResponse),
        (
            Reply::json(200, r#"{"choices":[{"mess"#),
            Code::ProviderBadResponse,
        ),
        (
            Reply::json(200, vec![b' '; 9 << 20]),
            Code::ProviderBadResponse,
        ),
    ] {
        for provider in ["openai", "huggingface"] {
            let (exchanged, heads) = ask(provider, reply.clone()).await;
            assert_eq!(exchanged.outcome.unwrap_err().code(), code, "{provider}");
            assert_eq!((heads, exchanged.exchange.attempts), (1, 1));
            assert!(
                exchanged.exchange.maybe_billed,
                "a 200 may have been billed"
            );
        }
    }
}

#[tokio::test]
async fn a_redirect_is_shown_and_not_followed() {
    let elsewhere = RawServer::always(Reply::json(200, r#"{"choices":[{"message":{}}]}"#));
    for status in [301, 302, 303, 307, 308] {
        let target = elsewhere.url("/v1/chat/completions");
        let reply = Reply::status(status).header("location", target.as_str());
        let (exchanged, heads) = ask("openai", reply).await;
        let failure = exchanged.outcome.unwrap_err();
        assert_eq!(failure.code(), Code::EndpointRedirected);
        assert_eq!(failure.context().get("location"), Some(&target.to_string()));
        assert_eq!(heads, 1);
    }
    assert_eq!(elsewhere.accepts(), 0);
}

/// Only an echoed secret is removed from an answer.
#[tokio::test]
async fn a_secret_that_is_said_back_stands_in_no_part_of_an_answer() {
    let token = format!("{}-{}", "fake", "0123456789abcdef0123");
    let call = json!({"id": token, "function": {"name": token, "arguments": token},
        "extra_content": {"deep": [token]}});
    let message = json!({"content": format!("it is {token}."), "reasoning": token,
        "refusal": token, "tool_calls": [call]});
    let body = json!({"model": token, "choices": [{"message": message, "finish_reason": token}]});
    for provider in ["openai", "huggingface", "groq"] {
        let server = RawServer::always(Reply::json(200, body.to_string()));
        let draft = draft(provider, "org/m", server.url("/v1").as_str());
        let reply = Bench::new(&draft, &token).prompt("hi").await;
        let reply = reply.outcome.unwrap();
        assert_eq!(reply.content.as_deref(), Some("it is [redacted]."));
        let shown = format!("{reply:?}");
        assert!(!shown.contains(&token), "{provider}: {shown}");
        assert_eq!(
            shown.matches("[redacted]").count(),
            9,
            "{provider}: {shown}"
        );
    }
}

#[tokio::test]
async fn wire_facts_are_noted() {
    let double = HuggingFaceDouble::start();
    let model = format!("{}:novita", HuggingFaceDouble::MODEL);
    let bench = Bench::new(
        &draft("huggingface", &model, &double.base_url()),
        HuggingFaceDouble::TOKEN,
    );
    let exchanged = bench.prompt("hi").await;
    exchanged.outcome.unwrap();
    let exchange = exchanged.exchange;
    assert_eq!(exchange.served_by.as_deref(), Some("novita"));
    assert_eq!(exchange.http_status, Some(200));
    assert!(exchange.request_id.is_some() && exchange.headers_ms.is_some());
    assert!(exchange.bytes_in > 0 && exchange.maybe_billed);
}

#[tokio::test]
async fn an_answer_without_usage_counts_nothing_and_one_of_another_model_names_it() {
    let openai = OpenAiDouble::with_faults([(Route::Chat, OpenAiFault::NoUsage)]);
    let anthropic = AnthropicDouble::with_faults([(Route::Chat, AnthropicFault::NoUsage)]);
    let router = HuggingFaceDouble::with_faults([(Route::Chat, HuggingFaceFault::OtherModel)]);
    let mut replies = Vec::new();
    for (provider, model, base_url, token) in [
        (
            "openai",
            OpenAiDouble::MODEL,
            openai.base_url(),
            OpenAiDouble::KEY,
        ),
        (
            "anthropic",
            AnthropicDouble::MODEL,
            anthropic.base_url(),
            AnthropicDouble::KEY,
        ),
        (
            "huggingface",
            HuggingFaceDouble::MODEL,
            router.base_url(),
            HuggingFaceDouble::TOKEN,
        ),
    ] {
        let bench = Bench::new(&draft(provider, model, &base_url), token);
        let mut request = ChatRequest::prompt(bench.connection.model.clone(), "hi");
        request.parameters.max_tokens = Some(16);
        replies.push(bench.chat(&request).await.outcome.unwrap());
    }
    let usage: Vec<Usage> = replies.iter().map(|reply| reply.usage).collect();
    assert_eq!(usage[..2], [Usage::default(), Usage::default()]);
    assert_eq!(usage[2].prompt_tokens, Some(9));
    let served = replies[2].model.as_deref();
    assert_eq!(served, Some("meta-llama/llama-3.2-1b-instruct"));
}

/// A received head is reported even if the body never arrives.
#[tokio::test]
async fn wire_facts_of_a_broken_answer_are_noted() {
    let cut_off = Reply::json(200, "{").header("x-request-id", "req_1");
    let (exchanged, heads) = ask("openai", cut_off.claiming(100).then(End::Close)).await;
    let code = exchanged.outcome.unwrap_err().code();
    assert_eq!((code, heads), (Code::TransportInterrupted, 1));
    let exchange = exchanged.exchange;
    assert_eq!((exchange.http_status, exchange.bytes_in), (Some(200), 1));
    assert_eq!(exchange.request_id.as_deref(), Some("req_1"));
    assert!(exchange.headers_ms.is_some() && exchange.maybe_billed);
}

/// Some servers report an error within a success.
#[tokio::test]
async fn an_error_in_words_within_a_success_is_an_error() {
    for (body, code) in [
        (r#"{"error":"it broke"}"#, Code::ProviderFailed),
        (r#"{"error":""}"#, Code::ProviderBadResponse),
        (r#"{"error":null}"#, Code::ProviderBadResponse),
    ] {
        let (exchanged, heads) = ask("groq", Reply::json(200, body)).await;
        assert_eq!((exchanged.outcome.unwrap_err().code(), heads), (code, 1));
    }
}

/// The four families of both guides, and lookalikes.
#[tokio::test]
async fn faults_of_the_doubles_are_told_apart() {
    use {HuggingFaceFault as Hf, OpenAiFault as Ai};
    for (fault, code) in [
        (Ai::KeyRejected, Code::CredentialTokenRejected),
        (
            Ai::MissingScope("model.request"),
            Code::CredentialTokenPermission,
        ),
        (Ai::WrongRegionHost, Code::EndpointWrongRegionHost),
        (Ai::MismatchedOrganization, Code::ProviderAccountScope),
        (Ai::IpNotAuthorized, Code::ProviderRegionBlocked),
        (Ai::RegionBlocked, Code::ProviderRegionBlocked),
        (Ai::ModelAccess, Code::ProviderModelAccess),
        (Ai::RateLimited, Code::ProviderRateLimited),
        (Ai::QuotaExceeded, Code::ProviderCreditsExhausted),
        (Ai::RequestTooLarge, Code::ProviderContextTooLong),
        (Ai::ContextTooLong, Code::ProviderContextTooLong),
        (Ai::UnsupportedParameter, Code::ProviderRequestRejected),
        (Ai::ServerError, Code::ProviderFailed),
        (Ai::Overloaded, Code::ProviderOverloaded),
        (Ai::HtmlPage, Code::ProviderRegionBlocked),
        (Ai::PlainNotFound, Code::EndpointPathMismatch),
    ] {
        let double = OpenAiDouble::with_faults([(Route::Chat, fault.clone())]);
        let draft = draft("openai", OpenAiDouble::MODEL, &double.base_url());
        let failure = Bench::new(&draft, OpenAiDouble::KEY)
            .prompt("hi")
            .await
            .outcome
            .unwrap_err();
        assert_eq!(failure.code(), code, "{fault:?}");
        assert!(!failure.hints().is_empty(), "{fault:?} has no next step");
        assert_eq!(double.server().heads(), 1, "{fault:?}");
    }
    for (fault, code) in [
        (Hf::TokenRejected, Code::CredentialTokenRejected),
        (Hf::MissingPermission, Code::CredentialTokenPermission),
        (Hf::CreditsExhausted, Code::ProviderCreditsExhausted),
        (Hf::ModelNotSupported, Code::ProviderModelUnavailable),
        (Hf::SubProviderKeyRejected, Code::ProviderFailed),
        (Hf::SubProviderFailed, Code::ProviderFailed),
        (Hf::SubProviderRejected, Code::ProviderRequestRejected),
        (Hf::RateLimited, Code::ProviderRateLimited),
        (Hf::PlainNotFound, Code::EndpointPathMismatch),
        (Hf::Gone, Code::EndpointGone),
        (Hf::BadGateway, Code::ProviderOverloaded),
    ] {
        let double = HuggingFaceDouble::with_faults([(Route::Chat, fault.clone())]);
        let draft = draft("huggingface", HuggingFaceDouble::MODEL, &double.base_url());
        let bench = Bench::new(&draft, HuggingFaceDouble::TOKEN);
        let failure = bench.prompt("hi").await.outcome.unwrap_err();
        assert_eq!(failure.code(), code, "{fault:?}");
        assert!(!failure.hints().is_empty(), "{fault:?} has no next step");
        assert_eq!(double.server().heads(), 1, "{fault:?}");
    }
}

/// An answer with 10 and 5 tokens and other choices.
fn counted(choices: &str) -> String {
    format!(
        r#"{{"model":"m","choices":{choices},"usage":{{"prompt_tokens":10,"completion_tokens":5}}}}"#
    )
}

/// Tokens are counted whether or not there is an answer.
#[tokio::test]
async fn an_answer_of_no_use_still_says_what_it_took() {
    let stream = format!(
        "data: {{\"choices\":[{{\"delta\":{{\"content\":\"a\"}}}}]}}\n\ndata: {}\n\ndata: [DONE]\n\n",
        counted(r#"[{"delta":{},"finish_reason":"stop"}]"#)
    );
    for (reply, code) in [
        (
            Reply::typed(200, "text/event-stream", stream.clone()),
            Code::ProviderUnexpectedStream,
        ),
        (Reply::json(200, stream), Code::ProviderUnexpectedStream),
        (Reply::json(200, counted("[]")), Code::ProviderEmptyResponse),
        (Reply::json(200, counted("NaN")), Code::ProviderBadResponse),
        (Reply::json(200, counted("[{}]")), Code::ProviderBadResponse),
    ] {
        for provider in ["openai", "huggingface", "openai-compatible"] {
            let (exchanged, heads) = ask(provider, reply.clone()).await;
            assert_eq!(exchanged.outcome.unwrap_err().code(), code, "{provider}");
            let stated = exchanged.exchange.stated.unwrap();
            let usage = (stated.usage.prompt_tokens, stated.usage.completion_tokens);
            assert_eq!(usage, (Some(10), Some(5)), "{provider}");
            assert_eq!(stated.model.as_deref(), Some("m"));
            assert_eq!(stated.content, None, "a text that is none is not kept");
            assert_eq!(heads, 1);
        }
    }
}

#[tokio::test]
async fn whole_json_is_an_answer_whatever_it_is_called() {
    let body = counted(r#"[{"message":{"content":"Whole answer."},"finish_reason":"stop"}]"#);
    for content_type in [
        "text/event-stream",
        "text/html",
        "text/plain; charset=utf-8",
    ] {
        for end in ["", "\n\ndata: [DONE]\n\n"] {
            let reply = Reply::typed(200, content_type, format!("{body}{end}"));
            let (exchanged, _) = ask("openai-compatible", reply).await;
            let reply = exchanged.outcome.unwrap();
            assert_eq!(reply.content.as_deref(), Some("Whole answer."));
            assert_eq!(reply.warnings, []);
        }
    }
}

#[tokio::test]
async fn a_wrapped_answer_is_an_answer_with_a_warning() {
    let body = counted(r#"[{"message":{"content":"Hi"},"finish_reason":"stop"}]"#);
    for wrapped in [
        format!(")]}}'\n{body}"),
        format!("while(1);{body}"),
        format!("```json\n{body}\n```"),
        Value::from(body.as_str()).to_string(),
    ] {
        for content_type in ["application/json", "text/plain"] {
            let reply = Reply::typed(200, content_type, wrapped.clone());
            let (exchanged, heads) = ask("openai-compatible", reply).await;
            let reply = exchanged.outcome.unwrap();
            assert_eq!(reply.content.as_deref(), Some("Hi"), "{wrapped}");
            assert_eq!(reply.usage.prompt_tokens, Some(10), "{wrapped}");
            let said = reply.warnings[0].causes().join("\n");
            assert!(said.contains("inside other text"), "{said}");
            assert_eq!(heads, 1);
        }
    }
}

#[tokio::test]
async fn choices_by_number_are_a_list() {
    let body = counted(r#"{"0":{"message":{"content":"Hi"},"finish_reason":"stop"}}"#);
    let (exchanged, _) = ask("openai-compatible", Reply::json(200, body)).await;
    let reply = exchanged.outcome.unwrap();
    assert_eq!(reply.content.as_deref(), Some("Hi"));
    assert_eq!(reply.usage.completion_tokens, Some(5));
    let said = reply.warnings[0].causes().join("\n");
    assert!(said.contains("`choices`: a list by number"), "{said}");
}

#[tokio::test]
async fn what_could_not_be_read_is_named_without_the_secret() {
    let body = counted(
        r#"[{"message":{"content":"Hi \ud83d"},"fake-token-fake-token":NaN},{"message":{"content":"b"}}]"#,
    );
    let server = RawServer::always(Reply::json(200, body));
    let draft = draft("openai", "m", server.url("/v1").as_str());
    let exchanged = Bench::new(&draft, "fake-token-fake-token")
        .prompt("hi")
        .await;
    let reply = exchanged.outcome.unwrap();
    assert_eq!(reply.content.as_deref(), Some("Hi \u{fffd}"));
    assert_eq!(reply.warnings.len(), 1);
    let warning = &reply.warnings[0];
    assert_eq!(warning.code(), Code::ProviderPartlyUnreadable);
    let said = warning.causes().join("\n");
    assert!(
        said.contains("`choices[0].message.content`: half"),
        "{said}"
    );
    assert!(
        said.contains("not a JSON value") && !said.contains("fake-token"),
        "{said}"
    );
    assert!(said.contains("1 more with a text"), "{said}");
}
