//! The results of ledger audits and purges.

use std::collections::BTreeSet;
use std::fmt;

use super::Waiting;
use super::chain::ChainHead;
use super::dataset::Month;
use crate::call::CallId;
use crate::error::{Code, Failure, Remedy, RemedyText};

/// The result of an audit. The ledger is sound without discrepancies.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verification {
    /// Rows with a checked seal.
    pub rows: u64,
    /// Rows of calls in progress, not sealed yet.
    pub open: u64,
    /// Rows removed by purges, according to their seals.
    pub purged: u64,
    /// Rows lost to damage, according to the repairs' seals.
    pub lost: u64,
    /// Spooled calls.
    pub waiting: Waiting,
    /// The end of the chain: recorded elsewhere, it later proves that earlier rows are unchanged,
    /// even against someone who rebuilt the chain.
    pub head: Option<ChainHead>,
    /// Discrepancies in the order of the chain, at most [`Verification::MOST`].
    pub discrepancies: Vec<Discrepancy>,
}

impl Verification {
    /// Maximum reported discrepancies.
    pub const MOST: usize = 100;

    /// The failure of a changed ledger, with every discrepancy.
    #[must_use]
    pub fn failure(&self) -> Option<Failure> {
        (!self.discrepancies.is_empty()).then(|| changed(&self.discrepancies))
    }

    /// The same failure with the first `most` discrepancies, and where to see the others.
    pub(crate) fn failure_in_short(
        &self,
        most: usize,
        remedies: &dyn RemedyText,
    ) -> Option<Failure> {
        let all = &self.discrepancies;
        let (shown, left) = all.split_at_checked(most).unwrap_or((all, &[]));
        if shown.is_empty() {
            return None;
        }
        let verify = remedies.command(&Remedy::VerifyLedger).unwrap_or_default();
        Some(match left.len() {
            0 => changed(shown),
            more => changed(shown).cause(format!("and {more} more: see `{verify}`")),
        })
    }
}

fn changed(discrepancies: &[Discrepancy]) -> Failure {
    let failure = Failure::new(Code::StorageCorrupt, "the ledger was changed");
    let failure = discrepancies
        .iter()
        .fold(failure, |failure, each| failure.cause(each.to_string()));
    failure
        .hint("keep a copy of ledger.db; a backup from before the change shows the original rows")
        .remedy("see a row that is named", &Remedy::ShowCall)
}

/// The extent of complete rows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Extent {
    /// The end of the chain; `None` without seals.
    pub head: Option<ChainHead>,
    /// The months with complete rows.
    pub months: BTreeSet<Month>,
    /// The place of the last repair, which may have moved earlier rows; 0 without one.
    pub repaired: u64,
    /// Rows in progress, without a place.
    pub open: u64,
}

/// A discrepancy in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Discrepancy {
    /// A row or its place differs from its seal.
    Edited {
        /// The row.
        call_id: CallId,
        /// Its place.
        sequence: u64,
    },
    /// Rows are missing without a purge.
    Missing {
        /// The first place without a row.
        first: u64,
        /// The last place without a row.
        last: u64,
    },
    /// A complete row was never sealed: it was not written by Synapse.
    Unsealed {
        /// The row.
        call_id: CallId,
    },
    /// Two rows claim one place.
    Doubled {
        /// The second one.
        call_id: CallId,
        /// The place.
        sequence: u64,
    },
    /// A purge's record differs from its seal.
    Purge {
        /// Its place.
        sequence: u64,
    },
    /// A repair's record differs from its seal.
    Repair {
        /// Its place.
        sequence: u64,
    },
    /// The chain does not end at the recorded place.
    Head {
        /// The recorded end.
        noted: u64,
        /// The last existing seal.
        found: u64,
    },
    /// Daily sums differ from the rows.
    Sums {
        /// The day, such as `2026-11-20`.
        day: String,
    },
}

impl Discrepancy {
    /// Its stable kind.
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

    /// The existing row it concerns.
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

/// A one-line description.
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

/// The result of a purge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Purged {
    /// Rows.
    pub rows: u64,
    /// Recorded texts, including those of the rows.
    pub texts: u64,
}
