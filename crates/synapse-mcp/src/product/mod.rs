//! What the product offers beside its tools: resources to read, prompts to start from, and
//! completions of their arguments. Nothing here sends anything.

mod completions;
mod prompts;
mod resources;

use serde_json::Value;
use synapse_core::document::ErrorDocument;
use synapse_core::error::{Failure, RemedyText};

pub use self::completions::ProductCompletions;
pub use self::prompts::ProductPrompts;
pub use self::resources::ProductResources;
use crate::JsonObject;
use crate::failure::value;
use crate::host::HostError;

/// A failure as a JSON-RPC error, whose code is that of its class outside the reserved range.
fn failed(failure: &Failure, remedies: &dyn RemedyText) -> HostError {
    HostError::Rpc {
        code: OWN_CODES + i64::from(failure.class().exit_code()),
        message: format!("{}: {}", failure.code, failure.message),
        data: Some(value(&ErrorDocument::new(failure, remedies))),
    }
}

fn object(value: Value) -> JsonObject {
    match value {
        Value::Object(object) => object,
        _ => JsonObject::new(),
    }
}

/// The JSON-RPC code of a failure is this and the exit code of its class.
const OWN_CODES: i64 = 1000;
