//! Calls whose end is noted: their rows follow, or the first reader enters them.

use std::path::PathBuf;

use rusqlite::Connection;
use synapse_core::Code;
use synapse_core::ledger::{
    Closing, Entry, HubClosing, HubFacts, HubKind, HubOpening, Opening, Outcome, Reservation,
    UsageKey, UsageQuery,
};
use synapse_core::limits::{Allowance, LimitDecision, Limits, Need, UsageEstimate};
use synapse_core::ports::{HubLedger as _, Ledger as _, LedgerReader as _};
use synapse_core::time::Timestamp;
use synapse_home::Home;
use synapse_store::SqliteLedger;
use synapse_testkit::disk::{mode, names, read, write};

use crate::child::{Held, Role, ready_and_stop};
use crate::support::{NOON, closing, everything_newest_first, home, opening};

const DAY: i64 = 86_400_000;
/// Calls of a process in [`Role::EndAndStop`], each of 15 tokens.
const ENDED: usize = 3;

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(future)
}

/// A ledger that has written a row: a call is noted from the second one on.
async fn ledger(home: &Home) -> SqliteLedger {
    let ledger = SqliteLedger::new(home.clone());
    let first = opening("first", NOON);
    ledger.open(first.clone()).await.unwrap();
    ledger.complete(closing(&first)).await.unwrap();
    ledger
}

/// Makes a call of "work" with texts.
async fn call(ledger: &SqliteLedger, at: i64) -> Opening {
    let call = begin(ledger, at).await;
    ledger.complete(end(&call)).await.unwrap();
    call
}

async fn begin(ledger: &SqliteLedger, at: i64) -> Opening {
    let mut call = opening("work", at);
    call.prompt = Some("user: a zebra".to_owned());
    ledger.open(call.clone()).await.unwrap();
    ledger.sending(call.receipt.call_id, 99).await.unwrap();
    call
}

fn end(call: &Opening) -> Closing {
    let mut end = closing(call);
    end.reply = Some("an animal".to_owned());
    end
}

/// The rows of "work".
async fn rows(home: &Home) -> Vec<Entry> {
    let reader = SqliteLedger::new(home.clone());
    let mut rows = reader.history(everything_newest_first()).await.unwrap();
    rows.retain(|row| row.receipt.connection == "work");
    assert_eq!(reader.verify().await.unwrap().discrepancies, []);
    rows
}

/// Another connection with the lock for writing: rows wait until it is dropped.
fn lock(home: &Home) -> Connection {
    let database = Connection::open(home.ledger()).unwrap();
    database.execute_batch("BEGIN IMMEDIATE").unwrap();
    database
}

fn count(database: &Connection, sql: &str) -> i64 {
    database.query_row(sql, [], |row| row.get(0)).unwrap()
}

fn journal(home: &Home) -> PathBuf {
    let run = home.directory().join("run");
    let mut all = names(&run)
        .into_iter()
        .filter(|name| name.ends_with(".calls"));
    run.join(all.next().unwrap())
}

fn limits(tokens: u64) -> Limits {
    Limits {
        day: Allowance {
            tokens: Some(tokens),
            nano_usd: None,
        },
        ..Limits::default()
    }
}

/// Reserves 10 tokens for a call.
async fn reserve(ledger: &SqliteLedger, call: &Opening, limit: u64) -> LimitDecision {
    let need = Need {
        least: 10,
        most: 10,
    };
    let reservation = Reservation {
        call_id: call.receipt.call_id,
        connection: "work".to_owned(),
        at: call.started_at,
        limits: limits(limit),
        demand: UsageEstimate {
            tokens: need,
            nano_usd: None,
        },
    };
    ledger.reserve(reservation).await.unwrap()
}

/// Whether a call of 10 tokens fits a limit.
async fn fits(ledger: &SqliteLedger, at: i64, limit: u64) -> bool {
    let call = opening("work", at);
    ledger.open(call.clone()).await.unwrap();
    let judged = reserve(ledger, &call, limit).await;
    let fits = matches!(judged, LimitDecision::Granted(_));
    let mut refused = closing(&call);
    refused.outcome = Outcome::Refused;
    refused.receipt.usage = Default::default();
    refused.receipt.exchange.maybe_billed = false;
    ledger.complete(refused).await.unwrap();
    fits
}

