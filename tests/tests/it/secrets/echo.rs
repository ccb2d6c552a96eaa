//! A provider that echoes its input in every visible field and in every notation. The prompt, or in
//! preflight the model, selects the failure.

use serde_json::json;
use synapse_testkit::leak::Disguise;
use synapse_testkit::raw::{End, RawServer, RecordedRequest, Reply};

/// The failures, and `ok`.
pub(crate) const TROUBLES: [&str; 22] = [
    "ok", "400", "401", "402", "403", "404", "405", "410", "413", "422", "429", "500", "503",
    "encoded", "pieces", "text", "html", "shape", "stream", "redirect", "reset", "half",
];

pub(crate) fn start() -> RawServer {
    RawServer::start(|request| {
        let said = request
            .header("authorization")
            .unwrap_or_default()
            .to_owned();
        let reply = match trouble(request).as_str() {
            "reset" => return Reply::silent(End::Reset),
            "half" => {
                let reply = Reply::typed(200, "application/json", said.clone());
                reply.claiming(10_000).then(End::Close)
            }
            "redirect" => {
                let token = said.trim_start_matches("Bearer ");
                let target = format!("https://elsewhere.test/{token}?key={token}");
                Reply::status(307).header("location", &target)
            }
            "stream" => Reply::typed(200, "text/event-stream", said.clone()),
            "text" => Reply::typed(404, "text/plain", said.clone()),
            "html" => Reply::typed(502, "text/html", said.clone()),
            "shape" => Reply::json(200, json!({"said": said}).to_string()),
            "encoded" => encoded(&said),
            "pieces" => pieces(&said),
            "whoami-v2" => identity(&said),
            "models" => Reply::json(200, json!({"data": [{"id": said}]}).to_string()),
            "ok" => completion(&said),
            status => error(status.parse().unwrap_or(404), &said),
        };
        echoing(reply, &said)
    })
}

/// The selected failure, from the prompt or, in preflight, the model.
fn trouble(request: &RecordedRequest) -> String {
    if request.method() == "GET" {
        return request.path().rsplit('/').next().unwrap().to_owned();
    }
    let body = request.json();
    match body["messages"][0]["content"].as_str().unwrap() {
        "ping" => body["model"].as_str().unwrap().to_owned(),
        prompt => prompt.to_owned(),
    }
}

/// In every header shown in receipts and messages.
fn echoing(reply: Reply, said: &str) -> Reply {
    [
        "x-request-id",
        "cf-ray",
        "x-inference-provider",
        "retry-after",
        "server",
        "x-error-message",
    ]
    .into_iter()
    .fold(reply, |reply, name| reply.header(name, said))
}

fn error(status: u16, said: &str) -> Reply {
    let error =
        json!({"message": format!("you sent {said}"), "type": said, "param": said, "code": said});
    Reply::json(status, json!({"error": error}).to_string())
}

/// In every notation, a few per field, so that none is truncated.
fn encoded(said: &str) -> Reply {
    let token = said.trim_start_matches("Bearer ");
    let ways: Vec<String> = Disguise::ALL.iter().map(|way| way.of(token)).collect();
    let all = ways.join(" ");
    let error = json!({"message": all, "type": ways[12], "param": ways[7], "code": ways[20]});
    Reply::json(400, json!({"error": error}).to_string())
}

/// The two halves in different fields.
fn pieces(said: &str) -> Reply {
    let (head, end) = said.split_at(said.len() / 2);
    let error = json!({"message": format!("{head}\n{end}"), "type": head, "code": end});
    Reply::json(403, json!({"error": error}).to_string())
}

fn identity(said: &str) -> Reply {
    let token = json!({"displayName": said, "role": "read", "createdAt": said});
    let body = json!({
        "name": said, "fullname": said, "orgs": [{"name": said}],
        "auth": {"type": said, "accessToken": token},
    });
    Reply::json(200, body.to_string())
}

fn completion(said: &str) -> Reply {
    let call = json!({
        "id": said, "type": "function",
        "function": {"name": "f", "arguments": json!({"key": said}).to_string()},
    });
    let body = json!({
        "id": said,
        "model": said,
        "shutdown_date": said,
        "system_fingerprint": said,
        "choices": [{
            "message": {
                "role": "assistant",
                "content": format!("Your key is {said}, is it not?"),
                "reasoning": said,
                "refusal": said,
                "tool_calls": [call],
            },
            "finish_reason": said,
        }],
        "usage": {"prompt_tokens": 1, "completion_tokens": 2},
    });
    Reply::json(200, body.to_string())
}
