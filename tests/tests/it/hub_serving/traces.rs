//! Traces of calls: rows of every kind, and no word of arguments or results.

use serde_json::{Value, json};
use synapse_tests::home::set_mode;
use synapse_tests::{Era, Home, Ide};

use super::{Hub, code, text};

/// A server that puts the id of a URI and the arguments of a prompt into its answers.
const ECHOING: &str = env!("CARGO_BIN_EXE_fixture-server");

const ASKED: &str = "canary-of-arguments-5519";
const ANSWERED: &str = "Canary/Of_Results_7731";

fn assert_no_trace(home: &Home, when: &str) {
    assert_in_no_file(home, &[ASKED, ANSWERED], when);
}

fn assert_in_no_file(home: &Home, canaries: &[&str], when: &str) {
    for (path, content) in home.files() {
        for canary in canaries {
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

fn reading(word: &str) -> Value {
    json!({"uri": format!("test://template/{word}/data")})
}

fn prompting(word: &str) -> Value {
    json!({"name": "echoing__test_prompt_with_arguments", "arguments": {"arg1": word, "arg2": "x"}})
}

#[test]
fn a_read_and_a_prompt_leave_no_word_of_what_was_asked_or_answered() {
    let mut hub = Hub::new();
    hub.replace("echoing", json!({"command": ECHOING}));
    let hub = hub.approved("echoing");
    let mut ide = hub.home.serve(Era::Modern);
    let read = ide.result("resources/read", reading(ASKED));
    assert!(
        read.to_string().contains(&format!("Data for ID: {ASKED}")),
        "{read}"
    );
    let prompt = ide.result("prompts/get", prompting(ASKED));
    assert!(
        prompt.to_string().contains(&format!("arg1='{ASKED}'")),
        "{prompt}"
    );
    assert_no_trace(&hub.home, "while it runs");
    let ended = ide.close();
    assert!(ended.status.success());
    assert!(!ended.stderr.contains(ASKED), "{}", ended.stderr);
    assert_no_trace(&hub.home, "after the end");
    let rows = hub.home.history_of([]);
    for operation in ["read", "get"] {
        let is_it = |row: &Value| row["operation"] == operation && row["outcome"] == "ok";
        assert!(rows.iter().any(is_it), "{operation}: {rows:#?}");
    }
}

/// Whatever the server says of it: in the result of a tool, a read and a prompt, and on stderr.
#[test]
fn a_secret_of_an_upstream_is_in_no_answer_and_no_file() {
    let secret = "canary-of-a-secret-2291";
    let mut hub = Hub::new().with("one", &[]);
    hub.replace("echoing", json!({"command": ECHOING}));
    let file = hub.home.path().join("key");
    crate::write(&file, &format!("{secret}\n"));
    set_mode(&file, 0o600);
    let reference = format!("${{file:{}}}", file.display());
    for server in ["one", "echoing"] {
        hub.edit(server, "env", json!({"A_TOKEN": reference}));
    }
    let hub = hub.approved("one").approved("echoing");
    for era in [Era::Modern, Era::Legacy] {
        let mut ide = hub.home.serve(era);
        let told = ide.call("one__env", json!({}));
        assert!(text(&told).contains("A_TOKEN"), "{told}");
        let read = ide.result("resources/read", reading(secret));
        assert!(read.to_string().contains("Data for ID: "), "{read}");
        let prompt = ide.result("prompts/get", prompting(secret));
        assert!(prompt.to_string().contains("arg1='"), "{prompt}");
        for answer in [&told, &read, &prompt] {
            assert!(!answer.to_string().contains(secret), "{answer}");
        }
        let ended = ide.close();
        assert!(!ended.stderr.contains(secret), "{}", ended.stderr);
    }
    let called = hub.home.run(["hub", "call", "one", "env", "--verbose"]);
    let called = called.with_code(0).to_string();
    assert!(
        called.contains("A_TOKEN") && !called.contains(secret),
        "{called}"
    );
    std::fs::remove_file(file).unwrap();
    assert_in_no_file(&hub.home, &[secret], "after the end");
}
