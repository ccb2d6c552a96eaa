//! One reader for every error body that has been met: OpenAI's object, the router's string, the
//! lists of frameworks, and no JSON at all.

use serde_json::Value;

use crate::json::{self, WHOLE};

/// What an error body says, as far as it says it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ErrorBody {
    /// The provider's words, as they came.
    pub(crate) message: Option<String>,
    /// `code`, numbers as text.
    pub(crate) code: Option<String>,
    /// `type`.
    pub(crate) kind: Option<String>,
    /// `param`.
    pub(crate) param: Option<String>,
    /// The first `reason` of Google's `details`.
    pub(crate) reason: Option<String>,
    /// After how many seconds it may be tried again, where the body says so.
    pub(crate) retry_after: Option<String>,
    /// Whether the prompt is said to have been flagged by a filter.
    pub(crate) flagged: bool,
    /// The sub-provider whose failure a router passes on, and its own words (OpenRouter).
    pub(crate) upstream: Option<Upstream>,
    /// What the body was.
    pub(crate) format: Format,
}

/// What a router says of the sub-provider that failed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Upstream {
    /// Its name.
    pub(crate) name: String,
    /// Its own words, as they came.
    pub(crate) message: Option<String>,
}

/// What the body of an answer was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Format {
    /// A JSON value.
    Json,
    /// A page. Its text is never shown.
    Html,
    /// Any other text.
    #[default]
    Text,
    /// Nothing.
    Empty,
}

impl ErrorBody {
    /// Reads a body of the given content type.
    pub(crate) fn read(content_type: Option<&str>, body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        let text = text.trim();
        if text.is_empty() {
            return Self {
                format: Format::Empty,
                ..Self::default()
            };
        }
        if let Some(seen) = json::read(text.as_bytes(), &WHOLE) {
            let read = Self::from_json(&seen.value);
            // Other text may begin with a bracket as well.
            let says_something = read.message.is_some() || read.code.is_some();
            if says_something || seen.flaws.is_empty() {
                return read;
            }
        }
        let html = content_type.is_some_and(|each| each.contains("html")) || text.starts_with('<');
        if html {
            return Self {
                format: Format::Html,
                ..Self::default()
            };
        }
        Self {
            message: Some(text.to_owned()),
            format: Format::Text,
            ..Self::default()
        }
    }

    /// Whether the words, in lower case, contain `needle`.
    pub(crate) fn says(&self, needle: &str) -> bool {
        self.message
            .as_ref()
            .is_some_and(|message| message.to_lowercase().contains(needle))
    }

    /// Whether the code is one of `codes`.
    pub(crate) fn has_code(&self, codes: &[&str]) -> bool {
        self.code
            .as_deref()
            .is_some_and(|code| codes.contains(&code))
    }

    /// Reads a JSON value, or the first one of a list (Gemini).
    pub(crate) fn from_json(value: &Value) -> Self {
        let value = value.get(0).unwrap_or(value);
        let body = match value.get("error") {
            Some(error @ Value::Object(_)) => Self::from_object(error),
            Some(Value::String(message)) => Self {
                message: Some(message.clone()),
                ..Self::from_object(value)
            },
            Some(list @ Value::Array(_)) => Self {
                message: first_message(list),
                ..Self::default()
            },
            _ => Self::from_object(value),
        };
        Self {
            format: Format::Json,
            ..body
        }
    }

    /// `{message,type,param,code}` and its cousins `{code,reason,message}`, `{detail}`, `{errors}`.
    fn from_object(object: &Value) -> Self {
        let text = |key: &str| match object.get(key) {
            Some(Value::String(text)) if !text.is_empty() => Some(text.clone()),
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => None,
        };
        let listed = |key: &str| object.get(key).and_then(first_message);
        Self {
            message: text("message")
                .or_else(|| text("msg"))
                .or_else(|| listed("detail"))
                .or_else(|| listed("errors")),
            code: text("code")
                .or_else(|| text("reason"))
                .or_else(|| detailed_code(object)),
            kind: text("type").or_else(|| super::text(object, "status")),
            param: text("param"),
            reason: object
                .get("details")
                .and_then(|details| find(details, "reason")),
            retry_after: object
                .get("details")
                .and_then(|details| find(details, "retryDelay"))
                .and_then(|delay| Some(delay.strip_suffix('s')?.to_owned())),
            flagged: object.pointer("/metadata/flagged_input").is_some(),
            upstream: object.get("metadata").and_then(upstream),
            format: Format::Json,
        }
    }
}

