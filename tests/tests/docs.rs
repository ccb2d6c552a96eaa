//! The `console` blocks of README and guides, run as a reader would run them, in a home with nothing
//! in it. `TRYCMD=overwrite cargo test -p synapse-tests --test docs` rewrites their output.

#![cfg(test)]

use std::fs;
use std::path::{Path, PathBuf};

use synapse_tests::Home;

const TWIN: &str = env!("CARGO_BIN_EXE_synapse-twin");

fn repository() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap().to_owned()
}

/// How many commands the page's `console` blocks have.
fn commands(page: &Path) -> usize {
    let text =
        fs::read_to_string(page).unwrap_or_else(|error| panic!("{}: {error}", page.display()));
    let mut console = false;
    let mut commands = 0;
    for line in text.lines() {
        match line.trim_start().strip_prefix("```") {
            Some(info) => console = !console && info.starts_with("console"),
            None if console && line.starts_with("$ ") => commands += 1,
            None => {}
        }
    }
    commands
}

/// Each page has a home of its own, in which its commands run one after the other.
fn run(page: &Path) {
    let home = Home::new(TWIN);
    let own = home.path().to_string_lossy().into_owned();
    let cases = trycmd::TestCases::new();
    cases
        .register_bin("synapse", Path::new(TWIN))
        .env("HOME", &own)
        .env("SYNAPSE_HOME", "")
        .env("SYNAPSE_LOG", "")
        .env("NO_COLOR", "1")
        .case(page);
    cases.run();
}

#[test]
fn the_readme_shows_what_happens() {
    let page = repository().join("README.md");
    assert_ne!(
        commands(&page),
        0,
        "README.md has no console block with a command"
    );
    run(&page);
}

#[test]
fn the_guides_show_what_happens() {
    let guides = repository().join("docs/guides");
    let mut pages = 0;
    for entry in fs::read_dir(&guides).unwrap() {
        let page = entry.unwrap().path();
        if page.extension().is_some_and(|extension| extension == "md") {
            pages += 1;
            if commands(&page) > 0 {
                run(&page);
            }
        }
    }
    assert_ne!(pages, 0, "there is no guide in {}", guides.display());
}
