//! The port through which the server completes arguments: [`CompletionHost`].

use std::fmt;

use async_trait::async_trait;
use serde_json::{Value, json};

use super::{Caller, HostError};
use crate::JsonObject;

/// Something that knows the values of arguments of prompts and resource templates.
#[async_trait]
pub trait CompletionHost: Send + Sync {
    /// Says whether the prompt or template behind a `ref` object belongs here; must not wait for
    /// anything.
    fn owns(&self, reference: &JsonObject) -> bool;

    /// Completes one argument and returns the whole result object; [`completion`] makes one.
    ///
    /// # Errors
    /// [`HostError::InvalidParams`] for an unknown reference. An argument without suggestions is
    /// an empty list.
    async fn complete(&self, call: CompletionCall) -> Result<JsonObject, HostError>;
}

/// One `completion/complete` request. `Debug` leaves its payload out.
#[non_exhaustive]
pub struct CompletionCall {
    /// The `ref` object as sent.
    pub reference: JsonObject,
    /// The name of the argument.
    pub argument: String,
    /// What was typed so far.
    pub value: String,
    /// The arguments that are settled, as sent in `context.arguments`.
    pub settled: JsonObject,
    /// The other parameters as sent.
    pub extra: JsonObject,
    /// Who asks.
    pub caller: Caller,
}

impl CompletionCall {
    /// Creates a request without settled arguments.
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

/// The result object of a completion: at most [`MAX_COMPLETIONS`] of `values`, and how many there are.
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

/// The most values one result may have, by the specification.
pub const MAX_COMPLETIONS: usize = 100;

/// The name of the prompt, or the URI of the template, that a `ref` object names.
#[must_use]
pub fn referenced(reference: &JsonObject) -> Option<&str> {
    let member = match reference.get("type").and_then(Value::as_str)? {
        "ref/prompt" => "name",
        "ref/resource" => "uri",
        _ => return None,
    };
    reference.get(member).and_then(Value::as_str)
}
