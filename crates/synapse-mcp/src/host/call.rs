//! A call of a tool or a prompt, and its caller.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use super::{Client, LogLevel, ProgressReporter, RequestOpening, SpanContext};
use crate::{Era, JsonObject, ProtocolRevision};

/// The sender of a request and its protocol revision.
///
/// A legacy client introduces itself once, in `initialize`; a modern one in the `_meta` of every
/// request. `Debug` omits `_meta` and capabilities.
#[derive(Clone)]
pub struct Caller {
    revision: ProtocolRevision,
    /// Shared, because the client handle keeps the caller too.
    meta: Arc<JsonObject>,
    session: Option<Arc<Session>>,
    span: Option<SpanContext>,
}

/// The result of `initialize` and the client's raw introduction.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) revision: ProtocolRevision,
    pub(crate) client_info: JsonObject,
    pub(crate) capabilities: JsonObject,
    pub(crate) wishes: Mutex<Wishes>,
}

/// A legacy client's settings after `initialize`, which filter its messages.
#[derive(Debug)]
pub(crate) struct Wishes {
    /// It sent `notifications/initialized`; nothing unsolicited is sent before.
    pub(crate) initialized: bool,
    /// Minimum log level.
    pub(crate) level: LogLevel,
    /// Its subscribed resources.
    pub(crate) resources: BTreeSet<String>,
}

impl Default for Wishes {
    fn default() -> Self {
        Self {
            initialized: false,
            level: LogLevel::Info,
            resources: BTreeSet::new(),
        }
    }
}

impl Session {
    pub(crate) fn new(
        revision: ProtocolRevision,
        client_info: JsonObject,
        capabilities: JsonObject,
    ) -> Self {
        Self {
            revision,
            client_info,
            capabilities,
            wishes: Mutex::default(),
        }
    }

    /// Reads or changes the settings; `work` must not block.
    pub(crate) fn wishes<T>(&self, work: impl FnOnce(&mut Wishes) -> T) -> T {
        let mut wishes = self.wishes.lock().unwrap_or_else(PoisonError::into_inner);
        work(&mut wishes)
    }
}

/// One `tools/call` request.
pub type ToolCall = NamedCall;

/// One `prompts/get` request.
pub type PromptCall = NamedCall;

/// A request for something by name. `Debug` omits its payload.
#[non_exhaustive]
pub struct NamedCall {
    /// The name of the tool or prompt.
    pub name: String,
    /// The arguments as sent; empty if there are none.
    pub arguments: JsonObject,
    /// The other parameters as sent (`inputResponses`, `requestState`, unknown ones), without
    /// `name`, `arguments` and `_meta`.
    pub extra: JsonObject,
    /// The caller.
    pub caller: Caller,
    /// Reports progress, if the client requested it.
    pub progress: Option<ProgressReporter>,
    /// Sends messages to the client.
    pub client: Client,
}

impl Caller {
    /// Creates a caller without an introduction.
    #[must_use]
    pub fn new(revision: ProtocolRevision) -> Self {
        Self {
            revision,
            meta: Arc::default(),
            session: None,
            span: None,
        }
    }

    /// Sets the `_meta` of the request.
    #[must_use]
    pub fn with_meta(mut self, meta: JsonObject) -> Self {
        self.meta = Arc::new(meta);
        self
    }

    /// Sets the span of the request.
    pub(crate) const fn with_span(mut self, span: Option<SpanContext>) -> Self {
        self.span = span;
        self
    }

    /// Returns the span of the request, if requests are traced.
    #[must_use]
    pub const fn span(&self) -> Option<SpanContext> {
        self.span
    }

    pub(crate) fn with_session(mut self, session: Option<Arc<Session>>) -> Self {
        self.session = session;
        self
    }

    /// Returns the revision of this request.
    #[must_use]
    pub fn revision(&self) -> ProtocolRevision {
        self.revision
    }

    /// Returns the era of this request.
    #[must_use]
    pub fn era(&self) -> Era {
        self.revision.era()
    }

    /// Returns the `_meta` of the request as sent, including protocol members.
    #[must_use]
    pub fn meta(&self) -> &JsonObject {
        &self.meta
    }

    /// Returns the client info, which is optional in the modern era.
    #[must_use]
    pub fn client_info(&self) -> Option<&JsonObject> {
        self.introduction(CLIENT_INFO, |session| &session.client_info)
    }

    /// Returns the name of the client program.
    #[must_use]
    pub fn client_name(&self) -> Option<&str> {
        self.client_info()?.get("name")?.as_str()
    }

    /// Returns the version of the client program.
    #[must_use]
    pub fn client_version(&self) -> Option<&str> {
        self.client_info()?.get("version")?.as_str()
    }

    /// Returns the client's capabilities, per request in the modern era.
    #[must_use]
    pub fn capabilities(&self) -> Option<&JsonObject> {
        self.introduction(CLIENT_CAPABILITIES, |session| &session.capabilities)
    }

