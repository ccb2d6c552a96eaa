//! The product's own tools, over the use cases of `synapse-core`: see [`Tool`].
//!
//! A failed call is a result for the model (`isError`, with the error document in the structured
//! content), never a JSON-RPC error.

mod arguments;
mod chat;
pub(crate) mod connections;
pub(crate) mod history;
mod models;
mod preflight;
mod refusal;
mod schema;
mod shape;
pub(crate) mod usage;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use synapse_core::engine::Engine;
use synapse_core::error::{Failure, RemedyText};
use synapse_mcp::host::{
    CacheHint, CacheScope, Caller, Progress, ProgressReporter, ToolCall, ToolError, ToolHost,
    ToolList, ToolResult,
};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use self::refusal::invalid;
use crate::failure::failed_call;
use crate::view::View;

/// One of the product's own tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Tool {
    /// Sends one prompt.
    Chat,
    /// Lists connections.
    ListConnections,
    /// Lists a provider's models.
    ListModels,
    /// Checks a connection.
    Preflight,
    /// Sums over the ledger.
    Usage,
    /// Lists ledger rows.
    History,
}

impl Tool {
    /// Every tool, in the order of the list.
    pub const ALL: [Self; 6] = [
        Self::Chat,
        Self::ListConnections,
        Self::ListModels,
        Self::Preflight,
        Self::Usage,
        Self::History,
    ];

    /// Its name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Chat => schema::CHAT,
            Self::ListConnections => schema::LIST_CONNECTIONS,
            Self::ListModels => schema::LIST_MODELS,
            Self::Preflight => schema::PREFLIGHT,
            Self::Usage => schema::USAGE,
            Self::History => schema::HISTORY,
        }
    }

    /// Parses a tool name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tool| tool.as_str() == name)
    }

    /// Whether it only reads local data: no request, no secret.
    #[must_use]
    pub const fn is_local(self) -> bool {
        match self {
            Self::Chat | Self::ListModels | Self::Preflight => false,
            Self::ListConnections | Self::Usage | Self::History => true,
        }
    }
}

/// The product's own tools.
#[derive(Debug, Clone)]
pub struct ProductTools {
    view: View,
    remedies: Arc<dyn RemedyText>,
    tools: Vec<Tool>,
}

impl ProductTools {
    /// All tools over `engine`, for every connection. `remedies` renders what a user can do about a
    /// failure.
    #[must_use]
    pub fn new(engine: Engine, remedies: Arc<dyn RemedyText>) -> Self {
        Self {
            view: View::of(engine),
            remedies,
            tools: Tool::ALL.to_vec(),
        }
    }

    /// Serves only the connection `name`.
    #[must_use]
    pub fn scoped_to(mut self, name: impl Into<String>) -> Self {
        self.view = self.view.scoped_to(name);
        self
    }

    /// Offers only `tools`; others are unknown.
    #[must_use]
    pub fn only(mut self, tools: &[Tool]) -> Self {
        self.tools.retain(|tool| tools.contains(tool));
        self
    }

    /// Offers only [local](Tool::is_local) tools.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.tools.retain(|tool| tool.is_local());
        self
    }

    /// Whether `tool` is offered.
    #[must_use]
    pub fn offers(&self, tool: Tool) -> bool {
        self.tools.contains(&tool)
    }
}

#[async_trait]
impl ToolHost for ProductTools {
    async fn list_tools(&self, _caller: &Caller) -> Result<ToolList, ToolError> {
        let descriptions = self.tools.iter().map(|tool| schema::describe(*tool));
        Ok(ToolList::new(descriptions).with_cache(CACHE))
    }

    fn owns(&self, tool: &str) -> bool {
        Tool::from_name(tool).is_some_and(|tool| self.offers(tool))
    }

    async fn call_tool(&self, mut call: ToolCall) -> Result<ToolResult, ToolError> {
        let (view, remedies) = (&self.view, self.remedies.as_ref());
        let Some(tool) = Tool::from_name(&call.name).filter(|tool| self.offers(*tool)) else {
            return Err(ToolError::UnknownTool { name: call.name });
        };
        let progress = call.progress.take();
        let progress = progress.as_ref();
        // Boxed where the future contains a whole exchange.
        let result = match tool {
            Tool::Chat => {
                let chat = Box::pin(chat::call(view, &self.remedies, call));
                with_heartbeat(progress, "the model", chat).await
            }
            Tool::ListConnections => connections::call(view, &self.remedies, call).await,
            Tool::ListModels => {
                let list = Box::pin(models::call(view, &self.remedies, call));
                with_heartbeat(progress, "the provider", list).await
            }
            Tool::Preflight => {
                let checks = Box::pin(preflight::call(view, remedies, call));
                with_heartbeat(progress, "the provider", checks).await
            }
            Tool::Usage => usage::call(view, call).await,
            Tool::History => history::call(view, call).await,
        };
        Ok(result.unwrap_or_else(|failure| failed_call(&failure, remedies)))
    }
}

/// The connection of a call: the scope, or the one it names.
fn connection(scope: Option<&str>, named: Option<String>) -> Result<Option<String>, Failure> {
    match (scope, named) {
        (Some(scope), Some(named)) if named != scope => {
            Err(invalid("this server serves one connection only")
                .cause(format!("it was started for `{scope}`"))
                .hint("leave `connection` out")
                .with("argument", "connection"))
        }
        (Some(scope), _) => Ok(Some(scope.to_owned())),
        (None, named) => Ok(named),
    }
}

/// The list is constant for the lifetime of the process.
const CACHE: CacheHint = CacheHint {
    ttl_ms: 300_000,
    scope: CacheScope::Private,
};

/// Runs `work`, and reports every [`BEAT`] to a client that requested progress, because clients time
/// out after a minute of silence, many of them permanently. The value is the number of elapsed seconds, which cannot be mistaken for a percentage: the duration of a model's
/// answer is unknown.
async fn with_heartbeat<F: Future>(
    progress: Option<&ProgressReporter>,
    waiting_for: &str,
    work: F,
) -> F::Output {
    let Some(progress) = progress else {
        return work.await;
    };
    let mut work = pin!(work);
    let began = Instant::now();
    let mut beats = interval_at(began + BEAT, BEAT);
    beats.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            biased;
            output = &mut work => return output,
            now = beats.tick() => {
                let seconds = now.duration_since(began).as_secs();
                let message = format!("waiting for {waiting_for}, {seconds} s");
                // Far below 2^53, so the number is exact.
                #[expect(clippy::cast_precision_loss, reason = "the seconds of one call")]
                progress.report(Progress::new(seconds as f64).with_message(message));
            }
        }
    }
}

/// Well below the shortest client timeouts.
const BEAT: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use serde_json::{Value, json};

    use super::*;

    async fn reports(work: impl Future<Output = ()>) -> Vec<Value> {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&seen);
        let reporter = ProgressReporter::new(json!("t"), move |params| {
            sink.lock().unwrap().push(json!(params));
        });
        with_heartbeat(Some(&reporter), "a model", work).await;
        let seen = seen.lock().unwrap();
        seen.clone()
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_call_gives_signs_of_life_and_a_short_one_none() {
        assert_eq!(
            reports(tokio::time::sleep(Duration::from_secs(35))).await,
            [10.0, 20.0, 30.0].map(|seconds| json!({
                "progress": seconds,
                "message": format!("waiting for a model, {seconds} s"),
                "progressToken": "t",
            }))
        );
        assert!(reports(std::future::ready(())).await.is_empty());
    }
}
