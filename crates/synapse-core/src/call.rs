//! The caller of a call, and the call's id.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use crate::telemetry::SpanContext;

/// The id of a call: a UUIDv7, so that ids sort by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallId(Uuid);

/// The text is not a call id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a call id")]
pub struct CallIdParseError;

impl CallId {
    /// Wraps a UUID.
    #[must_use]
    pub const fn new(uuid: Uuid) -> Self {
        Self(uuid)
    }

    /// The id as a UUID.
    #[must_use]
    pub const fn as_uuid(self) -> Uuid {
        self.0
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl FromStr for CallId {
    type Err = CallIdParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::parse_str(text)
            .map(Self)
            .map_err(|_| CallIdParseError)
    }
}

/// The originator of a call. Metadata for the ledger, never sent to the provider.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Caller {
    /// The MCP client's name, such as `cursor`; `None` for the terminal.
    pub client_name: Option<String>,
    /// The MCP client's version.
    pub client_version: Option<String>,
    /// The MCP tool that made the call.
    pub tool: Option<String>,
    /// The span of the enclosing request, if traced; not stored in the row.
    pub span: Option<SpanContext>,
}

/// The kind of call in a ledger row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// A prompt.
    Chat,
    /// The billed step of a preflight.
    Probe,
    /// A prompt of an upstream server, answered by the IDE's model.
    Sample,
}

impl Operation {
    /// Every operation.
    pub const ALL: [Self; 3] = [Self::Chat, Self::Probe, Self::Sample];

    /// Its name in the ledger and in output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Probe => "probe",
            Self::Sample => "sample",
        }
    }
}
