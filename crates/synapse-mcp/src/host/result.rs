//! The raw result of a tool.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

use crate::JsonObject;

/// The result object of `tools/call`, exactly as on the wire.
///
/// An upstream's result passes through [`ToolResult::from_object`] unchanged: unknown content
/// types, structured content of any JSON type including `null`, unknown members, and a `resultType`
/// other than `complete`. `Debug` shows member names only.
#[derive(Clone)]
pub struct ToolResult {
    members: JsonObject,
    /// The structured content as it will be written; its member is `null` then.
    document: Option<Box<RawValue>>,
}

impl ToolResult {
    /// Creates a result from content blocks.
    #[must_use]
    pub fn new(content: Vec<Value>) -> Self {
        let mut object = JsonObject::new();
        object.insert("content".to_owned(), Value::Array(content));
        Self::from_object(object)
    }

    /// Creates a result with one text block.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::new(vec![text_block(text.into())])
    }

    /// Wraps a result object.
    #[must_use]
    pub const fn from_object(object: JsonObject) -> Self {
        Self {
            members: object,
            document: None,
        }
    }

    /// Marks the result as a failure for the model to read.
    #[must_use]
    pub fn failed(self) -> Self {
        self.with("isError", Value::Bool(true))
    }

    /// Appends content blocks.
    #[must_use]
    pub fn with_blocks(mut self, blocks: Vec<Value>) -> Self {
        if let Some(Value::Array(content)) = self.members.get_mut("content") {
            content.extend(blocks);
        }
        self
    }

    /// Adds structured content.
    #[must_use]
    pub fn with_structured_content(mut self, content: Value) -> Self {
        self.document = None;
        self.with(STRUCTURED, content)
    }

    /// Adds structured content that is written as it is: no value is made of it. What cannot be
    /// JSON, such as a map whose keys are not text, is `{"ok":false}`.
    #[must_use]
    pub fn with_document(mut self, document: &impl Serialize) -> Self {
        let Ok(document) = to_raw_value(document) else {
            return self.with_structured_content(json!({ "ok": false }));
        };
        self.document = Some(document);
        self.with(STRUCTURED, Value::Null)
    }

    /// Adds result metadata.
    #[must_use]
    pub fn with_meta(self, meta: JsonObject) -> Self {
        self.with("_meta", Value::Object(meta))
    }

    /// Returns the object before era-specific additions.
    #[must_use]
    pub fn as_object(&self) -> Cow<'_, JsonObject> {
        match &self.document {
            None => Cow::Borrowed(&self.members),
            Some(_) => Cow::Owned(self.clone().into_object()),
        }
    }

    /// Returns the object.
    #[must_use]
    pub fn into_object(mut self) -> JsonObject {
        if let Some(document) = self.document.take() {
            let document = serde_json::from_str(document.get()).unwrap_or_default();
            self.members.insert(STRUCTURED.to_owned(), document);
        }
        self.members
    }

    /// The members, and what is written in the place of [`STRUCTURED`].
    pub(crate) fn into_parts(self) -> (JsonObject, Option<Box<RawValue>>) {
        (self.members, self.document)
    }

    fn with(mut self, member: &str, value: Value) -> Self {
        self.members.insert(member.to_owned(), value);
        self
    }
}

impl PartialEq for ToolResult {
    fn eq(&self, other: &Self) -> bool {
        self.as_object() == other.as_object()
    }
}

/// The member of structured content.
pub(crate) const STRUCTURED: &str = "structuredContent";

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
        formatter.debug_set().entries(self.members.keys()).finish()
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
            serde_json::to_string(&*result.as_object()).unwrap(),
            r#"{"content":[{"type":"text","text":"no"}],"isError":true,"structuredContent":null,"_meta":{}}"#
        );
    }

    #[test]
    fn a_document_is_the_structured_content() {
        let document = json!({"b": 1.50, "a": ["\u{e9}\"", null]});
        let raw = ToolResult::text("x").with_document(&document);
        let built = ToolResult::text("x").with_structured_content(document);
        assert_eq!(raw, built);
        assert_eq!(raw.into_object(), built.clone().into_object());
        let unwritable = std::collections::BTreeMap::from([((1, 2), 3)]);
        assert_eq!(
            built.with_document(&unwritable).into_object()["structuredContent"],
            json!({ "ok": false })
        );
    }

    #[test]
    fn debug_shows_no_content() {
        let shown = format!("{:?}", ToolResult::text("the answer"));
        assert_eq!(shown, r#"ToolResult {"content"}"#);
    }
}
