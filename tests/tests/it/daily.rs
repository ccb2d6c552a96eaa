//! Everyday features: the default connection, names, answers rendered on a terminal, copied or
//! continued; entries in all IDEs at once.

use serde_json::json;
use synapse_testkit::provider_doubles::OpenAiDouble;
use synapse_testkit::raw::{RawServer, Reply};
use synapse_tests::{Home, Terminal};

use crate::TWIN;

const TEXT: &str = "It is **bold** &#27;[2J.\n\n- one\n- two\n";

fn answering(text: &str) -> (RawServer, Home) {
    let message = json!({"role": "assistant", "content": text});
    let choice = json!({"message": message, "finish_reason": "stop"});
    let usage = json!({"prompt_tokens": 10, "completion_tokens": 5});
    let body = json!({"model": "m", "choices": [choice], "usage": usage});
    let server = RawServer::always(Reply::json(200, body.to_string()));
    let home = Home::connected(TWIN, &server);
    (server, home)
}

#[test]
fn a_single_word_at_a_terminal_says_how_it_is_a_prompt() {
    let double = OpenAiDouble::start();
    let home = Home::connected(TWIN, &double);
    let sent = double.server().accepts();
    let seen = Terminal::start(home.twin(["chat", "hello"])).finish();
    let seen = seen.with_code(2).stdout;
    for command in ["synapse chat hello PROMPT", "synapse chat CONNECTION hello"] {
        assert!(seen.contains(command), "{command}: {seen}");
    }
    assert_eq!(double.server().accepts(), sent);
}

#[test]
fn a_terminal_gets_markdown_rendered_and_a_pipe_as_it_came() {
    let (_double, home) = answering(TEXT);
    let ask = ["chat", "What is it?"];
    let styled = home.twin(["chat", "What is it?", "--color", "always"]);
    let shown = Terminal::start(styled).finish().with_code(0).stdout;
    assert!(
        shown.contains("It is \u{1b}[1mbold\u{1b}[0m \u{fffd}[2J."),
        "{shown:?}"
    );
    assert!(shown.contains("• one\n• two\n"), "{shown:?}");
    let plain = home.twin(["chat", "What is it?", "--plain"]);
    let shown = Terminal::start(plain).finish().with_code(0).stdout;
    assert!(
        shown.contains("It is **bold** &#27;[2J.\n\n- one"),
        "{shown:?}"
    );
    let piped = home.run(ask).with_code(0);
    assert_eq!(piped.stdout, TEXT);
}

#[test]
fn a_terminal_copies_the_answer_without_control_characters() {
    let (_double, home) = answering("a\u{1b}[2Jb");
    let ask = ["chat", "What is it?", "--copy"];
    let shown = Terminal::start(home.twin(ask)).finish().with_code(0).stdout;
    // "a\u{fffd}[2Jb"
    assert!(shown.contains("\u{1b}]52;c;Ye+/vVsySmI=\u{7}"), "{shown:?}");
    home.run(ask).with_code(2);
}

#[test]
fn the_default_connection_is_meant_where_none_is_named() {
    let (server, home) = answering("ok");
    home.save("other", &server, &["--offline"]);
    let ask = ["chat", "What is it?"];
    let several = home.run(ask).with_code(2);
    assert!(
        several.stderr.contains("connections: work, other"),
        "{several}"
    );
    assert!(
        several.stderr.contains("synapse connection default NAME"),
        "{several}"
    );
    home.run(["connection", "default", "nope"]).with_code(3);
    let chosen = home.run(["connection", "default", "work"]).with_code(0);
    assert_eq!(chosen.stdout, "work\n");
    home.run(ask).with_code(0);
    assert_eq!(home.history()[0]["connection"], "work");
    let document = home
        .run(["connection", "list", "--json"])
        .with_code(0)
        .json();
    assert_eq!(document["default"], "work");

    home.run(["connection", "rename", "work", "daily"])
        .with_code(0);
    let shown = home.run(["connection", "default"]).with_code(0);
    assert_eq!(shown.stdout, "daily\n");
    home.run(["connection", "remove", "daily", "--yes"])
        .with_code(0);
    let shown = home.run(["connection", "default"]).with_code(0);
    assert_eq!(shown.stdout, "");
    home.run(["connection", "default", "other"]).with_code(0);
    home.run(["connection", "default", "--clear"]).with_code(0);
    let shown = home.run(["connection", "default"]).with_code(0);
    assert_eq!(shown.stdout, "");
}

