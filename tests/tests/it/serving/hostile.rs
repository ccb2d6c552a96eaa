//! Answers crafted to block the server: other requests are still answered, and the call itself
//! ends.

use serde_json::json;
use synapse_testkit::leak::Disguise;
use synapse_testkit::raw::{RawServer, RecordedRequest, Reply};
use synapse_tests::{Era, Home};

use super::TWIN;

const KILOBYTES: usize = 400;

#[test]
fn an_error_that_is_hard_to_clean_keeps_nobody_waiting() {
    for unit in [
        "key=",
        "eyJ-",
        "eyJaaaaaaaaaaa.",
        "a1=",
        "<a",
        "%25",
        "\\u",
        "1,",
    ] {
        answers_meanwhile(move |_| error(unit));
    }
    answers_meanwhile(|request| error(&encoded(request)));
    answers_meanwhile(|request| {
        let near = token(request);
        error(near.get(1..).unwrap())
    });
}

#[test]
fn an_answer_that_is_hard_to_look_through_keeps_nobody_waiting() {
    let answer = |unit: &str| {
        let body = json!({"choices": [{"message": {"content": repeated(unit)}}]});
        Reply::json(200, body.to_string())
    };
    answers_meanwhile(move |request| answer(&encoded(request)));
    answers_meanwhile(move |request| answer(token(request).get(1..).unwrap()));
    answers_meanwhile(move |_| answer("%25&amp;\\u"));
}

/// The token of the request.
fn token(request: &RecordedRequest) -> String {
    let said = request.header("authorization").unwrap();
    said.trim_start_matches("Bearer ").to_owned()
}

fn encoded(request: &RecordedRequest) -> String {
    let written = Disguise::Base64(0).of(&token(request));
    written.trim_end_matches('=').to_owned()
}

fn error(unit: &str) -> Reply {
    let said = repeated(unit);
    let error = json!({"message": said, "type": said, "code": said, "param": said});
    Reply::json(401, json!({"error": error}).to_string())
}

fn repeated(unit: &str) -> String {
    unit.repeat(KILOBYTES * 1024 / unit.len())
}

#[track_caller]
fn answers_meanwhile(answer: impl Fn(&RecordedRequest) -> Reply + Send + Sync + 'static) {
    let provider = RawServer::start(answer);
    let home = Home::connected(TWIN, &provider);
    let mut ide = home.serve(Era::Legacy);
    let call = ide.begin("chat", json!({"prompt": "hello"}));
    provider.wait_for_requests(1);
    // Each is abandoned at its time limit.
    for _ in 0..5 {
        ide.result("ping", json!({}));
    }
    let result = ide.result_of(call);
    let text = result["content"][0]["text"].as_str().unwrap();
    assert!(!text.is_empty(), "{result}");
    assert!(ide.close().status.success());
    assert_eq!(provider.heads(), 1);
}
