//! Ports of the hub: where upstreams, approvals and tokens are kept, and who gives a token.

use std::fmt;

use async_trait::async_trait;
use url::Url;

use crate::error::Failure;
use crate::gate::NetworkPermit;
use crate::secret::BoundSecret;
use crate::upstream::{Approval, OAuthEvent, RecordKey, TokenRecord, Upstream, UpstreamName};

/// An upstream as it is declared.
#[derive(Debug, Clone)]
pub struct StoredUpstream {
    /// Its name as it stands in the file.
    pub name: String,
    /// What it means, or why it cannot be understood; other servers are not affected.
    pub upstream: Result<Upstream, Failure>,
    /// What its owner should know: ignored members, unknown ones, an unversioned package.
    pub warnings: Vec<Failure>,
}

/// Where upstreams are declared: `mcp-servers.json`.
pub trait UpstreamStore: Send + Sync + fmt::Debug {
    /// All upstreams in the order of the file; none when there is no file. Changes nothing on disk.
    ///
    /// # Errors
    /// `config.*` or `storage.*` when the file as a whole cannot be read.
    fn load(&self) -> Result<Vec<StoredUpstream>, Failure>;

    /// A value that differs whenever [`UpstreamStore::load`] may give something else, got without
    /// reading the file; `None` when that cannot be told.
    fn stamp(&self) -> Option<u64> {
        None
    }

    /// Adds an entry, given as its JSON object; comments and the other entries stay as they are.
    ///
    /// # Errors
    /// `config.duplicate-name`, or as [`UpstreamStore::load`]; the file is left as it was.
    fn insert(
        &self,
        name: &UpstreamName,
        entry: &serde_json::Map<String, serde_json::Value>,
    ) -> Result<(), Failure>;

    /// Removes an entry.
    ///
    /// # Errors
    /// `config.not-found`, or as [`UpstreamStore::load`]; the file is left as it was.
    fn remove(&self, name: &UpstreamName) -> Result<(), Failure>;
}

/// Where approvals are kept. Each configuration file has its own.
pub trait ApprovalStore: Send + Sync + fmt::Debug {
    /// All approvals. A damaged one is left out, as if it had never been given; so is one whose
    /// catalogue is not what its hash says.
    ///
    /// # Errors
    /// `storage.*`, `config.newer-format`.
    fn load(&self) -> Result<Vec<Approval>, Failure>;

    /// A value that differs whenever [`ApprovalStore::load`] may give something else, as
    /// [`UpstreamStore::stamp`].
    fn stamp(&self) -> Option<u64> {
        None
    }

    /// The approval of one server.
    ///
    /// # Errors
    /// `storage.corrupt` when it is damaged, or as [`ApprovalStore::load`].
    fn find(&self, server: &UpstreamName) -> Result<Option<Approval>, Failure> {
        let all = self.load()?;
        Ok(all.into_iter().find(|approval| approval.server == *server))
    }

    /// Keeps an approval in place of the one that the server had.
    ///
    /// # Errors
    /// `storage.*`; what was kept before is left as it was.
    fn keep(&self, approval: &Approval) -> Result<(), Failure>;

    /// Withdraws the approval of a server, if it has one.
    ///
    /// # Errors
    /// `storage.*`.
    fn withdraw(&self, server: &UpstreamName) -> Result<(), Failure>;
}

/// Gives the access token of an upstream. OAuth implements it; an upstream with an `authorization`
/// header of its own does not need one.
#[async_trait]
pub trait TokenSource: Send + Sync + fmt::Debug {
    /// A token for one request to `url`, refreshed first when it is about to expire, or `None` when
    /// nobody ever logged in. Sends at most one request, to the token endpoint of the login.
    ///
    /// # Errors
    /// `oauth.*`, `transport.*`, `storage.*`. Never opens a browser, registers or asks.
    async fn token(
        &self,
        permit: &NetworkPermit,
        server: &UpstreamName,
        url: &Url,
    ) -> Result<Option<BoundSecret>, Failure>;

