//! What a server offers, and how it says so in its capabilities.

use std::sync::Arc;

use rmcp::model::{PromptsCapability, ResourcesCapability, ServerCapabilities, ToolsCapability};

use crate::JsonObject;
use crate::host::{Changes, CompletionHost, PromptHost, ResourceHost, ToolHost};

/// The ports of a server; what is absent is neither advertised nor served.
#[derive(Clone)]
pub(crate) struct Offer {
    pub(crate) tools: Option<Arc<dyn ToolHost>>,
    pub(crate) resources: Option<Arc<dyn ResourceHost>>,
    pub(crate) prompts: Option<Arc<dyn PromptHost>>,
    pub(crate) completions: Option<Arc<dyn CompletionHost>>,
    pub(crate) changes: Option<Changes>,
    pub(crate) logging: bool,
    /// The most items of a page.
    pub(crate) page: usize,
}

impl Offer {
    pub(crate) fn nothing() -> Self {
        Self {
            tools: None,
            resources: None,
            prompts: None,
            completions: None,
            changes: None,
            logging: false,
            page: PAGE,
        }
    }

    pub(crate) fn capabilities(&self) -> ServerCapabilities {
        let changes = self.changes.as_ref().map(|_| true);
        let mut capabilities = ServerCapabilities::default();
        capabilities.tools = self.tools.as_ref().map(|_| {
            let mut tools = ToolsCapability::default();
            tools.list_changed = changes;
            tools
        });
        capabilities.resources = self.resources.as_ref().map(|_| {
            let mut resources = ResourcesCapability::default();
            resources.list_changed = changes;
            resources.subscribe = changes;
            resources
        });
        capabilities.prompts = self.prompts.as_ref().map(|_| {
            let mut prompts = PromptsCapability::default();
            prompts.list_changed = changes;
            prompts
        });
        capabilities.completions = self.completions.as_ref().map(|_| JsonObject::new());
        capabilities.logging = self.logging.then(JsonObject::new);
        capabilities
    }
}

/// Pages are for lists of hubs; a client that reads only the first one still sees all that is ours.
const PAGE: usize = 500;
