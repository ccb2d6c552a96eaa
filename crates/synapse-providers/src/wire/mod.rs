//! The JSON of the chat completions API, as sent and as received in practice.

use serde_json::Value;

use crate::json::whole;

pub(crate) mod completion;
pub(crate) mod error;
pub(crate) mod foreign;
pub(crate) mod model;
pub(crate) mod request;
pub(crate) mod stream;

/// A member as text.
pub(crate) fn text(value: &Value, key: &str) -> Option<String> {
    value.get(key).and_then(Value::as_str).map(str::to_owned)
}

/// A member as an integer.
pub(crate) fn count(value: &Value, key: &str) -> Option<u64> {
    value.get(key).and_then(whole)
}

/// Maximum length of a model id; foreign values are cut to this.
pub(crate) const MAX_WORD: usize = 256;
