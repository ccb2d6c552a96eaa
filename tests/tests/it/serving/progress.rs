//! Progress notifications of a slow prompt, in real time. The provider answers only after they
//! arrived, so that a slow machine changes nothing.

use std::sync::Mutex;
use std::sync::mpsc::channel;

use serde_json::{Value, json};
use synapse_testkit::raw::{RawServer, Reply};
use synapse_tests::{Era, Home};

use super::TWIN;

const ANSWER: &str = r#"{"choices":[{"message":{"content":"At last"}}]}"#;

#[test]
fn a_long_prompt_says_that_it_is_alive_to_whoever_asked_for_that() {
    let (answer, heard) = channel::<()>();
    let heard = Mutex::new(heard);
    let provider = RawServer::start(move |_| {
        // Never receives: returns when the test drops its end.
        let _ended = heard.lock().unwrap().recv();
        Reply::json(200, ANSWER)
    });
    // Dropped before the provider, which waits for its handlers, even if the test fails.
    let answer = answer;
    let home = Home::connected(TWIN, &provider);
    let mut silent = home.serve(Era::Legacy);
    let unasked = silent.begin("chat", json!({"prompt": "hello"}));
    let mut asking = [Era::Legacy, Era::Modern].map(|era| {
        let mut ide = home.serve(era);
        let params = json!({
            "name": "chat",
            "arguments": {"prompt": "hello"},
            "_meta": {"progressToken": "the-token"},
        });
        let id = ide.ask("tools/call", params);
        (ide, id)
    });
    provider.wait_for_requests(3);
    for (ide, _) in &mut asking {
        let beat = ide.receive();
        assert_eq!(beat["method"], "notifications/progress", "{beat}");
        let params = &beat["params"];
        assert_eq!(params["progressToken"], "the-token", "{beat}");
        let seconds = params["progress"].as_f64().unwrap();
        assert!(seconds >= 1.0, "{beat}");
        let says = format!("waiting for the model, {seconds} s");
        assert_eq!(params["message"], says, "{beat}");
        assert_eq!(params.get("total"), None, "nobody knows how long: {beat}");
    }
    drop(answer);
    for (mut ide, id) in asking {
        // Skips further progress messages.
        let reply = loop {
            let message = ide.receive();
            if message["id"] == id {
                break message;
            }
            assert_eq!(message["method"], "notifications/progress", "{message}");
        };
        assert_eq!(reply["result"]["content"][0]["text"], "At last", "{reply}");
        assert!(ide.close().status.success());
    }
    let result = silent.result_of(unasked);
    assert_eq!(result["content"][0]["text"], "At last", "{result}");
    let ended = silent.close();
    let said = ended.stdout.join("\n");
    assert!(!said.contains("notifications/progress"), "{said}");
    assert_eq!(provider.heads(), 3);
    let rows: Vec<Value> = home.history();
    assert!(rows.iter().all(|row| row["outcome"] == "ok"), "{rows:?}");
}
