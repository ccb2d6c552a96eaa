//! Preflight; nothing is saved without a pass.

use synapse_core::chat::ChatReply;
use synapse_core::engine::{Naming, PreflightCall};
use synapse_core::error::{Code, Failure};
use synapse_core::gate::NetworkGate;
use synapse_core::preflight::{Check, CheckId, Finding, Reach, Skip};

use crate::bench::{bench, draft};

#[tokio::test]
async fn preflight_probes_in_order_and_stops_where_it_must() {
    let bench = bench();
    let climb = async |reach| {
        let call = PreflightCall::draft(None, draft(NetworkGate::Open), reach);
        bench.engine.preflight(call).await
    };
    let report = climb(Reach::Offline).await;
    assert!(report.passed());
    assert_eq!(bench.provider.probe_count(), 0);
    let last = report.checks.last().unwrap();
    assert_eq!(
        (last.id, &last.finding),
        (CheckId::Live, &Finding::Skip(Skip::Offline))
    );

    let report = climb(Reach::Free).await;
    assert!(report.passed());
    assert_eq!(
        (bench.provider.probe_count(), bench.provider.chats().len()),
        (1, 0)
    );

    bench
        .provider
        .will_fail_probes(Failure::new(Code::CredentialTokenRejected, "no"));
    let report = climb(Reach::Live).await;
    let words: Vec<(CheckId, bool)> = report
        .checks
        .iter()
        .map(|check| (check.id, matches!(check.finding, Finding::Ok(_))))
        .collect();
    assert_eq!(
        words,
        [
            (CheckId::Config, true),
            (CheckId::Endpoint, true),
            (CheckId::Gate, true),
            (CheckId::Credential, true),
            (CheckId::Reach, true),
            (CheckId::Token, false),
            (CheckId::Model, false),
            (CheckId::Live, false),
        ]
    );
    assert_eq!(
        bench.provider.chats().len(),
        0,
        "no paid prompt behind a failed check"
    );
    assert_eq!(bench.ledger.entries(), [], "free checks leave no row");
}

#[tokio::test]
async fn offline_no_credential_is_looked_for_across_the_network() {
    for (credential, reads) in [
        ("env:TOKEN", 1),
        ("vault:local/openai", 1),
        ("vault:secret/openai#key", 0),
        ("op://Private/OpenAI/key", 0),
        (r#"cmd:["helper"]"#, 0),
    ] {
        let bench = bench();
        let mut draft = draft(NetworkGate::Open);
        draft.credential = Some(credential.into());
        let call = PreflightCall::draft(None, draft, Reach::Offline);
        let report = bench.engine.preflight(call).await;
        assert!(report.passed(), "{credential}");
        assert_eq!(bench.secrets.reads(), reads, "{credential}");
        let check = |check: &&Check| check.id == CheckId::Credential;
        let finding = &report.checks.iter().find(check).unwrap().finding;
        let skipped = matches!(finding, Finding::Skip(Skip::Offline));
        assert_eq!(skipped, reads == 0, "{credential}");
    }
}

#[tokio::test]
async fn the_paid_probe_is_one_small_prompt_and_a_row() {
    let bench = bench();
    bench.provider.will_answer(Ok(ChatReply::default()));
    let call = PreflightCall::draft(None, draft(NetworkGate::Open), Reach::Live);
    let report = bench.engine.preflight(call).await;
    assert!(report.passed(), "an answer without text proves as much");
    let chats = bench.provider.chats();
    assert_eq!((chats.len(), chats[0].parameters.max_tokens), (1, Some(16)));
    assert_eq!(bench.ledger.entries()[0].operation, "probe");
    assert!(report.receipt.is_some());

    let capped = Failure::new(Code::ProviderRequestRejected, "cap").at_token_cap();
    bench.provider.will_answer(Err(capped));
    let call = PreflightCall::draft(None, draft(NetworkGate::Open), Reach::Live);
    assert!(
        bench.engine.preflight(call).await.passed(),
        "the cap proves as much"
    );
}

#[tokio::test]
async fn nothing_is_saved_that_did_not_pass() {
    let bench = bench();
    let create = async |name: &str, draft, reach| {
        bench
            .engine
            .create(name.parse().unwrap(), draft, reach)
            .await
    };
    let saved = create("new", draft(NetworkGate::Closed), Reach::Free)
        .await
        .unwrap();
    assert_eq!(saved.result.unwrap_err().code(), Code::GateNetworkDisabled);
    assert!(bench.engine.stored("new").is_err());

    let saved = create("new", draft(NetworkGate::Closed), Reach::Offline)
        .await
        .unwrap();
    saved.result.unwrap();
    let record = bench.engine.stored("new").unwrap().preflight.unwrap();
    assert_eq!(record.proven, ["config", "endpoint"]);
    assert!(record.unproven.iter().any(|id| id == "token"));

    let again = create("new", draft(NetworkGate::Open), Reach::Free)
        .await
        .unwrap_err();
    assert_eq!(again.code(), Code::ConfigDuplicateName);
}

#[tokio::test]
async fn an_edit_is_checked_before_it_is_saved_and_closing_the_gate_always_works() {
    let bench = bench();
    bench
        .provider
        .will_fail_probes(Failure::new(Code::ProviderModelUnavailable, "no"));
    let edited = bench
        .engine
        .edit(
            "open",
            |draft| draft.model = "other".into(),
            Naming::default(),
            Reach::Free,
        )
        .await
        .unwrap();
    assert_eq!(
        edited.result.unwrap_err().code(),
        Code::ProviderModelUnavailable
    );
    assert_eq!(bench.engine.stored("open").unwrap().draft.model, "m");

    let edited = bench
        .engine
        .edit(
            "open",
            |draft| draft.gate = NetworkGate::Closed,
            Naming::default(),
            Reach::Free,
        )
        .await
        .unwrap();
    edited.result.unwrap();
    assert_eq!(
        bench.engine.stored("open").unwrap().draft.gate,
        NetworkGate::Closed
    );
    bench.engine.remove("open").unwrap();
    assert_eq!(
        bench.engine.remove("open").unwrap_err().code(),
        Code::ConfigNotFound
    );
}

#[tokio::test]
async fn each_check_is_told_as_it_is_decided_and_in_the_order_of_the_report() {
    let bench = bench();
    bench
        .provider
        .will_fail_probes(Failure::new(Code::CredentialTokenRejected, "no"));
    let probes_before = bench.provider.probe_count();
    let mut seen: Vec<Check> = Vec::new();
    let provider = bench.provider.clone();
    let mut local_before_network = false;
    let call = PreflightCall::draft(None, draft(NetworkGate::Open), Reach::Free);
    let report = bench
        .engine
        .preflight_observed(call, &mut |check: &Check| {
            if check.id == CheckId::Credential {
                local_before_network = provider.probe_count() == probes_before;
            }
            seen.push(check.clone());
        })
        .await;
    assert_eq!(seen, report.checks);
    assert!(local_before_network, "told before the first request left");
}
