//! `find_tools`, `describe_tools`, `call_tool` and `call_read_tool`.

use std::sync::Arc;

use serde_json::{Value, json};
use synapse_core::error::{Code, Failure};
use synapse_mcp::JsonObject;
use synapse_mcp::host::{HostError, ToolCall, ToolError, ToolResult};

use super::HubHost;
use super::tools::for_apps;
use crate::blocking::off_runtime;
use crate::configuration::Configuration;
use crate::index::{Audience, ForApps, Found, OfferedTool};
use crate::schema::{CALL_READ_TOOL, DESCRIBE_TOOLS, FIND_TOOLS};
use crate::search::{IsReader, missing, signature};

impl HubHost {
    pub(super) async fn call_search(
        &self,
        state: &Arc<Configuration>,
        call: ToolCall,
    ) -> Result<ToolResult, ToolError> {
        let answered = match call.name.as_str() {
            FIND_TOOLS => find_off_runtime(Arc::clone(state), call.arguments).await,
            DESCRIBE_TOOLS => describe_off_runtime(Arc::clone(state), call.arguments).await,
            _ => return self.call_found(state, call).await,
        };
        Ok(answered.unwrap_or_else(|failure| self.failed_call(&failure)))
    }

    /// Calls the tool named in the arguments. An error about its arguments includes its schema.
    async fn call_found(
        &self,
        state: &Configuration,
        mut call: ToolCall,
    ) -> Result<ToolResult, ToolError> {
        let reads_only = call.name == CALL_READ_TOOL;
        let Some(Value::String(name)) = call.arguments.remove("name") else {
            return Ok(self.failed_call(&invalid("`name` must be the name of a tool")));
        };
        let arguments = match call.arguments.remove("arguments") {
            None | Some(Value::Null) => JsonObject::new(),
            Some(Value::Object(arguments)) => arguments,
            Some(_) => return Ok(self.failed_call(&invalid("`arguments` must be an object"))),
        };
        let tool = match state.index.tool(&name, for_apps(&call.caller)) {
            Found::Offered(tool) => tool,
            Found::Withheld(failure) => {
                self.hub.inner().note_refusal(&call, failure);
                return Ok(self.failed_call(failure));
            }
            Found::Ambiguous(_) | Found::Unknown => {
                let failure = invalid("no tool has this name").hint("find_tools gives the names");
                return Ok(self.failed_call(&failure.of_tool(name)));
            }
        };
        if reads_only && reader(tool) == IsReader::No {
            let failure = invalid("the tool was not approved as one that only reads")
                .hint("use call_tool for it")
                .of_tool(name);
            return Ok(self.failed_call(&failure));
        }
        let lacking = missing(&tool.item, &arguments);
        if !lacking.is_empty() {
            let failure = invalid("required arguments are missing")
                .cause(format!("missing: {}", lacking.join(", ")))
                .cause("nothing was sent")
                .of_tool(name);
            return Ok(self
                .failed_call(&failure)
                .with_blocks(vec![schema_block(tool)]));
        }
        call.arguments = arguments;
        let passed = self.pass_on(&tool.runtime, tool.own.clone(), call).await;
        match passed {
            Ok(result) if blames_arguments(&result) => {
                Ok(result.with_blocks(vec![schema_block(tool)]))
            }
            Err(HostError::Rpc { code, message, .. }) if code == INVALID_PARAMS => {
                let result = ToolResult::text(format!("error {code}: {message}")).failed();
                Ok(result.with_blocks(vec![schema_block(tool)]))
            }
            passed => passed,
        }
    }
}

/// [`find`], off the server's thread for many tools or a long query.
async fn find_off_runtime(
    state: Arc<Configuration>,
    arguments: JsonObject,
) -> Result<ToolResult, Failure> {
    let query = arguments.get("query").and_then(Value::as_str);
    let is_long = query.is_some_and(|query| query.len() > LONG_QUERY);
    if !is_long && state.index.tools.len() <= MANY_TOOLS {
        return find(&state, &arguments);
    }
    off_runtime(move || find(&state, &arguments)).await?
}