#[tokio::test]
async fn an_answer_waits_for_no_row() {
    let (_directory, home) = home();
    let ledger = ledger(&home).await;
    let lock = lock(&home);
    let calls = [call(&ledger, NOON).await, call(&ledger, NOON).await];
    let event = HubOpening {
        call_id: opening("none", NOON).receipt.call_id,
        started_at: Timestamp::from_millis(NOON),
        kind: HubKind::Call,
        caller: Default::default(),
        facts: HubFacts::of("files"),
    };
    ledger.begin(event.clone()).await.unwrap();
    let ended = HubClosing {
        call_id: event.call_id,
        ended_at: Timestamp::from_millis(NOON + 5),
        outcome: Outcome::Ok,
        error_code: None,
        attempts: 1,
        http_status: None,
        bytes_out: 1,
        bytes_in: 2,
        latency_ms: Some(5),
        facts: event.facts.clone(),
    };
    ledger.end(ended).await.unwrap();
    assert_eq!(count(&lock, "SELECT count(*) FROM entries"), 1);
    assert_eq!(mode(&journal(&home)), 0o600);
    drop(lock);
    ledger.flush().await.unwrap();
    let rows = rows(&home).await;
    let ids: Vec<_> = rows.iter().map(|row| row.receipt.call_id).collect();
    assert_eq!(ids, [calls[1].receipt.call_id, calls[0].receipt.call_id]);
    let texts = ledger.text(ids[0]).await.unwrap().unwrap();
    assert_eq!(texts.reply.as_deref(), Some("an animal"));
    let event = ledger.entry(event.call_id).await.unwrap().unwrap();
    assert_eq!(event.receipt.exchange.bytes_in, 2);
    assert_eq!(read(&journal(&home)), "");
}

/// See [`Role::EndAndStop`]. The last call is in progress.
pub(crate) fn end_and_stop(home: &Home) {
    block_on(async {
        let ledger = ledger(home).await;
        let mut calls = Vec::new();
        for _ in 0..ENDED {
            calls.push(begin(&ledger, NOON + DAY).await);
        }
        let last = begin(&ledger, NOON + DAY).await;
        ready_and_stop(|| {
            for call in &calls {
                block_on_now(ledger.complete(end(call)));
            }
        });
        ledger.complete(end(&last)).await.unwrap();
        ledger.flush().await.unwrap();
    });
}

/// The future is ready.
fn block_on_now(written: synapse_core::ports::Written) {
    let mut written = written;
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let ready = written.as_mut().poll(&mut context);
    assert_eq!(ready, std::task::Poll::Ready(Ok(())));
}

fn stopped_in(home: &Home) -> Held {
    let process = Held::start(Role::EndAndStop, home);
    process.wait_until_stopped();
    process
}

/// The same in a home of its own, stopped before it wrote its rows: on a busy machine it may.
fn stopped() -> (tempfile::TempDir, Home, Held) {
    loop {
        let (directory, home) = home();
        let process = stopped_in(&home);
        let text = read(&journal(&home));
        if text.matches("\"ended_at\"").count() == ENDED {
            return (directory, home, process);
        }
    }
}

fn assert_whole(rows: &[Entry], outcomes: &[Outcome]) {
    let found: Vec<Outcome> = rows.iter().map(|row| row.outcome).collect();
    assert_eq!(found, outcomes);
    for row in rows.iter().filter(|row| row.outcome == Outcome::Ok) {
        assert_eq!(row.receipt.usage.prompt_tokens, Some(10));
        assert_eq!(row.receipt.usage.completion_tokens, Some(5));
        assert_eq!(row.receipt.exchange.http_status, Some(200));
        assert_eq!(
            row.ended_at,
            Some(Timestamp::from_millis(NOON + DAY + 1500))
        );
    }
}

