//! Sums: reported amounts are added, unreported ones counted, none treated as zero.

use synapse_core::Code;
use synapse_core::call::Operation;
use synapse_core::ledger::{Closing, Outcome, UsageKey, UsageLine, UsageQuery};
use synapse_core::ports::{Ledger as _, LedgerReader as _};
use synapse_core::time::Timestamp;
use synapse_store::SqliteLedger;

use crate::support::{NOON, closing, home, opening};

const DAY: i64 = 86_400_000;

/// Writes one call with an ending modified by `change`.
async fn call(
    ledger: &SqliteLedger,
    connection: &str,
    started_at: i64,
    change: impl FnOnce(&mut Closing),
) {
    let mut opening = opening(connection, started_at);
    opening.operation = Operation::Probe;
    ledger.open(opening.clone()).await.unwrap();
    let mut closing = closing(&opening);
    change(&mut closing);
    ledger.close(closing);
}

async fn lines(ledger: &SqliteLedger, by: UsageKey, since: Option<i64>) -> Vec<UsageLine> {
    let since = since.map(Timestamp::from_millis);
    let query = UsageQuery {
        since,
        ..UsageQuery::by(by)
    };
    ledger.usage(query).await.unwrap().lines
}

#[tokio::test]
async fn unknown_numbers_are_counted_and_never_added() {
    let (_directory, home) = home();
    let ledger = SqliteLedger::new(home);
    assert_eq!(lines(&ledger, UsageKey::Connection, None).await, []);

    call(&ledger, "b", NOON, |closing| {
        closing.receipt.cost.amount_nano_usd = Some(7);
    })
    .await;
    call(&ledger, "b", NOON, |closing| {
        closing.receipt.usage.completion_tokens = None;
    })
    .await;
    call(&ledger, "b", NOON + DAY, |closing| {
        closing.outcome = Outcome::Error;
        closing.receipt.usage = Default::default();
        closing.receipt.model_served = Some("served".into());
    })
    .await;
    call(&ledger, "a", NOON + DAY, |closing| {
        closing.outcome = Outcome::Refused;
        closing.error_code = Some(Code::GateNetworkDisabled);
        closing.receipt.usage = Default::default();
        closing.receipt.exchange.attempts = 0;
        closing.receipt.exchange.maybe_billed = false;
    })
    .await;
    call(&ledger, "a", NOON - 1, |closing| {
        closing.outcome = Outcome::Cancelled;
        closing.receipt.usage = Default::default();
        closing.receipt.cost.amount_nano_usd = Some(5);
    })
    .await;
    ledger.flush().await.unwrap();
    ledger.open(opening("a", NOON)).await.unwrap();

    let a = UsageLine {
        key: "a".into(),
        calls: 3,
        ok: 0,
        failed: 1,
        refused: 1,
        prompt_tokens: 0,
        completion_tokens: 0,
        unknown_tokens: 1,
        cost_nano_usd: 5,
        unknown_cost: 0,
        ..UsageLine::default()
    };
    let b = UsageLine {
        key: "b".into(),
        calls: 3,
        ok: 2,
        failed: 1,
        refused: 0,
        prompt_tokens: 20,
        completion_tokens: 5,
        unknown_tokens: 2,
        cost_nano_usd: 7,
        unknown_cost: 2,
        ..UsageLine::default()
    };
    assert_eq!(
        lines(&ledger, UsageKey::Connection, None).await,
        [a, b.clone()]
    );

    let keys = async |by, since| -> Vec<(String, u64)> {
        let lines = lines(&ledger, by, since).await;
        lines
            .into_iter()
            .map(|line| (line.key, line.calls))
            .collect()
    };
    let asked = "meta-llama/Llama-3.1-8B-Instruct:novita";
    assert_eq!(
        keys(UsageKey::Model, None).await,
        [(asked.to_owned(), 5), ("served".to_owned(), 1)]
    );
    assert_eq!(
        keys(UsageKey::Provider, None).await,
        [("huggingface".to_owned(), 6)]
    );
    assert_eq!(
        keys(UsageKey::Day, None).await,
        [("2026-11-20".to_owned(), 4), ("2026-11-21".to_owned(), 2)]
    );
    assert_eq!(
        keys(UsageKey::Day, Some(NOON)).await,
        [("2026-11-20".to_owned(), 3), ("2026-11-21".to_owned(), 2)]
    );
    assert_eq!(keys(UsageKey::Connection, Some(NOON + DAY + 1)).await, []);
}
