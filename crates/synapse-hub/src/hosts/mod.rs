//! The hub as hosts for `synapse-mcp`.
//!
//! Lists come from approved catalogues and start nothing. A failed tool is a result for the model,
//! any other failure a JSON-RPC error; an upstream's own error passes unchanged.

mod completions;
mod extensions;
mod prompts;
mod resources;
mod search;
mod tools;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;
use synapse_core::error::Failure;
use synapse_core::upstream::{Item, Pin};
use synapse_documents::ErrorDocument;
use synapse_documents::mcp::{paragraph, rpc_code, rpc_message, value};
use synapse_mcp::host::{HostError, Introduction, ListItem, ToolResult};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::configuration::Configuration;
use crate::failure::Refusal;
use crate::hub::Hub;

/// All hosts of one hub. Their server takes them as its [`Introduction`] too, which notices changed
/// configuration before each request.
#[derive(Debug, Clone)]
pub struct HubHost {
    hub: Hub,
}

impl HubHost {
    /// The hosts of `hub`.
    #[must_use]
    pub fn new(hub: Hub) -> Self {
        Self { hub }
    }

    /// Converts a refusal of a request other than a tool call.
    fn refused(&self, refusal: Refusal) -> HostError {
        match refusal {
            Refusal::Failure(failure) => self.failed(&failure),
            Refusal::Rpc(error) => HostError::Rpc {
                code: error.code,
                message: error.message,
                data: error.data,
            },
        }
    }

    fn failed(&self, failure: &Failure) -> HostError {
        HostError::Rpc {
            code: rpc_code(failure.class()),
            message: rpc_message(failure),
            data: Some(self.document(failure)),
        }
    }

    fn failed_call(&self, failure: &Failure) -> ToolResult {
        let remedies = self.hub.inner().ports.remedies.as_ref();
        ToolResult::text(paragraph(failure, remedies))
            .failed()
            .with_structured_content(self.document(failure))
    }

    fn document(&self, failure: &Failure) -> Value {
        let remedies = self.hub.inner().ports.remedies.as_ref();
        value(&ErrorDocument::new(failure, remedies))
    }

    /// The configuration that this request was [prepared](Introduction::prepare) with.
    fn state(&self) -> Arc<Configuration> {
        self.hub.inner().prepared()
    }

    /// Whether the hub offers nothing, not even its own tools and resources.
    fn is_silent(&self) -> bool {
        self.hub.inner().is_silent(&self.state())
    }

    /// The state after refetching lists of running upstreams that announced changes: those without
    /// a pin, or all.
    async fn fresh_state(&self, whose: Whose) -> Arc<Configuration> {
        let state = self.state();
        let mut asking = JoinSet::new();
        for runtime in state.index.runtimes() {
            let concerns = match whose {
                Whose::Unpinned => runtime.pin() == Pin::Off,
                Whose::All => true,
            };
            if concerns && runtime.is_stale() {
                let runtime = Arc::clone(runtime);
                asking.spawn(async move { runtime.refresh_lists().await });
            }
        }
        if asking.is_empty() {
            return state;
        }
        // Limited wait: an upstream that is slow is listed with its old state.
        drop(timeout(PATIENCE, asking.join_all()).await);
        self.state()
    }
}

#[async_trait]
impl Introduction for HubHost {
    async fn prepare(&self) {
        self.hub.inner().refresh().await;
    }

    fn instructions(&self) -> Option<String> {
        self.state().index.instructions.clone()
    }
}

/// An item as it is listed: as text, without being parsed.
fn listed(key: &str, item: &Item) -> ListItem {
    ListItem::from_line(key, Arc::clone(item.text()))
        .unwrap_or_else(|| ListItem::from((**item).clone()))
}

/// Whose changed lists are refetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    /// Those not pinned to an approval.
    Unpinned,
    /// All: resources are listed as last seen.
    All,
}

const PATIENCE: Duration = Duration::from_secs(3);
