//! The reading tools return what the commands print.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use synapse_testkit::provider_doubles::OpenAiDouble;
use synapse_testkit::raw::{End, RawServer, Reply};
use synapse_tests::{Era, Home};

use super::{TWIN, ask_both, home, printed, serve};

#[test]
fn structured_content_is_the_document_of_the_command() {
    for era in [Era::Legacy, Era::Modern] {
        let double = OpenAiDouble::start();
        let home = home(&double);
        let mut ide = serve(&home, &[], era);
        ask_both(&mut ide);
        let history = ide.call("history", json!({}));
        assert_eq!(history["structuredContent"], printed(&home, &["history"]));
        let usage = ide.call("usage", json!({"by": "model"}));
        let command = ["usage", "--by", "model"];
        assert_eq!(usage["structuredContent"], printed(&home, &command));
        let sent = double.server().accepts();
        let models = ide.call("list_models", json!({"connection": "work"}));
        assert_eq!(double.server().accepts(), sent + 1);
        let mut expected = printed(&home, &["models", "work"]);
        expected["listed_at"] = models["structuredContent"]["listed_at"].clone();
        assert_eq!(models["structuredContent"], expected);
        let preflight = ide.call("preflight", json!({"connection": "later"}));
        assert_eq!(preflight["isError"], true);
        let mut expected = printed(&home, &["preflight", "later"]);
        expected["checked_at"] = preflight["structuredContent"]["checked_at"].clone();
        assert_eq!(preflight["structuredContent"], expected);
        let whole = format!("{history}{usage}{models}{preflight}");
        assert!(!whole.contains("the secret plan") && !whole.contains(OpenAiDouble::KEY));
        assert_eq!(home.history().len(), 2, "reading leaves no row");
    }
}

#[test]
fn a_call_that_was_answered_is_closed_for_who_asks_next() {
    let double = OpenAiDouble::start();
    let home = home(&double);
    let mut ide = serve(&home, &[], Era::Modern);
    for calls in 1..=30 {
        ide.call("chat", json!({"connection": "work", "prompt": "hi"}));
        let history = ide.call("history", json!({"limit": 1}));
        let row = &history["structuredContent"]["entries"][0];
        assert_eq!(row["outcome"], "ok", "{row}");
        let usage = ide.call("usage", json!({}));
        assert_eq!(usage["structuredContent"]["total"]["ok"], calls, "{usage}");
    }
}

#[test]
fn a_call_that_nobody_waits_for_any_more_is_in_the_history() {
    let provider = RawServer::start(|_| Reply::silent(End::Hang));
    let home = Home::connected(TWIN, &provider);
    let mut ide = home.serve(Era::Legacy);
    let arguments = json!({"prompt": "hi", "timeout_seconds": 3});
    let began = Instant::now();
    let id = ide.begin("chat", arguments);
    provider.wait_for_requests(1);
    // The client times out silently, then asks the server about the call.
    let row = loop {
        let history = ide.call("history", json!({}));
        let row = history["structuredContent"]["entries"][0].clone();
        if row["outcome"] != "open" {
            break row;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "{row}");
    };
    assert_eq!(row["outcome"], "error", "{row}");
    assert_eq!(row["error_code"], "transport.response-timeout");
    assert_eq!(row["maybe_billed"], true);
    let reply = ide.reply(id);
    assert_eq!(reply["result"]["isError"], true);
    let error = &reply["result"]["structuredContent"]["error"];
    assert_eq!(error["code"], "transport.response-timeout");
    assert_eq!(provider.accepts(), 1, "and nothing was sent again");
}

#[test]
fn arguments_that_do_not_fit_name_what_is_taken() {
    let double = OpenAiDouble::start();
    let home = home(&double);
    let sent = double.server().accepts();
    let mut ide = serve(&home, &[], Era::Modern);
    for (tool, arguments, names) in [
        (
            "usage",
            json!({"by": "moon"}),
            "connection, model, provider",
        ),
        ("usage", json!({"since": "soon"}), "30d, 24h"),
        ("history", json!({"outcome": "fine"}), "cancelled"),
        ("history", json!({"limit": 0}), "1 to 200"),
        ("history", json!({"call_id": "x"}), "UUID"),
        (
            "list_models",
            json!({"connection": "work", "limit": 0}),
            "1 to 1000",
        ),
        ("list_models", json!({"connection": 7}), "a string"),
        (
            "preflight",
            json!({"connection": "work", "live": "yes"}),
            "a boolean",
        ),
        (
            "preflight",
            json!({"connection": "work", "x": 1}),
            "connection, live",
        ),
        (
            "chat",
            json!({"connection": "work", "prompt": "a", "timeout_seconds": 0}),
            "it takes 1 to",
        ),
        (
            "chat",
            json!({"connection": "work", "prompt": "a", "timeout_seconds": 86_400}),
            "it takes 1 to",
        ),
    ] {
        let result = ide.call(tool, arguments.clone());
        assert_eq!(result["isError"], true, "{tool} {arguments}: {result}");
        let error = &result["structuredContent"]["error"];
        assert_eq!(
            error["code"], "usage.invalid-arguments",
            "{tool} {arguments}"
        );
        assert!(
            error["context"]["argument"].is_string(),
            "{tool} {arguments}: {error}"
        );
        let text = result["content"][0]["text"].as_str().unwrap();
        assert!(text.contains(names), "{tool} {arguments}: {text}");
    }
    assert_eq!(double.server().accepts(), sent);
    assert_eq!(home.history(), [] as [Value; 0]);
}
