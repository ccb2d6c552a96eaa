//! Limits are checked between the gate and the secret: an excessive call is refused and leaves a
//! row.

use std::sync::Arc;

use synapse_core::Draft;
use synapse_core::engine::Engine;
use synapse_core::error::{Code, Failure, Remedy};
use synapse_core::gate::NetworkGate;
use synapse_core::ledger::Outcome;
use synapse_core::limits::{DraftLimits, Period};
use synapse_core::ports::LedgerReader as _;
use synapse_testkit::ports::{MemoryConnections, MemoryLedger};

use crate::bench::{Bench, ask, bench_with, draft, reply};

/// A bench with these limits on its connections.
pub(crate) fn limited(limits: DraftLimits, ledger: MemoryLedger) -> Bench {
    let mut bench = bench_with("fake-token", ledger);
    let mut ports = bench.engine.ports().clone();
    let with = |gate| Draft {
        limits: limits.clone(),
        record_text: true,
        ..draft(gate)
    };
    ports.connections = Arc::new(
        MemoryConnections::new()
            .with("open", with(NetworkGate::Open))
            .with("closed", with(NetworkGate::Closed)),
    );
    bench.engine = Engine::new(ports);
    bench
}

pub(crate) fn tokens(per_day: u64) -> DraftLimits {
    DraftLimits {
        tokens_per_day: Some(per_day),
        ..DraftLimits::default()
    }
}

#[tokio::test]
async fn a_call_beyond_the_limit_reads_no_secret_sends_nothing_and_leaves_a_row() {
    let bench = limited(tokens(1), MemoryLedger::new());
    let outcome = bench.engine.chat(ask("open")).await.unwrap();
    let failure = outcome.result.unwrap_err();
    assert_eq!(failure.code(), Code::PolicyBudgetExceeded);
    assert_eq!(
        failure.hints()[0].remedy,
        Some(Remedy::ShowUsage { by: Period::Day })
    );
    assert_eq!(
        (bench.secrets.reads(), bench.provider.chats().len()),
        (0, 0)
    );
    let rows = bench.ledger.entries();
    assert_eq!((rows.len(), rows[0].outcome), (1, Outcome::Refused));
    assert_eq!(rows[0].error_class.as_deref(), Some("policy"));
    assert_eq!(
        rows[0].error_code.as_deref(),
        Some("policy.budget-exceeded")
    );
}

#[tokio::test]
async fn a_closed_gate_comes_first() {
    let bench = limited(tokens(1), MemoryLedger::new());
    let outcome = bench.engine.chat(ask("closed")).await.unwrap();
    let failure = outcome.result.unwrap_err();
    assert_eq!(failure.code(), Code::GateNetworkDisabled);
}

#[tokio::test]
async fn what_fits_is_sent_until_it_does_not_fit_any_more() {
    let bench = limited(tokens(100), MemoryLedger::new());
    let mut answered = 0;
    loop {
        let mut answer = reply();
        answer.usage.prompt_tokens = Some(20);
        answer.usage.completion_tokens = Some(10);
        bench.provider.will_answer(Ok(answer));
        let outcome = bench.engine.chat(ask("open")).await.unwrap();
        match outcome.result {
            Ok(_) => answered += 1,
            Err(failure) => {
                assert_eq!(failure.code(), Code::PolicyBudgetExceeded);
                break;
            }
        }
    }
    // 30 tokens each; the prompt alone may take 34, and after three only 10 are left.
    assert_eq!((answered, bench.provider.chats().len()), (3, 3));
}

#[tokio::test]
async fn a_limit_that_warns_lets_pass_and_says_so() {
    let mut limits = tokens(1);
    limits.mode = Some("warn".into());
    let bench = limited(limits, MemoryLedger::new());
    bench.provider.will_answer(Ok(reply()));
    let outcome = bench.engine.chat(ask("open")).await.unwrap();
    assert_eq!(outcome.result, Ok(reply()));
    let codes: Vec<Code> = outcome.warnings.iter().map(|each| each.code()).collect();
    assert_eq!(codes, [Code::PolicyBudgetExceeded]);
}

#[tokio::test]
async fn strict_limits_refuse_what_has_no_price() {
    let limits = DraftLimits {
        usd_per_day: Some("5".into()),
        strict: Some(true),
        ..DraftLimits::default()
    };
    let bench = limited(limits.clone(), MemoryLedger::new());
    let outcome = bench.engine.chat(ask("open")).await.unwrap();
    assert_eq!(outcome.result.unwrap_err().code(), Code::PolicyCostUnknown);
    assert_eq!(bench.secrets.reads(), 0);

    let lenient = DraftLimits {
        strict: None,
        ..limits
    };
    let bench = limited(lenient, MemoryLedger::new());
    bench.provider.will_answer(Ok(reply()));
    let outcome = bench.engine.chat(ask("open")).await.unwrap();
    assert_eq!(outcome.result, Ok(reply()));
}

/// Otherwise a full disk would disable the limit; a limit in warn mode does not block.
#[tokio::test]
async fn limits_that_cannot_be_checked_block_when_they_block() {
    let full = || Failure::new(Code::StorageDiskFull, "no room");
    let bench = limited(tokens(100), MemoryLedger::failing(full()));
    let outcome = bench.engine.chat(ask("open")).await.unwrap();
    let failure = outcome.result.unwrap_err();
    assert_eq!(failure.code(), Code::StorageDiskFull);
    assert!(
        failure.causes()[0].contains("cannot be checked"),
        "{failure:?}"
    );
    assert_eq!(outcome.warnings, []);
    assert_eq!(bench.provider.chats().len(), 0);

    let mut limits = tokens(100);
    limits.mode = Some("warn".into());
    let bench = limited(limits, MemoryLedger::failing(full()));
    bench.provider.will_answer(Ok(reply()));
    let outcome = bench.engine.chat(ask("open")).await.unwrap();
    assert_eq!(outcome.result, Ok(reply()));
    assert_eq!(outcome.warnings.len(), 1);
}

#[tokio::test]
async fn texts_are_recorded_only_where_asked_for() {
    let recorded = limited(DraftLimits::default(), MemoryLedger::new());
    let silent = crate::bench::bench();
    for (bench, kept) in [(recorded, true), (silent, false)] {
        bench.provider.will_answer(Ok(reply()));
        let outcome = bench.engine.chat(ask("open")).await.unwrap();
        let text = bench.ledger.text(outcome.receipt.call_id).await.unwrap();
        let text = text.map(|text| (text.prompt, text.reply));
        let expected = ("user: hi".to_owned(), Some("hello".to_owned()));
        assert_eq!(text, kept.then_some(expected));
    }
}
