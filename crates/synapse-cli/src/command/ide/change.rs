//! `synapse ide install`, `remove` and `undo`: show the change, ask, make it.

use std::io::{self, IsTerminal as _};

use synapse_core::document::{IdeChangeDocument, IdeChangeView};
use synapse_core::error::{Code, Failure};
use synapse_core::ports::Clock as _;
use synapse_core::redact::printable;
use synapse_ide::{Action, Applied, Change, Client, Replace, Scope};

use super::{CommandError, Context, entry, journal, machine};
use crate::args::{Consent, IdeInstallArguments, IdeRemoveArguments};
use crate::output::Printer;
use crate::prompt;
use crate::system::SystemClock;

pub(super) fn install(
    context: &Context,
    arguments: &IdeInstallArguments,
) -> Result<(), CommandError> {
    let machine = machine(&context.environment, arguments.place.project.as_deref())?;
    let entry = entry(context, arguments.connection.as_deref())?;
    let replace = if arguments.force {
        Replace::Foreign
    } else {
        Replace::OwnOnly
    };
    let client = arguments.client;
    let change = synapse_ide::install(client, &machine, arguments.place.scope(), &entry, replace)?;
    make(context, &change, arguments.consent.into())
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
    let change = synapse_ide::remove(client, &machine, scope, &entry, &journal)?;
    make(context, &change, arguments.consent.into())
}

pub(super) fn undo(
    context: &Context,
    client: Option<&Client>,
    consent: Consent,
) -> Result<(), CommandError> {
    let change = journal(&context.environment)?.undo(client)?;
    make(context, &change, consent)
}

/// Shows the change, asks when nobody has answered yet, and makes it.
fn make(context: &Context, change: &Change, consent: Consent) -> Result<(), CommandError> {
    let printer = &context.printer;
    for warning in change.warnings() {
        printer.note(&format!("warning: {}", printable(warning)));
    }
    if change.action() == Action::Nothing || consent == Consent::DryRun {
        show(printer, change);
        return Ok(());
    }
    if consent == Consent::Open && !agreed(printer, change)? {
        printer.note("nothing was written");
        return Ok(());
    }
    let journal = journal(&context.environment)?;
    let applied = journal.apply(change, SystemClock::new().now())?;
    if printer.is_json() {
        printer.document(&document(change, Some(&applied)));
        return Ok(());
    }
    let file = printable(&change.file().to_string_lossy());
    printer.line(&match change.action() {
        Action::Create => format!("made {file} with the entry"),
        Action::Add => format!("added the entry to {file}"),
        Action::Update => format!("updated the entry in {file}"),
        Action::Replace => format!("replaced the entry in {file}"),
        Action::Remove => format!("removed the entry from {file}"),
        _ => format!("gave {file} back what it had before"),
    });
    if let Some(backup) = &applied.backup {
        printer.note(&format!("backup: {}", backup.display()));
    }
    let id = change.client().id();
    if !matches!(change.action(), Action::Remove | Action::Undo) {
        printer.note(&format!("next: {}", change.client().next_step()));
        let scope = match change.scope() {
            Scope::User => "",
            Scope::Project => " --scope project",
        };
        printer.note(&format!("what it will see: synapse ide check {id}{scope}"));
    }
    if change.action() != Action::Undo {
        printer.note(&format!("to take it back: synapse ide undo {id}"));
    }
    Ok(())
}

/// Prints a change that is not made.
fn show(printer: &Printer, change: &Change) {
    if printer.is_json() {
        printer.document(&document(change, None));
        return;
    }
    if change.action() == Action::Nothing {
        let file = printable(&change.file().to_string_lossy());
        printer.line(&format!("{file} has the entry already"));
        return;
    }
    printer.exactly(&change.diff());
    printer.note("nothing was written");
}

/// Asks the person at the terminal.
///
/// # Errors
/// `usage.invalid-arguments` when there is nobody to ask.
fn agreed(printer: &Printer, change: &Change) -> Result<bool, Failure> {
    let somebody = io::stdin().is_terminal() && io::stderr().is_terminal();
    if printer.is_json() || !somebody {
        return Err(Failure::new(
            Code::UsageInvalidArguments,
            format!(
                "{} would be changed, and there is nobody to ask",
                printable(&change.file().to_string_lossy())
            ),
        )
        .hint("pass --yes to write it, or --dry-run to look first"));
    }
    printer.note(change.diff().trim_end());
    if let Some(target) = change.target() {
        let target = printable(&target.to_string_lossy());
        printer.note(&format!("the file is a link to {target}"));
    }
    Ok(prompt::agreed(printer, "Write this?"))
}

fn document(change: &Change, applied: Option<&Applied>) -> IdeChangeDocument {
    let backup = applied.and_then(|applied| applied.backup.as_ref());
    IdeChangeDocument::new(IdeChangeView {
        client: change.client().id(),
        scope: change.scope().as_str(),
        file: change.file().display().to_string(),
        target: change.target().map(|target| target.display().to_string()),
        action: change.action().as_str(),
        dry_run: applied.is_none() && change.action() != Action::Nothing,
        diff: change.diff(),
        backup: backup.map(|backup| backup.display().to_string()),
        warnings: change.warnings().to_vec(),
        next: change.client().next_step(),
    })
}
