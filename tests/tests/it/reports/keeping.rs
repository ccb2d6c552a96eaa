//! Recorded texts, the audit, and the removal of rows.

use rusqlite::Connection;
use serde_json::{Value, json};
use synapse_testkit::provider_doubles::OpenAiDouble;
use synapse_tests::{Home, LocalProvider as _, Output, Terminal};

use super::{TWIN, home_with_calls};

#[test]
fn what_was_said_is_found_and_shown_where_it_is_recorded() {
    let home = Home::new(TWIN);
    let double = OpenAiDouble::start();
    home.save("loud", &double, &["--allow-network", "--record-text"]);
    home.save("silent", &double, double.opening());
    for name in ["loud", "silent"] {
        home.run(["chat", name, "hello \u{1b}[2J zebra"])
            .with_code(0);
    }

    let found = home
        .run(["history", "list", "--text", "zebra", "--json"])
        .with_code(0)
        .json();
    let entries = found["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 1, "{found}");
    assert_eq!(entries[0]["connection"], "loud");
    let id = entries[0]["call_id"].as_str().unwrap();
    let shown = home.run(["history", "show", id]).with_code(0);
    assert!(shown.stdout.contains("zebra"), "{shown}");
    assert!(shown.stdout.contains("reply:\n  Hello\n"), "{shown}");
    assert!(!shown.stdout.contains('\u{1b}'), "{shown}");
    let document = home
        .run(["history", "show", id, "--json"])
        .with_code(0)
        .json();
    assert!(
        document["text"]["prompt"]
            .as_str()
            .unwrap()
            .contains("\u{1b}[2J zebra")
    );
    assert_eq!(document["text"]["reply"], "Hello");
    // Exports never contain recorded texts.
    for format in ["jsonl", "csv"] {
        let export = home
            .run(["history", "export", "--format", format])
            .with_code(0);
        assert!(!export.stdout.contains("zebra"), "{export}");
    }
}

#[test]
fn an_audit_tells_sound_from_edited() {
    let home = home_with_calls();
    let sound = home.run(["history", "verify"]).with_code(0);
    assert!(sound.stdout.starts_with("sound · 5 rows"), "{sound}");
    assert!(sound.stdout.contains("last seal: 5 "), "{sound}");
    let document = home
        .run(["history", "verify", "--json"])
        .with_code(0)
        .json();
    assert_eq!(document["schema"], "synapse.verification/1");
    assert_eq!(
        (&document["ok"], &document["rows"]),
        (&json!(true), &json!(5))
    );
    assert_eq!(document["head"]["sequence"], 5);

    let database = Connection::open(home.ledger()).unwrap();
    let edited = "UPDATE entries SET cost_nano_usd = 1 WHERE connection = 'hf'";
    assert_eq!(database.execute(edited, []).unwrap(), 1);
    drop(database);
    let broken = home.run(["history", "verify"]).with_code(13);
    assert!(
        broken.stderr.starts_with("error[storage.corrupt]"),
        "{broken}"
    );
    assert!(broken.stderr.contains("was edited"), "{broken}");
    let document = home
        .run(["history", "verify", "--json"])
        .with_code(13)
        .json();
    assert_eq!(document["ok"], false);
    let found = document["discrepancies"].as_array().unwrap();
    assert!(
        found.iter().any(|each| each["kind"] == "edited"),
        "{document}"
    );
}

#[test]
fn a_purge_asks_or_is_told_and_leaves_a_sound_ledger() {
    let home = home_with_calls();
    let refused = home
        .run(["history", "purge", "--before", "now"])
        .with_code(2);
    assert!(refused.stderr.contains("--yes"), "{refused}");
    assert_eq!(home.history().len(), 5);
    let none = home
        .run(["history", "purge", "--before", "2000-01", "--yes", "--json"])
        .with_code(0)
        .json();
    assert_eq!((&none["rows"], &none["texts"]), (&json!(0), &json!(0)));
    let done = home
        .run(["history", "purge", "--before", "now", "--yes"])
        .with_code(0);
    assert!(done.stdout.starts_with("deleted 5 calls"), "{done}");
    assert_eq!(home.history().len(), 0);
    let total = home.run(["usage", "--json"]).with_code(0).json()["total"].clone();
    assert_eq!(
        (&total["calls"], &total["success_rate"]),
        (&json!(0), &Value::Null)
    );
    let audit = home
        .run(["history", "verify", "--json"])
        .with_code(0)
        .json();
    assert_eq!((&audit["ok"], &audit["purged"]), (&json!(true), &json!(5)));
}

/// Purging everything ignores the clock: it includes calls dated in the future.
#[test]
fn a_purge_of_all_leaves_nothing_and_a_sound_ledger() {
    let home = home_with_calls();
    home.run(["history", "purge", "--all", "--before", "now", "--yes"])
        .with_code(2);
    home.run(["history", "purge", "--yes"]).with_code(2);
    let done = home
        .run(["history", "purge", "--all", "--yes"])
        .with_code(0);
    assert!(done.stdout.starts_with("deleted 5 calls, and "), "{done}");
    assert_eq!(home.history().len(), 0);
    home.run(["history", "verify"]).with_code(0);
}

const QUESTION: &str = "for good? [y/N] ";

fn asked_to_purge(home: &Home, keys: &str) -> Output {
    let words = ["history", "purge", "--before", "now"];
    let mut terminal = Terminal::start(home.twin(words));
    terminal.wait_for(QUESTION);
    terminal.press(keys);
    terminal.finish()
}

#[test]
fn a_purge_at_a_terminal_deletes_on_yes_alone() {
    let home = home_with_calls();
    for keys in ["\n", "n\n", "yess\n", Terminal::CTRL_D] {
        let kept = asked_to_purge(&home, keys).with_code(0);
        assert!(kept.stdout.contains("Delete 5 calls"), "{kept}");
        assert!(kept.stdout.contains("nothing was deleted"), "{kept}");
    }
    // Repeated, because signal delivery is racy.
    for _ in 0..8 {
        asked_to_purge(&home, Terminal::CTRL_C).with_code(130);
    }
    assert_eq!(home.history().len(), 5);
    let done = asked_to_purge(&home, "y\n").with_code(0);
    assert!(done.stdout.contains("deleted 5 calls"), "{done}");
    assert_eq!(home.history().len(), 0);
    home.run(["history", "verify"]).with_code(0);
}

#[test]
fn a_ledger_of_a_newer_synapse_is_read_and_not_written() {
    let home = home_with_calls();
    let database = Connection::open(home.ledger()).unwrap();
    database.pragma_update(None, "user_version", 999).unwrap();
    database
        .execute("ALTER TABLE entries ADD COLUMN of_the_future TEXT", [])
        .unwrap();
    drop(database);
    let before = std::fs::read(home.ledger()).unwrap();
    let export = home.run(["history", "export"]).with_code(0);
    assert_eq!(export.stdout.lines().count(), 5);
    let usage = home.run(["usage", "--json"]).with_code(0).json();
    assert_eq!(usage["total"]["calls"], 5);
    let purge = home
        .run(["history", "purge", "--before", "now", "--yes"])
        .with_code(13);
    assert!(
        purge.stderr.starts_with("error[storage.newer-format]"),
        "{purge}"
    );
    assert_eq!(home.history().len(), 5);
    assert_eq!(std::fs::read(home.ledger()).unwrap(), before);
}
