//! Delivers change notifications: in the modern era to each `subscriptions/listen` with its filter
//! and id; in the legacy era to the session, by list and resource.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::capabilities::ServedCapabilities;
use super::error::ErrorObject;
use super::registry::{InFlightRequests, RequestKey};
use super::reply::Reply;
use crate::JsonObject;
use crate::host::{ChangeSignal, Changes, ListChange};

/// Serves one `subscriptions/listen` until the input ends or the client cancels.
pub(crate) async fn listen(
    offer: &ServedCapabilities,
    registry: &InFlightRequests,
    key: RequestKey,
    params: &JsonObject,
) -> Reply {
    let filter = ListenerFilter::accepted(offer, params)?;
    let id = registry
        .id_of(key)
        .and_then(|id| serde_json::from_str(&id).ok())
        .unwrap_or(Value::Null);
    let meta = json!({ SUBSCRIPTION_ID: id });
    // Before the acknowledgement, so that no later change is missed.
    let mut feed = offer.changes.as_ref().map(Changes::subscribe);
    let notify = |method: &str, mut params: JsonObject| {
        params.insert("_meta".to_owned(), meta.clone());
        registry.notify(key, method, &params);
    };
    let mut accepted = JsonObject::new();
    accepted.insert("notifications".to_owned(), filter.to_value());
    notify("notifications/subscriptions/acknowledged", accepted);
    // A host may be slow to subscribe; changes of a resource it cannot follow are not reported.
    let mut following = JoinSet::new();
    if let Some(host) = &offer.resources {
        for uri in filter.resources.clone() {
            let host = Arc::clone(host);
            following.spawn(async move {
                if let Err(error) = host.subscribe(&uri).await {
                    tracing::info!(%error, "a resource cannot be followed");
                }
            });
        }
    }
    loop {
        let next = async {
            match &mut feed {
                Some(feed) => feed.next().await,
                None => std::future::pending().await,
            }
        };
        let news = tokio::select! {
            biased;
            () = registry.input_ended() => break,
            news = next => news,
        };
        filter.pass(&news, &notify);
    }
    Ok(JsonObject::from_iter([("_meta".to_owned(), meta)]).into())
}

/// Reports changes to the legacy session while it is polled.
pub(crate) async fn inform_session(
    changes: &Changes,
    offer: &ServedCapabilities,
    registry: &InFlightRequests,
) {
    let mut feed = changes.subscribe();
    loop {
        let news = feed.next().await;
        let Some(session) = registry.session() else {
            continue;
        };
        let (initialized, resources) =
            session.wishes(|wishes| (wishes.initialized, wishes.resources.clone()));
        if initialized {
            let filter = ListenerFilter {
                tools: offer.tools.is_some(),
                prompts: offer.prompts.is_some(),
                lists: offer.resources.is_some(),
                resources,
            };
            filter.pass(&news, &|method: &str, params: JsonObject| {
                registry.announce(method, &params);
            });
        }
    }
}

/// A listener's filter.
struct ListenerFilter {
    tools: bool,
    prompts: bool,
    lists: bool,
    resources: BTreeSet<String>,
}

impl ListenerFilter {
    /// The supported part of the filter in `params`.
    fn accepted(offer: &ServedCapabilities, params: &JsonObject) -> Result<Self, ErrorObject> {
        let Some(Value::Object(asked)) = params.get("notifications") else {
            return Err(ErrorObject::invalid_params(
                "`notifications` must be an object",
            ));
        };
        let flag = |member: &str| match asked.get(member) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(wanted)) => Ok(*wanted),
            Some(_) => Err(ErrorObject::invalid_params(format!(
                "`notifications.{member}` must be a boolean"
            ))),
        };
        let uris = match asked.get(RESOURCES) {
            None | Some(Value::Null) => BTreeSet::new(),
            Some(uris) => serde_json::from_value(uris.clone()).map_err(|_| {
                ErrorObject::invalid_params(format!(
                    "`notifications.{RESOURCES}` must be a list of strings"
                ))
            })?,
        };
        let changes = offer.changes.is_some();
        Ok(Self {
            tools: flag(TOOLS)? && changes && offer.tools.is_some(),
            prompts: flag(PROMPTS)? && changes && offer.prompts.is_some(),
            lists: flag(LISTS)? && changes && offer.resources.is_some(),
            resources: if changes && offer.resources.is_some() {
                uris
            } else {
                BTreeSet::new()
            },
        })
    }

    fn to_value(&self) -> Value {
        let mut filter = JsonObject::new();
        for (member, wanted) in [
            (TOOLS, self.tools),
            (PROMPTS, self.prompts),
            (LISTS, self.lists),
        ] {
            if wanted {
                filter.insert(member.to_owned(), true.into());
            }
        }
        if !self.resources.is_empty() {
            filter.insert(RESOURCES.to_owned(), json!(self.resources));
        }
        Value::Object(filter)
    }

    /// Passes the notifications for `news` to `notify`.
    fn pass(&self, news: &ChangeSignal, notify: &dyn Fn(&str, JsonObject)) {
        let list = |wanted: bool, kind: &str| {
            if wanted {
                let method = format!("notifications/{kind}/list_changed");
                notify(&method, JsonObject::new());
            }
        };
        let updated = |uri: &str| {
            let params = JsonObject::from_iter([("uri".to_owned(), uri.into())]);
            notify("notifications/resources/updated", params);
        };
        match news {
            ChangeSignal::One(ListChange::Tools) => list(self.tools, "tools"),
            ChangeSignal::One(ListChange::Prompts) => list(self.prompts, "prompts"),
            ChangeSignal::One(ListChange::Resources) => list(self.lists, "resources"),
            ChangeSignal::One(ListChange::Resource { uri }) => {
                if self.resources.contains(uri) {
                    updated(uri);
                }
            }
            ChangeSignal::Anything => {
                list(self.tools, "tools");
                list(self.prompts, "prompts");
                list(self.lists, "resources");
                for uri in &self.resources {
                    updated(uri);
                }
            }
        }
    }
}

const SUBSCRIPTION_ID: &str = "io.modelcontextprotocol/subscriptionId";
const TOOLS: &str = "toolsListChanged";
const PROMPTS: &str = "promptsListChanged";
const LISTS: &str = "resourcesListChanged";
const RESOURCES: &str = "resourceSubscriptions";
