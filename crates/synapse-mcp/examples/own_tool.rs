//! An MCP server with a custom tool over stdio; an IDE starts it like any other server. `cargo run
//! -p synapse-mcp --example own_tool`

use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::json;
use synapse_mcp::{
    Caller, JsonObject, Server, ServerIdentity, ToolCall, ToolError, ToolHost, ToolList,
    ToolResult, stdio,
};

struct Shout;

#[async_trait]
impl ToolHost for Shout {
    async fn list_tools(&self, _caller: &Caller) -> Result<ToolList, ToolError> {
        let schema = json!({"type": "object", "properties": {"text": {"type": "string"}}});
        let members = [("name", json!("shout")), ("inputSchema", schema)];
        let tool = members.map(|(name, value)| (name.to_owned(), value));
        Ok(ToolList::new(vec![JsonObject::from_iter(tool)]))
    }

    fn owns(&self, tool: &str) -> bool {
        tool == "shout"
    }

    async fn call_tool(&self, call: ToolCall) -> Result<ToolResult, ToolError> {
        Ok(
            match call.arguments.get("text").and_then(|text| text.as_str()) {
                Some(text) => ToolResult::text(text.to_uppercase()),
                None => ToolResult::text("`text` is missing").failed(),
            },
        )
    }
}

pub(crate) fn server() -> Server {
    Server::new(ServerIdentity::new("shout", "1.0.0")).with_tools(Arc::new(Shout))
}

fn main() -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let served = runtime.block_on(async {
        let (input, output) = stdio::open()?;
        Ok(server().serve(input, output).await?)
    });
    // On a terminal or a file, dropping the runtime would wait for the blocked stdin thread.
    runtime.shutdown_background();
    served
}
