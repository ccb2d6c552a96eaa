//! One row per call, from its opening to the history pages.

use synapse_core::Code;
use synapse_core::call::Operation;
use synapse_core::chat::Usage;
use synapse_core::ledger::{
    Closing, Column, Entry, Filter, HistoryQuery, Opening, Outcome, UsageKey, UsageQuery,
};
use synapse_core::money::{Cost, CostSource};
use synapse_core::ports::{Ledger as _, LedgerReader as _};
use synapse_core::receipt::Exchange;
use synapse_core::time::Timestamp;
use synapse_store::SqliteLedger;
use synapse_testkit::disk::{mode, names};

use crate::support::{NOON, closing, everything_newest_first, home, opening};

fn entry(opening: &Opening, closing: Option<&Closing>) -> Entry {
    Entry {
        started_at: opening.started_at,
        ended_at: closing.map(|closing| closing.ended_at),
        operation: opening.operation.as_str().to_owned(),
        outcome: closing.map_or(Outcome::Open, |closing| closing.outcome),
        error_class: closing
            .and_then(|closing| closing.error_code)
            .map(|code| code.class().as_str().to_owned()),
        error_code: closing
            .and_then(|closing| closing.error_code)
            .map(|code| code.as_str().to_owned()),
        caller: opening.caller.clone(),
        receipt: closing
            .map_or(&opening.receipt, |closing| &closing.receipt)
            .clone(),
        hub: None,
    }
}

#[tokio::test]
async fn an_absent_ledger_is_empty_and_reading_creates_nothing() {
    let (directory, home) = home();
    let ledger = SqliteLedger::new(home);
    assert_eq!(ledger.history(everything_newest_first()).await, Ok(vec![]));
    let call = opening("a", NOON);
    assert_eq!(ledger.entry(call.receipt.call_id).await, Ok(None));
    assert_eq!(ledger.flush().await, Ok(()));
    drop(ledger);
    assert_eq!(names(directory.path()), [""; 0]);
}

#[tokio::test]
async fn a_row_is_open_before_the_call_and_complete_behind_it() {
    let (_directory, home) = home();
    let ledger = SqliteLedger::new(home.clone());
    let other = SqliteLedger::new(home.clone());
    let opening = opening("hf", NOON);
    ledger.open(opening.clone()).await.unwrap();
    assert_eq!(
        other.history(everything_newest_first()).await.unwrap(),
        [entry(&opening, None)]
    );
    assert_eq!(mode(&home.ledger()), 0o600);
    assert_eq!(mode(&home.directory().join("ledger.db-wal")), 0o600);
    assert_eq!(mode(&home.directory().join("run")), 0o700);

    let closing = closing(&opening);
    ledger.close(closing.clone());
    ledger.flush().await.unwrap();
    let complete = entry(&opening, Some(&closing));
    assert_eq!(
        other.entry(opening.receipt.call_id).await.unwrap(),
        Some(complete)
    );

    drop(ledger);
    // It has a connection open, and the last one to close cleans up.
    drop(other);
    // A clean exit leaves neither a log nor a presence file.
    assert_eq!(
        names(home.directory()),
        ["ledger.db", "ledger.lock", "ledger.repair.lock", "run"]
    );
    assert_eq!(names(&home.directory().join("run")), [""; 0]);
}

#[tokio::test]
async fn every_field_comes_back_as_it_went_in() {
    let (_directory, home) = home();
    let ledger = SqliteLedger::new(home);
    let mut opening = opening("hf", NOON);
    opening.operation = Operation::Probe;
    opening.caller = Default::default();
    let mut closing = closing(&opening);
    closing.outcome = Outcome::Error;
    closing.error_code = Some(Code::ProviderFailed);
    closing.receipt.model_served = Some("served ü '\"\0".into());
    closing.receipt.exchange = Exchange {
        attempts: 1,
        host: "127.0.0.1:8080".into(),
        http_status: Some(503),
        request_id: Some("req_1".into()),
        served_by: Some("novita".into()),
        bytes_out: 120,
        bytes_in: 3_000_000_000,
        headers_ms: Some(0),
        maybe_billed: true,
        stated: None,
    };
    closing.receipt.finish_reason = Some("length".into());
    closing.receipt.usage = Usage {
        prompt_tokens: Some(0),
        completion_tokens: Some(2),
        cached_tokens: Some(3),
        cache_write_tokens: Some(4),
        reasoning_tokens: None,
    };
    closing.receipt.cost = Cost {
        amount_nano_usd: Some(1_234_567_890_123),
        source: CostSource::Estimated,
        priced_at: Some(Timestamp::from_millis(NOON - 1)),
    };
    closing.receipt.latency_ms = Some(1500);
    ledger.open(opening.clone()).await.unwrap();
    ledger.close(closing.clone());
    ledger.flush().await.unwrap();
    assert_eq!(
        ledger.entry(opening.receipt.call_id).await.unwrap(),
        Some(entry(&opening, Some(&closing)))
    );
}