/// Between the line of the end and the row, with and without a reader before.
#[tokio::test]
async fn a_kill_behind_the_answer_loses_nothing_of_it() {
    for watched in [false, true] {
        let (_directory, home, process) = stopped();
        if watched {
            let [ok, open] = [Outcome::Ok, Outcome::Open];
            assert_whole(&rows(&home).await, &[open, ok, ok, ok]);
        }
        process.kill();
        for _ in 0..2 {
            let rows = rows(&home).await;
            let [ok, interrupted] = [Outcome::Ok, Outcome::Interrupted];
            assert_whole(&rows, &[interrupted, ok, ok, ok]);
            let reader = SqliteLedger::new(home.clone());
            let text = reader.text(rows[1].receipt.call_id).await.unwrap().unwrap();
            assert_eq!(text.prompt, "user: a zebra");
            assert_eq!(text.reply.as_deref(), Some("an animal"));
            let query = UsageQuery::by(UsageKey::Connection);
            let total = reader.usage(query).await.unwrap().total;
            assert_eq!((total.calls, total.prompt_tokens), (5, 40));
        }
        assert_eq!(names(&home.directory().join("run")), [""; 0]);
    }
}

/// A reader read the file before the end was noted, and found the process dead afterwards.
#[tokio::test]
async fn an_end_that_was_noted_corrects_an_interrupted_row() {
    let (_directory, home, process) = stopped();
    let journal = journal(&home);
    let text = read(&journal);
    process.kill();
    let starts = text.lines().filter(|line| !line.contains("\"ended_at\""));
    write(&journal, starts.collect::<Vec<_>>().join("\n"));
    assert_whole(&rows(&home).await, &[Outcome::Interrupted; ENDED + 1]);
    write(&journal, text);
    let [ok, interrupted] = [Outcome::Ok, Outcome::Interrupted];
    assert_whole(&rows(&home).await, &[interrupted, ok, ok, ok]);
}

/// The process writes its rows after a reader has entered them.
#[tokio::test]
async fn a_call_that_a_reader_entered_is_one_row() {
    let (_directory, home, process) = stopped();
    let before = rows(&home).await;
    // Entered when it ended, the row proves the day.
    let database = Connection::open(home.ledger()).unwrap();
    assert_eq!(count(&database, "SELECT count(*) FROM days"), 2);
    drop(database);
    process.resume();
    process.release();
    let after = rows(&home).await;
    assert_whole(&after, &[Outcome::Ok; ENDED + 1]);
    assert_eq!(before[1..], after[1..]);
    let reader = SqliteLedger::new(home.clone());
    let found = reader.verify().await.unwrap();
    assert_eq!((found.rows, found.waiting.calls), (5, 0));
    let mut query = everything_newest_first();
    query.text = Some("animal".to_owned());
    assert_eq!(reader.history(query).await.unwrap().len(), ENDED + 1);
}

/// The lines of its rows remain, from which they would be entered again.
#[tokio::test]
async fn a_purge_leaves_the_rows_that_a_process_still_writes() {
    let (_directory, home, process) = stopped();
    assert_eq!(rows(&home).await.len(), ENDED + 1);
    let reader = SqliteLedger::new(home.clone());
    let all = Timestamp::from_millis(NOON + 2 * DAY);
    assert_eq!(reader.purge(all).await.unwrap().rows, 1);
    assert_eq!(rows(&home).await.len(), ENDED + 1);
    process.resume();
    process.release();
    assert_eq!(rows(&home).await.len(), ENDED + 1);
    let purged = reader.purge(all).await.unwrap();
    assert_eq!((purged.rows, purged.texts), (4, 4));
    assert_eq!(rows(&home).await, []);
}

#[tokio::test]
async fn a_purge_takes_the_rows_that_this_process_did_not_write_yet() {
    let (_directory, home) = home();
    let ledger = ledger(&home).await;
    call(&ledger, NOON).await;
    let all = Timestamp::from_millis(NOON + DAY);
    assert_eq!(ledger.purge(all).await.unwrap().rows, 2);
    ledger.flush().await.unwrap();
    assert_eq!(rows(&home).await, []);
}

