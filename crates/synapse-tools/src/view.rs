//! The data visible to a server: everything, or one connection.

use synapse_core::engine::Engine;
use synapse_core::error::Failure;
use synapse_core::ports::StoredConnection;

/// The visible data.
#[derive(Debug, Clone)]
pub(crate) struct View {
    engine: Engine,
    scope: Option<String>,
}

impl View {
    /// Everything.
    pub(crate) const fn of(engine: Engine) -> Self {
        Self {
            engine,
            scope: None,
        }
    }

    /// Only the connection `name`.
    pub(crate) fn scoped_to(self, name: impl Into<String>) -> Self {
        Self {
            scope: Some(name.into()),
            ..self
        }
    }

    pub(crate) const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The only visible connection, if restricted.
    pub(crate) fn scope(&self) -> Option<&str> {
        self.scope.as_deref()
    }

    pub(crate) fn covers(&self, connection: &str) -> bool {
        self.scope().is_none_or(|name| name == connection)
    }

    /// Runs `work`, which reads connections and makes the answer; off the server's thread if there
    /// are many.
    ///
    /// # Errors
    /// `internal.invariant` if the work panicked or the runtime is shutting down.
    pub(crate) async fn reading<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let scope = self.scope.clone();
        let work = move |engine: &Engine| {
            let engine = engine.clone();
            work(&Self { engine, scope })
        };
        self.engine.reading(work).await
    }

    /// Applies `of` to each connection, in file order.
    ///
    /// # Errors
    /// `config.*` or `storage.*`.
    pub(crate) fn each_connection<T>(
        &self,
        of: impl Fn(&StoredConnection) -> T,
    ) -> Result<Vec<T>, Failure> {
        let all = self.engine.shared_connections()?;
        let covered = |stored: &&StoredConnection| self.covers(stored.name.as_str());
        Ok(all.iter().filter(covered).map(of).collect())
    }

    /// Waits for the rows of finished calls, so that the next query sees them complete.
    ///
    /// # Errors
    /// `storage.*` if a row could not be written: sums and lists would miss it.
    pub(crate) async fn settled(&self) -> Result<(), Failure> {
        self.engine.ports().ledger.flush().await
    }
}
