//! The Tab key in real shells, with the lines that `completions install` writes.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use synapse_testkit::provider_doubles::OpenAiDouble;
use synapse_tests::{Home, Terminal};

use crate::TWIN;

#[test]
fn bash_completes_names_and_values() {
    completes("bash", &["-i"], " ");
}

#[test]
fn zsh_completes_names_and_values() {
    completes("zsh", &["-i"], " ");
}

#[test]
fn fish_completes_names_and_values() {
    completes("fish", &["-i"], " ");
}

/// Elvish adds no space after a candidate.
#[test]
fn elvish_completes_names_and_values() {
    completes("elvish", &[], "");
}

/// Types the beginning of a word, Tab and another word, which follows the completed one and `after`.
fn completes(shell: &str, arguments: &[&str], after: &str) {
    let double = OpenAiDouble::start();
    let home = Home::connected(TWIN, &double);
    let before = double.server().heads();
    home.run(["completions", "install", shell, "--yes"])
        .with_code(0);
    std::fs::create_dir(home.path().join("bin")).unwrap();
    symlink(TWIN, home.path().join("bin/synapse")).unwrap();
    let path = format!("{}/bin:/usr/bin:/bin", home.path().display());
    let run = home
        .twin(arguments)
        .env("PATH", path)
        .env("TERM", "xterm")
        .env("LANG", "C.UTF-8");
    let mut terminal = Terminal::of(&program(shell), run);
    terminal.press("echo re''ady\r");
    terminal.wait_for("ready");
    for (typed, completed) in [
        ("synapse conn\t", "synapse connection"),
        ("synapse chat wo\t", "synapse chat work"),
        (
            "synapse models --provider hugg\t",
            "synapse models --provider huggingface",
        ),
    ] {
        terminal.press(typed);
        terminal.press("END");
        terminal.wait_for_shown(&format!("{completed}{after}END"));
        terminal.press(KILL_LINE);
    }
    assert_eq!(double.server().heads(), before, "completing sends nothing");
}

/// Ctrl-U, with the cursor at the end of the line.
const KILL_LINE: &str = "\u{15}";

fn program(shell: &str) -> PathBuf {
    ["/bin", "/usr/bin", "/usr/local/bin"]
        .iter()
        .map(|directory| Path::new(directory).join(shell))
        .find(|program| program.is_file())
        .unwrap()
}