/// The first text under `key` in a list of objects.
fn find(list: &Value, key: &str) -> Option<String> {
    list.as_array()?
        .iter()
        .find_map(|each| super::text(each, key))
}

/// `metadata` of OpenRouter: what the sub-provider answered is in `raw`, as text that often is JSON.
fn upstream(metadata: &Value) -> Option<Upstream> {
    let message = match metadata.get("raw") {
        Some(Value::String(raw)) => ErrorBody::read(None, raw.as_bytes()).message,
        Some(raw @ Value::Object(_)) => ErrorBody::from_json(raw).message,
        _ => None,
    };
    Some(Upstream {
        name: super::text(metadata, "provider_name")?,
        message,
    })
}

/// Anthropic's `{"details": {"error_code"}}`.
fn detailed_code(object: &Value) -> Option<String> {
    let code = object.get("details")?.get("error_code")?.as_str()?;
    Some(code.to_owned())
}

/// The words of `"s"`, `["s"]`, `[{"message":"s"}]` or FastAPI's `[{"loc":[…],"msg":"s"}]`.
fn first_message(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(items) => items.first().and_then(first_message),
        Value::Object(fields) => {
            let words = fields
                .get("message")
                .or_else(|| fields.get("msg"))?
                .as_str()?;
            let place: Vec<String> = fields
                .get("loc")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .map(|step| {
                    step.as_str()
                        .map_or_else(|| step.to_string(), str::to_owned)
                })
                .collect();
            if place.is_empty() {
                return Some(words.to_owned());
            }
            Some(format!("{}: {words}", place.join(".")))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> ErrorBody {
        ErrorBody::read(Some("application/json"), body.as_bytes())
    }

    #[test]
    fn every_known_shape_gives_its_words() {
        for (body, message, code) in [
            (
                r#"{"error":{"message":"m","type":"t","param":null,"code":"c"}}"#,
                Some("m"),
                Some("c"),
            ),
            (
                r#"{"error":{"message":"m","code":404}}"#,
                Some("m"),
                Some("404"),
            ),
            (r#"{"error":"m"}"#, Some("m"), None),
            (r#"{"error":["m","n"]}"#, Some("m"), None),
            (
                r#"{"message":"m","type":"t","code":"c","param":"p"}"#,
                Some("m"),
                Some("c"),
            ),
            (
                r#"{"code":400,"reason":"R","message":"m"}"#,
                Some("m"),
                Some("400"),
            ),
            (r#"{"detail":"m"}"#, Some("m"), None),
            (
                r#"{"detail":[{"loc":["body","model"],"msg":"m"}]}"#,
                Some("body.model: m"),
                None,
            ),
            (r#"{"errors":[{"message":"m"}]}"#, Some("m"), None),
            (r#"[{"message":"m"}]"#, Some("m"), None),
            ("Not Found", Some("Not Found"), None),
            ("<html>secret page</html>", None, None),
            ("", None, None),
            ("[]", None, None),
        ] {
            let read = read(body);
            assert_eq!(
                (read.message.as_deref(), read.code.as_deref()),
                (message, code),
                "{body}"
            );
        }
        let google = read(
            r#"[{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED","details":[{"reason":"R"},{"retryDelay":"34s"}]}}]"#,
        );
        assert_eq!(google.message.as_deref(), Some("m"));
        assert_eq!(google.kind.as_deref(), Some("RESOURCE_EXHAUSTED"));
        assert_eq!(google.reason.as_deref(), Some("R"));
        assert_eq!(google.retry_after.as_deref(), Some("34"));
        let routed = read(
            r#"{"error":{"message":"Provider returned error","code":429,"metadata":{"raw":"{\"detail\":\"slow down\"}","provider_name":"Chutes"}}}"#,
        );
        let upstream = Upstream {
            name: "Chutes".into(),
            message: Some("slow down".into()),
        };
        assert_eq!(routed.upstream, Some(upstream));
        assert_eq!(read("<!doctype html>").format, Format::Html);
        assert_eq!(read("").format, Format::Empty);
        assert_eq!(read("Not Found").format, Format::Text);
    }
}
