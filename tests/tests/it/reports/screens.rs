//! Text at a terminal is wrapped between words, at any width; only a word or a command that is wider
//! than the window is broken by the terminal.

use synapse_testkit::provider_doubles::OpenAiDouble;
use synapse_tests::{Home, Terminal};

use crate::TWIN;

/// The lines that the program writes to a terminal of that width, without styles.
fn lines(home: &Home, words: &[&str], columns: u16) -> Vec<String> {
    let run = home.twin(words).env("NO_COLOR", "1");
    let shown = Terminal::sized(run, 24, columns).finish().stdout;
    let last = |line: &str| line.rsplit('\r').next().unwrap_or_default().to_owned();
    let plain = |line: String| line.replace("\u{1b}[2K", "").replace("\u{1b}[1A", "");
    shown.lines().map(last).map(plain).collect()
}

#[test]
fn no_line_is_wider_than_the_window_unless_it_is_one_word() {
    let double = OpenAiDouble::start();
    let home = Home::connected(TWIN, &double);
    home.run(["chat", "work", "hi"]).with_code(0);
    home.write(".cursor/mcp.json", "{}");
    home.run(["ide", "install", "cursor", "--yes"]).with_code(0);
    let lost = [
        "hub",
        "add",
        "lost",
        "--no-approve",
        "--",
        "no-such-program-here",
    ];
    home.run(lost).with_code(0);
    let mut wide = Vec::new();
    for words in [
        &["doctor"][..],
        &["check"],
        &["checklist", "work"],
        &["preflight", "work"],
        &["ide", "check", "cursor"],
        &["explain", "provider.rate-limited"],
        &["explain", "upstream.not-approved"],
        &["models", "work"],
        &["usage"],
        &["history"],
        &["connection", "list"],
        &["connection", "show", "work"],
        &["history", "show", "last"],
        &["chat", "work", "hi"],
        &["chat", "work", "hi", "--dry-run"],
        &["providers", "ollama"],
        &["secret", "list"],
        &["ide", "list"],
        &["hub"],
        &["hub", "list"],
        &["hub", "status"],
        &["hub", "validate"],
        &["hub", "preflight", "lost"],
        &["hub", "ps"],
        &["hub", "approve", "lost"],
        &["chat", "work"],
        &["chat", "nope", "hi"],
        &["setup", "--yes"],
    ] {
        for columns in [80, 120] {
            for line in lines(&home, words, columns) {
                let is_wide = line.chars().count() > usize::from(columns);
                let is_word = !line.trim().trim_end_matches(" \\").contains(' ');
                if is_wide && !is_word {
                    wide.push(format!("{words:?} at {columns}: `{line}`"));
                }
            }
        }
    }
    assert!(wide.is_empty(), "{}", wide.join("\n"));
}
