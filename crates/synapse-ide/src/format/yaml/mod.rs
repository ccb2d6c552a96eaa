//! YAML, edited as text: inserts or removes whole lines, or text between two braces, and keeps
//! every other byte. The caller verifies the result.

mod tree;

use std::ops::Range;

use serde_json::Value;

use self::tree::{KeyValue, Meaning, Node, Style};
use super::Edit;

/// Parses a text; null if it is empty.
pub(super) fn read(text: &str) -> Result<Value, String> {
    Ok(tree::document(text)?.map_or(Value::Null, Node::into_value))
}

/// The keys of a text that is one block mapping.
pub(super) fn keys(text: &str) -> Option<Vec<String>> {
    match tree::document(text).ok()??.meaning {
        Meaning::Mapping(entries) => Some(entries.into_iter().map(|entry| entry.key).collect()),
        Meaning::Value(_) => None,
    }
}

pub(super) fn edit(text: &str, edits: &[Edit]) -> Result<String, String> {
    if text.lines().any(says_nothing_behind_a_tab) {
        return Err(
            "a line has only white space with a tab, which not every parser accepts".to_owned(),
        );
    }
    let mut text = text.to_owned();
    for edit in edits {
        let document = tree::document(&text)?.filter(|root| !root.is_null());
        let change = match (edit, &document) {
            (Edit::Set(path, value), Some(root)) => Some(set(&text, root, path, value)?),
            (Edit::Set(path, value), None) => Some(first(&text, &nested(path, value))),
            (Edit::Remove(path), Some(root)) => remove(&text, root, path)?,
            (Edit::Remove(_), None) => None,
        };
        if let Some((place, new)) = change {
            let (Some(before), Some(behind)) = (text.get(..place.start), text.get(place.end..))
            else {
                return Err(ODD.to_owned());
            };
            text = [before, &new, behind].concat();
        }
    }
    Ok(text)
}

fn says_nothing_behind_a_tab(line: &str) -> bool {
    let said = line.trim_start();
    let indent = line.strip_suffix(said).unwrap_or_default();
    indent.contains('\t') && (said.is_empty() || said.starts_with('#'))
}

/// A span of a text and its replacement.
type SpanEdit = (Range<usize>, String);

/// Leading comments stay in front.
fn first(text: &str, new: &Value) -> SpanEdit {
    let begins_line = text.is_empty() || text.ends_with('\n');
    let lines = block(new, 0, STEP);
    let new = if begins_line {
        lines + "\n"
    } else {
        format!("\n{lines}\n")
    };
    (text.len()..text.len(), new)
}

fn set(text: &str, root: &Node, path: &[String], value: &Value) -> Result<SpanEdit, String> {
    let (mut node, mut rest) = (root, path);
    let mut above = None;
    while let (Meaning::Mapping(entries), [key, behind @ ..]) = (&node.meaning, rest)
        && let Some(entry) = entries.iter().find(|entry| entry.key == *key)
    {
        (node, rest, above) = (&entry.value, behind, Some(entry));
    }
    let new = nested(rest, value);
    match (&node.meaning, above) {
        (Meaning::Mapping(entries), _) if !rest.is_empty() => {
            Ok(insert(text, node, entries, &new, step(root)))
        }
        (_, Some(entry)) if rest.is_empty() || node.is_null() => {
            Ok(replace(text, entry, &new, step(root)))
        }
        _ => Err("the top level is not a mapping".to_owned()),
    }
}

/// Inserts the fields of `new` after the `entries` of `mapping`.
fn insert(text: &str, mapping: &Node, entries: &[KeyValue], new: &Value, step: usize) -> SpanEdit {
    let (place, new) = match (mapping.style, entries) {
        (Style::Block, [first, ..]) => {
            let place = line_end(text, mapping.place.end);
            (place, format!("\n{}", block(new, first.column, step)))
        }
        (_, [.., last]) => (last.value.place.end, format!(", {}", fields(new))),
        (_, []) => (mapping.place.start + 1, fields(new)),
    };
    (place..place, new)
}

/// Replaces the value of `entry` with `new`.
fn replace(text: &str, entry: &KeyValue, new: &Value, step: usize) -> SpanEdit {
    let Node { place, style, .. } = &entry.value;
    if place.is_empty() && new.is_object() {
        let place = line_end(text, place.end);
        let lines = block(new, entry.column + step, step);
        return (place..place, format!("\n{lines}"));
    }
    if *style == Style::Flow && !place.is_empty() {
        return (place.clone(), flow(new));
    }
    let end = match text.get(place.end..).and_then(|behind| behind.find(':')) {
        Some(colon) if place.is_empty() => place.end + colon + 1,
        _ => place.end,
    };
    let whole = nested(std::slice::from_ref(&entry.key), new);
    let lines = block(&whole, entry.column, step);
    (entry.start..end, lines.trim_start().to_owned())
}

