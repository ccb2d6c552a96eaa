//! The use cases, over ports only.
//!
//! One module per family: connections, preflight, models, chat. History and usage are the reader
//! port itself.

mod access;
mod blocking;
mod call;
mod calls;
mod chat;
mod connections;
mod doctor;
mod models;
mod naming;
mod preflight;
mod sampling;
mod uses;

use std::sync::Arc;

pub use self::chat::{ChatCall, ChatOutcome, Outgoing};
pub use self::connections::Saved;
pub use self::doctor::{Doctor, Then};
pub use self::models::{AskedFor, Models};
pub use self::naming::Naming;
pub use self::preflight::{Observer, PreflightCall};
pub use self::sampling::{OpenSampling, SamplingAnswer, SamplingCall};
pub use self::uses::SecretUses;
use crate::call::Operation;
use crate::checklist::Answered;
use crate::connection::{Connection, not_found};
use crate::error::{Code, Failure, Remedy};
use crate::ledger::{Column, Entry, Filter, HistoryQuery, Outcome, UsageQuery, UsageReport};
use crate::name::ConnectionName;
use crate::ports::{
    CallIds, CallObservers, Clock, ConnectionStore, Ledger, LedgerReader, PriceStore,
    ProviderFactory, SecretResolver, StoredConnection,
};

/// The external dependencies of the use cases.
#[derive(Debug, Clone)]
pub struct Ports {
    /// Stores connections.
    pub connections: Arc<dyn ConnectionStore>,
    /// Creates adapters.
    pub providers: Arc<dyn ProviderFactory>,
    /// Resolves credential references.
    pub secrets: Arc<dyn SecretResolver>,
    /// Records calls.
    pub ledger: Arc<dyn Ledger>,
    /// Reads the rows.
    pub reader: Arc<dyn LedgerReader>,
    /// Stores stated prices.
    pub prices: Arc<dyn PriceStore>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Generates call ids.
    pub call_ids: Arc<dyn CallIds>,
    /// Observers of calls.
    pub observers: CallObservers,
}

/// The use cases. Cheap to clone; all state is behind the ports.
#[derive(Debug, Clone)]
pub struct Engine {
    ports: Ports,
}

impl Engine {
    /// Creates the use cases over these ports.
    #[must_use]
    pub const fn new(ports: Ports) -> Self {
        Self { ports }
    }

    /// All connections, in file order, including invalid ones.
    ///
    /// # Errors
    /// `config.*` or `storage.*` if the file as a whole is unreadable.
    pub fn connections(&self) -> Result<Vec<StoredConnection>, Failure> {
        self.ports.connections.load()
    }

    /// [`Engine::connections`] without a copy.
    ///
    /// # Errors
    /// Same as [`Engine::connections`].
    pub fn shared_connections(&self) -> Result<Arc<[StoredConnection]>, Failure> {
        self.ports.connections.shared()
    }

