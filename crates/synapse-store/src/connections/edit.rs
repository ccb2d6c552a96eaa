//! Edits the text of connections.toml, preserving everything else.
//!
//! Every function returns candidate texts, best first: one that splices lines into the old text
//! byte by byte, and one by toml_edit for files without `[connections.NAME]` tables. The caller
//! keeps the first with the intended meaning.

use std::ops::Range;

use synapse_core::ConnectionName;
use synapse_core::connection::{Draft, PreflightPass};
use synapse_core::ports::StoredConnection;
use synapse_core::preflight::PreflightRecord;
use toml_edit::{Document, DocumentMut, InlineTable, Item, Table, TableLike, Value};

use super::fields::{self, CONNECTION, DEFAULT, FORMAT};
use super::source::Source;

/// Appends a connection.
pub(super) fn insert(
    source: &Source,
    name: &ConnectionName,
    draft: &Draft,
    record: Option<&PreflightRecord>,
) -> Vec<String> {
    let text = source.text();
    let line_end = line_end(text);
    let mut spliced = if text.is_empty() {
        HEADER.to_owned()
    } else {
        text.to_owned()
    };
    finish_line(&mut spliced, line_end);
    if Document::parse(spliced.as_str()).is_ok_and(|document| document.is_empty()) {
        spliced.push_str(&format!("format = {FORMAT}{line_end}"));
    }
    spliced.push_str(line_end);
    spliced.push_str(&fields::block(name, draft, record, line_end));

    let rebuilt = rebuild(text, |connections| {
        let table: InlineTable = fields::values(draft, record)
            .into_iter()
            .filter_map(|(field, value)| Some((field, value?)))
            .collect();
        connections.insert(name.as_str(), Item::Value(Value::InlineTable(table)));
        Some(())
    });
    candidates(Some(spliced), rebuilt)
}

/// Changes the fields of `cleared` that differ from the stored ones.
pub(super) fn replace(
    source: &Source,
    before: &StoredConnection,
    cleared: &PreflightPass,
) -> Vec<String> {
    let changes = changes(before, cleared);
    let text = source.text();
    let spliced = standard_table(text, &before.name, |table| {
        splice(text, &edits(text, table, &changes)?)
    });
    let rebuilt = rebuild(text, |connections| {
        let table = connections
            .get_mut(before.name.as_str())?
            .as_table_like_mut()?;
        for change in &changes {
            apply(table, change);
        }
        Some(())
    });
    candidates(spliced, rebuilt)
}

/// Removes a connection and the comment directly above it.
pub(super) fn remove(source: &Source, name: &ConnectionName) -> Vec<String> {
    let text = source.text();
    let spliced = standard_table(text, name, |table| {
        let edit = Edit {
            range: block_of(text, table)?,
            text: String::new(),
        };
        splice(text, &[edit])
    });
    let rebuilt = rebuild(text, |connections| {
        connections.remove(name.as_str()).map(drop)
    });
    candidates(spliced, rebuilt)
}

/// Renames a connection in place.
pub(super) fn rename(source: &Source, name: &ConnectionName, new: &ConnectionName) -> Vec<String> {
    let text = source.text();
    let spliced = key_span(text, name).and_then(|range| {
        let text_of_key = fields::key(new);
        splice(
            text,
            &[Edit {
                range,
                text: text_of_key,
            }],
        )
    });
    let rebuilt = rebuild(text, |connections| {
        let item = connections.remove(name.as_str())?;
        connections
            .insert(new.as_str(), item)
            .is_none()
            .then_some(())
    });
    candidates(spliced, rebuilt)
}

/// Sets the default connection; `text` includes the format field.
pub(super) fn set_default(text: &str, name: Option<&ConnectionName>) -> Option<String> {
    let document = Document::parse(text).ok()?;
    let root = document.as_table();
    let line =
        |name: &ConnectionName| fields::line(DEFAULT, &Value::from(name.as_str()), line_end(text));
    let edit = match (root.get(DEFAULT), name) {
        (None, None) => return Some(text.to_owned()),
        (Some(item), Some(name)) => Edit {
            range: item.as_value()?.span()?,
            text: fields::plain(&Value::from(name.as_str())),
        },
        (Some(item), None) => {
            let key = root.key(DEFAULT)?.span()?;
            let value = item.as_value()?.span()?;
            Edit {
                range: line_start(text, key.start)..next_line(text, value.end),
                text: String::new(),
            }
        }
        (None, Some(name)) => {
            let at = next_line(text, root.get("format")?.as_value()?.span()?.end);
            Edit {
                range: at..at,
                text: line(name),
            }
        }
    };
    splice(text, &[edit])
}

/// The position of a connection's name in its table header, or before its inline table.
fn key_span(text: &str, name: &ConnectionName) -> Option<Range<usize>> {
    let document = Document::parse(text).ok()?;
    let connections = document.get("connections")?.as_table_like()?;
    connections.key(name.as_str())?.span()
}

/// A change of a field.
struct FieldChange {
    field: &'static str,
    /// `None` removes it.
    value: Option<Value>,
}

/// A range of the old text and its replacement.
struct Edit {
    range: Range<usize>,
    text: String,
}

fn changes(before: &StoredConnection, cleared: &PreflightPass) -> Vec<FieldChange> {
    let old = fields::values(&before.draft, before.preflight.as_ref());
    let new = fields::values(cleared.draft(), Some(cleared.record()));
    let same = |old: &Option<Value>, new: &Option<Value>| {
        old.as_ref().map(fields::plain) == new.as_ref().map(fields::plain)
    };
    old.into_iter()
        .zip(new)
        .filter(|((_, old), (_, new))| !same(old, new))
        .map(|(_, (field, value))| FieldChange { field, value })
        .collect()
}

