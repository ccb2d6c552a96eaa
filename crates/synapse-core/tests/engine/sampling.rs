//! Sampling requests of upstream servers: a row, limits, and no request.

use synapse_core::call::Caller;
use synapse_core::engine::{SamplingAnswer, SamplingCall};
use synapse_core::error::Code;
use synapse_core::ledger::Outcome;
use synapse_testkit::ports::MemoryLedger;

use crate::bench::{Bench, bench};
use crate::limits::{limited, tokens};

pub(crate) fn asked(connection: &str) -> SamplingCall {
    SamplingCall {
        connection: connection.to_owned(),
        caller: Caller {
            client_name: Some("cursor".to_owned()),
            client_version: None,
            tool: Some("files".to_owned()),
            span: None,
        },
        model: Some("small".to_owned()),
        bytes: 100,
        max_tokens: Some(50),
    }
}

fn assert_nothing_was_sent(bench: &Bench) {
    assert_eq!(
        (bench.secrets.reads(), bench.provider.chats().len()),
        (0, 0)
    );
}

#[tokio::test]
async fn an_answered_sampling_leaves_one_row_whose_tokens_and_cost_are_unknown() {
    let bench = bench();
    let open = bench.engine.sample(asked("closed")).await.unwrap();
    open.answered(SamplingAnswer {
        model: Some("small-2026".to_owned()),
        finish_reason: Some("endTurn".to_owned()),
        bytes: 30,
    })
    .await
    .unwrap();
    let rows = bench.ledger.entries();
    assert_eq!(rows.len(), 1);
    let row = &rows[0];
    assert_eq!(
        (row.operation.as_str(), row.outcome),
        ("sample", Outcome::Ok)
    );
    assert_eq!(row.caller.tool.as_deref(), Some("files"));
    let receipt = &row.receipt;
    assert_eq!(
        (receipt.connection.as_str(), receipt.provider.as_str()),
        ("closed", "ide")
    );
    assert_eq!(receipt.model_requested, "small");
    assert_eq!(receipt.model_served.as_deref(), Some("small-2026"));
    assert_eq!(
        (receipt.exchange.bytes_out, receipt.exchange.bytes_in),
        (100, 30)
    );
    assert!(receipt.exchange.maybe_billed);
    assert_eq!((receipt.usage, receipt.cost), Default::default());
    assert_nothing_was_sent(&bench);
}

#[tokio::test]
async fn a_sampling_that_nobody_answers_is_cancelled_and_may_have_been_billed() {
    let bench = bench();
    drop(bench.engine.sample(asked("open")).await.unwrap());
    let rows = bench.ledger.entries();
    assert_eq!(rows[0].outcome, Outcome::Cancelled);
    assert!(rows[0].receipt.exchange.maybe_billed);
}

#[tokio::test]
async fn a_sampling_beyond_the_limits_is_refused_and_seen() {
    let bench = limited(tokens(1), MemoryLedger::new());
    let failure = bench.engine.sample(asked("open")).await.unwrap_err();
    assert_eq!(failure.code(), Code::PolicyBudgetExceeded);
    let rows = bench.ledger.entries();
    assert_eq!((rows.len(), rows[0].outcome), (1, Outcome::Refused));
    assert_eq!(rows[0].receipt.exchange.attempts, 0);
    assert_nothing_was_sent(&bench);
}

#[tokio::test]
async fn a_connection_that_does_not_exist_is_named() {
    let failure = bench().engine.sample(asked("none")).await.unwrap_err();
    assert_eq!(failure.code(), Code::ConfigNotFound);
}
