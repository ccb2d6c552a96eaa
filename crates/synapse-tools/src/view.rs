//! What a server may tell of: everything that an engine knows, or one connection.

use synapse_core::engine::Engine;
use synapse_core::error::Failure;
use synapse_core::ports::StoredConnection;

/// See the module.
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

    /// The connection called `name` and no other.
    pub(crate) fn scoped_to(self, name: impl Into<String>) -> Self {
        Self {
            scope: Some(name.into()),
            ..self
        }
    }

    pub(crate) const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The one connection, when it is one.
    pub(crate) fn scope(&self) -> Option<&str> {
        self.scope.as_deref()
    }

    pub(crate) fn covers(&self, connection: &str) -> bool {
        self.scope().is_none_or(|name| name == connection)
    }

    /// The connections, in the order of the file.
    ///
    /// # Errors
    /// `config.*` or `storage.*`.
    pub(crate) fn connections(&self) -> Result<Vec<StoredConnection>, Failure> {
        self.each_connection(StoredConnection::clone)
    }

    /// What `of` makes of each connection, in the order of the file.
    ///
    /// # Errors
    /// As [`View::connections`].
    pub(crate) fn each_connection<T>(
        &self,
        of: impl Fn(&StoredConnection) -> T,
    ) -> Result<Vec<T>, Failure> {
        let all = self.engine.shared_connections()?;
        let covered = |stored: &&StoredConnection| self.covers(stored.name.as_str());
        Ok(all.iter().filter(covered).map(of).collect())
    }

    /// Waits for the rows of calls that were answered already, so that who asks next finds them
    /// closed.
    ///
    /// # Errors
    /// `storage.*` when a row could not be written: sums and lists would miss it.
    pub(crate) async fn settled(&self) -> Result<(), Failure> {
        self.engine.ports().ledger.flush().await
    }
}
