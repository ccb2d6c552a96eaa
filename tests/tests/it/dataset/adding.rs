//! An export adds every finished call once, whatever happens in between.

use synapse_core::ports::Ledger as _;

use super::{Machine, NOVEMBER, OCTOBER, cells, closing, files, ids, opening};

#[test]
fn each_call_comes_once_and_in_its_month() {
    let machine = Machine::with(&[(OCTOBER, "a", Some(1)), (NOVEMBER, "a", None)]);
    let dataset = machine.home.path().join("dataset");
    assert_eq!(machine.export(&dataset, &["--machine", "laptop"]), (2, 2));
    let first = files(&dataset);
    let directories: Vec<_> = first
        .keys()
        .map(|path| path.parent().unwrap().to_str().unwrap())
        .collect();
    assert_eq!(
        directories,
        [
            "machine=laptop/month=2026-10",
            "machine=laptop/month=2026-11"
        ]
    );
    assert_eq!(machine.export(&dataset, &[]), (0, 0));
    assert_eq!(files(&dataset), first);
    // Newer calls get their own file; existing files stay byte for byte.
    machine.call(&[(NOVEMBER, "b", Some(2))]);
    assert_eq!(machine.export(&dataset, &[]), (1, 1));
    let second = files(&dataset);
    assert_eq!(second.len(), 3);
    assert!(first.iter().all(|(name, content)| second[name] == *content));
    assert_eq!(ids(&dataset).len(), 3);
}

#[test]
fn a_call_under_way_comes_when_it_has_ended() {
    let machine = Machine::with(&[(NOVEMBER, "a", Some(1))]);
    let dataset = machine.home.path().join("dataset");
    let ledger = machine.ledger();
    let late = opening(OCTOBER, "late", None);
    let id = late.receipt.call_id.to_string();
    let end = closing(&late, Some(7), None);
    machine.runtime.block_on(ledger.open(late)).unwrap();
    assert_eq!(machine.export(&dataset, &[]), (1, 1));
    assert!(!ids(&dataset).contains(&id));
    machine.runtime.block_on(ledger.complete(end)).unwrap();
    assert_eq!(machine.export(&dataset, &[]), (1, 1));
    assert!(ids(&dataset).contains(&id));
    assert!(cells(&dataset, "outcome").iter().all(|word| word == "ok"));
}

#[test]
fn an_export_that_broke_off_goes_on_where_it_broke_off() {
    let machine = Machine::with(&[(OCTOBER, "a", Some(1)), (NOVEMBER, "a", Some(2))]);
    let dataset = machine.home.path().join("dataset");
    machine
        .home
        .write("dataset/machine=laptop/month=2026-11", "in the way");
    let output = machine.run(&dataset, &["--machine", "laptop"]);
    assert_eq!(output.code, 13, "{output}");
    assert!(output.stdout.contains("storage.unavailable"), "{output}");
    assert_eq!(
        files(&dataset.join("machine=laptop/month=2026-10")).len(),
        1
    );
    std::fs::remove_file(dataset.join("machine=laptop/month=2026-11")).unwrap();
    // Meanwhile October got another call.
    machine.call(&[(OCTOBER, "b", Some(3))]);
    assert_eq!(machine.export(&dataset, &[]), (2, 2));
    assert_eq!(ids(&dataset).len(), 3);
}

#[test]
fn a_purge_leaves_what_was_exported() {
    let machine = Machine::with(&[(OCTOBER, "a", Some(1)), (NOVEMBER, "a", Some(2))]);
    let dataset = machine.home.path().join("dataset");
    machine.export(&dataset, &[]);
    let before = files(&dataset);
    let purge = ["history", "purge", "--before", "2026-11", "--yes"];
    machine.home.run(purge).with_code(0);
    assert_eq!(machine.export(&dataset, &[]), (0, 0));
    assert_eq!(files(&dataset), before);
    machine
        .home
        .run(["history", "purge", "--all", "--yes"])
        .with_code(0);
    machine.call(&[(OCTOBER, "late", Some(3))]);
    assert_eq!(machine.export(&dataset, &[]), (1, 1));
    assert_eq!(ids(&dataset).len(), 3);
}

