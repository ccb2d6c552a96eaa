//! `synapse hub list`, `validate` and `status`: the contents of the file and the approvals. Starts
//! and contacts no server, and reads no secret.

use synapse_core::error::Failure;
use synapse_core::ports::StoredUpstream;
use synapse_core::redact::printable_line;
use synapse_documents::{ErrorView, HubDocument, HubServerView};
use synapse_hub::{DeclaredServer, Depth, ServerState};

use super::Configured;
use crate::command::{CommandError, Context};
use crate::output::{Column, Printer, in_short, listing};

pub(super) fn list(context: &Context, hub: &Configured) -> Result<(), CommandError> {
    show(context, hub, None, Depth::Approval)
}

pub(super) fn status(
    context: &Context,
    hub: &Configured,
    server: Option<&str>,
) -> Result<(), CommandError> {
    show(context, hub, server, Depth::Expansion)
}

/// Fails when any server of the file is invalid.
pub(super) fn validate(
    context: &Context,
    hub: &Configured,
    server: Option<&str>,
) -> Result<(), CommandError> {
    let (warnings, seen) = survey(hub, server, Depth::File)?;
    let printer = &context.printer;
    if printer.is_json() {
        printer.document(&document(hub, &warnings, &seen));
    } else {
        for warning in &warnings {
            printer.warning(warning);
        }
        for each in &seen {
            for warning in &each.warnings {
                printer.warning(warning);
            }
            match &each.failure {
                Some(failure) => printer.failure(failure),
                None => printer.wrapped(&in_a_line(&each.view.name, &each.warnings)),
            }
        }
        if seen.is_empty() {
            printer.note(&format!("no servers in {}", hub.place.shown()));
        }
    }
    match seen.iter().find_map(|each| each.failure.as_ref()) {
        Some(failure) => Err(CommandError::Reported(failure.code())),
        None => Ok(()),
    }
}

/// A valid entry, with what is doubtful about it.
fn in_a_line(name: &str, warnings: &[Failure]) -> String {
    let messages: Vec<&str> = warnings.iter().map(Failure::message).collect();
    let name = printable_line(name);
    match messages.as_slice() {
        [] => format!("{name}  ok"),
        messages => format!("{name}  ok, but {}", printable_line(&messages.join("; "))),
    }
}

/// The problems of the file as a whole, and its servers, or only the requested one.
fn survey(
    hub: &Configured,
    server: Option<&str>,
    depth: Depth,
) -> Result<(Vec<Failure>, Vec<DeclaredServer>), CommandError> {
    let file = hub.upstreams.read()?;
    let seen = chosen(hub, file.servers, server)?
        .into_iter()
        .map(|each| hub.declarations().examine(each, depth))
        .collect();
    Ok((file.warnings, seen))
}

fn document(hub: &Configured, warnings: &[Failure], seen: &[DeclaredServer]) -> HubDocument {
    let warnings = ErrorView::all(warnings, &*hub.remedies);
    let views = seen.iter().map(|each| each.view.clone()).collect();
    HubDocument::new(hub.place.shown(), views, warnings)
}

fn show(
    context: &Context,
    hub: &Configured,
    server: Option<&str>,
    depth: Depth,
) -> Result<(), CommandError> {
    let (warnings, seen) = survey(hub, server, depth)?;
    let printer = &context.printer;
    if printer.is_json() {
        printer.document(&document(hub, &warnings, &seen));
        return Ok(());
    }
    if seen.is_empty() {
        printer.note(&format!("no servers in {}", hub.place.shown()));
        printer.note("add one: synapse hub add NAME URL");
        return Ok(());
    }
    let rows = seen.iter().map(|each| row(&each.view)).collect();
    printer.line(&listing(&COLUMNS, rows));
    for warning in &warnings {
        printer.warning(warning);
    }
    if depth == Depth::Expansion {
        for failure in seen.iter().filter_map(|each| each.failure.as_ref()) {
            printer.warning(failure);
        }
    } else {
        remind(printer, &seen);
    }
    Ok(())
}

const COLUMNS: [Column<'static>; 6] = [
    Column::new("SERVER"),
    Column::new("STATE"),
    Column::new("TRANSPORT").drop(2),
    Column::new("TOOLS").right().drop(3),
    Column::new("TOKENS").right().drop(4),
    Column::new("TARGET").cut(16).drop(1),
];

fn remind(printer: &Printer, seen: &[DeclaredServer]) {
    for each in seen {
        if let Some(failure) = &each.failure
            && each.state != ServerState::NotApproved
        {
            printer.note(&in_short(failure));
        }
    }
    if seen
        .iter()
        .any(|each| each.state == ServerState::NotApproved)
    {
        printer.note("approve what you trust: synapse hub approve SERVER");
    }
}

fn row(view: &HubServerView) -> Vec<String> {
    let number = |value: Option<u64>| value.map_or_else(|| "-".to_owned(), |each| each.to_string());
    vec![
        printable_line(&view.name),
        view.state.to_owned(),
        view.transport.unwrap_or("-").to_owned(),
        number(view.tools),
        number(view.estimated_tokens),
        printable_line(view.target.as_deref().unwrap_or("-")),
    ]
}

fn chosen(
    hub: &Configured,
    all: Vec<StoredUpstream>,
    server: Option<&str>,
) -> Result<Vec<StoredUpstream>, Failure> {
    match server {
        Some(name) => hub.stored(name).map(|stored| vec![stored]),
        None => Ok(all),
    }
}
