//! The tool `list_models`: one request, no prompt.

use std::sync::Arc;

use synapse_core::engine::Models;
use synapse_core::error::{Code, Failure, RemedyText};
use synapse_documents::ModelsDocument;
use synapse_mcp::host::{ToolCall, ToolResult};
use tokio::task::spawn_blocking;

use super::arguments::Arguments;
use super::{Tool, connection};
use crate::view::View;

/// Lists the provider's models. Sends one request.
pub(super) async fn call(
    view: &View,
    remedies: &Arc<dyn RemedyText>,
    call: ToolCall,
) -> Result<ToolResult, Failure> {
    let mut arguments = Arguments::of(Tool::ListModels, call).await?;
    let named = arguments.take("connection")?;
    let search: Option<String> = arguments.take("search")?;
    let limit = arguments.take::<u64>("limit")?.unwrap_or(LIMIT) as usize;
    arguments.finish()?;
    let named = connection(view.scope(), named)?;
    let name = view.engine().chosen(named.as_deref()).await?.name;
    let models = view.engine().models(Some(name.as_str())).await?;
    if models.listed.models.len() <= MANY {
        return Ok(result(models, search.as_deref(), limit, remedies.as_ref()));
    }
    let remedies = Arc::clone(remedies);
    let made = spawn_blocking(move || result(models, search.as_deref(), limit, remedies.as_ref()));
    made.await.map_err(|error| {
        let message = "the models could not be listed on a separate thread";
        Failure::new(Code::InternalInvariant, message).caused_by(&error)
    })
}

fn result(
    mut models: Models,
    search: Option<&str>,
    limit: usize,
    remedies: &dyn RemedyText,
) -> ToolResult {
    let document = ModelsDocument::new(&models, search, remedies).at_most(limit);
    let text = lines(&mut models, search, limit);
    ToolResult::text(text).with_document(&document)
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
/// The documents of fewer models are made in a fraction of a millisecond.
const MANY: usize = 200;
