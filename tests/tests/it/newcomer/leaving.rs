//! Cancels every question in every way: the terminal is restored, nothing partial remains, and the
//! output says where it stopped. `Terminal::finish` checks the terminal modes.

use synapse_testkit::provider_doubles::OpenAiDouble;
use synapse_testkit::raw::ClosedPort;
use synapse_tests::{Home, Terminal};

use super::{SAVED, WAY, answered, has_entry, home, own_files, setup};
use crate::TWIN;

const STORAGE: i32 = 13;

fn left(at: usize, key: &str, code: i32) {
    let provider = OpenAiDouble::start();
    let home = home();
    let mut terminal = Terminal::sized(setup(&home, &provider), 24, 80);
    answered(&mut terminal, at);
    terminal.press(key);
    let seen = terminal.finish().with_code(code);
    let shows = WAY[at].shows;
    assert!(
        seen.stdout
            .contains("to continue from there: synapse setup"),
        "{shows}: {seen}"
    );
    if at < SAVED {
        assert!(
            seen.stdout.contains("nothing was written"),
            "{shows}: {seen}"
        );
        assert!(
            own_files(&home).is_empty(),
            "{shows}: {:?}",
            own_files(&home)
        );
    } else {
        assert!(
            seen.stdout.contains("written: the key, in"),
            "{shows}: {seen}"
        );
        home.run(["preflight", "openai"]).with_code(0);
    }
    let is_joined = has_entry(&home.path().join(".cursor/mcp.json"));
    assert_eq!(is_joined, at > SAVED + 1, "{shows}");
}

#[test]
fn escape_leaves_every_question() {
    for at in 0..WAY.len() {
        left(at, Terminal::ESC, 0);
    }
}

#[test]
fn the_end_of_input_leaves_every_question() {
    for at in 0..WAY.len() {
        left(at, Terminal::CTRL_D, 0);
    }
}

#[test]
fn ctrl_c_leaves_every_question() {
    for at in 0..WAY.len() {
        left(at, Terminal::CTRL_C, 130);
    }
}

/// Of a bare `synapse`, of a run that goes on, and after a failure.
#[test]
fn the_questions_beside_the_way_are_left_by_the_same_keys() {
    for (key, code) in [
        (Terminal::ESC, 0),
        (Terminal::CTRL_D, 0),
        (Terminal::CTRL_C, 130),
    ] {
        let at = |home: &Home, words: &[&str], question: &str| {
            let run = home.twin(words).env("TERM", "xterm-256color");
            let mut terminal = Terminal::sized(run, 24, 80);
            terminal.wait_for_shown(question);
            terminal.press(key);
            drop(terminal.finish().with_code(code));
        };
        let empty = home();
        at(&empty, &[], "Start `synapse setup` now?");
        let port = ClosedPort::new();
        let address = format!("http://127.0.0.1:{}/v1", port.port());
        let known = [
            "setup",
            "--provider",
            "ollama",
            "--allow-network",
            "--base-url",
        ];
        let words: Vec<&str> = known.into_iter().chain([address.as_str()]).collect();
        let run = empty.twin(&words).env("TERM", "xterm-256color");
        let mut terminal = Terminal::sized(run, 24, 80);
        terminal.wait_for_shown("Which key?");
        terminal.press("\r");
        terminal.wait_for_shown("? What now?");
        terminal.press(key);
        drop(terminal.finish().with_code(code));
        assert!(own_files(&empty).is_empty());
        let provider = OpenAiDouble::start();
        let connected = Home::connected(TWIN, &provider);
        at(&connected, &["setup"], "Which connection?");
    }
}

