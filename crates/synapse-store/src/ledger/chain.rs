//! The chain of seals. Each complete row has a place and a hash over the previous hash, its place
//! and its content, so that changing, removing, adding or moving a row is detected.
//!
//! The place is assigned in the transaction that completes the row, so concurrent processes agree.

use ring::digest::{SHA256, digest};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, params};

use super::carried::Carried;
use super::columns::{CONTENT, OF_EVERY_ROW};

/// A hash.
pub(super) type Seal = [u8; 32];

/// The end of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) sequence: i64,
    pub(super) seal: Seal,
}

/// Places without rows, explained by the sealed record at `by`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Gap {
    pub(super) first: i64,
    pub(super) last: i64,
    /// The seal of the last of them, where the chain continues; [`UNKNOWN`] if it was lost.
    pub(super) seal: Seal,
    pub(super) by: i64,
}

/// Replaces a seal lost to damage: the next one cannot be verified.
pub(super) const UNKNOWN: Seal = [0; 32];

/// A purge's record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Purge {
    pub(super) before: i64,
    pub(super) removed: i64,
}

/// A repair's record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Repair {
    pub(super) at: i64,
    pub(super) lost: i64,
}

impl Head {
    /// Before the first seal.
    pub(super) const START: Self = Self {
        sequence: 0,
        seal: [0; 32],
    };

    pub(super) fn load(database: &Connection) -> rusqlite::Result<Self> {
        database
            .prepare_cached("SELECT sequence, seal FROM chain")?
            .query_row([], |row| {
                Ok(Self {
                    sequence: row.get(0)?,
                    seal: row.get(1)?,
                })
            })
    }

    /// The end of the chain, and the gaps that the next seal explains.
    pub(super) fn load_next(database: &Connection) -> rusqlite::Result<(Self, Vec<Gap>)> {
        let (head, has_gaps) = database
            .prepare_cached(
                "SELECT sequence, seal, EXISTS (SELECT 1 FROM gaps WHERE by = sequence + 1)
                 FROM chain",
            )?
            .query_row([], |row| {
                let head = Self {
                    sequence: row.get(0)?,
                    seal: row.get(1)?,
                };
                Ok((head, row.get(2)?))
            })?;
        let gaps = if has_gaps {
            gaps_by(database, head.sequence + 1)?
        } else {
            Vec::new()
        };
        Ok((head, gaps))
    }

    pub(super) fn store(self, database: &Connection) -> rusqlite::Result<()> {
        database
            .prepare_cached("UPDATE chain SET sequence = ?, seal = ?")?
            .execute(params![self.sequence, self.seal])
            .map(drop)
    }

    /// The head after sealing a row that begins with [`super::columns::sealed`]; `gaps` are those
    /// the row explains.
    pub(super) fn after_row(self, row: &Row<'_>, gaps: &[Gap]) -> rusqlite::Result<Self> {
        // Rows of older formats lack the hub's columns.
        let count = CONTENT.min(row.as_ref().column_count());
        let mut values = [ValueRef::Null; CONTENT];
        for (index, value) in values.iter_mut().enumerate().take(count) {
            *value = row.get_ref(index)?;
        }
        Ok(self.after_values(values.get(..count).unwrap_or_default(), gaps))
    }

