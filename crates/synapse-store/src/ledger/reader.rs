//! Queries over a cached connection: opening one and reading the file's schema costs more than most
//! answers.
//!
//! A cached connection is used while the path still names the same file, it is still trusted, and
//! has our format. Otherwise the file is opened again with all checks.

use std::fmt;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use synapse_core::Failure;
use synapse_home::Home;
use synapse_home::failure::rely_on;

use super::database::{self, Opened};
use super::orphans::OrphanRows;
use super::schema::VERSION;
use super::spool;
use super::sweep::sweep;
use crate::failure::{newer_ledger, sqlite};

/// Reads the ledger of a home. Creating one touches nothing.
pub(super) struct Reader {
    home: Home,
    patience: Duration,
    kept: Mutex<Option<CachedConnection>>,
}

/// A cached connection and its file.
struct CachedConnection {
    database: Connection,
    file: FileState,
}

/// A connection in use.
pub(super) struct ReadConnection {
    pub(super) database: Connection,
    /// The version, if newer than ours. Read only then.
    pub(super) newer: Option<i64>,
    file: Option<FileState>,
}

impl Reader {
    pub(super) const fn new(home: Home) -> Self {
        Self::with_patience(home, database::PATIENCE)
    }

    /// Waits up to `patience` for a ledger that another process has locked.
    pub(super) const fn with_patience(home: Home, patience: Duration) -> Self {
        Self {
            home,
            patience,
            kept: Mutex::new(None),
        }
    }

    pub(super) const fn home(&self) -> &Home {
        &self.home
    }

    /// Runs one query in one transaction, after completing leftovers of other processes; returns
    /// the default if there is no ledger.
    pub(super) fn ask<T: Default>(
        &self,
        question: impl FnOnce(&Connection, &OrphanRows) -> rusqlite::Result<T>,
    ) -> Result<T, Failure> {
        let home = &self.home;
        let Some(reading) = self.open()? else {
            return Ok(T::default());
        };
        if reading.newer.is_none() && spool::waits(home) {
            // Best effort: rows still spooled are reported to the caller.
            let entered =
                database::no_repair(home).and_then(|_repair| spool::enter(&reading.database, home));
            drop(entered);
        }
        let orphans = match reading.newer {
            None => sweep(&reading.database, home),
            Some(_) => Ok(OrphanRows::none()),
        };
        let answer = orphans.and_then(|orphans| {
            let state = reading.database.unchecked_transaction()?;
            let answer = question(&state, &orphans)?;
            state.finish().map(|()| answer)
        });
        self.finish(reading, answer)
    }

    /// A connection for one query; `None` if there is no ledger.
    pub(super) fn open(&self) -> Result<Option<ReadConnection>, Failure> {
        let path = self.home.ledger();
        // Before opening: a file replaced meanwhile is then noticed next time.
        let file = FileState::of(&path);
        let kept = self.kept().take();
        if let Some(kept) = kept {
            let reliable = rely_on(&self.home, &path);
            if reliable.is_ok() && file == Some(kept.file) && is_ours(&kept.database) {
                return Ok(Some(ReadConnection {
                    database: kept.database,
                    newer: None,
                    file,
                }));
            }
            // The file may have changed format; its log is left alone.
            database::abandon(kept.database);
            reliable?;
        }
        Ok(match database::open_to_read(&self.home, self.patience)? {
            None => None,
            Some(Opened::Ours(database)) => {
                // An immutable connection would not see changes.
                let may_change = matches!(database.is_readonly("main"), Ok(false));
                Some(ReadConnection {
                    database,
                    newer: None,
                    file: file.filter(|_| may_change),
                })
            }
            Some(Opened::Newer(database, version)) => Some(ReadConnection {
                database,
                newer: Some(version),
                file: None,
            }),
        })
    }

    /// Caches the connection after a successful query; reports a failure otherwise.
    pub(super) fn finish<T>(
        &self,
        reading: ReadConnection,
        answer: rusqlite::Result<T>,
    ) -> Result<T, Failure> {
        let ReadConnection {
            database,
            newer,
            file,
        } = reading;
        match (answer, newer) {
            (Ok(answer), _) => {
                if let Some(file) = file {
                    // Of concurrent queries, one connection is kept.
                    self.kept()
                        .get_or_insert(CachedConnection { database, file });
                }
                Ok(answer)
            }
            (Err(error), newer) => {
                database::abandon(database);
                let path = self.home.ledger();
                Err(match newer {
                    // This version may be unable to read the newer format.
                    Some(version) => newer_ledger(&path, version, VERSION).cause(error.to_string()),
                    None => sqlite(&path, &error),
                })
            }
        }
    }

    /// Closes the connection, which may checkpoint the log.
    pub(super) fn close(&self) {
        drop(self.kept().take());
    }

    fn kept(&self) -> MutexGuard<'_, Option<CachedConnection>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Reader")
            .field("home", &self.home)
            .finish_non_exhaustive()
    }
}

/// Whether no newer Synapse has migrated the file meanwhile.
fn is_ours(database: &Connection) -> bool {
    let version = database
        .prepare_cached("PRAGMA user_version")
        .and_then(|mut statement| statement.query_row([], |row| row.get::<_, i64>(0)));
    matches!(version, Ok(VERSION))
}

/// Identifies a file and its last write, which detects a replaced or overwritten file. New rows go
/// to the log and change neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileState {
    device: u64,
    number: u64,
    length: u64,
    changed: (i64, i64),
}

impl FileState {
    #[cfg(unix)]
    fn of(path: &Path) -> Option<Self> {
        use std::os::unix::fs::MetadataExt as _;

        let found = std::fs::metadata(path).ok()?;
        Some(Self {
            device: found.dev(),
            number: found.ino(),
            length: found.len(),
            changed: (found.mtime(), found.mtime_nsec()),
        })
    }

    /// Without file ids, each query opens the ledger.
    #[cfg(not(unix))]
    fn of(_path: &Path) -> Option<Self> {
        None
    }
}
