//! Ports of the hub: storage of upstreams, approvals and tokens, and access tokens.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use url::Url;

use crate::error::Failure;
use crate::gate::NetworkPermit;
use crate::secret::BoundSecret;
use crate::upstream::{Approval, OAuthEvent, RecordKey, TokenRecord, Upstream, UpstreamName};

/// A declared upstream.
#[derive(Debug, Clone)]
pub struct StoredUpstream {
    /// Its name as written in the file.
    pub name: String,
    /// The validated upstream, or its failure; other servers are not affected.
    pub upstream: Result<Upstream, Failure>,
    /// Warnings: ignored or unknown members, an unversioned package.
    pub warnings: Vec<Failure>,
}

/// Stores declared upstreams: `mcp-servers.json`.
pub trait UpstreamStore: Send + Sync + fmt::Debug {
    /// All upstreams in file order; none without a file. Changes nothing on disk.
    ///
    /// # Errors
    /// `config.*` or `storage.*` if the file as a whole is unreadable.
    fn load(&self) -> Result<Vec<StoredUpstream>, Failure>;

    /// A value that changes whenever the result of [`UpstreamStore::load`] may change, obtained
    /// without reading the file; `None` if unknown.
    fn stamp(&self) -> Option<u64> {
        None
    }

    /// Whether reading may hold up an async runtime: a server then reads on a separate thread.
    fn is_large(&self) -> bool {
        false
    }

    /// Whether the configuration file exists, even if empty.
    fn is_declared(&self) -> bool {
        true
    }

    /// Adds an entry, given as a JSON object; preserves comments and other entries.
    ///
    /// # Errors
    /// `config.duplicate-name`, or as [`UpstreamStore::load`]; the file is left unchanged.
    fn insert(
        &self,
        name: &UpstreamName,
        entry: &serde_json::Map<String, serde_json::Value>,
    ) -> Result<(), Failure>;

    /// Removes an entry.
    ///
    /// # Errors
    /// `config.not-found`, or as [`UpstreamStore::load`]; the file is left unchanged.
    fn remove(&self, name: &UpstreamName) -> Result<(), Failure>;
}

/// Stores approvals, separately per configuration file.
pub trait ApprovalStore: Send + Sync + fmt::Debug {
    /// All approvals. Omits damaged ones, including those whose catalogue does not match its hash.
    ///
    /// # Errors
    /// `storage.*`, `config.newer-format`.
    fn load(&self) -> Result<Vec<Approval>, Failure>;

    /// A value that changes whenever the result of [`ApprovalStore::load`] may change, like
    /// [`UpstreamStore::stamp`].
    fn stamp(&self) -> Option<u64> {
        None
    }

    /// Whether reading may hold up an async runtime, like [`UpstreamStore::is_large`].
    fn is_large(&self) -> bool {
        false
    }

    /// The approval of one server.
    ///
    /// # Errors
    /// `storage.corrupt` if it is damaged, or as [`ApprovalStore::load`].
    fn find(&self, server: &UpstreamName) -> Result<Option<Approval>, Failure> {
        let all = self.load()?;
        Ok(all.into_iter().find(|approval| approval.server == *server))
    }

    /// Stores an approval, replacing the server's previous one.
    ///
    /// # Errors
    /// `storage.*`; the previous one is left unchanged.
    fn keep(&self, approval: &Approval) -> Result<(), Failure>;

    /// Withdraws a server's approval, if any.
    ///
    /// # Errors
    /// `storage.*`.
    fn withdraw(&self, server: &UpstreamName) -> Result<(), Failure>;
}

/// Provides the access token of an upstream. Implemented by OAuth; not used if the entry has its
/// own `authorization` header.
#[async_trait]
pub trait TokenSource: Send + Sync + fmt::Debug {
    /// The same source, restricted to tokens of `issuer`, as configured in the server's entry.
    fn of_issuer(&self, issuer: &str) -> Arc<dyn TokenSource>;

    /// A token for one request to `url`, refreshed first if about to expire, or `None` without a
    /// login. Sends at most one request, to the login's token endpoint.
    ///
    /// # Errors
    /// `oauth.*`, `transport.*`, `storage.*`. Never opens a browser, registers or asks.
    async fn token(
        &self,
        permit: &NetworkPermit,
        server: &UpstreamName,
        url: &Url,
    ) -> Result<Option<BoundSecret>, Failure>;