fn find(state: &Configuration, arguments: &JsonObject) -> Result<ToolResult, Failure> {
    let Some(query) = arguments.get("query").and_then(Value::as_str) else {
        return Err(invalid("`query` must be a text"));
    };
    let limit = arguments
        .get("limit")
        .and_then(Value::as_u64)
        .map_or(USUAL, |limit| limit.clamp(1, MOST));
    let server = arguments.get("server").and_then(Value::as_str);
    let found = state.index.ranking().find(query);
    let lines: Vec<String> = found
        .into_iter()
        .filter_map(|number| state.index.tools.get(number))
        .filter(|tool| tool.audience != Audience::Apps)
        .filter(|tool| server.is_none_or(|server| tool.runtime.server().as_str() == server))
        .take(usize::try_from(limit).unwrap_or(usize::MAX))
        .map(|tool| signature(&tool.item, reader(tool)))
        .collect();
    if lines.is_empty() {
        return Ok(ToolResult::text(
            "No tool matches these words. Try others, or fewer; hub_status shows which servers work.",
        ));
    }
    Ok(ToolResult::text(lines.join("\n")))
}

/// [`describe`], off the server's thread for large descriptions.
async fn describe_off_runtime(
    state: Arc<Configuration>,
    arguments: JsonObject,
) -> Result<ToolResult, Failure> {
    let bytes: usize = named(&arguments)
        .map(|name| match state.index.tool(name, ForApps::No) {
            Found::Offered(tool) => tool.item.text().len(),
            Found::Withheld(_) | Found::Ambiguous(_) | Found::Unknown => name.len(),
        })
        .sum();
    if bytes <= LONG_DESCRIPTIONS {
        return describe(&state, &arguments);
    }
    off_runtime(move || describe(&state, &arguments)).await?
}

fn named(arguments: &JsonObject) -> impl Iterator<Item = &str> {
    let names = arguments.get("names").and_then(Value::as_array);
    let names = names.into_iter().flatten().filter_map(Value::as_str);
    names.take(MOST_DESCRIBED)
}

fn describe(state: &Configuration, arguments: &JsonObject) -> Result<ToolResult, Failure> {
    let names: Vec<&str> = named(arguments).collect();
    if names.is_empty() {
        return Err(invalid("`names` must be a list of names"));
    }
    let described: Vec<Value> = names
        .iter()
        .map(|name| match state.index.tool(name, ForApps::No) {
            Found::Offered(tool) => Value::Object((*tool.item).clone()),
            Found::Withheld(failure) => json!({"name": name, "error": failure.code().as_str()}),
            Found::Ambiguous(_) | Found::Unknown => json!({"name": name, "error": "unknown"}),
        })
        .collect();
    Ok(ToolResult::text(Value::Array(described).to_string()))
}

fn reader(tool: &OfferedTool) -> IsReader {
    if tool.runtime.is_pinned_reader(&tool.own) {
        IsReader::Pinned
    } else {
        IsReader::No
    }
}

/// Whether a result reports invalid arguments: servers only say so in words.
fn blames_arguments(result: &ToolResult) -> bool {
    let object = result.as_object();
    if object.get("isError") != Some(&Value::Bool(true)) {
        return false;
    }
    let blocks = object.get("content").and_then(Value::as_array);
    blocks
        .into_iter()
        .flatten()
        .filter_map(|block| block.get("text")?.as_str())
        .any(|text| {
            let head: String = text.chars().take(LOOKED_AT).collect();
            let head = head.to_ascii_lowercase();
            WORDS.iter().any(|word| head.contains(word))
        })
}

fn schema_block(tool: &OfferedTool) -> Value {
    let schema = tool.item.get("inputSchema").cloned().unwrap_or_default();
    json!({"type": "text", "text": format!("The arguments of this tool: {schema}")})
}

fn invalid(message: &str) -> Failure {
    Failure::new(Code::UsageInvalidArguments, message)
}

/// The first search of more tools, which ranks their words, takes about a millisecond.
const MANY_TOOLS: usize = 200;
const LONG_QUERY: usize = 4 * 1024;
/// Descriptions of fewer bytes are parsed in a fraction of a millisecond.
const LONG_DESCRIPTIONS: usize = 32 * 1024;
const WORDS: [&str; 5] = [
    "-32602",
    "invalid argument",
    "validation error",
    "invalid params",
    "input validation",
];
const LOOKED_AT: usize = 500;
const USUAL: u64 = 8;
const MOST: u64 = 50;
const MOST_DESCRIBED: usize = 20;
const INVALID_PARAMS: i64 = -32602;
