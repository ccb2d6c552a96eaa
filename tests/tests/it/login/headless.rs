//! Logins at a terminal without a browser, and logins that are cancelled at each step.

use synapse_tests::Output;
use synapse_tests::process::Run;
use synapse_tests::terminal::Terminal;
use synapse_tests::third_party::{NODE, installed};

use super::{Bench, Rotation, script};

/// The address on the screen behind `before`.
fn address(terminal: &Terminal, before: &str) -> String {
    let seen = terminal.seen();
    let (_, behind) = seen.rsplit_once(before).unwrap();
    let mut words = behind.split_whitespace();
    words
        .find(|word| word.starts_with("http"))
        .unwrap()
        .to_owned()
}

/// A user at another machine, who logs in there; prints the final address of the browser.
fn elsewhere(address: &str) -> String {
    let words = [
        script("browser.mjs"),
        "--end".to_owned(),
        address.to_owned(),
    ];
    Run::new(&installed(NODE), words)
        .output()
        .stdout
        .trim()
        .to_owned()
}

fn start(bench: &Bench, way: &str) -> Terminal {
    let words = ["hub", "login", "work", "--register", way];
    Terminal::start(bench.command(&words).env("TERM", "xterm"))
}

/// Confirms the authorization server.
fn begin(bench: &Bench, way: &str) -> Terminal {
    let mut terminal = start(bench, way);
    terminal.wait_for("authorization server: http");
    terminal.wait_for_last("Log in there?");
    terminal.press("y\r");
    terminal
}

/// Approves the tools that the login brought, and ends.
fn approve(mut terminal: Terminal) -> Output {
    terminal.wait_for_last("Approve work with this 1 tool?");
    terminal.press("y\r");
    terminal.finish().with_code(0)
}

fn cancel(mut terminal: Terminal) {
    terminal.press(Terminal::CTRL_C);
    let output = terminal.finish();
    assert_ne!(output.code, 0, "{output}");
}

#[test]
fn a_device_login_at_a_terminal_needs_no_browser_here() {
    let bench = Bench::start(Rotation::Never);
    let mut terminal = begin(&bench, "--device");
    terminal.wait_for("the code is good for");
    // The line of the wait.
    terminal.wait_for_shown("the code to be entered");
    elsewhere(&address(&terminal, "or open "));
    let output = approve(terminal);
    assert!(output.stdout.contains("logged in"), "{output}");
    assert_eq!(bench.openings(), 0);
    bench.call().output().with_code(0);
}

/// The pasted address holds a code, so the terminal does not echo it.
#[test]
fn a_pasted_login_at_a_terminal_shows_no_code() {
    let bench = Bench::start(Rotation::Never);
    let mut terminal = begin(&bench, "--paste");
    terminal.wait_for("the answer is expected at");
    terminal.wait_for_last("not shown");
    let end = elsewhere(&address(&terminal, "log in at:"));
    let (_, code) = end.split_once("code=").unwrap();
    let code = code.split('&').next().unwrap();
    terminal.press(&end);
    terminal.press("\r");
    let output = approve(terminal);
    assert!(output.stdout.contains("logged in"), "{output}");
    assert!(!output.stdout.contains(code), "{output}");
    assert_eq!(bench.openings(), 0);
    bench.call().output().with_code(0);
}

/// Cancelled at each step; the next login works, with the client that was registered before.
#[test]
fn a_login_that_is_cancelled_anywhere_blocks_no_later_one() {
    let bench = Bench::start(Rotation::Never);
    // The question about the authorization server, which is asked until a client is registered.
    let mut terminal = start(&bench, "--paste");
    terminal.wait_for_last("Log in there?");
    cancel(terminal);
    let mut terminal = begin(&bench, "--paste");
    terminal.wait_for_last("not shown");
    cancel(terminal);
    let mut terminal = start(&bench, "--device");
    terminal.wait_for("the code is good for");
    cancel(terminal);
    assert_eq!(bench.count("token"), 0);
    let registered = bench.count("register");
    assert!(registered <= 2, "{registered}");
    bench.log_in().with_code(0);
    bench.call().output().with_code(0);
    assert_eq!(bench.count("register"), registered.max(1));
}

/// A login shows heads of its exchanges, and no code, token or verifier.
#[test]
fn a_verbose_login_shows_heads_alone() {
    let bench = Bench::start(Rotation::Never);
    let words = ["hub", "login", "work", "--register", "--yes", "--verbose"];
    let output = bench.run(&words).with_code(0);
    for shown in [
        "> POST http://127.0.0.1",
        "> GET http://127.0.0.1",
        "< HTTP 200 after ",
    ] {
        assert!(output.stderr.contains(shown), "{shown}: {output}");
    }
    let (_, record) = bench.record();
    for name in ["access_token", "refresh_token"] {
        assert!(
            !output.stderr.contains(record[name].as_str().unwrap()),
            "{name}"
        );
    }
    for word in ["code_verifier=", "\"access_token\"", "code="] {
        let lines = output.stderr.lines();
        // The address for the browser has the challenge, and no code.
        let shown = lines.filter(|line| !line.contains("response_type=code"));
        assert!(
            !shown.collect::<String>().contains(word),
            "{word}: {output}"
        );
    }
}
