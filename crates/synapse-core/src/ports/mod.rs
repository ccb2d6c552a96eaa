//! The ports through which all I/O, time and randomness reach the use cases.

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
use crate::connection::{Connection, Draft, PreflightPass, ProxyUrl};
use crate::credential::CredentialRef;
use crate::endpoint::Origin;
use crate::error::Failure;
use crate::gate::NetworkPermit;
use crate::ledger::{
    Closing, Dating, Entry, Examination, Extent, FailureGroup, HistoryQuery, HubClosing,
    HubOpening, Opening, OutcomeCounts, PeriodUsage, Purged, RecordedText, Repaired, Reservation,
    RowSeal, Standing, UsageKey, UsageQuery, UsageReport, Verification,
};
use crate::limits::Verdict;
use crate::name::ConnectionName;
use crate::preflight::PreflightRecord;
use crate::price::{PriceKey, PriceList, SeenPrice};
use crate::provider::Provider;
use crate::redact::Redactor;
use crate::telemetry::{RequestEnding, RequestOpening, SpanContext};
use crate::time::Timestamp;

pub use self::secret_writer::{
    Kept, PassphrasePrompt, PassphrasePurpose, SecretWriter, Shelf, Writing,
};
pub use self::upstream::{
    ApprovalStore, BrowserOpener, LoginClaim, OAuthRecorder, StoredTokens, StoredUpstream,
    TokenSource, TokenStore, TokenTransaction, UpstreamStore,
};

/// A connection as it is stored.
#[derive(Debug, Clone)]
pub struct StoredConnection {
    /// Its name.
    pub name: ConnectionName,
    /// What stands in the file.
    pub draft: Draft,
    /// What it means, or why it cannot be understood; other connections are not affected.
    pub connection: Result<Connection, Failure>,
    /// What the preflight before saving proved.
    pub preflight: Option<PreflightRecord>,
}

impl StoredConnection {
    /// The connection with what its owner confirmed, as every use of it begins.
    ///
    /// # Errors
    /// Why the connection cannot be understood.
    pub fn usable(&self) -> Result<Connection, Failure> {
        let mut connection = self.connection.clone()?;
        connection.bound_to = self.bound_to();
        connection.bound_proxy = self.bound_proxy();
        Ok(connection)
    }

    /// Where the owner confirmed that the credential may go.
    #[must_use]
    pub fn bound_to(&self) -> Option<Origin> {
        self.preflight.as_ref()?.bound_to.clone()
    }

    /// The proxy that the owner confirmed.
    #[must_use]
    pub fn bound_proxy(&self) -> Option<ProxyUrl> {
        self.preflight.as_ref()?.bound_proxy.clone()
    }
}

/// Where connections are kept.
pub trait ConnectionStore: Send + Sync + fmt::Debug {
    /// All connections in the order of the file. Changes nothing on disk.
    ///
    /// # Errors
    /// `config.*` or `storage.*` when the file as a whole cannot be read.
    fn load(&self) -> Result<Vec<StoredConnection>, Failure>;

    /// Adds a connection.
    ///
    /// # Errors
    /// `config.duplicate-name`, or as [`ConnectionStore::load`]; the file is left as it was.
    fn insert(&self, cleared: &PreflightPass) -> Result<(), Failure>;

    /// Replaces a connection whose stored draft is still `previous`; comments are kept.
    ///
    /// # Errors
    /// `config.not-found`, `config.changed` when someone else changed it meanwhile, or as
    /// [`ConnectionStore::load`]; the file is left as it was.
    fn replace(&self, previous: &Draft, cleared: &PreflightPass) -> Result<(), Failure>;

    /// Removes a connection.
    ///
    /// # Errors
    /// `config.not-found`, or as [`ConnectionStore::load`]; the file is left as it was.
    fn remove(&self, name: &ConnectionName) -> Result<(), Failure>;
}

/// A secret and how it was found.
#[derive(Debug)]
pub struct ResolvedSecret {
    /// The value.
    pub value: SecretString,
    /// What was found, for people: `regular file, mode 0600, one line`. Never a part of the value.
    pub found: String,
}

/// Resolves credential references.
#[async_trait]
pub trait SecretResolver: Send + Sync + fmt::Debug {
    /// Reads the secret from the one place that `reference` names. Takes the permit, because a
    /// closed gate also means that no secret is read.
    ///
    /// # Errors
    /// `credential.*`, never naming any part of the value.
    async fn resolve(
        &self,
        permit: &NetworkPermit,
        reference: &CredentialRef,
    ) -> Result<ResolvedSecret, Failure>;

