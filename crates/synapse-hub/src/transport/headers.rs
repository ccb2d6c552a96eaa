//! Headers of revision 2026-07-28 that repeat parts of a request for intermediaries.
//!
//! <https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use synapse_mcp::JsonObject;

/// Why a tool's `x-mcp-header` annotations are invalid, which removes it from the lists of an HTTP
/// server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidAnnotation {
    /// The name is empty or not a valid header name.
    #[error("`x-mcp-header` is not the name of a header")]
    Name,
    /// Two parameters have the same name.
    #[error("two parameters have the same `x-mcp-header`")]
    Duplicate,
    /// The parameter is not a string, integer or boolean.
    #[error("`x-mcp-header` belongs to a text, a whole number or a boolean")]
    Type,
    /// The parameter is not reachable through `properties` only.
    #[error("`x-mcp-header` is where no argument can be found")]
    Place,
}

/// An annotated parameter.
#[derive(Debug, PartialEq, Eq)]
struct Annotated<'a> {
    name: &'a str,
    path: Vec<&'a str>,
}

/// Validates the annotations of a tool's `inputSchema`. A tool with invalid annotations must be
/// dropped from the lists of an HTTP server.
///
/// # Errors
/// The first [`InvalidAnnotation`].
pub fn check_annotations(input_schema: &Value) -> Result<(), InvalidAnnotation> {
    annotated(input_schema).map(drop)
}

/// The request-specific headers: `Mcp-Method`, `Mcp-Name` and `Mcp-Param-*`.
pub(super) fn of_request(
    method: &str,
    params: &JsonObject,
    input_schema: Option<&Value>,
) -> Vec<(String, String)> {
    let mut headers = vec![("mcp-method".to_owned(), encoded(method))];
    let named = match method {
        "tools/call" | "prompts/get" => params.get("name"),
        "resources/read" => params.get("uri"),
        _ => None,
    };
    if let Some(Value::String(name)) = named {
        headers.push(("mcp-name".to_owned(), encoded(name)));
    }
    let schema = input_schema.filter(|_| method == "tools/call");
    let arguments = params.get("arguments");
    for Annotated { name, path } in schema
        .and_then(|schema| annotated(schema).ok())
        .unwrap_or_default()
    {
        let value = path
            .iter()
            .try_fold(arguments, |value, key| value.map(|value| value.get(key)))
            .flatten();
        if let Some(text) = value.and_then(as_text) {
            headers.push((
                format!("mcp-param-{}", name.to_ascii_lowercase()),
                encoded(&text),
            ));
        }
    }
    headers
}

fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Encodes a value for a header.
fn encoded(text: &str) -> String {
    let is_plain = text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
        && text.trim() == text
        && !(text.starts_with(BEGIN) && text.ends_with(END));
    if is_plain {
        text.to_owned()
    } else {
        format!("{BEGIN}{}{END}", STANDARD.encode(text))
    }
}

/// The annotated parameters of a schema, with their paths.
fn annotated(schema: &Value) -> Result<Vec<Annotated<'_>>, InvalidAnnotation> {
    let mut found = Vec::new();
    collect(schema, &[], SchemaPosition::Root, &mut found)?;
    Ok(found)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SchemaPosition {
    Root,
    Property,
    Elsewhere,
}

fn collect<'a>(
    schema: &'a Value,
    path: &[&'a str],
    place: SchemaPosition,
    found: &mut Vec<Annotated<'a>>,
) -> Result<(), InvalidAnnotation> {
    let schema = match schema {
        Value::Object(schema) => schema,
        Value::Array(schemas) => {
            return schemas
                .iter()
                .try_for_each(|schema| collect(schema, path, SchemaPosition::Elsewhere, found));
        }
        _ => return Ok(()),
    };
    if let Some(annotation) = schema.get(ANNOTATION) {
        let name = annotation.as_str().filter(|name| is_header_name(name));
        let name = name.ok_or(InvalidAnnotation::Name)?;
        if place != SchemaPosition::Property {
            return Err(InvalidAnnotation::Place);
        }
        let kind = schema.get("type").and_then(Value::as_str);
        if !matches!(kind, Some("string" | "integer" | "boolean")) {
            return Err(InvalidAnnotation::Type);
        }
        if found
            .iter()
            .any(|other| other.name.eq_ignore_ascii_case(name))
        {
            return Err(InvalidAnnotation::Duplicate);
        }
        found.push(Annotated {
            name,
            path: path.to_vec(),
        });
    }
    for (key, value) in schema {
        match (key.as_str(), value, place) {
            // Values rather than schemas.
            (ANNOTATION | "const" | "enum" | "default" | "examples", _, _) => {}
            (
                "properties",
                Value::Object(properties),
                SchemaPosition::Root | SchemaPosition::Property,
            ) => {
                for (name, property) in properties {
                    let path = [path, &[name.as_str()]].concat();
                    collect(property, &path, SchemaPosition::Property, found)?;
                }
            }
            (
                "properties" | "patternProperties" | "$defs" | "definitions" | "dependentSchemas",
                Value::Object(schemas),
                _,
            ) => {
                for schema in schemas.values() {
                    collect(schema, path, SchemaPosition::Elsewhere, found)?;
                }
            }
            _ => collect(value, path, SchemaPosition::Elsewhere, found)?,
        }
    }
    Ok(())
}

