//! Verifies the whole chain of seals, and compares the daily sums with the rows.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, Row, Statement};
use synapse_core::call::CallId;
use synapse_core::ledger::{ChainHead, Discrepancy, Verification};
use synapse_core::time::Timestamp;
use uuid::Uuid;

use super::carried;
use super::chain::{self, Gap, Head, Purge, Repair, Seal, UNKNOWN};
use super::columns::{self, CONTENT, Facts};
use super::daily::{self, DailyKey, DailySums};

/// Verifies everything that is sealed. Changes nothing.
pub(super) fn verify(database: &Connection) -> rusqlite::Result<Verification> {
    let mut walk = Walk {
        found: Verification::default(),
        head: Head::START,
        days: BTreeMap::new(),
    };
    walk.along(database)?;
    walk.finish(database)?;
    walk.strangers(database)?;
    walk.sums(database)?;
    walk.found.head = (walk.head.sequence > 0).then(|| ChainHead {
        sequence: whole(walk.head.sequence),
        hash: chain::shown(&walk.head.seal),
    });
    Ok(walk.found)
}

/// The state of the walk.
struct Walk {
    found: Verification,
    head: Head,
    days: BTreeMap<DailyKey, DailySums>,
}

/// The content of a place.
enum Step {
    Row { call_id: [u8; 16] },
    Purge { purge: Purge, seal: Seal },
    Repair { repair: Repair, seal: Seal },
    Gap(Gap),
}

impl Walk {
    fn along(&mut self, database: &Connection) -> rusqlite::Result<()> {
        let reasons = reasons(database)?;
        let mut content = database.prepare(&format!(
            "SELECT {}, seal FROM entries WHERE call_id = ?",
            columns::sealed()
        ))?;
        // Sorts only places, so that a large ledger needs little memory.
        let mut places = database.prepare(
            "SELECT sequence, 0, call_id, NULL, NULL, NULL FROM entries
                 WHERE sequence IS NOT NULL
             UNION ALL SELECT sequence, 1, NULL, before, removed, seal FROM purges
             UNION ALL SELECT sequence, 3, NULL, at, lost, seal FROM repairs
             UNION ALL SELECT first, 2, NULL, last, by, seal FROM gaps
             ORDER BY 1, 2",
        )?;
        let mut places = places.query([])?;
        while let Some(place) = places.next()? {
            let sequence: i64 = place.get(0)?;
            self.step(database, &mut content, sequence, step(place)?, &reasons)?;
        }
        Ok(())
    }

    fn step(
        &mut self,
        database: &Connection,
        content: &mut Statement<'_>,
        sequence: i64,
        step: Step,
        reasons: &BTreeSet<i64>,
    ) -> rusqlite::Result<()> {
        let expected = self.head.sequence + 1;
        if let Step::Gap(gap) = &step
            && !reasons.contains(&gap.by)
        {
            // No sealed record explains it: the rows are missing.
            return Ok(());
        }
        // After missing rows, the next seal can only be accepted unverified.
        let follows = sequence == expected && self.is_known();
        if sequence > expected {
            self.tell(Discrepancy::Missing {
                first: whole(expected),
                last: whole(sequence - 1),
            });
        }
        match step {
            Step::Gap(gap) => {
                if sequence >= expected {
                    self.head = Head {
                        sequence: gap.last,
                        seal: gap.seal,
                    };
                }
            }
            Step::Purge { purge, seal } => {
                let gaps = chain::gaps_by(database, sequence)?;
                let carried = carried::by(database, sequence)?;
                let right = self.head.after_purge(purge, &gaps, &carried).seal == seal;
                if (follows && !right) || sequence < expected {
                    self.tell(Discrepancy::Purge {
                        sequence: whole(sequence),
                    });
                }
                self.found.purged += whole(purge.removed);
                self.go_on(sequence, seal);
            }
            Step::Repair { repair, seal } => {
                let gaps = chain::gaps_by(database, sequence)?;
                let carried = carried::by(database, sequence)?;
                let right = self.head.after_repair(repair, &gaps, &carried).seal == seal;
                if (follows && !right) || sequence < expected {
                    self.tell(Discrepancy::Repair {
                        sequence: whole(sequence),
                    });
                }
                self.found.lost += whole(repair.lost);
                self.go_on(sequence, seal);
            }
            Step::Row { call_id } => {
                let mut rows = content.query([call_id])?;
                let Some(row) = rows.next()? else {
                    return Ok(());
                };
                let seal: Seal = row.get(CONTENT)?;
                let gaps = chain::gaps_by(database, sequence)?;
                let right = self.head.after_row(row, &gaps)?.seal == seal;
                let call_id = shown(call_id);
                if sequence < expected {
                    self.tell(Discrepancy::Doubled {
                        call_id,
                        sequence: whole(sequence),
                    });
                } else if follows && !right {
                    self.tell(Discrepancy::Edited {
                        call_id,
                        sequence: whole(sequence),
                    });
                }
                self.found.rows += 1;
                self.count(row)?;
                self.go_on(sequence, seal);
            }
        }
        Ok(())
    }

