//! One reader for all known error bodies: OpenAI's object, the router's string, frameworks' lists,
//! vendors' envelopes, and non-JSON.

use serde_json::Value;

use super::completion;
use crate::json::{self, Seen, WHOLE};

/// The fields of an error body.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ErrorBody {
    /// The provider's message, truncated.
    pub(crate) message: Option<String>,
    /// `code`; numbers become text.
    pub(crate) code: Option<String>,
    /// `type`.
    pub(crate) kind: Option<String>,
    /// `param`.
    pub(crate) param: Option<String>,
    /// The first `reason` of Google's `details`.
    pub(crate) reason: Option<String>,
    /// Other places of a code: `innererror`, a one-word `error` or `details`.
    pub(crate) codes: Vec<String>,
    /// The number of MiniMax's `base_resp`.
    pub(crate) base_resp: Option<String>,
    /// The HTTP status stated in the body.
    pub(crate) http_status: Option<u16>,
    /// Retry delay in seconds stated in the body.
    pub(crate) retry_after: Option<String>,
    /// Whether an exceeded limit is stated to be 0.
    pub(crate) limit_of_zero: bool,
    /// Whether a filter flagged the prompt.
    pub(crate) flagged: bool,
    /// The failed sub-provider reported by a router, and its message (OpenRouter).
    pub(crate) upstream: Option<Upstream>,
    /// The format of the body.
    pub(crate) format: BodyFormat,
}

/// A router's report of a failed sub-provider.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Upstream {
    /// Its name.
    pub(crate) name: String,
    /// Its message.
    pub(crate) message: Option<String>,
}

/// The format of a response body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum BodyFormat {
    /// A JSON value.
    Json,
    /// A page; never shown.
    Html,
    /// Any other text.
    #[default]
    Text,
    /// Empty.
    Empty,
}

impl ErrorBody {
    /// Reads a body of the given content type.
    pub(crate) fn read(content_type: Option<&str>, body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        let text = text.trim();
        if text.is_empty() {
            return Self {
                format: BodyFormat::Empty,
                ..Self::default()
            };
        }
        let seen = json::read(text.as_bytes(), &WHOLE);
        seen.and_then(|seen| Self::said(&seen))
            .unwrap_or_else(|| Self::of_text(content_type, text))
    }

    /// [`ErrorBody::read`] for a body that was read whole already.
    pub(crate) fn of_seen(content_type: Option<&str>, body: &[u8], seen: &Seen) -> Self {
        match std::str::from_utf8(body) {
            Ok(text) => {
                Self::said(seen).unwrap_or_else(|| Self::of_text(content_type, text.trim()))
            }
            // Its text is read with replacement characters.
            Err(_) => Self::read(content_type, body),
        }
    }

    /// The error of a JSON value, unless that is other text that starts with a bracket.
    fn said(seen: &Seen) -> Option<Self> {
        let read = Self::from_json(&seen.value);
        let says_something = read.message.is_some() || read.stated().next().is_some();
        (says_something || !seen.is_mended).then_some(read)
    }

    fn of_text(content_type: Option<&str>, text: &str) -> Self {
        let html = content_type.is_some_and(|each| each.contains("html")) || text.starts_with('<');
        if html {
            return Self {
                format: BodyFormat::Html,
                ..Self::default()
            };
        }
        Self {
            message: Some(cut(text)),
            format: BodyFormat::Text,
            ..Self::default()
        }
    }

    /// All stated codes, most specific first.
    pub(crate) fn stated(&self) -> impl Iterator<Item = &str> {
        [&self.code, &self.reason]
            .into_iter()
            .flatten()
            .chain(&self.codes)
            .chain(&self.kind)
            .map(String::as_str)
    }

    /// Whether the lower-case message contains `needle`.
    pub(crate) fn says(&self, needle: &str) -> bool {
        self.message
            .as_ref()
            .is_some_and(|message| message.to_lowercase().contains(needle))
    }

    /// Whether a word of the message contains the lower-case `part`. Paths and URLs, such as that of
    /// the request, are no words.
    pub(crate) fn has_word_with(&self, part: &str) -> bool {
        let message = self.message.as_deref().unwrap_or_default();
        message
            .split_whitespace()
            .any(|word| !word.contains('/') && word.to_lowercase().contains(part))
    }

    /// Whether the message contains the lower-case `name`, and not as a part of a longer word.
    pub(crate) fn names(&self, name: &str) -> bool {
        let message = self.message.as_deref().unwrap_or_default().to_lowercase();
        let is_apart = |next: Option<char>| !next.is_some_and(char::is_alphanumeric);
        message.match_indices(name).any(|(start, found)| {
            let (before, after) = (message.get(..start), message.get(start + found.len()..));
            is_apart(before.and_then(|text| text.chars().next_back()))
                && is_apart(after.and_then(|text| text.chars().next()))
        })
    }

