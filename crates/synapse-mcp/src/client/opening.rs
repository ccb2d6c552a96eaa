//! Opens a conversation in either era: the probe, `initialize`, and the interpretation of their
//! answers.
//!
//! If both eras are possible, `server/discover` is sent first. Only a result or an error of the
//! modern era selects it; anything else leads to `initialize`.

use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::wire::Answer;
use super::{CallError, ClientHandler, Hello, RpcError};
use crate::{Era, JsonObject, ProtocolRevision};

/// The client's handshake.
#[derive(Clone)]
pub struct ClientIntroduction {
    /// `clientInfo`.
    pub client_info: JsonObject,
    /// The capabilities of a legacy session.
    pub capabilities: JsonObject,
    /// The allowed eras.
    pub eras: Eras,
    /// Receives notifications outside of requests, and answers server requests while no running
    /// request accepts them.
    pub standing: Option<Arc<dyn ClientHandler>>,
}

/// The allowed eras for a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Eras {
    /// Both, negotiated.
    #[default]
    Both,
    /// Revisions up to 2025-11-25.
    Legacy,
    /// Revision 2026-07-28.
    Modern,
}

/// How the era of a conversation was determined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Negotiation {
    /// Configured by the owner.
    Pinned,
    /// The server answered `server/discover`.
    Discovered,
    /// The server refused `server/discover` with this JSON-RPC code.
    Refused(i64),
    /// The server refused `server/discover` with this HTTP status.
    RefusedByStatus(u16),
    /// The server did not answer `server/discover`.
    Silent,
    /// The server exited at `server/discover` and was started once more.
    Exited,
}

impl fmt::Display for Negotiation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pinned => formatter.write_str("pinned"),
            Self::Discovered => formatter.write_str("server/discover"),
            Self::Refused(code) => write!(formatter, "server/discover -> {code}"),
            Self::RefusedByStatus(status) => write!(formatter, "server/discover -> HTTP {status}"),
            Self::Silent => formatter.write_str("server/discover -> no answer"),
            Self::Exited => formatter.write_str("server/discover -> the server exited"),
        }
    }
}

/// The consequence of the answer to `server/discover`.
#[derive(Debug, Clone)]
pub enum Probed {
    /// A modern server.
    Modern(Box<Hello>),
    /// The server rejected a version that it lists as supported: it may be probed again.
    Again,
    /// Continue with `initialize`.
    Legacy(Negotiation),
    /// The conversation cannot be opened.
    Failed(CallError),
}

impl ClientIntroduction {
    /// The parameters of `server/discover`.
    #[must_use]
    pub fn discover(&self) -> JsonObject {
        self.modern(Map::new(), Map::new(), &self.capabilities, None)
    }

    /// The parameters of `initialize`.
    #[must_use]
    pub fn initialize(&self) -> JsonObject {
        let mut params = Map::new();
        params.insert("protocolVersion".to_owned(), NEWEST_LEGACY.as_str().into());
        params.insert(
            "capabilities".to_owned(),
            Value::Object(self.capabilities.clone()),
        );
        params.insert(
            "clientInfo".to_owned(),
            Value::Object(self.client_info.clone()),
        );
        params
    }

    /// Parameters with the `_meta` required by `era`. `meta` is passed on, except for protocol
    /// members.
    #[must_use]
    pub fn params(
        &self,
        era: Era,
        params: JsonObject,
        meta: JsonObject,
        capabilities: &JsonObject,
        progress_token: Option<u64>,
    ) -> JsonObject {
        match era {
            Era::Modern => self.modern(params, meta, capabilities, progress_token),
            Era::Legacy => with_meta(params, own_removed(meta), progress_token),
        }
    }

    fn modern(
        &self,
        params: JsonObject,
        mut meta: JsonObject,
        capabilities: &JsonObject,
        progress_token: Option<u64>,
    ) -> JsonObject {
        let log_level = meta.remove(LOG_LEVEL);
        let mut meta = own_removed(meta);
        let revision = ProtocolRevision::V2026_07_28.as_str();
        meta.insert(PROTOCOL_VERSION.to_owned(), revision.into());
        meta.insert(
            CLIENT_INFO.to_owned(),
            Value::Object(self.client_info.clone()),
        );
        meta.insert(
            CLIENT_CAPABILITIES.to_owned(),
            Value::Object(capabilities.clone()),
        );
        if let Some(level) = log_level {
            meta.insert(LOG_LEVEL.to_owned(), level);
        }
        with_meta(params, meta, progress_token)
    }
}

/// Interprets the answer to `server/discover`.
#[must_use]
pub fn probed(answer: Answer, eras: Eras) -> Probed {
    match answer {
        Answer::Result(result) => discovered(result, eras),
        Answer::Error(error) => refused(error, eras),
        Answer::Broken if eras == Eras::Modern => Probed::Failed(BROKEN),
        Answer::Broken => Probed::Legacy(Negotiation::Refused(0)),
    }
}

fn discovered(mut result: JsonObject, eras: Eras) -> Probed {
    let supported = versions(result.get("supportedVersions"));
    if supported.is_empty() && eras == Eras::Both {
        // A legacy server that answers any method with an object.
        return Probed::Legacy(Negotiation::Discovered);
    }
    if !supported.contains(&ProtocolRevision::V2026_07_28) {
        return match eras {
            Eras::Both if supported.iter().any(|each| each.era() == Era::Legacy) => {
                Probed::Legacy(Negotiation::Discovered)
            }
            _ => Probed::Failed(NO_COMMON_REVISION),
        };
    }
    let named = result.get_mut("_meta").and_then(Value::as_object_mut);
    let server_info = named
        .and_then(|meta| object(meta.remove(SERVER_INFO)))
        .or_else(|| object(result.remove("serverInfo")));
    Probed::Modern(Box::new(Hello {
        revision: ProtocolRevision::V2026_07_28,
        server_info: server_info.unwrap_or_default(),
        capabilities: object(result.remove("capabilities")).unwrap_or_default(),
        instructions: text(result.remove("instructions")),
        negotiation: match eras {
            Eras::Modern => Negotiation::Pinned,
            Eras::Both | Eras::Legacy => Negotiation::Discovered,
        },
    }))
}

