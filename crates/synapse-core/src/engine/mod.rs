//! The use cases: what a user can do, over ports alone.
//!
//! One room per family: connections, preflight, models, chat. History and usage are the reader port itself.

mod access;
mod call;
mod calls;
mod chat;
mod connections;
mod models;
mod preflight;
mod pricing;
mod sampling;

use std::sync::Arc;

pub use self::chat::{ChatCall, ChatOutcome, Outgoing};
pub use self::connections::{Naming, Saved};
pub use self::models::{AskedFor, Models};
pub use self::preflight::{Observer, PreflightCall};
pub use self::sampling::{OpenSampling, SamplingAnswer, SamplingCall};
use crate::connection::{Connection, not_found};
use crate::error::{Code, Failure, Remedy};
use crate::ledger::{Entry, HistoryQuery, UsageQuery, UsageReport};
use crate::name::ConnectionName;
use crate::ports::{
    CallIds, Clock, ConnectionStore, Ledger, LedgerReader, PriceStore, ProviderFactory,
    SecretResolver, StoredConnection,
};

/// Everything from outside that the use cases need.
#[derive(Debug, Clone)]
pub struct Ports {
    /// Where connections are kept.
    pub connections: Arc<dyn ConnectionStore>,
    /// Makes adapters.
    pub providers: Arc<dyn ProviderFactory>,
    /// Resolves credential references.
    pub secrets: Arc<dyn SecretResolver>,
    /// Where calls leave their rows.
    pub ledger: Arc<dyn Ledger>,
    /// Reads those rows.
    pub reader: Arc<dyn LedgerReader>,
    /// Where stated prices are kept.
    pub prices: Arc<dyn PriceStore>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Fresh call ids.
    pub call_ids: Arc<dyn CallIds>,
}

/// The use cases. Cheap to clone; all state is behind the ports.
#[derive(Debug, Clone)]
pub struct Engine {
    ports: Ports,
}

impl Engine {
    /// Over these ports.
    #[must_use]
    pub const fn new(ports: Ports) -> Self {
        Self { ports }
    }

    /// All connections, in the order of the file, broken ones included.
    ///
    /// # Errors
    /// `config.*` or `storage.*` when the file as a whole cannot be read.
    pub fn connections(&self) -> Result<Vec<StoredConnection>, Failure> {
        self.ports.connections.load()
    }

    /// [`Engine::connections`] without a copy.
    ///
    /// # Errors
    /// As [`Engine::connections`].
    pub fn shared_connections(&self) -> Result<Arc<[StoredConnection]>, Failure> {
        self.ports.connections.shared()
    }

    /// One connection as it is stored.
    ///
    /// # Errors
    /// `config.not-found` naming what exists, or as [`Engine::connections`].
    pub fn stored(&self, name: &str) -> Result<StoredConnection, Failure> {
        find(&self.ports.connections.shared()?, name).cloned()
    }

    /// One connection that can be used: the named one, or the default, or the only one.
    ///
    /// # Errors
    /// `config.not-found`, `usage.invalid-arguments` when a name is needed, or why the connection
    /// cannot be understood.
    pub fn connection(&self, name: Option<&str>) -> Result<Connection, Failure> {
        let all = self.ports.connections.shared()?;
        if let Some(name) = name {
            return find(&all, name)?.usable();
        }
        if let Some(default) = self.ports.connections.default_name()? {
            let stored = find(&all, default.as_str());
            return stored
                .map_err(|failure| {
                    failure
                        .cause("it is the default connection")
                        .remedy("choose another one", &Remedy::ChooseDefault)
                })?
                .usable();
        }
        match &*all {
            [only] => only.usable(),
            [] => Err(
                Failure::new(Code::ConfigNotFound, "there is no connection yet")
                    .remedy("create one", &Remedy::CreateConnection),
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
            .remedy(
                "or choose the one that is meant without a name",
                &Remedy::ChooseDefault,
            )),
        }
    }

    /// One page of the rows of the ledger.
    ///
    /// # Errors
    /// `storage.*`.
    pub async fn history(&self, query: HistoryQuery) -> Result<Vec<Entry>, Failure> {
        self.ports.reader.history(query).await
    }

    /// Hands every row that `query` admits to `visit`, one after the other, reading page by page:
    /// the memory it takes does not grow with the rows. The limit of the query is the length of a
    /// page. Returns how many rows there were.
    ///
    /// # Errors
    /// `storage.*`, or the first failure of `visit`, behind which nothing more is read.
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

    /// The ports, for a host that needs one directly.
    #[must_use]
    pub const fn ports(&self) -> &Ports {
        &self.ports
    }
}

fn find<'a>(all: &'a [StoredConnection], name: &str) -> Result<&'a StoredConnection, Failure> {
    all.iter()
        .find(|stored| stored.name.as_str() == name)
        .ok_or_else(|| not_found(name, &names(all)))
}

fn names(all: &[StoredConnection]) -> Vec<ConnectionName> {
    all.iter().map(|stored| stored.name.clone()).collect()
}
