//! The JSON of the chat completions API, as written and as really met.

use serde_json::Value;

use crate::json::whole;

pub(crate) mod completion;
pub(crate) mod error;
pub(crate) mod foreign;
pub(crate) mod model;
pub(crate) mod request;
pub(crate) mod stream;

/// The text of that member.
pub(crate) fn text(value: &Value, key: &str) -> Option<String> {
    value.get(key).and_then(Value::as_str).map(str::to_owned)
}

/// The whole number of that member.
pub(crate) fn count(value: &Value, key: &str) -> Option<u64> {
    value.get(key).and_then(whole)
}

/// As long as a model id may be; what stands in the place of one is cut to this.
pub(crate) const MAX_WORD: usize = 256;
