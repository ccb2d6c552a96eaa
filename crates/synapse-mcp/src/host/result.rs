//! The raw answer of a tool.

use std::fmt;

use serde_json::{Value, json};

use crate::JsonObject;

/// The result object of `tools/call`, kept as the object it is on the wire.
///
/// What an upstream server answered passes through [`ToolResult::from_object`] whole: content of
/// unknown types, structured content of any JSON type (`null` among them), unknown members, and a
/// `resultType` other than `complete`. `Debug` shows the names of the members only.
#[derive(Clone, PartialEq)]
pub struct ToolResult(JsonObject);

impl ToolResult {
    /// Creates a result from content blocks.
    #[must_use]
    pub fn new(content: Vec<Value>) -> Self {
        let mut object = JsonObject::new();
        object.insert("content".to_owned(), Value::Array(content));
        Self(object)
    }

    /// Creates a result of one text block.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::new(vec![text_block(text.into())])
    }

    /// Takes a result object as it is.
    #[must_use]
    pub fn from_object(object: JsonObject) -> Self {
        Self(object)
    }

    /// Marks the result as the report of a failure, for the model to read.
    #[must_use]
    pub fn failed(self) -> Self {
        self.with("isError", Value::Bool(true))
    }

    /// Adds content blocks behind those that are there.
    #[must_use]
    pub fn with_blocks(mut self, blocks: Vec<Value>) -> Self {
        if let Some(Value::Array(content)) = self.0.get_mut("content") {
            content.extend(blocks);
        }
        self
    }

    /// Adds structured content.
    #[must_use]
    pub fn with_structured_content(self, content: Value) -> Self {
        self.with("structuredContent", content)
    }

    /// Adds result metadata.
    #[must_use]
    pub fn with_meta(self, meta: JsonObject) -> Self {
        self.with("_meta", Value::Object(meta))
    }

    /// Returns the object as it will be sent, before the server adds what its era asks for.
    #[must_use]
    pub fn as_object(&self) -> &JsonObject {
        &self.0
    }

    /// Returns the object itself.
    #[must_use]
    pub fn into_object(self) -> JsonObject {
        self.0
    }

    fn with(mut self, member: &str, value: Value) -> Self {
        self.0.insert(member.to_owned(), value);
        self
    }
}

/// A content block of text, which is moved, for `json!` would copy it.
pub(crate) fn text_block(text: String) -> Value {
    let members = [("type", Value::from("text")), ("text", Value::String(text))];
    let members = members.map(|(name, value)| (name.to_owned(), value));
    Value::Object(JsonObject::from_iter(members))
}

/// A content block of text for the user alone: the model need not see it. (MCP, annotations.)
pub(crate) fn user_block(text: String) -> Value {
    let mut block = text_block(text);
    if let Value::Object(members) = &mut block {
        members.insert("annotations".to_owned(), json!({ "audience": ["user"] }));
    }
    block
}

impl fmt::Debug for ToolResult {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ToolResult ")?;
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_the_object_on_the_wire() {
        let result = ToolResult::text("no")
            .failed()
            .with_structured_content(Value::Null)
            .with_meta(JsonObject::new());
        assert_eq!(
            serde_json::to_string(result.as_object()).unwrap(),
            r#"{"content":[{"type":"text","text":"no"}],"isError":true,"structuredContent":null,"_meta":{}}"#
        );
    }

    #[test]
    fn debug_shows_no_content() {
        let shown = format!("{:?}", ToolResult::text("the answer"));
        assert_eq!(shown, r#"ToolResult {"content"}"#);
    }
}
