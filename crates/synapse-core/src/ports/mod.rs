//! The ports for all I/O, time and randomness of the use cases.

mod call_observer;
mod installation;
mod overview;
mod secret_writer;
mod upstream;

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::{ExposeSecret as _, SecretString};

use crate::call::CallId;
use crate::chat::first_words;
use crate::connection::{Connection, Draft, PreflightPass, ProxyUrl};
use crate::credential::CredentialRef;
use crate::endpoint::Origin;
use crate::error::Failure;
use crate::gate::NetworkPermit;
use crate::ledger::{
    Closing, Dating, Entry, Examination, Extent, FailureGroup, HistoryQuery, HubClosing,
    HubOpening, LimitUsage, Opening, OutcomeCounts, Overview, PeriodUsage, Purged, RecordedEntry,
    RecordedText, Repaired, Reservation, UsageKey, UsageOverTime, UsageQuery, UsageReport,
    Verification,
};
use crate::limits::LimitDecision;
use crate::money::{PriceKey, PriceList, SeenPrice};
use crate::name::ConnectionName;
use crate::preflight::PreflightRecord;
use crate::provider::Provider;
use crate::redact::Redactor;
use crate::time::Timestamp;

pub use self::call_observer::{CallEvent, CallObserver, CallObservers};
pub use self::installation::{
    ExposedTokens, HomeState, Installation, InstalledEntries, InstalledEntry,
};
pub use self::overview::assemble_overview;
pub use self::secret_writer::{
    Kept, PassphrasePrompt, PassphrasePurpose, SecretWriter, Shelf, Writing,
};
pub use self::upstream::{
    ApprovalStore, BrowserOpener, LoginClaim, OAuthRecorder, StoredTokens, StoredUpstream,
    TokenSource, TokenStore, TokenTransaction, UpstreamStore,
};

/// A stored connection.
#[derive(Debug, Clone)]
pub struct StoredConnection {
    /// Its name.
    pub name: ConnectionName,
    /// The content of the file.
    pub draft: Draft,
    /// The validated connection, or its failure; other connections are not affected.
    pub connection: Result<Connection, Failure>,
    /// The preflight record from saving it.
    pub preflight: Option<PreflightRecord>,
}

impl StoredConnection {
    /// The connection with its confirmations, as needed by every use.
    ///
    /// # Errors
    /// The failure of an invalid connection.
    pub fn usable(&self) -> Result<Connection, Failure> {
        let mut connection = self.connection.clone()?;
        connection.bound_to = self.bound_to();
        connection.bound_proxy = self.bound_proxy();
        Ok(connection)
    }

    /// The confirmed host for the credential.
    #[must_use]
    pub fn bound_to(&self) -> Option<Origin> {
        self.preflight.as_ref()?.bound_to.clone()
    }

    /// The confirmed proxy.
    #[must_use]
    pub fn bound_proxy(&self) -> Option<ProxyUrl> {
        self.preflight.as_ref()?.bound_proxy.clone()
    }
}

/// Stores connections.
#[async_trait]
pub trait ConnectionStore: Send + Sync + fmt::Debug {
    /// All connections in file order. Changes nothing on disk.
    ///
    /// # Errors
    /// `config.*` or `storage.*` if the file as a whole is unreadable.
    fn load(&self) -> Result<Vec<StoredConnection>, Failure>;

    /// The same connections without copying, if the store caches them: a call needs only one.
    ///
    /// # Errors
    /// Same as [`ConnectionStore::load`].
    fn shared(&self) -> Result<Arc<[StoredConnection]>, Failure> {
        self.load().map(Arc::from)
    }

    /// At least the connection called `name`, when there is one: a store that finds it without the
    /// others leaves them out.
    ///
    /// # Errors
    /// As [`ConnectionStore::load`].
    fn shared_named(&self, name: &str) -> Result<Arc<[StoredConnection]>, Failure> {
        let _ = name;
        self.shared()
    }

    /// Whether reading may hold up an async runtime: a server then reads within
    /// [`ConnectionStore::run_blocking`].
    fn is_large(&self) -> bool {
        false
    }