/// Of this process, and of one that did not write their rows yet: a limit set meanwhile counts them.
#[tokio::test]
async fn limits_count_every_ended_call() {
    let (_directory, home) = home();
    let ledger = ledger(&home).await;
    for _ in 0..ENDED {
        call(&ledger, NOON).await;
    }
    assert!(!fits(&ledger, NOON, 3 * 15 + 9).await);
    call(&ledger, NOON).await;
    assert!(fits(&ledger, NOON, 4 * 15 + 10).await);
    drop(ledger);

    let (_directory, home) = self::home();
    // Its connection is open already: opening one would enter the calls.
    let ledger = self::ledger(&home).await;
    let process = stopped_in(&home);
    assert!(!fits(&ledger, NOON + DAY, 3 * 15 + 9).await);
    process.kill();
    assert!(fits(&ledger, NOON + DAY, 3 * 15 + 10).await);
}

/// Only the reservation is waited for; the rest is noted, and counts by itself.
#[tokio::test]
async fn a_call_with_a_reservation_ends_without_its_row() {
    for is_read_first in [false, true] {
        let (_directory, home) = home();
        let ledger = ledger(&home).await;
        let other = self::ledger(&home).await;
        let mut call = opening("work", NOON);
        call.prompt = Some("user: a zebra".to_owned());
        ledger.open(call.clone()).await.unwrap();
        let granted = reserve(&ledger, &call, 10).await;
        assert!(matches!(granted, LimitDecision::Granted(_)));
        let lock = lock(&home);
        ledger.sending(call.receipt.call_id, 99).await.unwrap();
        ledger.complete(end(&call)).await.unwrap();
        let open = "SELECT count(*) FROM entries WHERE outcome = 'open' AND reserved_tokens = 10";
        assert_eq!(count(&lock, open), 1);
        drop(lock);
        if is_read_first {
            // Its 15 tokens count, and not the reservation.
            assert!(!fits(&other, NOON, 24).await);
            assert!(fits(&other, NOON, 25).await);
        }
        ledger.flush().await.unwrap();
        let mut rows = rows(&home).await;
        rows.retain(|row| row.receipt.call_id == call.receipt.call_id);
        assert_eq!(rows[0].outcome, Outcome::Ok);
        let receipt = &rows[0].receipt;
        assert_eq!(receipt.exchange, end(&call).receipt.exchange);
        assert_eq!(receipt.usage, end(&call).receipt.usage);
        let texts = ledger.text(call.receipt.call_id).await.unwrap().unwrap();
        assert_eq!(texts.reply.as_deref(), Some("an animal"));
        assert_eq!(read(&journal(&home)), "");
        drop(ledger);
        drop(other);
        assert_eq!(names(&home.directory().join("run")), [""; 0]);
    }
}

/// A process that dies after its answer keeps its tokens, and one that dies before it its departure.
#[tokio::test]
async fn a_killed_call_with_a_reservation_is_what_it_was() {
    for is_answered in [true, false] {
        let (_directory, home) = home();
        let ledger = ledger(&home).await;
        let call = begin(&ledger, NOON).await;
        reserve(&ledger, &call, 10).await;
        ledger.sending(call.receipt.call_id, 99).await.unwrap();
        if is_answered {
            ledger.complete(end(&call)).await.unwrap();
        }
        let rows = rows(&home).await;
        let row = &rows[0];
        if is_answered {
            assert_eq!(row.outcome, Outcome::Ok);
            assert_eq!(row.receipt.usage, end(&call).receipt.usage);
        } else {
            assert_eq!(row.outcome, Outcome::Open);
            assert_eq!(row.receipt.exchange.bytes_out, 99);
        }
    }
}

