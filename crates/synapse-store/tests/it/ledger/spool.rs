//! Calls whose rows cannot be written are spooled beside the ledger, and entered once.

use std::sync::Barrier;
use std::time::{Duration, Instant};

use synapse_core::Code;
use synapse_core::ledger::{Outcome, UsageKey, UsageQuery, Waiting};
use synapse_core::ports::{Ledger as _, LedgerReader as _};
use synapse_home::Home;
use synapse_store::SqliteLedger;
use synapse_testkit::disk::{mode, read, write};

use crate::child::{Role, start};
use crate::support::{NOON, closing, everything_newest_first, home, opening};

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(future)
}

/// A home with a damaged ledger.
fn damaged() -> (tempfile::TempDir, Home) {
    let (directory, home) = home();
    home.create().unwrap();
    write(&home.ledger(), "no database");
    (directory, home)
}

fn mend(home: &Home) {
    std::fs::remove_file(home.ledger()).unwrap();
}

/// Makes a call; returns the warnings at its start and end.
fn call(ledger: &SqliteLedger) -> [Option<synapse_core::Failure>; 2] {
    let opening = opening("hf", NOON);
    block_on(async {
        let began = ledger.open(opening.clone()).await.err();
        let ended = ledger.complete(closing(&opening)).await.err();
        [began, ended]
    })
}

#[test]
fn what_could_not_be_written_is_entered_when_the_ledger_is_back() {
    let (_directory, home) = damaged();
    let ledger = SqliteLedger::new(home.clone());
    for failure in call(&ledger) {
        let failure = failure.unwrap();
        assert_eq!(failure.code(), Code::StorageCorrupt);
        assert!(
            failure
                .causes()
                .iter()
                .any(|cause| cause.contains("ledger.spool")),
            "{failure:?}"
        );
    }
    drop(ledger);
    assert_eq!(mode(&home.spool()), 0o600);
    mend(&home);
    // Readers are warned, and writers enter the lines.
    let reader = SqliteLedger::new(home.clone());
    let waiting = Waiting {
        calls: 1,
        unreadable: 0,
    };
    assert_eq!(block_on(reader.verify()).unwrap().waiting, waiting);
    let query = || UsageQuery::by(UsageKey::Connection);
    assert_eq!(block_on(reader.usage(query())).unwrap().waiting, waiting);
    assert_eq!(call(&SqliteLedger::new(home.clone())), [None, None]);
    let verified = block_on(reader.verify()).unwrap();
    assert_eq!(verified.discrepancies, []);
    assert_eq!((verified.rows, verified.waiting), (2, Waiting::default()));
    let report = block_on(reader.usage(query())).unwrap();
    assert_eq!((report.total.calls, report.total.prompt_tokens), (2, 20));
    assert_eq!(read(&home.spool()), "");
}

/// The ledger recovers between the start and the end of a call.
#[test]
fn a_call_that_began_in_the_spool_ends_in_the_ledger() {
    let (_directory, home) = damaged();
    let ledger = SqliteLedger::new(home.clone());
    let opening = opening("hf", NOON);
    block_on(async {
        ledger.open(opening.clone()).await.unwrap_err();
        mend(&home);
        let sent = ledger.sending(opening.receipt.call_id, 99).await;
        assert_eq!(sent, Ok(()));
        let entry = ledger
            .entry(opening.receipt.call_id)
            .await
            .unwrap()
            .unwrap();
        let exchange = &entry.receipt.exchange;
        assert_eq!(entry.outcome, Outcome::Open);
        assert_eq!((exchange.attempts, exchange.bytes_out), (1, 99));
        assert_eq!(ledger.complete(closing(&opening)).await, Ok(()));
    });
    let rows = block_on(ledger.history(everything_newest_first())).unwrap();
    assert_eq!((rows.len(), rows[0].outcome), (1, Outcome::Ok));
}

/// The row was written, its end was spooled, and the row was swept before the end was entered.
#[test]
fn an_end_in_the_spool_outlives_the_sweep_of_its_row() {
    let (_directory, home) = home();
    let ledger = SqliteLedger::new(home.clone());
    let opening = opening("hf", NOON);
    block_on(ledger.open(opening.clone())).unwrap();
    let pristine = std::fs::read(home.ledger()).unwrap();
    let log = home.directory().join("ledger.db-wal");
    let pristine_log = std::fs::read(&log).unwrap();
    let database = rusqlite::Connection::open(home.ledger()).unwrap();
    database
        .execute_batch("ALTER TABLE chain RENAME TO elsewhere")
        .unwrap();
    drop(database);
    block_on(ledger.complete(closing(&opening))).unwrap_err();
    let spool = read(&home.spool());
    // Exits without another write, like a killed process.
    std::fs::remove_file(home.spool()).unwrap();
    drop(ledger);
    write(&home.ledger(), pristine);
    write(&log, pristine_log);
    drop(std::fs::remove_file(home.directory().join("ledger.db-shm")));
    let reader = SqliteLedger::new(home.clone());
    let outcome = || {
        let rows = block_on(reader.history(everything_newest_first())).unwrap();
        assert_eq!(rows.len(), 1);
        rows[0].outcome
    };
    assert_eq!(outcome(), Outcome::Interrupted);
    write(&home.spool(), spool);
    assert_eq!(outcome(), Outcome::Ok);
    assert_eq!(block_on(reader.verify()).unwrap().discrepancies, []);
}

