//! OpenTelemetry for IDE requests and the calls they cause: MCP and GenAI spans and metrics over
//! OTLP, sent to a collector that the user configures.
//!
//! **Invariant:** only metadata is exported, never a prompt, an argument, an answer or a secret. No
//! call waits for the export, and no batch is sent twice.

mod attributes;
mod call;
mod calls;
mod collector;
mod conventions;
mod export;
mod metrics;
mod observation;
mod observer;
mod request;
mod span;
mod upstream;
mod wiring;

pub use observer::Observer;
pub use wiring::Wiring;
