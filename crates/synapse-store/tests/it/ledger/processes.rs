//! Several processes on one ledger: all rows arrive, those of dead processes are completed, those
//! of live ones are not.

use std::sync::Barrier;

use synapse_core::ledger::{HistoryQuery, Outcome, UsageKey, UsageQuery};
use synapse_core::ports::{Ledger as _, LedgerReader as _};
use synapse_home::Home;
use synapse_store::SqliteLedger;
use synapse_testkit::disk::names;

use crate::child::{Held, Role, finish, start};
use crate::support::{NOON, closing, everything_newest_first, home, opening};

const BEGINNINGS: usize = 50;
const WRITERS: usize = 8;
const ROWS: usize = 500;

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(future)
}

/// Exits like a killed process, without destructors.
pub(crate) fn open_a_row_and_die(home: &Home) {
    let ledger = SqliteLedger::new(home.clone());
    let mut call = opening("crashed", NOON);
    call.receipt.exchange.attempts = 1;
    call.receipt.exchange.maybe_billed = true;
    block_on(ledger.open(call)).unwrap();
    std::process::abort();
}

pub(crate) fn open_a_row_and_wait(home: Home) {
    let ledger = SqliteLedger::new(home);
    let opening = opening("held", NOON);
    block_on(ledger.open(opening.clone())).unwrap();
    crate::child::ready_and_wait();
    ledger.close(closing(&opening));
    block_on(ledger.flush()).unwrap();
}

pub(crate) fn write_rows(home: Home) {
    let ledger = SqliteLedger::new(home);
    block_on(async {
        for _ in 0..ROWS {
            let opening = opening("many", NOON);
            ledger.open(opening.clone()).await.unwrap();
            ledger.close(closing(&opening));
        }
        ledger.flush().await.unwrap();
    });
}

fn outcomes(home: &Home) -> Vec<Outcome> {
    let ledger = SqliteLedger::new(home.clone());
    let entries = block_on(ledger.history(everything_newest_first())).unwrap();
    entries.iter().map(|entry| entry.outcome).collect()
}

fn crash(home: &Home) {
    let output = start(Role::Crash, home).wait_with_output().unwrap();
    assert!(!output.status.success());
}

#[test]
fn a_crash_leaves_an_interrupted_row_that_may_have_been_billed() {
    let (_directory, home) = home();
    crash(&home);
    assert_eq!(names(&home.directory().join("run")).len(), 1);
    assert_eq!(outcomes(&home), [Outcome::Interrupted]);
    let ledger = SqliteLedger::new(home.clone());
    let filter = |outcome| HistoryQuery {
        outcome: Some(outcome),
        ..everything_newest_first()
    };
    let found = block_on(ledger.history(filter(Outcome::Interrupted))).unwrap();
    assert!(found[0].receipt.exchange.maybe_billed);
    assert_eq!(block_on(ledger.history(filter(Outcome::Open))).unwrap(), []);
    let query = UsageQuery::by(UsageKey::Connection);
    let lines = block_on(ledger.usage(query)).unwrap().lines;
    assert_eq!((lines[0].calls, lines[0].failed), (1, 1));
    // The process that completed the row also cleaned up.
    assert_eq!(names(&home.directory().join("run")), [""; 0]);
}

