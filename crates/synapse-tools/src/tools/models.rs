//! The tool `list_models`: one request, no prompt.

use synapse_core::engine::Models;
use synapse_core::error::{Failure, RemedyText};
use synapse_documents::ModelsDocument;
use synapse_mcp::host::{ToolCall, ToolResult};

use super::arguments::Arguments;
use super::heartbeat::with_heartbeat;
use super::{Tool, connection};
use crate::view::View;

/// Lists the provider's models. Sends one request.
pub(super) async fn call(
    view: &View,
    remedies: &dyn RemedyText,
    mut call: ToolCall,
) -> Result<ToolResult, Failure> {
    let progress = call.progress.take();
    let mut arguments = Arguments::of(Tool::ListModels, call).await?;
    let named = arguments.take("connection")?;
    let search: Option<String> = arguments.take("search")?;
    let limit = arguments.take::<u64>("limit")?.unwrap_or(LIMIT) as usize;
    arguments.finish()?;
    let named = connection(view.scope(), named)?;
    let name = view.engine().chosen(named.as_deref()).await?.name;
    let listing = view.engine().models(Some(name.as_str()));
    let mut models = with_heartbeat(progress.as_ref(), "the provider", listing).await?;
    let document = ModelsDocument::new(&models, search.as_deref(), remedies).at_most(limit);
    let text = lines(&mut models, search.as_deref(), limit);
    Ok(ToolResult::text(text).with_document(&document))
}

fn lines(models: &mut Models, search: Option<&str>, limit: usize) -> String {
    let total = models.listed.models.len();
    let found = &mut models.listed.models;
    found.retain(|model| search.is_none_or(|text| model.matches(text)));
    let mut lines: Vec<String> = found
        .iter()
        .take(limit)
        .map(|model| match model.context_length {
            Some(tokens) => format!("{} ({tokens} tokens)", model.id),
            None => model.id.clone(),
        })
        .collect();
    lines.push(match found.len().checked_sub(limit) {
        Some(more @ 1..) => format!("and {more} more; search, or raise limit"),
        Some(0) | None => format!("{} of {total} models", found.len()),
    });
    lines.join("\n")
}

/// A router lists thousands; everything a model reads costs its user.
const LIMIT: u64 = 50;
