//! Manipulation of the ledger is detected and located.

use rusqlite::params;
use synapse_core::ledger::{Discrepancy, HistoryQuery, Verification};
use synapse_core::ports::{Ledger as _, LedgerReader as _};
use synapse_core::time::Timestamp;
use synapse_home::Home;
use synapse_store::SqliteLedger;
use tempfile::TempDir;

use crate::support::{NOON, closing, home, opening};

const ROWS: i64 = 20;

/// Twenty rows, a minute apart.
async fn written() -> (TempDir, Home) {
    let (directory, home) = home();
    let ledger = SqliteLedger::new(home.clone());
    for number in 0..ROWS {
        let call = opening("hf", NOON + number * 60_000);
        ledger.open(call.clone()).await.unwrap();
        ledger.close(closing(&call));
    }
    ledger.flush().await.unwrap();
    (directory, home)
}

async fn verify(home: &Home) -> Verification {
    SqliteLedger::new(home.clone()).verify().await.unwrap()
}

/// The kinds of discrepancies after an intruder's SQL.
async fn after(sql: &str) -> Vec<Discrepancy> {
    let (_directory, home) = written().await;
    let sound = verify(&home).await;
    assert_eq!(sound.discrepancies, []);
    assert_eq!((sound.rows, sound.open, sound.purged), (20, 0, 0));
    let database = rusqlite::Connection::open(home.ledger()).unwrap();
    database.execute_batch(sql).unwrap();
    drop(database);
    verify(&home).await.discrepancies
}

fn kinds(found: &[Discrepancy]) -> Vec<&'static str> {
    found.iter().map(Discrepancy::kind).collect()
}

#[tokio::test]
async fn every_column_is_sealed() {
    let (_directory, home) = written().await;
    let database = rusqlite::Connection::open(home.ledger()).unwrap();
    let columns: Vec<(String, String)> = database
        .prepare("SELECT name, type FROM pragma_table_info('entries')")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let mut edited = 0;
    for (column, kind) in &columns {
        let value = match (column.as_str(), kind.as_str()) {
            ("sequence" | "seal", _) => continue,
            ("outcome", _) => "'error'".to_owned(),
            ("attempts" | "maybe_billed", _) => "0".to_owned(),
            ("may_have_run", _) => "1".to_owned(),
            (_, "BLOB") => "randomblob(16)".to_owned(),
            (_, "INTEGER") => "77".to_owned(),
            _ => "'edited'".to_owned(),
        };
        let before: rusqlite::types::Value = database
            .query_row(
                &format!("SELECT {column} FROM entries WHERE sequence = 7"),
                [],
                |row| row.get(0),
            )
            .unwrap();
        let edit = format!("UPDATE entries SET {column} = {value} WHERE sequence = 7");
        database.execute(&edit, []).unwrap();
        let found = verify(&home).await.discrepancies;
        assert!(
            matches!(found[0], Discrepancy::Edited { sequence: 7, .. }),
            "{column}: {found:?}"
        );
        // Only the edited row is reported, and the sums that include it.
        let edits = kinds(&found)
            .iter()
            .filter(|kind| **kind == "edited")
            .count();
        assert_eq!(edits, 1, "{column}: {found:?}");
        edited += 1;
        let back = format!("UPDATE entries SET {column} = ? WHERE sequence = 7");
        database.execute(&back, [before]).unwrap();
        assert_eq!(verify(&home).await.discrepancies, [], "{column}");
    }
    println!("{edited} columns edited, {edited} edits found");
    assert_eq!(edited, columns.len() - 2);
}

#[tokio::test]
async fn deleted_rows_are_found_wherever_they_were() {
    let found = after("DELETE FROM entries WHERE sequence = 7").await;
    assert_eq!(kinds(&found), ["missing", "sums"]);
    assert_eq!(found[0], Discrepancy::Missing { first: 7, last: 7 });
    let found = after("DELETE FROM entries WHERE sequence < 4").await;
    assert_eq!(found[0], Discrepancy::Missing { first: 1, last: 3 });
    let found = after("DELETE FROM entries WHERE sequence > 17").await;
    assert_eq!(
        found[0],
        Discrepancy::Missing {
            first: 18,
            last: 20
        }
    );
    // With corrected sums and a reset head, the chain cannot tell that it was longer. An externally
    // recorded end can.
    let found = after(
        "DELETE FROM entries WHERE sequence = 20;
         UPDATE chain SET sequence = 19",
    )
    .await;
    assert_eq!(kinds(&found), ["head", "sums"]);
}

