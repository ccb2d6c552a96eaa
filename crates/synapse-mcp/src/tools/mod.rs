//! The product's own tools, over the use cases of `synapse-core`: `chat` and `list_connections`.
//!
//! A failure of a call is a result that the model can read (`isError`, with the error document in
//! the structured content), never a JSON-RPC error.

mod arguments;
mod chat;
mod connections;
mod schema;

use async_trait::async_trait;
use serde::Serialize;
use serde_json::{Value, json};
use synapse_core::document::ErrorDocument;
use synapse_core::engine::Engine;
use synapse_core::error::Failure;

use crate::host::{Caller, ToolCall, ToolError, ToolHost, ToolList, ToolResult};

/// The product's own tools.
#[derive(Debug, Clone)]
pub struct ProductTools {
    engine: Engine,
    scope: Option<String>,
}

impl ProductTools {
    /// The tools over `engine`, for every connection.
    #[must_use]
    pub const fn new(engine: Engine) -> Self {
        Self {
            engine,
            scope: None,
        }
    }

    /// Serves the connection called `name` and no other.
    #[must_use]
    pub fn scoped_to(mut self, name: impl Into<String>) -> Self {
        self.scope = Some(name.into());
        self
    }
}

#[async_trait]
impl ToolHost for ProductTools {
    async fn list_tools(&self, _caller: &Caller) -> Result<ToolList, ToolError> {
        Ok(ToolList::new(schema::tools()))
    }

    fn owns(&self, tool: &str) -> bool {
        matches!(tool, schema::CHAT | schema::LIST_CONNECTIONS)
    }

    async fn call_tool(&self, call: ToolCall) -> Result<ToolResult, ToolError> {
        match call.name.as_str() {
            // Boxed: the future holds the whole exchange.
            schema::CHAT => {
                Ok(Box::pin(chat::call(&self.engine, self.scope.as_deref(), call)).await)
            }
            schema::LIST_CONNECTIONS => Ok(connections::call(
                &self.engine,
                self.scope.as_deref(),
                &call,
            )),
            _ => Err(ToolError::UnknownTool { name: call.name }),
        }
    }
}

/// A failure as a result: one paragraph for the reader, the document for the program.
fn failed(failure: &Failure, document: &ErrorDocument) -> ToolResult {
    let mut lines = vec![format!("error[{}]: {}", failure.code, failure.message)];
    lines.extend(failure.causes.iter().map(|cause| format!("cause: {cause}")));
    lines.extend(failure.hints.iter().map(|hint| match &hint.command {
        Some(command) => format!("hint: {}: {command}", hint.text),
        None => format!("hint: {}", hint.text),
    }));
    ToolResult::text(lines.join("\n"))
        .failed()
        .with_structured_content(value(document))
}

/// A document as a raw value.
fn value(document: &impl Serialize) -> Value {
    // Documents are plain structs of text and numbers, which always serialise.
    serde_json::to_value(document).unwrap_or_else(|_| json!({ "ok": false }))
}
