//! The detected IDEs: which of them get the entry, the changes of their files, and the check of
//! each.

use synapse_core::check::{CheckOutcome, Finding};
use synapse_core::error::{Code, Failure, Help, Remedy};
use synapse_core::nearest::nearest;
use synapse_core::redact::printable;
use synapse_ide::{
    Action, CLIENTS, CheckReport, Client, EntryState, FileChange, Keep, Machine, Replace, Scope,
    is_detected, states,
};

use super::{Setup, Stop};
use crate::command::ide::{change, check, entry, machine};
use crate::output::{CommandLines, in_short, outcome_line};
use crate::prompt::Usual;

impl Setup<'_> {
    /// Writes the entry of the chosen clients and checks it as each of them would start it.
    pub(super) fn ides(&mut self) -> Result<(), Stop> {
        self.step = "the IDEs";
        self.note("");
        let machine = machine(&self.context.environment, None)?;
        let chosen = if !self.given.ides.is_empty() {
            self.named(&machine)?
        } else {
            self.chosen(&machine)?
        };
        let mut changes = Vec::new();
        for client in &chosen {
            match self.change(client, &machine) {
                Ok(change) => changes.push(change),
                // A file that cannot be changed does not affect the others.
                Err(failure) if self.asker.is_some() => self.printer().warning(&failure),
                Err(failure) => return Err(failure.into()),
            }
        }
        if self.write(&changes)? {
            self.checks(&changes)
        } else {
            Ok(())
        }
    }

    /// The clients that flags name.
    fn named(&self, machine: &Machine) -> Result<Vec<&'static Client>, Failure> {
        let mut clients = Vec::new();
        for word in &self.given.ides {
            match word.as_str() {
                "none" => {}
                "detected" => {
                    self.none_found(machine);
                    clients.extend(found(machine));
                }
                name => clients.push(Client::named(name).ok_or_else(|| unknown(name))?),
            }
        }
        Ok(clients)
    }

    fn none_found(&self, machine: &Machine) {
        if found(machine).is_empty() {
            self.note("No MCP client was found on this machine.");
        }
    }

    fn chosen(&self, machine: &Machine) -> Result<Vec<&'static Client>, Stop> {
        let Some(asker) = &self.asker else {
            return Ok(Vec::new());
        };
        let own = entry(self.context, None)?;
        let mut offered = Vec::new();
        for client in found(machine) {
            let user = states(client, machine, &own);
            let mut user = user.iter().filter(|place| place.scope == Scope::User);
            if user.any(|place| place.state == EntryState::Current) {
                self.note(&format!("{} already has the entry", client.title()));
            } else {
                offered.push(client);
            }
        }
        if offered.is_empty() {
            self.none_found(machine);
            self.note("any client, any time: synapse ide install CLIENT");
            return Ok(Vec::new());
        }
        let options: Vec<String> = offered
            .iter()
            .map(|client| {
                let file = client.file(machine, Scope::User);
                let file = file.map(|file| self.short(&file));
                format!("{:<18}  {}", client.title(), file.unwrap_or_default())
            })
            .collect();
        let marked = asker.several_of("Which of these get Synapse?", &options)?;
        let chosen = marked.into_iter();
        Ok(chosen
            .filter_map(|index| offered.get(index).copied())
            .collect())
    }

    fn change(&self, client: &'static Client, machine: &Machine) -> Result<FileChange, Failure> {
        let own = entry(self.context, None)?;
        let (replace, keep) = (Replace::OwnOnly, Keep::Settings);
        synapse_ide::install(client, machine, Scope::User, &own, replace, keep)
    }

    /// Shows every change, asks once, and makes them; `false` when the user declines.
    fn write(&mut self, changes: &[FileChange]) -> Result<bool, Stop> {
        let to_make: Vec<&FileChange> = changes
            .iter()
            .filter(|change| change.action() != Action::Nothing)
            .collect();
        if to_make.is_empty() {
            return Ok(true);
        }
        for change in &to_make {
            for warning in change.warnings() {
                let warning = warning.sentence(&CommandLines);
                self.note(&format!("warning: {}", printable(&warning)));
            }
            self.printer().note(printable(&change.diff()).trim_end());
            self.same_as(&format!("synapse ide install {}", change.client().id()));
        }
        if let Some(asker) = &self.asker {
            let question = match to_make.len() {
                1 => "Write this file?".to_owned(),
                count => format!("Write these {count} files?"),
            };
            if !asker.agrees(&question, Usual::No)? {
                self.note("no client was changed");
                return Ok(false);
            }
        }
        for change in to_make {
            change::applied(self.context, change)?;
            let file = self.short(change.file());
            self.written.push(format!("the entry in {file}"));
            let title = change.client().title();
            self.printer()
                .line(&format!("wrote the entry of {title} to {file}"));
            self.note(&format!("  next: {}", change.client().next_step()));
        }
        Ok(true)
    }

    /// One line for each client, and every step of one that fails.
    fn checks(&mut self, changes: &[FileChange]) -> Result<(), Stop> {
        self.step = "the check of the IDEs";
        for change in changes {
            let client = change.client();
            let report = check::examined_client(self.context, client)?;
            match report.failure() {
                None => self.note(&outcome_line(
                    CheckOutcome::Ok,
                    client.id(),
                    WIDTHS,
                    &seen(&report),
                )),
                Some(failure) => {
                    self.note(&outcome_line(
                        CheckOutcome::Fail,
                        client.id(),
                        WIDTHS,
                        &in_short(failure),
                    ));
                    self.printer().warning(failure);
                }
            }
            self.same_as(&format!("synapse ide check {}", client.id()));
        }
        Ok(())
    }
}

/// The clients detected on this machine whose file can be changed.
fn found(machine: &Machine) -> Vec<&'static Client> {
    let all = CLIENTS.iter().filter(|client| client.has_files());
    all.filter(|client| is_detected(client, machine)).collect()
}

/// The result of a check, in one line.
fn seen(report: &CheckReport) -> String {
    let tools = report.tools.as_ref().map(Vec::len);
    let doubts = report
        .checks
        .iter()
        .filter(|check| matches!(check.finding, Finding::Warn(_) | Finding::Doubt(_)));
    let tools = tools.map_or_else(String::new, |count| format!(" and offers {count} tools"));
    match doubts.count() {
        0 => format!("its entry starts{tools}"),
        1 => format!("its entry starts{tools}; one warning"),
        more => format!("its entry starts{tools}; {more} warnings"),
    }
}

fn unknown(name: &str) -> Failure {
    let known = CLIENTS.iter().map(Client::id);
    let failure = Failure::new(
        Code::UsageInvalidArguments,
        format!("`{}` is not a known client", printable(name)),
    );
    match nearest(name, known) {
        Some(near) => failure.hint(format!("did you mean `{near}`?")),
        None => failure.remedy("see them all", &Remedy::ListEntries),
    }
    .remedy("see the flags", &Remedy::ReadHelp { of: Help::Setup })
}

const WIDTHS: [usize; 2] = [4, 12];