    /// Runs `work`, which reads connections; off the async runtime's thread if there are many.
    ///
    /// # Errors
    /// `internal.invariant` if the work panicked or the runtime is shutting down.
    pub async fn reading<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> T + Send + 'static,
    ) -> Result<T, Failure> {
        if !self.ports.connections.is_large() {
            return Ok(work(self));
        }
        let engine = self.clone();
        self.ports.run_blocking(move || work(&engine)).await
    }

    /// [`Engine::connection`] for an async caller.
    ///
    /// # Errors
    /// Same as [`Engine::connection`].
    pub async fn chosen(&self, name: Option<&str>) -> Result<Connection, Failure> {
        if !self.ports.connections.is_large() {
            return self.connection(name);
        }
        let name = name.map(str::to_owned);
        self.reading(move |engine| engine.connection(name.as_deref()))
            .await?
    }

    /// A stored connection.
    ///
    /// # Errors
    /// `config.not-found`, listing existing names, or as [`Engine::connections`].
    pub fn stored(&self, name: &str) -> Result<StoredConnection, Failure> {
        self.named(name, |stored| Ok(stored.clone()))
    }

    /// A valid connection: the named one, the default, or the only one.
    ///
    /// # Errors
    /// `config.not-found`, `usage.invalid-arguments` if a name is required, or the failure of an
    /// invalid connection.
    pub fn connection(&self, name: Option<&str>) -> Result<Connection, Failure> {
        if let Some(name) = name {
            return self.named(name, StoredConnection::usable);
        }
        if let Some(default) = self.ports.connections.default_name()? {
            let stored = self.named(default.as_str(), |stored| Ok(stored.usable()));
            return stored.map_err(|failure| {
                failure
                    .cause("it is the default connection")
                    .remedy("choose another one", &Remedy::ChooseDefault)
            })?;
        }
        match &*self.ports.connections.shared()? {
            [only] => only.usable(),
            [] => Err(
                Failure::new(Code::ConfigNotFound, "there is no connection yet")
                    .remedy("set one up, step by step", &Remedy::SetUp)
                    .remedy("or create one", &Remedy::CreateConnection),
            ),
            several => Err(Failure::new(
                Code::UsageInvalidArguments,
                "there are several connections; name one",
            )
            .cause(format!(
                "connections: {}",
                names(several)
                    .iter()
                    .map(ConnectionName::as_str)
                    .collect::<Vec<_>>()
                    .join(", ")
            ))
            .hint("name one; in a tool call, as `connection`")
            .remedy("or choose a default", &Remedy::ChooseDefault)),
        }
    }

    /// The result of `of` for the connection called `name`; the others are read only to say what exists.
    fn named<T>(
        &self,
        name: &str,
        of: impl FnOnce(&StoredConnection) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let is_meant = |stored: &&StoredConnection| stored.name.as_str() == name;
        let connections = &self.ports.connections;
        match connections.shared_named(name)?.iter().find(is_meant) {
            Some(stored) => of(stored),
            None => Err(not_found(name, &names(&connections.shared()?))),
        }
    }

    /// One page of ledger rows.
    ///
    /// # Errors
    /// `storage.*`.
    pub async fn history(&self, query: HistoryQuery) -> Result<Vec<Entry>, Failure> {
        self.ports.reader.history(query).await
    }

    /// The newest prompt through the connection `name` that an IDE got an answer to; otherwise the newest
    /// from the terminal.
    ///
    /// # Errors
    /// `storage.*`.
    pub async fn answered(&self, name: &str) -> Result<Option<Answered>, Failure> {
        let query = HistoryQuery {
            outcome: Some(Outcome::Ok),
            filters: vec![Filter::is(Column::Connection, name)],
            ..HistoryQuery::newest(LOOKED_AT)
        };
        let rows = self.history(query).await?;
        let chats = || {
            rows.iter()
                .filter(|row| row.operation == Operation::Chat.as_str())
        };
        let newest = chats()
            .find(|row| row.caller.client_name.is_some())
            .or_else(|| chats().next());
        Ok(newest.map(|row| Answered {
            at: row.started_at,
            client: row.caller.client_name.clone(),
        }))
    }

    /// Passes every row matching `query` to `visit` in sequence, reading page by page in constant
    /// memory. The query's limit is the page length. Returns the number of rows.
    ///
    /// # Errors
    /// `storage.*`, or the first failure of `visit`, which stops the iteration.
    pub async fn each_entry(
        &self,
        mut query: HistoryQuery,
        mut visit: impl FnMut(Entry) -> Result<(), Failure>,
    ) -> Result<u64, Failure> {
        let mut count = 0;
        query.limit = query.limit.max(1);
        loop {
            let page = self.ports.reader.history(query.clone()).await?;
            let full = u32::try_from(page.len()).is_ok_and(|length| length >= query.limit);
            for entry in page {
                query.after = Some(entry.receipt.call_id);
                visit(entry)?;
                count += 1;
            }
            if !full {
                return Ok(count);
            }
        }
    }

    /// Sums over the ledger.
    ///
    /// # Errors
    /// `storage.*`.
    pub async fn usage(&self, query: UsageQuery) -> Result<UsageReport, Failure> {
        self.ports.reader.usage(query).await
    }

    /// Waits until the rows of all calls are written and every observer has forwarded its events.
    ///
    /// # Errors
    /// `storage.*`, the first row that could not be written since the last flush.
    pub async fn flush(&self) -> Result<(), Failure> {
        let written = self.ports.ledger.flush().await;
        self.ports.observers.flush().await;
        written
    }

    /// The ports, for callers that need one directly.
    #[must_use]
    pub const fn ports(&self) -> &Ports {
        &self.ports
    }
}

fn names(all: &[StoredConnection]) -> Vec<ConnectionName> {
    all.iter().map(|stored| stored.name.clone()).collect()
}

/// How many answered calls are searched for one from an IDE.
const LOOKED_AT: u32 = 1000;
