//! `synapse ide check`: what the client would see, one line per step.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use synapse_core::check::{Check, CheckId, Finding};
use synapse_core::error::Failure;
use synapse_core::reach::within_reach;
use synapse_core::redact::printable;
use synapse_documents::{ErrorView, IdeCheckDocument, IdeCheckView, IdeServerView, IdeStepView};
use synapse_ide::{CheckReport, CheckedEntry, Client, Prompt, Scope};

use super::{CommandError, Context, entry, machine, running, takes};
use crate::args::IdeCheckArguments;
use crate::compose;
use crate::output::{CommandLines, Printer, STRONG, check_line, styled};
use crate::runtime::Runtime;
use crate::system::asked_to_stop;

pub(super) fn run(context: &Context, arguments: &IdeCheckArguments) -> Result<(), CommandError> {
    let printer = &context.printer;
    let report = examined(
        context,
        EntryProbe {
            scope: arguments.place.scope(),
            project: arguments.place.project.as_deref(),
            patience: arguments.patience(),
            ..EntryProbe::of(arguments.client)
        },
    )?;
    if printer.is_json() {
        printer.document(&document(&report));
    } else {
        human(printer, &report);
    }
    match report.failure() {
        None => Ok(()),
        Some(failure) => {
            printer.failure(failure);
            Err(CommandError::Reported(failure.code()))
        }
    }
}

/// The check of the user's entry for `client`.
pub(in crate::command) fn examined_client(
    context: &Context,
    client: &'static Client,
) -> Result<CheckReport, CommandError> {
    examined(context, EntryProbe::of(client))
}

fn examined(context: &Context, probe: EntryProbe<'_>) -> Result<CheckReport, CommandError> {
    Runtime::start()?.block_on(async {
        let waiting = context.printer.progress().begin(probe.client.to_string());
        // Dropping the check ends what it started.
        tokio::select! {
            report = waiting.until(probe.make(context)) => report.map_err(CommandError::from),
            Ok(()) = asked_to_stop() => Err(CommandError::Stopped),
        }
    })
}

/// Starts a client's entry as the client would.
#[derive(Debug, Clone, Copy)]
pub(in crate::command) struct EntryProbe<'a> {
    pub(in crate::command) client: &'static Client,
    pub(in crate::command) scope: Scope,
    pub(in crate::command) project: Option<&'a Path>,
    pub(in crate::command) patience: Option<Duration>,
    pub(in crate::command) prompt: Option<Prompt<'a>>,
}

impl EntryProbe<'_> {
    /// The user's entry, without a prompt.
    pub(in crate::command) const fn of(client: &'static Client) -> Self {
        Self {
            client,
            scope: Scope::User,
            project: None,
            patience: None,
            prompt: None,
        }
    }

    /// Starts the entry, talks to it and ends it, then checks the connections that it serves.
    ///
    /// # Errors
    /// `ide.not-supported`, `storage.*`; everything else is a finding.
    pub(in crate::command) async fn make(self, context: &Context) -> Result<CheckReport, Failure> {
        let machine = machine(&context.environment, self.project)?;
        let entry = entry(context, None)?;
        let running = running()?;
        let guard = compose::guard();
        let mut report = synapse_ide::check(CheckedEntry {
            client: self.client,
            machine: &machine,
            scope: self.scope,
            entry: &entry,
            running: &running,
            takes: &takes,
            guard: &guard,
            patience: self.patience,
            prompt: self.prompt,
        })
        .await?;
        connections(context, &mut report).await;
        Ok(report)
    }
}

/// Follows the entry to the connections that it serves and their secret stores, as a server started
/// by the client would see them.
async fn connections(context: &Context, report: &mut CheckReport) {
    let Some(variables) = report.environment.clone() else {
        return;
    };
    let theirs = context
        .environment
        .of_another(Arc::new(move |name| variables.value(name)));
    let home = match theirs.synapse_home() {
        Ok(home) => home,
        Err(failure) => {
            report.add(Check::new(CheckId::Connection, Finding::Fail(failure)));
            return;
        }
    };
    if let Ok(ours) = context.environment.synapse_home()
        && !is_same(&ours, &home)
    {
        report.differs_in_home(&home, &ours);
    }
    let store = compose::connections_in(&home);
    let secrets = compose::secrets_of(&theirs, &home);
    let pinned = report.connection.clone();
    for line in within_reach(&store, &secrets, pinned.as_deref()).await {
        report.add(line);
    }
}

/// Whether two paths lead to the same directory, which need not exist.
fn is_same(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    real(one) == real(other)
}

fn human(printer: &Printer, report: &CheckReport) {
    printer.line(&format!(
        "{} {}  {}",
        styled(STRONG, "Check"),
        report.client,
        printable(&report.file.to_string_lossy())
    ));
    for check in &report.checks {
        printer.wrapped(&check_line(check, [4, 10]));
    }
    if let Some(command) = &report.command {
        printer.line(&format!("command: {}", printable(&command.join(" "))));
    }
    if let Some(variables) = &report.variables {
        let names = if variables.is_empty() {
            "none".to_owned()
        } else {
            variables.join(", ")
        };
        printer.wrapped(&format!("variables that it gets: {names}"));
    }
}

fn document(report: &CheckReport) -> IdeCheckDocument {
    let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    IdeCheckDocument::new(IdeCheckView {
        client: report.client.id(),
        scope: report.scope.as_str(),
        file: report.file.display().to_string(),
        command: report.command.clone(),
        variables: report.variables.clone(),
        directory: report
            .directory
            .as_ref()
            .map(|directory| directory.display().to_string()),
        timeout_ms: millis(report.patience),
        server: report
            .server
            .clone()
            .map(|(name, version)| IdeServerView { name, version }),
        revision: report.revision.clone(),
        tools: report.tools.clone(),
        took_ms: report.took.map(millis),
        checks: report
            .checks
            .iter()
            .map(|check| IdeStepView::new(check, &CommandLines))
            .collect(),
        error: report
            .failure()
            .map(|failure| ErrorView::new(failure, &CommandLines)),
    })
}
