//! Refusals of input that the Messages API does not support.

use serde_json::{Map, Value};
use synapse_core::error::{Code, Failure};

/// A refusal naming the argument.
pub(super) fn refused(argument: &'static str, message: impl Into<String>) -> Failure {
    Failure::new(Code::UsageInvalidArguments, message).with("argument", argument)
}

/// The first member of `object` that is not in `known`.
pub(super) fn foreign_member<'a>(
    object: &'a Map<String, Value>,
    known: &[&str],
) -> Option<&'a String> {
    object.keys().find(|key| !known.contains(&key.as_str()))
}
