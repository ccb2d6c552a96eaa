//! `synapse ide install`, `remove` and `undo`: shows the change, asks, and makes it.

use std::io::{self, IsTerminal as _};

use synapse_core::error::{Code, Failure, Remedy};
use synapse_core::ports::Clock as _;
use synapse_core::redact::printable;
use synapse_documents::{IdeChangeDocument, IdeChangeView};
use synapse_ide::{
    Action, Applied, CLIENTS, Client, EntryState, FileChange, Keep, Machine, Replace, Scope,
    is_detected,
};

use super::{CommandError, Context, entry, journal, machine, takes};
use crate::args::{Consent, IdeInstallArguments, IdeRemoveArguments};
use crate::output::{CommandLines, Printer, command_line};
use crate::prompt;
use crate::system::SystemClock;

pub(super) fn install(
    context: &Context,
    arguments: &IdeInstallArguments,
) -> Result<(), CommandError> {
    let machine = machine(&context.environment, arguments.place.project.as_deref())?;
    let mut entry = entry(context, arguments.connection.as_deref())?;
    if !arguments.tools.is_empty() {
        let tools: Vec<&str> = arguments.tools.iter().map(|tool| tool.as_str()).collect();
        entry = entry.with_tools(tools.join(","));
    }
    if arguments.read_only {
        entry = entry.read_only();
    }
    for name in &arguments.env {
        entry = entry.with_variable(name)?;
    }
    let replace = if arguments.force {
        Replace::Foreign
    } else {
        Replace::OwnOnly
    };
    let keep = if arguments.reset {
        Keep::Nothing
    } else {
        Keep::Settings
    };
    let scope = arguments.place.scope();
    let install = |client: &'static Client| -> Result<FileChange, Failure> {
        let change = synapse_ide::install(client, &machine, scope, &entry, replace, keep)?;
        // New arguments must not produce an entry that fails to start; problems of existing ones
        // are reported.
        if let Err(failure) = takes(change.arguments()) {
            if arguments.read_only || !arguments.tools.is_empty() {
                return Err(failure);
            }
            context.printer.warning(&failure);
        }
        Ok(change)
    };
    let consent = arguments.consent.into();
    match arguments.client {
        Some(client) => make(context, &[install(client)?], consent),
        None => make_each(context, &machine, scope, install, consent),
    }
}