#[tokio::test]
async fn every_source_of_a_cost_comes_back_and_a_newer_word_is_unknown() {
    let (_directory, home) = home();
    let ledger = SqliteLedger::new(home.clone());
    for source in CostSource::ALL {
        let opening = opening("hf", NOON);
        let mut closing = closing(&opening);
        closing.receipt.cost.source = source;
        ledger.open(opening.clone()).await.unwrap();
        ledger.close(closing);
        ledger.flush().await.unwrap();
        let id = opening.receipt.call_id;
        let found = ledger.entry(id).await.unwrap().unwrap();
        assert_eq!(found.receipt.cost.source, source);
    }
    let database = rusqlite::Connection::open(home.ledger()).unwrap();
    database
        .execute("UPDATE entries SET cost_source = 'GUESSED'", [])
        .unwrap();
    for entry in ledger.history(everything_newest_first()).await.unwrap() {
        assert_eq!(entry.receipt.cost.source, CostSource::Unknown);
    }
}

/// A provider may report any number; sums over the ledger must stay possible.
#[tokio::test]
async fn a_count_that_no_call_can_have_is_not_known() {
    let (_directory, home) = home();
    let ledger = SqliteLedger::new(home);
    for absurd in [i64::MAX.unsigned_abs(), u64::MAX, 1_000_000_000_000_001] {
        let opening = opening("hf", NOON);
        let mut closing = closing(&opening);
        closing.receipt.usage.prompt_tokens = Some(absurd);
        closing.receipt.cost = Cost {
            amount_nano_usd: Some(absurd),
            source: CostSource::Estimated,
            priced_at: Some(Timestamp::from_millis(NOON)),
        };
        closing.receipt.latency_ms = Some(u64::MAX);
        ledger.open(opening.clone()).await.unwrap();
        ledger.close(closing);
        ledger.flush().await.unwrap();
        let found = ledger
            .entry(opening.receipt.call_id)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(found.receipt.usage.prompt_tokens, None);
        assert_eq!(found.receipt.cost, Cost::default());
        assert_eq!(found.receipt.latency_ms, Some(i64::MAX.unsigned_abs()));
    }
    let query = UsageQuery::by(UsageKey::Day);
    let lines = ledger.usage(query).await.unwrap().lines;
    assert_eq!((lines[0].prompt_tokens, lines[0].unknown_tokens), (0, 3));
}