/// RFC 9110, section 5.6.2.
fn is_header_name(name: &str) -> bool {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(is_token)
}

const ANNOTATION: &str = "x-mcp-header";
const BEGIN: &str = "=?base64?";
const END: &str = "?=";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_encoded_as_the_specification_shows() {
        for (text, expected) in [
            ("us-west1", "us-west1"),
            ("Hello, 世界", "=?base64?SGVsbG8sIOS4lueVjA==?="),
            (" padded ", "=?base64?IHBhZGRlZCA=?="),
            ("line1\nline2", "=?base64?bGluZTEKbGluZTI=?="),
            ("=?base64?literal?=", "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?="),
            ("us west 1", "us west 1"),
            ("\ttab", "=?base64?CXRhYg==?="),
            ("", ""),
        ] {
            assert_eq!(encoded(text), expected);
        }
    }

    #[test]
    fn annotated_arguments_become_headers() {
        let schema = json!({"type": "object", "properties": {
            "region": {"type": "string", "x-mcp-header": "Region"},
            "count": {"type": "integer", "x-mcp-header": "Count"},
            "absent": {"type": "string", "x-mcp-header": "Absent"},
            "none": {"type": "boolean", "x-mcp-header": "None"},
            "inner": {"type": "object", "properties": {
                "deep": {"type": "boolean", "x-mcp-header": "Deep"}}},
            "plain": {"type": "string"},
        }});
        let params = json!({"name": "wörk", "arguments": {
            "region": "eu", "count": -7, "none": null, "inner": {"deep": true}, "plain": "x"}});
        let params = params.as_object().unwrap();
        let headers = of_request("tools/call", params, Some(&schema));
        let headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect();
        assert_eq!(
            headers,
            [
                ("mcp-method", "tools/call"),
                ("mcp-name", "=?base64?d8O2cms=?="),
                ("mcp-param-region", "eu"),
                ("mcp-param-count", "-7"),
                ("mcp-param-deep", "true"),
            ]
        );
        assert_eq!(of_request("tools/list", params, Some(&schema)).len(), 1);
    }

    #[test]
    fn invalid_annotations_are_told_apart() {
        use InvalidAnnotation::{Duplicate, Name, Place, Type};

        let of = |property: Value| json!({"properties": {"a": property}});
        let annotation = |name: &str| json!({"type": "string", "x-mcp-header": name});
        for (schema, expected) in [
            (of(annotation("")), Name),
            (of(annotation("a b")), Name),
            (of(annotation("a:b")), Name),
            (of(annotation("ä")), Name),
            (of(annotation("a\r\n")), Name),
            (of(json!({"type": "string", "x-mcp-header": 1})), Name),
            (of(json!({"type": "number", "x-mcp-header": "A"})), Type),
            (
                of(json!({"type": ["string", "null"], "x-mcp-header": "A"})),
                Type,
            ),
            (of(json!({"x-mcp-header": "A"})), Type),
            (
                json!({"properties": {"a": annotation("A"), "b": annotation("a")}}),
                Duplicate,
            ),
            (
                of(json!({"type": "array", "items": annotation("A")})),
                Place,
            ),
            (json!({"anyOf": [of(annotation("A"))]}), Place),
            (json!({"$defs": {"x": annotation("A")}}), Place),
            (annotation("A"), Place),
        ] {
            assert_eq!(check_annotations(&schema), Err(expected), "{schema}");
        }
        for fine in [
            json!({}),
            json!(true),
            of(json!({"default": {"x-mcp-header": 1}})),
        ] {
            assert_eq!(check_annotations(&fine), Ok(()), "{fine}");
        }
    }
}
