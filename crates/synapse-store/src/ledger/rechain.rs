//! Rebuilds the chain of a repaired ledger across lost parts.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension as _, params};
use synapse_core::call::CallId;
use synapse_core::ledger::LostPlaces;
use synapse_core::time::Timestamp;
use uuid::Uuid;

use super::chain::{self, Gap, Head, Repair, Seal, UNKNOWN};
use super::columns::{self, Facts};
use super::daily::{self, DailyKey, DailySums};
use super::{carried, completion, days};

/// The result of walking the saved places.
#[derive(Debug, Default)]
pub(super) struct Chain {
    pub(super) lost: Vec<LostPlaces>,
    /// Rows that differ from their seal.
    pub(super) changed: Vec<CallId>,
    pub(super) lost_parts: Vec<String>,
}

/// The saved content of a place.
enum Saved {
    Row([u8; 16], Seal),
    Record(&'static str, Seal),
    Gap(Gap),
}

impl Chain {
    /// Completes the chain of `new`: lost places become a gap explained by a repair record, and
    /// rows that differ from their seal get a new place after it.
    pub(super) fn rebuild(
        old: &Connection,
        new: &Connection,
        at: Timestamp,
    ) -> rusqlite::Result<Self> {
        new.execute_batch("BEGIN IMMEDIATE")?;
        let mut chain = Self::default();
        let mut walk = Rechaining {
            head: Head::START,
            lost: Vec::new(),
            strangers: unsealed(new)?,
            exact: BTreeMap::new(),
            moved: Vec::new(),
        };
        let places = places(new)?;
        for (sequence, saved) in places {
            walk.step(new, sequence, saved)?;
        }
        let noted = Head::load(old).ok();
        if noted.is_none() {
            chain.lost_parts.push("chain".to_owned());
        }
        if let Some(noted) = noted.filter(|noted| noted.sequence > walk.head.sequence) {
            walk.lost.push((walk.head.sequence + 1, noted.sequence));
            walk.head = Head {
                sequence: noted.sequence,
                seal: UNKNOWN,
            };
        }
        chain.seal(old, new, walk, at)?;
        new.execute_batch("COMMIT")?;
        Ok(chain)
    }

