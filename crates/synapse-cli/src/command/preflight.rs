//! `synapse preflight`: one line per check, then what was proven and what was not.

use synapse_core::document::{ErrorDocument, PreflightDocument, PreflightsDocument};
use synapse_core::engine::{Engine, PreflightCall};
use synapse_core::error::{Code, Failure};
use synapse_core::preflight::{Check, CheckId, Finding, PreflightReport, Reach, Skip};
use synapse_core::redact::{printable, without_tokens};

use super::{CommandError, Context};
use crate::args::PreflightArguments;
use crate::output::{CommandLines, Mark, Printer, STRONG, in_short, styled};

pub(super) async fn run(
    context: &Context,
    engine: &Engine,
    arguments: PreflightArguments,
) -> Result<(), CommandError> {
    let reach = crate::args::reach(arguments.offline, arguments.live);
    let printer = &context.printer;
    if let Some(draft) = arguments.to_draft() {
        let report = engine
            .preflight(PreflightCall::draft(None, draft, reach))
            .await;
        return show(printer, None, &report);
    }
    if arguments.all {
        return all(engine, printer, reach).await;
    }
    let Some(name) = arguments.name else {
        return Err(
            Failure::new(Code::UsageInvalidArguments, "there is nothing to check")
                .hint(
                    "name a connection, or pass --all, or --provider with --model and --credential",
                )
                .into(),
        );
    };
    let report = stored(engine, &name, reach).await?;
    show(printer, Some(&name), &report)
}

async fn stored(engine: &Engine, name: &str, reach: Reach) -> Result<PreflightReport, Failure> {
    let stored = engine.stored(name)?;
    stored.usable()?;
    Ok(engine.preflight(PreflightCall::saved(stored, reach)).await)
}

/// Checks every connection; the exit code is that of the first failure.
async fn all(engine: &Engine, printer: &Printer, reach: Reach) -> Result<(), CommandError> {
    let mut first = None;
    let mut documents = Vec::new();
    let connections = engine.connections()?;
    if connections.is_empty() {
        printer.note("there is no connection yet");
    }
    for connection in connections {
        let name = connection.name.as_str();
        let (code, document) = match stored(engine, name, reach).await {
            Ok(report) => {
                if !printer.is_json() {
                    // The code is what is left to tell.
                    drop(show(printer, Some(name), &report));
                }
                let code = report.failure().map(|failure| failure.code);
                (
                    code,
                    Ok(PreflightDocument::new(Some(name), &report, &CommandLines)),
                )
            }
            Err(failure) => {
                printer.failure(&failure);
                (
                    Some(failure.code),
                    Err(ErrorDocument::new(&failure, &CommandLines)),
                )
            }
        };
        first = first.or(code);
        documents.push(document);
    }
    if printer.is_json() {
        printer.document(&PreflightsDocument::new(documents));
    }
    first.map_or(Ok(()), |code| Err(CommandError::Reported(code)))
}

/// Prints a report and turns its failure into the exit code.
fn show(
    printer: &Printer,
    name: Option<&str>,
    report: &PreflightReport,
) -> Result<(), CommandError> {
    if printer.is_json() {
        printer.document(&PreflightDocument::new(name, report, &CommandLines));
    } else {
        human(printer, name, report);
    }
    for warning in &report.warnings {
        printer.warning(warning);
    }
    match report.failure() {
        None => Ok(()),
        Some(failure) => {
            printer.failure(failure);
            Err(CommandError::Reported(failure.code))
        }
    }
}

/// Prints a report for people, without its failure.
pub(super) fn human(printer: &Printer, name: Option<&str>, report: &PreflightReport) {
    let title = name.map_or_else(String::new, |name| format!(" {name}"));
    let what = format!("{} · {}", report.draft.provider, report.draft.model);
    printer.line(&format!(
        "{}{title}  {}",
        styled(STRONG, "Preflight"),
        printable(&without_tokens(&what))
    ));
    for check in &report.checks {
        printer.line(&check_line(check));
    }
    let (proven, unproven) = report.proven();
    printer.line(&format!("proven: {}", list(&proven)));
    printer.line(&format!("not proven: {}", list(&unproven)));
    if !report.hosts.is_empty() {
        printer.line(&format!("hosts: {}", report.hosts.join(", ")));
    }
}

/// One check in one line.
pub(super) fn check_line(check: &Check) -> String {
    let (mark, text) = match &check.finding {
        Finding::Ok(seen) => (Mark::Ok, seen.clone()),
        Finding::Warn(why) => (Mark::Warn, why.clone()),
        Finding::Fail(failure) => (Mark::Fail, in_short(failure)),
        Finding::Skip(Skip::Needs(id)) => (Mark::Skip, format!("needs {id}")),
        Finding::Skip(skip) => (Mark::Skip, skip.reason().to_owned()),
    };
    mark.line(check.id.as_str(), [4, 10], &text)
}

fn list(ids: &[CheckId]) -> String {
    if ids.is_empty() {
        return "nothing".to_owned();
    }
    ids.iter()
        .map(|id| id.as_str())
        .collect::<Vec<_>>()
        .join(", ")
}
