//! The sums and the day that the last seal of this process left in the file. As long as the chain
//! still ends with that seal nobody has changed them: whoever does seals something. So they need not
//! be read again for each row.

use rusqlite::Connection;

use super::chain::Head;
use super::content::Facts;
use super::daily::{self, DailyKey, DailySums};
use super::days;

/// See the module. Without a head nothing is known.
#[derive(Debug, Default)]
pub(super) struct Recent {
    head: Option<Head>,
    sums: Vec<(DailyKey, DailySums)>,
    /// The last in the table of days.
    day: Option<i64>,
}

impl Recent {
    /// What is still known when the chain ends at `head`.
    pub(super) fn at_head(self, head: Head) -> Self {
        match self.head == Some(head) {
            true => self,
            false => Self::default(),
        }
    }

    /// The same, now that the chain ends at `head`.
    pub(super) fn up_to(self, head: Head) -> Self {
        Self {
            head: Some(head),
            ..self
        }
    }

    /// Adds a row that was just completed to the daily sums.
    pub(super) fn add(&mut self, database: &Connection, facts: &Facts) -> rusqlite::Result<()> {
        let known = self.sums.iter_mut().find(|(key, _)| key.is_of(facts));
        if let Some((key, sums)) = known {
            sums.add(facts);
            return daily::store(database, key, sums);
        }
        let (key, sums) = daily::add(database, facts)?;
        if self.sums.len() >= MOST {
            self.sums.clear();
        }
        self.sums.push((key, sums));
        Ok(())
    }

    /// Notes that the row at `sequence` was completed on `day`.
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

/// A process has a few connections in use, one model each.
const MOST: usize = 32;