    /// A redactor of a value that was resolved. Whoever remembers values gives the one that is
    /// prepared already.
    fn redactor(&self, value: &SecretString) -> Redactor {
        Redactor::for_secret(value.expose_secret())
    }

    /// What is wrong with the place that `reference` names, apart from what a failed
    /// [`SecretResolver::resolve`] tells: who tracks it, who owns it, who may write there. Reads
    /// no secret.
    async fn inspect(&self, reference: &CredentialRef) -> Vec<Failure> {
        let _ = reference;
        Vec::new()
    }

    /// Whether [`SecretResolver::resolve`] could get at the place that `reference` names, as far as
    /// that shows without reading the secret, starting a program or opening a socket. What was
    /// seen, for people.
    ///
    /// # Errors
    /// `credential.*`, as [`SecretResolver::resolve`] would fail.
    async fn reach(&self, reference: &CredentialRef) -> Result<String, Failure> {
        let _ = reference;
        Ok("not looked at".to_owned())
    }
}

/// Makes the adapter of a connection.
pub trait ProviderFactory: Send + Sync + fmt::Debug {
    /// Opens no socket and reads no secret.
    ///
    /// # Errors
    /// `config.*` or `endpoint.*` when the connection cannot work with this provider.
    fn provider(&self, connection: &Connection) -> Result<Arc<dyn Provider>, Failure>;
}

/// Ready when a row would survive the end of the process, or fails with `storage.*`. The caller
/// goes on with its call then, and warns.
pub type Written = Pin<Box<dyn Future<Output = Result<(), Failure>> + Send>>;

/// Where every call leaves its row.
///
/// What is handed in is written in its order. What could not be written is kept beside the ledger
/// where that is possible, and entered when the ledger can be written again; the failure says so.
#[async_trait]
pub trait Ledger: Send + Sync + fmt::Debug {
    /// Begins to write the row of a call, at once: what comes back has only to be waited for, and
    /// dropping it stops nothing.
    fn open(&self, opening: Opening) -> Written;

    /// Holds an opened call against the limits of its connection and sets aside what it may take,
    /// in one step that no other call or process can come between. What is set aside stands in the
    /// call's row until it is closed.
    ///
    /// # Errors
    /// `storage.*`; then nothing is set aside and nobody knows whether the call fits.
    async fn reserve(&self, reservation: Reservation) -> Result<Verdict, Failure>;

    /// Notes in the row of an opened call that its request, whose body has `bytes_out`, is about
    /// to leave: one attempt, maybe billed. A row that is opened right before the send says so
    /// from the beginning and needs no note.
    fn sending(&self, call_id: CallId, bytes_out: u64) -> Written;

    /// Completes the row of an opened call, soon, for a caller that does not wait.
    ///
    /// A later [`Ledger::flush`] reports what could not be written.
    fn close(&self, closing: Closing);

    /// Completes the row of an opened call, at once, for a caller that waits: what comes back is
    /// ready when the end of the call would survive the end of the process.
    fn complete(&self, closing: Closing) -> Written;

    /// Whether the owner wants no call without a row: `required = true`. Asked after a row could
    /// not be written.
    async fn is_required(&self) -> bool {
        false
    }

    /// Waits until every row handed in before is written.
    ///
    /// # Errors
    /// `storage.*`, the first since the last flush.
    async fn flush(&self) -> Result<(), Failure>;

    /// Removes the complete rows of calls that began before `before`, with their texts, and seals
    /// that it did. The daily sums of the rows go with them; what they count against limits
    /// stays. Many rows go in several turns.
    ///
    /// # Errors
    /// `storage.*`; what went in the turns before stays removed, and sealed.
    async fn purge(&self, before: Timestamp) -> Result<Purged, Failure>;

    /// Rebuilds the ledger from what can still be read of it. The damaged file is kept beside it.
    ///
    /// # Errors
    /// `storage.locked` while another process writes, `storage.*`; the ledger is left as it was.
    async fn repair(&self) -> Result<Repaired, Failure>;
}

/// Where every event of the hub leaves its row, in the same chain of seals as calls.
///
/// As with [`Ledger`], what is handed in is written in its order, and what could not be written is
/// kept beside the ledger.
pub trait HubLedger: Send + Sync + fmt::Debug {
    /// Begins to write the row of an event, at once: what comes back has only to be waited for,
    /// and dropping it stops nothing.
    fn begin(&self, opening: HubOpening) -> Written;

    /// Notes in a row that was begun that its request of `bytes_out` bytes is about to leave: one
    /// attempt, which may have run.
    fn departing(&self, call_id: CallId, bytes_out: u64) -> Written;

