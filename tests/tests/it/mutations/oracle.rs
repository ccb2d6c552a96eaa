//! The expected effect of a line, derived from the specification and not the server: a reply under
//! its id, a refusal, or nothing.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer as _};
use serde_json::Value;
use serde_json::value::RawValue;

/// The expected effect of a line.
pub(crate) enum Expected {
    /// Exactly one reply under this id. Not `in_time` means late or never.
    Reply { id: String, in_time: bool },
    /// Exactly one error, under an id where it is readable.
    Refusal,
    /// No reply; and the request with this id may stay unanswered.
    Cancelled(String),
    /// No reply.
    Nothing,
    /// A refusal or nothing, for a notification with a defect.
    Either,
}

/// Determines the expected effect of `line`.
pub(crate) fn expect(line: &[u8]) -> Expected {
    if line.trim_ascii().is_empty() {
        return Expected::Nothing;
    }
    // Duplicate names, out-of-range numbers, unpaired surrogates: the server may report a parse
    // error or an invalid request, but exactly one of them.
    let Ok(Value::Object(message)) = serde_json::from_slice::<Value>(line) else {
        return unreadable(line);
    };
    if has_a_name_twice(line) {
        return Expected::Refusal;
    }
    let is_response = message.contains_key("result") || message.contains_key("error");
    if is_response && !message.contains_key("method") {
        return Expected::Nothing;
    }
    let method = message.get("method").and_then(Value::as_str);
    let (Some("2.0"), Some(method), false) = (
        message.get("jsonrpc").and_then(Value::as_str),
        method,
        is_response,
    ) else {
        return Expected::Refusal;
    };
    match message.get("id") {
        Some(id) if id.is_string() || id.is_number() => Expected::Reply {
            id: id.to_string(),
            in_time: method != "subscriptions/listen",
        },
        Some(_) => Expected::Refusal,
        None => match message
            .get("params")
            .and_then(|params| params.get("requestId"))
        {
            Some(id) if method == "notifications/cancelled" => Expected::Cancelled(id.to_string()),
            _ => Expected::Nothing,
        },
    }
}

/// Whether a strict reader can parse the id of a line, if it has one. The server echoes ids byte
/// for byte, including unpaired surrogates and `1e999`.
pub(crate) fn has_readable_id(line: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Envelope<'a> {
        #[serde(borrow, default)]
        id: Option<&'a RawValue>,
    }
    let envelope = serde_json::from_slice::<Envelope<'_>>(line);
    let id = envelope.ok().and_then(|envelope| envelope.id);
    id.is_none_or(|id| serde_json::from_str::<Value>(id.get()).is_ok())
}

/// A response with unreadable values is still a response. Everything else is refused.
fn unreadable(line: &[u8]) -> Expected {
    if std::str::from_utf8(line).is_err() {
        return Expected::Refusal;
    }
    match Names::read(line) {
        Some(names) if names.twice => Expected::Refusal,
        Some(names) if !names.has("method") && (names.has("result") || names.has("error")) => {
            Expected::Nothing
        }
        Some(names) if names.has("method") && !names.has("id") => Expected::Either,
        _ => Expected::Refusal,
    }
}

fn has_a_name_twice(line: &[u8]) -> bool {
    Names::read(line).is_some_and(|names| names.twice)
}

/// The member names of an object whose values are skipped.
#[derive(Default)]
struct Names {
    all: BTreeSet<String>,
    twice: bool,
}

impl Names {
    fn read(line: &[u8]) -> Option<Self> {
        let mut reader = serde_json::Deserializer::from_slice(line);
        let names = reader.deserialize_map(Self::default()).ok()?;
        reader.end().ok()?;
        Some(names)
    }

    fn has(&self, name: &str) -> bool {
        self.all.contains(name)
    }
}

impl<'de> Visitor<'de> for Names {
    type Value = Self;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self, A::Error> {
        while let Some((name, _)) = map.next_entry::<String, IgnoredAny>()? {
            // Unknown members may be repeated.
            if !self.all.insert(name.clone()) && KNOWN.contains(&name.as_str()) {
                self.twice = true;
            }
        }
        Ok(self)
    }
}

const KNOWN: [&str; 6] = ["jsonrpc", "id", "method", "params", "result", "error"];
