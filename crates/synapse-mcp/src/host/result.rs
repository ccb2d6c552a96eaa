//! The raw result of a tool.

use std::fmt;

use serde_json::{Value, json};

use crate::JsonObject;

/// The result object of `tools/call`, exactly as on the wire.
///
/// An upstream's result passes through [`ToolResult::from_object`] unchanged: unknown content
/// types, structured content of any JSON type including `null`, unknown members, and a `resultType`
/// other than `complete`. `Debug` shows member names only.
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

    /// Creates a result with one text block.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::new(vec![text_block(text.into())])
    }

    /// Wraps a result object.
    #[must_use]
    pub fn from_object(object: JsonObject) -> Self {
        Self(object)
    }

    /// Marks the result as a failure for the model to read.
    #[must_use]
    pub fn failed(self) -> Self {
        self.with("isError", Value::Bool(true))
    }

    /// Appends content blocks.
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

    /// Returns the object before era-specific additions.
    #[must_use]
    pub fn as_object(&self) -> &JsonObject {
        &self.0
    }

    /// Returns the object.
    #[must_use]
    pub fn into_object(self) -> JsonObject {
        self.0
    }

    fn with(mut self, member: &str, value: Value) -> Self {
        self.0.insert(member.to_owned(), value);
        self
    }
}

/// A text block; moves the text, which `json!` would copy.
#[must_use]
pub fn text_block(text: String) -> Value {
    let members = [("type", Value::from("text")), ("text", Value::String(text))];
    let members = members.map(|(name, value)| (name.to_owned(), value));
    Value::Object(JsonObject::from_iter(members))
}

/// A text block for the user only, not for the model (MCP annotations).
#[must_use]
pub fn user_block(text: String) -> Value {
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
