//! Requests: golden bodies and headers.

use serde_json::{Value, json};
use synapse_core::chat::{ChatRequest, Image, Message, Parameters, Part, Role};
use synapse_core::connection::Draft;
use synapse_core::error::Code;
use synapse_providers::Providers;
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

type Shape = fn(&Bench) -> ChatRequest;

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
            ..Parameters::default()
        },
    }
}

/// Text and images; a single text is a plain string even if given as a part.
fn images(bench: &Bench) -> ChatRequest {
    let image = |url: &str, detail: Option<&str>| {
        Part::Image(Image {
            url: url.parse().unwrap(),
            detail: detail.map(Into::into),
        })
    };
    let text = |text: &str| Part::Text(text.into());
    ChatRequest {
        model: bench.connection.model.clone(),
        messages: vec![
            Message::parts(Role::System, vec![text("Be brief.")]),
            Message::parts(
                Role::User,
                vec![
                    text("What differs?"),
                    image("https://example.com/a.png?x=1&y=%20", None),
                    image("data:image/png;base64,iVBORw0KGgo=", Some("low")),
                ],
            ),
            Message::new(Role::Assistant, "The colour."),
            Message::parts(Role::User, vec![text("Sure?"), text("Look again.")]),
            Message::parts(
                Role::User,
                vec![image("http://127.0.0.1:9/b.webp", Some("high"))],
            ),
        ],
        parameters: Parameters::default(),
    }
}

/// Tools, the model's calls, and their results. Unknown members and numbers are preserved.
fn tools(bench: &Bench) -> ChatRequest {
    let messages = json!([
        {"role": "user", "content": "Weather in Ulm?", "name": "ada"},
        {"role": "assistant", "content": null, "tool_calls": [
            {"type": "function", "id": "call_1", "function": {"arguments": "{\"city\": \"Ulm\"}", "name": "weather"},
             "extra_content": {"google": {"thought_signature": "c2ln"}}},
            {"id": "call_2", "name": "time", "arguments": "{\"zone\":"}]},
        {"role": "tool", "tool_call_id": "call_1", "content": "{\"celsius\": 21.0}"},
        {"role": "tool", "tool_call_id": "call_2", "content": [{"type": "text", "text": "arguments are no JSON"}]},
        {"role": "assistant", "content": "It is", "tool_calls": [
            {"id": "call_3", "type": "custom", "custom": {"name": "sql", "input": "select 1"}}]},
        {"role": "tool", "tool_call_id": "call_3", "content": ""},
    ]);
    let Value::Array(messages) = messages else {
        unreachable!("it is a list")
    };
    ChatRequest {
        model: bench.connection.model.clone(),
        messages: messages
            .into_iter()
            .map(|message| serde_json::from_value(message).unwrap())
            .collect(),
        parameters: Parameters {
            tools: serde_json::from_str(TOOLS).unwrap(),
            tool_choice: Some(json!({"type": "function", "function": {"name": "weather"}})),
            parallel_tool_calls: Some(false),
            ..Parameters::default()
        },
    }
}

/// A response schema, and the parameters not in [`everything`].
fn structured(bench: &Bench) -> ChatRequest {
    ChatRequest {
        parameters: Parameters {
            verbosity: Some("low".into()),
            frequency_penalty: Some(-0.5),
            presence_penalty: Some(0.1),
            service_tier: Some("flex".into()),
            response_format: Some(json!({"type": "json_schema", "json_schema": {
                "name": "answer", "strict": true, "schema": {
                    "type": "object", "required": ["b", "a"], "additionalProperties": false,
                    "properties": {"b": {"type": "number", "maximum": 1.0}, "a": {"const": null}}}}})),
            tool_choice: Some("none".into()),
            ..Parameters::default()
        },
        ..ChatRequest::prompt(bench.connection.model.clone(), "Hi")
    }
}