    /// Whether the code is one of `codes`.
    pub(crate) fn has_code(&self, codes: &[&str]) -> bool {
        self.code
            .as_deref()
            .is_some_and(|code| codes.contains(&code))
    }

    /// Reads a JSON value, or the first of a list (Gemini).
    pub(crate) fn from_json(value: &Value) -> Self {
        Self::nested(value, 0)
    }

    fn nested(value: &Value, depth: usize) -> Self {
        let value = value.get(0).unwrap_or(value);
        let inner = HOLDERS
            .iter()
            .filter(|_| depth < DEEPEST)
            .find_map(|key| Some((*key, value.get(key).filter(|inner| !inner.is_null())?)))
            .or_else(|| wrapped(value).filter(|_| depth < DEEPEST));
        let body = match inner {
            // Members around the error fill its gaps.
            Some((key, error @ Value::Object(_))) => {
                let mut body = Self::nested(error, depth + 1).or(Self::from_object(value));
                if key == "base_resp" {
                    body.base_resp = body.code.clone();
                }
                body
            }
            Some((_, Value::String(words))) => Self::of_words(words, value, depth),
            Some((_, list @ Value::Array(_))) => Self {
                message: first_message(list),
                ..Self::from_object(value)
            },
            _ => match value.get("detail") {
                // FastAPI given an object.
                Some(detail @ Value::Object(_)) if depth < DEEPEST => {
                    Self::nested(detail, depth + 1).or(Self::from_object(value))
                }
                _ => Self::from_object(value),
            },
        };
        Self {
            format: BodyFormat::Json,
            ..body
        }
    }

    /// `{"error": "words"}`, where the words may be another server's JSON, or a code.
    fn of_words(words: &str, holder: &Value, depth: usize) -> Self {
        let around = Self::from_object(holder);
        if depth < DEEPEST
            && words.trim_start().starts_with('{')
            && let Some(inner) = json::read(words.as_bytes(), &WHOLE)
        {
            return Self::nested(&inner.value, depth + 1).or(around);
        }
        if is_code(words) {
            return Self {
                message: around.message.or_else(|| Some(words.to_owned())),
                codes: vec![words.to_owned()],
                ..around
            };
        }
        Self {
            message: Some(cut(words)),
            ..around
        }
    }

    /// `{message,type,param,code}` and variants: `{code,reason,message}`, `{code,msg}`,
    /// `{error_code,error_msg}`, `{status_code,status_msg}`, `{detail}`, `{errors}`.
    fn from_object(object: &Value) -> Self {
        let text = |key: &str| object.get(key).and_then(word);
        let code_in = |key: &str| match object.get(key) {
            Some(Value::Array(codes)) => codes.first().and_then(word),
            code => code.and_then(word),
        };
        let first = |keys: &[&str]| keys.iter().find_map(|key| text(key));
        let listed = |key: &str| object.get(key).and_then(first_message);
        let details = object.get("details");
        let code = CODES
            .iter()
            .find_map(|key| code_in(key))
            .or_else(|| detailed_code(object))
            .or_else(|| object.pointer("/errors/0/code").and_then(word));
        let status = object.get("status").and_then(word);
        let stated = [
            code.clone(),
            text("http_code"),
            text("status_code"),
            text("statusCode"),
            status,
        ];
        let http_status = stated
            .iter()
            .flatten()
            .find_map(|code| code.parse().ok().filter(|code| (400..600).contains(code)));
        let inner = object.pointer("/innererror/code").and_then(Value::as_str);
        let beside = object.get("reason").and_then(Value::as_str);
        let beside = beside.filter(|reason| is_code(reason));
        let details_word = details.and_then(Value::as_str).filter(|word| is_code(word));
        Self {
            message: first(&MESSAGES)
                .or_else(|| {
                    ["message", "detail", "errors"]
                        .iter()
                        .find_map(|key| listed(key))
                })
                // Last resort: a reason that is a sentence, the title of a problem.
                .or_else(|| text("reason").filter(|reason| !is_code(reason)))
                .or_else(|| text("title")),
            kind: first(&["type", "error_type", "errorType", "__type"])
                .or_else(|| text("name").filter(|name| is_exception(name)))
                .or_else(|| super::text(object, "status")),
            param: text("param"),
            reason: details.and_then(|details| find(details, "reason")),
            // Next to a numeric code, the reason is the code proper.
            codes: [inner, details_word, beside]
                .into_iter()
                .flatten()
                .map(cut)
                .collect(),
            base_resp: None,
            http_status,
            code,
            retry_after: details
                .and_then(|details| find(details, "retryDelay"))
                .and_then(|delay| Some(delay.strip_suffix('s')?.to_owned())),
            limit_of_zero: details.is_some_and(states_a_limit_of_zero),
            flagged: object.pointer("/metadata/flagged_input").is_some(),
            upstream: object.get("metadata").and_then(upstream),
            format: BodyFormat::Json,
        }
    }

