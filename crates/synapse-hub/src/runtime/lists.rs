//! Fetches an upstream's lists, all pages, within limits.

use serde_json::Value;
use synapse_core::upstream::{Catalogue, Item, Upstream, UpstreamTransport};
use synapse_mcp::JsonObject;
use synapse_mcp::client::{CallError, Conversation, ListCaps, Outgoing, list_all};

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
    let items = found.into_iter().filter_map(|item| match item {
        Value::Object(item) => Some(item),
        _ => None,
    });
    Ok(match upstream.transport {
        UpstreamTransport::Http { .. } if method == "tools/list" => {
            items.filter(fits).map(Item::from).collect()
        }
        UpstreamTransport::Http { .. } | UpstreamTransport::Stdio { .. } => {
            items.map(Item::from).collect()
        }
    })
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
