//! Raw JSON-RPC messages: parses the server's and serialises ours.

use serde_json::{Map, Value, json};
use tokio::task::spawn_blocking;

use super::{CallError, RpcError};
use crate::JsonObject;
use crate::server::message::surrogates::without_lone_surrogates;
use crate::size::{LARGE, outweigh};

/// A message from the server.
#[derive(Debug, Clone, PartialEq)]
pub enum Incoming {
    /// The answer to one of our requests.
    Answer {
        /// Its id.
        id: Value,
        /// Its content.
        answer: Answer,
    },
    /// A request of the server.
    Request {
        /// Its id, to be echoed.
        id: Value,
        /// The method.
        method: String,
        /// Its parameters, `_meta` included.
        params: JsonObject,
    },
    /// A notification.
    Notification {
        /// The method.
        method: String,
        /// Its parameters, `_meta` included.
        params: JsonObject,
    },
    /// Invalid.
    Unusable,
}

/// The content of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// A result.
    Result(JsonObject),
    /// An error.
    Error(RpcError),
    /// Invalid.
    Broken,
}

impl Incoming {
    /// Parses the messages of a line, event or body; several for a batch. The caller has enforced
    /// the [`Caps`](super::Caps).
    ///
    /// Invalid UTF-8 and unpaired surrogates become replacement characters: the rest of the message
    /// is more useful than an error.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Vec<Self> {
        let text = String::from_utf8_lossy(bytes);
        let text = text.trim_matches(|c: char| c.is_ascii_whitespace() || c == BYTE_ORDER_MARK);
        if text.is_empty() {
            return Vec::new();
        }
        let value = serde_json::from_str(text)
            .or_else(|_| serde_json::from_str(&without_lone_surrogates(text)));
        match value {
            Ok(Value::Array(batch)) if !batch.is_empty() => {
                batch.into_iter().map(Self::of).collect()
            }
            Ok(value) => vec![Self::of(value)],
            Err(_) => vec![Self::Unusable],
        }
    }

    fn of(value: Value) -> Self {
        let Value::Object(mut message) = value else {
            return Self::Unusable;
        };
        if message.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
            return Self::Unusable;
        }
        let id = message.remove("id");
        let Some(method) = message.remove("method") else {
            return match id {
                Some(id) => Self::Answer {
                    id,
                    answer: Answer::of(message),
                },
                None => Self::Unusable,
            };
        };
        let params = match message.remove("params") {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(params)) => params,
            Some(_) => return Self::Unusable,
        };
        match (method, id) {
            (Value::String(method), None) => Self::Notification { method, params },
            (Value::String(method), Some(id @ (Value::String(_) | Value::Number(_)))) => {
                Self::Request { id, method, params }
            }
            _ => Self::Unusable,
        }
    }
}

impl Answer {
    fn of(mut message: JsonObject) -> Self {
        match (message.remove("result"), message.remove("error")) {
            (Some(Value::Object(result)), None | Some(Value::Null)) => Self::Result(result),
            (None | Some(Value::Null), Some(Value::Object(error))) => RpcError::of(error),
            _ => Self::Broken,
        }
    }
}

impl RpcError {
    fn of(mut error: JsonObject) -> Answer {
        let data = error.remove("data");
        let message = error.remove("message");
        match (error.get("code").and_then(whole_number), message) {
            (Some(code), Some(Value::String(message))) => Answer::Error(Self {
                code,
                message,
                data,
            }),
            (Some(code), None) => Answer::Error(Self {
                code,
                message: String::new(),
                data,
            }),
            _ => Answer::Broken,
        }
    }

    /// The error for a server request that this client does not support.
    #[must_use]
    pub fn not_taken(method: &str) -> Self {
        Self {
            code: METHOD_NOT_FOUND,
            message: format!("this client does not support {method}"),
            data: None,
        }
    }