#[test]
fn a_plain_terminal_is_left_by_the_same_keys() {
    for (key, code) in [(Terminal::CTRL_D, 0), (Terminal::CTRL_C, 130)] {
        let provider = OpenAiDouble::start();
        let home = home();
        let run = setup(&home, &provider).env("NO_COLOR", "1");
        let mut terminal = Terminal::sized(run, 24, 80);
        terminal.wait_for("Who answers? ");
        terminal.press(key);
        let seen = terminal.finish().with_code(code);
        assert!(
            seen.stdout.contains("at the provider; nothing was written"),
            "{seen}"
        );
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_window_that_changes_its_size_changes_no_question() {
    let provider = OpenAiDouble::start();
    let home = home();
    let mut terminal = Terminal::sized(setup(&home, &provider), 24, 80);
    for (at, question) in WAY.iter().enumerate() {
        terminal.wait_for_shown(question.shows);
        let (rows, columns) = [(40, 120), (24, 80)][at % 2];
        terminal.resize(rows, columns);
        // crossterm delivers a key that arrives at the same instant only with the next one.
        home.wait_until_idle();
        terminal.press(question.pasted);
        terminal.press(question.keys);
    }
    let seen = terminal.finish().with_code(0);
    assert!(seen.stdout.contains("done."), "{seen}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_lost_terminal_ends_the_program_and_leaves_nothing_half_written() {
    for (at, step) in WAY.iter().enumerate() {
        let provider = OpenAiDouble::start();
        let home = home();
        let mut terminal = Terminal::sized(setup(&home, &provider), 24, 80);
        answered(&mut terminal, at);
        terminal.hang_up();
        home.wait_for_no_process();
        if at < SAVED {
            assert!(own_files(&home).is_empty(), "{}", step.shows);
        } else {
            home.run(["preflight", "openai"]).with_code(0);
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_system_that_asks_to_stop_gets_the_terminal_back() {
    // Before and after the first request, at which the signal handler is installed.
    for at in [0, 5] {
        let provider = OpenAiDouble::start();
        let home = home();
        let mut terminal = Terminal::sized(setup(&home, &provider), 24, 80);
        answered(&mut terminal, at);
        for process in home.processes() {
            rustix::process::kill_process(process, synapse_tests::process::Signal::TERM).unwrap();
        }
        drop(terminal.finish().with_code(128 + 9));
        assert!(own_files(&home).is_empty());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_run_that_is_killed_at_a_question_leaves_nothing_half_written_and_the_next_goes_on() {
    for at in [0, 3, SAVED - 1, SAVED, WAY.len() - 1] {
        let provider = OpenAiDouble::start();
        let home = home();
        let mut terminal = Terminal::sized(setup(&home, &provider), 24, 80);
        answered(&mut terminal, at);
        for process in home.processes() {
            // One may have ended with the other.
            let _gone =
                rustix::process::kill_process(process, synapse_tests::process::Signal::KILL);
        }
        home.wait_for_no_process();
        drop(terminal);
        let mut again = Terminal::sized(setup(&home, &provider), 24, 80);
        if at < SAVED {
            assert!(own_files(&home).is_empty(), "{:?}", own_files(&home));
            again.wait_for_shown(WAY[0].shows);
        } else {
            home.run(["preflight", "openai"]).with_code(0);
            again.wait_for_shown("> Go on with `openai`");
        }
        again.press(Terminal::ESC);
        drop(again.finish().with_code(0));
    }
}

#[test]
fn a_paste_of_several_lines_is_no_key() {
    let provider = OpenAiDouble::start();
    let home = home();
    let mut terminal = Terminal::sized(setup(&home, &provider), 24, 80);
    answered(&mut terminal, 2);
    terminal.press("fake-first-line\nfake-second-line\nfake-third-line\n");
    terminal.wait_for_shown("that was more than one line");
    terminal.wait_for_last("(not shown):");
    terminal.press(OpenAiDouble::KEY);
    terminal.press("\r");
    terminal.wait_for_shown("Where is it kept?");
    terminal.press(Terminal::ESC);
    let seen = terminal.finish().with_code(0);
    assert!(!seen.stdout.contains("fake-"), "{seen}");
    assert!(own_files(&home).is_empty());
}

/// A key pasted too early, into a list, is not shown either.
#[test]
fn a_key_pasted_into_a_short_list_is_not_on_the_screen() {
    for at in [1, 3, 7] {
        let provider = OpenAiDouble::start();
        let home = home();
        let mut terminal = Terminal::sized(setup(&home, &provider), 24, 80);
        answered(&mut terminal, at);
        terminal.press(OpenAiDouble::KEY);
        terminal.press(Terminal::ESC);
        let seen = terminal.finish().with_code(0);
        let shows = WAY[at].shows;
        assert!(!seen.stdout.contains("sk-fake"), "{shows}: {seen}");
    }
}

#[test]
fn a_wrong_key_is_asked_for_again_and_not_kept() {
    let provider = OpenAiDouble::start();
    let home = home();
    let mut terminal = Terminal::sized(setup(&home, &provider), 24, 80);
    answered(&mut terminal, 2);
    terminal.press("sk-fake-wrong-key\r");
    terminal.wait_for_shown("Where is it kept?");
    terminal.press("\r");
    terminal.wait_for_shown("Open it for 127.0.0.1");
    terminal.press("y\r");
    terminal.wait_for_shown("? What now?");
    let shown = terminal.shown();
    // No model was chosen yet, and no line is broken by the terminal.
    assert!(!shown.contains("Choose another model"), "{shown}");
    for line in shown.lines().filter(|line| !line.contains("synapse ")) {
        assert!(line.chars().count() < 80, "`{line}` in {shown}");
    }
    terminal.press("\r");
    terminal.wait_for_shown("? Which key?");
    terminal.press("\r");
    terminal.wait_for_last("(not shown):");
    assert!(own_files(&home).is_empty());
    terminal.press(OpenAiDouble::KEY);
    terminal.press("\r");
    terminal.wait_for_shown("? Where is it kept?");
    terminal.press("\r");
    terminal.wait_for_shown("? Which of 3 models?");
    terminal.press(Terminal::ESC);
    let seen = terminal.finish().with_code(0);
    assert!(!seen.stdout.contains("wrong-key"), "{seen}");
}

#[test]
fn without_a_network_it_says_so_and_can_be_left() {
    let home = Home::new(TWIN);
    let port = ClosedPort::new();
    let address = format!("http://127.0.0.1:{}/v1", port.port());
    let words = [
        "setup",
        "--provider",
        "openai",
        "--credential",
        "env:OPENAI_API_KEY",
    ];
    let words = words
        .into_iter()
        .chain(["--base-url", &address, "--allow-network"]);
    let run = home
        .twin(words)
        .env("TERM", "xterm-256color")
        .env("OPENAI_API_KEY", OpenAiDouble::KEY);
    let mut terminal = Terminal::sized(run, 24, 80);
    terminal.wait_for_shown("What now?");
    let shown = terminal.shown();
    assert!(shown.contains("transport."), "{shown}");
    terminal.press(Terminal::ESC);
    let seen = terminal.finish().with_code(0);
    assert!(
        seen.stdout
            .contains("left at the model; nothing was written"),
        "{seen}"
    );
    assert!(own_files(&home).is_empty());
}

#[test]
fn a_wrong_base_url_is_corrected_without_beginning_again() {
    let provider = OpenAiDouble::start();
    let home = home();
    let port = ClosedPort::new();
    let wrong = format!("http://127.0.0.1:{}/v1", port.port());
    let run = home.twin(["setup", "--base-url", &wrong]);
    let mut terminal = Terminal::sized(run.env("TERM", "xterm-256color"), 24, 80);
    answered(&mut terminal, 4);
    terminal.press("y\r");
    terminal.wait_for_shown("> Correct the base URL");
    terminal.press("\r");
    terminal.wait_for_shown("? Base URL:");
    terminal.press("ftp://127.0.0.1/v1\r");
    terminal.wait_for_shown("the scheme `ftp` is not supported");
    terminal.wait_for_shown("> Correct the base URL");
    terminal.press("\r");
    terminal.wait_for_shown("? Base URL:");
    terminal.press(&provider.base_url());
    terminal.press("\r");
    // The other host is asked about again.
    terminal.wait_for_shown("? Open it for 127.0.0.1");
    terminal.press("y\r");
    terminal.wait_for_shown("Which of 3 models?");
    terminal.press(Terminal::ESC);
    let seen = terminal.finish().with_code(0);
    assert!(seen.stdout.contains("nothing was written"), "{seen}");
}

#[test]
fn a_model_that_preflight_refuses_leads_back_to_the_list() {
    let provider = OpenAiDouble::start();
    let home = home();
    let words = [
        "setup",
        "--base-url",
        &provider.base_url(),
        "--model",
        "gpt-5.6-tera",
    ];
    let run = home.twin(words).env("TERM", "xterm-256color");
    let mut terminal = Terminal::sized(run, 30, 100);
    answered(&mut terminal, 4);
    terminal.wait_for_shown("Open it for 127.0.0.1");
    terminal.press("y\r");
    terminal.wait_for_shown("Check it, and save it");
    terminal.press("\r");
    terminal.wait_for_shown("? What now?");
    let shown = terminal.shown();
    assert!(shown.contains("gpt-5.6-terra"), "{shown}");
    terminal.press("\r");
    terminal.wait_for_shown("Which of 3 models?");
    terminal.press(Terminal::ESC);
    drop(terminal.finish().with_code(0));
}

#[test]
fn without_an_ide_it_goes_on() {
    let provider = OpenAiDouble::start();
    let home = Home::new(TWIN);
    let mut terminal = Terminal::sized(setup(&home, &provider), 24, 80);
    answered(&mut terminal, 6);
    terminal.press("\r");
    terminal.wait_for_shown("No MCP client was found on this machine.");
    terminal.wait_for_shown("Ask:");
    terminal.press("\r");
    let seen = terminal.finish().with_code(0);
    assert!(seen.stdout.contains("done."), "{seen}");
}

#[test]
fn a_home_that_takes_nothing_is_told_and_nothing_half_written_stays() {
    let provider = OpenAiDouble::start();
    let home = home();
    let mut terminal = Terminal::sized(setup(&home, &provider), 24, 80);
    answered(&mut terminal, SAVED - 1);
    // Like a full disk: the directory cannot be created.
    let taken = home.write(".synapse", "");
    terminal.press("\r");
    let seen = terminal.finish().with_code(STORAGE);
    assert!(
        seen.stdout
            .contains("stopped at saving; nothing was written"),
        "{seen}"
    );
    std::fs::remove_file(taken).unwrap();
    let mut again = Terminal::sized(setup(&home, &provider), 24, 80);
    answered(&mut again, SAVED);
    again.press(Terminal::ESC);
    drop(again.finish().with_code(0));
}
