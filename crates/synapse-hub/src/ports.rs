//! Ports of the hub: what an entry means on this machine, how a conversation is opened, and what is
//! told of both.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use synapse_core::engine::{SamplingAnswer, SamplingCall};
use synapse_core::error::{Failure, RemedyText};
use synapse_core::gate::NetworkPermit;
use synapse_core::ports::{
    ApprovalStore, CallIds, Clock, HubLedger, SecretResolver, TokenSource, UpstreamStore,
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
    /// Where upstreams are declared.
    pub upstreams: Arc<dyn UpstreamStore>,
    /// Where approvals are kept.
    pub approvals: Arc<dyn ApprovalStore>,
    /// What an entry means on this machine.
    pub targets: Arc<dyn Targets>,
    /// What starts programs and opens connections.
    pub connector: Arc<dyn Connector>,
    /// Where secrets are.
    pub secrets: Arc<dyn SecretResolver>,
    /// Who gives access tokens; `None` without OAuth.
    pub tokens: Option<Arc<dyn TokenSource>>,
    /// Who counts what upstreams sample; without it they do not sample.
    pub sampling: Option<Arc<dyn SamplingMeter>>,
    /// Where rows go.
    pub ledger: Arc<dyn HubLedger>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Ids of rows.
    pub call_ids: Arc<dyn CallIds>,
    /// The commands that failures name.
    pub remedies: Arc<dyn RemedyText>,
}

/// What an entry means on this machine.
pub trait Targets: Send + Sync + fmt::Debug {
    /// Expands an entry, without reading a secret. `start` has the program and the search path that
    /// were approved, so that an IDE with another `PATH` starts the same program.
    ///
    /// # Errors
    /// `config.*` when a variable is missing or a text is invalid.
    fn target(
        &self,
        upstream: &Upstream,
        start: Option<&Start>,
    ) -> Result<(Target, Fingerprint), Failure>;

    /// The directory that the IDE works in, for values that are filled in at a start.
    fn workspace(&self) -> Option<String>;
}

/// Opens conversations with upstreams.
#[async_trait]
pub trait Connector: Send + Sync + fmt::Debug {
    /// Starts the program or opens the session, negotiates the protocol, and sends nothing more.
    /// Dropping the future ends what was started.
    ///
    /// # Errors
    /// [`OpenError`]; what was started has ended.
    async fn open(&self, opening: Opening) -> Result<Connected, OpenError>;
}

/// Why no conversation was opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Nothing was started or contacted, for this reason.
    #[error(transparent)]
    Failure(#[from] Failure),
    /// What was started or contacted did not open a conversation.
    #[error("no conversation was opened")]
    Call {
        /// What happened.
        #[source]
        error: CallError,
        /// How the program ended.
        ending: Ending,
    },
}

/// What a conversation is opened with.
#[derive(Clone)]
pub struct Opening {
    /// The server.
    pub server: UpstreamName,
    /// The IDE whose call opens it.
    pub client: Option<String>,
    /// What is started or contacted.
    pub target: Target,
    /// The permit of its approval.
    pub permit: Arc<NetworkPermit>,
    /// The `PATH` that a program gets.
    pub search_path: Option<String>,
    /// Who gives variables and headers, with their secrets.
    pub credentials: Arc<dyn Credentials>,
    /// The era to speak.
    pub protocol: Protocol,
    /// From the start to the first answer.
    pub patience: Duration,
    /// The capabilities that a session of the legacy era declares.
    pub capabilities: JsonObject,
    /// Who hears notifications that belong to no request.
    pub events: Arc<dyn Events>,
}

/// An open conversation and what carries it.
#[derive(Debug, Clone)]
pub struct Connected {
    /// The conversation.
    pub conversation: Arc<dyn Conversation>,
    /// What carries it.
    pub carrier: Arc<dyn Carrier>,
}

/// Gives variables and headers; each call reads the secrets anew.
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

    /// The access token of one request, when no header of the entry is in its place. Sends at most
    /// one request, to refresh it.
    ///
    /// # Errors
    /// `oauth.*`, `transport.*`, `storage.*`.
    async fn token(&self) -> Result<Option<Arc<BoundSecret>>, Failure>;

    /// Judges an answer that refused them: 401 or 403.
    async fn refused(&self, status: u16, challenges: &[String]) -> Failure;

    /// A line of foreign text without the secrets that were given, for people.
    fn clean(&self, line: &str) -> String;
}

/// Hears what an upstream says unasked.
pub trait Events: Send + Sync {
    /// Hears a notification that belongs to no request; must not wait.
    fn notified(&self, method: &str, params: JsonObject);
}

/// What carries a conversation.
#[async_trait]
pub trait Carrier: Send + Sync + fmt::Debug {
    /// How it ended, as far as that is known; waits a moment for a program that is just ending.
    async fn ending(&self) -> Ending;

    /// The id of its process.
    fn process(&self) -> Option<u32>;
}

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ending {
    /// Its exit status in words: `exit code 1`, `signal 9`.
    pub status: Option<String>,
    /// The last lines that it wrote to stderr, not cleaned yet.
    pub last_lines: Vec<String>,
}

/// Counts what upstreams sample against the limits of a connection.
#[async_trait]
pub trait SamplingMeter: Send + Sync + fmt::Debug {
    /// Opens the row of a sampling and holds it against the limits of its connection.
    ///
    /// # Errors
    /// `policy.*` when the limits do not allow it, `config.not-found` without that connection.
    async fn admit(&self, asked: SamplingCall) -> Result<Box<dyn SamplingSlot>, Failure>;
}

/// A sampling that was admitted. Dropping it closes its row as cancelled.
#[async_trait]
pub trait SamplingSlot: Send + Sync {
    /// Closes the row with what the IDE's model answered.
    async fn answered(self: Box<Self>, answer: SamplingAnswer);
}

/// The consent that covers an upstream, with what it was given for.
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