    /// Fills the gaps of `self` from `other`.
    fn or(self, other: Self) -> Self {
        Self {
            message: self.message.or(other.message),
            code: self.code.or(other.code),
            kind: self.kind.or(other.kind),
            param: self.param.or(other.param),
            reason: self.reason.or(other.reason),
            codes: [self.codes, other.codes].concat(),
            base_resp: self.base_resp.or(other.base_resp),
            http_status: self.http_status.or(other.http_status),
            retry_after: self.retry_after.or(other.retry_after),
            limit_of_zero: self.limit_of_zero || other.limit_of_zero,
            flagged: self.flagged || other.flagged,
            upstream: self.upstream.or(other.upstream),
            format: self.format,
        }
    }
}

/// The error within a 2xx answer: in place of the answer, or in the choice it interrupted.
pub(crate) fn error_within(body: &Value) -> Option<&Value> {
    if let Some(choice) = body.pointer("/choices/0") {
        if names_error(choice) {
            return Some(choice);
        }
        // Empty choices are no answer.
        let silent = !completion::says_something(body);
        let refused = names_error(body) || (is_error(body) && !completion::is_finished(body));
        return (silent && refused).then_some(body);
    }
    let value = body.get(0).unwrap_or(body);
    if wrapped(value).is_some() {
        return Some(body);
    }
    (!has_answer(body) && (names_error(value) || is_error(value))).then_some(body)
}

/// An error in an envelope: under `data`, `response` or `result`, or in the `header` of Spark.
fn wrapped(value: &Value) -> Option<(&'static str, &Value)> {
    let enveloped = ENVELOPES.iter().find_map(|key| {
        let inner = value.get(key)?;
        let answered = inner.get("choices").is_some();
        (names_error(inner) && !answered).then_some((*key, inner))
    });
    let header = || {
        let header = value.get("header")?;
        let failed = header.get("code")?.as_i64()? != 0;
        (failed && header.get("message").is_some()).then_some(("header", header))
    };
    enveloped.or_else(header)
}

/// Whether there is an answer: choices, or the list of an Anthropic message or of models, which may
/// be the whole body.
pub(crate) fn has_answer(body: &Value) -> bool {
    let bare_list = body.pointer("/0/id").is_some();
    bare_list
        || ["choices", "content", "data", "models"].iter().any(|key| {
            let value = body.get(key);
            value.is_some_and(|value| match value {
                Value::Array(items) => !items.is_empty(),
                Value::Object(members) => !members.is_empty(),
                _ => false,
            })
        })
}

/// Whether there is a meaningful `error`.
fn names_error(value: &Value) -> bool {
    match value.get("error") {
        Some(Value::Object(members)) => !members.is_empty(),
        Some(Value::Array(items)) => !items.is_empty(),
        Some(Value::String(words)) => !words.is_empty(),
        Some(Value::Bool(failed)) => *failed,
        _ => false,
    }
}

/// Whether an object itself is an error, without an `error` member.
fn is_error(value: &Value) -> bool {
    let named = |key: &str| {
        let told = value.get(key).and_then(Value::as_str);
        told.is_some_and(|told| FAILED.iter().any(|word| told.eq_ignore_ascii_case(word)))
    };
    let is_listed = |key: &str| match value.get(key) {
        Some(Value::Array(items)) => !items.is_empty(),
        Some(Value::Object(members)) => !members.is_empty(),
        Some(Value::String(words)) => !words.is_empty(),
        _ => false,
    };
    let unsuccessful = ["success", "ok"]
        .iter()
        .any(|key| value.get(key) == Some(&Value::Bool(false)));
    let exception = ["__type", "name"].iter().any(|key| {
        let name = value.get(key).and_then(Value::as_str);
        name.is_some_and(is_exception)
    });
    let base_resp = value
        .pointer("/base_resp/status_code")
        .and_then(Value::as_i64);
    let code = [
        "code",
        "error_code",
        "errorCode",
        "status_code",
        "statusCode",
    ]
    .iter()
    .find_map(|key| word(value.get(key)?))
    .filter(|code| !WELL.contains(&code.to_lowercase().as_str()));
    let words = MESSAGES.iter().any(|key| value.get(key).is_some());
    named("object")
        || named("type")
        || named("status")
        || is_listed("errors")
        || unsuccessful
        || exception
        || ["fault", "err"].iter().any(|key| is_listed(key))
        || base_resp.is_some_and(|code| code != 0)
        || (code.is_some() && words)
        || value.get("error_msg").is_some_and(Value::is_string)
        || value.pointer("/Response/Error").is_some()
        || is_listed("detail")
}

