//! Limits hold for concurrent calls of many processes, and count unreported amounts.

use synapse_core::ledger::{Closing, Discrepancy, Opening, Reservation};
use synapse_core::limits::{Allowance, LimitDecision, Limits, Need, UsageEstimate};
use synapse_core::ports::{Ledger, LedgerReader as _};
use synapse_core::time::Timestamp;
use synapse_home::Home;
use synapse_store::SqliteLedger;
use synapse_testkit::ports::MemoryLedger;

use crate::child::{Role, finish, start};
use crate::support::{NOON, closing, everything_newest_first, home, opening};

const DAY: i64 = 86_400_000;
const LIMIT: u64 = 1_000;
const NEED: u64 = 30;
const WRITERS: usize = 4;
const CALLS: usize = 40;

fn limits() -> Limits {
    Limits {
        day: Allowance {
            tokens: Some(LIMIT),
            nano_usd: None,
        },
        ..Limits::default()
    }
}

fn reservation(call: &Opening, limits: Limits, most: u64) -> Reservation {
    let need = Need { least: most, most };
    Reservation {
        call_id: call.receipt.call_id,
        connection: call.receipt.connection.clone(),
        at: call.started_at,
        limits,
        demand: UsageEstimate {
            tokens: need,
            nano_usd: Some(need),
        },
    }
}

async fn ask(ledger: &dyn Ledger, call: &Opening, limits: Limits, most: u64) -> bool {
    ledger.open(call.clone()).await.unwrap();
    let verdict = ledger
        .reserve(reservation(call, limits, most))
        .await
        .unwrap();
    matches!(verdict, LimitDecision::Granted(_))
}

fn told(call: &Opening, tokens: Option<u64>) -> Closing {
    let mut closing = closing(call);
    closing.receipt.usage.prompt_tokens = tokens;
    closing.receipt.usage.completion_tokens = tokens.map(|_| 0);
    closing.receipt.cost.amount_nano_usd = tokens;
    closing
}

/// The same scenario for the real and the in-memory ledger.
async fn story(ledger: &dyn Ledger) {
    let at = |time: i64| opening("hf", time);
    // A reservation counts until the call reports less.
    let first = at(NOON);
    assert!(ask(ledger, &first, limits(), 900).await);
    assert!(!ask(ledger, &at(NOON), limits(), 200).await);
    ledger.close(told(&first, Some(700)));
    ledger.flush().await.unwrap();
    let second = at(NOON);
    assert!(ask(ledger, &second, limits(), 200).await);
    // A possibly billed call without a report keeps its reservation.
    ledger.close(told(&second, None));
    ledger.flush().await.unwrap();
    assert!(!ask(ledger, &at(NOON), limits(), 101).await);
    // Other connections and days have their own limits.
    assert!(ask(ledger, &opening("other", NOON), limits(), 900).await);
    assert!(ask(ledger, &at(NOON + DAY), limits(), 900).await);
    assert!(ask(ledger, &at(NOON - DAY), limits(), 900).await);
    // A month is the sum of its days, whatever the clock does; December is another month.
    let month = |tokens| Limits {
        month: Allowance {
            tokens: Some(tokens),
            nano_usd: Some(tokens),
        },
        ..Limits::default()
    };
    let spent = 900 + 900 + 900;
    assert!(!ask(ledger, &at(NOON), month(spent + 9), 10).await);
    assert!(ask(ledger, &at(NOON), month(spent + 10), 10).await);
    assert!(ask(ledger, &at(NOON + 11 * DAY), month(900), 900).await);
}

#[tokio::test]
async fn reservations_are_kept_in_the_file_as_in_memory() {
    story(&MemoryLedger::new()).await;
    let (_directory, home) = home();
    let ledger = SqliteLedger::new(home);
    story(&ledger).await;
    assert_eq!(ledger.verify().await.unwrap().discrepancies, []);
}

/// Starts many calls and ends none.
pub(crate) fn reserve_all(home: Home) {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let ledger = SqliteLedger::new(home);
    runtime.unwrap().block_on(async {
        for _ in 0..CALLS {
            let call = opening("hf", NOON);
            if ask(&ledger, &call, limits(), NEED).await {
                ledger.close(told(&call, Some(NEED)));
            }
        }
        ledger.flush().await.unwrap();
    });
}

#[tokio::test]
async fn calls_of_many_processes_cannot_overshoot() {
    let (_directory, home) = home();
    let processes: Vec<_> = (0..WRITERS).map(|_| start(Role::Reserve, &home)).collect();
    processes.into_iter().for_each(finish);
    let ledger = SqliteLedger::new(home);
    let rows = ledger.history(everything_newest_first()).await.unwrap();
    let spent: u64 = rows
        .iter()
        .filter_map(|row| row.receipt.usage.prompt_tokens)
        .sum();
    println!(
        "{WRITERS} processes, {} calls of {NEED} tokens, limit {LIMIT}: {spent} spent",
        rows.len()
    );
    assert_eq!(rows.len(), WRITERS * CALLS);
    assert_eq!(spent, LIMIT / NEED * NEED);
}

/// Spending still counts after its rows are removed by a purge or by retention; that is sealed too.
#[tokio::test]
async fn a_purge_gives_no_budget_back() {
    let (_directory, home) = home();
    let ledger = SqliteLedger::new(home.clone());
    let memory = MemoryLedger::new();
    let month = Limits {
        month: Allowance {
            tokens: Some(LIMIT),
            nano_usd: None,
        },
        ..Limits::default()
    };
    for ledger in [&ledger as &dyn Ledger, &memory] {
        for (name, days, tokens) in [("hf", 3, 300), ("hf", 2, 400), ("other", 2, 900)] {
            let call = opening(name, NOON - days * DAY);
            assert!(ask(ledger, &call, month.clone(), tokens).await);
            ledger.close(told(&call, Some(tokens)));
        }
        ledger.flush().await.unwrap();
        let everything = Timestamp::from_millis(NOON);
        assert_eq!(ledger.purge(everything).await.unwrap().rows, 3);
        // 700 of 1,000 are spent, none of it by another connection.
        assert!(!ask(ledger, &opening("hf", NOON), month.clone(), 301).await);
        assert!(ask(ledger, &opening("hf", NOON), month.clone(), 300).await);
        assert!(ask(ledger, &opening("other", NOON), month.clone(), 100).await);
        assert!(!ask(ledger, &opening("other", NOON), month.clone(), 1).await);
    }
    assert_eq!(ledger.verify().await.unwrap().discrepancies, []);
    let database = rusqlite::Connection::open(home.ledger()).unwrap();
    for edit in [
        "UPDATE carried SET limit_tokens = 0 WHERE connection = 'hf'",
        "DELETE FROM carried",
    ] {
        database.execute_batch(&format!("BEGIN; {edit}")).unwrap();
        database.execute_batch("COMMIT").unwrap();
        let found = ledger.verify().await.unwrap().discrepancies;
        assert!(
            matches!(found[..], [Discrepancy::Purge { .. }]),
            "{edit}: {found:?}"
        );
    }
}
