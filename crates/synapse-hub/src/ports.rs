//! Ports of the hub: entry expansion, connecting, and recording.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use synapse_core::engine::{SamplingAnswer, SamplingCall};
use synapse_core::error::{Failure, RemedyText};
use synapse_core::gate::NetworkPermit;
use synapse_core::ports::{
    ApprovalStore, CallIds, CallObservers, Clock, HubLedger, SecretResolver, TokenSource,
    UpstreamStore,
};
use synapse_core::secret::BoundSecret;
use synapse_core::upstream::{
    Approval, Fingerprint, Protocol, Start, Target, Upstream, UpstreamName,
};
use synapse_mcp::JsonObject;
use synapse_mcp::client::{CallError, Conversation};

/// The ports that a hub needs.
#[derive(Debug, Clone)]
pub struct HubPorts {
    /// The declared upstreams.
    pub upstreams: Arc<dyn UpstreamStore>,
    /// The stored approvals.
    pub approvals: Arc<dyn ApprovalStore>,
    /// Expands entries on this machine.
    pub targets: Arc<dyn Targets>,
    /// Starts programs and opens connections.
    pub connector: Arc<dyn Connector>,
    /// Resolves secrets.
    pub secrets: Arc<dyn SecretResolver>,
    /// Provides access tokens; `None` without OAuth.
    pub tokens: Option<Arc<dyn TokenSource>>,
    /// Meters sampling requests of upstreams; without it they are refused.
    pub sampling: Option<Arc<dyn SamplingMeter>>,
    /// Records rows.
    pub ledger: Arc<dyn HubLedger>,
    /// Observers of calls.
    pub observers: CallObservers,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Ids of rows.
    pub call_ids: Arc<dyn CallIds>,
    /// Renders commands in failures.
    pub remedies: Arc<dyn RemedyText>,
}

/// Expands entries on this machine.
pub trait Targets: Send + Sync + fmt::Debug {
    /// Expands an entry without reading a secret. `start` has the approved program and search path,
    /// so that an IDE with another `PATH` starts the same program.
    ///
    /// # Errors
    /// `config.*` for a missing variable or an invalid text.
    fn target(
        &self,
        upstream: &Upstream,
        start: Option<&Start>,
    ) -> Result<(Target, Fingerprint), Failure>;

    /// A value that changes whenever [`Targets::target`] may return something else for one of
    /// `upstreams` with an unchanged entry. Reads no file.
    fn stamp(&self, upstreams: &mut dyn Iterator<Item = &Upstream>) -> u64 {
        let _ = upstreams;
        0
    }

    /// The IDE's working directory, for values expanded at start.
    fn workspace(&self) -> Option<String>;
}

/// Opens conversations with upstreams.
#[async_trait]
pub trait Connector: Send + Sync + fmt::Debug {
    /// Starts the program or opens the session and negotiates the protocol, nothing more. Dropping
    /// the future ends what was started.
    ///
    /// # Errors
    /// [`OpenError`]; everything started has ended.
    async fn open(&self, opening: Opening) -> Result<Connected, OpenError>;
}

/// Why no conversation was opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Nothing was started or contacted.
    #[error(transparent)]
    Failure(#[from] Failure),
    /// A program was started or a server contacted, but opened no conversation.
    #[error("no conversation was opened")]
    Call {
        /// The error.
        #[source]
        error: CallError,
        /// How the program ended.
        ending: Ending,
    },
}

/// The parameters of a conversation.
#[derive(Clone)]
pub struct Opening {
    /// The server.
    pub server: UpstreamName,
    /// The IDE whose call opens it.
    pub client: Option<String>,
    /// The program or server.
    pub target: Target,
    /// The permit from its approval.
    pub permit: Arc<NetworkPermit>,
    /// The program's `PATH`.
    pub search_path: Option<String>,
    /// Provides variables and headers with their secrets.
    pub credentials: Arc<dyn Credentials>,
    /// The era to speak.
    pub protocol: Protocol,
    /// Time from the start to the first answer.
    pub patience: Duration,
    /// The capabilities to declare in a legacy session.
    pub capabilities: JsonObject,
    /// Receives unsolicited notifications.
    pub events: Arc<dyn Events>,
}

/// An open conversation and its carrier.
#[derive(Debug, Clone)]
pub struct Connected {
    /// The conversation.
    pub conversation: Arc<dyn Conversation>,
    /// Its carrier.
    pub carrier: Arc<dyn Carrier>,
}

/// Provides variables and headers; each call resolves the secrets again.
#[async_trait]
pub trait Credentials: Send + Sync + fmt::Debug {
    /// The declared variables of a program, each bound to it.
    ///
    /// # Errors
    /// `credential.*`, `upstream.changed`.
    async fn variables(&self) -> Result<Vec<(String, BoundSecret)>, Failure>;

    /// The declared headers, each bound to the origin of the URL.
    ///
    /// # Errors
    /// `credential.*`, `upstream.changed`.
    async fn headers(&self) -> Result<Vec<(String, BoundSecret)>, Failure>;

    /// The access token of one request, unless the entry has its own header. Sends at most one
    /// request, to refresh it.
    ///
    /// # Errors
    /// `oauth.*`, `transport.*`, `storage.*`.
    async fn token(&self) -> Result<Option<Arc<BoundSecret>>, Failure>;

    /// Handles a rejection: 401 or 403.
    async fn refused(&self, status: u16, challenges: &[String]) -> Failure;

    /// Cleans a line of foreign text and removes the provided secrets.
    fn clean(&self, line: &str) -> String;
}

/// Receives unsolicited messages of an upstream.
pub trait Events: Send + Sync {
    /// Handles a notification outside of requests; must not block.
    fn notified(&self, method: &str, params: JsonObject);
}

/// The carrier of a conversation: a process or HTTP.
#[async_trait]
pub trait Carrier: Send + Sync + fmt::Debug {
    /// How it ended, if known; waits briefly for a program that is just exiting.
    async fn ending(&self) -> Ending;

    /// Its process id.
    fn process(&self) -> Option<u32>;
}

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ending {
    /// Its exit status in words: `exit code 1`, `signal 9`.
    pub status: Option<String>,
    /// The last lines of its stderr, not yet cleaned.
    pub last_lines: Vec<String>,
}

/// Meters upstreams' sampling requests against the limits of a connection.
#[async_trait]
pub trait SamplingMeter: Send + Sync + fmt::Debug {
    /// Opens the row of a sampling request and checks the limits of its connection.
    ///
    /// # Errors
    /// `policy.*` if a limit refuses it, `config.not-found` without that connection.
    async fn admit(&self, asked: SamplingCall) -> Result<Box<dyn SamplingSlot>, Failure>;
}

/// An admitted sampling request. Dropping it marks its row as cancelled.
#[async_trait]
pub trait SamplingSlot: Send + Sync {
    /// Completes the row with the answer of the IDE's model.
    async fn answered(self: Box<Self>, answer: SamplingAnswer);
}

/// An approval and its scope.
#[derive(Debug, Clone)]
pub(crate) struct Consented {
    pub(crate) upstream: Upstream,
    pub(crate) approval: Approval,
    pub(crate) target: Target,
    pub(crate) fingerprint: Fingerprint,
}

impl PartialEq for Consented {
    fn eq(&self, other: &Self) -> bool {
        self.upstream == other.upstream
            && self.fingerprint == other.fingerprint
            && self.target == other.target
            && self.approval == other.approval
    }
}

impl fmt::Debug for Opening {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Opening")
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}
