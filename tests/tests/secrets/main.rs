//! Secrets as their owner meets them: where they may go, how they are kept and looked after, and
//! that they turn up nowhere else.

#![cfg(test)]

mod binding;

use synapse_testkit::raw::{RawServer, Reply};

const TWIN: &str = env!("CARGO_BIN_EXE_synapse-twin");

/// A server that answers every prompt.
fn answering() -> RawServer {
    RawServer::always(Reply::json(
        200,
        r#"{"model":"m","choices":[{"message":{"role":"assistant","content":"Here"},
            "finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2}}"#,
    ))
}
