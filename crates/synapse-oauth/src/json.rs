//! JSON objects of foreign servers, with limits on bytes, depth and values before parsing.

use serde_json::{Map, Value};

/// Why an answer is not a JSON object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum JsonFlaw {
    #[error("it is larger than {0} bytes")]
    TooLarge(usize),
    #[error("it is nested too deeply")]
    TooDeep,
    #[error("it holds too many values")]
    TooMany,
    #[error("it is not JSON")]
    NotJson,
    #[error("it is not a JSON object")]
    NoObject,
}

/// Parses `bytes` as an object.
pub(crate) fn object(bytes: &[u8], cap: usize) -> Result<Map<String, Value>, JsonFlaw> {
    if bytes.len() > cap {
        return Err(JsonFlaw::TooLarge(cap));
    }
    let bytes = bytes.strip_prefix(BOM).unwrap_or(bytes);
    measure(bytes)?;
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(JsonFlaw::NoObject),
        Err(_) => Err(JsonFlaw::NotJson),
    }
}

/// Measures without parsing, ignoring string contents.
fn measure(bytes: &[u8]) -> Result<(), JsonFlaw> {
    let (mut depth, mut values) = (0_usize, 0_usize);
    let (mut in_string, mut escaped) = (false, false);
    for byte in bytes {
        match (in_string, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => in_string = !in_string,
            (false, b'{' | b'[') => {
                depth += 1;
                values += 1;
            }
            (false, b'}' | b']') => depth = depth.saturating_sub(1),
            (false, b',') => values += 1,
            _ => {}
        }
        if depth > DEEPEST {
            return Err(JsonFlaw::TooDeep);
        }
        if values > MOST {
            return Err(JsonFlaw::TooMany);
        }
    }
    Ok(())
}

/// A text member.
pub(crate) fn text<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    object.get(name).and_then(Value::as_str)
}

/// A member with a list of texts; anything else counts as missing.
pub(crate) fn texts(object: &Map<String, Value>, name: &str) -> Option<Vec<String>> {
    let items = object.get(name)?.as_array()?;
    let texts = items
        .iter()
        .map(|item| item.as_str().map(ToOwned::to_owned));
    texts.collect()
}

const DEEPEST: usize = 16;
const MOST: usize = 4096;

/// Some servers on Windows begin with it.
const BOM: &[u8] = b"\xef\xbb\xbf";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_passes_and_everything_else_is_named() {
        assert!(object(br#"{"a":"}}]]\"[["}"#, 100).is_ok());
        assert_eq!(object(b"[1]", 100), Err(JsonFlaw::NoObject));
        assert_eq!(object(b"<html>", 100), Err(JsonFlaw::NotJson));
        assert_eq!(object(b"{}", 1), Err(JsonFlaw::TooLarge(1)));
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(16), "]".repeat(16));
        assert_eq!(object(deep.as_bytes(), 1000), Err(JsonFlaw::TooDeep));
        let many = format!("{{\"a\":[0{}]}}", ",0".repeat(5000));
        assert_eq!(object(many.as_bytes(), 100_000), Err(JsonFlaw::TooMany));
    }
}