    /// Interprets a 401 or 403 and records a rejection. Sends nothing.
    ///
    /// `sent` is the rejected token: a late response does not affect a token obtained meanwhile.
    /// `challenges` are the `WWW-Authenticate` values.
    async fn refused(
        &self,
        server: &UpstreamName,
        url: &Url,
        sent: Option<&BoundSecret>,
        status: u16,
        challenges: &[String],
    ) -> Failure;
}

/// A stored token record.
#[derive(Debug)]
pub struct StoredTokens {
    /// The server it is named after.
    pub server: String,
    /// The record, or why it is unusable.
    pub record: Result<(RecordKey, TokenRecord), Failure>,
}

/// Stores token records.
#[async_trait]
pub trait TokenStore: Send + Sync + fmt::Debug {
    /// The record of `key`.
    ///
    /// # Errors
    /// `oauth.store-unavailable`, `storage.*`.
    async fn load(&self, key: &RecordKey) -> Result<Option<TokenRecord>, Failure>;

    /// All records of one configuration. Damaged ones do not affect others.
    ///
    /// # Errors
    /// `oauth.store-unavailable`, `storage.*` if the whole store is unusable.
    async fn list(&self, config: &str) -> Result<Vec<StoredTokens>, Failure>;

    /// The records of one server in one configuration, one per URL and issuer.
    ///
    /// # Errors
    /// Same as [`TokenStore::load`].
    async fn of_server(
        &self,
        config: &str,
        server: &UpstreamName,
    ) -> Result<Vec<(RecordKey, TokenRecord)>, Failure>;

    /// Locks `key` between processes, waiting at most 45 seconds.
    ///
    /// # Errors
    /// `storage.locked`, `oauth.store-unavailable`.
    async fn begin(&self, key: &RecordKey) -> Result<Box<dyn TokenTransaction>, Failure>;

    /// Claims the login of a server, so that only one runs at a time, and reserves disk space for its
    /// record. Does not wait.
    ///
    /// # Errors
    /// `storage.locked`, with the id of the holding process; `storage.*`.
    async fn claim_login(
        &self,
        config: &str,
        server: &UpstreamName,
    ) -> Result<Box<dyn LoginClaim>, Failure>;

    /// Removes all records of a server, even damaged ones, and returns their number.
    ///
    /// # Errors
    /// `oauth.store-unavailable`, `storage.*`.
    async fn forget(&self, config: &str, server: &UpstreamName) -> Result<usize, Failure>;

    /// The place of records in words: a directory, or the keyring.
    fn place(&self) -> String;
}

/// A login in progress, released on drop or the death of the process.
pub trait LoginClaim: Send + Sync + fmt::Debug {
    /// Releases the reserved disk space, after a write failed for lack of it.
    fn give_room(&mut self) {}
}

/// A lock on one record, released on drop without changes.
#[async_trait]
pub trait TokenTransaction: Send {
    /// The current record.
    ///
    /// # Errors
    /// Same as [`TokenStore::load`].
    async fn load(&mut self) -> Result<Option<TokenRecord>, Failure>;

    /// Reserves disk space for the next record, so that requested tokens can be stored even if the
    /// disk fills up meanwhile.
    ///
    /// # Errors
    /// `storage.*`; the record is unchanged.
    async fn reserve(&mut self) -> Result<(), Failure>;

    /// Stores `record` if the stored generation is still `expected` (`None`: no record). Changing
    /// only the state keeps the generation; it never decreases.
    ///
    /// # Errors
    /// `config.changed` otherwise; `oauth.store-unavailable`, `storage.*`. The previous record is
    /// left unchanged.
    async fn keep(&mut self, expected: Option<u64>, record: &TokenRecord) -> Result<(), Failure>;

    /// Removes the record.
    ///
    /// # Errors
    /// `oauth.store-unavailable`, `storage.*`.
    async fn remove(&mut self) -> Result<(), Failure>;
}

/// Records logins, refreshes and logouts, without tokens, codes, states and secrets.
#[async_trait]
pub trait OAuthRecorder: Send + Sync + fmt::Debug {
    /// Records an event. A failure affects nothing already done.
    async fn record(&self, event: &OAuthEvent);
}

/// Opens a URL for the user.
#[async_trait]
pub trait BrowserOpener: Send + Sync + fmt::Debug {
    /// Opens `url` without a shell. Returns once the program was started.
    ///
    /// # Errors
    /// Why no browser could be started; the URL is printed anyway.
    async fn open(&self, url: &Url) -> Result<(), Failure>;
}
