//! The man pages, as `man` shows them once they are installed, and as two formatters judge them.

use std::fs;
use std::path::Path;

use synapse_tests::Home;
use synapse_tests::process::Run;

use crate::TWIN;

/// The page of every command, in a directory as packages have it. Returns their names.
fn installed(home: &Home) -> Vec<String> {
    let commands = home.run(["reference", "commands"]).with_code(0).stdout;
    let pages = commands.lines().map(|command| {
        let words: Vec<&str> = command.split_whitespace().collect();
        let page = home.run([&["help", "--man"], words.as_slice()].concat());
        let name = [&["synapse"], words.as_slice()].concat().join("-");
        home.write(&format!("man/man1/{name}.1"), page.with_code(0).stdout);
        name
    });
    pages.collect()
}

#[test]
fn man_shows_every_installed_page_with_its_name_and_examples() {
    let home = Home::new(TWIN);
    let pages = installed(&home);
    assert!(pages.len() > 40, "{pages:?}");
    let directory = home.path().join("man");
    for name in pages {
        let words = ["-P", "cat", "-M", directory.to_str().unwrap(), &name];
        let shown = Run::new(Path::new("/usr/bin/man"), words)
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", home.path())
            .env("LANG", "C.UTF-8")
            .env("MANWIDTH", "80")
            .output()
            .with_code(0);
        assert_eq!(shown.stderr, "", "{name}");
        let named = format!("NAME\n       {name} ");
        for part in [&named, "\nSYNOPSIS\n", "\nOPTIONS\n", "\nEXAMPLES\n"] {
            assert!(shown.stdout.contains(part), "{name}, {part}: {shown}");
        }
        for line in shown.stdout.lines() {
            assert!(line.chars().count() <= 80, "{name}: `{line}`");
            assert!(!line.contains("\\["), "{name}: `{line}`");
        }
    }
}

#[test]
fn no_formatter_warns_of_a_page() {
    let home = Home::new(TWIN);
    let formatter = |program: &str, words: &[&str], file: &Path| {
        let words = words.iter().map(AsRef::as_ref).chain([file.as_os_str()]);
        let run = Run::new(Path::new(program), words).env("PATH", "/usr/bin:/bin");
        run.env("LANG", "C").output()
    };
    for name in installed(&home) {
        let file = home.path().join("man/man1").join(format!("{name}.1"));
        let groff = ["-ww", "-man", "-Tutf8", "-z"];
        let groff = formatter("/usr/bin/groff", &groff, &file).with_code(0);
        assert_eq!(groff.stderr, "", "{name}");
        let mandoc = formatter("/usr/bin/mandoc", &["-T", "lint", "-W", "warning"], &file);
        let mut warnings = mandoc.stdout.lines();
        // A page is the same on every day that it is built.
        let other = warnings.find(|line| !line.contains("missing date"));
        assert_eq!(
            other,
            None,
            "{name}: {}",
            fs::read_to_string(&file).unwrap()
        );
    }
}
