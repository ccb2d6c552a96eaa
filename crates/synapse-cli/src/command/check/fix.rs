//! The repairs of `--fix`: makes our files private, removes unfinished files, and updates our
//! entries. No repair removes anything of the user's, and each is shown before it is made.

use std::io::{self, IsTerminal as _};
use std::path::Path;

use synapse_core::error::{Code, Failure, Remedy};
use synapse_core::ports::{Clock as _, ConnectionStore as _};
use synapse_core::redact::printable;
use synapse_documents::FixView;
use synapse_ide::{CLIENTS, EntryState, FileChange, Keep, Replace, states};
use synapse_secrets::Mend;

use super::subjects::Subjects;
use crate::args::Consent;
use crate::command::{CommandError, Context, ide};
use crate::output::{Printer, command_line};
use crate::system::SystemClock;
use crate::{compose, prompt};

/// The repairs found by the checks.
pub(super) struct Fixes {
    all: Vec<Fix>,
    /// Whether they were only found, shown, or made.
    state: FixState,
}

struct Fix {
    what: String,
    command: String,
    work: Repair,
    done: bool,
}

enum Repair {
    Mend(Mend),
    Entry(Box<FileChange>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FixState {
    Found,
    Shown,
    Made,
}

impl Fixes {
    /// Finds repairs. Changes nothing.
    ///
    /// # Errors
    /// `storage.unavailable` when no home directory is known.
    pub(super) fn offered(
        context: &Context,
        subjects: &Subjects,
        project: Option<&Path>,
    ) -> Result<Self, Failure> {
        let mut all = Vec::new();
        if subjects.are_all() {
            let mends = compose::secrets(context)?.inspect_home().mends;
            all.extend(mends.into_iter().map(Fix::mend));
        }
        all.extend(keys(context, subjects)?.into_iter().map(Fix::mend));
        all.extend(entries(context, subjects, project)?);
        all.dedup_by(|one, other| one.command == other.command);
        Ok(Self {
            all,
            state: FixState::Found,
        })
    }

    /// Shows the repairs, asks unless already answered, and makes them; then makes those that
    /// `again` finds.
    ///
    /// # Errors
    /// `usage.invalid-arguments` when no question can be asked; `storage.*` and `ide.*` of the first
    /// repair that fails, which ends the repairs.
    pub(super) fn make(
        &mut self,
        context: &Context,
        consent: Consent,
        again: impl Fn() -> Result<Self, Failure>,
    ) -> Result<(), CommandError> {
        if self.all.is_empty() {
            self.state = FixState::Made;
            context.printer.note("nothing to repair");
            return Ok(());
        }
        self.round(context, consent)?;
        if self.state != FixState::Made {
            return Ok(());
        }
        // An unusable home directory hid the repairs within it.
        let mut more = again()?;
        more.all
            .retain(|fix| !self.all.iter().any(|done| done.command == fix.command));
        if !more.all.is_empty() {
            more.round(context, consent)?;
            self.all.append(&mut more.all);
        }
        Ok(())
    }

    fn round(&mut self, context: &Context, consent: Consent) -> Result<(), CommandError> {
        let printer = &context.printer;
        if consent == Consent::Open && !somebody_is_there(printer) {
            return Err(Failure::new(
                Code::UsageInvalidArguments,
                format!(
                    "{} would be repaired, but confirming that needs a terminal",
                    self.count()
                ),
            )
            .remedy(
                "pass --yes to do it, or --dry-run to look first",
                &Remedy::AddFlag {
                    flag: "--yes".into(),
                },
            )
            .into());
        }
        for fix in &self.all {
            fix.show(printer);
        }
        self.state = FixState::Shown;
        if consent == Consent::DryRun {
            printer.note("nothing was done");
            return Ok(());
        }
        if consent == Consent::Open && !prompt::agreed(printer, "Do this?") {
            printer.note("nothing was done");
            return Ok(());
        }
        for fix in &mut self.all {
            fix.make(context)?;
        }
        self.state = FixState::Made;
        Ok(())
    }

    /// Reports the number of repairs, when they were not shown.
    pub(super) fn remind(&self, printer: &Printer, subjects: &[String]) {
        if self.state != FixState::Found || self.all.is_empty() {
            return;
        }
        let words: String = subjects.iter().map(|name| format!(" {name}")).collect();
        printer.note(&format!(
            "{} can be repaired without harm: synapse check{} --fix",
            self.count(),
            printable(&words)
        ));
    }

    pub(super) fn views(&self) -> Vec<FixView> {
        let view = |fix: &Fix| FixView {
            what: fix.what.clone(),
            command: fix.command.clone(),
            done: fix.done,
        };
        self.all.iter().map(view).collect()
    }

    fn count(&self) -> String {
        match self.all.len() {
            1 => "1 thing".to_owned(),
            count => format!("{count} things"),
        }
    }
}

impl Fix {
    fn mend(mend: Mend) -> Self {
        Self {
            what: mend.what(),
            command: mend.command(),
            work: Repair::Mend(mend),
            done: false,
        }
    }

    fn show(&self, printer: &Printer) {
        printer.note(&printable(&format!("{}: {}", self.what, self.command)));
        if let Repair::Entry(change) = &self.work {
            printer.note(change.diff().trim_end());
        }
    }

    fn make(&mut self, context: &Context) -> Result<(), Failure> {
        match &self.work {
            Repair::Mend(mend) => mend.apply()?,
            Repair::Entry(change) => {
                let journal = ide::journal(&context.environment)?;
                journal.apply(change, SystemClock::new().now())?;
            }
        }
        self.done = true;
        Ok(())
    }
}

/// Key files of the checked connections that other users can access.
fn keys(context: &Context, subjects: &Subjects) -> Result<Vec<Mend>, Failure> {
    let chosen =
        |name: &str| subjects.are_all() || subjects.connections().iter().any(|each| each == name);
    // The check reports a file that cannot be read.
    let stored = compose::connections(context)?.load().unwrap_or_default();
    let secrets = compose::secrets(context)?;
    Ok(stored
        .iter()
        .filter(|stored| chosen(stored.name.as_str()))
        .filter_map(|stored| {
            let connection = stored.connection.as_ref().ok()?;
            let file = secrets.file(connection.credential.as_ref()?)?;
            Mend::closing(&file)
        })
        .collect())
}

/// Our outdated entries. The check reports an entry that cannot be changed.
fn entries(
    context: &Context,
    subjects: &Subjects,
    project: Option<&Path>,
) -> Result<Vec<Fix>, Failure> {
    let machine = ide::machine(&context.environment, project)?;
    let entry = ide::entry(context, None)?;
    let mut fixes = Vec::new();
    let named = subjects.clients();
    let clients = CLIENTS
        .iter()
        .filter(|client| subjects.are_all() || named.iter().any(|each| each.id() == client.id()));
    for client in clients {
        for place in states(client, &machine, &entry) {
            if place.state != EntryState::Stale {
                continue;
            }
            let scope = place.scope;
            let change = synapse_ide::install(
                client,
                &machine,
                scope,
                &entry,
                Replace::OwnOnly,
                Keep::Settings,
            );
            let Ok(change) = change else {
                continue;
            };
            // Install does not write to another file of the same scope.
            if change.file() != place.file || ide::takes(change.arguments()).is_err() {
                continue;
            }
            let remedy = Remedy::InstallEntry {
                client: Some(client.id().to_owned()),
                scope,
            };
            fixes.push(Fix {
                what: format!("bring the entry of {client} up to date"),
                command: command_line(&remedy),
                work: Repair::Entry(Box::new(change)),
                done: false,
            });
        }
    }
    Ok(fixes)
}

fn somebody_is_there(printer: &Printer) -> bool {
    !printer.is_json() && io::stdin().is_terminal() && io::stderr().is_terminal()
}