#[test]
fn opening_the_ledger_for_writing_completes_what_a_crash_left() {
    let (_directory, home) = home();
    crash(&home);
    let ledger = SqliteLedger::new(home.clone());
    let opening = opening("next", NOON);
    block_on(ledger.open(opening)).unwrap();
    let database = rusqlite::Connection::open(home.ledger()).unwrap();
    let count: i64 = database
        .query_row(
            "SELECT count(*) FROM entries
             WHERE outcome = 'interrupted' AND connection = 'crashed' AND maybe_billed = 1",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(count, 1);
}

/// Closing a file that SQLite has open would release this process's locks: the next one to exit
/// would consider itself the last, and remove the log with every later row of ours.
#[test]
fn a_question_leaves_the_log_to_the_connections_that_write_it() {
    let (_directory, home) = home();
    let ledger = SqliteLedger::new(home.clone());
    let write = || {
        let opening = opening("mine", NOON);
        block_on(ledger.open(opening.clone())).unwrap();
        block_on(ledger.complete(closing(&opening))).unwrap();
    };
    write();
    assert_eq!(outcomes(&home), [Outcome::Ok]);
    finish(start(Role::WriteRows, &home));
    assert!(names(home.directory()).contains(&"ledger.db-wal".to_owned()));
    write();
    drop(ledger);
    let query = UsageQuery::by(UsageKey::Connection);
    let ledger = SqliteLedger::new(home);
    let total = block_on(ledger.usage(query)).unwrap().total;
    assert_eq!(total.calls, ROWS as u64 + 2);
}

#[test]
fn a_row_that_a_ledger_left_open_at_its_end_is_interrupted() {
    let (_directory, home) = home();
    let ledger = SqliteLedger::new(home.clone());
    block_on(ledger.open(opening("left", NOON))).unwrap();
    assert_eq!(outcomes(&home), [Outcome::Open]);
    drop(ledger);
    assert_eq!(outcomes(&home), [Outcome::Interrupted]);
}

#[test]
fn a_living_process_keeps_its_open_row_until_it_ends() {
    let (_directory, home) = home();
    let first = Held::start(Role::HoldRow, &home);
    let second = Held::start(Role::HoldRow, &home);

    // Neither reading nor another writer considers them dead.
    assert_eq!(outcomes(&home), [Outcome::Open, Outcome::Open]);
    let rival = SqliteLedger::new(home.clone());
    let opening = opening("rival", NOON);
    block_on(rival.open(opening.clone())).unwrap();
    rival.close(closing(&opening));
    drop(rival);
    assert_eq!(outcomes(&home), [Outcome::Ok, Outcome::Open, Outcome::Open]);

    first.kill();
    let mut after = outcomes(&home);
    after.sort();
    assert_eq!(after, [Outcome::Open, Outcome::Ok, Outcome::Interrupted]);

    // The other process completes its row normally.
    second.release();
    let mut after = outcomes(&home);
    after.sort();
    assert_eq!(after, [Outcome::Ok, Outcome::Ok, Outcome::Interrupted]);
}

/// If a presence file is lost, the live process still decides about its row.
#[test]
fn a_row_wrongly_taken_for_interrupted_is_completed_by_its_writer() {
    let (_directory, home) = home();
    let ledger = SqliteLedger::new(home.clone());
    let opening = opening("alive", NOON);
    block_on(ledger.open(opening.clone())).unwrap();
    std::fs::remove_dir_all(home.directory().join("run")).unwrap();
    assert_eq!(outcomes(&home), [Outcome::Interrupted]);
    ledger.close(closing(&opening));
    block_on(ledger.flush()).unwrap();
    assert_eq!(outcomes(&home), [Outcome::Ok]);
}

#[test]
fn eight_processes_lose_none_of_their_rows() {
    let (_directory, home) = home();
    let processes: Vec<_> = (0..WRITERS)
        .map(|_| start(Role::WriteRows, &home))
        .collect();
    processes.into_iter().for_each(finish);
    let outcomes = outcomes(&home);
    println!(
        "{WRITERS} processes x {ROWS} calls: {} rows",
        outcomes.len()
    );
    assert_eq!(outcomes.len(), WRITERS * ROWS);
    let ledger = SqliteLedger::new(home.clone());
    let verified = block_on(ledger.verify()).unwrap();
    assert_eq!(verified.discrepancies, []);
    assert_eq!(verified.head.unwrap().sequence, verified.rows);
    assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Ok));
    assert_eq!(names(&home.directory().join("run")), [""; 0]);
}

/// Each finds no file, a blank one, or another's complete tables, never partial ones.
#[test]
fn ledgers_that_begin_at_the_same_moment_begin_one_file() {
    for _ in 0..BEGINNINGS {
        let (_directory, home) = home();
        let together = Barrier::new(WRITERS);
        std::thread::scope(|scope| {
            for _ in 0..WRITERS {
                scope.spawn(|| {
                    let ledger = SqliteLedger::new(home.clone());
                    together.wait();
                    block_on(ledger.open(opening("first", NOON))).unwrap();
                    block_on(ledger.history(everything_newest_first())).unwrap();
                });
            }
        });
    }
}

#[test]
fn eight_ledgers_in_one_process_lose_none_of_their_rows() {
    let (_directory, home) = home();
    std::thread::scope(|scope| {
        for _ in 0..WRITERS {
            let home = home.clone();
            scope.spawn(move || write_rows(home));
        }
    });
    assert_eq!(outcomes(&home).len(), WRITERS * ROWS);
}