#[test]
fn a_ledger_that_was_put_back_adds_no_call_twice() {
    let machine = Machine::with(&[(NOVEMBER, "kept", Some(1))]);
    let dataset = machine.home.path().join("dataset");
    let backup = machine.home.path().join("backup");
    let (ledger, log) = (
        machine.home.ledger(),
        machine.home.synapse().join("ledger.db-wal"),
    );
    let empty_log = || {
        let database = rusqlite::Connection::open(&ledger).unwrap();
        let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
        database.query_row(sql, [], |_| Ok(())).unwrap();
    };
    empty_log();
    std::fs::copy(&ledger, &backup).unwrap();
    machine.call(&[(NOVEMBER, "lost", Some(2))]);
    assert_eq!(machine.export(&dataset, &[]), (2, 1));
    empty_log();
    drop(std::fs::remove_file(log));
    std::fs::copy(&backup, &ledger).unwrap();
    // The same number of calls, but different ones.
    machine.call(&[(NOVEMBER, "new", Some(3))]);
    assert_eq!(machine.export(&dataset, &[]), (1, 1));
    assert_eq!(cells(&dataset, "model_requested"), ["kept", "lost", "new"]);
    assert_eq!(machine.export(&dataset, &[]), (0, 0));
    machine.call(&[(NOVEMBER, "newer", Some(4))]);
    assert_eq!(machine.export(&dataset, &[]), (1, 1));
    assert_eq!(ids(&dataset).len(), 4);
}

#[test]
fn a_ledger_that_was_begun_anew_goes_on() {
    let machine = Machine::with(&[(NOVEMBER, "a", Some(1)), (NOVEMBER, "b", Some(1))]);
    let dataset = machine.home.path().join("dataset");
    machine.export(&dataset, &[]);
    for name in ["ledger.db", "ledger.db-wal", "ledger.db-shm"] {
        drop(std::fs::remove_file(machine.home.synapse().join(name)));
    }
    assert_eq!(machine.export(&dataset, &[]), (0, 0));
    machine.call(&[(NOVEMBER, "c", Some(1))]);
    assert_eq!(machine.export(&dataset, &[]), (1, 1));
    assert_eq!(ids(&dataset).len(), 3);
}

#[test]
fn a_row_that_a_repair_seals_anew_is_not_added_again() {
    let machine = Machine::with(&[(NOVEMBER, "a", Some(1)), (NOVEMBER, "b", Some(1))]);
    let dataset = machine.home.path().join("dataset");
    machine.export(&dataset, &[]);
    let database = rusqlite::Connection::open(machine.home.ledger()).unwrap();
    let edit = "UPDATE entries SET cost_nano_usd = 5, seal = x'";
    let edit = format!("{edit}{}' WHERE model_requested = 'a'", "ab".repeat(32));
    assert_eq!(database.execute(&edit, []).unwrap(), 1);
    drop(database);
    let repaired = machine.home.run(["history", "repair", "--json"]);
    assert!(repaired.stdout.contains("\"repaired\""), "{repaired}");
    machine.call(&[(NOVEMBER, "c", Some(1))]);
    machine.export(&dataset, &[]);
    assert_eq!(ids(&dataset).len(), 3);
}

#[test]
fn texts_are_added_only_when_asked_for() {
    let machine = Machine::new();
    let ledger = machine.ledger();
    let said = opening(NOVEMBER, "a", Some("what was asked"));
    let end = closing(&said, None, Some("what was answered"));
    machine.runtime.block_on(async {
        ledger.open(said).await.unwrap();
        ledger.complete(end).await.unwrap();
    });
    let (without, with) = (machine.home.path().join("a"), machine.home.path().join("b"));
    machine.export(&without, &[]);
    let holds = |content: &[u8]| content.windows(8).any(|bytes| bytes == b"what was");
    assert!(files(&without).values().all(|content| !holds(content)));
    assert_eq!(cells(&without, "prompt"), [""; 0]);
    machine.export(&with, &["--with-texts"]);
    assert_eq!(cells(&with, "prompt"), ["what was asked"]);
    assert_eq!(cells(&with, "reply"), ["what was answered"]);
}
