//! The `console` blocks, run as a reader would run them, in a home with nothing in it.
//! `TRYCMD=overwrite cargo test -p synapse-tests --test docs` rewrites their output.

use std::path::Path;

use synapse_tests::Home;

use super::{TWIN, blocks, guides, readme, text};

/// How many commands the page's `console` blocks have.
fn commands(page: &Path) -> usize {
    let blocks = blocks(&text(page), "console").concat();
    blocks.lines().filter(|line| line.starts_with("$ ")).count()
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
    assert!(commands(&readme()) >= 4, "README.md lost its commands");
    run(&readme());
}

#[test]
fn the_guides_show_what_happens() {
    let pages = guides();
    let with_commands: Vec<_> = pages.iter().filter(|page| commands(page) > 0).collect();
    assert!(with_commands.len() >= 2, "{with_commands:?}");
    with_commands.into_iter().for_each(|page| run(page));
}
