//! Supported extensions: MCP Apps, which use ordinary reads and calls, and skills.

use async_trait::async_trait;
use serde_json::Value;
use synapse_mcp::JsonObject;
use synapse_mcp::host::{ExtensionCall, ExtensionHost, HostError};

use super::{HubHost, Whose};
use crate::index::UriOwner;
use crate::relay::SKILLS;
use crate::runtime::{Ask, Subject};

#[async_trait]
impl ExtensionHost for HubHost {
    fn extensions(&self) -> JsonObject {
        self.state().index.extensions.clone()
    }

    fn owns(&self, method: &str) -> bool {
        matches!(method, LIST | GET) && self.state().index.extensions.contains_key(SKILLS)
    }

    async fn call(&self, call: ExtensionCall) -> Result<JsonObject, HostError> {
        if call.method == LIST {
            let state = self.fresh_state(Whose::All).await;
            let skills = state.index.skills.iter();
            let skills = skills.map(|skill| Value::Object((**skill).clone()));
            let mut result = JsonObject::new();
            result.insert("skills".to_owned(), skills.collect());
            return Ok(result);
        }
        let uri = call.params.get("uri").and_then(Value::as_str);
        let Some(uri) = uri.map(str::to_owned) else {
            return Err(HostError::InvalidParams {
                message: "`uri` must be the URI of a skill".to_owned(),
            });
        };
        let state = self.state();
        let runtime = match state.index.owner(&uri) {
            UriOwner::One(runtime) => runtime.clone(),
            UriOwner::Several(servers) => {
                return Err(HostError::InvalidParams {
                    message: format!("{uri} belongs to several servers: {}", servers.join(", ")),
                });
            }
            UriOwner::Nobody => return Err(HostError::NotFound { uri }),
        };
        let ask = Ask {
            subject: Subject::Other,
            method: call.method,
            params: call.params.into(),
            caller: call.caller,
            progress: call.progress,
            client: call.client,
        };
        runtime
            .ask(ask)
            .await
            .map_err(|refusal| self.refused(refusal))
    }
}

const LIST: &str = "skills/list";
const GET: &str = "skills/get";
