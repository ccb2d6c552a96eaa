//! `synapse preflight`: one line per check as it is decided, then what was proven and what was not.

use synapse_core::check::{Check, CheckId};
use synapse_core::connection::Draft;
use synapse_core::engine::{Engine, PreflightCall};
use synapse_core::error::{Code, Failure, Remedy};
use synapse_core::preflight::{PreflightReport, Reach};
use synapse_core::redact::{printable, without_tokens};
use synapse_documents::{ErrorDocument, PreflightDocument, PreflightsDocument};

use super::{CommandError, Context};
use crate::args::PreflightArguments;
use crate::output::{CommandLines, Printer, STRONG, Widths, check_line, command_line, styled};

pub(super) async fn run(
    context: &Context,
    engine: &Engine,
    arguments: PreflightArguments,
) -> Result<(), CommandError> {
    let reach = crate::args::reach(arguments.offline, arguments.live);
    let printer = &context.printer;
    if let Some(draft) = arguments.to_draft() {
        let call = PreflightCall::draft(None, draft, reach);
        let report = run_checks(engine, printer, call).await;
        return show(printer, None, &report);
    }
    if arguments.all {
        return all(engine, printer, reach).await;
    }
    let Some(name) = arguments.name else {
        return Err(
            Failure::new(Code::UsageInvalidArguments, "there is nothing to check")
                .remedy(
                    "check every connection",
                    &Remedy::AddFlag {
                        flag: "--all".into(),
                    },
                )
                .hint("or name a connection, or a new one by --provider, --model and --credential")
                .into(),
        );
    };
    let report = stored(engine, printer, &name, reach).await?;
    show(printer, Some(&name), &report)
}

async fn stored(
    engine: &Engine,
    printer: &Printer,
    name: &str,
    reach: Reach,
) -> Result<PreflightReport, Failure> {
    let stored = engine.stored(name)?;
    stored.usable()?;
    Ok(run_checks(engine, printer, PreflightCall::saved(stored, reach)).await)
}

/// Runs the preflight and shows each check when it is decided.
async fn run_checks(engine: &Engine, printer: &Printer, call: PreflightCall) -> PreflightReport {
    if !printer.is_json() {
        printer.line(&title(call.name(), call.subject()));
    }
    let waiting = printer.progress().begin("preflight");
    let observe = &mut |check: &Check| {
        if !printer.is_json() {
            printer.wrapped(&check_line(check, CHECK_WIDTHS));
        }
        waiting.says(behind(check));
    };
    waiting
        .until(Box::pin(engine.preflight_observed(call, observe)))
        .await
}

/// The progress text for the check after `check`.
pub(super) fn behind(check: &Check) -> String {
    match check.id {
        CheckId::Config | CheckId::Endpoint => "the configuration",
        CheckId::Gate => "the place of the key",
        CheckId::Credential => "an answer of the API",
        _ => "the provider",
    }
    .to_owned()
}

/// Prints the warnings of a check. After a failure, that of a variable which an IDE does not pass on
/// says nothing more: the failure is about the same variable, or comes first.
pub(super) fn warn(printer: &Printer, report: &PreflightReport) {
    let has_failed = report.failure().is_some();
    let warnings = report.warnings.iter();
    for warning in warnings.filter(|each| !has_failed || each.code() != Code::CredentialNotPassedOn)
    {
        printer.warning(warning);
    }
}

/// Checks every connection; the exit code is that of the first failure.
async fn all(engine: &Engine, printer: &Printer, reach: Reach) -> Result<(), CommandError> {
    let mut first = None;
    let mut documents = Vec::new();
    let connections = engine.connections()?;
    if connections.is_empty() {
        printer.note("there is no connection yet");
        printer.note(&format!("hint: {}", command_line(&Remedy::SetUp)));
    }
    for connection in connections {
        let name = connection.name.as_str();
        let (code, document) = match stored(engine, printer, name, reach).await {
            Ok(report) => {
                if !printer.is_json() {
                    // The report is shown; only the code is needed.
                    drop(show(printer, Some(name), &report));
                }
                let code = report.failure().map(|failure| failure.code());
                (
                    code,
                    Ok(PreflightDocument::new(Some(name), &report, &CommandLines)),
                )
            }
            Err(failure) => {
                printer.failure(&failure);
                (
                    Some(failure.code()),
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

/// Prints the rest of a report whose checks were shown, and turns its failure into the exit code.
fn show(
    printer: &Printer,
    name: Option<&str>,
    report: &PreflightReport,
) -> Result<(), CommandError> {
    if printer.is_json() {
        printer.document(&PreflightDocument::new(name, report, &CommandLines));
    } else {
        sum_up(printer, report);
    }
    for warning in &report.warnings {
        printer.warning(warning);
    }
    match report.failure() {
        None => Ok(()),
        Some(failure) => {
            printer.failure(failure);
            Err(CommandError::Reported(failure.code()))
        }
    }
}

/// The line above the checks.
pub(super) fn title(name: Option<&str>, draft: &Draft) -> String {
    let name = name.map_or_else(String::new, |name| format!(" {name}"));
    let what = format!("{} · {}", draft.provider, draft.model);
    format!(
        "{}{name}  {}",
        styled(STRONG, "Preflight"),
        printable(&without_tokens(&what))
    )
}

/// The lines below the checks.
pub(super) fn sum_up(printer: &Printer, report: &PreflightReport) {
    let (proven, unproven) = report.proven();
    printer.line(&format!("proven: {}", list(&proven)));
    printer.line(&format!("not proven: {}", list(&unproven)));
    if !report.hosts.is_empty() {
        printer.line(&format!("hosts: {}", report.hosts.join(", ")));
    }
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

/// The longest id of a check is `credential`.
pub(in crate::command) const CHECK_WIDTHS: Widths = [4, 10];
