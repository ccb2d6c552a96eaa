//! The values of a row that the daily sums need.

use rusqlite::Row;
use rusqlite::types::ValueRef;

use super::{Cell, OF_EVERY_ROW, OF_HUB};

/// The values of a row used by the daily sums.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::ledger) struct Facts {
    pub(in crate::ledger) call_id: [u8; 16],
    pub(in crate::ledger) started_at: i64,
    pub(in crate::ledger) outcome: String,
    pub(in crate::ledger) connection: String,
    pub(in crate::ledger) provider: String,
    /// The model that answered, or else the requested one.
    pub(in crate::ledger) model: String,
    /// Empty for calls without a client.
    pub(in crate::ledger) client: String,
    pub(in crate::ledger) maybe_billed: bool,
    pub(in crate::ledger) latency_ms: Option<i64>,
    pub(in crate::ledger) prompt_tokens: Option<i64>,
    pub(in crate::ledger) completion_tokens: Option<i64>,
    pub(in crate::ledger) cached_tokens: Option<i64>,
    pub(in crate::ledger) reasoning_tokens: Option<i64>,
    pub(in crate::ledger) cost_nano_usd: Option<i64>,
    pub(in crate::ledger) reserved_tokens: Option<i64>,
    pub(in crate::ledger) reserved_nano_usd: Option<i64>,
    /// The upstream server of a hub row.
    pub(in crate::ledger) server: Option<String>,
    pub(in crate::ledger) tool: Option<String>,
}

impl Facts {
    /// From a row that begins with the columns of [`super::sealed`], or of
    /// [`super::sealed_in_third_format`].
    pub(in crate::ledger) fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        let count = row.as_ref().column_count();
        Self::read(|index| {
            if index < count {
                row.get_ref(index)
            } else {
                Ok(ValueRef::Null)
            }
        })
    }

    /// From the values of these columns.
    pub(in crate::ledger) fn of_values(values: &[ValueRef<'_>]) -> rusqlite::Result<Self> {
        Self::read(|index| Ok(values.get(index).copied().unwrap_or(ValueRef::Null)))
    }

    fn read<'a>(value: impl Fn(usize) -> rusqlite::Result<ValueRef<'a>>) -> rusqlite::Result<Self> {
        let mut facts = Self::default();
        let mut index = 0;
        // Plain loops: this runs for every row.
        for columns in [&OF_EVERY_ROW[..], &OF_HUB] {
            for column in columns {
                if let Some(sum) = column.sum {
                    let value = value(index)?;
                    sum(&mut facts, Cell { index, value })?;
                }
                index += 1;
            }
        }
        Ok(facts)
    }
}
