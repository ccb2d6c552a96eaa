//! Parses one line into one message: validates its shape for JSON-RPC and both lifecycles, or
//! yields the error. Stateless.

pub(crate) mod surrogates;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use self::surrogates::{lone_surrogate, without_lone_surrogates};
use super::error::ErrorObject;
use crate::JsonObject;
use crate::host::PROTOCOL_VERSION;
use crate::size::{MAX_VALUES, has_too_many_values};

/// The meaning of a line.
#[derive(Debug, PartialEq)]
pub(crate) enum Message {
    /// A request; gets exactly one reply unless cancelled.
    Request(Request),
    /// `notifications/cancelled` with a request's id as JSON text.
    Cancelled(Box<str>),
    /// `notifications/initialized`.
    Initialized,
    /// The answer to a server request: its number, and the JSON text of the result or error.
    Answered(u64, Result<Box<str>, Box<str>>),
    /// A non-empty array: a batch in one revision, see [`batch`].
    Batch,
    /// Nothing to do: a blank line, another notification, an unexpected response.
    Ignored,
    /// Not a protocol message.
    Invalid {
        /// The id for the reply as JSON text, if readable.
        id: Option<Arc<str>>,
        /// The error to reply with.
        error: ErrorObject,
    },
}

/// A request with parsed parameters and separated `_meta`.
#[derive(Debug, PartialEq)]
pub(crate) struct Request {
    /// The id as JSON text, verbatim.
    pub(crate) id: Arc<str>,
    pub(crate) method: String,
    pub(crate) params: JsonObject,
    pub(crate) meta: JsonObject,
}

/// Reads one line.
pub(crate) fn parse(line: &[u8]) -> Message {
    let line = without_marks(line);
    if line.trim_ascii().is_empty() {
        return Message::Ignored;
    }
    let Ok(text) = std::str::from_utf8(line) else {
        let id = id_of(&String::from_utf8_lossy(line));
        return invalid(id, ErrorObject::no_text("the line is not UTF-8"));
    };
    if line.trim_ascii_start().starts_with(b"[") {
        // Checked without parsing the elements: an array may have millions.
        return match serde_json::from_str::<[IgnoredAny; 0]>(text) {
            Ok([]) => invalid(None, ErrorObject::invalid_request("the batch is empty")),
            Err(_) if is_json(text) => Message::Batch,
            Err(_) => invalid(None, ErrorObject::parse_error()),
        };
    }
    match serde_json::from_str::<Envelope<'_>>(text) {
        Ok(envelope) => classify(&envelope),
        _ if let Some(escape) = lone_surrogate(text) => invalid(
            id_of(&without_lone_surrogates(text)),
            ErrorObject::no_text(half_a_character(escape)),
        ),
        _ if is_json(text) => invalid(
            None,
            ErrorObject::invalid_request("the line is not a JSON-RPC message"),
        ),
        _ => invalid(None, ErrorObject::parse_error()),
    }
}

/// Strips byte order marks, which some clients put at the start of their output or of each write.
pub(crate) fn without_marks(mut line: &[u8]) -> &[u8] {
    while let Some(rest) = line.strip_prefix(BYTE_ORDER_MARK) {
        line = rest;
    }
    line
}

/// The id of a request with an otherwise unreadable text.
fn id_of(text: &str) -> Option<Arc<str>> {
    let envelope: Envelope<'_> = serde_json::from_str(text).ok()?;
    envelope.method?;
    request_id(&envelope)
}

fn request_id(envelope: &Envelope<'_>) -> Option<Arc<str>> {
    let id = envelope.id.filter(|id| is_id(id))?;
    Some(Arc::from(id.get()))
}

fn half_a_character(escape: &str) -> String {
    format!("`{escape}` is half of a surrogate pair, which is not a character; send both halves")
}

/// Splits an array line into its elements; `None` for more than [`MAX_BATCH`], or another line.
pub(crate) fn batch(line: &[u8]) -> Option<Vec<&RawValue>> {
    struct Elements;
    impl<'de> Visitor<'de> for Elements {
        type Value = Vec<&'de RawValue>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a batch")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Self::Value, A::Error> {
            let mut elements = Vec::new();
            while let Some(element) = array.next_element()? {
                if elements.len() == MAX_BATCH {
                    return Err(serde::de::Error::custom("too many"));
                }
                elements.push(element);
            }
            Ok(elements)
        }
    }
    let mut deserializer = serde_json::Deserializer::from_slice(without_marks(line));
    deserializer.deserialize_seq(Elements).ok()
}

/// The JSON text of a server request's id.
pub(crate) fn question_id(number: u64) -> String {
    format!("{QUESTION}{number}\"")
}

