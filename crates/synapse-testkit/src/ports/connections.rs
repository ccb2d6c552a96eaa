//! Connections in memory.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use async_trait::async_trait;
use synapse_core::connection::{Draft, PreflightPass, already_exists, not_found};
use synapse_core::ports::{ConnectionStore, StoredConnection};
use synapse_core::preflight::PreflightRecord;
use synapse_core::{Code, ConnectionName, Failure};

/// An in-memory [`ConnectionStore`].
#[derive(Debug, Default)]
pub struct MemoryConnections {
    rows: Mutex<Vec<MemoryConnection>>,
    default: Mutex<Option<ConnectionName>>,
    /// The runtime's thread, which must not read them.
    barred: Option<ThreadId>,
    /// How much work ran on another thread.
    moved: AtomicUsize,
}

#[derive(Debug, Clone)]
struct MemoryConnection {
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

    /// Adds a draft as if somebody had edited the file: nothing is checked.
    ///
    /// # Panics
    /// If `name` is not a valid connection name.
    #[must_use]
    pub fn with(self, name: &str, draft: Draft) -> Self {
        self.lock().push(MemoryConnection {
            name: name.parse().expect("the test gives a connection name"),
            draft,
            record: None,
        });
        self
    }

    /// Makes it a large store: a read on this thread panics.
    #[must_use]
    pub fn large(mut self) -> Self {
        self.barred = Some(thread::current().id());
        self
    }

    /// How much work ran on another thread.
    #[must_use]
    pub fn moved(&self) -> usize {
        self.moved.load(Ordering::SeqCst)
    }

    fn note_read(&self) {
        let current = Some(thread::current().id());
        assert!(self.barred != current, "read on the runtime's thread");
    }

    fn default_now(&self) -> MutexGuard<'_, Option<ConnectionName>> {
        self.default.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The row of `name`, if it exists and `new` does not.
    fn alone(
        &self,
        name: &ConnectionName,
        new: &ConnectionName,
    ) -> Result<MemoryConnection, Failure> {
        let rows = self.lock();
        if rows.iter().any(|row| row.name == *new) {
            return Err(already_exists(new));
        }
        let known: Vec<ConnectionName> = rows.iter().map(|row| row.name.clone()).collect();
        let found = rows.iter().find(|row| row.name == *name);
        found
            .cloned()
            .ok_or_else(|| not_found(name.as_str(), &known))
    }

    fn lock(&self) -> MutexGuard<'_, Vec<MemoryConnection>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl ConnectionStore for MemoryConnections {
    fn load(&self) -> Result<Vec<StoredConnection>, Failure> {
        self.note_read();
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

    fn is_large(&self) -> bool {
        self.barred.is_some()
    }

    async fn run_blocking(&self, work: Box<dyn FnOnce() + Send>) {
        self.moved.fetch_add(1, Ordering::SeqCst);
        thread::scope(|scope| scope.spawn(work).join()).ok();
    }

    fn insert(&self, cleared: &PreflightPass) -> Result<(), Failure> {
        let name = &cleared.connection().name;
        let mut rows = self.lock();
        if rows.iter().any(|row| row.name == *name) {
            return Err(already_exists(name));
        }
        rows.push(MemoryConnection {
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
                self.default_now().take_if(|default| default == name);
                Ok(())
            }
            None => Err(not_found(name.as_str(), &known)),
        }
    }

    fn rename(&self, name: &ConnectionName, new: &ConnectionName) -> Result<(), Failure> {
        self.alone(name, new)?;
        if let Some(row) = self.lock().iter_mut().find(|row| row.name == *name) {
            row.name = new.clone();
        }
        if let Some(default) = self.default_now().as_mut().filter(|each| *each == name) {
            *default = new.clone();
        }
        Ok(())
    }

    fn copy(&self, name: &ConnectionName, new: &ConnectionName) -> Result<(), Failure> {
        let row = self.alone(name, new)?;
        row.draft
            .parse(new.clone())
            .map_err(|wrong| wrong.failure)?;
        self.lock().push(MemoryConnection {
            name: new.clone(),
            ..row
        });
        Ok(())
    }

    fn default_name(&self) -> Result<Option<ConnectionName>, Failure> {
        self.note_read();
        Ok(self.default_now().clone())
    }

    fn set_default(&self, name: Option<&ConnectionName>) -> Result<(), Failure> {
        let rows = self.lock();
        let known: Vec<ConnectionName> = rows.iter().map(|row| row.name.clone()).collect();
        if let Some(name) = name.filter(|name| !known.contains(name)) {
            return Err(not_found(name.as_str(), &known));
        }
        *self.default_now() = name.cloned();
        Ok(())
    }
}
