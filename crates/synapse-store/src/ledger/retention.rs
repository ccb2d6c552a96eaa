//! Enforces how long rows and texts are kept, as connections.toml says, while nothing else is to
//! be written. What cannot be read there removes nothing.

use rusqlite::Connection;
use synapse_core::time::Timestamp;
use synapse_files::Home;

use super::purge::Which;
use super::{days, purge, texts};
use crate::connections::{LedgerSettings, ledger_settings};

/// What is old, as far as this process has looked.
///
/// **Invariant:** nothing goes by a time that the order of the rows does not bear out, see
/// [`super::days`].
#[derive(Debug)]
pub(super) struct Retention {
    home: Home,
    /// The day for which it was last begun.
    day: Option<i64>,
    /// Days for which rows are kept, while some may be left to remove.
    rows: Option<i64>,
    /// Days for which texts are kept, likewise.
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

    /// Reads the settings, once a day, at the time of a call.
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

    /// Whether something may be left to remove.
    pub(super) const fn is_due(&self) -> bool {
        self.rows.is_some() || self.texts.is_some()
    }

    /// Removes some of it.
    pub(super) fn work(&mut self, database: Option<&Connection>) {
        let (Some(database), Some(today)) = (database, self.day) else {
            (self.rows, self.texts) = (None, None);
            return;
        };
        // Whatever is in the way: tomorrow is another day.
        if let Some(kept) = self.texts
            && !matches!(forget(database, today, kept), Ok(1..))
        {
            self.texts = None;
        }
        if let Some(kept) = self.rows
            && !matches!(remove(database, today, kept), Ok(1..))
        {
            self.rows = None;
        }
    }
}

/// Removes some rows that are older than `kept` days, and says how many.
fn remove(database: &Connection, today: i64, kept: i64) -> rusqlite::Result<u64> {
    let Some(believed) = days::believed(database, today, kept)? else {
        return Ok(0);
    };
    let first = believed - kept;
    let which = Which {
        before: Timestamp::of_day(first).as_millis(),
        first_kept: days::first_since(database, first, believed)?,
    };
    purge::purge_some(database, which, SOME).map(|purged| purged.rows)
}

/// Forgets some texts that are older than `kept` days, and says how many.
fn forget(database: &Connection, today: i64, kept: i64) -> rusqlite::Result<u64> {
    let Some(believed) = days::believed(database, today, kept)? else {
        return Ok(0);
    };
    let before = Timestamp::of_day(believed - kept).as_millis();
    texts::forget(database, before, SOME)
}

/// Little enough that a call that begins meanwhile does not notice.
const SOME: u32 = 500;
