//! A disk that is full in the middle of setup. Each file is limited in size instead of all together,
//! since tests cannot mount file systems: the error is one of the same kind.

use std::path::PathBuf;

use synapse_testkit::provider_doubles::OpenAiDouble;
use synapse_tests::process::Run;
use synapse_tests::{Home, Terminal};

use super::{SAVED, WAY, answered, has_entry, home, own_files, setup};
use crate::TWIN;

const STORAGE: i32 = 13;
const CONFIG: i32 = 3;

/// A program that is the twin with files of at most `blocks` times 512 bytes.
fn confined(home: &Home, blocks: u32) -> PathBuf {
    let script = format!("#!/bin/sh\ntrap '' XFSZ\nulimit -f {blocks}\nexec \"{TWIN}\" \"$@\"\n");
    let program = home.write("confined", script);
    synapse_testkit::disk::set_mode(&program, 0o700);
    program
}

fn at_terminal(home: &Home, provider: &OpenAiDouble, blocks: u32) -> Terminal {
    let run = setup(home, provider);
    Terminal::of(&confined(home, blocks), run)
}

#[test]
fn without_room_for_the_key_nothing_is_written() {
    let provider = OpenAiDouble::start();
    let home = home();
    let mut terminal = at_terminal(&home, &provider, 0);
    answered(&mut terminal, SAVED - 1);
    terminal.press("\r");
    let seen = terminal.finish().with_code(STORAGE);
    for part in [
        "error[storage.disk-full]",
        "stopped at saving; nothing was written",
        "to continue from there: synapse setup",
    ] {
        assert!(seen.stdout.contains(part), "{part}: {seen}");
    }
    assert!(own_files(&home).is_empty(), "{:?}", own_files(&home));
    goes_on(&home, &provider, 0);
}

/// The connections of before fill the one block that their file may have.
#[test]
fn without_room_for_the_connection_the_key_is_removed_again() {
    let provider = OpenAiDouble::start();
    let home = home();
    let connection = "[connections.NAME]\nprovider = \"ollama\"\nmodel = \"m\"\n\n";
    let others: String = (0..12)
        .map(|number| connection.replace("NAME", &format!("before-{number}")))
        .collect();
    let before = format!("format = 1\n\n{others}");
    home.write(".synapse/connections.toml", &before);
    let words = |provider: &OpenAiDouble| -> Vec<String> {
        let words = ["setup", "--provider", "openai", "--base-url"].map(str::to_owned);
        words.into_iter().chain([provider.base_url()]).collect()
    };
    let run = home.twin(words(&provider)).env("TERM", "xterm-256color");
    let mut terminal = Terminal::of(&confined(&home, 1), run);
    for question in &WAY[1..SAVED] {
        terminal.wait_for_shown(question.shows);
        terminal.press(question.pasted);
        terminal.press(question.keys);
    }
    let seen = terminal.finish().with_code(STORAGE);
    for part in [
        "removed the key from file:",
        "error[storage.disk-full]",
        "stopped at saving; nothing was written",
    ] {
        assert!(seen.stdout.contains(part), "{part}: {seen}");
    }
    assert_eq!(own_files(&home), ["connections.toml"]);
    assert_eq!(std::fs::read_to_string(home.connections()).unwrap(), before);
    assert!(!home.synapse().join("openai.token").exists());
}

