//! Runs the `console` blocks like a reader, in an empty home. `TRYCMD=dump=DIR cargo test -p
//! synapse-tests --test it console` writes their current output.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use synapse_tests::Home;

use super::{TWIN, blocks, guides, readme, text};

/// The number of commands in the page's `console` blocks.
fn commands(page: &Path) -> usize {
    let blocks = blocks(&text(page), "console").concat();
    blocks.lines().filter(|line| line.starts_with("$ ")).count()
}

/// Converts shell-style statuses, `$ echo $?` and a number, to trycmd's `? 5` below the command,
/// and ends each output with the empty line trycmd expects.
fn for_trycmd(page: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut command = None;
    let mut in_console = false;
    let mut source = page.lines().peekable();
    while let Some(line) = source.next() {
        if line == "```console" {
            in_console = true;
        } else if in_console && line.starts_with("```") {
            in_console = false;
            if lines.last().is_some_and(|last| !last.is_empty()) {
                lines.push(String::new());
            }
        } else if in_console && line == "$ echo $?" {
            let status = source.next().expect("a status follows");
            let after = command.take().expect("a command comes before");
            lines.insert(after, format!("? {status}"));
            continue;
        } else if in_console && line.starts_with("$ ") {
            command = Some(lines.len() + 1);
        }
        lines.push(line.to_owned());
    }
    let page = lines.join("\n") + "\n";
    PATHS_OF_READERS
        .iter()
        .fold(page, |page, path| page.replace(path, "[..]"))
}

/// Example paths in the pages.
const PATHS_OF_READERS: [&str; 2] = ["/home/you/project", "/usr/local/bin/synapse"];

/// Each page gets its own home, in which its commands run in order.
fn run(page: &Path) {
    let home = Home::new(TWIN);
    let directory = tempfile::tempdir().unwrap();
    let copy = directory.path().join(page.file_name().unwrap());
    let mut file = File::create(&copy).unwrap();
    file.write_all(for_trycmd(&text(page)).as_bytes()).unwrap();
    let own = home.path().to_string_lossy().into_owned();
    let cases = trycmd::TestCases::new();
    cases
        .register_bin("synapse", Path::new(TWIN))
        .env("HOME", &own)
        .env("SYNAPSE_HOME", "")
        .env("SYNAPSE_LOG", "")
        .env("NO_COLOR", "1")
        .case(&copy);
    cases.run();
}

#[test]
fn no_page_shows_the_syntax_of_a_test() {
    for page in guides().into_iter().chain([readme()]) {
        for block in blocks(&text(&page), "console") {
            let strange = block
                .lines()
                .find(|line| line.starts_with("? ") || line.contains("[.."));
            assert_eq!(strange, None, "{}", page.display());
        }
    }
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