    fn seal(
        &mut self,
        old: &Connection,
        new: &Connection,
        walk: Rechaining,
        at: Timestamp,
    ) -> rusqlite::Result<()> {
        let by = walk.head.sequence + 1;
        for (first, last) in &walk.lost {
            let gap = Gap {
                first: *first,
                last: *last,
                seal: UNKNOWN,
                by,
            };
            chain::add_gap(new, &gap)?;
        }
        for (sequence, seal) in &walk.moved {
            let gap = Gap {
                first: *sequence,
                last: *sequence,
                seal: *seal,
                by,
            };
            chain::add_gap(new, &gap)?;
        }
        // Their records are lost; the repair explains them now.
        new.execute(
            "UPDATE gaps SET by = ?1 WHERE by NOT IN (SELECT sequence FROM purges)
             AND by NOT IN (SELECT sequence FROM repairs)
             AND by NOT IN (SELECT sequence FROM entries WHERE sequence IS NOT NULL)",
            [by],
        )?;
        // Amounts carried by lost records stay.
        let orphaned = orphaned(new)?;
        for (key, sums) in &walk.exact {
            daily::store(new, key, sums)?;
        }
        let (kept, whole) = carried::kept_sums(old);
        if !whole {
            self.lost_parts.push("daily sums".to_owned());
        }
        let mut exact = walk.exact.clone();
        for call_id in &walk.strangers {
            let facts = facts(new, *call_id)?;
            exact.entry(DailyKey::of(&facts)).or_default().add(&facts);
        }
        // Negative differences must not reduce those of lost records.
        let mut removed = carried::beyond(&kept, &exact).without_negatives();
        for each in orphaned {
            removed.add_sums(
                each.connection,
                each.day,
                each.limit_tokens,
                each.limit_nano_usd,
            );
        }
        let carried = removed.into_carried();
        carried::store(new, by, &carried)?;
        let lost: i64 = walk.lost.iter().map(|(first, last)| last - first + 1).sum();
        let repair = Repair {
            at: at.as_millis(),
            lost,
        };
        let head = walk
            .head
            .after_repair(repair, &chain::gaps_by(new, by)?, &carried);
        new.execute(
            "INSERT INTO repairs (sequence, at, lost, seal) VALUES (?, ?, ?, ?)",
            params![head.sequence, repair.at, repair.lost, head.seal],
        )?;
        head.store(new)?;
        for call_id in &walk.strangers {
            let sql = format!(
                "SELECT {} FROM entries WHERE call_id = ?",
                columns::sealed()
            );
            new.query_row(&sql, [call_id], |row| completion::seal(new, row))?;
            self.changed.push(CallId::new(Uuid::from_bytes(*call_id)));
        }
        let days: i64 = new.query_row("SELECT count(*) FROM days", [], |row| row.get(0))?;
        if days == 0 {
            days::from_rows(new)?;
        }
        let whole = |number: i64| u64::try_from(number).unwrap_or_default();
        self.lost = walk
            .lost
            .iter()
            .map(|(first, last)| LostPlaces {
                first: whole(*first),
                last: whole(*last),
            })
            .collect();
        Ok(())
    }
}

/// The state of the walk.
struct Rechaining {
    head: Head,
    lost: Vec<(i64, i64)>,
    /// Complete rows without a place of their own.
    strangers: Vec<[u8; 16]>,
    exact: BTreeMap<DailyKey, DailySums>,
    /// Old places and seals of rows that get a new place.
    moved: Vec<(i64, Seal)>,
}

impl Rechaining {
    fn step(&mut self, new: &Connection, sequence: i64, saved: Saved) -> rusqlite::Result<()> {
        let expected = self.head.sequence + 1;
        if sequence < expected {
            return self.put_aside(new, sequence, saved);
        }
        if sequence > expected {
            self.lost.push((expected, sequence - 1));
            self.head = Head {
                sequence: sequence - 1,
                seal: UNKNOWN,
            };
        }
        let known = self.head.sequence == 0 || self.head.seal != UNKNOWN;
        match saved {
            Saved::Gap(gap) => {
                self.head = Head {
                    sequence: gap.last,
                    seal: gap.seal,
                };
                return Ok(());
            }
            Saved::Row(call_id, seal) => {
                let sql = format!(
                    "SELECT {} FROM entries WHERE call_id = ?",
                    columns::sealed()
                );
                let gaps = chain::gaps_by(new, sequence)?;
                let (right, facts) = new.query_row(&sql, [call_id], |row| {
                    let right = self.head.after_row(row, &gaps)?.seal == seal;
                    Ok((right, Facts::of(row)?))
                })?;
                if known && !right {
                    new.execute(
                        "UPDATE entries SET sequence = NULL, seal = NULL WHERE call_id = ?",
                        [call_id],
                    )?;
                    self.strangers.push(call_id);
                    self.moved.push((sequence, seal));
                } else {
                    let sums = self.exact.entry(DailyKey::of(&facts)).or_default();
                    sums.add(&facts);
                }
                self.head = Head { sequence, seal };
            }
            Saved::Record(table, seal) => {
                let gaps = chain::gaps_by(new, sequence)?;
                let carried = carried::by(new, sequence)?;
                let sealed = record_seal(new, table, self.head, sequence, &gaps, &carried)?;
                if known && sealed != Some(seal) {
                    new.execute(
                        &format!("DELETE FROM {table} WHERE sequence = ?"),
                        [sequence],
                    )?;
                    self.moved.push((sequence, seal));
                }
                self.head = Head { sequence, seal };
            }
        }
        Ok(())
    }

