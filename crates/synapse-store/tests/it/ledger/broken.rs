//! Unusable ledgers are refused with a reason and left unchanged.

use synapse_core::ledger::{Outcome, UsageKey, UsageQuery};
use synapse_core::ports::{Ledger as _, LedgerReader as _};
use synapse_core::{Code, Failure, Remedy};
use synapse_home::Home;
use synapse_store::SqliteLedger;
use synapse_testkit::disk::{make_fifo, names, set_mode, write};

use crate::child::{Role, run_unprivileged, start};
use crate::support::{NOON, closing, everything_newest_first, home, opening};

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(future)
}

/// The failure of writing and of every query.
fn refused(home: &Home) -> Failure {
    let ledger = SqliteLedger::new(home.clone());
    let opening = opening("hf", NOON);
    block_on(async {
        let failure = ledger.open(opening.clone()).await.unwrap_err();
        assert_eq!(failure.context()["file"], home.ledger().to_str().unwrap());
        ledger.close(closing(&opening));
        assert_eq!(ledger.flush().await.unwrap_err().code(), failure.code());
        let history = ledger.history(everything_newest_first()).await;
        assert_eq!(history.unwrap_err().code(), failure.code());
        let query = UsageQuery::by(UsageKey::Day);
        assert_eq!(
            ledger.usage(query).await.unwrap_err().code(),
            failure.code()
        );
        let entry = ledger.entry(opening.receipt.call_id).await;
        assert_eq!(entry.unwrap_err().code(), failure.code());
        failure
    })
}

/// A newer ledger is readable as far as its columns are known, and never written.
fn read_and_never_written(home: &Home, rows: usize) {
    let ledger = SqliteLedger::new(home.clone());
    block_on(async {
        let failure = ledger.open(opening("hf", NOON)).await.unwrap_err();
        assert_eq!(failure.code(), Code::StorageNewerFormat);
        assert_eq!(failure.context()["format"], "6");
        let before = synapse_core::time::Timestamp::from_millis(i64::MAX);
        let failure = ledger.purge(before).await.unwrap_err();
        assert_eq!(failure.code(), Code::StorageNewerFormat);
        let found = ledger.history(everything_newest_first()).await.unwrap();
        assert_eq!(found.len(), rows);
        let verified = ledger.verify().await.unwrap();
        assert_eq!(verified.rows, u64::try_from(rows).unwrap());
        let query = UsageQuery::by(UsageKey::Day);
        let report = ledger.usage(query).await.unwrap();
        assert_eq!(report.total.calls, u64::try_from(rows).unwrap());
    });
}

/// A ledger with some rows, closed.
fn written() -> (tempfile::TempDir, Home) {
    let (directory, home) = home();
    let ledger = SqliteLedger::new(home.clone());
    for _ in 0..100 {
        let opening = opening("hf", NOON);
        block_on(ledger.open(opening.clone())).unwrap();
        ledger.close(closing(&opening));
    }
    (directory, home)
}

#[test]
fn a_newer_ledger_is_not_touched() {
    let (_directory, home) = written();
    let database = rusqlite::Connection::open(home.ledger()).unwrap();
    database.pragma_update(None, "user_version", 6).unwrap();
    drop(database);
    let before = std::fs::read(home.ledger()).unwrap();
    read_and_never_written(&home, 100);
    assert!(std::fs::read(home.ledger()).unwrap() == before);
    let beside = [
        "ledger.db",
        "ledger.lock",
        "ledger.repair.lock",
        "ledger.spool",
        "run",
    ];
    assert_eq!(names(home.directory()), beside);
}

/// An unreadable newer version is refused for that reason only.
#[test]
fn a_newer_ledger_whose_columns_are_not_known_says_that_it_is_newer() {
    let (_directory, home) = written();
    let database = rusqlite::Connection::open(home.ledger()).unwrap();
    database
        .execute_batch("ALTER TABLE entries RENAME TO rows; PRAGMA user_version = 6")
        .unwrap();
    drop(database);
    let failure = refused(&home);
    assert_eq!(failure.code(), Code::StorageNewerFormat);
    assert_eq!(failure.context()["format"], "6");
}

/// After a crash of a newer Synapse, its version may only be in the log.
#[test]
fn a_newer_ledger_with_a_log_is_not_touched_either() {
    let (_directory, home) = written();
    let database = rusqlite::Connection::open(home.ledger()).unwrap();
    database.pragma_update(None, "user_version", 6).unwrap();
    let (_copies, copy) = self::home();
    copy.create().unwrap();
    let content = |home: &Home| {
        ["ledger.db", "ledger.db-wal"]
            .map(|name| std::fs::read(home.directory().join(name)).unwrap())
    };
    let before = content(&home);
    write(&copy.ledger(), &before[0]);
    write(&copy.directory().join("ledger.db-wal"), &before[1]);
    for newer in [&copy, &home] {
        read_and_never_written(newer, 100);
        assert!(content(newer) == before);
    }
    drop(database);
}

#[test]
fn a_damaged_ledger_is_not_touched_and_comes_with_advice() {
    let (_directory, home) = written();
    let whole = std::fs::read(home.ledger()).unwrap();
    let mut scrambled = whole.clone();
    scrambled[4096..].fill(0x5a);
    for damaged in [
        b"this is no database, it is a text that is longer than a header would be, \
          and it goes on until the hundred bytes are full"
            .to_vec(),
        b"short".to_vec(),
        whole[..whole.len() / 2].to_vec(),
        scrambled,
    ] {
        write(&home.ledger(), &damaged);
        let failure = refused(&home);
        assert_eq!(failure.code(), Code::StorageCorrupt, "{failure:?}");
        assert_eq!(failure.hints()[0].remedy, Some(Remedy::RepairLedger));
        let Some(Remedy::Shell { line }) = &failure.hints()[1].remedy else {
            panic!("{failure:?}")
        };
        let path = home.ledger().display().to_string();
        assert!(line.contains(&format!("mv {path}*")), "{line}");
        assert!(std::fs::read(home.ledger()).unwrap() == damaged);
    }
}

