//! Values as SQL parameters.

use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use synapse_core::call::CallId;
use uuid::Uuid;

/// The key of a call's row.
pub(super) fn key(call_id: CallId) -> Uuid {
    call_id.as_uuid()
}

pub(super) fn text(text: &str) -> ToSqlOutput<'_> {
    ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes()))
}

pub(super) fn optional(value: Option<&str>) -> ToSqlOutput<'_> {
    value.map_or(NULL, text)
}

pub(super) fn integer(value: i64) -> ToSqlOutput<'static> {
    ToSqlOutput::Owned(Value::Integer(value))
}

pub(super) fn maybe(value: Option<i64>) -> ToSqlOutput<'static> {
    value.map_or(NULL, integer)
}

pub(super) fn bytes(id: Uuid) -> ToSqlOutput<'static> {
    ToSqlOutput::Owned(Value::Blob(id.into_bytes().to_vec()))
}

pub(super) fn blob(bytes: &[u8]) -> ToSqlOutput<'_> {
    ToSqlOutput::Borrowed(ValueRef::Blob(bytes))
}

pub(super) fn saturated(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// The value that a parameter stores.
pub(super) fn value_of<'a>(parameter: &'a ToSqlOutput<'_>) -> ValueRef<'a> {
    match parameter {
        ToSqlOutput::Owned(value) => ValueRef::from(value),
        ToSqlOutput::Borrowed(value) => *value,
        _ => ValueRef::Null,
    }
}

pub(super) const NULL: ToSqlOutput<'static> = ToSqlOutput::Borrowed(ValueRef::Null);