    /// Runs `work` on a thread that may block; on this one by default.
    async fn run_blocking(&self, work: Box<dyn FnOnce() + Send>) {
        work();
    }

    /// Adds a connection.
    ///
    /// # Errors
    /// `config.duplicate-name`, or as [`ConnectionStore::load`]; the file is left unchanged.
    fn insert(&self, cleared: &PreflightPass) -> Result<(), Failure>;

    /// Replaces a connection whose stored draft still equals `previous`; keeps comments.
    ///
    /// # Errors
    /// `config.not-found`, `config.changed` if it was changed meanwhile, or as
    /// [`ConnectionStore::load`]; the file is left unchanged.
    fn replace(&self, previous: &Draft, cleared: &PreflightPass) -> Result<(), Failure>;

    /// Removes a connection, also as the default.
    ///
    /// # Errors
    /// `config.not-found`, or as [`ConnectionStore::load`]; the file is left unchanged.
    fn remove(&self, name: &ConnectionName) -> Result<(), Failure>;

    /// Renames a connection, also as the default.
    ///
    /// # Errors
    /// `config.not-found`, `config.duplicate-name`, or as [`ConnectionStore::load`]; the file is
    /// left unchanged.
    fn rename(&self, name: &ConnectionName, new: &ConnectionName) -> Result<(), Failure>;

    /// Copies a connection with its preflight record.
    ///
    /// # Errors
    /// Same as [`ConnectionStore::rename`], and the failure of an invalid connection.
    fn copy(&self, name: &ConnectionName, new: &ConnectionName) -> Result<(), Failure>;

    /// The configured default connection; it may not exist.
    ///
    /// # Errors
    /// Same as [`ConnectionStore::load`].
    fn default_name(&self) -> Result<Option<ConnectionName>, Failure>;

    /// Sets or removes the default connection.
    ///
    /// # Errors
    /// `config.not-found`, or as [`ConnectionStore::load`]; the file is left unchanged.
    fn set_default(&self, name: Option<&ConnectionName>) -> Result<(), Failure>;
}

/// A resolved secret with its description.
#[derive(Debug)]
pub struct ResolvedSecret {
    /// The value.
    pub value: SecretString,
    /// A description for people: `regular file, mode 0600, one line`. Never a part of the value.
    pub found: String,
}

/// Resolves credential references.
#[async_trait]
pub trait SecretResolver: Send + Sync + fmt::Debug {
    /// Reads the secret from the one place named by `reference`. Requires a permit, because a
    /// closed gate also means no secret reads.
    ///
    /// # Errors
    /// `credential.*`, without any part of the value.
    async fn resolve(
        &self,
        permit: &NetworkPermit,
        reference: &CredentialRef,
    ) -> Result<ResolvedSecret, Failure>;

    /// A redactor for a resolved value; implementations may return a cached one.
    fn redactor(&self, value: &SecretString) -> Redactor {
        Redactor::for_secret(value.expose_secret())
    }

    /// Problems with the place of `reference`, beyond those reported by
    /// [`SecretResolver::resolve`]: version control, ownership, permissions. Reads no secret.
    async fn inspect(&self, reference: &CredentialRef) -> Vec<Failure> {
        let _ = reference;
        Vec::new()
    }

    /// Whether [`SecretResolver::resolve`] could access the place of `reference`, as far as visible
    /// without reading the secret, starting a program or opening a socket. Returns a description.
    ///
    /// # Errors
    /// `credential.*`, as from [`SecretResolver::resolve`].
    async fn reach(&self, reference: &CredentialRef) -> Result<String, Failure> {
        let _ = reference;
        Ok("not looked at".to_owned())
    }
}

/// Creates the adapter of a connection.
pub trait ProviderFactory: Send + Sync + fmt::Debug {
    /// Opens no socket and reads no secret.
    ///
    /// # Errors
    /// `config.*` or `endpoint.*` if the connection is invalid for this provider.
    fn provider(&self, connection: &Connection) -> Result<Arc<dyn Provider>, Failure>;
}

/// Resolves once a row is durable, or fails with `storage.*`, which callers report as a warning.
pub type Written = Pin<Box<dyn Future<Output = Result<(), Failure>> + Send>>;

