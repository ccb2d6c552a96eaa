//! The columns of a row, once: their SQL types, when they are written and with what, how they are
//! read, sealed, summed and filtered. Schema, statements, seals and queries are made from the table.
//!
//! Name, meaning, unit and export of a column that is a fact of a row are in
//! [`synapse_core::ledger::Column`].

mod facts;
mod of_every_row;
mod of_hub;
mod sql_type;
#[cfg(test)]
mod tests;

use rusqlite::types::{FromSql, FromSqlError, ToSqlOutput, ValueRef};
use synapse_core::ledger::{Column, Entry};
use synapse_core::time::Timestamp;

pub(super) use self::facts::Facts;
pub(super) use self::of_every_row::OF_EVERY_ROW;
use self::of_every_row::PLACE;
pub(super) use self::of_hub::OF_HUB;
pub(super) use self::sql_type::SqlType;
use super::orphans::OrphanRows;
use super::work::{RowValues, WorkKind};

/// A column of the table of rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct StoredColumn {
    /// Its name in the file.
    pub(super) name: &'static str,
    /// Its fact of a row; `None` for the ledger's own columns.
    pub(super) column: Option<Column>,
    pub(super) sql: SqlType,
    is_required: bool,
    written_by: &'static [WorkKind],
    /// Its value in each change that writes it.
    pub(super) value: Written,
    read: Read,
    sum: ReadSum,
    shown: Option<fn(&OrphanRows) -> String>,
}

/// The value of a column in a change of a row.
type Written = for<'a> fn(&'a RowValues<'_>) -> ToSqlOutput<'a>;
/// Reads a cell into an entry.
type Read = fn(&mut Entry, Cell<'_>) -> rusqlite::Result<()>;
/// Reads a cell into the facts for the daily sums.
type ReadSum = Option<fn(&mut Facts, Cell<'_>) -> rusqlite::Result<()>>;

/// A value of a row, with its index for errors.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell<'a> {
    pub(super) index: usize,
    pub(super) value: ValueRef<'a>,
}

/// A column with a fact of a row.
const fn column(
    column: Column,
    sql: SqlType,
    written_by: &'static [WorkKind],
    value: Written,
    read: Read,
) -> StoredColumn {
    StoredColumn {
        column: Some(column),
        read,
        ..own(column.as_str(), sql, written_by, value)
    }
}

/// A column of the ledger's own.
const fn own(
    name: &'static str,
    sql: SqlType,
    written_by: &'static [WorkKind],
    value: Written,
) -> StoredColumn {
    StoredColumn {
        name,
        column: None,
        sql,
        is_required: false,
        written_by,
        value,
        read: |_, _| Ok(()),
        sum: None,
        shown: None,
    }
}

impl StoredColumn {
    /// It is never NULL.
    const fn required(self) -> Self {
        Self {
            is_required: true,
            ..self
        }
    }

    /// The daily sums depend on it.
    const fn summed(self, sum: fn(&mut Facts, Cell<'_>) -> rusqlite::Result<()>) -> Self {
        Self {
            sum: Some(sum),
            ..self
        }
    }

    /// Read and filtered as this expression, which knows the rows of dead processes.
    const fn shown(self, shown: fn(&OrphanRows) -> String) -> Self {
        Self {
            shown: Some(shown),
            ..self
        }
    }

    /// The expression that reads it and filters by it.
    pub(super) fn expression(&self, orphans: &OrphanRows) -> String {
        self.shown
            .map_or_else(|| self.name.to_owned(), |shown| shown(orphans))
    }

    /// Reads its cell into `entry`.
    pub(super) fn read(&self, entry: &mut Entry, cell: Cell<'_>) -> rusqlite::Result<()> {
        (self.read)(entry, cell)
    }
}

/// All columns, in the order of the table.
pub(super) fn all() -> impl Iterator<Item = &'static StoredColumn> {
    OF_EVERY_ROW.iter().chain(&PLACE).chain(&OF_HUB)
}

/// Every sealed column, in sealing order, which never changes. Those of the hub are sealed only in
/// its rows, so that seals of older formats stay valid.
pub(super) fn content() -> impl Iterator<Item = &'static StoredColumn> {
    OF_EVERY_ROW.iter().chain(&OF_HUB)
}

/// The columns that a change writes, and the index of each in [`content`].
pub(super) fn written_by(kind: WorkKind) -> impl Iterator<Item = (usize, &'static StoredColumn)> {
    let columns = content().enumerate();
    columns.filter(move |(_, column)| column.written_by.contains(&kind))
}

/// The stored column of a fact.
pub(super) fn of(column: Column) -> Option<&'static StoredColumn> {
    content().find(|stored| stored.column == Some(column))
}

/// The columns of the statement that creates the table.
pub(super) fn definitions() -> String {
    let mut definitions = String::new();
    for column in all() {
        if !definitions.is_empty() {
            definitions.push_str(",\n");
        }
        column
            .sql
            .define(column.name, column.is_required, &mut definitions);
    }
    definitions
}

/// The [`content`] columns as an SQL list.
pub(super) fn sealed() -> String {
    names(content())
}

/// The same in the third format, which had no hub.
pub(super) fn sealed_in_third_format() -> String {
    names(OF_EVERY_ROW.iter())
}

fn names(columns: impl Iterator<Item = &'static StoredColumn>) -> String {
    let names: Vec<&str> = columns.map(|column| column.name).collect();
    names.join(", ")
}

/// Number of [`content`] columns.
pub(super) const CONTENT: usize = OF_EVERY_ROW.len() + OF_HUB.len();

impl Cell<'_> {
    /// Its value, with the errors of [`rusqlite::Row::get`].
    #[inline]
    pub(super) fn get<T: FromSql>(self) -> rusqlite::Result<T> {
        let Self { index, value } = self;
        T::column_result(value).map_err(|error| match error {
            FromSqlError::OutOfRange(number) => {
                rusqlite::Error::IntegralValueOutOfRange(index, number)
            }
            error => {
                rusqlite::Error::FromSqlConversionFailure(index, value.data_type(), Box::new(error))
            }
        })
    }

    #[inline]
    fn put<T: FromSql>(self, place: &mut T) -> rusqlite::Result<()> {
        *place = self.get()?;
        Ok(())
    }

    fn count(self) -> rusqlite::Result<Option<u64>> {
        let value: Option<i64> = self.get()?;
        Ok(value.and_then(|value| u64::try_from(value).ok()))
    }

    fn put_count(self, place: &mut Option<u64>) -> rusqlite::Result<()> {
        *place = self.count()?;
        Ok(())
    }

    fn time(self) -> rusqlite::Result<Option<Timestamp>> {
        let millis: Option<i64> = self.get()?;
        Ok(millis.map(Timestamp::from_millis))
    }
}
