//! OpenTelemetry for requests of IDEs and the calls that come of them: MCP and GenAI spans and metrics
//! over OTLP, to a collector that the user names.
//!
//! **Invariant:** what leaves here is metadata: never a prompt, an argument, an answer or a secret. No
//! call waits for it, and no batch is sent twice.

mod attributes;
mod collector;
mod conventions;
mod export;
mod ledger;
mod metrics;
mod observation;
mod observer;
mod request;
mod span;
mod upstream;

pub use ledger::{ObservedHubLedger, ObservedLedger};
pub use observer::{Observer, Wiring};
