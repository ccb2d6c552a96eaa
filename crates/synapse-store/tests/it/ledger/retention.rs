//! Rows and texts are kept exactly as configured in connections.toml.

use synapse_core::ledger::{Entry, HistoryQuery};
use synapse_core::ports::{Ledger as _, LedgerReader as _};
use synapse_core::time::Timestamp;
use synapse_home::Home;
use synapse_store::SqliteLedger;
use synapse_testkit::disk::write;

use crate::support::{NOON, closing, home, opening};

const DAY: i64 = 86_400_000;

/// Writes a call of each age, oldest first. The thread runs as long as the returned ledger lives.
async fn call(home: &Home, ages: &[i64]) -> SqliteLedger {
    let ledger = SqliteLedger::new(home.clone());
    for days in ages {
        let mut call = opening("hf", NOON - days * DAY);
        call.prompt = Some(format!("user: {days} days ago"));
        ledger.open(call.clone()).await.unwrap();
        ledger.close(closing(&call));
    }
    ledger.flush().await.unwrap();
    ledger
}

async fn ages(home: &Home) -> (Vec<i64>, usize) {
    let ledger = SqliteLedger::new(home.clone());
    let rows: Vec<Entry> = ledger.history(HistoryQuery::newest(100)).await.unwrap();
    let mut texts = 0;
    for row in &rows {
        let text = ledger.text(row.receipt.call_id).await.unwrap();
        texts += usize::from(text.is_some());
    }
    assert_eq!(ledger.verify().await.unwrap().discrepancies, []);
    let age = |row: &Entry| (NOON - row.started_at.as_millis()) / DAY;
    (rows.iter().map(age).collect(), texts)
}

#[tokio::test]
async fn old_rows_and_texts_go_when_the_next_call_comes() {
    let (_directory, home) = home();
    drop(call(&home, &[100, 91, 90, 40, 10]).await);
    assert_eq!(ages(&home).await, (vec![10, 40, 90, 91, 100], 5));
    write(
        &home.connections(),
        "format = 1\n[ledger]\nretention_days = 90\ntext_retention_days = 30\n",
    );
    let ledger = call(&home, &[0]).await;
    // The ninetieth day is kept completely. Old rows are removed while the thread is idle.
    let kept = (vec![0, 10, 40, 90], 2);
    for _ in 0..500 {
        if ages(&home).await == kept {
            break;
        }
        ledger.flush().await.unwrap();
    }
    assert_eq!(ages(&home).await, kept);
}

#[tokio::test]
async fn settings_that_cannot_be_understood_remove_nothing() {
    for settings in [
        "retention_days = 0",
        "retention_days = \"90\"",
        "retention = 1",
        "nonsense",
    ] {
        let (_directory, home) = home();
        drop(call(&home, &[100]).await);
        let text = format!("format = 1\n[ledger]\n{settings}\n");
        write(&home.connections(), text);
        drop(call(&home, &[0]).await);
        assert_eq!(ages(&home).await, (vec![0, 100], 2), "{settings}");
    }
}

/// The clock is ahead by ten years for two calls, then by another year: nothing counts as old.
#[tokio::test]
async fn a_clock_that_is_ahead_removes_nothing() {
    let (_directory, home) = home();
    home.create().unwrap();
    write(
        &home.connections(),
        "format = 1\n[ledger]\nretention_days = 7\ntext_retention_days = 7\n",
    );
    let settle = async |ledger: &SqliteLedger| {
        for _ in 0..50 {
            ledger.flush().await.unwrap();
            tokio::task::yield_now().await;
        }
    };
    let ten_years = -3_653;
    drop(call(&home, &[3, 2, 1, 0]).await);
    for ahead in [ten_years, ten_years, ten_years - 365] {
        let ledger = call(&home, &[ahead]).await;
        settle(&ledger).await;
    }
    let kept = vec![ten_years - 365, ten_years, ten_years, 0, 1, 2, 3];
    assert_eq!(ages(&home).await, (kept, 7));
    // Once the clock is right again, the order of rows shows which dates were wrong.
    let ledger = call(&home, &[-1]).await;
    settle(&ledger).await;
    let dating = ledger
        .dating(Timestamp::from_millis(NOON + DAY))
        .await
        .unwrap();
    assert_eq!(dating.ahead.len(), 2);
    assert!(!dating.jumped);
    assert_eq!(ages(&home).await.0.len(), 8);
    // Retention continues with the uncontradicted days.
    let ledger = call(&home, &[-8, -9]).await;
    settle(&ledger).await;
    drop(ledger);
    let ledger = call(&home, &[-10]).await;
    // Retention runs while the thread is idle, which lives as long as the ledger.
    let mut left = ages(&home).await.0;
    for _ in 0..1_200 {
        if !left.contains(&3) {
            break;
        }
        ledger.flush().await.unwrap();
        left = ages(&home).await.0;
    }
    assert!(left.contains(&ten_years), "{left:?}");
    assert!(!left.contains(&3), "{left:?}");
}

/// A new row dated in the past is not old.
#[tokio::test]
async fn a_clock_that_was_behind_makes_no_row_old() {
    let (_directory, home) = home();
    drop(call(&home, &[12, 11, 2, 1, 10_000, 0]).await);
    write(
        &home.connections(),
        "format = 1\n[ledger]\nretention_days = 7\n",
    );
    let ledger = call(&home, &[0]).await;
    let kept = vec![0, 0, 10_000, 1, 2];
    for _ in 0..500 {
        if ages(&home).await.0 == kept {
            break;
        }
        ledger.flush().await.unwrap();
    }
    assert_eq!(ages(&home).await.0, kept);
}