    /// The head after sealing a row with these values of [`super::columns::content`].
    pub(super) fn after_values(self, values: &[ValueRef<'_>], gaps: &[Gap]) -> Self {
        let sequence = self.sequence + 1;
        let mut hash = self.begin(sequence, b"row", gaps);
        let (every, hub) = values.split_at(values.len().min(OF_EVERY_ROW.len()));
        every.iter().for_each(|value| add_value(&mut hash, *value));
        // Calls of a connection have no values there.
        if hub.iter().any(|value| *value != ValueRef::Null) {
            hub.iter().for_each(|value| add_value(&mut hash, *value));
        }
        Self::end(sequence, hash)
    }

    /// The head after sealing a purge, which covers the carried amounts of its rows.
    pub(super) fn after_purge(self, purge: Purge, gaps: &[Gap], carried: &[Carried]) -> Self {
        let sequence = self.sequence + 1;
        let mut hash = self.begin(sequence, b"purge", gaps);
        add_value(&mut hash, ValueRef::Integer(purge.before));
        add_value(&mut hash, ValueRef::Integer(purge.removed));
        add_carried(&mut hash, carried);
        Self::end(sequence, hash)
    }

    /// The head after sealing a repair.
    pub(super) fn after_repair(self, repair: Repair, gaps: &[Gap], carried: &[Carried]) -> Self {
        let sequence = self.sequence + 1;
        let mut hash = self.begin(sequence, b"repair", gaps);
        add_value(&mut hash, ValueRef::Integer(repair.at));
        add_value(&mut hash, ValueRef::Integer(repair.lost));
        add_carried(&mut hash, carried);
        Self::end(sequence, hash)
    }

    fn begin(self, sequence: i64, kind: &[u8], gaps: &[Gap]) -> Bytes {
        let mut hash = Bytes(Vec::with_capacity(ROOM));
        hash.0.extend_from_slice(&self.seal);
        add_value(&mut hash, ValueRef::Integer(sequence));
        add_value(&mut hash, ValueRef::Text(kind));
        for gap in gaps {
            add_value(&mut hash, ValueRef::Integer(gap.first));
            add_value(&mut hash, ValueRef::Integer(gap.last));
            add_value(&mut hash, ValueRef::Blob(&gap.seal));
        }
        // Separates gaps from what follows.
        add_value(&mut hash, ValueRef::Null);
        hash
    }

    fn end(sequence: i64, hash: Bytes) -> Self {
        let mut seal = [0; 32];
        for (to, from) in seal.iter_mut().zip(digest(&SHA256, &hash.0).as_ref()) {
            *to = *from;
        }
        Self { sequence, seal }
    }
}

/// Input of the hash, in one buffer: hashing many small pieces costs three times as much.
struct Bytes(Vec<u8>);

/// Empty for purges of older formats, which carried nothing.
fn add_carried(hash: &mut Bytes, carried: &[Carried]) {
    for each in carried {
        add_value(hash, ValueRef::Text(each.connection.as_bytes()));
        add_value(hash, ValueRef::Integer(each.day));
        add_value(hash, ValueRef::Integer(each.limit_tokens));
        add_value(hash, ValueRef::Integer(each.limit_nano_usd));
    }
}

/// Type, length and bytes, so that different rows never have the same encoding.
fn add_value(hash: &mut Bytes, value: ValueRef<'_>) {
    let mut add = |tag: u8, bytes: &[u8]| {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        hash.0.push(tag);
        hash.0.extend_from_slice(&length.to_be_bytes());
        hash.0.extend_from_slice(bytes);
    };
    match value {
        ValueRef::Null => add(0, &[]),
        ValueRef::Integer(value) => add(1, &value.to_be_bytes()),
        ValueRef::Real(value) => add(2, &value.to_be_bytes()),
        ValueRef::Text(value) => add(3, value),
        ValueRef::Blob(value) => add(4, value),
    }
}

/// The gaps explained by the place `by`, in order.
pub(super) fn gaps_by(database: &Connection, by: i64) -> rusqlite::Result<Vec<Gap>> {
    database
        .prepare_cached("SELECT first, last, seal, by FROM gaps WHERE by = ? ORDER BY first")?
        .query_map([by], gap)?
        .collect()
}

/// Reads a gap from `first, last, seal, by`.
pub(super) fn gap(row: &Row<'_>) -> rusqlite::Result<Gap> {
    Ok(Gap {
        first: row.get(0)?,
        last: row.get(1)?,
        seal: row.get(2)?,
        by: row.get(3)?,
    })
}

pub(super) fn add_gap(database: &Connection, gap: &Gap) -> rusqlite::Result<()> {
    database
        .prepare_cached("INSERT INTO gaps (first, last, seal, by) VALUES (?, ?, ?, ?)")?
        .execute(params![gap.first, gap.last, gap.seal, gap.by])
        .map(drop)
}

/// A seal for display.
pub(super) fn shown(seal: &Seal) -> String {
    seal.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// More than most rows need.
const ROOM: usize = 1_024;
