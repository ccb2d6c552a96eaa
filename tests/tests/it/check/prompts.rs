//! One real prompt through a client's entry.

use serde_json::json;
use synapse_testkit::provider_doubles::OpenAiDouble;
use synapse_tests::Home;

use super::{TWIN, check, document, line};

fn chats(home: &Home) -> usize {
    home.history()
        .iter()
        .filter(|row| row["operation"] == "chat")
        .count()
}

#[test]
fn a_prompt_goes_through_the_entry_and_leaves_its_row() {
    let double = OpenAiDouble::start();
    let home = Home::connected(TWIN, &double);
    home.run(["ide", "install", "cursor", "--yes"]).with_code(0);
    let document = document(&home, &["cursor", "--prompt"]);
    let prompt = line(&document, "prompt", Some("cursor"));
    assert_eq!(prompt["outcome"], "ok", "{document}");
    let rows = home.history();
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(rows[0]["client_name"], "synapse-ide-check", "{rows:?}");
    let call = rows[0]["call_id"].as_str().unwrap();
    assert!(prompt["what"].as_str().unwrap().contains(call), "{prompt}");
}

#[test]
fn without_being_asked_for_nothing_is_sent() {
    let double = OpenAiDouble::start();
    let home = Home::connected(TWIN, &double);
    home.run(["ide", "install", "cursor", "--yes"]).with_code(0);
    document(&home, &["cursor"]);
    assert_eq!(chats(&home), 0);
}

#[test]
fn a_refusal_of_the_tool_is_the_failure_of_the_step() {
    let double = OpenAiDouble::start();
    let home = Home::closed(TWIN, &double);
    home.run(["ide", "install", "cursor", "--yes"]).with_code(0);
    let document = document(&home, &["cursor", "--prompt"]);
    let prompt = line(&document, "prompt", Some("cursor"));
    assert_eq!(
        prompt["error"]["code"], "gate.network-disabled",
        "{document}"
    );
    assert_eq!(
        prompt["remedy"]["command"],
        "synapse connection edit work --allow-network"
    );
    // The server is still shut down the way a client does it.
    assert_eq!(line(&document, "end", Some("cursor"))["outcome"], "ok");
    assert_eq!(double.server().accepts(), 0);
}

#[test]
fn several_entries_ask_for_a_name_and_none_for_an_entry() {
    let double = OpenAiDouble::start();
    let home = Home::connected(TWIN, &double);
    let none = check(&home, &["--prompt"]).with_code(3);
    assert!(none.stderr.contains("ide.not-installed"), "{none}");
    for client in ["cursor", "gemini"] {
        home.run(["ide", "install", client, "--yes"]).with_code(0);
    }
    let several = check(&home, &["--prompt"]).with_code(2);
    assert!(several.stderr.contains("cursor, gemini"), "{several}");
    assert_eq!(chats(&home), 0);
    document(&home, &["work", "gemini", "--prompt"]);
    assert_eq!(chats(&home), 1);
}

#[test]
fn an_entry_without_the_tool_says_so() {
    let double = OpenAiDouble::start();
    let home = Home::connected(TWIN, &double);
    home.run(["ide", "install", "cursor", "--read-only", "--yes"])
        .with_code(0);
    let document = document(&home, &["cursor", "--prompt"]);
    let prompt = line(&document, "prompt", Some("cursor"));
    assert_eq!(prompt["error"]["code"], "config.incomplete", "{document}");
    assert_eq!(json!(chats(&home)), json!(0));
}