#[tokio::test]
async fn inserted_moved_and_resealed_rows_are_found() {
    let columns = "call_id, writer, started_at, operation, outcome, connection, provider, host,
        model_requested, attempts, maybe_billed, bytes_out, bytes_in, cost_source";
    let values = "randomblob(16), writer, started_at, operation, 'ok', connection, provider, host,
        model_requested, attempts, maybe_billed, bytes_out, bytes_in, cost_source";
    let insert = |more: &str, value: &str| {
        format!(
            "INSERT INTO entries ({columns}{more})
             SELECT {values}{value} FROM entries WHERE sequence = 3"
        )
    };
    let found = after(&insert("", "")).await;
    assert_eq!(kinds(&found), ["unsealed"]);
    assert!(found[0].call_id().is_some());
    let found = after(&insert(", sequence, seal", ", 7, seal")).await;
    assert_eq!(kinds(&found)[0], "doubled");
    let found = after(&insert(", sequence, seal", ", 21, seal")).await;
    assert_eq!(kinds(&found)[..2], ["edited", "head"]);
    // Two rows swapped.
    let found = after(
        "UPDATE entries SET sequence = 100 WHERE sequence = 5;
         UPDATE entries SET sequence = 5 WHERE sequence = 6;
         UPDATE entries SET sequence = 6 WHERE sequence = 100",
    )
    .await;
    assert!(matches!(found[0], Discrepancy::Edited { sequence: 5, .. }));
    assert!(matches!(found[1], Discrepancy::Edited { sequence: 6, .. }));
    // A new seal for an edited row does not match the next one.
    let found = after("UPDATE entries SET seal = randomblob(32) WHERE sequence = 5").await;
    assert_eq!(kinds(&found), ["edited", "edited"]);
}

#[tokio::test]
async fn forged_purges_gaps_and_sums_are_found() {
    let forged = after(
        "INSERT INTO gaps SELECT 7, 7, seal, 21 FROM entries WHERE sequence = 7;
         DELETE FROM entries WHERE sequence = 7",
    )
    .await;
    assert_eq!(forged[0], Discrepancy::Missing { first: 7, last: 7 });
    let forged = after(
        "INSERT INTO gaps SELECT 7, 7, seal, 8 FROM entries WHERE sequence = 7;
         DELETE FROM entries WHERE sequence = 7",
    )
    .await;
    assert!(
        matches!(forged[0], Discrepancy::Edited { sequence: 8, .. }),
        "{forged:?}"
    );
    let sums = after("UPDATE daily SET cost_nano_usd = cost_nano_usd + 1").await;
    let day = "2026-11-20".to_owned();
    assert_eq!(sums, [Discrepancy::Sums { day }]);
}

#[tokio::test]
async fn a_purge_leaves_a_chain_that_holds_and_a_record_that_cannot_be_forged() {
    let (_directory, home) = written().await;
    let ledger = SqliteLedger::new(home.clone());
    let head = verify(&home).await.head.unwrap();
    assert_eq!(head.sequence, 20);
    for (minutes, left) in [(5, 15), (5, 15), (12, 8)] {
        let before = Timestamp::from_millis(NOON + minutes * 60_000);
        ledger.purge(before).await.unwrap();
        let verified = verify(&home).await;
        assert_eq!(verified.discrepancies, []);
        assert_eq!((verified.rows, verified.purged), (left, 20 - left));
        let rows = ledger.history(HistoryQuery::newest(100)).await.unwrap();
        assert_eq!(u64::try_from(rows.len()).unwrap(), left);
        assert!(rows.iter().all(|row| row.started_at >= before));
    }
    // Purging continues after earlier purges, and so do new rows.
    let call = opening("hf", NOON);
    ledger.open(call.clone()).await.unwrap();
    ledger.close(closing(&call));
    ledger.flush().await.unwrap();
    assert_eq!(verify(&home).await.discrepancies, []);
    let database = rusqlite::Connection::open(home.ledger()).unwrap();
    // 20 rows, two effective purges, and one more row.
    let head: i64 = database
        .query_row("SELECT sequence FROM chain", [], |row| row.get(0))
        .unwrap();
    assert_eq!(head, 23);

    database
        .execute("UPDATE purges SET removed = 4 WHERE removed = 5", [])
        .unwrap();
    let found = verify(&home).await.discrepancies;
    assert_eq!(found, [Discrepancy::Purge { sequence: 21 }]);
    database
        .execute("UPDATE purges SET removed = 5 WHERE removed = 4", [])
        .unwrap();
    // One more row removed, as if purged.
    database
        .execute(
            "INSERT INTO gaps SELECT sequence, sequence, seal, 22 FROM entries WHERE sequence = 15",
            params![],
        )
        .unwrap();
    database
        .execute("DELETE FROM entries WHERE sequence = 15", [])
        .unwrap();
    let found = verify(&home).await.discrepancies;
    assert!(
        found.contains(&Discrepancy::Purge { sequence: 22 }),
        "{found:?}"
    );
}
