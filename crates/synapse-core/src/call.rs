//! Who called, and the id of a call.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use crate::telemetry::SpanContext;

/// The id of one call: a UUIDv7, so that ids sort by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallId(Uuid);

/// A text that is no call id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a call id")]
pub struct CallIdParseError;

impl CallId {
    /// From a UUID that the caller made.
    #[must_use]
    pub const fn new(uuid: Uuid) -> Self {
        Self(uuid)
    }

    /// The id as the UUID that it is.
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

/// On whose behalf a call is made. Metadata for the ledger; it never reaches the provider.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Caller {
    /// The MCP client's name, such as `cursor`; `None` at the terminal.
    pub client_name: Option<String>,
    /// The MCP client's version.
    pub client_version: Option<String>,
    /// The MCP tool through which the call came.
    pub tool: Option<String>,
    /// The span of the request that it is part of, when that is traced; no part of the row.
    pub span: Option<SpanContext>,
}

/// What kind of call a ledger row records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// A prompt.
    Chat,
    /// The paid step of a preflight.
    Probe,
    /// A prompt of an upstream server, answered by the model of the IDE.
    Sample,
}

impl Operation {
    /// Every operation.
    pub const ALL: [Self; 3] = [Self::Chat, Self::Probe, Self::Sample];

    /// The word in the ledger and in output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Probe => "probe",
            Self::Sample => "sample",
        }
    }
}
