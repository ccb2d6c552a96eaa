//! YAML block mappings, with comments kept. The editor is young, so what it makes is read again by
//! another parser before anybody believes it.

use std::str::FromStr as _;

use serde_json::Value;
use yaml_edit::{Document, Mapping, MappingBuilder, SequenceBuilder};

use super::Edit;

/// What a text means; null when it says nothing.
pub(super) fn read(text: &str) -> Result<Value, String> {
    if says_nothing(text) {
        return Ok(Value::Null);
    }
    let value: Value = serde_saphyr::from_str(text).map_err(|error| {
        // Without the line that the library shows: it may hold a secret of another server.
        match error.location() {
            Some(place) => format!(
                "it is no YAML that can be edited, at line {}, column {}",
                place.line(),
                place.column()
            ),
            None => "it is no YAML that can be edited".to_owned(),
        }
    })?;
    Ok(value)
}

pub(super) fn edit(text: &str, edits: &[Edit]) -> Result<String, String> {
    let mut text = text.to_owned();
    for edit in edits {
        text = match edit {
            Edit::Set(path, value) => set(&text, path, value)?,
            Edit::Remove(path) => remove(&text, path)?,
        };
    }
    Ok(text)
}

fn set(text: &str, path: &[String], value: &Value) -> Result<String, String> {
    let Some((first, rest)) = path.split_first() else {
        return Ok(text.to_owned());
    };
    if says_nothing(text) {
        // Comments, if any, stay in front.
        let mut text = text.to_owned();
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        return Ok(text + &block(&nested(path, value))?);
    }
    let document = parse(text)?;
    let mut mapping = document.as_mapping().ok_or(NO_MAPPING)?;
    let mut key = first;
    for (depth, next) in rest.iter().enumerate() {
        match mapping.get_mapping(key.as_str()) {
            Some(inner) => mapping = inner,
            None => {
                let inner = rest.get(depth..).unwrap_or_default();
                put(&mapping, key, &nested(inner, value))?;
                return Ok(finished(&document, text));
            }
        }
        key = next;
    }
    put(&mapping, key, value)?;
    Ok(finished(&document, text))
}

fn remove(text: &str, path: &[String]) -> Result<String, String> {
    let Some((last, parents)) = path.split_last() else {
        return Ok(text.to_owned());
    };
    if says_nothing(text) {
        return Ok(text.to_owned());
    }
    let document = parse(text)?;
    let mut mapping = document.as_mapping().ok_or(NO_MAPPING)?;
    for key in parents {
        match mapping.get_mapping(key.as_str()) {
            Some(inner) => mapping = inner,
            None => return Ok(text.to_owned()),
        }
    }
    mapping.remove(last.as_str());
    Ok(document.to_string())
}

/// A block mapping of its own, as text.
fn block(value: &Value) -> Result<String, String> {
    let text = mapping(value)?.build_document().to_string();
    Ok(if text.ends_with('\n') {
        text
    } else {
        text + "\n"
    })
}

fn put(target: &Mapping, key: &str, value: &Value) -> Result<(), String> {
    match value {
        Value::Object(_) => {
            let built = mapping(value)?.build_document();
            let built = built.as_mapping().ok_or(NO_MAPPING)?;
            target.set(key, &built);
        }
        Value::Array(items) => {
            let built = sequence(items)?.build_document();
            let built = built.as_sequence().ok_or(NO_MAPPING)?;
            target.set(key, &built);
        }
        Value::String(text) => target.set(key, text.as_str()),
        Value::Bool(flag) => target.set(key, *flag),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => target.set(key, whole),
            None => return Err("a number does not fit".to_owned()),
        },
        Value::Null => return Err("null is not written".to_owned()),
    }
    Ok(())
}

fn mapping(value: &Value) -> Result<MappingBuilder, String> {
    let fields = value.as_object().ok_or(NO_MAPPING)?;
    let mut builder = MappingBuilder::new();
    for (name, each) in fields {
        builder = match each {
            Value::String(text) => builder.pair(name, text.as_str()),
            Value::Bool(flag) => builder.pair(name, *flag),
            Value::Number(number) => builder.pair(name, number.as_i64().unwrap_or_default()),
            Value::Array(items) => builder.insert_sequence(name, sequence(items)?),
            Value::Object(_) => builder.insert_mapping(name, mapping(each)?),
            Value::Null => return Err("null is not written".to_owned()),
        };
    }
    Ok(builder)
}

fn sequence(items: &[Value]) -> Result<SequenceBuilder, String> {
    let mut builder = SequenceBuilder::new();
    for each in items {
        builder = match each {
            Value::String(text) => builder.item(text.as_str()),
            _ => return Err("only lists of text are written".to_owned()),
        };
    }
    Ok(builder)
}

/// `value` below the keys of `path`.
fn nested(path: &[String], value: &Value) -> Value {
    path.iter().rev().fold(value.clone(), |inner, key| {
        Value::Object([(key.clone(), inner)].into_iter().collect())
    })
}

/// The edited text. It ends its last line when the old text did.
fn finished(document: &Document, before: &str) -> String {
    let text = document.to_string();
    if before.ends_with('\n') && !text.ends_with('\n') {
        return text + "\n";
    }
    text
}

fn parse(text: &str) -> Result<Document, String> {
    Document::from_str(text).map_err(|_| "it is no YAML that can be edited".to_owned())
}

/// Whether a text has nothing but comments.
fn says_nothing(text: &str) -> bool {
    text.lines()
        .map(str::trim)
        .all(|line| line.is_empty() || line.starts_with('#'))
}

const NO_MAPPING: &str = "at the top stands no mapping";