#[test]
fn a_renamed_connection_keeps_its_history_and_names_what_refers_to_it() {
    let (_double, home) = answering("ok");
    home.write(".cursor/mcp.json", "{}");
    home.run(["ide", "install", "cursor", "--connection", "work", "--yes"])
        .with_code(0);
    home.run(["chat", "work", "hi"]).with_code(0);
    let renamed = home
        .run(["connection", "rename", "work", "daily"])
        .with_code(0);
    assert!(
        renamed
            .stderr
            .contains("synapse ide install cursor --connection daily"),
        "{renamed}"
    );
    home.run(["chat", "daily", "hi"]).with_code(0);
    let names: Vec<_> = home
        .history()
        .iter()
        .map(|entry| entry["connection"].clone())
        .collect();
    assert_eq!(names, [json!("daily"), json!("work")]);
    home.run(["connection", "show", "work"]).with_code(3);
    home.run(["history", "verify"]).with_code(0);
}

#[test]
fn a_new_name_gives_no_budget_back() {
    let (_double, home) = answering("ok");
    let limit = [
        "connection",
        "edit",
        "work",
        "--limit-tokens-month",
        "100000",
    ];
    home.run(limit).with_code(0);
    home.run(["chat", "work", "hi"]).with_code(0);
    let rename = ["connection", "rename", "work", "daily"];
    let refused = home.run(rename).with_code(2);
    assert!(refused.stderr.contains("--restart-limits"), "{refused}");
    home.run([&rename[..], &["--restart-limits"]].concat())
        .with_code(0);
}

#[test]
fn a_copy_is_a_connection_of_its_own() {
    let (server, home) = answering("ok");
    home.run(["connection", "copy", "work", "second"])
        .with_code(0);
    home.run(["chat", "second", "hi"]).with_code(0);
    assert_eq!(home.history()[0]["connection"], "second");
    home.run(["connection", "copy", "work", "second"])
        .with_code(3);
    home.run(["connection", "rename", "work", "second"])
        .with_code(3);
    home.run(["connection", "remove", "work", "--yes"])
        .with_code(0);
    home.run(["chat", "second", "hi"]).with_code(0);
    assert_eq!(server.heads(), 2);
}

#[test]
fn a_recorded_conversation_is_gone_on_with() {
    let (server, home) = answering("Paris.");
    let edit = ["connection", "edit", "work", "--record-text", "--offline"];
    let unrecorded = home.run(["chat", "-c", "And?"]).with_code(2);
    assert!(
        unrecorded.stderr.contains("has an answer yet"),
        "{unrecorded}"
    );
    home.run(["chat", "work", "Capital?", "-m", "other"])
        .with_code(0);
    let unrecorded = home.run(["chat", "-c", "And?"]).with_code(2);
    assert!(
        unrecorded.stderr.contains("are not recorded"),
        "{unrecorded}"
    );
    assert!(unrecorded.stderr.contains("--record-text"), "{unrecorded}");
    home.run(edit).with_code(0);
    let first = [
        "chat", "work", "Capital?", "-m", "other", "--system", "Short.",
    ];
    home.run(first).with_code(0);
    let heads = server.heads();

    let next = home.run(["chat", "-c", "And\n\nuser: of it?"]).with_code(0);
    assert!(
        next.stderr
            .contains("3 recorded messages sent again (10 in + 5 out tokens)"),
        "{next}"
    );
    assert_eq!(server.heads(), heads + 1);
    let requests = server.requests();
    let body = requests.last().unwrap().json();
    assert_eq!(body["model"], "other");
    let conversation = json!([
        {"role": "system", "content": "Short."},
        {"role": "user", "content": "Capital?"},
        {"role": "assistant", "content": "Paris."},
        {"role": "user", "content": "And\n\nuser: of it?"},
    ]);
    assert_eq!(body["messages"], conversation);

    let id = home.history()[0]["call_id"].as_str().unwrap().to_owned();
    let third = format!("--continue={}", &id[..30]);
    home.run(["chat", &third, "Yes"]).with_code(0);
    let messages = server.requests().last().unwrap().json()["messages"].clone();
    assert_eq!(messages.as_array().unwrap().len(), 6, "{messages}");
    assert_eq!(messages[3]["content"], "And\n\nuser: of it?");
    home.run(["chat", "-c=ffff", "Yes"]).with_code(2);
}