#[tokio::test]
async fn pages_are_newest_first_and_filtered() {
    let (_directory, home) = home();
    let ledger = SqliteLedger::new(home);
    let mut calls = Vec::new();
    for number in 0..10 {
        let opening = opening(["a", "b"][number % 2], NOON);
        ledger.open(opening.clone()).await.unwrap();
        let mut closing = closing(&opening);
        if number % 5 == 0 {
            closing.outcome = Outcome::Refused;
            closing.error_code = Some(Code::CredentialEmpty);
        }
        if number != 7 {
            ledger.close(closing);
        }
        calls.push(opening.receipt.call_id);
    }
    ledger.flush().await.unwrap();
    let page = async |query: HistoryQuery| -> Vec<usize> {
        let entries = ledger.history(query).await.unwrap();
        let number = |entry: &Entry| {
            let id = entry.receipt.call_id;
            calls.iter().position(|call| *call == id).unwrap()
        };
        entries.iter().map(number).collect()
    };
    let all = everything_newest_first;
    assert_eq!(page(all()).await, [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
    let first = HistoryQuery { limit: 4, ..all() };
    assert_eq!(page(first.clone()).await, [9, 8, 7, 6]);
    let next = HistoryQuery {
        after: Some(calls[6]),
        ..first
    };
    assert_eq!(page(next).await, [5, 4, 3, 2]);
    assert_eq!(page(HistoryQuery { limit: 0, ..all() }).await, [0; 0]);

    let b = HistoryQuery {
        filters: vec![Filter::is(Column::Connection, "b")],
        ..all()
    };
    assert_eq!(page(b.clone()).await, [9, 7, 5, 3, 1]);
    let next = HistoryQuery {
        after: Some(calls[5]),
        limit: 1,
        ..b.clone()
    };
    assert_eq!(page(next).await, [3]);
    let refused = HistoryQuery {
        outcome: Some(Outcome::Refused),
        ..all()
    };
    assert_eq!(page(refused).await, [5, 0]);
    let refused = HistoryQuery {
        outcome: Some(Outcome::Refused),
        ..b
    };
    assert_eq!(page(refused).await, [5]);
    let ok = HistoryQuery {
        outcome: Some(Outcome::Ok),
        limit: 2,
        ..all()
    };
    assert_eq!(page(ok).await, [9, 8]);
    let open = HistoryQuery {
        outcome: Some(Outcome::Open),
        ..all()
    };
    assert_eq!(page(open).await, [7]);
    let interrupted = HistoryQuery {
        outcome: Some(Outcome::Interrupted),
        ..all()
    };
    assert_eq!(page(interrupted).await, [0; 0]);
}

#[tokio::test]
async fn what_is_still_queued_is_written_before_the_ledger_is_gone() {
    let (_directory, home) = home();
    let ledger = SqliteLedger::new(home.clone());
    for _ in 0..100 {
        let opening = opening("hf", NOON);
        ledger.open(opening.clone()).await.unwrap();
        ledger.close(closing(&opening));
    }
    drop(ledger);
    let entries = SqliteLedger::new(home)
        .history(everything_newest_first())
        .await
        .unwrap();
    assert_eq!(entries.len(), 100);
    assert!(entries.iter().all(|entry| entry.outcome == Outcome::Ok));
}

#[tokio::test]
async fn a_row_that_cannot_be_completed_is_reported_once_by_the_next_flush() {
    let (_directory, home) = home();
    let ledger = SqliteLedger::new(home);
    let known = opening("hf", NOON);
    let unknown = opening("hf", NOON);
    ledger.open(known.clone()).await.unwrap();
    ledger.close(closing(&unknown));
    ledger.close(closing(&known));
    let failure = ledger.flush().await.unwrap_err();
    assert_eq!(failure.code(), Code::StorageUnavailable);
    assert!(
        failure
            .message()
            .contains(&unknown.receipt.call_id.to_string())
    );
    assert_eq!(ledger.flush().await, Ok(()));
    let found = ledger.entry(known.receipt.call_id).await.unwrap().unwrap();
    assert_eq!(found.outcome, Outcome::Ok);
    // A duplicate call is reported when its row is written, and does not affect the existing one.
    ledger.open(known.clone()).await.unwrap();
    let mut again = closing(&known);
    again.ended_at = Timestamp::from_millis(NOON + 2_000);
    ledger.complete(again).await.unwrap();
    assert!(ledger.flush().await.is_err());
    let still = ledger.entry(known.receipt.call_id).await.unwrap();
    assert_eq!(still, Some(found));
    ledger.open(opening("hf", NOON + 1)).await.unwrap();
}

#[tokio::test]
async fn times_are_kept_to_the_millisecond() {
    let (_directory, home) = home();
    let ledger = SqliteLedger::new(home);
    for millis in [-1, 0, NOON + 123] {
        let call = opening("hf", millis);
        ledger.open(call.clone()).await.unwrap();
        let found = ledger.entry(call.receipt.call_id).await.unwrap().unwrap();
        assert_eq!(found.started_at, Timestamp::from_millis(millis));
    }
}
