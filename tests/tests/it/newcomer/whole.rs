//! From an empty home to an answer through the entries of three clients.

use serde_json::{Value, json};
use synapse_testkit::leak::Canary;
use synapse_testkit::provider_doubles::OpenAiDouble;
use synapse_tests::process::Run;
use synapse_tests::{Era, Home, Ide, Terminal};

use super::{SAVED, WAY, answered, home, own_files, setup};

const FILES: [&str; 3] = [
    ".cursor/mcp.json",
    ".codeium/windsurf/mcp_config.json",
    ".gemini/settings.json",
];

#[test]
fn a_newcomer_gets_to_an_answer_in_three_clients_with_few_keys() {
    let provider = OpenAiDouble::start();
    let home = home();
    let mut terminal = Terminal::sized(setup(&home, &provider), 24, 80);
    answered(&mut terminal, WAY.len());
    let seen = terminal.finish().with_code(0);
    let keys: usize = WAY
        .iter()
        .map(|question| question.keys.chars().count())
        .sum();
    assert!(keys <= 25, "{keys} keys");

    for part in [
        "saved openai",
        "synapse connection create openai --provider openai",
        "same as: synapse ide install cursor",
        "same as: synapse ide check gemini",
        "1 request to 127.0.0.1",
        "done.",
    ] {
        assert!(seen.stdout.contains(part), "no `{part}`: {seen}");
    }
    assert_eq!(
        seen.stdout.matches("its entry starts and offers").count(),
        3,
        "{seen}"
    );
    for number in 0..8 {
        for bright in [
            format!("[38;5;{}m", 8 + number),
            format!("[{}m", 90 + number),
        ] {
            assert!(!seen.stdout.contains(&bright), "{bright} on white: {seen}");
        }
    }
    let canary = Canary::new(OpenAiDouble::KEY);
    assert_eq!(canary.found_in(seen.stdout.as_bytes()), None, "{seen}");
    for file in FILES {
        assert_eq!(answer_through(&home, file), "Hello", "{file}");
    }
    assert_eq!(home.history().len(), 1 + FILES.len());
}

/// Starts the file's entry like a client, and sends a prompt.
fn answer_through(home: &Home, file: &str) -> String {
    let text = std::fs::read_to_string(home.path().join(file)).unwrap();
    let settings: Value = serde_json::from_str(&text).unwrap();
    let entry = &settings["mcpServers"]["synapse"];
    let words = entry["args"].as_array().unwrap().iter();
    let program = entry["command"].as_str().unwrap();
    let run = Run::new(program.as_ref(), words.map(|word| word.as_str().unwrap()));
    let variables = entry["env"].as_object().into_iter().flatten();
    let run = variables.fold(run.env("HOME", home.path()), |run, (name, value)| {
        run.env(name, value.as_str().unwrap())
    });
    let mut ide = Ide::connect(run, Era::Legacy);
    let result = ide.call("chat", json!({"prompt": "Say hello"}));
    let text = result["structuredContent"]["content"].as_str();
    let text = text.unwrap_or_default().to_owned();
    assert!(ide.close().status.success());
    text
}

#[test]
fn nothing_is_written_before_it_was_shown() {
    let provider = OpenAiDouble::start();
    let home = home();
    let before = home.files();
    let mut terminal = Terminal::sized(setup(&home, &provider), 40, 120);
    answered(&mut terminal, SAVED - 1);
    let shown = terminal.shown();
    assert!(shown.contains("This will be written:"), "{shown}");
    assert!(shown.contains("connections.toml"), "{shown}");
    assert_eq!(home.files(), before);
    terminal.press("\r");
    terminal.wait_for_shown(WAY[SAVED].shows);
    assert_eq!(own_files(&home), ["connections.toml", "openai.token"]);
}

