//! Messages to the client during one of its requests: server requests and logs.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use crate::JsonObject;

/// The client of one request. The default is detached: server requests fail, logs are dropped.
#[derive(Clone, Default)]
pub struct Client(Option<Arc<dyn Link>>);

/// The engine's implementation of a [`Client`].
#[async_trait]
pub(crate) trait Link: Send + Sync {
    async fn ask(&self, method: &str, params: JsonObject) -> Result<Value, AskError>;
    fn log(&self, level: LogLevel, params: JsonObject);
}

/// Why a client did not answer a server request.
///
/// `Display` and `Debug` omit the client's content.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum AskError {
    /// The revision has no server requests; the host answers with `resultType: "input_required"`
    /// instead.
    #[error("the client's protocol revision has no requests of a server")]
    NotInThisEra,
    /// The connection ended.
    #[error("the client is gone")]
    Gone,
    /// The client answered with an error.
    #[error("the client answered with JSON-RPC error {code}")]
    Refused {
        /// The JSON-RPC code.
        code: i64,
        /// The JSON-RPC message.
        message: String,
        /// The JSON-RPC data.
        data: Option<Value>,
    },
}

/// The severity of a log message, per RFC 5424.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names are the words of RFC 5424")]
pub enum LogLevel {
    Debug,
    Info,
    Notice,
    Warning,
    Error,
    Critical,
    Alert,
    Emergency,
}

impl Client {
    pub(crate) fn new(link: Arc<dyn Link>) -> Self {
        Self(Some(link))
    }

    /// Sends one request to the client and waits indefinitely for its answer. Dropping the future
    /// cancels the request at the client.
    ///
    /// Only legacy clients that declared the capability accept requests; the host checks
    /// [`Caller::capabilities`](super::Caller::capabilities) first.
    ///
    /// # Errors
    /// [`AskError`].
    pub async fn ask(&self, method: &str, params: JsonObject) -> Result<Value, AskError> {
        match &self.0 {
            Some(link) => link.ask(method, params).await,
            None => Err(AskError::Gone),
        }
    }

    /// Sends a log message if the client wants its level; never waits.
    ///
    /// Requires a server created [`with_logging`](crate::Server::with_logging).
    pub fn log(&self, level: LogLevel, logger: Option<&str>, data: Value) {
        let Some(link) = &self.0 else { return };
        let mut params = JsonObject::new();
        params.insert("level".to_owned(), level.as_str().into());
        if let Some(logger) = logger {
            params.insert("logger".to_owned(), logger.into());
        }
        params.insert("data".to_owned(), data);
        link.log(level, params);
    }
}

impl Client {
    /// Passes on an upstream's log message unchanged if the client wants its `level`; never waits.
    pub fn pass_log(&self, params: JsonObject) {
        let level = params
            .get("level")
            .and_then(Value::as_str)
            .and_then(LogLevel::from_name);
        if let (Some(link), Some(level)) = (&self.0, level) {
            link.log(level, params);
        }
    }
}

impl LogLevel {
    /// Every level, least severe first.
    pub const ALL: [Self; 8] = [
        Self::Debug,
        Self::Info,
        Self::Notice,
        Self::Warning,
        Self::Error,
        Self::Critical,
        Self::Alert,
        Self::Emergency,
    ];

    /// Its name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Critical => "critical",
            Self::Alert => "alert",
            Self::Emergency => "emergency",
        }
    }

    /// Parses a level name.
    #[must_use]
    pub fn from_name(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str() == word)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Client").finish_non_exhaustive()
    }
}

impl fmt::Debug for AskError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotInThisEra => formatter.write_str("NotInThisEra"),
            Self::Gone => formatter.write_str("Gone"),
            Self::Refused { code, .. } => write!(formatter, "Refused({code})"),
        }
    }
}
