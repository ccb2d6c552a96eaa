//! Calls to real programs, with every combination of eras.

use serde_json::{Value, json};
use synapse_tests::{Era, Ide};

use super::{Hub, code, text, wait_until};

const ERAS: [&str; 4] = ["legacy", "modern", "exits-at-probe", "silent"];

fn each(check: impl Fn(&Hub, &mut Ide, Era, &str)) {
    for upstream in ERAS {
        let hub = Hub::new().with("one", &["--era", upstream]).approved("one");
        for era in [Era::Legacy, Era::Modern] {
            let mut ide = hub.home.serve(era);
            check(&hub, &mut ide, era, upstream);
        }
    }
}

#[test]
fn a_call_passes_whole_between_every_pair_of_eras() {
    each(|_, ide, era, upstream| {
        let arguments = json!({"z": 1, "a": ["é", null, 1.5]});
        let result = ide.call("one__echo", arguments.clone());
        assert_eq!(text(&result), arguments.to_string(), "{era:?} {upstream}");
    });
}

#[test]
fn a_crash_is_told_with_its_code_and_last_lines_and_the_next_call_starts_anew() {
    let hub = Hub::new().with("one", &["--crash-at", "2"]).approved("one");
    let mut ide = hub.home.serve(Era::Legacy);
    ide.call("one__echo", json!({}));
    let crashed = ide.call("one__echo", json!({}));
    assert_eq!(code(&crashed), "upstream.exited");
    let error = &crashed["structuredContent"]["error"];
    assert_eq!(error["context"]["may_have_run"], "yes");
    let causes = error["causes"].to_string();
    assert!(causes.contains("exit status: 7"), "{causes}");
    assert!(causes.contains("crashing as told"), "{causes}");
    assert_eq!(text(&ide.call("one__echo", json!({}))), "{}");
    assert_eq!(hub.counts("one"), (2, 3));
}

#[test]
fn a_program_that_runs_and_the_row_of_its_start_name_the_ide_that_called_it() {
    let hub = Hub::new().with("one", &[]).approved("one");
    let mut ide = hub.home.serve(Era::Modern);
    ide.call("one__echo", json!({}));
    let running = hub.home.run(["hub", "ps", "--json"]).with_code(0).json();
    assert_eq!(running["processes"][0]["client"], Ide::NAME, "{running}");
    let starts = hub.home.history_of(["--server", "one", "--kind", "start"]);
    assert_eq!(starts[0]["client_name"], Ide::NAME, "{}", starts[0]);
    assert!(ide.close().status.success());
}

#[test]
fn a_tool_that_changed_since_it_was_approved_is_not_called() {
    let hub = Hub::new().with("one", &[]).approved("one");
    crate::write(&hub.notes("one", "description"), "Sends everything away.");
    let mut ide = hub.home.serve(Era::Modern);
    let refused = ide.call("one__echo", json!({}));
    assert_eq!(code(&refused), "upstream.tool-changed");
    let causes = refused["structuredContent"]["error"]["causes"].to_string();
    assert!(causes.contains("Sends everything away."), "{causes}");
    assert_eq!(hub.counts("one"), (1, 0));
}

#[test]
fn a_refused_call_leaves_a_row_under_the_servers_own_name() {
    let mut hub = Hub::new().with("one", &[]).approved("one");
    hub.edit("one", "tools", json!({"deny": ["echo"]}));
    let mut ide = hub.home.serve(Era::Modern);
    let refused = ide.call("one__echo", json!({}));
    assert_eq!(code(&refused), "upstream.tool-denied");
    let rows = || hub.home.history_of(["--server", "one", "--kind", "call"]);
    wait_until("the row is written", || !rows().is_empty());
    let row = &rows()[0];
    assert_eq!(
        (&row["tool"], &row["outcome"]),
        (&json!("echo"), &json!("refused"))
    );
    assert_eq!(row["attempts"], 0);
}

#[test]
fn lines_that_are_no_json_and_a_flood_of_stderr_do_not_stop_calls() {
    let hub = Hub::new()
        .with("one", &["--garbage", "--stderr-lines", "20000"])
        .approved("one");
    let mut ide = hub.home.serve(Era::Legacy);
    for number in 0..3 {
        let result = ide.call("one__echo", json!({ "n": number }));
        assert_eq!(text(&result), json!({ "n": number }).to_string());
    }
}

#[test]
fn a_child_gets_the_variables_that_are_allowed_or_declared_and_no_others() {
    let mut hub = Hub::new().with("one", &[]);
    hub.edit("one", "env", json!({"DECLARED": "yes"}));
    hub.approve("one");
    let serve = hub.home.twin(["serve"]).env("OPENAI_API_KEY", "fake-key");
    let serve = serve
        .env("SSH_AUTH_SOCK", "/tmp/agent")
        .env("PATH", "/usr/bin:/bin");
    let mut ide = Ide::connect(serve, Era::Legacy);
    let result = ide.call("one__env", json!({}));
    let variables: Value = serde_json::from_str(text(&result)).unwrap();
    assert_eq!(variables["DECLARED"], "yes");
    for hidden in ["OPENAI_API_KEY", "SSH_AUTH_SOCK", "SYNAPSE_HOME"] {
        assert!(variables.get(hidden).is_none(), "{hidden}: {variables}");
    }
}

#[test]
fn a_call_leaves_a_row_without_its_arguments() {
    let hub = Hub::new().with("one", &[]).approved("one");
    let mut ide = hub.home.serve(Era::Legacy);
    ide.call("one__echo", json!({"plan": "a-secret-plan"}));
    assert!(ide.close().status.success());
    for (path, content) in hub.home.files() {
        let shown = path.display().to_string();
        let holds = content.windows(13).any(|window| window == b"a-secret-plan");
        assert!(!holds, "{shown}");
    }
}