/// The members that determine the kind of message, as raw text.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    jsonrpc: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    id: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    method: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    params: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    result: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    error: Option<&'a RawValue>,
}

fn classify(envelope: &Envelope<'_>) -> Message {
    let id = request_id(envelope);
    let is_response = envelope.result.is_some() || envelope.error.is_some();
    if is_response && envelope.method.is_none() {
        return answered(envelope).unwrap_or(Message::Ignored);
    }
    let refuse = |message: &'static str| invalid(id.clone(), ErrorObject::invalid_request(message));
    if envelope.jsonrpc.map(RawValue::get) != Some(r#""2.0""#) {
        return refuse("`jsonrpc` must be \"2.0\"");
    }
    let Some(method) = envelope.method else {
        return refuse("the message has neither a method nor a result");
    };
    let Ok(method) = serde_json::from_str::<String>(method.get()) else {
        return refuse("`method` must be a string");
    };
    if is_response {
        return refuse("the message is a request and a response at once");
    }
    match (envelope.id, id.clone()) {
        (None, _) => classify_notification(&method, envelope.params),
        (Some(_), None) => refuse("`id` must be a string or a number"),
        (Some(_), Some(id)) => classify_request(id, method, envelope.params),
    }
}

/// The answer to a server request if its id may be ours; `None` for an unexpected response.
fn answered(envelope: &Envelope<'_>) -> Option<Message> {
    let id = envelope.id?.get();
    let number = id.strip_prefix(QUESTION)?.strip_suffix('"')?.parse().ok()?;
    let outcome = match (envelope.result, envelope.error) {
        (Some(result), None) => Ok(result.get().into()),
        (_, Some(error)) => Err(error.get().into()),
        (None, None) => return None,
    };
    Some(Message::Answered(number, outcome))
}

fn classify_request(id: Arc<str>, method: String, params: Option<&RawValue>) -> Message {
    match parse_params(params) {
        Ok((params, meta)) => Message::Request(Request {
            id,
            method,
            params,
            meta,
        }),
        Err(message) => invalid(Some(id), ErrorObject::invalid_params(message)),
    }
}

fn classify_notification(method: &str, params: Option<&RawValue>) -> Message {
    if method == "notifications/initialized" {
        return Message::Initialized;
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Cancelled<'a> {
        #[serde(borrow)]
        request_id: &'a RawValue,
    }
    let cancelled = params
        .filter(|_| method == "notifications/cancelled")
        .and_then(|params| serde_json::from_str::<Cancelled<'_>>(params.get()).ok());
    match cancelled {
        Some(cancelled) => Message::Cancelled(cancelled.request_id.get().into()),
        None => Message::Ignored,
    }
}

/// Returns parameters and `_meta`; missing and `null` count as empty.
fn parse_params(params: Option<&RawValue>) -> Result<(JsonObject, JsonObject), Cow<'static, str>> {
    let Some(params) = params.map(RawValue::get).filter(|text| *text != "null") else {
        return Ok((JsonObject::new(), JsonObject::new()));
    };
    if !params.starts_with('{') {
        return Err("`params` must be an object".into());
    }
    if has_too_many_values(params) {
        return Err(format!("`params` holds more than {MAX_VALUES} values").into());
    }
    let mut params = serde_json::from_str::<JsonObject>(params).map_err(|error| {
        let why = lone_surrogate(params).map_or_else(|| error.to_string(), half_a_character);
        format!("`params` cannot be read: {why}")
    })?;
    let meta = match params.shift_remove("_meta") {
        None | Some(Value::Null) => JsonObject::new(),
        Some(Value::Object(meta)) => meta,
        Some(_) => return Err("`_meta` must be an object".into()),
    };
    if meta
        .get(PROTOCOL_VERSION)
        .is_some_and(|version| !version.is_string())
    {
        return Err(format!("`_meta` member `{PROTOCOL_VERSION}` must be a string").into());
    }
    Ok((params, meta))
}

/// MCP ids are strings and numbers; `null` is valid in JSON-RPC only.
fn is_id(id: &RawValue) -> bool {
    id.get()
        .starts_with(|first: char| first == '"' || first == '-' || first.is_ascii_digit())
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

fn invalid(id: Option<Arc<str>>, error: ErrorObject) -> Message {
    Message::Invalid { id, error }
}

/// Distinguishes `null` from a missing member.
fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// Maximum messages in a batch; a larger one is refused as a whole.
pub(crate) const MAX_BATCH: usize = 1000;

/// U+FEFF in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Prefix of our ids for server requests.
const QUESTION: &str = "\"synapse-";

#[cfg(test)]
mod tests;