#[test]
fn a_second_run_goes_on_with_what_is_there() {
    let provider = OpenAiDouble::start();
    let home = home();
    let mut first = Terminal::sized(setup(&home, &provider), 24, 80);
    answered(&mut first, SAVED);
    first.press(Terminal::ESC);
    let left = first.finish().with_code(0);
    assert!(
        left.stdout.contains("left at the IDEs; written: the key"),
        "{left}"
    );

    let run = home.twin(["setup"]).env("TERM", "xterm-256color");
    let mut second = Terminal::sized(run, 24, 80);
    second.wait_for_shown("Go on with `openai`");
    second.press("\r");
    second.wait_for_shown(WAY[SAVED].shows);
    second.press("\r");
    second.wait_for_shown(WAY[SAVED + 1].shows);
    second.press("y\r");
    second.wait_for_shown("Ask:");
    second.press("\r");
    let seen = second.finish().with_code(0);
    assert!(seen.stdout.contains("done."), "{seen}");
    assert_eq!(home.history().len(), 0, "no prompt was written");
}

#[test]
fn the_name_of_the_program_alone_offers_it_in_an_empty_home() {
    let home = home();
    let bare: [&str; 0] = [];
    let run = || home.twin(bare).env("TERM", "xterm-256color");
    let mut terminal = Terminal::sized(run(), 24, 80);
    terminal.wait_for_shown("Start `synapse setup` now?");
    terminal.press("\r");
    terminal.wait_for_shown("Who answers?");
    terminal.press(Terminal::ESC);
    drop(terminal.finish().with_code(0));
    // In a pipe nothing is asked, and the help is unchanged.
    let piped = home.twin(bare).output().with_code(2);
    assert!(piped.stderr.contains("Usage: synapse"), "{piped}");
    home.write(".synapse/connections.toml", "");
    let help = Terminal::sized(run(), 24, 80).finish().with_code(2);
    assert!(help.stdout.contains("[OPTIONS] <COMMAND>"), "{help}");
}

#[test]
fn a_plain_terminal_gets_numbered_questions() {
    let provider = OpenAiDouble::start();
    let home = home();
    let run = setup(&home, &provider).env("TERM", "dumb");
    let mut terminal = Terminal::sized(run, 24, 80);
    for (shows, answer) in [
        ("Who answers?", ""),
        ("Which key?", "1"),
        ("(not shown): ", OpenAiDouble::KEY),
        ("Where is it kept?", ""),
        ("Open it for 127.0.0.1", "y"),
        ("Which of 3 models?", "1"),
        ("Check it, and save it", ""),
        ("Which of these get Synapse?", "none"),
        ("Ask:", ""),
    ] {
        terminal.wait_for(shows);
        terminal.type_line(answer);
    }
    let seen = terminal.finish().with_code(0);
    assert!(!seen.stdout.contains('\u{1b}'), "{seen:?}");
    assert!(seen.stdout.contains("saved openai"), "{seen}");
}

#[test]
fn a_variable_is_noticed_and_not_taken() {
    let provider = OpenAiDouble::start();
    let home = home();
    let run = setup(&home, &provider).env("OPENAI_API_KEY", OpenAiDouble::KEY);
    let mut terminal = Terminal::sized(run, 24, 80);
    terminal.wait_for_shown("OPENAI_API_KEY is set here");
    terminal.press("\r");
    terminal.wait_for_shown("Keep a copy of the variable OPENAI_API_KEY");
    terminal.press(Terminal::DOWN);
    terminal.press(Terminal::DOWN);
    terminal.wait_for_shown("> The variable OPENAI_API_KEY");
    terminal.press("\r");
    terminal.wait_for_shown("Open it for 127.0.0.1");
    terminal.press("y\r");
    terminal.wait_for_shown("Which of 3 models?");
    terminal.press("terra\r");
    terminal.wait_for_shown("Check it, and save it");
    let shown = terminal.shown();
    assert!(shown.contains("env:OPENAI_API_KEY"), "{shown}");
    assert!(!shown.contains("the key     to"), "{shown}");
    terminal.press(Terminal::ESC);
    drop(terminal.finish().with_code(0));
    assert!(own_files(&home).is_empty());
}
