//! Argument completions for upstreams' prompts and templates.

use async_trait::async_trait;
use serde_json::{Value, json};
use synapse_mcp::JsonObject;
use synapse_mcp::host::{
    Client, CompletionCall, CompletionHost, HostError, completion, referenced,
};

use super::HubHost;
use crate::index::{Found, UriOwner};
use crate::runtime::{Ask, Subject};

#[async_trait]
impl CompletionHost for HubHost {
    fn owns(&self, reference: &JsonObject) -> bool {
        let Some(name) = referenced(reference) else {
            return false;
        };
        let state = self.state();
        if is_prompt(reference) {
            !matches!(state.index.prompt(name), Found::Unknown)
        } else {
            !matches!(state.index.owner_of_template(name), UriOwner::Nobody)
        }
    }

    async fn complete(&self, call: CompletionCall) -> Result<JsonObject, HostError> {
        let unknown = || HostError::InvalidParams {
            message: "unknown reference".to_owned(),
        };
        let name = referenced(&call.reference).ok_or_else(unknown)?.to_owned();
        let state = self.state();
        let mut reference = call.reference;
        let runtime = if is_prompt(&reference) {
            match state.index.prompt(&name) {
                Found::Offered(prompt) => {
                    reference.insert("name".to_owned(), prompt.own.as_str().into());
                    prompt.runtime.clone()
                }
                Found::Withheld(failure) => return Err(self.failed(failure)),
                Found::Ambiguous(_) | Found::Unknown => return Err(unknown()),
            }
        } else {
            match state.index.owner_of_template(&name) {
                UriOwner::One(runtime) => runtime.clone(),
                UriOwner::Several(servers) => {
                    return Err(HostError::InvalidParams {
                        message: format!(
                            "{name} belongs to several servers: {}",
                            servers.join(", ")
                        ),
                    });
                }
                UriOwner::Nobody => return Err(unknown()),
            }
        };
        if !runtime.lists().capabilities.contains_key("completions") {
            return Ok(completion(Vec::new()));
        }
        let mut params = JsonObject::new();
        params.insert("ref".to_owned(), Value::Object(reference));
        params.insert(
            "argument".to_owned(),
            json!({"name": call.argument, "value": call.value}),
        );
        if !call.settled.is_empty() {
            params.insert("context".to_owned(), json!({"arguments": call.settled}));
        }
        params.extend(call.extra);
        let ask = Ask {
            subject: Subject::Other,
            method: "completion/complete".to_owned(),
            params: params.into(),
            caller: call.caller,
            progress: None,
            client: Client::default(),
        };
        runtime
            .ask(ask)
            .await
            .map_err(|refusal| self.refused(refusal))
    }
}

fn is_prompt(reference: &JsonObject) -> bool {
    reference.get("type").and_then(Value::as_str) == Some("ref/prompt")
}
