//! Traces of calls: rows of every kind, and no word of arguments or results.

use serde_json::{Value, json};
use synapse_tests::{Era, Home, Ide};

use super::{Hub, code, text};

const ASKED: &str = "canary-of-arguments-5519";
const ANSWERED: &str = "Canary/Of_Results_7731";

fn assert_no_trace(home: &Home, when: &str) {
    for (path, content) in home.files() {
        for canary in [ASKED, ANSWERED] {
            let mut windows = content.windows(canary.len());
            let holds = windows.any(|window| window == canary.as_bytes());
            assert!(!holds, "{when}: {canary} in {}", path.display());
        }
    }
}

#[test]
fn no_event_of_the_hub_leaves_a_word_of_arguments_or_results() {
    let mut hub = Hub::new()
        .with("one", &["--stderr-lines", "3"])
        .with("changes", &[])
        .approved("one")
        .approved("changes");
    hub.edit("changes", "env", json!({"MORE": "1"}));
    hub.edit("one", "tools", json!({"deny": ["ask"]}));
    let said = json!({ "plan": ASKED, ASKED: [ASKED] });
    // `TZ` is a variable that a child gets; `env` tells it.
    let serve = hub.home.twin(["serve"]).env("TZ", ANSWERED);
    let mut ide = Ide::connect(serve, Era::Modern);
    assert!(text(&ide.call("one__echo", said.clone())).contains(ASKED));
    assert!(text(&ide.call("one__env", said.clone())).contains(ANSWERED));
    let crashed = ide.call("one__crash", said.clone());
    assert_eq!(code(&crashed), "upstream.exited");
    let denied = ide.call("one__ask", said.clone());
    assert_eq!(code(&denied), "upstream.tool-denied");
    let changed = ide.call("changes__echo", said.clone());
    assert_eq!(code(&changed), "upstream.changed");
    assert_no_trace(&hub.home, "while it runs");
    assert!(ide.close().status.success());
    hub.home
        .twin(["hub", "call", "one", "echo", &said.to_string()])
        .output()
        .with_code(0);
    let said = said.to_string();
    let crashed = ["hub", "call", "one", "crash", &said, "--verbose"];
    assert_ne!(hub.home.run(crashed).code, 0);
    assert_no_trace(&hub.home, "after the end");
    let rows = hub.home.history_of([]);
    for (operation, outcome) in [
        ("approve", "ok"),
        ("start", "ok"),
        ("call", "ok"),
        ("call", "error"),
        ("call", "refused"),
    ] {
        let is_it = |row: &Value| row["operation"] == operation && row["outcome"] == outcome;
        assert!(rows.iter().any(is_it), "{operation} {outcome}: {rows:#?}");
    }
}