/// Under calls that overlap all the time the file stays small, and no text stays in it.
#[tokio::test]
async fn the_file_keeps_the_calls_in_progress_and_nothing_else() {
    let (_directory, home) = home();
    let ledger = ledger(&home).await;
    let mut held = opening("held", NOON);
    held.prompt = Some("user: a giraffe".to_owned());
    ledger.open(held.clone()).await.unwrap();
    for calls in [10, 590] {
        for _ in 0..calls {
            call(&ledger, NOON).await;
        }
        ledger.flush().await.unwrap();
        let text = read(&journal(&home));
        assert!(text.len() < 70 * 1024, "{}", text.len());
        assert!(text.contains("giraffe") && !text.contains("zebra") && !text.contains("animal"));
    }
    assert_eq!(mode(&journal(&home)), 0o600);
    // The line of the call in progress is understood in its new place.
    let reader = SqliteLedger::new(home.clone());
    let entry = reader.entry(held.receipt.call_id).await.unwrap().unwrap();
    assert_eq!(entry.outcome, Outcome::Open);
    ledger.complete(end(&held)).await.unwrap();
    ledger.flush().await.unwrap();
    assert_eq!(read(&journal(&home)), "");
    assert_eq!(rows(&home).await.len(), 600);
}

/// The row waits in the spool, and the next answer says so.
#[tokio::test]
async fn a_row_that_cannot_be_written_later_is_told_once_by_the_next_answer() {
    for by_flush in [false, true] {
        let (_directory, home) = home();
        let ledger = ledger(&home).await;
        let database = Connection::open(home.ledger()).unwrap();
        let rename = |from: &str, to: &str| {
            let sql = format!("ALTER TABLE {from} RENAME TO {to}");
            database.execute_batch(&sql).unwrap();
        };
        rename("chain", "elsewhere");
        call(&ledger, NOON).await;
        if by_flush {
            let failure = ledger.flush().await.unwrap_err();
            assert_eq!(failure.code(), Code::StorageCorrupt);
            rename("elsewhere", "chain");
        } else {
            // Waits for the row, and reports nothing.
            drop(ledger.purge(Timestamp::from_millis(0)).await);
            rename("elsewhere", "chain");
            let next = begin(&ledger, NOON).await;
            let failure = ledger.complete(end(&next)).await.unwrap_err();
            assert_eq!(failure.code(), Code::StorageCorrupt);
            let causes = failure.causes().join("; ");
            assert!(causes.contains("returned before"), "{causes}");
            assert!(causes.contains("ledger.spool"), "{causes}");
        }
        call(&ledger, NOON).await;
        assert_eq!(ledger.flush().await, Ok(()));
        let rows = rows(&home).await;
        assert_eq!(rows.len(), if by_flush { 2 } else { 3 });
        assert!(rows.iter().all(|row| row.outcome == Outcome::Ok));
    }
}

/// Neither the ledger nor the spool can be written: the line stays.
#[tokio::test]
async fn a_row_that_can_be_kept_nowhere_stays_in_the_journal() {
    let (_directory, home) = home();
    let ledger = ledger(&home).await;
    let database = Connection::open(home.ledger()).unwrap();
    database
        .execute_batch("ALTER TABLE chain RENAME TO elsewhere")
        .unwrap();
    write(&home.spool(), vec![b'x'; 1024 * 1024]);
    call(&ledger, NOON).await;
    assert!(ledger.flush().await.is_err());
    // Like a killed process.
    std::mem::forget(ledger);
    database
        .execute_batch("ALTER TABLE elsewhere RENAME TO chain")
        .unwrap();
    assert_eq!(rows(&home).await.len(), 1);
}

#[tokio::test]
async fn a_call_that_requires_a_row_has_one_before_anything_else() {
    let (_directory, home) = home();
    let ledger = ledger(&home).await;
    write(
        &home.connections(),
        "format = 1\n[ledger]\nrequired = true\n",
    );
    let database = Connection::open(home.ledger()).unwrap();
    let has = |outcome: &str| {
        let sql = format!(
            "SELECT count(*) FROM entries WHERE connection = 'work' AND outcome = '{outcome}'"
        );
        count(&database, &sql)
    };
    let call = begin(&ledger, NOON).await;
    assert_eq!(has("open"), 1);
    ledger.complete(end(&call)).await.unwrap();
    assert_eq!(has("ok"), 1);
}
