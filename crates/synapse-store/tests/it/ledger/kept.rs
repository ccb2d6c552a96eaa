//! Cached connections and sums are invalidated correctly.

use synapse_core::ledger::{HistoryQuery, Opening};
use synapse_core::ports::{Ledger as _, LedgerReader as _};
use synapse_home::Home;
use synapse_store::SqliteLedger;

use crate::support::{NOON, closing, everything_newest_first, home, opening};

async fn complete(ledger: &SqliteLedger, call: &Opening) {
    ledger.open(call.clone()).await.unwrap();
    ledger.complete(closing(call)).await.unwrap();
}

async fn count(ledger: &SqliteLedger) -> usize {
    let query: HistoryQuery = everything_newest_first();
    ledger.history(query).await.unwrap().len()
}

async fn is_sound(home: &Home) {
    let found = SqliteLedger::new(home.clone()).verify().await.unwrap();
    assert_eq!(found.discrepancies, []);
}

#[tokio::test]
async fn the_rows_of_others_are_seen_by_the_next_question() {
    let (_directory, home) = home();
    let (mine, other) = (
        SqliteLedger::new(home.clone()),
        SqliteLedger::new(home.clone()),
    );
    for number in 0..5 {
        complete(&other, &opening("hf", NOON + number)).await;
        assert_eq!(count(&mine).await, number as usize + 1);
    }
}

#[tokio::test]
async fn a_ledger_that_takes_the_place_of_another_is_the_one_that_answers() {
    let (_directory, home) = home();
    let (_elsewhere, copy) = crate::support::home();
    let reader = SqliteLedger::new(home.clone());
    {
        let ledger = SqliteLedger::new(home.clone());
        complete(&ledger, &opening("hf", NOON)).await;
        assert_eq!(count(&reader).await, 1);
        let longer = SqliteLedger::new(copy.clone());
        for number in 0..3 {
            complete(&longer, &opening("hf", NOON + number)).await;
        }
    }
    for ending in ["-wal", "-shm"] {
        let mut name = home.ledger().into_os_string();
        name.push(ending);
        drop(std::fs::remove_file(name));
    }
    std::fs::rename(copy.ledger(), home.ledger()).unwrap();
    assert_eq!(count(&reader).await, 3);
    std::fs::remove_file(home.ledger()).unwrap();
    assert_eq!(count(&reader).await, 0);
}

#[tokio::test]
async fn sums_stay_those_of_the_rows_when_several_write_in_turn() {
    let (_directory, home) = home();
    let ledgers = [0, 1].map(|_| SqliteLedger::new(home.clone()));
    for (number, ledger) in (0..12).zip(ledgers.iter().cycle()) {
        // Twice each, to update both cached and freshly read values.
        complete(ledger, &opening("hf", NOON + number)).await;
        complete(ledger, &opening("hf", NOON + number)).await;
        complete(ledger, &opening("other", NOON + number)).await;
    }
    is_sound(&home).await;
}

#[tokio::test]
async fn sums_stay_those_of_the_rows_behind_a_purge() {
    let (_directory, home) = home();
    let ledger = SqliteLedger::new(home.clone());
    let day = 86_400_000;
    for number in 0..3 {
        complete(&ledger, &opening("hf", NOON - day + number)).await;
        complete(&ledger, &opening("hf", NOON + number)).await;
    }
    let midnight = synapse_core::time::Timestamp::from_millis(NOON / day * day);
    ledger.purge(midnight).await.unwrap();
    complete(&ledger, &opening("hf", NOON - day)).await;
    complete(&ledger, &opening("hf", NOON)).await;
    is_sound(&home).await;
}
