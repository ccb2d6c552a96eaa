//! Shapes of arguments. One table generates both the JSON Schema in `tools/list` and the
//! [reader](super::arguments) of calls, so that they agree by construction.
//!
//! The schemas satisfy the strictest validators: every schema has a `type`, or is only an `anyOf`
//! whose branches have one; every array describes its items, and every object its members.

use serde_json::{Value, json};
use synapse_mcp::JsonObject;

/// The shape of a value.
#[derive(Debug, Clone, Copy)]
pub(super) enum ArgumentShape {
    /// Text; an empty one counts as missing.
    Text,
    /// Text of a conversation, possibly empty.
    Speech,
    /// One of a few words.
    Word(fn() -> Vec<&'static str>),
    /// A signed 64-bit integer.
    Integer,
    /// An integer in a range.
    Count {
        /// Minimum.
        least: u64,
        /// Maximum; `None` for that of 64 bits.
        most: Option<u64>,
    },
    /// A number.
    Number,
    /// True or false.
    Flag,
    /// A list of values of one shape.
    List(&'static Self),
    /// An object with exactly these members, read one by one.
    Closed(&'static [SchemaMember]),
    /// An object passed on unchanged; the members only describe common ones.
    Open(&'static [SchemaMember]),
    /// A value of any of these shapes, which have different JSON types.
    Either(&'static [(Self, &'static str)]),
}

/// A member of an object.
#[derive(Debug, Clone, Copy)]
pub(super) struct SchemaMember {
    pub(super) name: &'static str,
    pub(super) shape: ArgumentShape,
    pub(super) description: &'static str,
    pub(super) required: bool,
}

impl SchemaMember {
    /// An optional member.
    pub(super) const fn new(
        name: &'static str,
        shape: ArgumentShape,
        description: &'static str,
    ) -> Self {
        Self {
            name,
            shape,
            description,
            required: false,
        }
    }

    /// A required member.
    pub(super) const fn required(name: &'static str, shape: ArgumentShape) -> Self {
        Self {
            required: true,
            ..Self::new(name, shape, "")
        }
    }

    fn schema(&self) -> (String, Value) {
        (self.name.to_owned(), self.shape.described(self.description))
    }
}

impl ArgumentShape {
    /// The JSON Schema of the shape, with a description unless empty.
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

    /// The accepted values of the shape, in the words of its schema.
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

fn object(members: &[SchemaMember]) -> JsonObject {
    let properties: JsonObject = members.iter().map(SchemaMember::schema).collect();
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