/// With unusual member order, unknown members, and numbers that are easily altered.
const TOOLS: &str = r#"[{"type":"function","function":{"parameters":{"type":"object","properties":{"z":{"type":"string"},"a":{"minimum":1.0,"maximum":18446744073709551615,"multipleOf":0.1,"default":2.638344616030823e-256}},"required":[]},"name":"weather","description":"Wörld \"now\"","strict":false}},{"vendor":[null,true],"type":"custom","custom":{"name":"sql"}}]"#;

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
async fn every_shape_of_a_conversation_is_sent_as_given() {
    let shapes: [(&str, Shape); 3] = [
        ("images", images),
        ("tools", tools),
        ("structured", structured),
    ];
    for (provider, model) in [
        ("openai", "gpt-5.6-terra"),
        ("huggingface", "org/model:novita"),
    ] {
        for (name, shape) in shapes {
            let request = sent(provider, model, shape).await;
            let body = String::from_utf8(request.body.clone()).unwrap();
            assert_eq!(
                body,
                golden(&format!("{provider}-{name}")),
                "{provider} {name}"
            );
            if name == "tools" {
                assert!(body.contains(&format!("\"tools\":{TOOLS},")), "{body}");
            }
        }
    }
}

/// It would become null, which nobody wrote.
#[tokio::test]
async fn a_number_that_json_does_not_have_is_refused_and_nothing_is_sent() {
    let server = RawServer::always(Reply::json(200, ANSWER));
    for provider in ["openai", "huggingface", "anthropic", "groq"] {
        let draft = draft(provider, "o/m", server.url("/v1").as_str());
        let bench = Bench::new(&draft, "fake-token");
        let mut request = ChatRequest::prompt(bench.connection.model.clone(), "Hi");
        request.parameters.max_tokens = Some(16);
        request.parameters.temperature = Some(f64::NAN);
        let exchanged = bench.chat(&request).await;
        let failure = exchanged.outcome.unwrap_err();
        assert_eq!(failure.code(), Code::UsageInvalidArguments, "{provider}");
        assert_eq!(failure.context()["argument"], "temperature");
        assert_eq!(exchanged.exchange.attempts, 0);
    }
    assert_eq!(server.accepts(), 0);
}

#[tokio::test]
async fn a_token_that_no_header_can_carry_is_no_attempt() {
    let server = RawServer::always(Reply::json(200, ANSWER));
    let draft = draft("openai", "m", server.url("/v1").as_str());
    let exchanged = Bench::new(&draft, "fake token").prompt("hi").await;
    let failure = exchanged.outcome.unwrap_err();
    assert_eq!(failure.code(), Code::CredentialMalformed);
    assert_eq!((exchanged.exchange.attempts, server.accepts()), (0, 0));
}

/// Without a configured account, the hint does not mention one.
#[tokio::test]
async fn a_refusal_is_about_the_account_only_where_one_was_named() {
    let refusal = r#"{"error":"You are not a member of organization acme"}"#;
    let server = RawServer::always(Reply::json(403, refusal));
    for (bill_to, code) in [
        (Some("acme"), Code::ProviderAccountScope),
        (None, Code::CredentialTokenPermission),
    ] {
        let mut draft = draft("huggingface", "o/m:novita", server.url("/v1").as_str());
        draft.bill_to = bill_to.map(Into::into);
        let exchanged = Bench::new(&draft, "fake-token").prompt("hi").await;
        assert_eq!(exchanged.outcome.unwrap_err().code(), code, "{bill_to:?}");
    }
    assert_eq!(server.heads(), 2);
}

/// One factory creates both, as for the connections of one process.
#[tokio::test]
async fn a_connection_goes_through_its_own_proxy_and_no_other_does() {
    let proxy = RawServer::always(Reply::status(502));
    let server = RawServer::always(Reply::json(200, ANSWER));
    let direct = draft("openai", "m", server.url("/v1").as_str());
    let proxied = Draft {
        proxy: Some(proxy.url("/").to_string()),
        ..draft("openai", "m", "https://api.example.invalid/v1")
    };
    let providers = Providers::new("synapse-test");
    for (draft, heads) in [(&direct, (1, 0)), (&proxied, (1, 1)), (&direct, (2, 1))] {
        let bench = Bench::made_by(&providers, draft, "fake-token");
        let outcome = bench.prompt("hi").await.outcome;
        assert_eq!(outcome.is_ok(), draft.proxy.is_none());
        assert_eq!((server.heads(), proxy.heads()), heads);
    }
    let tunnel = proxy.only_request();
    assert_eq!(
        (tunnel.method(), tunnel.target()),
        ("CONNECT", "api.example.invalid:443")
    );
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
        assert_eq!(
            header(index, "accept-encoding").as_deref(),
            Some("identity")
        );
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
