//! Enforces how long rows and texts are kept, as connections.toml says, while nothing else is to
//! be written. What cannot be read there removes nothing.

use rusqlite::Connection;
use synapse_core::time::Timestamp;
use synapse_files::Home;

use super::{purge, texts};
use crate::connections::{LedgerSettings, ledger_settings};

/// What is old, as far as this process has looked.
#[derive(Debug)]
pub(super) struct Retention {
    home: Home,
    /// The day for which it was last begun.
    day: Option<i64>,
    /// Rows of calls before this time are to go.
    rows_before: Option<i64>,
    /// Texts of calls before this time are to go.
    texts_before: Option<i64>,
}

impl Retention {
    pub(super) const fn new(home: Home) -> Self {
        Self {
            home,
            day: None,
            rows_before: None,
            texts_before: None,
        }
    }

    /// Reads the settings, once a day, at the time of a call.
    pub(super) fn begin(&mut self, now: Timestamp) {
        if self.day == Some(now.day()) {
            return;
        }
        self.day = Some(now.day());
        let settings = ledger_settings(&self.home).unwrap_or_default();
        let LedgerSettings {
            retention_days,
            text_retention_days,
        } = settings;
        let before = |days: Option<u32>| {
            days.map(|days| Timestamp::of_day(now.day() - i64::from(days)).as_millis())
        };
        self.rows_before = before(retention_days);
        self.texts_before = before(text_retention_days);
    }

    /// Whether something may be left to remove.
    pub(super) const fn is_due(&self) -> bool {
        self.rows_before.is_some() || self.texts_before.is_some()
    }

    /// Removes some of it.
    pub(super) fn work(&mut self, database: Option<&Connection>) {
        let Some(database) = database else {
            (self.rows_before, self.texts_before) = (None, None);
            return;
        };
        // Whatever is in the way: tomorrow is another day.
        if let Some(before) = self.texts_before
            && !matches!(texts::forget(database, before, SOME), Ok(1..))
        {
            self.texts_before = None;
        }
        if let Some(before) = self.rows_before
            && !matches!(purge::purge_some(database, before, SOME), Ok(purged) if purged.rows > 0)
        {
            self.rows_before = None;
        }
    }
}

/// Little enough that a call that begins meanwhile does not notice.
const SOME: u32 = 500;
