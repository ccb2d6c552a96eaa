//! `synapse ide list`: one line per place that each client reads.

use std::path::Path;

use synapse_core::document::{ErrorView, IdeClientView, IdeDocument, IdeFileView};
use synapse_core::error::Failure;
use synapse_core::redact::printable;
use synapse_ide::{CLIENTS, Client, EntryState, PlaceState, is_detected, states};

use super::{CommandError, Context, entry, machine};
use crate::output::{CommandLines, table};

pub(super) fn run(context: &Context, project: Option<&Path>) -> Result<(), CommandError> {
    let printer = &context.printer;
    let clients = seen(context, project)?;
    if printer.is_json() {
        let clients = clients.iter().map(view).collect();
        printer.document(&IdeDocument::new(clients));
        return Ok(());
    }
    let rows = clients.iter().flat_map(rows).collect();
    let headers = [
        "CLIENT", "NAME", "DETECTED", "SCOPE", "ENTRY", "FILE", "NOTE",
    ];
    printer.line(&table(&headers, &[], rows));
    for failure in clients.iter().flat_map(failures) {
        printer.warning(failure);
    }
    Ok(())
}

/// Every client and what its files say.
pub(in crate::command) fn views(
    context: &Context,
    project: Option<&Path>,
) -> Result<Vec<IdeClientView>, Failure> {
    Ok(seen(context, project)?.iter().map(view).collect())
}

fn seen(context: &Context, project: Option<&Path>) -> Result<Vec<Seen>, Failure> {
    let machine = machine(&context.environment, project)?;
    let entry = entry(context, None)?;
    let seen = |client| Seen {
        client,
        detected: is_detected(client, &machine),
        places: states(client, &machine, &entry),
    };
    Ok(CLIENTS.iter().map(seen).collect())
}

struct Seen {
    client: &'static Client,
    detected: bool,
    places: Vec<PlaceState>,
}

fn rows(seen: &Seen) -> Vec<Vec<String>> {
    let client = seen.client;
    let detected = if seen.detected { "yes" } else { "no" };
    let row = |rest: [String; 4]| {
        let [scope, state, file, note] = rest;
        let id = client.id().to_owned();
        vec![
            id,
            client.title().to_owned(),
            detected.to_owned(),
            scope,
            state,
            file,
            note,
        ]
    };
    if !client.has_files() {
        return vec![row(["-".into(), "paste".into(), "-".into(), String::new()])];
    }
    let places = seen.places.iter().map(|place| {
        row([
            place.scope.to_string(),
            place.state.as_str().to_owned(),
            printable(&place.file.to_string_lossy()),
            printable(&place.notes.join("; ")),
        ])
    });
    let rows: Vec<_> = places.collect();
    if rows.is_empty() {
        return vec![row([
            "-".into(),
            "not here".into(),
            "-".into(),
            String::new(),
        ])];
    }
    rows
}

fn failures(seen: &Seen) -> impl Iterator<Item = &Failure> {
    seen.places.iter().filter_map(|place| match &place.state {
        EntryState::Broken(failure) => Some(failure.as_ref()),
        _ => None,
    })
}

fn view(seen: &Seen) -> IdeClientView {
    IdeClientView {
        client: seen.client.id(),
        title: seen.client.title(),
        detected: seen.detected,
        link: seen.client.has_link(),
        verified: seen.client.verified(),
        source: seen.client.source(),
        files: seen
            .places
            .iter()
            .map(|place| IdeFileView {
                scope: place.scope.as_str(),
                file: place.file.display().to_string(),
                state: place.state.as_str(),
                wins: place.wins,
                notes: place.notes.clone(),
                error: match &place.state {
                    EntryState::Broken(failure) => Some(ErrorView::new(failure, &CommandLines)),
                    _ => None,
                },
            })
            .collect(),
    }
}
