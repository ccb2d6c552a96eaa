//! What an argument is. One table of shapes makes both the JSON Schema that `tools/list` shows and
//! the [reader](super::reader) of calls, so that the two agree by construction.
//!
//! The schemas stay within what the strictest readers of schemas take: every one has a `type`, or is
//! an `anyOf` alone whose branches have one; every array says what its items are, and every object
//! which members it has.

use serde_json::{Value, json};
use synapse_mcp::JsonObject;

/// What a value is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    /// Text. An empty one is as good as none.
    Text,
    /// Text of a conversation, which may be empty.
    Speech,
    /// One of a few words.
    Word(fn() -> Vec<&'static str>),
    /// A whole number that fits into 64 bits, with a sign.
    Integer,
    /// A whole number from one to another, or to any.
    Count {
        /// The least.
        least: u64,
        /// The most; `None` when 64 bits are.
        most: Option<u64>,
    },
    /// A number.
    Number,
    /// True or false.
    Flag,
    /// A list of values of one shape.
    List(&'static Self),
    /// An object with these members and no others; they are read one by one.
    Closed(&'static [Member]),
    /// An object that is passed on as it stands; the members only say what is usual.
    Open(&'static [Member]),
    /// A value of any of these shapes, which differ in their JSON type.
    Either(&'static [(Self, &'static str)]),
}

/// A member of an object.
#[derive(Debug, Clone, Copy)]
pub(super) struct Member {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    pub(super) description: &'static str,
    pub(super) required: bool,
}

impl Member {
    /// A member that may be left out.
    pub(super) const fn new(name: &'static str, shape: Shape, description: &'static str) -> Self {
        Self {
            name,
            shape,
            description,
            required: false,
        }
    }

    /// A member that may not.
    pub(super) const fn required(name: &'static str, shape: Shape) -> Self {
        Self {
            required: true,
            ..Self::new(name, shape, "")
        }
    }

    fn schema(&self) -> (String, Value) {
        (self.name.to_owned(), self.shape.described(self.description))
    }
}

impl Shape {
    /// The JSON Schema of the shape, with a description unless that is empty.
    pub(super) fn described(self, description: &str) -> Value {
        let mut schema = self.schema();
        if let (Some(members), false) = (schema.as_object_mut(), description.is_empty()) {
            members.insert("description".to_owned(), description.into());
        }
        schema
    }

    fn schema(self) -> Value {
        match self {
            Self::Text | Self::Speech => json!({ "type": "string" }),
            Self::Word(words) => json!({ "type": "string", "enum": words() }),
            Self::Integer => json!({ "type": "integer" }),
            Self::Count { least, most } => {
                let mut schema = json!({ "type": "integer", "minimum": least });
                if let (Some(members), Some(most)) = (schema.as_object_mut(), most) {
                    members.insert("maximum".to_owned(), most.into());
                }
                schema
            }
            Self::Number => json!({ "type": "number" }),
            Self::Flag => json!({ "type": "boolean" }),
            Self::List(item) => json!({ "type": "array", "items": item.schema() }),
            Self::Closed(members) => {
                let mut schema = object(members);
                schema.insert("additionalProperties".to_owned(), false.into());
                Value::Object(schema)
            }
            Self::Open(members) => Value::Object(object(members)),
            Self::Either(shapes) => {
                let branches = shapes.iter().map(|(shape, said)| shape.described(said));
                json!({ "anyOf": branches.collect::<Vec<_>>() })
            }
        }
    }

    /// What a value of the shape is, in the words of its schema.
    pub(super) fn takes(self) -> String {
        match self {
            Self::Text | Self::Speech => "a string".to_owned(),
            Self::Word(words) => words().join(", "),
            Self::Integer => "a whole number".to_owned(),
            Self::Count { least, most } => match most {
                Some(most) => format!("{least} to {most}"),
                None => format!("a whole number from {least}"),
            },
            Self::Number => "a number".to_owned(),
            Self::Flag => "a boolean".to_owned(),
            Self::List(_) => "an array".to_owned(),
            Self::Closed(_) | Self::Open(_) => "an object".to_owned(),
            Self::Either(shapes) => {
                let each: Vec<String> = shapes.iter().map(|(shape, _)| shape.takes()).collect();
                each.join(" or ")
            }
        }
    }
}

fn object(members: &[Member]) -> JsonObject {
    let properties: JsonObject = members.iter().map(Member::schema).collect();
    let mut schema = JsonObject::new();
    schema.insert("type".to_owned(), "object".into());
    schema.insert("properties".to_owned(), Value::Object(properties));
    let required: Vec<&str> = members
        .iter()
        .filter(|member| member.required)
        .map(|member| member.name)
        .collect();
    if !required.is_empty() {
        schema.insert("required".to_owned(), required.into());
    }
    schema
}
