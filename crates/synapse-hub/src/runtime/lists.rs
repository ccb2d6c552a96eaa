//! Fetches an upstream's lists, all pages, within limits.

use serde_json::Value;
use synapse_core::upstream::{Catalogue, Item, Upstream, UpstreamTransport};
use synapse_mcp::JsonObject;
use synapse_mcp::client::{CallError, Conversation, ListCaps, Outgoing, list_all};
use synapse_mcp::size::{LARGE, outweigh};

use crate::blocking::off_runtime;
use crate::relay::{SKILLS, relay_capabilities};
use crate::transport::check_annotations;

/// Fetches every declared list concurrently.
///
/// # Errors
/// The first failed list. A list unknown to the server is empty.
pub(super) async fn fetch(
    conversation: &dyn Conversation,
    upstream: &Upstream,
) -> Result<Catalogue, CallError> {
    let hello = conversation.hello();
    let has = |capability: &str| hello.capabilities.contains_key(capability);
    let has_skills = hello
        .capabilities
        .get("extensions")
        .is_some_and(|extensions| extensions.get(SKILLS).is_some());
    let list = |wanted: bool, method: &'static str, member: &'static str| async move {
        if wanted {
            pages(conversation, upstream, method, member).await
        } else {
            Ok(Vec::new())
        }
    };
    let (tools, prompts, resources, templates, skills) = tokio::try_join!(
        list(has("tools"), "tools/list", "tools"),
        list(has("prompts"), "prompts/list", "prompts"),
        list(has("resources"), "resources/list", "resources"),
        list(
            has("resources"),
            "resources/templates/list",
            "resourceTemplates"
        ),
        list(has_skills, "skills/list", "skills"),
    )?;
    Ok(Catalogue {
        protocol: hello.revision.as_str().to_owned(),
        server_info: hello.server_info.clone(),
        capabilities: hello.capabilities.clone(),
        instructions: hello.instructions.clone(),
        tools,
        prompts,
        resources,
        templates,
        skills,
    })
}

async fn pages(
    conversation: &dyn Conversation,
    upstream: &Upstream,
    method: &'static str,
    member: &'static str,
) -> Result<Vec<Item>, CallError> {
    let mut outgoing = Outgoing::within(method, upstream.times.start);
    outgoing.capabilities = relay_capabilities(&upstream.relay);
    let found = match list_all(conversation, outgoing, member, ListCaps::default()).await {
        Ok(found) => found,
        // Some servers declare resources but have no templates.
        Err(CallError::Rpc(error)) if error.code == METHOD_NOT_FOUND => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let of = match (method, &upstream.transport) {
        ("tools/list", UpstreamTransport::Http { .. }) => Of::RemoteTools,
        ("tools/list", UpstreamTransport::Stdio { .. }) => Of::Tools,
        _ => Of::Others,
    };
    if !outweigh(&found, LARGE) {
        return Ok(of.items(found));
    }
    let items = off_runtime(move || of.items(found)).await;
    items.map_err(|_| CallError::Interrupted)
}

/// The subject of a list.
#[derive(Clone, Copy)]
enum Of {
    Tools,
    RemoteTools,
    Others,
}

impl Of {
    fn items(self, found: Vec<Value>) -> Vec<Item> {
        let items = found.into_iter().filter_map(|item| match item {
            Value::Object(item) => Some(item),
            _ => None,
        });
        match self {
            Self::Others => items.map(Item::from).collect(),
            Self::Tools => items.filter_map(completed).map(Item::from).collect(),
            Self::RemoteTools => {
                let tools = items.filter_map(completed).filter(fits);
                tools.map(Item::from).collect()
            }
        }
    }
}

/// The tool with the input schema of an object, as the specification demands: clients refuse a
/// whole list for one tool without it. What the schema lacks is filled in; `None` if it is of
/// anything else.
fn completed(mut tool: JsonObject) -> Option<JsonObject> {
    let schema = tool.entry("inputSchema").or_insert(Value::Null);
    if schema.is_null() {
        *schema = Value::Object(JsonObject::new());
    }
    let is_fit = schema
        .as_object_mut()
        .is_some_and(|schema| schema.entry("type").or_insert_with(|| OBJECT.into()) == OBJECT);
    if !is_fit {
        tracing::warn!("a tool whose input schema is not of an object is left out");
    }
    is_fit.then_some(tool)
}

/// Whether the headers a tool requires can be built; per the specification, a tool with invalid
/// annotations is dropped.
fn fits(tool: &JsonObject) -> bool {
    let Some(schema) = tool.get("inputSchema") else {
        return true;
    };
    match check_annotations(schema) {
        Ok(()) => true,
        Err(error) => {
            tracing::warn!(%error, "a tool with invalid x-mcp-header annotations is left out");
            false
        }
    }
}

const METHOD_NOT_FOUND: i64 = -32601;
const OBJECT: &str = "object";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_tool_gets_the_input_schema_that_every_client_demands() {
        for (listed, offered) in [
            (
                json!({"name": "a"}),
                Some(json!({"name": "a", "inputSchema": {"type": "object"}})),
            ),
            (
                json!({"inputSchema": null, "name": "a"}),
                Some(json!({"inputSchema": {"type": "object"}, "name": "a"})),
            ),
            (
                json!({"inputSchema": {"properties": {"x": {}}}}),
                Some(json!({"inputSchema": {"properties": {"x": {}}, "type": "object"}})),
            ),
            (
                json!({"inputSchema": {"type": "object", "x": 1}, "z": 1}),
                Some(json!({"inputSchema": {"type": "object", "x": 1}, "z": 1})),
            ),
            (json!({"inputSchema": {"type": "array"}}), None),
            (json!({"inputSchema": {"type": ["object"]}}), None),
            (json!({"inputSchema": {"type": null}}), None),
            (json!({"inputSchema": []}), None),
            (json!({"inputSchema": true}), None),
            (json!({"inputSchema": "object"}), None),
        ] {
            let tool = listed.as_object().unwrap().clone();
            let found = completed(tool).map(Value::Object);
            let text = |value: Option<Value>| value.map(|value| value.to_string());
            assert_eq!(text(found), text(offered), "{listed}");
        }
    }
}