/// Records calls.
///
/// Rows are written in order. Unwritable ones are spooled beside the ledger if possible, and
/// entered later; the failure says so.
#[async_trait]
pub trait Ledger: Send + Sync + fmt::Debug {
    /// Starts writing the row of a call: the result only has to be awaited, and dropping it does
    /// not cancel the write.
    fn open(&self, opening: Opening) -> Written;

    /// Checks an opened call against its connection's limits and reserves its maximum, atomically
    /// across processes. The reservation is in the row until it is completed.
    ///
    /// # Errors
    /// `storage.*`; nothing is reserved then, and the result is unknown.
    async fn reserve(&self, reservation: Reservation) -> Result<LimitDecision, Failure>;

    /// Records that an opened call's request with a body of `bytes_out` is about to be sent: one
    /// attempt, possibly billed. Unnecessary if the row is opened right before the send with this
    /// information.
    fn sending(&self, call_id: CallId, bytes_out: u64) -> Written;

    /// Completes a call's row in the background.
    ///
    /// A later [`Ledger::flush`] reports failures.
    fn close(&self, closing: Closing);

    /// Completes a call's row: the result resolves once the end is durable. The row itself may be
    /// written later.
    ///
    /// # Errors
    /// `storage.*` if the row could not be written, or that of an earlier call after its own result.
    fn complete(&self, closing: Closing) -> Written;

    /// Whether calls require a row: `required = true`. Queried after a failed write.
    async fn is_required(&self) -> bool {
        false
    }

    /// Waits until all previous rows are written.
    ///
    /// # Errors
    /// `storage.*`, the first failure since the last flush.
    async fn flush(&self) -> Result<(), Failure>;

    /// Removes complete rows of calls started before `before`, with texts and daily sums, under a
    /// sealed record; their amounts still count against limits. Works in batches.
    ///
    /// # Errors
    /// `storage.*`; completed batches stay removed and sealed.
    async fn purge(&self, before: Timestamp) -> Result<Purged, Failure>;

    /// Rebuilds the ledger from its readable parts. The damaged file is kept beside it.
    ///
    /// # Errors
    /// `storage.locked` while another process writes, `storage.*`; the ledger is left unchanged.
    async fn repair(&self) -> Result<Repaired, Failure>;
}

/// Records hub events in the same chain of seals as calls.
///
/// Like [`Ledger`], rows are written in order, and unwritable ones are spooled.
pub trait HubLedger: Send + Sync + fmt::Debug {
    /// Starts writing the row of an event: the result only has to be awaited, and dropping it does
    /// not cancel the write.
    fn begin(&self, opening: HubOpening) -> Written;

    /// Records that the event's request of `bytes_out` bytes is about to be sent: one attempt,
    /// which may execute.
    fn departing(&self, call_id: CallId, bytes_out: u64) -> Written;

    /// Completes a row; the result may be awaited or dropped.
    fn end(&self, closing: HubClosing) -> Written;
}

/// Reads the ledger.
#[async_trait]
pub trait LedgerReader: Send + Sync + fmt::Debug {
    /// One page of rows.
    ///
    /// # Errors
    /// `storage.*`.
    async fn history(&self, query: HistoryQuery) -> Result<Vec<Entry>, Failure>;

    /// One row.
    ///
    /// # Errors
    /// `storage.*`.
    async fn entry(&self, call_id: CallId) -> Result<Option<Entry>, Failure>;

    /// Sums.
    ///
    /// # Errors
    /// `storage.*`.
    async fn usage(&self, query: UsageQuery) -> Result<UsageReport, Failure>;

    /// Sums by a period and the key of `query`, oldest period first; empty periods are omitted.
    /// `per` is a time key. The lines have no latencies.
    ///
    /// # Errors
    /// `storage.*`.
    async fn usage_per(
        &self,
        per: UsageKey,
        query: UsageQuery,
    ) -> Result<Vec<PeriodUsage>, Failure>;

    /// Sums, and the same calls split over time. Takes little longer than the sums alone.
    ///
    /// # Errors
    /// `storage.*`.
    async fn usage_over_time(&self, query: UsageQuery) -> Result<UsageOverTime, Failure>;

