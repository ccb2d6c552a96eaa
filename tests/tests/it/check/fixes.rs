//! The effects of `--fix`, which are shown and confirmed first.

use synapse_testkit::provider_doubles::OpenAiDouble;
use synapse_tests::home::set_mode;
use synapse_tests::terminal::Terminal;
use synapse_tests::{Home, Output};

use super::{TWIN, check, document, mode};

/// A home with lax permissions, a key readable by others and a stale entry.
fn neglected() -> (Home, OpenAiDouble, std::path::PathBuf) {
    let double = OpenAiDouble::start();
    let home = Home::connected(TWIN, &double);
    let key = std::fs::read_dir(home.path())
        .unwrap()
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|ending| ending == "token"))
        .unwrap();
    home.run(["ide", "install", "cursor", "--yes"]).with_code(0);
    let file = home.path().join(".cursor/mcp.json");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains(TWIN), "{text}");
    crate::write(&file, &text.replace(TWIN, "/no/such/synapse"));
    set_mode(&key, 0o644);
    set_mode(&home.synapse(), 0o770);
    (home, double, key)
}

#[test]
fn what_can_do_no_harm_is_named_and_not_done_unasked() {
    let (home, _double, key) = neglected();
    let output = check(&home, &[]);
    assert_ne!(output.code, 0, "{output}");
    assert!(output.stderr.contains("synapse check --fix"), "{output}");
    assert_eq!((mode(&home.synapse()), mode(&key)), (0o770, 0o644));
}

#[test]
fn a_script_has_to_say_yes() {
    let (home, _double, key) = neglected();
    let output = check(&home, &["--fix"]).with_code(2);
    assert!(output.stderr.contains("--yes"), "{output}");
    assert_eq!((mode(&home.synapse()), mode(&key)), (0o770, 0o644));
}

#[test]
fn a_dry_run_shows_all_of_it_and_does_nothing() {
    let (home, _double, key) = neglected();
    let output = check(&home, &["--fix", "--dry-run"]);
    for shown in [
        "chmod go= ",
        "synapse ide install cursor",
        "nothing was done",
    ] {
        assert!(output.stderr.contains(shown), "{shown}: {output}");
    }
    assert_eq!((mode(&home.synapse()), mode(&key)), (0o770, 0o644));
}

#[test]
fn with_yes_it_is_done_and_checked_again() {
    let (home, _double, key) = neglected();
    let document = document(&home, &["--fix", "--yes"]);
    assert_eq!(document["ok"], true, "{document}");
    let fixes = document["fixes"].as_array().unwrap();
    assert_eq!(fixes.len(), 3, "{document}");
    assert!(fixes.iter().all(|fix| fix["done"] == true), "{document}");
    assert_eq!((mode(&home.synapse()), mode(&key)), (0o700, 0o600));
    // A second run finds nothing to do.
    let again: Output = check(&home, &["--fix", "--yes"]).with_code(0);
    assert!(again.stderr.contains("nothing to repair"), "{again}");
}

#[test]
fn a_record_of_tokens_that_others_may_read_is_closed_without_being_read() {
    let home = Home::new(TWIN);
    let record = home.write(
        ".synapse/oauth/home/files-0011223344556677.json",
        "no record",
    );
    set_mode(&home.synapse(), 0o700);
    set_mode(&record, 0o644);
    let before = document(&home, &[]);
    assert_eq!(
        before["error"]["code"], "oauth.store-unavailable",
        "{before}"
    );
    document(&home, &["--fix", "--yes"]);
    assert_eq!(mode(&record), 0o600);
    assert_eq!(std::fs::read_to_string(&record).unwrap(), "no record");
}

#[test]
fn at_a_terminal_it_asks_and_no_leaves_everything() {
    let (home, _double, key) = neglected();
    let run = home.twin(["check", "--fix"]).env("PATH", "/usr/bin:/bin");
    let mut terminal = Terminal::start(run.within(&super::project(&home)));
    terminal.wait_for("Do this?");
    terminal.type_line("n");
    let output = terminal.finish();
    assert!(output.stdout.contains("nothing was done"), "{output}");
    assert_eq!((mode(&home.synapse()), mode(&key)), (0o770, 0o644));
}
