//! Reads and edits the text of a client's file in its format. An edit preserves every other byte,
//! and its result is verified by parsing: any unintended difference is refused.

mod json;
mod thin;
mod toml;
mod yaml;

use serde_json::{Map, Value};

use self::thin::Thin;
use crate::client::FileFormat;

pub(crate) use self::json::strictly as json_strictly;

/// A change at a path of keys.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Edit {
    /// Sets a value, creating the objects on its path.
    Set(Vec<String>, Value),
    /// Removes a key if it exists.
    Remove(Vec<String>),
}

impl Edit {
    fn path(&self) -> &[String] {
        match self {
            Self::Set(path, _) | Self::Remove(path) => path,
        }
    }
}

/// The text of a file without its byte order mark.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Text {
    marked: bool,
    text: String,
}

impl Text {
    /// Decodes UTF-8 with an optional byte order mark.
    pub(crate) fn of(bytes: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let place = error.valid_up_to();
            format!("it is not UTF-8: the byte at {place} does not begin a character")
        })?;
        Ok(match text.strip_prefix(BYTE_ORDER_MARK) {
            Some(text) => Self {
                marked: true,
                text: text.to_owned(),
            },
            None => Self {
                marked: false,
                text: text.to_owned(),
            },
        })
    }

    /// Whether it starts with a byte order mark.
    pub(crate) fn is_marked(&self) -> bool {
        self.marked
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mark = if self.marked { BYTE_ORDER_MARK } else { "" };
        [mark, &self.text].concat().into_bytes()
    }
}

/// Parses `text`: an object, or null for an empty text.
///
/// # Errors
/// A message with line and column.
pub(crate) fn read(format: FileFormat, text: &str) -> Result<Value, String> {
    let value = match format {
        FileFormat::Json | FileFormat::Jsonc => json::read(text),
        FileFormat::Toml => toml::read(text),
        FileFormat::Yaml => yaml::read(text),
    }?;
    match value {
        Value::Object(_) | Value::Null => Ok(value),
        other => Err(format!("the top level is {}, not an object", kind(&other))),
    }
}

/// Parses `text` as [`read`] does. Of a large one, the value only has the entries on `path`, and
/// some others.
///
/// # Errors
/// A message with line and column.
pub(crate) fn read_at(format: FileFormat, text: &str, path: &[String]) -> Result<Value, String> {
    read_parts(format, text, &[path])
}

fn read_parts(format: FileFormat, text: &str, keep: &[&[String]]) -> Result<Value, String> {
    // The place of an error is that in the whole text.
    Thin::of(format, text, keep)
        .and_then(|thin| read(format, &thin.text).ok())
        .map_or_else(|| read(format, text), Ok)
}

/// Applies `edits` to `text`.
///
/// # Errors
/// A message; nothing is changed then.
pub(crate) fn edit(format: FileFormat, text: &Text, edits: &[Edit]) -> Result<Text, String> {
    let keep: Vec<&[String]> = edits.iter().map(Edit::path).collect();
    Thin::of_valid(format, &text.text, &keep)
        .and_then(|thin| edit_thin(format, text, edits, &thin))
        .map_or_else(|| edit_whole(format, text, edits), Ok)
}

/// Edits the small part of a large text, and verifies the whole by reading it again.
fn edit_thin(format: FileFormat, text: &Text, edits: &[Edit], thin: &Thin) -> Option<Text> {
    let small = Text {
        marked: text.marked,
        text: thin.text.clone(),
    };
    let edited = edit_whole(format, &small, edits).ok()?;
    let whole = thin.restored(&text.text, &edited.text)?;
    let keep: Vec<&[String]> = edits.iter().map(Edit::path).collect();
    let meant = read_parts(format, &whole, &keep).ok()?;
    let is_meant = |edit: &Edit| {
        let keys: Vec<&str> = edit.path().iter().map(String::as_str).collect();
        match edit {
            Edit::Set(_, value) => at(&meant, &keys) == Some(value),
            Edit::Remove(path) => {
                let is_set = |edit: &Edit| matches!(edit, Edit::Set(other, _) if other == path);
                edits.iter().any(is_set) || at(&meant, &keys).is_none()
            }
        }
    };
    edits.iter().all(is_meant).then_some(Text {
        marked: text.marked,
        text: whole,
    })
}