    /// The amounts counting against every connection's limits in the day and month of `at`.
    ///
    /// # Errors
    /// `storage.*`.
    async fn standings(&self, at: Timestamp) -> Result<BTreeMap<String, LimitUsage>, Failure>;

    /// The calls failed, refused or interrupted since `since`, grouped by connection, outcome and
    /// code, latest first.
    ///
    /// # Errors
    /// `storage.*`.
    async fn failures(&self, since: Timestamp) -> Result<Vec<FailureGroup>, Failure>;

    /// The figures of an overview. A ledger may read them together, which takes less than their
    /// single questions.
    ///
    /// # Errors
    /// `storage.*`.
    async fn overview(&self, now: Timestamp) -> Result<Overview, Failure> {
        assemble_overview(self, now).await
    }

    /// The number of rows per outcome for `query`, ignoring its outcome, length and position.
    ///
    /// # Errors
    /// `storage.*`.
    async fn outcomes(&self, query: HistoryQuery) -> Result<OutcomeCounts, Failure>;

    /// One row with its recorded texts and its seal.
    ///
    /// # Errors
    /// `storage.*`.
    async fn recorded(&self, call_id: CallId) -> Result<Option<RecordedEntry>, Failure>;

    /// The extent of complete rows.
    ///
    /// # Errors
    /// `storage.*`.
    async fn extent(&self) -> Result<Extent, Failure>;

    /// The hash of the seal at each place, in hexadecimal. Omits places beyond the end and purged
    /// or lost seals.
    ///
    /// # Errors
    /// `storage.*`.
    async fn seals(&self, places: Vec<u64>) -> Result<BTreeMap<u64, String>, Failure>;

    /// The recorded texts of several calls.
    ///
    /// # Errors
    /// `storage.*`.
    async fn texts(&self, calls: Vec<CallId>) -> Result<BTreeMap<CallId, RecordedText>, Failure>;

    /// The recorded texts of a call, if any.
    ///
    /// # Errors
    /// `storage.*`.
    async fn text(&self, call_id: CallId) -> Result<Option<RecordedText>, Failure>;

    /// The first words of each recorded prompt, on one line each.
    ///
    /// # Errors
    /// `storage.*`.
    async fn first_words(&self, calls: &[CallId]) -> Result<BTreeMap<CallId, String>, Failure> {
        let mut words = BTreeMap::new();
        for call in calls {
            if let Some(text) = self.text(*call).await? {
                words.insert(*call, first_words(&text.prompt));
            }
        }
        Ok(words)
    }

    /// Verifies the seals of all rows, and the daily sums.
    ///
    /// # Errors
    /// `storage.*` if it is unreadable; discrepancies are a result.
    async fn verify(&self) -> Result<Verification, Failure>;

    /// Checks the file for damage and for writability. Takes time proportional to its size.
    ///
    /// # Errors
    /// `storage.*`, with all findings as causes.
    async fn examine(&self) -> Result<Examination, Failure>;

    /// Whether the dates of rows match their writing order, as of `now`.
    ///
    /// # Errors
    /// `storage.*`.
    async fn dating(&self, now: Timestamp) -> Result<Dating, Failure>;
}

/// Stores prices stated by routers. Chat reads them and never fetches any.
#[async_trait]
pub trait PriceStore: Send + Sync + fmt::Debug {
    /// Stores prices stated at a time, replacing all of the same models.
    ///
    /// # Errors
    /// `storage.*`; stored prices are left unchanged.
    async fn keep(&self, stated_at: Timestamp, prices: Vec<SeenPrice>) -> Result<(), Failure>;

    /// The latest price of `key`.
    ///
    /// # Errors
    /// `storage.*`.
    async fn find(&self, key: &PriceKey) -> Result<Option<PriceList>, Failure>;
}

/// Time.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The time of day.
    fn now(&self) -> Timestamp;

    /// Monotonic time since an arbitrary point.
    fn monotonic(&self) -> Duration;
}

/// Generates call ids.
pub trait CallIds: Send + Sync + fmt::Debug {
    /// The next id, later than all previous ones.
    fn next(&self) -> CallId;
}
