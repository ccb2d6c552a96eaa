//! The tool `list_connections`: what a model needs to choose one, and nothing about credentials.

use std::sync::Arc;

use serde::Serialize;
use synapse_core::error::{Failure, Remedy, RemedyText};
use synapse_core::ports::StoredConnection;
use synapse_mcp::host::{ToolCall, ToolResult};

use super::Tool;
use super::arguments::Arguments;
use crate::view::View;

/// `synapse.connections/1` with the fields for a model: nothing about credentials and hosts.
#[derive(Debug, Serialize)]
pub(crate) struct ListDocument {
    schema: &'static str,
    ok: bool,
    connections: Vec<ListedConnection>,
}

#[derive(Debug, Serialize)]
struct ListedConnection {
    name: String,
    provider: String,
    model: String,
    network: &'static str,
    checked_at: Option<String>,
    broken: Option<&'static str>,
}

impl ListDocument {
    /// The document of one connection in the list; `None` if it is missing.
    pub(crate) fn only(mut self, name: &str) -> Option<Self> {
        self.connections.retain(|each| each.name == name);
        (!self.connections.is_empty()).then_some(self)
    }
}

impl From<&StoredConnection> for ListedConnection {
    fn from(stored: &StoredConnection) -> Self {
        Self {
            name: stored.name.to_string(),
            provider: stored.draft.provider.clone(),
            model: stored.draft.model.clone(),
            network: stored.draft.gate.as_str(),
            checked_at: stored
                .preflight
                .as_ref()
                .map(|record| record.checked_at.to_string()),
            broken: stored
                .connection
                .as_ref()
                .err()
                .map(|failure| failure.code().as_str()),
        }
    }
}

/// Reads connections.toml only.
pub(super) async fn call(
    view: &View,
    remedies: &Arc<dyn RemedyText>,
    call: ToolCall,
) -> Result<ToolResult, Failure> {
    Arguments::of(Tool::ListConnections, call).await?.finish()?;
    let remedies = Arc::clone(remedies);
    view.reading(move |view| {
        let document = document(view)?;
        Ok(ToolResult::text(lines(&document, remedies.as_ref())).with_document(&document))
    })
    .await?
}

/// The connections visible to a server of this scope. Reads; see [`View::reading`].
///
/// # Errors
/// `config.*` or `storage.*`.
pub(crate) fn document(view: &View) -> Result<ListDocument, Failure> {
    Ok(ListDocument {
        schema: "synapse.connections/1",
        ok: true,
        connections: view.each_connection(|stored| ListedConnection::from(stored))?,
    })
}

fn lines(document: &ListDocument, remedies: &dyn RemedyText) -> String {
    if document.connections.is_empty() {
        return format!(
            "there is no connection yet; the user sets one up in a terminal:\n{}",
            remedies.command(&Remedy::SetUp).unwrap_or_default()
        );
    }
    let line = |each: &ListedConnection| match each.broken {
        Some(code) => format!("{}: broken ({code})", each.name),
        None => {
            format!(
                "{}: {} · {} · network {}",
                each.name, each.provider, each.model, each.network
            )
        }
    };
    document
        .connections
        .iter()
        .map(line)
        .collect::<Vec<_>>()
        .join("\n")
}
