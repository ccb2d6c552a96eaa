//! The tool `preflight`: checks a saved connection.

use synapse_core::engine::PreflightCall;
use synapse_core::error::{Failure, RemedyText};
use synapse_core::preflight::{Check, Finding, PreflightReport, Reach};
use synapse_documents::PreflightDocument;
use synapse_documents::mcp::paragraph;
use synapse_mcp::host::{ToolCall, ToolResult};

use super::arguments::Arguments;
use super::{Tool, connection};
use crate::view::View;

/// Runs the checks; sends a billed prompt only on request.
pub(super) async fn call(
    view: &View,
    remedies: &dyn RemedyText,
    call: ToolCall,
) -> Result<ToolResult, Failure> {
    let mut arguments = Arguments::of(Tool::Preflight, call).await?;
    let named = arguments.take("connection")?;
    let reach = match arguments.take("live")? {
        Some(true) => Reach::Live,
        Some(false) | None => Reach::Free,
    };
    arguments.finish()?;
    let named = connection(view.scope(), named)?;
    let stored = view.engine().reading(move |engine| {
        let name = engine.connection(named.as_deref())?.name;
        engine.stored(name.as_str())
    });
    let stored = stored.await??;
    let name = stored.name.clone();
    let report = view
        .engine()
        .preflight(PreflightCall::saved(stored, reach))
        .await;
    let document = PreflightDocument::new(Some(name.as_str()), &report, remedies);
    let result = ToolResult::text(text(&report, remedies)).with_document(&document);
    Ok(if report.passed() {
        result
    } else {
        result.failed()
    })
}

fn text(report: &PreflightReport, remedies: &dyn RemedyText) -> String {
    let failed = report.failure();
    let failed = failed.map(|failure| paragraph(failure, remedies));
    let mut lines: Vec<String> = failed.into_iter().collect();
    lines.extend(report.checks.iter().map(line));
    lines.join("\n")
}

fn line(check: &Check) -> String {
    match &check.finding {
        Finding::Fail(failure) => format!("FAIL {}: {}", check.id, failure.code()),
        _ => format!("{} {}: {}", check.outcome(), check.id, check.what()),
    }
}