fn edit_whole(format: FileFormat, text: &Text, edits: &[Edit]) -> Result<Text, String> {
    let before = read(format, text.as_str())?;
    for edit in edits {
        passable(&before, edit.path())?;
    }
    let mut expected = before.clone();
    for edit in edits {
        apply(&mut expected, edit);
    }
    // The libraries add a final line end even to an unchanged text.
    if expected == before {
        return Ok(text.clone());
    }
    let after = match format {
        FileFormat::Json | FileFormat::Jsonc => json::edit(text.as_str(), edits),
        FileFormat::Toml => with_line_ends(text.as_str(), |text| toml::edit(text, edits)),
        FileFormat::Yaml => with_line_ends(text.as_str(), |text| yaml::edit(text, edits)),
    }?;
    let mut meant = read(format, &after).map_err(|error| format!("{UNFAITHFUL}: {error}"))?;
    for edit in edits {
        without_empty(&mut meant, edit.path());
        without_empty(&mut expected, edit.path());
    }
    if meant != expected {
        return Err(UNFAITHFUL.to_owned());
    }
    Ok(Text {
        marked: text.marked,
        text: after,
    })
}

/// The value at a path of keys.
pub(crate) fn at<'a>(value: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, key| value.get(*key))
}

/// The type of a value, with an article.
pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// Checks that every existing value above the end of `path` is an object.
fn passable(value: &Value, path: &[String]) -> Result<(), String> {
    let mut current = value;
    let Some((_, parents)) = path.split_last() else {
        return Ok(());
    };
    for (depth, key) in parents.iter().enumerate() {
        let Some(next) = current.get(key) else {
            return Ok(());
        };
        if !next.is_object() && !next.is_null() {
            let place = parents.get(..=depth).unwrap_or_default().join(".");
            return Err(format!("`{place}` is {}, not an object", kind(next)));
        }
        current = next;
    }
    Ok(())
}

/// Applies an edit to the parsed value.
fn apply(value: &mut Value, edit: &Edit) {
    let Some((last, parents)) = edit.path().split_last() else {
        return;
    };
    let mut current = value;
    for key in parents {
        if current.is_null() {
            *current = Value::Object(Map::new());
        }
        let Some(object) = current.as_object_mut() else {
            return;
        };
        if matches!(edit, Edit::Remove(_)) && !object.contains_key(key) {
            return;
        }
        current = object.entry(key).or_insert(Value::Null);
    }
    if current.is_null() && matches!(edit, Edit::Set(..)) {
        *current = Value::Object(Map::new());
    }
    let Some(object) = current.as_object_mut() else {
        return;
    };
    match edit {
        Edit::Set(_, new) => drop(object.insert(last.clone(), new.clone())),
        Edit::Remove(_) => drop(object.shift_remove(last)),
    }
}

/// Removes empty objects above the end of `path`: an empty object equals a missing one.
fn without_empty(value: &mut Value, path: &[String]) {
    if let Some((first, rest)) = path.split_first()
        && let Some(object) = value.as_object_mut()
        && let Some(inner) = object.get_mut(first)
        && !rest.is_empty()
    {
        without_empty(inner, rest);
        if inner.is_null() {
            object.shift_remove(first);
        }
    }
    if value.as_object().is_some_and(Map::is_empty) {
        *value = Value::Null;
    }
}

/// Edits with plain line feeds and restores the original line ends, because the libraries write
/// line feeds.
fn with_line_ends(
    text: &str,
    work: impl FnOnce(&str) -> Result<String, String>,
) -> Result<String, String> {
    let pairs = text.matches("\r\n").count();
    if pairs == 0 {
        return work(text);
    }
    if text.matches('\n').count() != pairs {
        return Err("it mixes line ends, of which some would change".to_owned());
    }
    let edited = work(&text.replace("\r\n", "\n"))?;
    Ok(edited.replace('\n', "\r\n"))
}

#[cfg(test)]
mod tests;

const BYTE_ORDER_MARK: &str = "\u{feff}";
const UNFAITHFUL: &str = "the edit would change more than our entry";