/// Writes the entry of every client that is found here and has a file for it. A client whose file
/// cannot be changed does not affect the others; its failure is reported, and is that of the
/// command.
fn make_each(
    context: &Context,
    machine: &Machine,
    scope: Scope,
    install: impl Fn(&'static Client) -> Result<FileChange, Failure>,
    consent: Consent,
) -> Result<(), CommandError> {
    let printer = &context.printer;
    let found = CLIENTS
        .iter()
        .filter(|client| is_detected(client, machine) && client.file(machine, scope).is_some());
    let (mut changes, mut refused) = (Vec::new(), None);
    for client in found {
        match install(client) {
            Ok(change) => changes.push(change),
            Err(failure) => {
                printer.note(&format!("{client}:"));
                printer.failure(&failure);
                refused = refused.or(Some(failure.code()));
            }
        }
    }
    if !changes.is_empty() {
        make(context, &changes, consent)?;
    } else if refused.is_none() {
        return Err(Failure::new(
            Code::UsageInvalidArguments,
            "no client is found here that has a file for the entry",
        )
        .remedy("see the clients", &Remedy::ListEntries)
        .into());
    }
    match refused {
        Some(code) => Err(CommandError::Reported(code)),
        None => Ok(()),
    }
}

pub(super) fn remove(
    context: &Context,
    arguments: &IdeRemoveArguments,
) -> Result<(), CommandError> {
    let machine = machine(&context.environment, arguments.place.project.as_deref())?;
    let entry = entry(context, None)?;
    let journal = journal(&context.environment)?;
    let client = arguments.client;
    let scope = arguments.place.scope();
    let changes = synapse_ide::remove(client, &machine, scope, &entry, &journal)?;
    make(context, &changes, arguments.consent.into())?;
    // Another scope is a separate decision, so it is only named.
    let others = [Scope::User, Scope::Local, Scope::Project]
        .into_iter()
        .filter(|other| *other != scope);
    for other in others {
        let left = synapse_ide::states(client, &machine, &entry)
            .into_iter()
            .filter(|place| place.scope == other)
            .find(|place| matches!(place.state, EntryState::Current | EntryState::Stale));
        if let Some(left) = left {
            let remove = Remedy::RemoveEntry {
                client: client.id().to_owned(),
                scope: other,
            };
            context.printer.note(&format!(
                "{} still has an entry: {}",
                printable(&left.file.to_string_lossy()),
                command_line(&remove)
            ));
        }
    }
    Ok(())
}

pub(super) fn undo(
    context: &Context,
    client: Option<&Client>,
    consent: Consent,
) -> Result<(), CommandError> {
    let entry = entry(context, None)?;
    let change = journal(&context.environment)?.undo(client, &entry)?;
    make(context, &[change], consent)
}

/// Shows the changes, asks unless already answered, and makes them.
fn make(context: &Context, changes: &[FileChange], consent: Consent) -> Result<(), CommandError> {
    let printer = &context.printer;
    for change in changes {
        for warning in change.warnings() {
            let warning = warning.sentence(&CommandLines);
            printer.note(&format!("warning: {}", printable(&warning)));
        }
        for note in change.notes() {
            printer.note(&printable(note));
        }
        if let Some(target) = change.target() {
            let target = printable(&target.to_string_lossy());
            printer.note(&format!("the file is a link to {target}"));
        }
    }
    let is_nothing = changes
        .iter()
        .all(|change| change.action() == Action::Nothing);
    if is_nothing || consent == Consent::DryRun {
        show(printer, changes);
        return Ok(());
    }
    if consent == Consent::Open && !agreed(printer, changes)? {
        printer.note("nothing was written");
        return Ok(());
    }
    let journal = journal(&context.environment)?;
    let mut made = Vec::with_capacity(changes.len());
    for change in changes {
        if change.action() == Action::Nothing {
            if !printer.is_json() {
                printer.line(&there_already(change));
            }
            made.push((change, None));
            continue;
        }
        let applied = journal.apply(change, SystemClock::new().now())?;
        if !printer.is_json() {
            tell(printer, change, &applied);
        }
        made.push((change, Some(applied)));
    }
    if printer.is_json() {
        printer.document(&document(&made));
    }
    Ok(())
}

/// Makes a change that was shown and accepted.
pub(in crate::command) fn applied(context: &Context, change: &FileChange) -> Result<(), Failure> {
    let journal = journal(&context.environment)?;
    journal.apply(change, SystemClock::new().now()).map(drop)
}

/// Reports the change.
fn tell(printer: &Printer, change: &FileChange, applied: &Applied) {
    let file = printable(&change.file().to_string_lossy());
    printer.line(&match change.action() {
        Action::Create => format!("made {file} with the entry"),
        Action::Add => format!("added the entry to {file}"),
        Action::Update => format!("updated the entry in {file}"),
        Action::Replace => format!("replaced the entry in {file}"),
        Action::Remove => format!("removed the entry from {file}"),
        _ => format!("restored {file}"),
    });
    if let Some(backup) = &applied.backup {
        printer.note(&format!(
            "backup: {} (it holds what the file held, keys of other servers too)",
            backup.display()
        ));
    }
    let client = change.client().id().to_owned();
    if !matches!(change.action(), Action::Remove | Action::Undo) {
        printer.note(&format!("next: {}", change.client().next_step()));
        let scope = change.scope();
        let client = client.clone();
        let check = command_line(&Remedy::CheckEntry { client, scope });
        printer.note(&format!("what it will see: {check}"));
    }
    if change.action() != Action::Undo {
        let undo = command_line(&Remedy::UndoEntry { client });
        printer.note(&format!("to undo: {undo}"));
    }
}

/// Prints changes without making them.
fn show(printer: &Printer, changes: &[FileChange]) {
    if printer.is_json() {
        let shown: Vec<_> = changes.iter().map(|change| (change, None)).collect();
        printer.document(&document(&shown));
        return;
    }
    for change in changes {
        if change.action() == Action::Nothing {
            printer.line(&there_already(change));
            continue;
        }
        printer.exactly(&change.diff());
    }
    printer.note("nothing was written");
}

fn changing(changes: &[FileChange]) -> impl Iterator<Item = &FileChange> {
    let is_change = |change: &&FileChange| change.action() != Action::Nothing;
    changes.iter().filter(is_change)
}

fn there_already(change: &FileChange) -> String {
    let file = printable(&change.file().to_string_lossy());
    format!("{file} already has the entry")
}

/// Asks the user at the terminal.
///
/// # Errors
/// `usage.invalid-arguments` when no question can be asked.
fn agreed(printer: &Printer, changes: &[FileChange]) -> Result<bool, Failure> {
    let somebody = io::stdin().is_terminal() && io::stderr().is_terminal();
    if printer.is_json() || !somebody {
        let files: Vec<String> = changing(changes)
            .map(|change| printable(&change.file().to_string_lossy()))
            .collect();
        return Err(Failure::new(
            Code::UsageInvalidArguments,
            format!(
                "{} would be changed, but confirming that needs a terminal",
                files.join(", ")
            ),
        )
        .remedy(
            "pass --yes to write it, or --dry-run to look first",
            &Remedy::AddFlag {
                flag: "--yes".into(),
            },
        ));
    }
    for change in changing(changes) {
        printer.note(change.diff().trim_end());
    }
    Ok(prompt::agreed(printer, "Write this?"))
}

/// The document of the first change, with the others nested in it.
fn document(changes: &[(&FileChange, Option<Applied>)]) -> IdeChangeDocument {
    let mut views = changes
        .iter()
        .map(|(change, applied)| view(change, applied.as_ref()));
    let first = views.next().unwrap_or_default();
    IdeChangeDocument::new(IdeChangeView {
        also: views.collect(),
        ..first
    })
}

fn view(change: &FileChange, applied: Option<&Applied>) -> IdeChangeView {
    let backup = applied.and_then(|applied| applied.backup.as_ref());
    IdeChangeView {
        client: change.client().id(),
        scope: change.scope().as_str(),
        file: change.file().display().to_string(),
        target: change.target().map(|target| target.display().to_string()),
        action: change.action().as_str(),
        dry_run: applied.is_none() && change.action() != Action::Nothing,
        diff: change.diff(),
        backup: backup.map(|backup| backup.display().to_string()),
        warnings: change
            .warnings()
            .iter()
            .map(|warning| warning.sentence(&CommandLines))
            .collect(),
        next: change.client().next_step(),
        notes: change.notes().to_vec(),
        also: Vec::new(),
    }
}
