//! The lines that load completions in each shell's startup file.

use std::fs;
use std::os::unix::fs::symlink;

use synapse_tests::{Home, Terminal};

use crate::TWIN;

const FILES: [(&str, &str); 5] = [
    ("bash", ".bashrc"),
    ("zsh", ".zshrc"),
    ("fish", ".config/fish/completions/synapse.fish"),
    ("elvish", ".config/elvish/rc.elv"),
    (
        "powershell",
        ".config/powershell/Microsoft.PowerShell_profile.ps1",
    ),
];

#[test]
fn there_and_back_a_file_keeps_its_bytes() {
    for (shell, file) in FILES {
        let home = Home::new(TWIN);
        let path = home.write(file, "mine = 1\r\n");
        home.run(["completions", "install", shell, "--yes"])
            .with_code(0);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("mine = 1\r\n# >>> synapse"), "{text}");
        assert!(
            text.contains(&format!("synapse completions {shell}")),
            "{text}"
        );
        home.run(["completions", "install", shell, "-y"])
            .with_code(0);
        assert_eq!(fs::read_to_string(&path).unwrap(), text, "written twice");
        home.run(["completions", "remove", shell, "--yes"])
            .with_code(0);
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine = 1\r\n");
    }
}

#[test]
fn a_file_that_was_made_is_removed() {
    for (shell, file) in FILES {
        let home = Home::new(TWIN);
        home.run(["completions", "install", shell, "--yes"])
            .with_code(0);
        assert!(home.path().join(file).is_file(), "{shell}");
        home.run(["completions", "remove", shell, "--yes"])
            .with_code(0);
        assert_eq!(home.files(), [], "{shell}");
    }
}

#[test]
fn looking_and_nobody_to_ask_write_nothing() {
    let home = Home::new(TWIN);
    let looked = home.run(["completions", "install", "bash", "--dry-run"]);
    let looked = looked.with_code(0);
    assert!(
        looked
            .stderr
            .contains("+     eval \"$(synapse completions bash)\""),
        "{looked}"
    );
    let refused = home.run(["completions", "install", "bash"]).with_code(2);
    assert!(refused.stderr.contains("pass --yes"), "{refused}");
    assert_eq!(home.files(), []);
}

#[test]
fn a_person_is_shown_the_lines_and_asked() {
    let home = Home::new(TWIN);
    let run = home
        .twin(["completions", "install"])
        .env("SHELL", "/usr/bin/zsh");
    let mut terminal = Terminal::start(run);
    terminal.wait_for("Write this? [y/N]");
    assert_eq!(home.files(), []);
    terminal.type_line("y");
    let screen = terminal.finish().with_code(0).stdout;
    assert!(
        screen.contains("eval \"$(synapse completions zsh)\""),
        "{screen}"
    );
    assert!(home.path().join(".zshrc").is_file());
}

#[test]
fn a_link_stays_a_link() {
    let home = Home::new(TWIN);
    let real = home.write("dotfiles/bashrc", "");
    let link = home.path().join(".bashrc");
    symlink(&real, &link).unwrap();
    home.run(["completions", "install", "bash", "--yes"])
        .with_code(0);
    assert!(
        fs::read_to_string(&real)
            .unwrap()
            .contains("synapse completions bash")
    );
    home.run(["completions", "remove", "bash", "--yes"])
        .with_code(0);
    assert_eq!(fs::read_link(&link).unwrap(), real);
    assert_eq!(fs::read_to_string(&real).unwrap(), "");
}

#[test]
fn a_shell_that_is_not_known_has_to_be_named() {
    let home = Home::new(TWIN);
    let run = home
        .twin(["completions", "install", "--yes"])
        .env("SHELL", "/bin/dash");
    let refused = run.output().with_code(2);
    assert!(refused.stderr.contains("name it: bash"), "{refused}");
}

#[test]
fn the_document_says_what_was_done() {
    let home = Home::new(TWIN);
    let made = home.run(["completions", "install", "fish", "--yes", "--json"]);
    let document = made.with_code(0).json();
    assert_eq!(document["schema"], "synapse.completions/1");
    assert_eq!(document["action"], "install");
    assert_eq!(document["dry_run"], false);
    let file = home.path().join(".config/fish/completions/synapse.fish");
    assert_eq!(document["file"], file.to_str().unwrap());
    let again = home.run(["completions", "install", "fish", "--yes", "--json"]);
    assert_eq!(again.with_code(0).json()["action"], "nothing");
}

#[test]
fn a_startup_file_that_cannot_be_written_is_told_with_a_way_out() {
    let home = Home::new(TWIN);
    // A directory in its place, which not even root writes to as a file.
    fs::create_dir(home.path().join(".bashrc")).unwrap();
    let refused = home.run(["completions", "install", "bash", "--yes"]);
    assert_ne!(refused.code, 0, "{refused}");
    assert!(
        refused.stderr.contains("  hint: make it writable"),
        "{refused}"
    );
}