fn refused(error: RpcError, eras: Eras) -> Probed {
    if error.code == UNSUPPORTED_VERSION {
        let supported = error.data.as_ref().and_then(|data| data.get("supported"));
        let supported = versions(supported);
        if supported.contains(&ProtocolRevision::V2026_07_28) {
            return Probed::Again;
        }
        if eras == Eras::Both && supported.iter().any(|each| each.era() == Era::Legacy) {
            return Probed::Legacy(Negotiation::Refused(error.code));
        }
        return Probed::Failed(CallError::Rpc(error));
    }
    let is_modern = matches!(error.code, HEADER_MISMATCH | MISSING_CAPABILITY);
    match eras {
        Eras::Both if !is_modern => Probed::Legacy(Negotiation::Refused(error.code)),
        Eras::Both | Eras::Legacy | Eras::Modern => Probed::Failed(CallError::Rpc(error)),
    }
}

/// Interprets the answer to `initialize`.
///
/// # Errors
/// [`CallError::Rpc`] verbatim, or [`CallError::Protocol`].
pub fn initialized(answer: Answer, negotiation: Negotiation) -> Result<Hello, CallError> {
    let mut result = match answer {
        Answer::Result(result) => result,
        Answer::Error(error) => return Err(CallError::Rpc(error)),
        Answer::Broken => return Err(BROKEN),
    };
    let revision = result.get("protocolVersion").and_then(Value::as_str);
    let revision = revision
        .and_then(ProtocolRevision::from_name)
        .filter(|revision| revision.era() == Era::Legacy)
        .ok_or(NO_COMMON_REVISION)?;
    Ok(Hello {
        revision,
        server_info: object(result.remove("serverInfo")).unwrap_or_default(),
        capabilities: object(result.remove("capabilities")).unwrap_or_default(),
        instructions: text(result.remove("instructions")),
        negotiation,
    })
}

/// Interprets the answer to any other request.
///
/// # Errors
/// [`CallError::Rpc`] verbatim, or [`CallError::Protocol`].
pub fn settled(answer: Answer, era: Era) -> Result<JsonObject, CallError> {
    let result = match answer {
        Answer::Result(result) => result,
        Answer::Error(error) => return Err(CallError::Rpc(error)),
        Answer::Broken => return Err(BROKEN),
    };
    let kind = result.get("resultType");
    let is_known = match kind.map(Value::as_str) {
        None => true,
        // Including tasks, which were not declared.
        Some(kind) => matches!(kind, Some("complete" | "input_required")),
    };
    match era {
        Era::Modern if !is_known => Err(CallError::Protocol {
            what: "it answered with a result of an unknown type",
        }),
        Era::Legacy | Era::Modern => Ok(result),
    }
}

fn with_meta(
    mut params: JsonObject,
    mut meta: JsonObject,
    progress_token: Option<u64>,
) -> JsonObject {
    if let Some(token) = progress_token {
        meta.insert("progressToken".to_owned(), token.into());
    }
    if !meta.is_empty() {
        params.insert("_meta".to_owned(), Value::Object(meta));
    }
    params
}

/// Removes members specific to the IDE's own conversation.
fn own_removed(mut meta: JsonObject) -> JsonObject {
    for name in OWN {
        meta.shift_remove(name);
    }
    meta
}

fn versions(value: Option<&Value>) -> Vec<ProtocolRevision> {
    let versions = value.and_then(Value::as_array).into_iter().flatten();
    versions
        .filter_map(|version| ProtocolRevision::from_name(version.as_str()?))
        .collect()
}

fn object(value: Option<Value>) -> Option<JsonObject> {
    match value {
        Some(Value::Object(object)) => Some(object),
        _ => None,
    }
}

fn text(value: Option<Value>) -> Option<String> {
    match value {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

impl fmt::Debug for ClientIntroduction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ClientIntroduction")
            .field("eras", &self.eras)
            .finish_non_exhaustive()
    }
}

const NEWEST_LEGACY: ProtocolRevision = ProtocolRevision::V2025_11_25;
const PROTOCOL_VERSION: &str = "io.modelcontextprotocol/protocolVersion";
const CLIENT_INFO: &str = "io.modelcontextprotocol/clientInfo";
const CLIENT_CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";
const LOG_LEVEL: &str = "io.modelcontextprotocol/logLevel";
const SERVER_INFO: &str = "io.modelcontextprotocol/serverInfo";
pub(super) const SUBSCRIPTION: &str = "io.modelcontextprotocol/subscriptionId";
const OWN: [&str; 6] = [
    PROTOCOL_VERSION,
    CLIENT_INFO,
    CLIENT_CAPABILITIES,
    LOG_LEVEL,
    SUBSCRIPTION,
    "progressToken",
];

const HEADER_MISMATCH: i64 = -32020;
const MISSING_CAPABILITY: i64 = -32021;
const UNSUPPORTED_VERSION: i64 = -32022;

const BROKEN: CallError = CallError::Protocol {
    what: "it answered with neither a result object nor an error",
};
const NO_COMMON_REVISION: CallError = CallError::Protocol {
    what: "it supports no protocol revision of this client",
};
