//! `synapse connection`: creates, lists, shows, edits, names and removes connections.

mod naming;

use synapse_core::check::{Check, CheckId, CheckOutcome};
use synapse_core::connection::Draft;
use synapse_core::engine::{Engine, Saved};
use synapse_core::error::{Code, Failure, Help, Remedy};
use synapse_core::gate::NetworkGate;
use synapse_core::ports::StoredConnection;
use synapse_core::preflight::{PreflightRecord, PreflightReport, Reach};
use synapse_core::redact::without_tokens;
use synapse_core::time::Timestamp;
use synapse_documents::{
    ConnectionDocument, ConnectionsDocument, ErrorDocument, PreflightDocument,
};

use super::{CommandError, Context, preflight};
use crate::args::{ConnectionCommand, CreateArguments, EditArguments, reach};
use crate::compose::{self, Asking};
use crate::output::{Column, CommandLines, Printer, Waiting, check_line, command_line, listing};
use crate::prompt;

pub(in crate::command) async fn run(
    context: &Context,
    engine: &Engine,
    command: ConnectionCommand,
) -> Result<(), CommandError> {
    let printer = &context.printer;
    match command {
        ConnectionCommand::Create(arguments) => create(printer, engine, &arguments).await,
        ConnectionCommand::Edit(arguments) => edit(printer, engine, &arguments).await,
        ConnectionCommand::List => overview(printer, engine),
        ConnectionCommand::Show { name } => show(printer, engine, &name),
        ConnectionCommand::Default { name, clear } => {
            naming::default(context, engine, name.as_deref(), clear)
        }
        ConnectionCommand::Rename {
            name,
            new,
            restart_limits,
        } => naming::rename(context, engine, &name, &new, restart_limits.into()).await,
        ConnectionCommand::Copy { name, new } => naming::copy(context, engine, &name, &new),
        // Asks first, and so runs before signals are caught.
        ConnectionCommand::Remove { name, .. } => removed(printer, engine, &name),
    }
}

async fn create(
    printer: &Printer,
    engine: &Engine,
    arguments: &CreateArguments,
) -> Result<(), CommandError> {
    let (Some(name), false) = (&arguments.name, arguments.lacks()) else {
        return Err(arguments.lacking().into());
    };
    let reach = reach(arguments.offline, arguments.live);
    let draft = arguments.to_draft();
    let CheckProgress { waiting, mut lines } = CheckProgress::new(printer, name, &draft);
    let mut saved = waiting
        .until(Box::pin(engine.create_observed(
            name.parse()?,
            draft.clone(),
            reach,
            &mut |check| {
                lines.push(check);
            },
        )))
        .await?;
    lines.end(&saved);
    if let Err(failure) = saved.result {
        saved.result = Err(engine.with_nearest(&draft, failure).await);
    }
    report(printer, engine, name, &saved)?;
    if !printer.is_json() {
        printer.note(&next_step(name, saved.report.draft.gate));
    }
    Ok(())
}

/// The checks of a preflight. They are shown as they are decided, but only once they say more than
/// a failure does: when the network was used, or when all of them pass.
struct CheckProgress {
    waiting: Waiting,
    lines: CheckLines,
}

struct CheckLines {
    printer: Printer,
    /// Lines not shown yet: the title, then the local checks.
    held: Vec<String>,
    shown: bool,
    failed: bool,
}

impl CheckProgress {
    fn new(printer: &Printer, name: &str, draft: &Draft) -> Self {
        Self {
            waiting: printer.progress().begin("preflight"),
            lines: CheckLines {
                printer: printer.clone(),
                held: vec![preflight::title(Some(name), draft)],
                shown: false,
                failed: false,
            },
        }
    }
}

impl CheckLines {
    fn push(&mut self, check: &Check) {
        // The error reports the failed check, and no later check was made.
        self.failed |= check.outcome() == CheckOutcome::Fail;
        if self.printer.is_json() || self.failed {
            return;
        }
        let line = check_line(check, preflight::CHECK_WIDTHS);
        let is_local = matches!(
            check.id,
            CheckId::Config | CheckId::Endpoint | CheckId::Gate | CheckId::Credential
        );
        if is_local && !self.shown {
            self.held.push(line);
            return;
        }
        if !self.shown && check.outcome() != CheckOutcome::Skip {
            self.show();
        }
        if self.shown {
            self.printer.wrapped(&line);
        } else {
            self.held.push(line);
        }
    }

    fn show(&mut self) {
        self.shown = true;
        for line in self.held.drain(..) {
            self.printer.wrapped(&line);
        }
    }

