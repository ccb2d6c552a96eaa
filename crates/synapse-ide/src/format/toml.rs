//! TOML, preserving comments and layout.

use serde_json::Value;
use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, TableLike, value};

use super::Edit;

/// Parses a text.
pub(super) fn read(text: &str) -> Result<Value, String> {
    toml_edit::de::from_str(text).map_err(|error| {
        // Omits the library's excerpt: it may contain a secret of another server.
        let place = error.span().map(|span| line_of(text, span.start));
        let place = place.map_or_else(String::new, |line| format!(" at line {line}"));
        format!("it is not TOML: {}{place}", error.message())
    })
}

pub(super) fn edit(text: &str, edits: &[Edit]) -> Result<String, String> {
    let mut document: DocumentMut = text
        .parse()
        .map_err(|error: toml_edit::TomlError| format!("it is not TOML: {}", error.message()))?;
    for edit in edits {
        match edit {
            Edit::Set(path, value) => set(&mut document, path, value)?,
            Edit::Remove(path) => remove(&mut document, path),
        }
    }
    Ok(document.to_string())
}

fn set(document: &mut DocumentMut, path: &[String], new: &Value) -> Result<(), String> {
    let Some((last, parents)) = path.split_last() else {
        return Ok(());
    };
    let mut table: &mut dyn TableLike = document.as_table_mut();
    let mut within_line = false;
    for key in parents {
        let next = table.entry(key).or_insert_with(|| {
            if within_line {
                return Item::Value(InlineTable::new().into());
            }
            let mut container = Table::new();
            // Its header would be redundant.
            container.set_implicit(true);
            Item::Table(container)
        });
        within_line = next.is_inline_table();
        table = next
            .as_table_like_mut()
            .ok_or_else(|| format!("`{key}` is not a table"))?;
    }
    let item = match new {
        Value::Object(fields) if !within_line && table.get(last).is_none() => {
            let mut block = Table::new();
            for (name, each) in fields {
                block.insert(name, Item::Value(inline(each)?));
            }
            Item::Table(block)
        }
        other => Item::Value(inline(other)?),
    };
    match table.get_mut(last) {
        // In place, so that the line's comment stays.
        Some(Item::Value(old)) => match item {
            Item::Value(mut new) => {
                *new.decor_mut() = old.decor().clone();
                *old = new;
            }
            other => drop(table.insert(last, other)),
        },
        _ => drop(table.insert(last, item)),
    }
    Ok(())
}

fn remove(document: &mut DocumentMut, path: &[String]) {
    let Some((last, parents)) = path.split_last() else {
        return;
    };
    let mut table: &mut dyn TableLike = document.as_table_mut();
    for key in parents {
        match table.get_mut(key).and_then(Item::as_table_like_mut) {
            Some(next) => table = next,
            None => return,
        }
    }
    table.remove(last);
}

fn inline(new: &Value) -> Result<toml_edit::Value, String> {
    let item = match new {
        Value::Bool(flag) => value(*flag),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => value(whole),
            None => return Err("a number does not fit".to_owned()),
        },
        Value::String(text) => value(text.as_str()),
        Value::Array(items) => {
            let items: Result<Array, String> = items.iter().map(inline).collect();
            value(items?)
        }
        Value::Object(fields) => {
            let mut table = InlineTable::new();
            for (name, each) in fields {
                table.insert(name, inline(each)?);
            }
            value(table)
        }
        Value::Null => return Err("TOML has no null".to_owned()),
    };
    item.into_value()
        .map_err(|_| "a value does not fit into one line".to_owned())
}

fn line_of(text: &str, offset: usize) -> usize {
    let before = text.get(..offset).unwrap_or_default();
    before.matches('\n').count() + 1
}