    /// Completes a row, at once, for a caller that waits or drops what comes back.
    fn end(&self, closing: HubClosing) -> Written;
}

/// Hears of the requests of IDEs, for traces.
pub trait RequestObserver: Send + Sync + fmt::Debug {
    /// Hears that a request begins. Never waits.
    fn begin(&self, opening: RequestOpening) -> Box<dyn RequestSpan>;
}

/// A request under way. Dropped before its end, it was cancelled.
pub trait RequestSpan: Send + Sync {
    /// Its span, for what happens under it.
    fn context(&self) -> SpanContext;

    /// Hears how it ended. Never waits.
    fn end(self: Box<Self>, ending: RequestEnding);
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

    /// Sums by a period and the key of `query` at once, oldest period first; periods without calls
    /// are left out. `per` is a key of time.
    ///
    /// # Errors
    /// `storage.*`.
    async fn usage_per(
        &self,
        per: UsageKey,
        query: UsageQuery,
    ) -> Result<Vec<PeriodUsage>, Failure>;

    /// What counts against the limits of every connection in the day and the month of `at`.
    ///
    /// # Errors
    /// `storage.*`.
    async fn standings(&self, at: Timestamp) -> Result<BTreeMap<String, Standing>, Failure>;

    /// The calls that failed, were refused or interrupted since `since`, grouped by connection,
    /// outcome and code, the latest first.
    ///
    /// # Errors
    /// `storage.*`.
    async fn failures(&self, since: Timestamp) -> Result<Vec<FailureGroup>, Failure>;

    /// How many of the rows that `query` asks for ended in which way. Its outcome, its length and
    /// its place in the order do not count.
    ///
    /// # Errors
    /// `storage.*`.
    async fn outcomes(&self, query: HistoryQuery) -> Result<OutcomeCounts, Failure>;

    /// The seal of a row; `None` while the call is under way and when there is no such row.
    ///
    /// # Errors
    /// `storage.*`.
    async fn seal(&self, call_id: CallId) -> Result<Option<RowSeal>, Failure>;

    /// How far the complete rows reach.
    ///
    /// # Errors
    /// `storage.*`.
    async fn extent(&self) -> Result<Extent, Failure>;

    /// The hash of the seal at each of the places, in hexadecimal. A place that is beyond the end
    /// is left out, and so is one whose seal was purged or lost.
    ///
    /// # Errors
    /// `storage.*`.
    async fn seals(&self, places: Vec<u64>) -> Result<BTreeMap<u64, String>, Failure>;

    /// What was said in each of the calls, as far as it was recorded.
    ///
    /// # Errors
    /// `storage.*`.
    async fn texts(&self, calls: Vec<CallId>) -> Result<BTreeMap<CallId, RecordedText>, Failure>;

    /// What was said in a call; `None` when it was not recorded.
    ///
    /// # Errors
    /// `storage.*`.
    async fn text(&self, call_id: CallId) -> Result<Option<RecordedText>, Failure>;

    /// Checks the seals of all rows, and the daily sums against them.
    ///
    /// # Errors
    /// `storage.*` when it cannot be read; what is wrong with its content is no error.
    async fn verify(&self) -> Result<Verification, Failure>;

    /// Looks for damage of the file, and whether it can be written. Takes time in proportion to
    /// its size.
    ///
    /// # Errors
    /// `storage.*`, with everything that was found as its causes.
    async fn examine(&self) -> Result<Examination, Failure>;

    /// Whether the dates of the rows agree with the order in which they were written, seen from
    /// `now`.
    ///
    /// # Errors
    /// `storage.*`.
    async fn dating(&self, now: Timestamp) -> Result<Dating, Failure>;
}

/// Where the prices that routers stated are kept. Chat reads them; it never fetches any.
#[async_trait]
pub trait PriceStore: Send + Sync + fmt::Debug {
    /// Keeps what was stated at a time, in place of all that was kept for the same models.
    ///
    /// # Errors
    /// `storage.*`; what was kept before is left as it was.
    async fn keep(&self, stated_at: Timestamp, prices: Vec<SeenPrice>) -> Result<(), Failure>;

    /// The price that was last stated for `key`.
    ///
    /// # Errors
    /// `storage.*`.
    async fn find(&self, key: &PriceKey) -> Result<Option<PriceList>, Failure>;
}

/// Time.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The time of day.
    fn now(&self) -> Timestamp;

    /// Time since an arbitrary point, never going backwards.
    fn monotonic(&self) -> Duration;
}

/// Fresh call ids.
pub trait CallIds: Send + Sync + fmt::Debug {
    /// The next id, later than those before.
    fn next(&self) -> CallId;
}
