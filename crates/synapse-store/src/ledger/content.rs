//! The stored content of a complete row: input of seals and daily sums.

use rusqlite::Row;
use rusqlite::types::{FromSql, ValueRef};

/// Every sealed column in sealing order, which never changes.
pub(super) const CONTENT: [&str; 46] = [
    "call_id",
    "writer",
    "started_at",
    "ended_at",
    "operation",
    "outcome",
    "error_class",
    "error_code",
    "connection",
    "provider",
    "host",
    "model_requested",
    "model_served",
    "served_by",
    "client_name",
    "client_version",
    "tool",
    "attempts",
    "maybe_billed",
    "http_status",
    "request_id",
    "bytes_out",
    "bytes_in",
    "headers_ms",
    "latency_ms",
    "finish_reason",
    "prompt_tokens",
    "completion_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "cost_nano_usd",
    "cost_source",
    "priced_at",
    "reserved_tokens",
    "reserved_nano_usd",
    "server",
    "transport",
    "era",
    "catalogue",
    "issuer",
    "client_kind",
    "scopes",
    "generation",
    "requests",
    "may_have_run",
];

/// Number of [`CONTENT`] columns in every row; later ones are sealed only for hub rows, so that
/// seals of older formats stay valid.
pub(super) const OF_EVERY_ROW: usize = 36;

/// The hub's columns, at the end of [`CONTENT`].
pub(super) fn hub_columns() -> String {
    CONTENT.get(OF_EVERY_ROW..).unwrap_or_default().join(", ")
}

/// The columns as an SQL list. A row selected with it begins with them.
pub(super) fn columns() -> String {
    CONTENT.join(", ")
}

/// The columns of a ledger in the third format.
pub(super) fn third_columns() -> String {
    CONTENT.get(..OF_EVERY_ROW).unwrap_or_default().join(", ")
}

/// Index of a column in [`CONTENT`].
pub(super) fn place(column: &str) -> Option<usize> {
    CONTENT.iter().position(|name| *name == column)
}

/// The values of a row used by the daily sums.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) call_id: [u8; 16],
    pub(super) started_at: i64,
    pub(super) outcome: String,
    pub(super) connection: String,
    pub(super) provider: String,
    pub(super) model: String,
    pub(super) client: String,
    pub(super) maybe_billed: bool,
    pub(super) latency_ms: Option<i64>,
    pub(super) prompt_tokens: Option<i64>,
    pub(super) completion_tokens: Option<i64>,
    pub(super) cached_tokens: Option<i64>,
    pub(super) reasoning_tokens: Option<i64>,
    pub(super) cost_nano_usd: Option<i64>,
    pub(super) reserved_tokens: Option<i64>,
    pub(super) reserved_nano_usd: Option<i64>,
    /// The upstream server of a hub row.
    pub(super) server: Option<String>,
    pub(super) tool: Option<String>,
}

impl Facts {
    /// From a row that begins with [`columns`]. By index, because it runs for every row.
    pub(super) fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        let count = row.as_ref().column_count();
        Self::read(|index| match index < count {
            true => row.get_ref(index),
            false => Ok(ValueRef::Null),
        })
    }

    /// From the values of [`CONTENT`].
    pub(super) fn of_values(values: &[ValueRef<'_>]) -> rusqlite::Result<Self> {
        Self::read(|index| Ok(values.get(index).copied().unwrap_or(ValueRef::Null)))
    }

    fn read<'a>(value: impl Fn(usize) -> rusqlite::Result<ValueRef<'a>>) -> rusqlite::Result<Self> {
        let served: Option<String> = cell(&value, 12)?;
        Ok(Self {
            call_id: cell(&value, 0)?,
            started_at: cell(&value, 2)?,
            outcome: cell(&value, 5)?,
            connection: cell(&value, 8)?,
            provider: cell(&value, 9)?,
            model: match served {
                Some(served) => served,
                None => cell(&value, 11)?,
            },
            client: cell::<Option<String>>(&value, 14)?.unwrap_or_default(),
            maybe_billed: cell(&value, 18)?,
            latency_ms: cell(&value, 24)?,
            prompt_tokens: cell(&value, 26)?,
            completion_tokens: cell(&value, 27)?,
            cached_tokens: cell(&value, 28)?,
            reasoning_tokens: cell(&value, 30)?,
            cost_nano_usd: cell(&value, 31)?,
            reserved_tokens: cell(&value, 34)?,
            reserved_nano_usd: cell(&value, 35)?,
            server: cell(&value, SERVER)?,
            tool: cell(&value, 16)?,
        })
    }
}

fn cell<'a, T: FromSql>(
    value: impl Fn(usize) -> rusqlite::Result<ValueRef<'a>>,
    index: usize,
) -> rusqlite::Result<T> {
    let value = value(index)?;
    T::column_result(value).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(index, value.data_type(), Box::new(error))
    })
}

/// Index of the server in [`CONTENT`].
pub(super) const SERVER: usize = OF_EVERY_ROW;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_read_from_the_columns_that_they_are_called_after() {
        for (position, name) in [
            (0, "call_id"),
            (2, "started_at"),
            (5, "outcome"),
            (8, "connection"),
            (9, "provider"),
            (11, "model_requested"),
            (12, "model_served"),
            (14, "client_name"),
            (16, "tool"),
            (18, "maybe_billed"),
            (24, "latency_ms"),
            (26, "prompt_tokens"),
            (27, "completion_tokens"),
            (28, "cached_tokens"),
            (30, "reasoning_tokens"),
            (31, "cost_nano_usd"),
            (34, "reserved_tokens"),
            (35, "reserved_nano_usd"),
            (SERVER, "server"),
        ] {
            assert_eq!(CONTENT[position], name);
        }
    }
}