/// Runs `work` on the connection `name` if it is a `[connections.NAME]` table.
fn standard_table(
    text: &str,
    name: &ConnectionName,
    work: impl FnOnce(&Table) -> Option<String>,
) -> Option<String> {
    let document = Document::parse(text).ok()?;
    let table = document
        .get("connections")?
        .as_table()?
        .get(name.as_str())?
        .as_table()?;
    let standard = !table.is_implicit() && !table.is_dotted();
    standard.then(|| work(table)).flatten()
}

/// A removed field takes the comment on its line with it, but not those above.
fn edits(text: &str, table: &Table, changes: &[FieldChange]) -> Option<Vec<Edit>> {
    let mut edits = Vec::new();
    for FieldChange { field, value } in changes {
        let edit = match (table.get(field), value) {
            (None, None) => continue,
            (None, Some(value)) => {
                let at = place_for(text, table, field)?;
                Edit {
                    range: at..at,
                    text: fields::line(field, value, line_end(text)),
                }
            }
            (Some(item), Some(value)) => Edit {
                range: item.as_value()?.span()?,
                text: fields::plain(value),
            },
            (Some(item), None) => {
                let key = table.key(field)?.span()?;
                let value = item.as_value()?.span()?;
                Edit {
                    range: line_start(text, key.start)..next_line(text, value.end),
                    text: String::new(),
                }
            }
        };
        edits.push(edit);
    }
    // Keeps the file's order of fields, and the order of additions at one position.
    edits.sort_by_key(|edit| edit.range.start);
    Some(edits)
}

/// Position for a new field: after the nearest one that precedes it in the usual order.
fn place_for(text: &str, table: &Table, field: &str) -> Option<usize> {
    let before = CONNECTION
        .iter()
        .take_while(|each| **each != field)
        .filter_map(|each| table.get(each)?.as_value()?.span())
        .map(|span| span.end)
        .max();
    let behind = match before {
        Some(end) => end,
        None => table.span()?.end,
    };
    Some(next_line(text, behind))
}

/// The lines of a table, the comment directly above it, and the blank line before that.
fn block_of(text: &str, table: &Table) -> Option<Range<usize>> {
    let header = table.span()?;
    let mut end = header.end;
    for (_, item) in table {
        end = end.max(item.as_value()?.span()?.end);
    }
    let end = next_line(text, end);
    let mut start = line_start(text, header.start);
    while let Some(above) = line_above(text, start) {
        if !text.get(above..start)?.trim_start().starts_with('#') {
            break;
        }
        start = above;
    }
    if let Some(above) = line_above(text, start)
        && text.get(above..start)?.trim().is_empty()
    {
        start = above;
    }
    Some(start..end)
}

/// Applies the sorted edits to the text.
fn splice(text: &str, edits: &[Edit]) -> Option<String> {
    let mut result = String::with_capacity(text.len());
    let mut copied = 0;
    for edit in edits {
        result.push_str(text.get(copied..edit.range.start)?);
        if edit.range.is_empty() {
            finish_line(&mut result, line_end(text));
        }
        result.push_str(&edit.text);
        copied = edit.range.end;
    }
    result.push_str(text.get(copied..)?);
    Some(result)
}

/// The text as toml_edit writes it after `change`.
fn rebuild(text: &str, change: impl FnOnce(&mut dyn TableLike) -> Option<()>) -> Option<String> {
    let mut document: DocumentMut = text.parse().ok()?;
    change(document.get_mut("connections")?.as_table_like_mut()?)?;
    // toml_edit always writes line feeds.
    let rebuilt = document.to_string().replace("\r\n", "\n");
    Some(rebuilt.replace('\n', line_end(text)))
}

fn apply(table: &mut dyn TableLike, change: &FieldChange) {
    let Some(value) = &change.value else {
        table.remove(change.field);
        return;
    };
    let mut value = value.clone();
    match table.get_mut(change.field) {
        Some(item) => {
            if let Some(old) = item.as_value() {
                *value.decor_mut() = old.decor().clone();
            }
            *item = Item::Value(value);
        }
        None => {
            table.insert(change.field, Item::Value(value));
        }
    }
}

fn candidates(spliced: Option<String>, rebuilt: Option<String>) -> Vec<String> {
    spliced.into_iter().chain(rebuilt).collect()
}

/// The line end used in this file.
fn line_end(text: &str) -> &'static str {
    match text.find('\n') {
        Some(feed) if text.get(..feed).is_some_and(|line| line.ends_with('\r')) => "\r\n",
        _ => "\n",
    }
}

fn finish_line(text: &mut String, line_end: &str) {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push_str(line_end);
    }
}

fn line_start(text: &str, offset: usize) -> usize {
    text.get(..offset)
        .and_then(|before| before.rfind('\n'))
        .map_or(0, |feed| feed + 1)
}

fn next_line(text: &str, offset: usize) -> usize {
    text.get(offset..)
        .and_then(|behind| behind.find('\n'))
        .map_or(text.len(), |feed| offset + feed + 1)
}

/// Start of the line above the one at `start`.
fn line_above(text: &str, start: usize) -> Option<usize> {
    let end = start.checked_sub(1)?;
    Some(line_start(text, end))
}

const HEADER: &str = "# Written by synapse, made to be edited by people.\nformat = 1\n";
