//! The capabilities of a server, and their advertisement.

use std::sync::Arc;

use rmcp::model::{
    ExtensionCapabilities, PromptsCapability, ResourcesCapability, ServerCapabilities,
    ToolsCapability,
};

use crate::JsonObject;
use crate::host::{
    Changes, CompletionHost, ExtensionHost, Introduction, PromptHost, RequestObserver,
    ResourceHost, ToolHost,
};

/// The ports of a server; missing ones are neither advertised nor served.
#[derive(Clone)]
pub(crate) struct ServedCapabilities {
    pub(crate) tools: Option<Arc<dyn ToolHost>>,
    pub(crate) resources: Option<Arc<dyn ResourceHost>>,
    pub(crate) prompts: Option<Arc<dyn PromptHost>>,
    pub(crate) completions: Option<Arc<dyn CompletionHost>>,
    pub(crate) extensions: Option<Arc<dyn ExtensionHost>>,
    pub(crate) introduction: Option<Arc<dyn Introduction>>,
    pub(crate) changes: Option<Changes>,
    pub(crate) observer: Option<Arc<dyn RequestObserver>>,
    pub(crate) logging: bool,
    /// Items per page.
    pub(crate) page: usize,
}

impl ServedCapabilities {
    pub(crate) fn nothing() -> Self {
        Self {
            tools: None,
            resources: None,
            prompts: None,
            completions: None,
            extensions: None,
            introduction: None,
            changes: None,
            observer: None,
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
        capabilities.extensions = self.extensions.as_ref().and_then(|host| {
            let declared = host.extensions().into_iter();
            let declared: ExtensionCapabilities = declared
                .filter_map(|(name, settings)| match settings {
                    serde_json::Value::Object(settings) => Some((name, settings)),
                    _ => None,
                })
                .collect();
            (!declared.is_empty()).then_some(declared)
        });
        capabilities.logging = self.logging.then(JsonObject::new);
        capabilities
    }
}

/// Only hubs need several pages; a client that reads only the first one still sees all of our own
/// items.
const PAGE: usize = 500;
