//! The layout of lists: one line per row at 80 columns, complete in a pipe; abbreviated ids; the
//! first words of recorded texts.

use serde_json::{Value, json};
use synapse_testkit::provider_doubles::OpenAiDouble;
use synapse_tests::{Era, Home, Terminal};

use super::home_with_calls;
use crate::TWIN;

/// The screen of a terminal of that width, without styles.
fn screen(home: &Home, words: &[&str], columns: u16) -> String {
    let run = home.twin(words).env("NO_COLOR", "1");
    let shown = Terminal::sized(run, 24, columns).finish();
    shown.with_code(0).stdout
}

fn newest(home: &Home) -> Value {
    home.history()[0].clone()
}

#[test]
fn at_80_columns_every_row_is_one_line() {
    let home = home_with_calls();
    home.write(".cursor/mcp.json", "{}");
    home.run([
        "hub",
        "add",
        "pages",
        "https://mcp.example.com/a/very/long/path/to/the/server/of/pages",
    ])
    .with_code(0);
    let long = "a-very-long-name-of-a-connection-for-my-work-account";
    home.run(["connection", "copy", "work", long]).with_code(0);
    for (words, rows) in [
        (&["explain"][..], 20),
        (&["history"], 5),
        (&["history", "list", "--utc"], 5),
        (&["usage", "--by", "model"], 3),
        (&["connection", "list"], 4),
        (&["secret", "list"], 2),
        (&["ide", "list"], 2),
        (&["hub", "list"], 1),
        (&["providers"], 10),
    ] {
        for columns in [80, 120] {
            let shown = screen(&home, words, columns);
            let lines: Vec<&str> = shown.lines().collect();
            let (header, wide) = (lines[0], usize::from(columns));
            let is_header = |text: &str| text.chars().all(|each| !each.is_lowercase());
            assert!(is_header(header), "{words:?} at {columns}:\n{shown}");
            assert!(lines.len() > rows, "{words:?} at {columns}:\n{shown}");
            let table = lines.iter().take(rows + 1);
            for line in table {
                assert!(
                    line.chars().count() <= wide,
                    "{words:?} at {columns}: {line}"
                );
            }
        }
    }
}

#[test]
fn history_says_how_long_ago_who_and_to_whom() {
    let home = home_with_calls();
    let shown = screen(&home, &["history"], 120);
    let lines: Vec<&str> = shown.lines().collect();
    assert!(lines[0].starts_with("AGE"), "{shown}");
    for header in ["TO", "MODEL/TOOL", "CLIENT", "CALL"] {
        assert!(lines[0].contains(header), "{header}:\n{shown}");
    }
    let words: Vec<&str> = lines[1].split_whitespace().collect();
    assert_eq!(words[2..4], ["ago", "work"], "{shown}");
    let client = newest(&home)["client_name"].as_str().unwrap().to_owned();
    let beginning: String = client.chars().take(5).collect();
    assert!(lines[1].contains(&beginning), "{client}:\n{shown}");
}

#[test]
fn the_first_words_of_a_recorded_prompt_are_in_the_list() {
    let double = OpenAiDouble::start();
    let home = Home::connected(TWIN, &double);
    let plain = home.run(["history"]).with_code(0);
    assert!(!plain.stdout.contains("PROMPT"), "{plain}");
    home.run(["connection", "edit", "work", "--record-text"])
        .with_code(0);
    home.run(["chat", "work", "What\n is\u{1b}[2J it?"])
        .with_code(0);
    let listed = home.run(["history"]).with_code(0);
    assert!(listed.stdout.contains("What is\u{fffd}[2J it?"), "{listed}");
}

#[test]
fn columns_are_chosen_by_name() {
    let home = home_with_calls();
    let words = [
        "history",
        "list",
        "--limit",
        "1",
        "--columns",
        "model,provider,call",
    ];
    let listed = home.run(words).with_code(0);
    let id = newest(&home)["call_id"].as_str().unwrap().to_owned();
    let lines: Vec<Vec<&str>> = listed
        .stdout
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(lines[0], ["MODEL/TOOL", "provider", "CALL"]);
    assert_eq!(lines[1], ["gpt-5.6-terra", "openai", &id]);
    home.run(["history", "list", "--columns", "colour"])
        .with_code(2);
}

#[test]
fn a_call_is_named_by_the_beginning_of_its_id() {
    let home = home_with_calls();
    let entries = home.history();
    let id = |index: usize| entries[index]["call_id"].as_str().unwrap();
    let shown = |name: &str| -> Value {
        let document = home.run(["history", "show", name, "--json"]).with_code(0);
        document.json()["call_id"].clone()
    };
    assert_eq!(shown("last"), id(0));
    assert_eq!(shown(&id(2)[..30]), id(2));
    assert_eq!(shown(&id(2)[..30].replace('-', "").to_uppercase()), id(2));

    let several = home.run(["history", "show", &id(0)[..4]]).with_code(2);
    for entry in &entries {
        let id = entry["call_id"].as_str().unwrap();
        assert!(several.stderr.contains(id), "{several}");
    }
    for wrong in ["ffff", "work", "01"] {
        home.run(["history", "show", wrong]).with_code(2);
    }
    let page = ["history", "list", "--json", "--before", &id(1)[..30]];
    let page = home.run(page).with_code(0).json();
    assert_eq!(page["entries"][0]["call_id"], id(2));
}

#[test]
fn an_ide_names_a_call_by_the_beginning_of_its_id() {
    let home = home_with_calls();
    let id = newest(&home)["call_id"].as_str().unwrap().to_owned();
    let mut ide = home.serve(Era::Modern);
    let result = ide.call("history", json!({"call_id": &id[..30]}));
    assert_eq!(
        result["structuredContent"]["entries"][0]["call_id"], id,
        "{result}"
    );
    assert!(ide.close().status.success());
}