    /// Shows the held lines if nothing failed.
    fn end(&mut self, saved: &Saved) {
        if !self.printer.is_json() && saved.report.passed() {
            self.show();
        }
    }
}

fn next_step(name: &str, gate: NetworkGate) -> String {
    match gate {
        NetworkGate::Open => {
            format!(
                "next: synapse chat {name} \"Say hello\"   or for an IDE: synapse ide install CLIENT"
            )
        }
        NetworkGate::Closed => format!(
            "next: synapse connection edit {name} --allow-network   when you want live calls"
        ),
    }
}

async fn edit(
    printer: &Printer,
    engine: &Engine,
    arguments: &EditArguments,
) -> Result<(), CommandError> {
    if !arguments.any() {
        return Err(
            Failure::new(Code::UsageInvalidArguments, "there is nothing to change")
                .remedy(
                    "see the flags",
                    &Remedy::ReadHelp {
                        of: Help::EditConnection,
                    },
                )
                .into(),
        );
    }
    let reach = reach(arguments.offline, arguments.live);
    let stored = engine.stored(&arguments.name)?;
    let mut draft = stored.draft.clone();
    arguments.apply(&mut draft);
    let CheckProgress { waiting, mut lines } = CheckProgress::new(printer, &arguments.name, &draft);
    let saved = waiting
        .until(Box::pin(engine.edit_observed(
            &stored,
            |draft| arguments.apply(draft),
            arguments.naming(),
            reach,
            &mut |check| lines.push(check),
        )))
        .await?;
    lines.end(&saved);
    report(printer, engine, &arguments.name, &saved)
}

/// Prints the preflight and whether the connection was saved.
fn report(
    printer: &Printer,
    engine: &Engine,
    name: &str,
    saved: &Saved,
) -> Result<(), CommandError> {
    let document = PreflightDocument::new(Some(name), &saved.report, &CommandLines);
    if !printer.is_json() && saved.report.passed() {
        preflight::sum_up(printer, &saved.report);
    }
    preflight::warn(printer, &saved.report);
    if let Err(failure) = &saved.result {
        if printer.is_json() {
            printer.document(&ErrorDocument::new(failure, &CommandLines).with_preflight(document));
        } else {
            printer.line("not saved");
        }
        printer.failure(failure);
        return Err(CommandError::Reported(failure.code()));
    }
    if printer.is_json() {
        let stored = engine.stored(name)?;
        printer.document(&ConnectionDocument::new(&stored, &CommandLines).with_preflight(document));
    } else if saved.report.reach == Reach::Offline {
        printer.wrapped(&saved_offline(
            name,
            engine.stored(name)?.preflight.as_ref(),
            &saved.report,
        ));
    } else {
        printer.line(&format!("saved {name}"));
    }
    Ok(())
}

/// Whether an offline check replaced or kept the record of the last preflight.
fn saved_offline(name: &str, record: Option<&PreflightRecord>, report: &PreflightReport) -> String {
    match record {
        Some(record) if record.checked_at != report.checked_at => format!(
            "saved {name}; the preflight of {} still holds",
            record.checked_at
        ),
        _ => format!("saved {name} without network checks"),
    }
}

fn overview(printer: &Printer, engine: &Engine) -> Result<(), CommandError> {
    let stored = engine.connections()?;
    let default = engine.ports().connections.default_name()?;
    if printer.is_json() {
        let document = ConnectionsDocument::new(&stored, &CommandLines);
        printer.document(&document.with_default(default.as_ref()));
        return Ok(());
    }
    if stored.is_empty() {
        printer.note("there is no connection yet");
        printer.note(&format!("hint: {}", command_line(&Remedy::SetUp)));
        return Ok(());
    }
    let now = engine.ports().clock.now();
    let rows = stored
        .iter()
        .map(|each| {
            vec![
                each.name.to_string(),
                without_tokens(&each.draft.provider).into_owned(),
                without_tokens(&each.draft.model).into_owned(),
                each.draft.gate.as_str().to_owned(),
                state(each, now),
            ]
        })
        .collect();
    printer.line(&listing(&COLUMNS, rows));
    if let Some(default) = default {
        printer.note(&format!("default: {default}"));
    }
    for each in &stored {
        if let Err(failure) = &each.connection {
            let message = format!("connection `{}`: {}", each.name, failure.message());
            printer.warning(&failure.clone().with_message(message));
        }
    }
    Ok(())
}

fn state(stored: &StoredConnection, now: Timestamp) -> String {
    match (&stored.connection, &stored.preflight) {
        (Err(failure), _) => format!("broken: {}", failure.code()),
        _ if stored
            .usable()
            .is_ok_and(|connection| !connection.is_bound()) =>
        {
            format!("unconfirmed: {}", Code::CredentialUnbound)
        }
        (Ok(_), None) => "never made".to_owned(),
        (Ok(_), Some(record)) => format!("{} {}", result(record), record.checked_at.ago(now)),
    }
}