fn remove(text: &str, root: &Node, path: &[String]) -> Result<Option<SpanEdit>, String> {
    let mut node = root;
    let mut found = None;
    for key in path {
        let Meaning::Mapping(entries) = &node.meaning else {
            return Ok(None);
        };
        let Some(index) = entries.iter().position(|entry| entry.key == *key) else {
            return Ok(None);
        };
        let (before, [entry, behind @ ..]) = entries.split_at(index) else {
            return Ok(None);
        };
        found = Some((node.style, before.last(), entry, behind.first()));
        node = &entry.value;
    }
    let Some((style, before, entry, behind)) = found else {
        return Ok(None);
    };
    let place = match (style, before, behind) {
        (Style::Block, ..) => lines_of(text, entry)?,
        (Style::Flow, Some(before), _) => before.value.place.end..entry.value.place.end,
        (Style::Flow, None, Some(behind)) => entry.start..behind.start,
        (Style::Flow, None, None) => entry.start..entry.value.place.end,
    };
    Ok(Some((place, String::new())))
}

/// The lines of an entry, with one adjacent line end.
fn lines_of(text: &str, entry: &KeyValue) -> Result<Range<usize>, String> {
    let before = text.get(..entry.start).unwrap_or_default();
    let line = before.trim_end_matches(' ');
    let end = line_end(text, entry.value.place.end);
    if line.is_empty() {
        Ok(0..text.len().min(end + 1))
    } else if line.ends_with('\n') {
        Ok(line.len() - 1..end)
    } else {
        Err(ODD.to_owned())
    }
}

/// The end of the line that contains `place`.
fn line_end(text: &str, place: usize) -> usize {
    let rest = text.get(place..).unwrap_or_default();
    place + rest.find('\n').unwrap_or(rest.len())
}

/// The indentation per level.
fn step(root: &Node) -> usize {
    let Meaning::Mapping(entries) = &root.meaning else {
        return STEP;
    };
    entries
        .iter()
        .find_map(|entry| match (&entry.value.meaning, entry.value.style) {
            (Meaning::Mapping(inner), Style::Block) => {
                inner.first()?.column.checked_sub(entry.column)
            }
            _ => None,
        })
        .unwrap_or(STEP)
}

/// `value` nested below the keys of `path`.
fn nested(path: &[String], value: &Value) -> Value {
    path.iter().rev().fold(value.clone(), |inner, key| {
        Value::Object([(key.clone(), inner)].into_iter().collect())
    })
}

/// The fields of an object on separate lines, without the last line end.
fn block(fields: &Value, column: usize, step: usize) -> String {
    let indent = " ".repeat(column);
    let lines = fields
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, value)| {
            let key = scalar(key);
            match value {
                Value::Object(inner) if !inner.is_empty() => {
                    format!("{indent}{key}:\n{}", block(value, column + step, step))
                }
                Value::Array(items) if !items.is_empty() => {
                    let inner = " ".repeat(step);
                    let items = items.iter().map(flow);
                    let items = items.map(|item| format!("\n{indent}{inner}- {item}"));
                    format!("{indent}{key}:{}", items.collect::<String>())
                }
                value => format!("{indent}{key}: {}", flow(value)),
            }
        });
    lines.collect::<Vec<_>>().join("\n")
}

/// A value in flow style.
fn flow(value: &Value) -> String {
    match value {
        Value::Object(_) => format!("{{{}}}", fields(value)),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(flow).collect();
            format!("[{}]", items.join(", "))
        }
        Value::String(text) => scalar(text),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

/// The fields of an object in flow style, without braces.
fn fields(value: &Value) -> String {
    let fields = value.as_object().into_iter().flatten();
    let fields = fields.map(|(key, value)| format!("{}: {}", scalar(key), flow(value)));
    fields.collect::<Vec<_>>().join(", ")
}

/// A string, plain if every YAML version reads it as a string, else in JSON syntax.
fn scalar(text: &str) -> String {
    let begins = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '/');
    let is_simple = |each: char| each.is_ascii_alphanumeric() || " /._-".contains(each);
    let is_word = NO_TEXT.iter().any(|word| word.eq_ignore_ascii_case(text));
    if begins && text.chars().all(is_simple) && !text.ends_with(' ') && !is_word {
        text.to_owned()
    } else {
        Value::from(text).to_string()
    }
}

#[cfg(test)]
mod tests;

const ODD: &str = "it is written in a way that cannot be edited";
const STEP: usize = 2;
const NO_TEXT: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
