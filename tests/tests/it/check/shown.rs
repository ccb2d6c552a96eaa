//! Progress output, cancelled calls, and failures.

use synapse_testkit::provider_doubles::OpenAiDouble;
use synapse_testkit::raw::{End, RawServer, Reply};
use synapse_tests::Home;
use synapse_tests::process::Signal;
use synapse_tests::terminal::Terminal;

use super::TWIN;

fn silent() -> (RawServer, Home) {
    let server = RawServer::always(Reply::silent(End::Hang));
    let home = Home::connected(TWIN, &server);
    (server, home)
}

#[test]
fn a_terminal_says_what_is_waited_for_and_how_the_call_ended() {
    let (server, home) = silent();
    let run = home.twin(["chat", "work", "hello"]).env("TERM", "xterm");
    let mut terminal = Terminal::start(run);
    server.wait_for_requests(1);
    terminal.wait_for("m at 127.0.0.1");
    terminal.press(Terminal::CTRL_C);
    terminal.wait_for_shown("cancelled; ");
    // The line of the wait is gone, in spite of the `^C` that the terminal puts behind it.
    let shown = terminal.shown();
    assert!(!shown.contains("m at 127.0.0.1"), "{shown}");
    let output = terminal.finish().with_code(130);
    let rows = home.history();
    let call = rows[0]["call_id"].as_str().unwrap();
    let told = format!("cancelled; may have been billed; call {call}");
    assert!(output.stdout.contains(&told), "{output}");
    assert_eq!(rows[0]["outcome"], "cancelled");
}

#[test]
fn a_pipe_sees_nothing_of_the_waiting() {
    let (server, home) = silent();
    let running = home.twin(["chat", "work", "hello"]).start();
    server.wait_for_requests(1);
    running.signal(Signal::INT);
    let output = running.finish().with_code(130);
    assert_eq!(output.stdout, "");
    assert_eq!(output.stderr.lines().count(), 1, "{output}");
    assert!(output.stderr.starts_with("cancelled; "), "{output}");
}

#[test]
fn a_call_that_sent_nothing_says_that() {
    let (server, home) = silent();
    let credential = r#"cmd:["/bin/sleep","1000"]"#;
    let edit = ["connection", "edit", "work", "--offline", "--credential"];
    home.run(edit.iter().copied().chain([credential]))
        .with_code(0);
    let running = home.twin(["chat", "work", "hello"]).start();
    // The row exists before a slow key is read.
    while home.history().is_empty() {
        std::thread::yield_now();
    }
    running.signal(Signal::INT);
    let output = running.finish().with_code(130);
    assert!(
        output.stderr.contains("nothing was sent; call "),
        "{output}"
    );
    assert_eq!(server.accepts(), 0);
}

#[test]
fn verbose_shows_the_exchange_without_the_key() {
    let double = OpenAiDouble::start();
    let home = Home::connected(TWIN, &double);
    let output = home
        .run(["chat", "work", "hello", "--verbose"])
        .with_code(0);
    for shown in [
        "> POST http://127.0.0.1",
        "> authorization: [key]",
        "> content-type: application/json",
        "\"content\":\"hello\"",
        "< HTTP 200 after ",
    ] {
        assert!(output.stderr.contains(shown), "{shown}: {output}");
    }
    assert!(!output.stderr.contains(OpenAiDouble::KEY), "{output}");
    assert!(!output.stdout.contains("POST"), "{output}");
    let quiet = home.run(["chat", "work", "hello"]).with_code(0);
    assert!(!quiet.stderr.contains("authorization"), "{quiet}");
}

#[test]
fn a_mistyped_command_is_given_back_whole() {
    let double = OpenAiDouble::start();
    let home = Home::closed(TWIN, &double);
    for (words, corrected) in [
        (
            &["chta", "work", "Say hello"][..],
            "synapse chat work 'Say hello'",
        ),
        (
            &["chat", "work", "hi", "--modle", "x"],
            "synapse chat work hi --model x",
        ),
        (
            &["chat", "wrok", "hi there"],
            "synapse chat work 'hi there'",
        ),
        (
            &["explain", "gate.netwrok-disabled"],
            "synapse explain gate.network-disabled",
        ),
    ] {
        let output = home.run(words);
        assert_ne!(output.code, 0, "{output}");
        assert!(output.stderr.contains(corrected), "{corrected}: {output}");
        assert!(output.stderr.lines().count() <= 5, "{output}");
    }
}

#[test]
fn a_missing_flag_is_added_to_the_command() {
    let double = OpenAiDouble::start();
    let home = Home::new(TWIN);
    let flags = synapse_tests::LocalProvider::flags(&double, &home);
    let output = home.create("work", &flags, &[]).with_code(5);
    let line = output
        .stderr
        .lines()
        .find(|line| line.contains("synapse connection create work"));
    assert!(
        line.is_some_and(|line| line.ends_with(" --allow-network")),
        "{output}"
    );
    // The list of checks would only repeat the failure.
    assert_eq!(output.stdout, "not saved\n", "{output}");
    assert!(output.stderr.lines().count() <= 5, "{output}");
}

#[test]
fn words_find_codes() {
    let home = Home::new(TWIN);
    let several = home.run(["explain", "rate", "limit"]).with_code(0);
    assert!(
        several.stdout.contains("provider.rate-limited"),
        "{several}"
    );
    let one = home
        .run(["explain", "captive portal", "--json"])
        .with_code(0)
        .json();
    assert_eq!(one["code"], "endpoint.not-an-api", "{one}");
    home.run(["explain", "zebra"]).with_code(2);
}
