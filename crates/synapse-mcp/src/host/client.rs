//! The way back to the client while one of its requests runs: questions and log messages.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use crate::JsonObject;

/// The client of one request. The default has nobody behind it: questions fail, logs go nowhere.
#[derive(Clone, Default)]
pub struct Client(Option<Arc<dyn Link>>);

/// What the engine puts behind a [`Client`].
#[async_trait]
pub(crate) trait Link: Send + Sync {
    async fn ask(&self, method: &str, params: JsonObject) -> Result<Value, AskError>;
    fn log(&self, level: LogLevel, params: JsonObject);
}

/// Why a client did not answer a question.
///
/// `Display` and `Debug` leave out what the client sent.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum AskError {
    /// The request came in a revision without requests of a server; there the host answers with
    /// `resultType: "input_required"` instead.
    #[error("the client's protocol revision has no requests of a server")]
    NotInThisEra,
    /// The connection ended first.
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

/// How serious a log message is, by RFC 5424.
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

    /// Sends one request to the client and waits for its answer, for as long as that takes.
    /// Dropping the future tells the client that the question is withdrawn.
    ///
    /// Only clients of the legacy era take requests, and only those that declared the capability;
    /// the host looks at [`Caller::capabilities`](super::Caller::capabilities) first.
    ///
    /// # Errors
    /// [`AskError`].
    pub async fn ask(&self, method: &str, params: JsonObject) -> Result<Value, AskError> {
        match &self.0 {
            Some(link) => link.ask(method, params).await,
            None => Err(AskError::Gone),
        }
    }

    /// Sends one log message, if the client wants messages of that level; never waits.
    ///
    /// A server has to be created [`with_logging`](crate::Server::with_logging) for it.
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
    /// Passes one log message of an upstream server on as it came, if the client wants messages of
    /// its `level`; never waits.
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
    /// Every level, the least serious first.
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

    /// The word on the wire.
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

    /// The level of that word.
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
