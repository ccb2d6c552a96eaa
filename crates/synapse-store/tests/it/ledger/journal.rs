//! Calls in progress: noted in a file of their process, and rows for everybody who asks.

use std::path::PathBuf;

use synapse_core::call::CallId;
use synapse_core::ledger::{Entry, HubFacts, HubKind, HubOpening, Outcome, Reservation};
use synapse_core::limits::{LimitDecision, Limits, UsageEstimate};
use synapse_core::ports::{HubLedger as _, Ledger as _, LedgerReader as _};
use synapse_core::time::Timestamp;
use synapse_home::Home;
use synapse_store::SqliteLedger;
use synapse_testkit::disk::{mode, names, read, write};

use crate::child::{Held, Role};
use crate::support::{NOON, closing, everything_newest_first, home, opening};

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

fn event() -> HubOpening {
    HubOpening {
        call_id: opening("none", NOON).receipt.call_id,
        started_at: Timestamp::from_millis(NOON),
        kind: HubKind::Call,
        caller: Default::default(),
        facts: HubFacts::of("files"),
    }
}

/// The files of calls in progress.
fn journals(home: &Home) -> Vec<PathBuf> {
    let run = home.directory().join("run");
    let all = names(&run).into_iter().map(|name| run.join(name));
    all.filter(|path| path.extension().is_some_and(|found| found == "calls"))
        .collect()
}

/// The rows but the first, by age.
async fn others(home: &Home) -> Vec<Entry> {
    let reader = SqliteLedger::new(home.clone());
    assert_eq!(reader.verify().await.unwrap().discrepancies, []);
    let rows = reader.history(everything_newest_first()).await.unwrap();
    let rows = rows.into_iter().rev();
    rows.filter(|row| row.receipt.connection != "first")
        .collect()
}

fn rows_in_the_file(home: &Home, call_id: CallId) -> i64 {
    let database = rusqlite::Connection::open(home.ledger()).unwrap();
    let sql = "SELECT count(*) FROM entries WHERE call_id = ?";
    let id = call_id.as_uuid().into_bytes();
    database.query_row(sql, [id], |row| row.get(0)).unwrap()
}

/// See [`a_process_that_is_killed_leaves_what_it_noted`].
pub(crate) fn note_and_wait(home: &Home) {
    let ledger = block_on(ledger(home));
    let mut sent = opening("sent", NOON);
    sent.prompt = Some("user: a zebra".to_owned());
    let event = event();
    block_on(async {
        ledger.open(sent.clone()).await.unwrap();
        ledger.sending(sent.receipt.call_id, 99).await.unwrap();
        ledger.open(opening("held", NOON)).await.unwrap();
        ledger.begin(event.clone()).await.unwrap();
        ledger.departing(event.call_id, 77).await.unwrap();
    });
    assert_eq!(rows_in_the_file(home, event.call_id), 0);
    crate::child::ready_and_wait();
}

#[tokio::test]
async fn a_process_that_is_killed_leaves_what_it_noted() {
    let (_directory, home) = home();
    let process = Held::start(Role::NoteAndWait, &home);
    assert_eq!(mode(&journals(&home)[0]), 0o600);
    for outcome in [Outcome::Open, Outcome::Open] {
        let rows = others(&home).await;
        assert!(rows.iter().all(|row| row.outcome == outcome), "{rows:?}");
        assert_eq!(rows.len(), 3);
    }
    process.kill();
    let rows = others(&home).await;
    let outcomes: Vec<Outcome> = rows.iter().map(|row| row.outcome).collect();
    assert_eq!(outcomes, [Outcome::Interrupted; 3]);
    let [sent, event, held] = &rows[..] else {
        panic!("{rows:?}");
    };
    let left = |row: &Entry| {
        let exchange = &row.receipt.exchange;
        (exchange.attempts, exchange.maybe_billed, exchange.bytes_out)
    };
    assert_eq!(left(sent), (1, true, 99));
    assert_eq!(left(held), (0, false, 0));
    assert_eq!(left(event), (1, false, 77));
    assert!(event.hub.as_ref().unwrap().may_have_run);
    let reader = SqliteLedger::new(home.clone());
    let text = reader.text(sent.receipt.call_id).await.unwrap().unwrap();
    assert_eq!((text.prompt.as_str(), text.reply), ("user: a zebra", None));
    // Who completed the rows also cleaned up.
    assert_eq!(names(&home.directory().join("run")), [""; 0]);
}

