//! `synapse ide check`: what the client would see, one line per step.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use synapse_core::doctor::{Diagnosis, Examined};
use synapse_core::document::{
    ErrorView, IdeCheckDocument, IdeCheckView, IdeServerView, IdeStepView,
};
use synapse_core::error::{Code, Failure, Remedy};
use synapse_core::reach::within_reach;
use synapse_core::redact::printable;
use synapse_ide::{Check, CheckReport, Client, Finding, Machine, Scope, Target};

use super::{CommandError, Context, entry, machine, running, takes};
use crate::args::IdeCheckArguments;
use crate::command::runtime;
use crate::compose;
use crate::output::{CommandLines, Mark, Printer, STRONG, in_short, styled};
use crate::system::asked_to_stop;

pub(super) fn run(context: &Context, arguments: &IdeCheckArguments) -> Result<(), CommandError> {
    let printer = &context.printer;
    let machine = machine(&context.environment, arguments.place.project.as_deref())?;
    let scope = arguments.place.scope();
    let patience = arguments.patience();
    let report = examined_at(context, arguments.client, &machine, scope, patience)?;
    if printer.is_json() {
        printer.document(&document(&report));
    } else {
        human(printer, &report);
    }
    match report.failure() {
        None => Ok(()),
        Some(failure) => {
            printer.failure(failure);
            Err(CommandError::Reported(failure.code))
        }
    }
}

/// What `client` makes of its entry for this user.
pub(in crate::command) fn examined_client(
    context: &Context,
    client: &'static Client,
) -> Result<CheckReport, CommandError> {
    let machine = machine(&context.environment, None)?;
    examined_at(context, client, &machine, Scope::User, None)
}

fn examined_at(
    context: &Context,
    client: &'static Client,
    machine: &Machine,
    scope: Scope,
    patience: Option<Duration>,
) -> Result<CheckReport, CommandError> {
    let entry = entry(context, None)?;
    let running = running()?;
    let guard = compose::guard();
    let target = Target {
        client,
        machine,
        scope,
        entry: &entry,
        running: &running,
        takes: &takes,
        guard: &guard,
        patience,
    };
    let mut report = runtime()?.block_on(async {
        // Dropping the check ends what it started.
        tokio::select! {
            report = synapse_ide::check(target) => report.map_err(CommandError::from),
            Ok(()) = asked_to_stop() => Err(CommandError::Stopped),
        }
    })?;
    connections(context, &mut report)?;
    Ok(report)
}

/// Follows the entry to the connections that it serves and the places of their secrets, as a server
/// would see them that the client started.
fn connections(context: &Context, report: &mut CheckReport) -> Result<(), CommandError> {
    let Some(variables) = report.environment.clone() else {
        return Ok(());
    };
    let theirs = context
        .environment
        .of_another(Arc::new(move |name| variables.value(name)));
    let home = match theirs.synapse_home() {
        Ok(home) => home,
        Err(failure) => {
            report.add(examined(Diagnosis::Fail(failure)));
            return Ok(());
        }
    };
    if let Ok(ours) = context.environment.synapse_home()
        && !is_same(&ours, &home)
    {
        let failure = Failure::new(
            Code::ConfigNotFound,
            format!("the entry's server has its files in {}", shown(&home)),
        )
        .cause(format!("this terminal uses {}", shown(&ours)))
        .remedy(
            "let the entry use the same",
            &Remedy::ShareHome {
                client: report.client.id().to_owned(),
                scope: report.scope,
            },
        );
        report.add(examined(Diagnosis::Warn(failure)));
    }
    let store = compose::connections_in(&home);
    let secrets = compose::secrets_of(&theirs, &home);
    let pinned = report.connection.clone();
    let lines = runtime()?.block_on(within_reach(&store, &secrets, pinned.as_deref()));
    for line in lines {
        report.add(line);
    }
    Ok(())
}

fn examined(diagnosis: Diagnosis) -> Examined {
    Examined {
        id: "connection",
        subject: None,
        diagnosis,
    }
}

/// Whether two paths lead to the same directory, which need not be there yet.
fn is_same(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    real(one) == real(other)
}

fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy())
}

fn human(printer: &Printer, report: &CheckReport) {
    printer.line(&format!(
        "{} {}  {}",
        styled(STRONG, "Check"),
        report.client,
        printable(&report.file.to_string_lossy())
    ));
    for check in &report.checks {
        printer.line(&line(check));
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
        printer.line(&format!("variables that it gets: {names}"));
    }
}

fn line(check: &Check) -> String {
    let (mark, text) = match &check.finding {
        Finding::Ok(seen) => (Mark::Ok, seen.clone()),
        Finding::Warn(why) => (Mark::Warn, why.clone()),
        Finding::Doubt(failure) => (Mark::Warn, in_short(failure)),
        Finding::Fail(failure) => (Mark::Fail, in_short(failure)),
        Finding::Skip(id) => (Mark::Skip, format!("needs {id}")),
    };
    let text = match &check.subject {
        Some(subject) => format!("{}: {text}", printable(subject)),
        None => text,
    };
    mark.line(check.id.as_str(), [4, 10], &text)
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
        checks: report.checks.iter().map(step).collect(),
        error: report
            .failure()
            .map(|failure| ErrorView::new(failure, &CommandLines)),
    })
}

fn step(check: &Check) -> IdeStepView {
    let view = |failure: &Failure| Some(ErrorView::new(failure, &CommandLines));
    let (outcome, detail, needs, error) = match &check.finding {
        Finding::Ok(seen) => ("ok", Some(seen.clone()), None, None),
        Finding::Warn(why) => ("warn", Some(why.clone()), None, None),
        Finding::Doubt(failure) => ("warn", None, None, view(failure)),
        Finding::Fail(failure) => ("fail", None, None, view(failure)),
        Finding::Skip(id) => ("skip", None, Some(id.as_str()), None),
    };
    IdeStepView {
        id: check.id.as_str(),
        subject: check.subject.clone(),
        outcome,
        detail,
        needs,
        error,
    }
}
