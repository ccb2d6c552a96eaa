//! Upstreams' resources under their own URIs, and the hub's: `synapse://hub/{server}` and
//! `synapse://hub/{server}/instructions`.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Value, json};
use synapse_core::upstream::Item;
use synapse_mcp::JsonObject;
use synapse_mcp::host::{Caller, HostError, ListItem, Listing, ResourceHost, ResourceRead};

use super::{HubHost, Whose, listed};
use crate::configuration::Configuration;
use crate::index::UriOwner;
use crate::roster::Member;
use crate::runtime::{Ask, Subject};
use crate::status::document;

#[async_trait]
impl ResourceHost for HubHost {
    async fn list_resources(&self, _caller: &Caller) -> Result<Listing, HostError> {
        let state = self.fresh_state(Whose::All).await;
        let mut items: Vec<ListItem> = Vec::new();
        if !self.hub.inner().settings.selection.is_alone() {
            items.extend(state.members.iter().map(|member| {
                ListItem::from(object(json!({
                    "uri": format!("{OWN}{}", member.name),
                    "name": member.name,
                    "title": format!("Status of {}", member.name),
                    "mimeType": "application/json",
                })))
            }));
        }
        items.extend(
            state
                .index
                .resources
                .iter()
                .map(|item| listed_by("uri", item)),
        );
        Ok(Listing::new(items))
    }

    async fn list_templates(&self, _caller: &Caller) -> Result<Listing, HostError> {
        let state = self.fresh_state(Whose::All).await;
        let mut items: Vec<ListItem> = Vec::new();
        if self.has_own_resources() {
            let own = object(json!({
                "uriTemplate": format!("{OWN}{{server}}/instructions"),
                "name": "hub-instructions",
                "title": "Instructions of an upstream server",
                "mimeType": "text/plain",
            }));
            items.push(own.into());
        }
        items.extend(
            state
                .index
                .templates
                .iter()
                .map(|item| listed_by("uriTemplate", item)),
        );
        Ok(Listing::new(items))
    }

    fn owns(&self, uri: &str) -> bool {
        if uri.starts_with(OWN) {
            return self.has_own_resources();
        }
        !matches!(self.state().index.owner(uri), UriOwner::Nobody)
    }

    async fn read_resource(&self, read: ResourceRead) -> Result<JsonObject, HostError> {
        let state = self.state();
        if let Some(rest) = read.uri.strip_prefix(OWN) {
            return self
                .read_own(&state, rest)
                .ok_or_else(|| HostError::NotFound {
                    uri: read.uri.clone(),
                });
        }
        let runtime = match state.index.owner(&read.uri) {
            UriOwner::One(runtime) => Arc::clone(runtime),
            UriOwner::Several(servers) => {
                return Err(HostError::InvalidParams {
                    message: format!(
                        "{} belongs to several servers: {}",
                        read.uri,
                        servers.join(", ")
                    ),
                });
            }
            UriOwner::Nobody => return Err(HostError::NotFound { uri: read.uri }),
        };
        let mut params = JsonObject::new();
        params.insert("uri".to_owned(), read.uri.into());
        params.extend(read.extra);
        let ask = Ask {
            subject: Subject::Other,
            method: "resources/read".to_owned(),
            params: params.into(),
            caller: read.caller,
            progress: read.progress,
            client: read.client,
        };
        runtime
            .ask(ask)
            .await
            .map_err(|refusal| self.refused(refusal))
    }

    async fn subscribe(&self, uri: &str) -> Result<(), HostError> {
        match self.state().index.owner(uri) {
            UriOwner::One(runtime) => {
                let runtime = Arc::clone(runtime);
                runtime
                    .subscribe(uri)
                    .await
                    .map_err(|refusal| self.refused(refusal))
            }
            UriOwner::Several(_) | UriOwner::Nobody => Ok(()),
        }
    }

    async fn unsubscribe(&self, uri: &str) -> Result<(), HostError> {
        match self.state().index.owner(uri) {
            UriOwner::One(runtime) => {
                let runtime = Arc::clone(runtime);
                runtime
                    .unsubscribe(uri)
                    .await
                    .map_err(|refusal| self.refused(refusal))
            }
            UriOwner::Several(_) | UriOwner::Nobody => Ok(()),
        }
    }
}

impl HubHost {
    fn has_own_resources(&self) -> bool {
        !self.hub.inner().settings.selection.is_alone() && !self.is_silent()
    }

    /// Reads the hub's own resource at the rest of its URI.
    fn read_own(&self, state: &Configuration, rest: &str) -> Option<JsonObject> {
        let member = |name: &str| state.members.iter().find(|member| member.name == name);
        let (kind, text) = match rest.strip_suffix(INSTRUCTIONS) {
            Some(server) => ("text/plain", instructions(member(server)?)?),
            None => {
                let document = document(state, member(rest)?, &*self.hub.inner().ports.remedies);
                ("application/json", document.to_string())
            }
        };
        let content = json!({"uri": format!("{OWN}{rest}"), "mimeType": kind, "text": text});
        let mut result = JsonObject::new();
        result.insert("contents".to_owned(), Value::Array(vec![content]));
        Some(result)
    }
}

fn instructions(member: &Arc<Member>) -> Option<String> {
    member.lists()?.instructions.clone()
}

fn listed_by(member: &str, item: &Item) -> ListItem {
    match item.get(member).and_then(Value::as_str) {
        Some(key) => listed(key, item),
        None => ListItem::from((**item).clone()),
    }
}

fn object(value: Value) -> JsonObject {
    match value {
        Value::Object(object) => object,
        _ => JsonObject::new(),
    }
}

const OWN: &str = "synapse://hub/";
const INSTRUCTIONS: &str = "/instructions";