/// Killed with its start in the spool and no end.
#[test]
fn a_killed_call_in_the_spool_becomes_interrupted() {
    let (_directory, home) = damaged();
    let output = start(Role::CrashUnwritten, &home)
        .wait_with_output()
        .unwrap();
    assert!(!output.status.success());
    mend(&home);
    call(&SqliteLedger::new(home.clone()));
    let ledger = SqliteLedger::new(home);
    let rows = block_on(ledger.history(everything_newest_first())).unwrap();
    let crashed = rows
        .iter()
        .find(|row| row.receipt.connection == "crashed")
        .unwrap();
    assert_eq!(crashed.outcome, Outcome::Interrupted);
    let exchange = &crashed.receipt.exchange;
    assert_eq!(
        (exchange.attempts, exchange.maybe_billed, exchange.bytes_out),
        (1, true, 7)
    );
}

/// See [`a_killed_call_in_the_spool_becomes_interrupted`].
pub(crate) fn send_unwritten_and_die(home: &Home) {
    let ledger = SqliteLedger::new(home.clone());
    let opening = opening("crashed", NOON);
    block_on(async {
        ledger.open(opening.clone()).await.unwrap_err();
        let sent = ledger.sending(opening.receipt.call_id, 7).await;
        sent.unwrap_err();
    });
    std::process::abort();
}

#[test]
fn many_who_come_at_once_enter_every_call_once() {
    let (_directory, home) = damaged();
    let unwritten = SqliteLedger::new(home.clone());
    for _ in 0..CALLS {
        call(&unwritten);
    }
    drop(unwritten);
    // As if the first process to enter them had crashed before truncating the file.
    let spool = read(&home.spool());
    mend(&home);
    for _ in 0..2 {
        write(&home.spool(), &spool);
        let together = Barrier::new(WRITERS);
        std::thread::scope(|scope| {
            for _ in 0..WRITERS {
                scope.spawn(|| {
                    let ledger = SqliteLedger::new(home.clone());
                    together.wait();
                    assert_eq!(call(&ledger), [None, None]);
                });
            }
        });
    }
    let ledger = SqliteLedger::new(home);
    let verified = block_on(ledger.verify()).unwrap();
    assert_eq!(verified.discrepancies, []);
    let rows = u64::try_from(CALLS + 2 * WRITERS).unwrap();
    assert_eq!(
        (verified.rows, verified.waiting),
        (rows, Waiting::default())
    );
}

/// Lines that were edited, cut, or have unknown columns form no rows, and are reported.
#[test]
fn what_cannot_be_read_stays_and_is_told() {
    let (_directory, home) = damaged();
    for _ in 0..2 {
        call(&SqliteLedger::new(home.clone()));
    }
    mend(&home);
    let spool = read(&home.spool());
    let lines: Vec<&str> = spool.lines().collect();
    assert_eq!(lines.len(), 4);
    let edited = lines[2].replace("\"hf\"", "\"xx\"");
    let cut = &lines[3][..lines[3].len() / 2];
    let text = r#"{"call":"00000000-0000-7000-8000-000000000000","set":{"x = 1; --":1}}"#;
    let digest = ring_hash(text);
    let spoiled = [
        lines[0],
        lines[1],
        &edited,
        cut,
        &format!("{digest} {text}"),
    ]
    .join("\n");
    write(&home.spool(), &spoiled);
    let ledger = SqliteLedger::new(home);
    assert_eq!(call(&ledger), [None, None]);
    let verified = block_on(ledger.verify()).unwrap();
    assert_eq!(verified.rows, 2);
    assert_eq!(
        verified.waiting,
        Waiting {
            calls: 0,
            unreadable: 3
        }
    );
}

fn ring_hash(text: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    let bytes = digest.as_ref().iter();
    bytes.map(|byte| format!("{byte:02x}")).collect()
}

/// The spool is small: when it is full, a warning says so, and only the process keeps the call.
#[test]
fn a_full_spool_is_told() {
    let (_directory, home) = damaged();
    write(&home.spool(), vec![b'x'; 1024 * 1024]);
    let ledger = SqliteLedger::new(home.clone());
    let [began, _] = call(&ledger);
    let failure = began.unwrap();
    let told = failure.causes().join("; ");
    assert!(told.contains("could not be kept"), "{told}");
    assert!(told.contains("as much as it may"), "{told}");
    mend(&home);
    // The process lives and still has it.
    assert_eq!(call(&ledger), [None, None]);
    assert_eq!(block_on(ledger.verify()).unwrap().rows, 2);
}

const CALLS: usize = 30;
const WRITERS: usize = 6;

#[test]
fn a_lock_of_another_program_is_waited_for_once_in_a_call() {
    let (_directory, home) = home();
    home.create().unwrap();
    let ledger = SqliteLedger::new(home.clone());
    assert_eq!(call(&ledger), [None, None]);
    drop(ledger);
    let other = rusqlite::Connection::open(home.ledger()).unwrap();
    other
        .execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;")
        .unwrap();
    let ledger = SqliteLedger::new(home.clone());
    let began = Instant::now();
    for failure in call(&ledger) {
        let failure = failure.unwrap();
        assert_eq!(failure.code(), Code::StorageLocked, "{failure:?}");
    }
    // One wait is ten seconds.
    let waited = began.elapsed();
    assert!(waited < Duration::from_secs(18), "{waited:?}");
    drop(other);
    assert_eq!(call(&ledger), [None, None]);
    drop(ledger);
    let rows = block_on(SqliteLedger::new(home).history(everything_newest_first())).unwrap();
    assert_eq!(rows.len(), 3, "{rows:?}");
}