    fn to_value(&self) -> Value {
        let mut error = Map::new();
        error.insert("code".to_owned(), self.code.into());
        error.insert("message".to_owned(), self.message.clone().into());
        if let Some(data) = &self.data {
            error.insert("data".to_owned(), data.clone());
        }
        Value::Object(error)
    }
}

/// A code may be written as `-32601.0`.
fn whole_number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| {
        let number = value.as_f64()?;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "whole and within the range of exact numbers"
        )]
        (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
    })
}

/// The id of ours that `value` is, which some servers write as `7.0`.
#[must_use]
pub fn own_id(value: &Value) -> Option<u64> {
    value
        .as_u64()
        .or_else(|| u64::try_from(whole_number(value)?).ok())
}

/// A request with one of our ids.
#[must_use]
pub fn request(id: u64, method: &str, params: JsonObject) -> Vec<u8> {
    let mut message = message();
    message.insert("id".to_owned(), id.into());
    message.insert("method".to_owned(), method.into());
    message.insert("params".to_owned(), Value::Object(params));
    Value::Object(message).to_string().into_bytes()
}

/// [`request`], written on a separate thread if its parameters are large.
///
/// # Errors
/// [`CallError::Interrupted`] if the runtime is shutting down.
pub async fn written_request(
    id: u64,
    method: &str,
    params: JsonObject,
) -> Result<Vec<u8>, CallError> {
    if !outweigh(params.values(), LARGE) {
        return Ok(request(id, method, params));
    }
    let method = method.to_owned();
    let written = spawn_blocking(move || request(id, &method, params)).await;
    written.map_err(|_| CallError::Interrupted)
}

/// A notification.
#[must_use]
pub fn notification(method: &str, params: JsonObject) -> Vec<u8> {
    let mut message = message();
    message.insert("method".to_owned(), method.into());
    if !params.is_empty() {
        message.insert("params".to_owned(), Value::Object(params));
    }
    Value::Object(message).to_string().into_bytes()
}

/// The cancellation of one of our requests.
#[must_use]
pub fn cancellation(id: u64) -> Vec<u8> {
    let mut params = Map::new();
    params.insert("requestId".to_owned(), id.into());
    params.insert("reason".to_owned(), "given up".into());
    notification("notifications/cancelled", params)
}

/// The answer to a server request.
#[must_use]
pub fn answer(id: Value, outcome: Result<Value, RpcError>) -> Vec<u8> {
    let mut message = message();
    message.insert("id".to_owned(), id);
    match outcome {
        Ok(result) => message.insert("result".to_owned(), result),
        Err(error) => message.insert("error".to_owned(), error.to_value()),
    };
    Value::Object(message).to_string().into_bytes()
}

fn message() -> JsonObject {
    let mut message = Map::new();
    message.insert("jsonrpc".to_owned(), json!("2.0"));
    message
}

const BYTE_ORDER_MARK: char = '\u{feff}';
/// JSON-RPC: the method does not exist or is not available.
pub(super) const METHOD_NOT_FOUND: i64 = -32601;
/// JSON-RPC: the parameters are invalid.
pub(super) const INVALID_PARAMS: i64 = -32602;

#[cfg(test)]
mod tests {
    use synapse_testkit::pool::{self, HeldPool, begun};

    use super::*;

    #[test]
    fn only_a_large_request_is_written_on_another_thread() {
        pool::run(async {
            let params =
                |bytes| JsonObject::from_iter([("x".to_owned(), "x".repeat(bytes).into())]);
            let held = HeldPool::hold();
            let mut small = Box::pin(written_request(1, "m", params(10)));
            assert!(begun(&mut small).await.is_ready());
            let mut large = Box::pin(written_request(1, "m", params(LARGE)));
            assert!(begun(&mut large).await.is_pending());
            drop(held);
            let written = large.await.map_err(|error| error.to_string());
            assert_eq!(written, Ok(request(1, "m", params(LARGE))));
        });
    }
}