/// The advice works without a restart: the next row is written.
#[test]
fn after_a_damaged_ledger_is_moved_away_the_next_row_starts_a_new_one() {
    let (_directory, home) = home();
    home.create().unwrap();
    write(&home.ledger(), "damaged");
    let ledger = SqliteLedger::new(home.clone());
    let failure = block_on(ledger.open(opening("hf", NOON))).unwrap_err();
    assert_eq!(failure.code(), Code::StorageCorrupt);
    std::fs::rename(home.ledger(), home.directory().join("aside")).unwrap();
    block_on(ledger.open(opening("hf", NOON))).unwrap();
    assert_eq!(
        block_on(ledger.history(everything_newest_first()))
            .unwrap()
            .len(),
        2,
        "the row that waited is there too"
    );
}

#[test]
fn an_empty_file_is_a_ledger_that_has_not_begun() {
    let (_directory, home) = home();
    home.create().unwrap();
    write(&home.ledger(), "");
    let ledger = SqliteLedger::new(home);
    assert_eq!(
        block_on(ledger.history(everything_newest_first())),
        Ok(vec![])
    );
    block_on(ledger.open(opening("hf", NOON))).unwrap();
}

#[test]
fn what_is_no_file_is_named_and_never_waited_for() {
    let (_directory, home) = home();
    std::fs::create_dir_all(home.ledger()).unwrap();
    let failure = refused(&home);
    assert_eq!(failure.code(), Code::StorageUnavailable);
    assert!(failure.message().contains("is a directory"), "{failure}");
    std::fs::remove_dir(home.ledger()).unwrap();
    make_fifo(&home.ledger());
    let failure = refused(&home);
    assert_eq!(failure.code(), Code::StorageUnavailable);
    assert!(failure.message().contains("is a named pipe"), "{failure}");
}

#[test]
fn a_home_that_cannot_be_created_is_reported() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    write(&file, "");
    for path in [file, "/proc/synapse".into()] {
        let ledger = SqliteLedger::new(Home::new(path));
        let failure = block_on(ledger.open(opening("hf", NOON))).unwrap_err();
        assert_eq!(failure.code(), Code::StorageUnavailable, "{failure:?}");
    }
}

/// In a home without write permission, see `connections::broken`.
pub(crate) fn cannot_be_written(home: &Home) {
    let ledger = SqliteLedger::new(home.clone());
    let failure = block_on(ledger.open(opening("hf", NOON))).unwrap_err();
    assert_eq!(failure.code(), Code::StorageReadOnly, "{failure:?}");
}

/// A crashed process's row in a home that became read-only, like a backup or a read-only mount.
#[test]
fn a_read_only_ledger_is_read_and_not_written() {
    let (_directory, home) = home();
    let output = start(Role::Crash, &home).wait_with_output().unwrap();
    assert!(!output.status.success());
    // Like a backup program: the log is merged.
    let database = rusqlite::Connection::open(home.ledger()).unwrap();
    let open: i64 = database
        .query_row(
            "SELECT count(*) FROM entries WHERE outcome = 'open'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(open, 1);
    drop(database);
    assert_eq!(
        names(home.directory()),
        ["ledger.db", "ledger.lock", "ledger.repair.lock", "run"]
    );
    set_mode(&home.ledger(), 0o400);
    set_mode(home.directory(), 0o500);
    let before = std::fs::read(home.ledger()).unwrap();
    run_unprivileged(Role::ReadReadOnly, &home);
    set_mode(home.directory(), 0o700);
    assert!(std::fs::read(home.ledger()).unwrap() == before);
    assert_eq!(
        names(home.directory()),
        ["ledger.db", "ledger.lock", "ledger.repair.lock", "run"]
    );
}

pub(crate) fn is_read_all_the_same(home: &Home) {
    let ledger = SqliteLedger::new(home.clone());
    let entries = block_on(ledger.history(everything_newest_first())).unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].outcome, Outcome::Interrupted);
    assert!(entries[0].receipt.exchange.maybe_billed);
    let query = UsageQuery::by(UsageKey::Connection);
    assert_eq!(block_on(ledger.usage(query)).unwrap().lines[0].failed, 1);
    let failure = block_on(ledger.open(opening("hf", NOON))).unwrap_err();
    assert_eq!(failure.code(), Code::StorageReadOnly, "{failure:?}");
}

/// The end of a call that could not be written is retried.
#[test]
fn an_end_that_could_not_be_written_is_tried_again() {
    let (_directory, home) = home();
    let ledger = SqliteLedger::new(home.clone());
    let call = opening("hf", NOON);
    block_on(ledger.open(call.clone())).unwrap();
    // The table is temporarily renamed.
    let database = rusqlite::Connection::open(home.ledger()).unwrap();
    database
        .execute_batch("ALTER TABLE chain RENAME TO elsewhere")
        .unwrap();
    ledger.close(closing(&call));
    let failure = block_on(ledger.flush()).unwrap_err();
    assert_eq!(failure.code(), Code::StorageCorrupt, "{failure:?}");
    database
        .execute_batch("ALTER TABLE elsewhere RENAME TO chain")
        .unwrap();
    block_on(ledger.open(opening("hf", NOON))).unwrap();
    assert_eq!(block_on(ledger.flush()), Ok(()));
    let found = block_on(ledger.entry(call.receipt.call_id)).unwrap();
    assert_eq!(found.unwrap().outcome, Outcome::Ok);
}
