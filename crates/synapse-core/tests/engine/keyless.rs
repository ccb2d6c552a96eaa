//! Connections without a token or with a default cap, and requests that an API cannot represent.

use synapse_core::engine::PreflightCall;
use synapse_core::error::{Code, Failure};
use synapse_core::ledger::Outcome;
use synapse_core::preflight::{CheckId, Finding, Reach};

use crate::bench::{ask, bench, keyless, reply};

#[tokio::test]
async fn without_a_credential_nothing_is_read_and_no_token_is_sent() {
    let bench = bench();
    bench.provider.will_answer(Ok(reply()));
    let outcome = bench.engine.chat(ask("keyless")).await.unwrap();
    assert_eq!(outcome.result, Ok(reply()));
    assert_eq!(bench.secrets.reads(), 0);
    assert_eq!(bench.provider.chats_with_token(), 0);

    bench.provider.will_answer(Ok(reply()));
    bench
        .engine
        .chat(ask("open"))
        .await
        .unwrap()
        .result
        .unwrap();
    assert_eq!(bench.secrets.reads(), 1);
    assert_eq!(bench.provider.chats_with_token(), 1);
}

#[tokio::test]
async fn preflight_says_that_nothing_is_read() {
    let bench = bench();
    let call = PreflightCall::draft(None, keyless(), Reach::Free);
    let report = bench.engine.preflight(call).await;
    assert_eq!(report.failure(), None);
    let credential = report
        .checks
        .iter()
        .find(|check| check.id == CheckId::Credential)
        .unwrap();
    let Finding::Ok(seen) = &credential.finding else {
        panic!("{credential:?}")
    };
    assert!(seen.contains("none is read"), "{seen}");
    assert_eq!(bench.secrets.reads(), 0);
}

#[tokio::test]
async fn a_preflight_that_fails_at_the_model_says_nothing_of_a_token() {
    let bench = bench();
    let failure = Failure::new(Code::ProviderModelUnavailable, "no");
    bench.provider.will_fail_probes(failure);
    let call = PreflightCall::draft(None, keyless(), Reach::Free);
    let report = bench.engine.preflight(call).await;
    assert_eq!(
        report.failure().unwrap().code(),
        Code::ProviderModelUnavailable
    );
    let token = report
        .checks
        .iter()
        .find(|check| check.id == CheckId::Token)
        .unwrap();
    let Finding::Ok(seen) = &token.finding else {
        panic!("{token:?}")
    };
    assert!(seen.starts_with("not required: "), "{seen}");
}

#[tokio::test]
async fn the_cap_of_the_connection_is_for_prompts_without_one() {
    let bench = bench();
    for (given, sent) in [(None, Some(512)), (Some(7), Some(7))] {
        bench.provider.will_answer(Ok(reply()));
        let mut call = ask("keyless");
        call.parameters.max_tokens = given;
        bench.engine.chat(call).await.unwrap().result.unwrap();
        let chats = bench.provider.chats();
        assert_eq!(chats.last().unwrap().parameters.max_tokens, sent);
    }
    bench.provider.will_answer(Ok(reply()));
    bench
        .engine
        .chat(ask("open"))
        .await
        .unwrap()
        .result
        .unwrap();
    let chats = bench.provider.chats();
    assert_eq!(chats.last().unwrap().parameters.max_tokens, None);
}

#[tokio::test]
async fn what_the_api_has_no_place_for_is_refused_before_gate_and_secret() {
    let bench = bench();
    let refusal = Failure::new(Code::UsageInvalidArguments, "no place for a seed");
    bench.provider.will_refuse(refusal.clone());
    for connection in ["open", "closed"] {
        let outcome = bench.engine.chat(ask(connection)).await.unwrap();
        assert_eq!(outcome.result, Err(refusal.clone()));
    }
    assert_eq!(
        (bench.secrets.reads(), bench.provider.chats().len()),
        (0, 0)
    );
    let rows = bench.ledger.entries();
    assert!(rows.iter().all(|row| row.outcome == Outcome::Refused));
    assert_eq!(rows.len(), 2);
}
