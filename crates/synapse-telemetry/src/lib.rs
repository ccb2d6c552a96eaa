//! OpenTelemetry for finished calls: GenAI spans and metrics over OTLP, to a collector that the
//! user names.
//!
//! **Invariant:** what leaves here comes from a receipt: never a prompt, an answer or a secret. No
//! call waits for it, and no batch is sent twice.

mod attributes;
mod collector;
mod conventions;
mod export;
mod ledger;
mod metrics;
mod observation;
mod span;

pub use ledger::{ObservedLedger, Wiring};
