//! Requests from an upstream to the IDE: limited by the owner's consent and the IDE's capabilities.

use serde_json::{Value, json};
use synapse_core::upstream::{Consent, Relay, Upstream};
use synapse_mcp::JsonObject;
use synapse_mcp::client::RpcError;

/// The capabilities declared to an upstream: everything its owner consented to. Approval and calls
/// declare the same, because servers adapt their tools to them.
#[must_use]
pub fn relay_capabilities(relay: &Relay) -> JsonObject {
    let everything = object(json!({
        "elicitation": {"form": {}, "url": {}},
        "sampling": {},
        "roots": {},
        "extensions": {UI: {"mimeTypes": ["text/html;profile=mcp-app"]}, SKILLS: {}},
    }));
    narrowed(relay, &everything)
}

/// The capabilities of one request: the consented part of the IDE's.
pub(crate) fn request_capabilities(relay: &Relay, ide: Option<&JsonObject>) -> JsonObject {
    ide.map(|ide| narrowed(relay, ide)).unwrap_or_default()
}

/// Removes capabilities without consent, and those a hub cannot relay: tasks, experiments and
/// unknown extensions.
fn narrowed(relay: &Relay, capabilities: &JsonObject) -> JsonObject {
    let mut narrowed = JsonObject::new();
    if let Some(elicitation) = capabilities.get("elicitation").and_then(Value::as_object) {
        let mut modes = JsonObject::new();
        // An empty object means forms, for compatibility with revisions before modes.
        let has_form = elicitation.is_empty() || elicitation.contains_key("form");
        if has_form && is_given(relay.elicitation) {
            modes.insert("form".to_owned(), json!({}));
        }
        if elicitation.contains_key("url") && is_given(relay.elicitation_url) {
            modes.insert("url".to_owned(), json!({}));
        }
        if !modes.is_empty() {
            narrowed.insert("elicitation".to_owned(), Value::Object(modes));
        }
    }
    if let (Some(sampling), true) = (capabilities.get("sampling"), is_given(relay.sampling)) {
        narrowed.insert("sampling".to_owned(), sampling.clone());
    }
    if capabilities.contains_key("roots") && is_given(relay.roots) {
        // Workspace changes are not relayed.
        narrowed.insert("roots".to_owned(), json!({}));
    }
    let extensions = capabilities.get("extensions").and_then(Value::as_object);
    let extensions: JsonObject = extensions
        .into_iter()
        .flatten()
        .filter(|(name, _)| PASSED_EXTENSIONS.contains(&name.as_str()))
        .map(|(name, settings)| (name.clone(), settings.clone()))
        .collect();
    if !extensions.is_empty() {
        narrowed.insert("extensions".to_owned(), Value::Object(extensions));
    }
    narrowed
}

/// Checks that an upstream may send `method` to an IDE with the given capabilities.
///
/// # Errors
/// The error for the upstream.
pub(crate) fn check(
    upstream: &Upstream,
    ide: Option<&JsonObject>,
    method: &str,
    params: &JsonObject,
) -> Result<(), RpcError> {
    let relay = &upstream.relay;
    let allowed = request_capabilities(relay, ide);
    let is_declared = match method {
        "elicitation/create" => {
            let mode = match params.get("mode").and_then(Value::as_str) {
                Some("url") => "url",
                _ => "form",
            };
            allowed
                .get("elicitation")
                .is_some_and(|modes| modes.get(mode).is_some())
        }
        "sampling/createMessage" => {
            upstream.sampling_connection.is_some() && allowed.contains_key("sampling")
        }
        "roots/list" => allowed.contains_key("roots"),
        _ => false,
    };
    if is_declared {
        return Ok(());
    }
    Err(RpcError {
        code: METHOD_NOT_FOUND,
        message: format!("{method} is not available to this server"),
        data: None,
    })
}

/// Adds the server's name to a request: as a prefix of its message, and in `_meta`.
pub(crate) fn named(server: &str, method: &str, mut params: JsonObject) -> JsonObject {
    if method == "elicitation/create"
        && let Some(Value::String(message)) = params.get_mut("message")
    {
        *message = format!("[{server}] {message}");
    }
    let meta = params
        .entry("_meta")
        .or_insert_with(|| Value::Object(JsonObject::new()));
    if let Some(meta) = meta.as_object_mut() {
        meta.insert(SERVER.to_owned(), server.into());
    }
    params
}

/// Whether an IDE supports MCP Apps.
pub(crate) fn declares_ui(capabilities: Option<&JsonObject>) -> bool {
    capabilities
        .and_then(|capabilities| capabilities.get("extensions"))
        .is_some_and(|extensions| extensions.get(UI).is_some())
}

fn is_given(consent: Consent) -> bool {
    match consent {
        Consent::Given => true,
        Consent::Withheld => false,
    }
}

fn object(value: Value) -> JsonObject {
    match value {
        Value::Object(object) => object,
        _ => JsonObject::new(),
    }
}

/// The MCP Apps extension.
pub(crate) const UI: &str = "io.modelcontextprotocol/ui";
/// The skills extension.
pub(crate) const SKILLS: &str = "io.modelcontextprotocol/skills";
/// Supported extensions.
pub(crate) const PASSED_EXTENSIONS: [&str; 2] = [UI, SKILLS];
/// The `_meta` member with the requesting server's name.
const SERVER: &str = "synapse/server";
const METHOD_NOT_FOUND: i64 = -32601;

#[cfg(test)]
mod tests {
    use super::*;

    fn capabilities() -> JsonObject {
        object(json!({
            "elicitation": {"form": {}, "url": {}},
            "sampling": {"tools": {}},
            "roots": {"listChanged": true},
            "tasks": {},
            "extensions": {UI: {"mimeTypes": ["x"]}, "io.modelcontextprotocol/tasks": {}},
        }))
    }

    fn everything() -> Relay {
        Relay {
            elicitation: Consent::Given,
            elicitation_url: Consent::Given,
            sampling: Consent::Given,
            roots: Consent::Given,
        }
    }

    #[test]
    fn only_forms_are_relayed_by_default() {
        let narrowed = request_capabilities(&Relay::default(), Some(&capabilities()));
        assert_eq!(
            Value::Object(narrowed),
            json!({"elicitation": {"form": {}}, "extensions": {UI: {"mimeTypes": ["x"]}}})
        );
    }

    #[test]
    fn what_is_agreed_to_passes_and_tasks_never() {
        let narrowed = request_capabilities(&everything(), Some(&capabilities()));
        assert_eq!(
            Value::Object(narrowed),
            json!({
                "elicitation": {"form": {}, "url": {}},
                "sampling": {"tools": {}},
                "roots": {},
                "extensions": {UI: {"mimeTypes": ["x"]}},
            })
        );
    }

    #[test]
    fn an_ide_without_a_capability_lends_none() {
        assert_eq!(request_capabilities(&everything(), None), JsonObject::new());
        let old = object(json!({"elicitation": {}}));
        let narrowed = request_capabilities(&everything(), Some(&old));
        assert_eq!(
            Value::Object(narrowed),
            json!({"elicitation": {"form": {}}})
        );
    }

    #[test]
    fn a_question_names_its_server() {
        let params = object(json!({"message": "Delete it?", "_meta": {"x": 1}}));
        assert_eq!(
            Value::Object(named("files", "elicitation/create", params)),
            json!({"message": "[files] Delete it?", "_meta": {"x": 1, SERVER: "files"}})
        );
    }
}
