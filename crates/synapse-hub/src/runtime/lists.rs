//! The lists of an upstream, all pages, within caps.

use serde_json::{Map, Value};
use synapse_core::upstream::{Catalogue, Upstream};
use synapse_mcp::JsonObject;
use synapse_mcp::client::{CallError, Conversation, Outgoing};

use crate::relay::{SKILLS, relay_capabilities};

/// Fetches every list that the upstream says it has, side by side.
///
/// # Errors
/// The first list that fails. One that the server does not know is empty.
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
) -> Result<Vec<Map<String, Value>>, CallError> {
    let mut items = Vec::new();
    let mut cursor: Option<Value> = None;
    for _ in 0..MOST_PAGES {
        let mut params = JsonObject::new();
        if let Some(cursor) = cursor.take() {
            params.insert("cursor".to_owned(), cursor);
        }
        let outgoing = Outgoing {
            method: method.to_owned(),
            params,
            meta: JsonObject::new(),
            capabilities: relay_capabilities(&upstream.relay),
            input_schema: None,
            progress: None,
            questions: None,
            patience: upstream.times.start,
            longest: upstream.times.start,
        };
        let mut page = match conversation.request(outgoing).await {
            Ok(page) => page,
            // Some servers declare resources and have no templates.
            Err(CallError::Rpc(error)) if error.code == METHOD_NOT_FOUND => return Ok(items),
            Err(error) => return Err(error),
        };
        let Some(Value::Array(found)) = page.remove(member) else {
            return Err(CallError::Protocol {
                what: "a list has no items",
            });
        };
        items.extend(found.into_iter().filter_map(|item| match item {
            Value::Object(item) => Some(item),
            _ => None,
        }));
        if items.len() > MOST_ITEMS {
            return Err(CallError::TooLarge {
                cap: MOST_ITEMS as u64,
                unit: "items of a list",
            });
        }
        match page.remove("nextCursor") {
            // An empty text is a cursor like any other.
            Some(next @ Value::String(_)) => cursor = Some(next),
            _ => return Ok(items),
        }
    }
    Err(CallError::TooLarge {
        cap: MOST_PAGES as u64,
        unit: "pages of a list",
    })
}

const MOST_PAGES: usize = 500;
const MOST_ITEMS: usize = 20_000;
const METHOD_NOT_FOUND: i64 = -32601;
