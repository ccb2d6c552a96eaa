//! The list of models: one request behind the gate, and no row.

use synapse_core::error::{Code, Remedy};
use synapse_testkit::ports::MemoryLedger;

use crate::bench::{bench, bench_with};

#[tokio::test]
async fn the_models_are_one_request_behind_the_gate_and_leave_no_row() {
    let bench = bench();
    let failure = bench.engine.models(Some("closed")).await.unwrap_err();
    assert_eq!(failure.code(), Code::GateNetworkDisabled);
    assert!(
        failure
            .hints()
            .iter()
            .any(|hint| matches!(hint.remedy, Some(Remedy::OpenGate { .. })))
    );
    assert_eq!((bench.secrets.reads(), bench.provider.lists()), (0, 0));
    let unknown = bench.engine.models(Some("nope")).await.unwrap_err();
    assert_eq!(unknown.code(), Code::ConfigNotFound);

    bench.engine.models(Some("open")).await.unwrap();
    assert_eq!((bench.secrets.reads(), bench.provider.lists()), (1, 1));
    assert_eq!(bench.ledger.entries(), []);

    let foreign = bench_with("hf_fake", MemoryLedger::new());
    let failure = foreign.engine.models(Some("open")).await.unwrap_err();
    assert_eq!(failure.code(), Code::CredentialWrongVendor);
    assert_eq!(foreign.provider.lists(), 0);
}
