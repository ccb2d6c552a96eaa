//! A ledger of an older Synapse is migrated with its rows, and a running older Synapse can no
//! longer write to it.

use rusqlite::params;
use synapse_core::ledger::{HistoryQuery, Outcome, UsageKey, UsageQuery};
use synapse_core::ports::{Ledger as _, LedgerReader as _};
use synapse_home::Home;
use synapse_store::{SqliteLedger, SqlitePrices};

use crate::support::{NOON, home, opening};

/// The tables of the second format, as released.
const SECOND_FORMAT: &str = include_str!("../../second_format.sql");

/// The tables of the third format, as released.
const THIRD_FORMAT: &str = include_str!("../../third_format.sql");

const INSERT: &str = "INSERT INTO calls
    (call_id, writer, started_at, operation, outcome, connection, provider, host, model_requested,
     attempts, maybe_billed, bytes_out, bytes_in, latency_ms, prompt_tokens, completion_tokens,
     cost_nano_usd, cost_source)
    VALUES (?, randomblob(16), ?, 'chat', ?, 'old', 'openai', 'h', 'm', 1, 1, 1, 1, ?, 10, 5, ?,
            'ESTIMATED')";

const ROWS: i64 = 2_500;

/// A ledger of the second format with many rows, one of them open in another process.
fn old(home: &Home) -> rusqlite::Connection {
    home.create().unwrap();
    let database = rusqlite::Connection::open(home.ledger()).unwrap();
    database.pragma_update(None, "journal_mode", "WAL").unwrap();
    database.execute_batch(SECOND_FORMAT).unwrap();
    database.execute_batch("BEGIN").unwrap();
    for number in 0..ROWS {
        let mut id = [0_u8; 16];
        id[8..].copy_from_slice(&number.to_be_bytes());
        let outcome = match number {
            7 => "open",
            number if number % 10 == 0 => "error",
            _ => "ok",
        };
        let cost = (number % 4 > 0).then_some(1_000);
        let started_at = NOON + number * 3_600_000;
        database
            .execute(INSERT, params![id, started_at, outcome, number, cost])
            .unwrap();
    }
    database.execute_batch("COMMIT").unwrap();
    database
}

#[tokio::test]
async fn old_rows_are_sealed_and_summed_by_whoever_opens_the_file_first() {
    let write_first = async |ledger: &SqliteLedger| {
        ledger.open(opening("new", NOON)).await.unwrap();
    };
    let read_first = async |ledger: &SqliteLedger| {
        ledger.history(HistoryQuery::newest(1)).await.unwrap();
    };
    for writes in [true, false] {
        let (_directory, home) = home();
        drop(old(&home));
        let ledger = SqliteLedger::new(home.clone());
        if writes {
            write_first(&ledger).await;
        } else {
            read_first(&ledger).await;
        }
        let verified = ledger.verify().await.unwrap();
        assert_eq!(verified.discrepancies, []);
        // The open row has no process any more.
        assert_eq!(verified.rows, u64::try_from(ROWS).unwrap());
        let query = UsageQuery::by(UsageKey::Connection);
        let report = ledger.usage(query).await.unwrap();
        let old = report.lines.iter().find(|line| line.key == "old").unwrap();
        assert_eq!((old.calls, old.ok, old.failed), (2_500, 2_249, 251));
        assert_eq!((old.prompt_tokens, old.completion_tokens), (25_000, 12_500));
        assert_eq!((old.cost_nano_usd, old.unknown_cost), (1_875_000, 625));
        let query = HistoryQuery {
            outcome: Some(Outcome::Interrupted),
            ..HistoryQuery::newest(10)
        };
        assert_eq!(ledger.history(query).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn an_older_synapse_that_still_runs_cannot_write_rows_without_a_seal() {
    let (_directory, home) = home();
    let older = old(&home);
    let ledger = SqliteLedger::new(home.clone());
    ledger.open(opening("new", NOON)).await.unwrap();
    let failure = older
        .execute(
            INSERT,
            params![[1_u8; 16], NOON, "ok", 1, Option::<i64>::None],
        )
        .unwrap_err();
    assert!(failure.to_string().contains("no such table: calls"));
    assert_eq!(ledger.verify().await.unwrap().discrepancies, []);
}

#[tokio::test]
async fn prices_of_an_old_file_are_found_and_kept() {
    use synapse_core::ports::PriceStore as _;
    let (_directory, home) = home();
    let older = old(&home);
    older
        .execute_batch("DROP TABLE prices; PRAGMA user_version = 1")
        .unwrap();
    drop(older);
    let url = url::Url::parse("https://router.huggingface.co").unwrap();
    let key = synapse_core::money::PriceKey {
        origin: synapse_core::Origin::of(&url),
        model: "a/m".into(),
        sub_provider: "novita".into(),
    };
    let prices = SqlitePrices::new(home.clone());
    assert_eq!(prices.find(&key).await, Ok(None));
    let ledger = SqliteLedger::new(home);
    assert_eq!(ledger.verify().await.unwrap().discrepancies, []);
}

/// A ledger of the third format, with a purge, an open row of a dead process, and rows sealed in
/// that format.
#[tokio::test]
async fn a_ledger_of_the_third_format_keeps_its_seals_and_its_open_rows_may_be_billed() {
    let (_directory, home) = home();
    home.create().unwrap();
    let database = rusqlite::Connection::open(home.ledger()).unwrap();
    database.pragma_update(None, "journal_mode", "WAL").unwrap();
    database.execute_batch(THIRD_FORMAT).unwrap();
    database
        .execute(
            &INSERT.replace("INTO calls", "INTO entries"),
            params![[7_u8; 16], NOON, "open", 1, Option::<i64>::None],
        )
        .unwrap();
    drop(database);
    let ledger = SqliteLedger::new(home.clone());
    let verified = ledger.verify().await.unwrap();
    assert_eq!((verified.rows, verified.discrepancies), (1, vec![]));
    let rows = ledger.history(HistoryQuery::newest(10)).await.unwrap();
    assert_eq!(rows[0].outcome, Outcome::Interrupted);
    assert!(rows[0].receipt.exchange.maybe_billed);
    ledger.open(opening("new", NOON)).await.unwrap();
    let version: i64 = rusqlite::Connection::open(home.ledger())
        .unwrap()
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap();
    assert_eq!(version, 5);
}
