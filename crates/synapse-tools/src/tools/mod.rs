//! The product's own tools, over the use cases of `synapse-core`: see [`Tool`].
//!
//! A failed call is a result for the model (`isError`, with the error document in the structured
//! content), never a JSON-RPC error.

mod arguments;
mod chat;
pub(crate) mod connections;
mod heartbeat;
pub(crate) mod history;
mod models;
mod preflight;
mod reader;
mod refusal;
mod schema;
mod shape;
pub(crate) mod usage;

use std::sync::Arc;

use async_trait::async_trait;
use synapse_core::engine::Engine;
use synapse_core::error::{Failure, RemedyText};
use synapse_mcp::host::{
    CacheHint, CacheScope, Caller, ToolCall, ToolError, ToolHost, ToolList, ToolResult,
};

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

    async fn call_tool(&self, call: ToolCall) -> Result<ToolResult, ToolError> {
        let (view, remedies) = (&self.view, self.remedies.as_ref());
        let tool = Tool::from_name(&call.name).filter(|tool| self.offers(*tool));
        // Boxed where the future contains a whole exchange.
        let result = match tool {
            Some(Tool::Chat) => Box::pin(chat::call(view, &self.remedies, call)).await,
            Some(Tool::ListConnections) => connections::call(view, &self.remedies, call).await,
            Some(Tool::ListModels) => Box::pin(models::call(view, &self.remedies, call)).await,
            Some(Tool::Preflight) => Box::pin(preflight::call(view, remedies, call)).await,
            Some(Tool::Usage) => usage::call(view, call).await,
            Some(Tool::History) => history::call(view, call).await,
            None => return Err(ToolError::UnknownTool { name: call.name }),
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
