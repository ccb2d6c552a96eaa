//! `synapse ide list`: one line per file that each client reads.

use std::path::Path;

use synapse_core::error::Failure;
use synapse_documents::{ErrorView, IdeClientView, IdeDocument, IdeFileView};
use synapse_ide::{CLIENTS, Client, EntryState, PlaceState, is_detected, states};

use super::{CommandError, Context, entry, machine};
use crate::output::{Column, CommandLines, Printer, listing};

/// The clients to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// Those that are found here or have our entry.
    Here,
    /// Those first, then the others.
    All,
}

impl From<bool> for Which {
    fn from(all: bool) -> Self {
        if all { Self::All } else { Self::Here }
    }
}

pub(super) fn run(
    context: &Context,
    project: Option<&Path>,
    which: Which,
) -> Result<(), CommandError> {
    let printer = &context.printer;
    let clients = seen(context, project)?;
    if printer.is_json() {
        let clients = clients.iter().map(view).collect();
        printer.document(&IdeDocument::new(clients));
        return Ok(());
    }
    let (here, elsewhere): (Vec<&ListedClient>, Vec<&ListedClient>) =
        clients.iter().partition(|each| each.is_here());
    let shown = match which {
        Which::Here => here,
        Which::All => [here, elsewhere.clone()].concat(),
    };
    let home = context.environment.user_home();
    if !shown.is_empty() {
        let rows = shown.iter().flat_map(|each| rows(each, home)).collect();
        printer.line(&listing(&COLUMNS, rows));
    }
    if which == Which::Here && !elsewhere.is_empty() {
        printer.note(&match shown.len() {
            0 => format!("none of {} clients was found here", elsewhere.len()),
            _ => format!("{} more clients are not found here", elsewhere.len()),
        });
        printer.note("see them all: synapse ide list --all");
    }
    for failure in shown.iter().copied().flat_map(failures) {
        printer.warning(failure);
    }
    Ok(())
}

const COLUMNS: [Column<'static>; 7] = [
    Column::new("CLIENT"),
    Column::new("NAME").cut(10).drop(3),
    Column::new("DETECTED").drop(2),
    Column::new("SCOPE"),
    Column::new("ENTRY"),
    Column::new("FILE").cut_front(16),
    Column::new("NOTE").cut(8).drop(1),
];

/// Every client and its entries.
pub(in crate::command) fn views(
    context: &Context,
    project: Option<&Path>,
) -> Result<Vec<IdeClientView>, Failure> {
    Ok(seen(context, project)?.iter().map(view).collect())
}

fn seen(context: &Context, project: Option<&Path>) -> Result<Vec<ListedClient>, Failure> {
    let machine = machine(&context.environment, project)?;
    let entry = entry(context, None)?;
    let seen = |client| ListedClient {
        client,
        detected: is_detected(client, &machine),
        places: states(client, &machine, &entry),
    };
    Ok(CLIENTS.iter().map(seen).collect())
}

struct ListedClient {
    client: &'static Client,
    detected: bool,
    places: Vec<PlaceState>,
}

impl ListedClient {
    /// Whether the client or our entry is found here.
    fn is_here(&self) -> bool {
        let says_nothing =
            |place: &PlaceState| matches!(place.state, EntryState::NoFile | EntryState::Absent);
        self.detected || !self.places.iter().all(says_nothing)
    }
}

/// A path in its short form for people.
fn shown(path: &Path, home: Option<&Path>) -> String {
    let below = home.and_then(|home| path.strip_prefix(home).ok());
    match below {
        Some(below) if Printer::stdout_is_terminal() => format!("~/{}", below.to_string_lossy()),
        _ => path.to_string_lossy().into_owned(),
    }
}

fn rows(seen: &ListedClient, home: Option<&Path>) -> Vec<Vec<String>> {
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
            shown(&place.file, home),
            place.notes.join("; "),
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

fn failures(seen: &ListedClient) -> impl Iterator<Item = &Failure> {
    seen.places.iter().filter_map(|place| match &place.state {
        EntryState::Broken(failure) => Some(failure.as_ref()),
        _ => None,
    })
}

fn view(seen: &ListedClient) -> IdeClientView {
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
