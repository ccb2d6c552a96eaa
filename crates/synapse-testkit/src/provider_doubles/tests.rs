//! The doubles answer as documented, over a real socket.

use std::io::{Read, Write};
use std::net::TcpStream;

use super::*;
use crate::raw::RawServer;

/// Sends one request on its own connection: status, head and body of the answer.
fn ask(
    server: &RawServer,
    request_line: &str,
    token: Option<&str>,
    body: &str,
) -> (u16, String, Value) {
    let authorization = token.map_or(String::new(), |token| {
        format!("authorization: Bearer {token}\r\n")
    });
    let request = format!(
        "{request_line} HTTP/1.1\r\nhost: x\r\n{authorization}content-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut socket = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    socket.write_all(request.as_bytes()).unwrap();
    socket.shutdown(std::net::Shutdown::Write).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (
        status,
        head.to_owned(),
        serde_json::from_str(body).unwrap_or(Value::Null),
    )
}

fn chat(server: &RawServer, token: &str, model: &str) -> (u16, String, Value) {
    let body = json!({"model": model, "messages": []}).to_string();
    ask(server, "POST /v1/chat/completions", Some(token), &body)
}

#[test]
fn openai_answers_its_key_and_no_other() {
    let double = OpenAiDouble::start();
    let server = double.server();
    assert_eq!(
        double.base_url(),
        format!("http://127.0.0.1:{}/v1", server.port())
    );
    let (status, head, body) = chat(server, OpenAiDouble::KEY, OpenAiDouble::MODEL);
    assert_eq!(
        (status, &body["choices"][0]["message"]["content"]),
        (200, &json!("Hello"))
    );
    assert!(head.contains("x-request-id: req_fake"));

    let (status, _, body) = chat(server, "sk-fake-other", OpenAiDouble::MODEL);
    assert_eq!(
        (status, &body["error"]["code"]),
        (401, &json!("invalid_api_key"))
    );
    let (status, head, _) = ask(server, "GET /v1/models", None, "");
    assert!(status == 401 && head.contains("www-authenticate"));
    assert_eq!(server.heads(), 3);
}

#[test]
fn openai_knows_models_paths_and_token_caps() {
    let double = OpenAiDouble::start();
    let server = double.server();
    let key = Some(OpenAiDouble::KEY);
    let (status, _, body) = ask(server, "GET /v1/models", key, "");
    assert_eq!((status, body["data"].as_array().unwrap().len()), (200, 3));
    let (status, _, body) = ask(server, "GET /v1/models/gpt-4.1-nano", key, "");
    assert_eq!(
        (status, &body["shutdown_date"]),
        (200, &json!("2026-10-23"))
    );
    let (status, _, body) = ask(server, "GET /v1/models/no-such", key, "");
    assert_eq!(
        (status, &body["error"]["code"]),
        (404, &json!("model_not_found"))
    );
    let (status, _, body) = chat(server, OpenAiDouble::KEY, OpenAiDouble::EMBEDDING_MODEL);
    assert_eq!((status, &body["error"]["code"]), (404, &Value::Null));
    let (status, _, body) = ask(
        server,
        "POST /v1/chat/completions/chat/completions",
        key,
        "",
    );
    assert_eq!(status, 404);
    assert_eq!(
        body["error"]["message"],
        "Invalid URL (POST /v1/chat/completions/chat/completions)"
    );
    let capped = json!({"model": OpenAiDouble::MODEL, "max_tokens": 16}).to_string();
    let (status, _, body) = ask(server, "POST /v1/chat/completions", key, &capped);
    assert_eq!(
        (status, &body["error"]["param"]),
        (400, &json!("max_tokens"))
    );
}

#[test]
fn openai_faults_are_at_their_route_only() {
    let double = OpenAiDouble::with_faults([
        (Route::Chat, OpenAiFault::RateLimited),
        (Route::Model, OpenAiFault::MissingScope("api.model.read")),
    ]);
    let server = double.server();
    let (status, head, _) = chat(server, OpenAiDouble::KEY, OpenAiDouble::MODEL);
    assert!(status == 429 && head.contains("retry-after: 20"));
    let (status, head, body) = ask(server, "GET /v1/models/x", Some(OpenAiDouble::KEY), "");
    assert!(status == 401 && head.contains("openai-organization"));
    assert!(
        body["error"]["message"]
            .as_str()
            .unwrap()
            .contains("api.model.read")
    );
    assert_eq!(
        ask(server, "GET /v1/models", Some(OpenAiDouble::KEY), "").0,
        200
    );
}

#[test]
fn the_router_shows_models_to_anybody_and_the_rest_to_its_token() {
    let double = HuggingFaceDouble::start();
    let server = double.server();
    let model = format!("GET /v1/models/{}", HuggingFaceDouble::MODEL);
    let (status, _, body) = ask(server, &model, Some("hf_fake_other"), "");
    assert_eq!(
        (status, &body["providers"][0]["pricing"]["input"]),
        (200, &json!(1.69))
    );
    assert_eq!(
        ask(server, "GET /api/whoami-v2", Some("hf_fake_other"), "").0,
        401
    );
    let (status, _, body) = ask(
        server,
        "GET /api/whoami-v2",
        Some(HuggingFaceDouble::TOKEN),
        "",
    );
    let scope = &body["auth"]["accessToken"]["fineGrained"]["scoped"][0];
    assert_eq!(
        (status, &scope["permissions"][0]),
        (200, &json!("inference.serverless.write"))
    );
    let (status, head, _) = chat(server, "hf_fake_other", HuggingFaceDouble::MODEL);
    assert!(status == 401 && !head.contains("x-inference-provider"));
}

#[test]
fn the_router_chooses_the_pinned_live_provider() {
    let double = HuggingFaceDouble::start();
    let served_by = |model: &str| {
        let (status, head, _) = chat(double.server(), HuggingFaceDouble::TOKEN, model);
        let served = head
            .split("x-inference-provider: ")
            .nth(1)
            .map(str::to_owned);
        (
            status,
            served.and_then(|rest| rest.split('\r').next().map(str::to_owned)),
        )
    };
    let model = HuggingFaceDouble::MODEL;
    assert_eq!(served_by(model), (200, Some("novita".to_owned())));
    let pinned = format!("{model}:featherless-ai");
    assert_eq!(served_by(&pinned), (200, Some("featherless-ai".to_owned())));
    assert_eq!(served_by(&format!("{model}:groq")), (400, None));
    assert_eq!(served_by(HuggingFaceDouble::BROKEN_MODEL), (400, None));
}

#[test]
fn the_router_has_text_for_a_route_that_it_does_not_have() {
    let double = HuggingFaceDouble::with_faults([
        (Route::Chat, HuggingFaceFault::SubProviderFailed),
        (Route::Whoami, HuggingFaceFault::WhoamiReadToken),
    ]);
    let server = double.server();
    let (status, head, _) = ask(server, "POST /chat/completions", None, "{}");
    assert!(status == 404 && head.contains("text/plain"));
    let (status, head, body) = chat(server, HuggingFaceDouble::TOKEN, "any");
    assert!(head.contains("x-inference-provider: novita"));
    assert_eq!((status, &body["reason"]), (500, &json!("INTERNAL_ERROR")));
    let (_, _, body) = ask(server, "GET /api/whoami-v2", None, "");
    assert_eq!(body["auth"]["accessToken"]["role"], "read");
}