    /// Returns the minimum log level for this request; `None` if the client requested no logs.
    #[must_use]
    pub fn log_level(&self) -> Option<LogLevel> {
        match self.era() {
            Era::Legacy => self
                .session
                .as_ref()
                .map(|session| session.wishes(|wishes| wishes.level)),
            Era::Modern => {
                let level = self.meta.get(LOG_LEVEL)?.as_str()?;
                LogLevel::from_name(level)
            }
        }
    }

    /// Whether the client wants log messages of `level` for this request.
    pub(crate) fn wants(&self, level: LogLevel) -> bool {
        self.log_level().is_some_and(|wanted| level >= wanted)
    }

    pub(crate) fn session(&self) -> Option<&Arc<Session>> {
        self.session.as_ref()
    }

    /// Describes a request for observers, without its content.
    pub(crate) fn opening(&self, method: &str, params: &JsonObject) -> RequestOpening {
        let text = |text: Option<&Value>| text.and_then(Value::as_str).map(capped);
        RequestOpening {
            method: capped(method),
            target: match method {
                "tools/call" | "prompts/get" => text(params.get("name")),
                _ => None,
            },
            revision: self.revision().as_str().to_owned(),
            parent: self
                .meta()
                .get("traceparent")
                .and_then(Value::as_str)
                .and_then(SpanContext::from_traceparent),
            client_name: self.client_name().map(capped),
            client_version: self.client_version().map(capped),
        }
    }

    fn introduction(
        &self,
        key: &str,
        from_session: fn(&Session) -> &JsonObject,
    ) -> Option<&JsonObject> {
        match self.era() {
            Era::Legacy => self.session.as_deref().map(from_session),
            Era::Modern => self.meta.get(key).and_then(Value::as_object),
        }
    }
}

impl NamedCall {
    /// Creates a call without other parameters and without progress.
    #[must_use]
    pub fn new(name: impl Into<String>, arguments: JsonObject, caller: Caller) -> Self {
        Self {
            name: name.into(),
            arguments,
            extra: JsonObject::new(),
            caller,
            progress: None,
            client: Client::default(),
        }
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Caller")
            .field("revision", &self.revision)
            .field("client_name", &self.client_name())
            .field("client_version", &self.client_version())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for NamedCall {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("NamedCall")
            .field("name", &self.name)
            .field("caller", &self.caller)
            .finish_non_exhaustive()
    }
}

/// Truncates names chosen by a client.
fn capped(text: &str) -> String {
    text.chars().take(MOST_CHARACTERS).collect()
}

/// Longer names are truncated for observers.
const MOST_CHARACTERS: usize = 128;
pub(crate) const PROTOCOL_VERSION: &str = "io.modelcontextprotocol/protocolVersion";
pub(crate) const CLIENT_INFO: &str = "io.modelcontextprotocol/clientInfo";
pub(crate) const CLIENT_CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";
const LOG_LEVEL: &str = "io.modelcontextprotocol/logLevel";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> JsonObject {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn a_modern_caller_is_known_from_the_request_alone() {
        let session = Arc::new(Session::new(
            ProtocolRevision::V2025_11_25,
            object(json!({"name": "old", "version": "1"})),
            object(json!({"roots": {}})),
        ));
        let caller = Caller::new(ProtocolRevision::V2026_07_28)
            .with_meta(object(json!({
                CLIENT_INFO: {"name": "new", "version": "2"},
                CLIENT_CAPABILITIES: {"elicitation": {}},
            })))
            .with_session(Some(session));
        assert_eq!(caller.client_name(), Some("new"));
        assert_eq!(caller.client_version(), Some("2"));
        assert_eq!(
            caller.capabilities(),
            json!({"elicitation": {}}).as_object()
        );
    }

    #[test]
    fn a_legacy_caller_is_known_from_its_session_alone() {
        let meta = object(json!({CLIENT_INFO: {"name": "other", "version": "2"}}));
        let caller = Caller::new(ProtocolRevision::V2025_11_25).with_meta(meta);
        assert_eq!(caller.client_name(), None);
        let caller = caller.with_session(Some(Arc::new(Session::new(
            ProtocolRevision::V2025_11_25,
            object(json!({"name": "old", "version": "1"})),
            JsonObject::new(),
        ))));
        assert_eq!(caller.client_name(), Some("old"));
        assert_eq!(caller.capabilities(), Some(&JsonObject::new()));
    }

    #[test]
    fn debug_shows_no_payload() {
        let arguments = object(json!({"prompt": "the secret plan"}));
        let meta = object(json!({"baggage": "user=someone"}));
        let caller = Caller::new(ProtocolRevision::V2025_11_25).with_meta(meta);
        let shown = format!("{:?}", ToolCall::new("chat", arguments, caller));
        assert!(shown.contains("chat"), "{shown}");
        assert!(
            !shown.contains("secret") && !shown.contains("someone"),
            "{shown}"
        );
    }
}
