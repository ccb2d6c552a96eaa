//! Caches the sums and day as of this process's last seal. While the chain still ends with that
//! seal, nobody has changed them, since every change adds a seal.

use rusqlite::Connection;

use super::chain::Head;
use super::columns::Facts;
use super::daily::{self, DailyKey, DailySums};
use super::days;

/// The cached values. Without a head nothing is cached.
#[derive(Debug, Default)]
pub(super) struct Recent {
    head: Option<Head>,
    sums: Vec<Sums>,
    /// The last entry of the table of days.
    day: Option<i64>,
}

/// The sums of a key.
#[derive(Debug)]
struct Sums {
    key: DailyKey,
    sums: DailySums,
    /// The file does not have them yet.
    is_new: bool,
}

impl Recent {
    /// The values still valid if the chain ends at `head`.
    pub(super) fn at_head(self, head: Head) -> Self {
        if self.head == Some(head) {
            self
        } else {
            Self::default()
        }
    }

    /// The same values, with the chain now ending at `head`.
    pub(super) fn up_to(self, head: Head) -> Self {
        Self {
            head: Some(head),
            ..self
        }
    }

    /// Adds a completed row to the daily sums, for [`Recent::store`].
    pub(super) fn add(&mut self, database: &Connection, facts: &Facts) -> rusqlite::Result<()> {
        let known = self.sums.iter_mut().find(|sums| sums.key.is_of(facts));
        if let Some(known) = known {
            known.sums.add(facts);
            known.is_new = true;
            return Ok(());
        }
        if self.sums.len() >= MOST {
            self.store(database)?;
            self.sums.clear();
        }
        let key = DailyKey::of(facts);
        let mut sums = daily::find(database, &key)?.unwrap_or_default();
        sums.add(facts);
        self.sums.push(Sums {
            key,
            sums,
            is_new: true,
        });
        Ok(())
    }

    /// Writes the sums that changed.
    pub(super) fn store(&mut self, database: &Connection) -> rusqlite::Result<()> {
        for Sums { key, sums, is_new } in &mut self.sums {
            if std::mem::take(is_new) {
                daily::store(database, key, sums)?;
            }
        }
        Ok(())
    }

    /// Records that the row at `sequence` was completed on `day`.
    pub(super) fn note(
        &mut self,
        database: &Connection,
        sequence: i64,
        day: i64,
    ) -> rusqlite::Result<()> {
        if self.day != Some(day) {
            days::note(database, sequence, day)?;
            self.day = Some(day);
        }
        Ok(())
    }
}

/// A process uses a few connections, one model each.
const MOST: usize = 32;