    /// Two rows claim one place: the second loses it.
    fn put_aside(&mut self, new: &Connection, sequence: i64, saved: Saved) -> rusqlite::Result<()> {
        match saved {
            Saved::Row(call_id, _) => {
                new.execute(
                    "UPDATE entries SET sequence = NULL, seal = NULL WHERE call_id = ?",
                    [call_id],
                )?;
                self.strangers.push(call_id);
            }
            Saved::Record(table, _) => {
                new.execute(
                    &format!("DELETE FROM {table} WHERE sequence = ?"),
                    [sequence],
                )?;
            }
            Saved::Gap(gap) => {
                new.execute("DELETE FROM gaps WHERE first = ?", [gap.first])?;
            }
        }
        Ok(())
    }
}

fn record_seal(
    new: &Connection,
    table: &str,
    head: Head,
    sequence: i64,
    gaps: &[Gap],
    carried: &[carried::Carried],
) -> rusqlite::Result<Option<Seal>> {
    let columns = match table {
        "purges" => "before, removed",
        _ => "at, lost",
    };
    let found: Option<(i64, i64)> = new
        .query_row(
            &format!("SELECT {columns} FROM {table} WHERE sequence = ?"),
            [sequence],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    Ok(found.map(|(first, second)| match table {
        "purges" => {
            let purge = chain::Purge {
                before: first,
                removed: second,
            };
            head.after_purge(purge, gaps, carried).seal
        }
        _ => {
            let repair = Repair {
                at: first,
                lost: second,
            };
            head.after_repair(repair, gaps, carried).seal
        }
    }))
}

/// Everything with a place, in order.
fn places(new: &Connection) -> rusqlite::Result<Vec<(i64, Saved)>> {
    let mut statement = new.prepare(
        "SELECT sequence, 0, call_id, seal, NULL, NULL FROM entries WHERE sequence IS NOT NULL
         UNION ALL SELECT sequence, 1, NULL, seal, NULL, NULL FROM purges
         UNION ALL SELECT sequence, 2, NULL, seal, NULL, NULL FROM repairs
         UNION ALL SELECT first, 3, NULL, seal, last, by FROM gaps
         ORDER BY 1, 2",
    )?;
    let places = statement.query_map([], |row| {
        let sequence: i64 = row.get(0)?;
        let seal: Option<Seal> = row.get(3)?;
        // A row with a place and no seal never matches.
        let seal = seal.unwrap_or([0xff; 32]);
        let saved = match row.get(1)? {
            0 => Saved::Row(row.get(2)?, seal),
            1 => Saved::Record("purges", seal),
            2 => Saved::Record("repairs", seal),
            _ => Saved::Gap(Gap {
                first: sequence,
                last: row.get(4)?,
                seal,
                by: row.get(5)?,
            }),
        };
        Ok((sequence, saved))
    })?;
    places.collect()
}

fn unsealed(new: &Connection) -> rusqlite::Result<Vec<[u8; 16]>> {
    new.prepare(
        "SELECT call_id FROM entries WHERE sequence IS NULL AND outcome <> 'open'
         ORDER BY call_id",
    )?
    .query_map([], |row| row.get(0))?
    .collect()
}

fn facts(new: &Connection, call_id: [u8; 16]) -> rusqlite::Result<Facts> {
    let sql = format!(
        "SELECT {} FROM entries WHERE call_id = ?",
        columns::sealed()
    );
    new.query_row(&sql, [call_id], Facts::of)
}

/// Takes the amounts carried by lost records.
fn orphaned(new: &Connection) -> rusqlite::Result<Vec<carried::Carried>> {
    let orphans = "sequence NOT IN (SELECT sequence FROM purges)
         AND sequence NOT IN (SELECT sequence FROM repairs)";
    let found = new
        .prepare(&format!(
            "SELECT connection, day, limit_tokens, limit_nano_usd FROM carried WHERE {orphans}"
        ))?
        .query_map([], |row| {
            Ok(carried::Carried {
                connection: row.get(0)?,
                day: row.get(1)?,
                limit_tokens: row.get(2)?,
                limit_nano_usd: row.get(3)?,
            })
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    new.execute(&format!("DELETE FROM carried WHERE {orphans}"), [])?;
    Ok(found)
}