/// How far the last preflight came. A server that takes any token leaves it unproven.
fn result(record: &PreflightRecord) -> &'static str {
    let has = |id: CheckId| record.proven.iter().any(|proven| proven == id.as_str());
    match (has(CheckId::Token), has(CheckId::Reach)) {
        (true, _) => "passed",
        (false, true) => "token unproven,",
        (false, false) => "saved offline",
    }
}

const COLUMNS: [Column<'static>; 5] = [
    Column::new("NAME"),
    Column::new("PROVIDER").cut(8).drop(1),
    Column::new("MODEL").cut(12),
    Column::new("NETWORK"),
    Column::new("PREFLIGHT").cut(12),
];

fn show(printer: &Printer, engine: &Engine, name: &str) -> Result<(), CommandError> {
    let stored = engine.stored(name)?;
    if printer.is_json() {
        printer.document(&ConnectionDocument::new(&stored, &CommandLines));
        return Ok(());
    }
    let connection = stored.connection.clone()?;
    let account = &connection.account;
    let optional = |label: &'static str, value: Option<String>| value.map(|value| (label, value));
    let lines = [
        Some(("name", connection.name.to_string())),
        Some(("provider", connection.provider.to_string())),
        Some(("model", connection.model.to_string())),
        Some(("base URL", connection.base_url.to_string())),
        Some((
            "credential",
            match &connection.credential {
                Some(reference) => reference.to_string(),
                None => "none: nothing is read and nothing is sent".to_owned(),
            },
        )),
        Some(("network", connection.gate.as_str().to_owned())),
        Some(("timeout", format!("{} s", connection.timeout.as_secs()))),
        optional(
            "max tokens",
            connection.max_tokens.map(|tokens| tokens.to_string()),
        ),
        optional(
            "organization",
            account.organization.as_ref().map(ToString::to_string),
        ),
        optional("project", account.project.as_ref().map(ToString::to_string)),
        optional("bill to", account.bill_to.as_ref().map(ToString::to_string)),
        optional("proxy", connection.proxy.as_ref().map(ToString::to_string)),
        optional(
            "plain http",
            (connection.base_url.is_plain() && !connection.base_url.is_loopback())
                .then(|| "allowed: prompts and answers are not encrypted".to_owned()),
        ),
        optional(
            "limits",
            connection.limits.as_ref().map(ToString::to_string),
        ),
        optional(
            "texts",
            connection
                .record_text
                .then(|| "prompts and answers are recorded".to_owned()),
        ),
    ];
    for (label, value) in lines.into_iter().flatten() {
        printer.line(&format!("{label:<13}{value}"));
    }
    if let Some(record) = &stored.preflight {
        printer.line(&format!("{:<13}{}", "preflight", record.checked_at));
        printer.wrapped(&format!("{:<13}{}", "  proven", record.proven.join(", ")));
        printer.wrapped(&format!(
            "{:<13}{}",
            "  not proven",
            record.unproven.join(", ")
        ));
    }
    Ok(())
}

/// Confirms that the user wants to remove the connection. Blocks on the terminal, so signals must
/// not be caught yet: Ctrl-C has to end the question.
pub(in crate::command) fn may_remove(context: &Context, name: &str) -> Result<bool, CommandError> {
    let engine = compose::engine(context, Asking::Terminal)?;
    let stored = engine.stored(name)?;
    let question = format!("Remove the connection {}? Its history stays.", stored.name);
    Ok(prompt::confirmed(&context.printer, &question))
}

fn removed(printer: &Printer, engine: &Engine, name: &str) -> Result<(), CommandError> {
    let stored = engine.stored(name)?;
    engine.remove(name)?;
    if printer.is_json() {
        printer.document(&ConnectionDocument::new(&stored, &CommandLines));
    } else {
        printer.line(&format!("removed {name}; its history stays"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_that_reached_the_server_is_not_offline() {
        for (proven, shown) in [
            (&["config", "endpoint"][..], "saved offline"),
            (&["config", "reach", "model"], "token unproven,"),
            (&["config", "reach", "token"], "passed"),
        ] {
            let record = PreflightRecord {
                checked_at: Timestamp::from_millis(0),
                proven: proven.iter().map(|id| (*id).to_owned()).collect(),
                unproven: Vec::new(),
                bound_to: None,
                bound_proxy: None,
            };
            assert_eq!(result(&record), shown, "{proven:?}");
        }
    }
}
