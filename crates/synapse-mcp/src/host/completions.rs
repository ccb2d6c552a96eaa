//! The port for argument completion: [`CompletionHost`].

use std::fmt;

use async_trait::async_trait;
use serde_json::{Value, json};

use super::{Caller, HostError};
use crate::JsonObject;

/// Completes arguments of prompts and resource templates.
#[async_trait]
pub trait CompletionHost: Send + Sync {
    /// Whether the prompt or template of a `ref` object belongs to this host; must not block.
    fn owns(&self, reference: &JsonObject) -> bool;

    /// Completes one argument and returns the whole result object, see [`completion`].
    ///
    /// # Errors
    /// [`HostError::InvalidParams`] for an unknown reference. No suggestions is an empty list.
    async fn complete(&self, call: CompletionCall) -> Result<JsonObject, HostError>;
}

/// A `completion/complete` request. `Debug` omits its payload.
#[non_exhaustive]
pub struct CompletionCall {
    /// The `ref` object as sent.
    pub reference: JsonObject,
    /// The name of the argument.
    pub argument: String,
    /// The text typed so far.
    pub value: String,
    /// The known arguments, as sent in `context.arguments`.
    pub settled: JsonObject,
    /// The other parameters as sent.
    pub extra: JsonObject,
    /// The caller.
    pub caller: Caller,
}

impl CompletionCall {
    /// Creates a request without known arguments.
    #[must_use]
    pub fn new(
        reference: JsonObject,
        argument: impl Into<String>,
        value: impl Into<String>,
        caller: Caller,
    ) -> Self {
        Self {
            reference,
            argument: argument.into(),
            value: value.into(),
            settled: JsonObject::new(),
            extra: JsonObject::new(),
            caller,
        }
    }
}

impl fmt::Debug for CompletionCall {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CompletionCall")
            .field("argument", &self.argument)
            .finish_non_exhaustive()
    }
}

/// The result object of a completion: at most [`MAX_COMPLETIONS`] of `values`, and their total
/// number.
#[must_use]
pub fn completion(mut values: Vec<String>) -> JsonObject {
    let total = values.len();
    values.truncate(MAX_COMPLETIONS);
    let completion = json!({
        "values": values,
        "total": total,
        "hasMore": total > MAX_COMPLETIONS,
    });
    JsonObject::from_iter([("completion".to_owned(), completion)])
}

/// Maximum values per result, per the specification.
pub const MAX_COMPLETIONS: usize = 100;

/// The prompt name or template URI of a `ref` object.
#[must_use]
pub fn referenced(reference: &JsonObject) -> Option<&str> {
    let member = match reference.get("type").and_then(Value::as_str)? {
        "ref/prompt" => "name",
        "ref/resource" => "uri",
        _ => return None,
    };
    reference.get(member).and_then(Value::as_str)
}
