//! Connections in memory.

use std::sync::{Mutex, MutexGuard, PoisonError};

use synapse_core::connection::{Draft, PreflightPass, already_exists, not_found};
use synapse_core::ports::{ConnectionStore, StoredConnection};
use synapse_core::preflight::PreflightRecord;
use synapse_core::{Code, ConnectionName, Failure};

/// A [`ConnectionStore`] that forgets everything with the test.
#[derive(Debug, Default)]
pub struct MemoryConnections {
    rows: Mutex<Vec<Row>>,
}

#[derive(Debug)]
struct Row {
    name: ConnectionName,
    draft: Draft,
    record: Option<PreflightRecord>,
}

impl MemoryConnections {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a draft as if someone had written it into the file: nothing is checked.
    ///
    /// # Panics
    /// When `name` is no connection name.
    #[must_use]
    pub fn with(self, name: &str, draft: Draft) -> Self {
        self.lock().push(Row {
            name: name.parse().expect("the test gives a connection name"),
            draft,
            record: None,
        });
        self
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Row>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ConnectionStore for MemoryConnections {
    fn load(&self) -> Result<Vec<StoredConnection>, Failure> {
        Ok(self
            .lock()
            .iter()
            .map(|row| StoredConnection {
                name: row.name.clone(),
                draft: row.draft.clone(),
                connection: row
                    .draft
                    .parse(row.name.clone())
                    .map_err(|wrong| wrong.failure),
                preflight: row.record.clone(),
            })
            .collect())
    }

    fn insert(&self, cleared: &PreflightPass) -> Result<(), Failure> {
        let name = &cleared.connection().name;
        let mut rows = self.lock();
        if rows.iter().any(|row| row.name == *name) {
            return Err(already_exists(name));
        }
        rows.push(Row {
            name: name.clone(),
            draft: cleared.draft().clone(),
            record: Some(cleared.record().clone()),
        });
        Ok(())
    }

    fn replace(&self, previous: &Draft, cleared: &PreflightPass) -> Result<(), Failure> {
        let name = &cleared.connection().name;
        let mut rows = self.lock();
        let known: Vec<ConnectionName> = rows.iter().map(|row| row.name.clone()).collect();
        let Some(row) = rows.iter_mut().find(|row| row.name == *name) else {
            return Err(not_found(name.as_str(), &known));
        };
        if row.draft != *previous {
            return Err(Failure::new(
                Code::StorageLocked,
                format!("`{name}` was changed by someone else meanwhile"),
            ));
        }
        row.draft = cleared.draft().clone();
        row.record = Some(cleared.record().clone());
        Ok(())
    }

    fn remove(&self, name: &ConnectionName) -> Result<(), Failure> {
        let mut rows = self.lock();
        let known: Vec<ConnectionName> = rows.iter().map(|row| row.name.clone()).collect();
        match rows.iter().position(|row| row.name == *name) {
            Some(at) => {
                rows.remove(at);
                Ok(())
            }
            None => Err(not_found(name.as_str(), &known)),
        }
    }
}
