//! Requests to an upstream besides calls: subscriptions and log level.
//!
//! A modern upstream reports changes on one `subscriptions/listen` stream, opened once per start
//! and reopened when the subscribed resources change; it is not reopened when it ends.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use synapse_core::upstream::Pin;
use synapse_mcp::client::{ClientHandler, Outgoing, RpcError};
use synapse_mcp::host::LogLevel;
use synapse_mcp::{Era, JsonObject};

use super::hearing::Hearing;
use super::relaying::refused;
use super::{Live, Runtime, lock};
use crate::failure::{Refusal, Stage};
use crate::ports::Events;

impl Runtime {
    /// Registers that clients subscribed to `uri`. Starts the upstream.
    ///
    /// # Errors
    /// Why the upstream cannot be started, or its error.
    pub(crate) async fn subscribe(self: &Arc<Self>, uri: &str) -> Result<(), Refusal> {
        let live = self.acquire(None).await?;
        if !lock(&self.subscriptions).insert(uri.to_owned()) {
            return Ok(());
        }
        match live.era() {
            Era::Legacy => {
                self.plain(&live, "resources/subscribe", uri_params(uri))
                    .await
            }
            Era::Modern => {
                self.listen(&live);
                Ok(())
            }
        }
    }

    /// Registers that no client is subscribed any more.
    ///
    /// # Errors
    /// The upstream's error.
    pub(crate) async fn unsubscribe(self: &Arc<Self>, uri: &str) -> Result<(), Refusal> {
        if !lock(&self.subscriptions).remove(uri) {
            return Ok(());
        }
        let Some(live) = self.live() else {
            return Ok(());
        };
        match live.era() {
            Era::Legacy => {
                self.plain(&live, "resources/unsubscribe", uri_params(uri))
                    .await
            }
            Era::Modern => {
                self.listen(&live);
                Ok(())
            }
        }
    }

    /// Restores the clients' subscriptions at an upstream that was just started.
    pub(super) async fn resubscribe(self: &Arc<Self>, live: &Live) {
        match live.era() {
            Era::Modern => self.listen(live),
            Era::Legacy => {
                let uris: Vec<String> = lock(&self.subscriptions).iter().cloned().collect();
                for uri in uris {
                    let params = uri_params(&uri);
                    if self
                        .plain(live, "resources/subscribe", params)
                        .await
                        .is_err()
                    {
                        tracing::warn!(server = %self.server(), "a subscription was refused");
                    }
                }
            }
        }
    }

    /// Opens the stream of changes, replacing the previous one.
    fn listen(self: &Arc<Self>, live: &Live) {
        let capabilities = &live.conversation.hello().capabilities;
        let tells = |list: &str| {
            let flag = capabilities
                .get(list)
                .and_then(|list| list.get("listChanged"));
            flag == Some(&Value::Bool(true))
        };
        let uris: Vec<String> = lock(&self.subscriptions).iter().cloned().collect();
        let mut wanted = JsonObject::new();
        for (list, flag) in [
            ("tools", "toolsListChanged"),
            ("prompts", "promptsListChanged"),
            ("resources", "resourcesListChanged"),
        ] {
            if tells(list) {
                wanted.insert(flag.to_owned(), true.into());
            }
        }
        if !uris.is_empty() {
            wanted.insert("resourceSubscriptions".to_owned(), json!(uris));
        }
        let before = lock(&live.listening).take();
        if let Some(before) = before {
            before.abort();
        }
        if wanted.is_empty() {
            return;
        }
        let mut params = JsonObject::new();
        params.insert("notifications".to_owned(), Value::Object(wanted));
        let outgoing = Outgoing {
            questions: Some(Arc::new(Stream(Hearing(Arc::downgrade(self))))),
            patience: FOR_EVER,
            longest: FOR_EVER,
            ..self.bare("subscriptions/listen", params)
        };
        let conversation = Arc::clone(&live.conversation);
        let server = self.server().clone();
        let stream = tokio::spawn(async move {
            // A server without change notifications remains usable.
            if let Err(error) = conversation.request(outgoing).await {
                tracing::info!(%server, %error, "the server does not report changes");
            }
        });
        *lock(&live.listening) = Some(stream.abort_handle());
    }

    /// Sets the log level of a legacy upstream, if it changed.
    pub(super) async fn set_level(&self, live: &Live, level: Option<LogLevel>) {
        let Some(level) = level.filter(|_| live.era() == Era::Legacy) else {
            return;
        };
        let can_log = live
            .conversation
            .hello()
            .capabilities
            .contains_key("logging");
        if !can_log || lock(&live.level).replace(level).unwrap_or(LogLevel::Info) == level {
            return;
        }
        let mut params = JsonObject::new();
        params.insert("level".to_owned(), level.as_str().into());
        if self.plain(live, "logging/setLevel", params).await.is_err() {
            tracing::info!(server = %self.server(), "the log level was refused");
        }
    }

    /// A request with an empty result.
    async fn plain(&self, live: &Live, method: &str, params: JsonObject) -> Result<(), Refusal> {
        match live.conversation.request(self.bare(method, params)).await {
            Ok(_) => Ok(()),
            Err(error) => Err(self.refusal(live, Stage::Call, error).await),
        }
    }

    /// A request of the hub itself.
    fn bare(&self, method: &str, params: JsonObject) -> Outgoing {
        let upstream = &self.consented.upstream;
        Outgoing {
            method: method.to_owned(),
            params,
            meta: JsonObject::new(),
            capabilities: crate::relay::relay_capabilities(&upstream.relay),
            input_schema: None,
            progress: None,
            questions: None,
            patience: upstream.times.start,
            longest: upstream.times.start,
        }
    }

    /// Whether clients are affected by changes of its tools or prompts.
    pub(super) fn follows(&self) -> bool {
        match self.pin() {
            Pin::Off => true,
            Pin::Tools => false,
        }
    }
}

/// The change stream of a modern upstream.
struct Stream(Hearing);

#[async_trait]
impl ClientHandler for Stream {
    async fn ask(&self, _method: &str, _params: JsonObject) -> Result<Value, RpcError> {
        Err(refused("nothing can be asked here"))
    }

    fn heard(&self, method: &str, params: JsonObject) {
        self.0.notified(method, params);
    }
}

fn uri_params(uri: &str) -> JsonObject {
    JsonObject::from_iter([("uri".to_owned(), uri.into())])
}

/// Longer than any IDE session.
const FOR_EVER: Duration = Duration::from_secs(365 * 24 * 3600);