    /// Judges an answer of 401 or 403 and notes a refusal in the record. Sends nothing.
    ///
    /// `sent` is the token that the refused request carried: a late answer does not spoil the token
    /// that another call got meanwhile. `challenges` are the values of `WWW-Authenticate`.
    async fn refused(
        &self,
        server: &UpstreamName,
        url: &Url,
        sent: Option<&BoundSecret>,
        status: u16,
        challenges: &[String],
    ) -> Failure;
}

/// A token record as it is stored.
#[derive(Debug)]
pub struct StoredTokens {
    /// The server that it is named after.
    pub server: String,
    /// The record, or why it cannot be used.
    pub record: Result<(RecordKey, TokenRecord), Failure>,
}

/// Where token records are kept.
#[async_trait]
pub trait TokenStore: Send + Sync + fmt::Debug {
    /// The record of `key`.
    ///
    /// # Errors
    /// `oauth.store-unavailable`, `storage.*`.
    async fn load(&self, key: &RecordKey) -> Result<Option<TokenRecord>, Failure>;

    /// All records of one configuration. A damaged one hides no other.
    ///
    /// # Errors
    /// The store as a whole cannot be used: `oauth.store-unavailable`, `storage.*`.
    async fn list(&self, config: &str) -> Result<Vec<StoredTokens>, Failure>;

    /// The records of one server of one configuration: one for each URL and issuer.
    ///
    /// # Errors
    /// As [`TokenStore::load`].
    async fn of_server(
        &self,
        config: &str,
        server: &UpstreamName,
    ) -> Result<Vec<(RecordKey, TokenRecord)>, Failure>;

    /// Takes the lock of `key` between processes, for at most 45 seconds of waiting.
    ///
    /// # Errors
    /// `storage.locked`, `oauth.store-unavailable`.
    async fn begin(&self, key: &RecordKey) -> Result<Box<dyn TokenTransaction>, Failure>;

    /// Claims the login of a server, so that one runs at a time. Waits for nobody.
    ///
    /// # Errors
    /// `storage.locked`, with the id of the process that holds it; `storage.*`.
    async fn claim_login(
        &self,
        config: &str,
        server: &UpstreamName,
    ) -> Result<Box<dyn LoginClaim>, Failure>;

    /// Removes whatever is kept of a server, damaged records included, and says how much it was.
    ///
    /// # Errors
    /// `oauth.store-unavailable`, `storage.*`.
    async fn forget(&self, config: &str, server: &UpstreamName) -> Result<usize, Failure>;

    /// Where records are, in words: a directory, or the keyring.
    fn place(&self) -> String;
}

/// A login under way. Dropping it lets another one begin; the death of its process does, too.
pub trait LoginClaim: Send + fmt::Debug {}

/// A lock on one record. Dropping it gives the lock up and changes nothing.
#[async_trait]
pub trait TokenTransaction: Send {
    /// The record as it is now.
    ///
    /// # Errors
    /// As [`TokenStore::load`].
    async fn load(&mut self) -> Result<Option<TokenRecord>, Failure>;

    /// Keeps `record` if the generation that is stored is still `expected` (`None`: no record). A
    /// mark of the state alone keeps the generation; it never goes back.
    ///
    /// # Errors
    /// `config.changed` when it is not; `oauth.store-unavailable`, `storage.*`. The record before
    /// is left as it was.
    async fn keep(&mut self, expected: Option<u64>, record: &TokenRecord) -> Result<(), Failure>;

    /// Removes the record.
    ///
    /// # Errors
    /// `oauth.store-unavailable`, `storage.*`.
    async fn remove(&mut self) -> Result<(), Failure>;
}

/// Keeps an account of logins, refreshes and logouts: no token, code, state or secret is among it.
#[async_trait]
pub trait OAuthRecorder: Send + Sync + fmt::Debug {
    /// Records what happened. A failure to record fails nothing that is done already.
    async fn record(&self, event: &OAuthEvent);
}

/// Opens a URL for the user.
#[async_trait]
pub trait BrowserOpener: Send + Sync + fmt::Debug {
    /// Opens `url` by argument vector, without a shell. Returns when the program was started.
    ///
    /// # Errors
    /// Why no browser could be started; the URL is printed in any case.
    async fn open(&self, url: &Url) -> Result<(), Failure>;
}