    /// Whether the previous seal is available for verification. It is not after rows lost to
    /// damage.
    fn is_known(&self) -> bool {
        self.head.sequence == 0 || self.head.seal != UNKNOWN
    }

    fn go_on(&mut self, sequence: i64, seal: Seal) {
        if sequence > self.head.sequence {
            self.head = Head { sequence, seal };
        }
    }

    /// The head is stored separately, which detects removal of the last rows.
    fn finish(&mut self, database: &Connection) -> rusqlite::Result<()> {
        let noted = Head::load(database)?;
        if noted.sequence > self.head.sequence {
            self.tell(Discrepancy::Missing {
                first: whole(self.head.sequence + 1),
                last: whole(noted.sequence),
            });
        } else if noted != self.head {
            self.tell(Discrepancy::Head {
                noted: whole(noted.sequence),
                found: whole(self.head.sequence),
            });
        }
        Ok(())
    }

    /// Rows without a place: in progress, or foreign.
    fn strangers(&mut self, database: &Connection) -> rusqlite::Result<()> {
        let mut statement = database.prepare(&format!(
            "SELECT {} FROM entries WHERE sequence IS NULL",
            columns::sealed()
        ))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let facts = Facts::of(row)?;
            if facts.outcome == "open" {
                self.found.open += 1;
            } else {
                self.tell(Discrepancy::Unsealed {
                    call_id: shown(facts.call_id),
                });
            }
        }
        Ok(())
    }

    fn count(&mut self, row: &Row<'_>) -> rusqlite::Result<()> {
        let facts = Facts::of(row)?;
        let sums = self.days.entry(DailyKey::of(&facts)).or_default();
        sums.add(&facts);
        Ok(())
    }

    fn sums(&mut self, database: &Connection) -> rusqlite::Result<()> {
        let mut wrong = BTreeSet::new();
        let mut statement = database.prepare("SELECT * FROM daily")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (key, kept) = daily::read(row)?;
            let exact = self.days.remove(&key);
            if !exact.is_some_and(|exact| kept.agrees_with(&exact)) {
                wrong.insert(key.day);
            }
        }
        wrong.extend(self.days.keys().map(|key| key.day));
        for day in wrong {
            let shown = Timestamp::of_day(day).to_string();
            self.tell(Discrepancy::Sums {
                day: shown.chars().take(10).collect(),
            });
        }
        Ok(())
    }

    fn tell(&mut self, discrepancy: Discrepancy) {
        if self.found.discrepancies.len() < Verification::MOST {
            self.found.discrepancies.push(discrepancy);
        }
    }
}

fn step(place: &Row<'_>) -> rusqlite::Result<Step> {
    Ok(match place.get(1)? {
        0 => Step::Row {
            call_id: place.get(2)?,
        },
        1 => Step::Purge {
            purge: Purge {
                before: place.get(3)?,
                removed: place.get(4)?,
            },
            seal: place.get(5)?,
        },
        3 => Step::Repair {
            repair: Repair {
                at: place.get(3)?,
                lost: place.get(4)?,
            },
            seal: place.get(5)?,
        },
        _ => Step::Gap(Gap {
            first: place.get(0)?,
            last: place.get(3)?,
            by: place.get(4)?,
            seal: place.get(5)?,
        }),
    })
}

/// Places that may explain a gap: only of existing gaps.
fn reasons(database: &Connection) -> rusqlite::Result<BTreeSet<i64>> {
    let mut statement = database.prepare(
        "SELECT DISTINCT by FROM gaps WHERE by IN (SELECT sequence FROM purges)
             OR by IN (SELECT sequence FROM repairs)
             OR by IN (SELECT sequence FROM entries)",
    )?;
    statement.query_map([], |row| row.get(0))?.collect()
}

fn shown(call_id: [u8; 16]) -> CallId {
    CallId::new(Uuid::from_bytes(call_id))
}

fn whole(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}
