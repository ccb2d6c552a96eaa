//! What is sent: golden bodies and headers.

use synapse_core::chat::{ChatRequest, Message, Parameters, Role};
use synapse_testkit::raw::{RawServer, RecordedRequest, Reply};

use crate::bench::{Bench, draft};

const ANSWER: &str = r#"{"choices":[{"message":{"content":"ok"}}]}"#;
const PROMPT: &str = "Hello, Wörld \u{202e} \"quoted\"\n";

async fn sent(
    provider: &str,
    model: &str,
    request: impl Fn(&Bench) -> ChatRequest,
) -> RecordedRequest {
    let server = RawServer::always(Reply::json(200, ANSWER));
    let bench = Bench::new(
        &draft(provider, model, server.url("/v1").as_str()),
        "fake-token",
    );
    let exchanged = bench.chat(&request(&bench)).await;
    assert_eq!(exchanged.outcome.unwrap().content.as_deref(), Some("ok"));
    assert_eq!((server.accepts(), server.heads()), (1, 1));
    let request = server.only_request();
    assert_eq!(exchanged.exchange.bytes_out, request.body.len() as u64);
    assert_eq!(
        (request.method(), request.target()),
        ("POST", "/v1/chat/completions")
    );
    request
}

fn golden(name: &str) -> String {
    let path = format!(
        "{}/tests/golden/request/{name}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    std::fs::read_to_string(path).unwrap().trim_end().to_owned()
}

fn everything(bench: &Bench) -> ChatRequest {
    ChatRequest {
        model: bench.connection.model.clone(),
        messages: vec![
            Message::new(Role::System, "Be brief."),
            Message::new(Role::Developer, "Use metric units."),
            Message::new(Role::User, "Hi"),
            Message::new(Role::Assistant, "Hello"),
            Message::new(Role::User, "Bye"),
        ],
        parameters: Parameters {
            max_tokens: Some(16),
            temperature: Some(0.0),
            top_p: Some(0.5),
            stop: vec!["END".into(), "\n\n".into()],
            seed: Some(7),
            reasoning_effort: Some("low".into()),
        },
    }
}

#[tokio::test]
async fn a_prompt_alone_is_sent_alone() {
    for (provider, model) in [
        ("openai", "gpt-4.1-nano"),
        ("huggingface", "org/model:novita"),
    ] {
        let request = sent(provider, model, |bench| {
            ChatRequest::prompt(bench.connection.model.clone(), PROMPT)
        })
        .await;
        let body = String::from_utf8(request.body.clone()).unwrap();
        assert_eq!(body, golden(&format!("{provider}-prompt-only")));
    }
}

#[tokio::test]
async fn every_parameter_that_is_set_is_sent_in_the_providers_words() {
    for (provider, model) in [
        ("openai", "gpt-5.6-terra"),
        ("huggingface", "org/model:novita"),
    ] {
        let request = sent(provider, model, everything).await;
        let body = String::from_utf8(request.body.clone()).unwrap();
        assert_eq!(body, golden(&format!("{provider}-everything")));
    }
}

#[tokio::test]
async fn headers_are_the_token_and_what_the_connection_names() {
    let server = RawServer::always(Reply::json(200, ANSWER));
    let base_url = server.url("/v1").to_string();
    let mut openai = draft("openai", "m", &base_url);
    openai.organization = Some("org-fake".into());
    openai.project = Some("proj_fake".into());
    let mut hugging_face = draft("huggingface", "o/m:novita", &base_url);
    hugging_face.bill_to = Some("acme".into());
    for draft in [&openai, &hugging_face, &draft("openai", "m", &base_url)] {
        Bench::new(draft, "fake-token")
            .prompt("hi")
            .await
            .outcome
            .unwrap();
    }
    let requests = server.requests();
    assert_eq!(requests.len(), 3);
    let header = |index: usize, name: &str| requests[index].header(name).map(str::to_owned);
    for (index, _) in requests.iter().enumerate() {
        assert_eq!(
            header(index, "authorization").as_deref(),
            Some("Bearer fake-token")
        );
        assert_eq!(
            header(index, "content-type").as_deref(),
            Some("application/json")
        );
        assert_eq!(header(index, "user-agent").as_deref(), Some("synapse-test"));
        assert_eq!(header(index, "accept-encoding"), None);
    }
    assert_eq!(
        header(0, "openai-organization").as_deref(),
        Some("org-fake")
    );
    assert_eq!(header(0, "openai-project").as_deref(), Some("proj_fake"));
    assert_eq!(header(0, "x-hf-bill-to"), None);
    assert_eq!(header(1, "x-hf-bill-to").as_deref(), Some("acme"));
    assert_eq!(header(1, "openai-organization"), None);
    assert_eq!(header(2, "openai-organization"), None);
}