/// Killed before anybody asked: nothing but its file knows of the calls.
#[tokio::test]
async fn a_killed_process_that_nobody_watched_is_found_by_the_next_writer() {
    let (_directory, home) = home();
    Held::start(Role::NoteAndWait, &home).kill();
    drop(ledger(&home).await);
    let database = rusqlite::Connection::open(home.ledger()).unwrap();
    let sql = "SELECT count(*) FROM entries WHERE outcome = 'interrupted'";
    let count: i64 = database.query_row(sql, [], |row| row.get(0)).unwrap();
    assert_eq!(count, 3);
    assert_eq!(names(&home.directory().join("run")), [""; 0]);
}

#[tokio::test]
async fn a_call_is_one_row_whether_somebody_asked_meanwhile_or_not() {
    for asked in [false, true] {
        let (_directory, home) = home();
        let ledger = ledger(&home).await;
        let mut call = opening("work", NOON);
        call.prompt = Some("user: a zebra".to_owned());
        let event = event();
        ledger.open(call.clone()).await.unwrap();
        ledger.sending(call.receipt.call_id, 99).await.unwrap();
        ledger.begin(event.clone()).await.unwrap();
        if asked {
            assert_eq!(others(&home).await.len(), 2);
        }
        let in_file = rows_in_the_file(&home, call.receipt.call_id);
        assert_eq!(in_file, i64::from(asked));
        let mut ending = closing(&call);
        ending.reply = Some("an animal".to_owned());
        ledger.complete(ending.clone()).await.unwrap();
        let ended = synapse_core::ledger::HubClosing {
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
        ledger.flush().await.unwrap();
        let rows = others(&home).await;
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].receipt, ending.receipt);
        assert_eq!(rows[0].caller, call.caller);
        assert_eq!(rows[1].receipt.exchange.bytes_in, 2);
        assert!(rows.iter().all(|row| row.outcome == Outcome::Ok));
        let text = ledger.text(call.receipt.call_id).await.unwrap().unwrap();
        assert_eq!(text.reply.as_deref(), Some("an animal"));
        // The words of both are found, and no prompt stays in the file.
        for word in ["zebra", "animal"] {
            let mut query = everything_newest_first();
            query.text = Some(word.to_owned());
            assert_eq!(ledger.history(query).await.unwrap().len(), 1, "{word}");
        }
        assert_eq!(read(&journals(&home)[0]), "");
    }
}

#[tokio::test]
async fn a_line_that_was_cut_or_changed_is_no_call() {
    let (_directory, home) = home();
    let ledger = ledger(&home).await;
    for connection in ["a", "b", "c"] {
        ledger.open(opening(connection, NOON)).await.unwrap();
    }
    let journal = journals(&home).remove(0);
    let lines = read(&journal);
    let lines: Vec<&str> = lines.trim_end_matches('\0').lines().collect();
    let changed = lines[1].replace("\"b\"", "\"x\"");
    let cut = &lines[2][..lines[2].len() / 2];
    write(&journal, [lines[0], &changed, cut].join("\n"));
    let rows = others(&home).await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].receipt.connection, "a");
}

/// Without its file, as on a full disk, a call is a row at once.
#[tokio::test]
async fn a_call_that_cannot_be_noted_is_a_row_at_once() {
    let (_directory, home) = home();
    let ledger = ledger(&home).await;
    // A directory where the file would be.
    let run = home.directory().join("run");
    let lock = names(&run).remove(0);
    std::fs::create_dir(run.join(lock.replace(".lock", ".calls"))).unwrap();
    let call = opening("work", NOON);
    ledger.open(call.clone()).await.unwrap();
    assert_eq!(rows_in_the_file(&home, call.receipt.call_id), 1);
    ledger.complete(closing(&call)).await.unwrap();
    assert_eq!(others(&home).await[0].outcome, Outcome::Ok);
}

/// A limit is checked after a reader has entered the call, and the process ends before the call.
#[tokio::test]
async fn a_call_that_a_reader_entered_can_be_reserved_and_left_open() {
    let (_directory, home) = home();
    let ledger = ledger(&home).await;
    let (limited, left) = (opening("work", NOON), opening("work", NOON));
    for call in [&limited, &left] {
        ledger.open(call.clone()).await.unwrap();
    }
    assert_eq!(others(&home).await.len(), 2);
    let reservation = Reservation {
        call_id: limited.receipt.call_id,
        connection: "work".to_owned(),
        at: limited.started_at,
        limits: Limits::default(),
        demand: UsageEstimate::of_text(10, None),
    };
    let judged = ledger.reserve(reservation).await.unwrap();
    assert!(matches!(judged, LimitDecision::Granted(_)), "{judged:?}");
    ledger.complete(closing(&limited)).await.unwrap();
    drop(ledger);
    let outcomes: Vec<Outcome> = others(&home).await.iter().map(|row| row.outcome).collect();
    assert_eq!(outcomes, [Outcome::Ok, Outcome::Interrupted]);
}