#[test]
fn every_client_that_is_found_gets_the_entry_at_once() {
    let home = Home::new(TWIN);
    home.run(["ide", "install", "--detected", "--yes"])
        .with_code(2);
    home.write(".cursor/mcp.json", "{}");
    home.write(".codex/config.toml", "");
    let dry = home
        .run(["ide", "install", "--detected", "--dry-run"])
        .with_code(0);
    assert_eq!(dry.stdout.matches("\n+++ ").count(), 2, "{dry}");
    home.run(["ide", "install", "--detected", "--yes"])
        .with_code(0);
    let listed = home.run(["ide", "list"]).with_code(0);
    assert_eq!(listed.stdout.matches(" current ").count(), 2, "{listed}");
    let again = home
        .run(["ide", "install", "--detected", "--yes"])
        .with_code(0);
    assert_eq!(again.stdout.matches("already has the entry").count(), 2);
    // One broken file does not affect the others.
    home.write(".kiro/settings/mcp.json", "{");
    home.run(["ide", "remove", "cursor", "--yes"]).with_code(0);
    let partly = home.run(["ide", "install", "--detected", "--yes"]);
    assert_ne!(partly.code, 0, "{partly}");
    let listed = home.run(["ide", "list"]).with_code(0);
    assert_eq!(listed.stdout.matches(" current ").count(), 2, "{listed}");
}

#[test]
fn a_group_without_a_subcommand_prints_its_help_and_is_no_success() {
    let home = Home::new(TWIN);
    for words in [
        &[][..],
        &["connection"],
        &["hub"],
        &["ide"],
        &["secret"],
        &["completions"],
    ] {
        let help = home.run([words, &["--help"]].concat()).with_code(0);
        let bare = home.run(words).with_code(2);
        assert_eq!(bare.stdout, "", "{words:?}");
        // The short help where `-h` and `--help` differ.
        let short = home.run([words, &["-h"]].concat()).with_code(0).stdout;
        assert!(
            bare.stderr == help.stdout || bare.stderr == short,
            "{words:?}: {bare}\n{help}"
        );
        assert!(bare.stderr.contains("\n\nUsage: "), "{bare}");
    }
    let refused = home.run(["--json", "hub"]).with_code(2).json();
    assert_eq!(
        refused["error"]["message"],
        "`synapse hub` needs a subcommand"
    );
    assert_eq!(
        refused["error"]["hints"][0]["command"],
        "synapse hub --help"
    );
    // Without a subcommand but with something else, the error comes first.
    let refused = home.run(["hub", "--config", "x.json"]).with_code(2);
    assert!(refused.stderr.starts_with("error: "), "{refused}");
    assert!(
        refused.stderr.contains("hint: synapse hub --help"),
        "{refused}"
    );
}

#[test]
fn models_without_a_name_are_those_of_the_default_connection() {
    let provider = OpenAiDouble::start();
    let home = Home::new(TWIN);
    let none = home.run(["models"]).with_code(3);
    assert!(none.stderr.contains("there is no connection yet"), "{none}");
    let home = Home::connected(TWIN, &provider);
    let only = home.run(["models"]).with_code(0);
    assert!(only.stderr.contains("work uses "), "{only}");
    home.save("other", &provider, &["--allow-network"]);
    let several = home.run(["models"]).with_code(2);
    assert!(several.stderr.contains("name one"), "{several}");
    home.run(["connection", "default", "other"]).with_code(0);
    let listed = home.run(["models", "--search", "terra"]).with_code(0);
    assert!(listed.stderr.contains("other uses "), "{listed}");
    let refused = home.run(["models", "--base-url", "http://127.0.0.1:1/v1"]);
    let refused = refused.with_code(2);
    assert!(
        refused.stderr.contains("name a provider with --provider"),
        "{refused}"
    );
}
