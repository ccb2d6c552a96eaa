//! `synapse hub tools`: the approved tools and their size in a model's context.

use synapse_core::error::Failure;
use synapse_core::ports::UpstreamStore as _;
use synapse_core::redact::printable_line;
use synapse_core::upstream::Upstream;
use synapse_documents::{HubToolView, HubToolsDocument};
use synapse_hub::{not_approved, offered_name};

use super::Configured;
use crate::command::{CommandError, Context};
use crate::output::{Column, listing};

pub(super) fn run(
    context: &Context,
    hub: &Configured,
    server: Option<&str>,
) -> Result<(), CommandError> {
    let mut tools = Vec::new();
    match server {
        Some(name) => {
            let (upstream, _) = hub.upstream(name)?;
            tools.extend(tools_of(hub, &upstream)?);
        }
        None => {
            // A server that is not approved has no tools; `hub status` has the reason.
            for stored in hub.upstreams.load()? {
                if let Ok(upstream) = stored.upstream
                    && !upstream.disabled
                {
                    tools.extend(tools_of(hub, &upstream).unwrap_or_default());
                }
            }
        }
    }
    let printer = &context.printer;
    if printer.is_json() {
        printer.document(&HubToolsDocument::new(tools));
        return Ok(());
    }
    if tools.is_empty() {
        printer.note("no approved tools; see synapse hub status");
        return Ok(());
    }
    let rows = tools
        .iter()
        .map(|tool| {
            vec![
                printable_line(&tool.server),
                printable_line(&tool.name),
                tool.offered_as.clone().unwrap_or_default(),
                tool.bytes.to_string(),
                tool.estimated_tokens.to_string(),
                tool.claims.join(", "),
            ]
        })
        .collect();
    printer.line(&listing(&COLUMNS, rows));
    let tokens: u64 = tools.iter().map(|tool| tool.estimated_tokens).sum();
    printer.note(&format!(
        "{} tools, about {tokens} tokens in every conversation",
        tools.len()
    ));
    Ok(())
}

const COLUMNS: [Column<'static>; 6] = [
    Column::new("SERVER"),
    Column::new("TOOL"),
    Column::new("OFFERED AS").drop(4),
    Column::new("BYTES").right().drop(3),
    Column::new("TOKENS").right().drop(2),
    Column::new("CLAIMS").cut(10).drop(1),
];

fn tools_of(hub: &Configured, upstream: &Upstream) -> Result<Vec<HubToolView>, Failure> {
    let approval = hub
        .approval(&upstream.name)?
        .ok_or_else(|| not_approved(upstream))?;
    let server = upstream.name.as_str();
    let catalogue = approval.catalogue.unwrap_or_default();
    Ok(catalogue
        .tools
        .iter()
        .map(|tool| HubToolView::of(server, tool))
        .filter(|tool| upstream.tools.permits(&tool.name))
        .map(|tool| HubToolView {
            offered_as: Some(offered_name(server, &tool.name)),
            ..tool
        })
        .collect())
}