#[test]
fn without_room_for_the_entry_of_an_ide_the_connection_stays_and_the_next_run_goes_on() {
    let provider = OpenAiDouble::start();
    let home = home();
    // Larger with the entry than a file may be.
    let settings = format!("{{\"note\": \"{}\"}}\n", "x".repeat(4_000));
    for file in [
        ".cursor/mcp.json",
        ".codeium/windsurf/mcp_config.json",
        ".gemini/settings.json",
    ] {
        home.write(file, &settings);
    }
    let mut terminal = at_terminal(&home, &provider, 4);
    answered(&mut terminal, SAVED + 1);
    terminal.press(WAY[SAVED + 1].keys);
    let seen = terminal.finish().with_code(CONFIG);
    for part in [
        "free some space on that file system",
        "written: the key, in",
        "to continue from there: synapse setup",
    ] {
        assert!(seen.stdout.contains(part), "{part}: {seen}");
    }
    let cursor = home.path().join(".cursor/mcp.json");
    assert_eq!(std::fs::read_to_string(&cursor).unwrap(), settings);
    let mut again = Terminal::sized(setup(&home, &provider), 24, 80);
    again.wait_for_shown("A run before this one, or you, left off here:");
    again.wait_for_shown("> Go on with `openai`");
    again.press("\r");
    for question in &WAY[SAVED..] {
        again.wait_for_shown(question.shows);
        again.press(question.pasted);
        again.press(question.keys);
    }
    drop(again.finish().with_code(0));
    assert!(has_entry(&cursor));
}

/// A script that is killed between key and connection, or had no room, is run again as it is.
#[test]
fn the_same_script_goes_on_after_a_key_that_is_there_already() {
    let provider = OpenAiDouble::start();
    let home = home();
    let file = home.synapse().join("openai.token");
    let reference = format!("file:{}", file.display());
    let words = [
        "setup",
        "--yes",
        "--key-stdin",
        "--provider",
        "openai",
        "--credential",
        &reference,
        "--base-url",
        &provider.base_url(),
        "--allow-network",
        "--model",
        OpenAiDouble::MODEL,
    ];
    let run = |key: &str| -> Run { home.twin(words).input(key) };
    home.write(".synapse/openai.token", "sk-fake-another\n");
    synapse_testkit::disk::set_mode(&file, 0o600);
    let refused = run(OpenAiDouble::KEY).output().with_code(4);
    assert!(refused.stderr.contains("credential.exists"), "{refused}");
    assert!(
        refused.stderr.contains("run the same command to continue"),
        "{refused}"
    );
    synapse_testkit::disk::write(&file, format!("{}\n", OpenAiDouble::KEY));
    synapse_testkit::disk::set_mode(&file, 0o600);
    let done = run(OpenAiDouble::KEY).output().with_code(0);
    assert!(done.stderr.contains("already holds this key"), "{done}");
    assert!(done.stdout.contains("saved openai"), "{done}");
}

/// As when two runs save at the same time: the connection of the other refers to the key.
#[test]
fn a_key_that_another_connection_refers_to_is_not_removed() {
    let provider = OpenAiDouble::start();
    let home = home();
    let file = home.synapse().join("openai.token");
    let reference = format!("file:{}", file.display());
    home.write(
        ".synapse/connections.toml",
        format!(
            "format = 1\n\n[connections.openai]\nprovider = \"openai\"\nmodel = \"other\"\n\
             credential = \"{reference}\"\n"
        ),
    );
    let words = [
        "setup",
        "--yes",
        "--key-stdin",
        "--name",
        "openai",
        "--provider",
        "openai",
        "--credential",
        &reference,
        "--base-url",
        &provider.base_url(),
        "--allow-network",
        "--model",
        OpenAiDouble::MODEL,
    ];
    let run = home.twin(words).input(OpenAiDouble::KEY);
    let refused = run.output().with_code(CONFIG);
    assert!(
        refused.stderr.contains("config.duplicate-name"),
        "{refused}"
    );
    assert!(refused.stderr.contains("the key stays in"), "{refused}");
    assert!(file.exists());
}

/// With room again, a run from question `at` to the saved connection.
fn goes_on(home: &Home, provider: &OpenAiDouble, at: usize) {
    let mut again = Terminal::sized(setup(home, provider), 24, 80);
    for question in &WAY[at..SAVED] {
        again.wait_for_shown(question.shows);
        again.press(question.pasted);
        again.press(question.keys);
    }
    again.wait_for_shown(WAY[SAVED].shows);
    again.press(Terminal::ESC);
    drop(again.finish().with_code(0));
    home.run(["preflight", "openai"]).with_code(0);
}
