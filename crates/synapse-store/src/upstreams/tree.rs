//! Parses JSON with comments and trailing commas into a tree with member order and positions;
//! refuses duplicate keys.

use jsonc_parser::ast::{self, ObjectPropName};
use jsonc_parser::common::Ranged as _;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

/// A value with its byte offset.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) at: usize,
}

/// The type of a value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Null,
    Flag(bool),
    /// A number as written.
    Number(String),
    Text(String),
    List(Vec<Node>),
    Object(Vec<Member>),
}

/// A member of an object.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Member {
    pub(super) key: String,
    pub(super) at: usize,
    pub(super) value: Node,
}

/// Why a text is invalid, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SyntaxError {
    pub(super) what: String,
    pub(super) at: usize,
}

impl Node {
    /// Its type, with an article.
    pub(super) const fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "null",
            Value::Flag(_) => "true or false",
            Value::Number(_) => "a number",
            Value::Text(_) => "a text",
            Value::List(_) => "a list",
            Value::Object(_) => "an object",
        }
    }

    /// The first duplicate key in it, and the position of the second occurrence.
    pub(super) fn doubled(&self) -> Option<(&str, usize)> {
        match &self.value {
            Value::List(items) => items.iter().find_map(Self::doubled),
            Value::Object(members) => doubled_key(members)
                .or_else(|| members.iter().find_map(|member| member.value.doubled())),
            Value::Null | Value::Flag(_) | Value::Number(_) | Value::Text(_) => None,
        }
    }
}

fn doubled_key(members: &[Member]) -> Option<(&str, usize)> {
    let mut keys: Vec<(&str, usize)> = members
        .iter()
        .map(|member| (member.key.as_str(), member.at))
        .collect();
    keys.sort_unstable();
    keys.windows(2).find_map(|pair| match pair {
        [(one, _), (other, at)] if one == other => Some((*one, *at)),
        _ => None,
    })
}

/// Parses `text`; `None` if it contains no value.
pub(super) fn read(text: &str) -> Result<Option<Node>, SyntaxError> {
    bounded(text)?;
    let parsed =
        parse_to_ast(text, &CollectOptions::default(), &OPTIONS).map_err(|error| SyntaxError {
            // Omits the library's excerpt: it may contain a secret of another server.
            what: error.kind().to_string(),
            at: error.range().start,
        })?;
    Ok(parsed.value.map(node))
}

fn node(value: ast::Value<'_>) -> Node {
    let at = value.range().start;
    let value = match value {
        ast::Value::NullKeyword(_) => Value::Null,
        ast::Value::BooleanLit(flag) => Value::Flag(flag.value),
        ast::Value::NumberLit(number) => Value::Number(number.value.to_owned()),
        ast::Value::StringLit(text) => Value::Text(text.value.into_owned()),
        ast::Value::Array(list) => Value::List(list.elements.into_iter().map(node).collect()),
        ast::Value::Object(object) => {
            let member = |property: ast::ObjectProp<'_>| Member {
                at: property.range.start,
                key: match property.name {
                    ObjectPropName::String(name) => name.value.into_owned(),
                    ObjectPropName::Word(name) => name.value.to_owned(),
                },
                value: node(property.value),
            };
            Value::Object(object.properties.into_iter().map(member).collect())
        }
    };
    Node { value, at }
}

/// Limits depth and number of values in one pass over the bytes, because the parser recurses.
fn bounded(text: &str) -> Result<(), SyntaxError> {
    let mut depth = 0_usize;
    let mut values = 0_usize;
    let mut bytes = text.bytes().enumerate().peekable();
    while let Some((at, byte)) = bytes.next() {
        let flaw = |what: String| Err(SyntaxError { what, at });
        match byte {
            b'"' => {
                while let Some((_, inside)) = bytes.next() {
                    match inside {
                        b'\\' => drop(bytes.next()),
                        b'"' => break,
                        _ => {}
                    }
                }
            }
            b'/' if bytes.peek().is_some_and(|(_, next)| *next == b'/') => {
                bytes.by_ref().find(|(_, byte)| *byte == b'\n');
            }
            b'/' if bytes.peek().is_some_and(|(_, next)| *next == b'*') => {
                bytes.next();
                let mut last = b' ';
                for (_, byte) in bytes.by_ref() {
                    if last == b'*' && byte == b'/' {
                        break;
                    }
                    last = byte;
                }
            }
            b'{' | b'[' => {
                depth += 1;
                if depth > MOST_DEEP {
                    return flaw(format!("it is nested more than {MOST_DEEP} deep"));
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' => {
                values += 1;
                if values > MOST_VALUES {
                    return flaw(format!("it has more than {MOST_VALUES} values"));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Comments and trailing commas, and no other extension.
pub(super) const OPTIONS: ParseOptions = ParseOptions {
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
};

const MOST_DEEP: usize = 32;
const MOST_VALUES: usize = 100_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_trailing_commas_are_read_and_doubled_keys_found() {
        let text = "{ // one\n \"a\": [1, /* [[[ */ \"]\",], \"b\": {\"c\": 1, \"c\": 2},}";
        let node = read(text).unwrap().unwrap();
        let (key, at) = node.doubled().unwrap();
        assert_eq!(key, "c");
        assert_eq!(&text[at..at + 3], "\"c\"");
        assert_eq!(read(" // nothing\n"), Ok(None));
    }

    #[test]
    fn what_is_nested_too_deeply_is_refused_before_it_is_parsed() {
        let deep = "[".repeat(1_000_000);
        assert!(read(&deep).unwrap_err().what.contains("deep"));
        let fine = format!("{}{}", "[".repeat(MOST_DEEP), "]".repeat(MOST_DEEP));
        assert!(read(&fine).is_ok());
        let many = format!("[{}1]", "1,".repeat(MOST_VALUES + 1));
        assert!(read(&many).unwrap_err().what.contains("values"));
    }
}
