//! JSON with comments and trailing commas, and no other extension.

use jsonc_parser::ast;
use jsonc_parser::cst::{CstInputValue, CstObject, CstObjectProp, CstRootNode};
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use serde_json::Value;

use super::Edit;

/// Parses a text; null if it is empty.
pub(super) fn read(text: &str) -> Result<Value, String> {
    // Most files are plain JSON, which needs no syntax tree.
    if let Ok(value) = serde_json::from_str(text) {
        return Ok(value);
    }
    let root = parse(text)?;
    match root.value() {
        None => Ok(Value::Null),
        Some(value) => value
            .to_serde_value()
            .ok_or_else(|| "it has a value that JSON does not know".to_owned()),
    }
}

/// Why a strict parser rejects the text, if it does.
pub(crate) fn strictly(text: &str) -> Option<String> {
    serde_json::from_str::<serde::de::IgnoredAny>(text)
        .err()
        .map(|error| error.to_string())
}

pub(super) fn edit(text: &str, edits: &[Edit]) -> Result<String, String> {
    let mut root = parse(text)?;
    for edit in edits {
        match edit {
            Edit::Set(path, value) if is_on_one_line(&root, path)? => {
                root = parse(&appended(&root.to_string(), path, value)?)?;
            }
            Edit::Set(path, value) => set(&root, path, value)?,
            Edit::Remove(path) => remove(&root, path)?,
        }
    }
    Ok(root.to_string())
}

/// Whether setting `path` adds to a non-empty object on one line. It stays on one line, which may
/// be the whole of a large file.
fn is_on_one_line(root: &CstRootNode, path: &[String]) -> Result<bool, String> {
    let Some(mut object) = root.object_value() else {
        return Ok(false);
    };
    for key in path {
        match only(&object, key)?.map(|property| property.object_value()) {
            Some(Some(next)) => object = next,
            Some(None) => return Ok(false),
            None => {
                let children = object.children();
                let is_line = !children.iter().any(|child| child.is_newline());
                return Ok(is_line && !object.properties().is_empty());
            }
        }
    }
    Ok(false)
}

/// Inserts `value` at `path` after the last field of the innermost existing object.
fn appended(text: &str, path: &[String], value: &Value) -> Result<String, String> {
    let odd = || "it is written in a way that cannot be edited".to_owned();
    let parsed = parse_to_ast(text, &CollectOptions::default(), &options());
    let parsed = parsed.map_err(|_| odd())?;
    let Some(ast::Value::Object(mut object)) = parsed.value else {
        return Err(odd());
    };
    let mut rest = path;
    while let [key, behind @ ..] = rest
        && let Some(property) = object.take(key)
    {
        let ast::Value::Object(inner) = property.value else {
            return Err(odd());
        };
        (object, rest) = (inner, behind);
    }
    let ([key, below @ ..], Some(last)) = (rest, object.properties.last()) else {
        return Err(odd());
    };
    let end = behind_comments(text, last.range.end);
    let (before, behind) = text.split_at_checked(end).ok_or_else(odd)?;
    let value = below.iter().rev().fold(value.clone(), |inner, key| {
        Value::Object([(key.clone(), inner)].into_iter().collect())
    });
    let key = Value::from(key.as_str());
    Ok(format!("{before}, {key}: {}{behind}", on_one_line(&value)))
}

/// The end of comments after the byte `end`, which belong to the preceding value.
fn behind_comments(text: &str, mut end: usize) -> usize {
    while let Some(rest) = text.get(end..)
        && let comment = rest.trim_start()
        && let Some(inside) = comment
            .strip_prefix("/*")
            .and_then(|inside| inside.find("*/"))
    {
        end += rest.len() - comment.len() + inside + 4;
    }
    end
}

fn on_one_line(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(on_one_line).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| {
                format!("{}: {}", Value::from(name.as_str()), on_one_line(value))
            });
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}

fn set(root: &CstRootNode, path: &[String], value: &Value) -> Result<(), String> {
    let Some((last, parents)) = path.split_last() else {
        return Ok(());
    };
    let mut object = root
        .object_value_or_create()
        .ok_or_else(|| "the top level is not an object".to_owned())?;
    for key in parents {
        only(&object, key)?;
        object = object
            .object_value_or_create(key)
            .ok_or_else(|| format!("`{key}` is not an object"))?;
    }
    match only(&object, last)? {
        Some(property) => property.set_value(input(value)),
        None => drop(object.append(last, input(value))),
    }
    Ok(())
}

fn remove(root: &CstRootNode, path: &[String]) -> Result<(), String> {
    let Some((last, parents)) = path.split_last() else {
        return Ok(());
    };
    let Some(mut object) = root.object_value() else {
        return Ok(());
    };
    for key in parents {
        only(&object, key)?;
        match object.object_value(key) {
            Some(next) => object = next,
            None => return Ok(()),
        }
    }
    if let Some(property) = only(&object, last)? {
        property.remove();
    }
    Ok(())
}

/// The property `key`. A duplicate key is ambiguous between us and the client.
fn only(object: &CstObject, key: &str) -> Result<Option<CstObjectProp>, String> {
    let mut found = object
        .properties()
        .into_iter()
        .filter(|property| property.decoded_name().as_deref() == Some(key));
    let first = found.next();
    match found.next() {
        Some(_) => Err(format!("`{key}` occurs twice in one object")),
        None => Ok(first),
    }
}

fn input(value: &Value) -> CstInputValue {
    match value {
        Value::Null => CstInputValue::Null,
        Value::Bool(flag) => CstInputValue::Bool(*flag),
        Value::Number(number) => CstInputValue::Number(number.to_string()),
        Value::String(text) => CstInputValue::String(text.clone()),
        Value::Array(items) => CstInputValue::Array(items.iter().map(input).collect()),
        Value::Object(fields) => CstInputValue::Object(
            fields
                .iter()
                .map(|(name, value)| (name.clone(), input(value)))
                .collect(),
        ),
    }
}

const fn options() -> ParseOptions {
    ParseOptions {
        allow_comments: true,
        allow_trailing_commas: true,
        allow_loose_object_property_names: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    }
}

fn parse(text: &str) -> Result<CstRootNode, String> {
    let root = CstRootNode::parse(text, &options()).map_err(|error| {
        // Omits the library's excerpt: it may contain a secret of another server.
        format!(
            "it is not JSON: {} at line {}, column {}",
            error.kind(),
            error.line_display(),
            error.column_display()
        )
    })?;
    let values = root.children_exclude_trivia_and_tokens();
    match values.len() {
        0 | 1 => Ok(root),
        _ => Err("it is not JSON: something follows the value".to_owned()),
    }
}
