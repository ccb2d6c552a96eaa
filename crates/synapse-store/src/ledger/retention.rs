//! Enforces the retention settings of connections.toml while the writer is idle. Unreadable
//! settings remove nothing.

use rusqlite::Connection;
use synapse_core::time::Timestamp;
use synapse_home::Home;

use super::purge::Which;
use super::{days, purge, texts};
use crate::connections::{LedgerSettings, ledger_settings};

/// The state of retention in this process.
///
/// **Invariant:** nothing is removed by a time that the order of rows contradicts, see
/// [`super::days`].
#[derive(Debug)]
pub(super) struct Retention {
    home: Home,
    /// The day it last started.
    day: Option<i64>,
    /// Days to keep rows, while some may remain to be removed.
    rows: Option<i64>,
    /// Days to keep texts, likewise.
    texts: Option<i64>,
}

impl Retention {
    pub(super) const fn new(home: Home) -> Self {
        Self {
            home,
            day: None,
            rows: None,
            texts: None,
        }
    }

    /// Reads the settings once a day, on a call.
    pub(super) fn begin(&mut self, now: Timestamp) {
        if self.day == Some(now.day()) {
            return;
        }
        self.day = Some(now.day());
        let LedgerSettings {
            retention_days,
            text_retention_days,
            ..
        } = ledger_settings(&self.home).unwrap_or_default();
        self.rows = retention_days.map(i64::from);
        self.texts = text_retention_days.map(i64::from);
    }

    /// Whether something may remain to be removed.
    pub(super) const fn is_due(&self) -> bool {
        self.rows.is_some() || self.texts.is_some()
    }

    /// Removes a batch.
    pub(super) fn work(&mut self, database: Option<&Connection>) {
        let (Some(database), Some(today)) = (database, self.day) else {
            (self.rows, self.texts) = (None, None);
            return;
        };
        // Best effort: retried the next day.
        if let Some(kept) = self.texts
            && !matches!(forget(database, today, kept), Ok(1..))
        {
            self.texts = None;
        }
        if let Some(kept) = self.rows
            && !matches!(remove(database, &self.home, today, kept), Ok(1..))
        {
            self.rows = None;
        }
    }
}

/// Removes a batch of rows older than `kept` days; returns their number.
fn remove(database: &Connection, home: &Home, today: i64, kept: i64) -> rusqlite::Result<u64> {
    let Some(believed) = days::believed(database, today, kept)? else {
        return Ok(0);
    };
    let first = believed - kept;
    let which = Which {
        before: Timestamp::of_day(first).as_millis(),
        first_kept: days::first_since(database, first, believed)?,
    };
    purge::purge_some(database, home, which, SOME).map(|purged| purged.rows)
}

/// Removes a batch of texts older than `kept` days; returns their number.
fn forget(database: &Connection, today: i64, kept: i64) -> rusqlite::Result<u64> {
    let Some(believed) = days::believed(database, today, kept)? else {
        return Ok(0);
    };
    let before = Timestamp::of_day(believed - kept).as_millis();
    texts::forget(database, before, SOME)
}

/// Small enough that a new call is not delayed noticeably.
const SOME: u32 = 500;
