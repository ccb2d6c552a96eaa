//! Every command in the README and guides, in `sh` blocks and inline, exists with those flags and
//! values. None of them is executed.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use synapse_tests::home::set_mode;
use synapse_tests::process::Run;
use synapse_tests::{Home, Output};

use super::{TWIN, blocks, guides, readme, repository, spans, text};

/// A home with a `synapse` that only parses its arguments, and otherwise only programs that create
/// files.
fn home() -> Home {
    let home = Home::new(TWIN);
    let script = format!(
        "#!/bin/sh\n'{TWIN}' \"$@\" --help > /dev/null 2> \"$HOME/said\" && echo \"$*\" >> \"$HOME/known\" \
         && exit\necho \"synapse $*\" >> \"$HOME/unknown\"\ncat \"$HOME/said\" >> \"$HOME/unknown\"\n"
    );
    set_mode(&home.write("bin/synapse", script), 0o700);
    for program in ["cat", "mkdir"] {
        symlink(
            Path::new("/bin").join(program),
            home.path().join("bin").join(program),
        )
        .unwrap();
    }
    home
}

fn shell(home: &Home, script: &str) -> Output {
    // The only placeholder with a closed set of values.
    let script = format!("cd\n{}", script.replace("CLIENT", "cursor"));
    let run = Run::new(Path::new("/bin/sh"), ["-c", &script]);
    let run = run.env("HOME", home.path());
    run.env("PATH", home.path().join("bin")).output()
}

/// The number of valid commands on the page; fails on an invalid one.
fn known(page: &Path) -> usize {
    let home = home();
    let text = text(page);
    for block in blocks(&text, "sh") {
        // A missing program fails its line, not the block.
        drop(shell(&home, &block));
    }
    for span in spans(&text) {
        let command = span.trim_end_matches(['…', ' ']);
        if command.starts_with("synapse ") {
            drop(shell(&home, command));
        }
    }
    let lines = |name: &str| std::fs::read_to_string(home.path().join(name)).unwrap_or_default();
    assert_eq!(lines("unknown"), "", "{}", page.display());
    lines("known").lines().count()
}

#[test]
fn every_command_of_the_readme_is_one_of_the_program() {
    assert!(known(&readme()) >= 20);
}

#[test]
fn every_command_of_the_guides_is_one_of_the_program() {
    let pages: Vec<PathBuf> = guides();
    let known: usize = pages.iter().map(|page| known(page)).sum();
    assert!(known >= 80, "{known}");
}

/// The page of commands by task has each command that does something.
#[test]
fn the_page_of_tasks_has_every_command() {
    let page = text(&repository().join("docs/guides/which-command.md"));
    let reference = text(&repository().join("docs/reference/cli.md"));
    let all: Vec<&str> = reference
        .lines()
        .filter_map(|line| line.strip_prefix("## `")?.strip_suffix('`'))
        .collect();
    assert!(all.len() > 60, "{}", all.len());
    let missing: Vec<&str> = all
        .into_iter()
        .filter(|command| !page.contains(&format!("`{command}")))
        .filter(|command| !page.contains(&format!("{command} ")))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn a_command_that_is_none_is_found() {
    for wrong in [
        "synapse chatt work",
        "synapse chat work hi --imag a.png",
        "synapse usage --by mood",
    ] {
        let home = home();
        drop(shell(&home, wrong));
        assert!(!home.path().join("known").exists(), "{wrong}");
        assert!(home.path().join("unknown").exists(), "{wrong}");
    }
}
