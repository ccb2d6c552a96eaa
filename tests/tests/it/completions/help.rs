//! `synapse help`, and former spellings of flags.

use synapse_tests::Home;

use crate::TWIN;

#[test]
fn help_prints_what_the_flag_prints() {
    let home = Home::new(TWIN);
    for words in [&["chat"][..], &["connection", "create"], &[]] {
        let by_command = home.run([&["help"], words].concat()).with_code(0);
        let by_flag = home.run([words, &["--help"]].concat()).with_code(0);
        let by_flag_here = by_flag.stdout.replace("synapse-twin", "synapse");
        assert_eq!(by_command.stdout, by_flag_here);
        assert!(by_flag.stdout.contains("Examples:\n"), "{by_flag}");
    }
}

#[test]
fn a_man_page_is_roff() {
    let home = Home::new(TWIN);
    let page = home.run(["help", "--man", "ide", "install"]).with_code(0);
    for part in [
        ".TH synapse-ide-install 1 ",
        ".SH NAME\nsynapse\\-ide\\-install \\- ",
        ".SH EXAMPLES\n",
        "  synapse ide install cursor\n",
    ] {
        assert!(page.stdout.contains(part), "{part}: {page}");
    }
}

#[test]
fn a_command_that_is_not_there_names_the_nearest() {
    let refused = Home::new(TWIN).run(["help", "chatt"]).with_code(2);
    assert!(
        refused.stderr.contains("the nearest is `chat`"),
        "{refused}"
    );
}

/// Flags are never removed: last year's command lines still work.
#[test]
fn old_spellings_are_taken_and_not_shown() {
    let home = Home::new(TWIN);
    for words in [
        &["history", "purge", "--before", "90d"][..],
        &["chat", "work", "hi", "--tools", "t.json"],
        &["connection", "edit", "work", "--project", "proj_1"],
        &["connection", "edit", "work", "--max-tokens", "0"],
        &["ide", "install", "cursor", "--env", "SYNAPSE_HOME"],
        &["hub", "login", "hf", "--scope", "read"],
    ] {
        let taken = home.run([words, &["--help"]].concat()).with_code(0);
        let flag = words.iter().find(|word| word.starts_with("--")).unwrap();
        let is_shown = taken.stdout.contains(&format!("{flag} <"));
        assert_eq!(is_shown, *flag == "--max-tokens", "{words:?}: {taken}");
    }
}

#[test]
fn none_removes_a_field() {
    let home = Home::new(TWIN);
    let create = [
        "connection",
        "create",
        "far",
        "--provider",
        "openai",
        "--model",
        "m",
        "--offline",
        "--credential",
        "env:KEY",
        "--openai-project",
        "proj_1",
        "--max-tokens",
        "9",
    ];
    home.run(create).with_code(0);
    let shown = |home: &Home| {
        let shown = home.run(["connection", "show", "far", "--json"]);
        shown.with_code(0).json()["connection"].clone()
    };
    assert_eq!(shown(&home)["project"], "proj_1");
    assert_eq!(shown(&home)["max_tokens"], 9);
    let edit = [
        "connection",
        "edit",
        "far",
        "--offline",
        "--openai-project",
        "none",
    ];
    home.run(edit.iter().chain(&["--max-tokens", "none"]))
        .with_code(0);
    assert_eq!(shown(&home)["project"], serde_json::Value::Null);
    assert_eq!(shown(&home)["max_tokens"], serde_json::Value::Null);
}