/// Whether a name is that of an exception: `InsufficientBalanceError`.
fn is_exception(name: &str) -> bool {
    is_code(name) && ["Error", "Exception"].iter().any(|end| name.ends_with(end))
}

/// A number or a text.
fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(cut(text)),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Whether a text is a code rather than a sentence.
pub(crate) fn is_code(text: &str) -> bool {
    let joined = text.contains(['_', '.', '-']);
    let camel = ["Error", "Exception"].iter().any(|end| text.ends_with(end));
    (1..=LONGEST_CODE).contains(&text.len())
        && text.bytes().all(|each| match each {
            b'_' | b'.' | b'-' | b'A'..=b'Z' => true,
            b'a'..=b'z' | b'0'..=b'9' => joined || camel,
            _ => false,
        })
}

/// Truncates a text: no message needs more, and a server may send millions of characters.
fn cut(text: &str) -> String {
    text.chars().take(LONGEST_MESSAGE).collect()
}

/// Google's quota metadata: `quota_limit_value` of an `ErrorInfo`, `quotaValue` of a violation.
fn states_a_limit_of_zero(details: &Value) -> bool {
    let zero = |value: Option<&Value>| {
        value.is_some_and(|value| value == "0" || value.as_u64() == Some(0))
    };
    let details = details.as_array().into_iter().flatten();
    details.into_iter().any(|each| {
        let violations = each.get("violations").and_then(Value::as_array);
        zero(each.pointer("/metadata/quota_limit_value"))
            || violations
                .into_iter()
                .flatten()
                .any(|violation| zero(violation.get("quotaValue")))
    })
}

/// The first text under `key` in a list of objects.
fn find(list: &Value, key: &str) -> Option<String> {
    list.as_array()?
        .iter()
        .find_map(|each| super::text(each, key))
}

/// `metadata` of OpenRouter: `raw` holds the sub-provider's answer as text, often JSON.
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

/// The message in `"s"`, `["s"]`, `[{"message":"s"}]` or FastAPI's `[{"loc":[…],"msg":"s"}]`.
fn first_message(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(cut(text)),
        Value::Array(items) => items.first().and_then(first_message),
        Value::Object(fields) => {
            let text = |key: &&str| fields.get(*key)?.as_str();
            let Some(words) = MESSAGES.iter().chain(&["text"]).find_map(text) else {
                // Rails and the like: messages by field name.
                return fields.values().find_map(first_message);
            };
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
                return Some(cut(words));
            }
            Some(cut(&format!("{}: {words}", place.join("."))))
        }
        _ => None,
    }
}

/// Members that hold an error.
const HOLDERS: [&str; 6] = ["error", "Error", "err", "fault", "base_resp", "Response"];
/// Envelopes of an answer, or of an error instead.
const ENVELOPES: [&str; 4] = ["data", "response", "result", "body"];
/// Members that hold a code.
const CODES: [&str; 9] = [
    "code",
    "error_code",
    "errorCode",
    "errorcode",
    "Code",
    "err_code",
    "status_code",
    "statusCode",
    "reason",
];
/// A `status` or `type` of a failure.
const FAILED: [&str; 4] = ["error", "failed", "failure", "fail"];
/// Members that may hold a message.
const MESSAGES: [&str; 11] = [
    "message",
    "msg",
    "error_msg",
    "error_message",
    "errorMessage",
    "status_msg",
    "error_description",
    "Message",
    "faultstring",
    "description",
    "detail",
];
/// Codes meaning success.
const WELL: [&str; 5] = ["0", "200", "ok", "success", "succeeded"];
/// Maximum nesting of errors.
const DEEPEST: usize = 4;
const LONGEST_CODE: usize = 64;
const LONGEST_MESSAGE: usize = 16_000;

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
        assert_eq!(read("<!doctype html>").format, BodyFormat::Html);
        assert_eq!(read("").format, BodyFormat::Empty);
        assert_eq!(read("Not Found").format, BodyFormat::Text);
    }
}
