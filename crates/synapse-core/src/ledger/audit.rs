//! What an audit of the ledger finds, and what a purge takes out of it.

use std::collections::BTreeSet;
use std::fmt;

use super::Waiting;
use crate::call::CallId;
use crate::dataset::Month;

/// What `verify` found. The ledger is sound when there is no discrepancy.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verification {
    /// Rows whose seal was checked.
    pub rows: u64,
    /// Rows of calls under way, which have no seal yet.
    pub open: u64,
    /// Rows that purges took out, by the seals of the purges.
    pub purged: u64,
    /// Rows that were lost to damage, by the seals of the repairs.
    pub lost: u64,
    /// Calls that are not in the ledger yet.
    pub waiting: Waiting,
    /// The end of the chain: whoever notes it elsewhere can later tell that nothing before it was
    /// changed, even by someone who sealed the chain anew.
    pub head: Option<ChainHead>,
    /// What is wrong, in the order of the chain; at most [`Verification::MOST`].
    pub discrepancies: Vec<Discrepancy>,
}

impl Verification {
    /// So many discrepancies are told at most.
    pub const MOST: usize = 100;
}

/// The last seal of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainHead {
    /// Its place, counted from 1.
    pub sequence: u64,
    /// Its hash, in hexadecimal.
    pub hash: String,
}

/// How far the complete rows reach.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Extent {
    /// The end of the chain; `None` when nothing is sealed.
    pub head: Option<ChainHead>,
    /// The months that complete rows are of.
    pub months: BTreeSet<Month>,
    /// The place of the last repair, which may have given rows before it another place; 0 when
    /// there was none.
    pub repaired: u64,
    /// Rows that are under way, and have no place yet.
    pub open: u64,
}

/// One thing that is wrong with the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Discrepancy {
    /// The content of the row, or its place, is not what was sealed.
    Edited {
        /// The row.
        call_id: CallId,
        /// Its place.
        sequence: u64,
    },
    /// Rows are gone without a purge.
    Missing {
        /// The first place without a row.
        first: u64,
        /// The last place without a row.
        last: u64,
    },
    /// A row is complete and was never sealed: something else than Synapse put it there.
    Unsealed {
        /// The row.
        call_id: CallId,
    },
    /// Two rows claim one place.
    Doubled {
        /// The second of them.
        call_id: CallId,
        /// The place.
        sequence: u64,
    },
    /// The record of a purge is not what was sealed.
    Purge {
        /// Its place.
        sequence: u64,
    },
    /// The record of a repair is not what was sealed.
    Repair {
        /// Its place.
        sequence: u64,
    },
    /// The end of the chain is not where it is noted to be.
    Head {
        /// Where it is noted to be.
        noted: u64,
        /// The last seal that is there.
        found: u64,
    },
    /// The daily sums of a day are not those of its rows.
    Sums {
        /// The day, such as `2026-11-20`.
        day: String,
    },
}

impl Discrepancy {
    /// What kind it is, as a stable word.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Edited { .. } => "edited",
            Self::Missing { .. } => "missing",
            Self::Unsealed { .. } => "unsealed",
            Self::Doubled { .. } => "doubled",
            Self::Purge { .. } => "purge",
            Self::Repair { .. } => "repair",
            Self::Head { .. } => "head",
            Self::Sums { .. } => "sums",
        }
    }

    /// The row that it speaks of, when it is about one that is there.
    #[must_use]
    pub const fn call_id(&self) -> Option<CallId> {
        match self {
            Self::Edited { call_id, .. }
            | Self::Unsealed { call_id }
            | Self::Doubled { call_id, .. } => Some(*call_id),
            Self::Missing { .. }
            | Self::Purge { .. }
            | Self::Repair { .. }
            | Self::Head { .. }
            | Self::Sums { .. } => None,
        }
    }
}

/// One line for people.
impl fmt::Display for Discrepancy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Edited { call_id, sequence } => write!(
                formatter,
                "row {call_id} (place {sequence}) was edited or moved after it was sealed"
            ),
            Self::Missing { first, last } if first == last => {
                write!(formatter, "the row at place {first} was deleted")
            }
            Self::Missing { first, last } => {
                write!(
                    formatter,
                    "the rows at places {first} to {last} were deleted"
                )
            }
            Self::Unsealed { call_id } => {
                write!(formatter, "row {call_id} was inserted: it has no seal")
            }
            Self::Doubled { call_id, sequence } => write!(
                formatter,
                "row {call_id} was inserted: place {sequence} belongs to another row"
            ),
            Self::Purge { sequence } => write!(
                formatter,
                "the record of a purge at place {sequence} was edited"
            ),
            Self::Repair { sequence } => write!(
                formatter,
                "the record of a repair at place {sequence} was edited"
            ),
            Self::Head { noted, found } => write!(
                formatter,
                "the chain was sealed up to place {noted} and ends at {found}"
            ),
            Self::Sums { day } => {
                write!(formatter, "the sums of {day} are not those of its rows")
            }
        }
    }
}

/// What a purge took out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Purged {
    /// Rows.
    pub rows: u64,
    /// Recorded texts, those of the rows included.
    pub texts: u64,
}
