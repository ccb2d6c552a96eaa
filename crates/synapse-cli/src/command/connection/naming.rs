//! `synapse connection default`, `rename` and `copy`: which name means which connection. References
//! to a connection's name are reported and left to the user: only `ide install` changes files of
//! other programs, and rows of the ledger are never changed.

use synapse_core::engine::Engine;
use synapse_core::error::{Code, Failure};
use synapse_core::ledger::LimitUsage;
use synapse_core::limits::Sums;
use synapse_core::name::ConnectionName;
use synapse_documents::{ConnectionDocument, ConnectionsDocument};
use synapse_ide::{CLIENTS, Scope, states};

use crate::command::{CommandError, Context, ide};
use crate::output::CommandLines;

/// The effect of a rename on limits: usage is counted by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LimitsOnRename {
    /// They may not restart.
    Keep,
    /// They restart.
    Restart,
}

impl From<bool> for LimitsOnRename {
    fn from(restart: bool) -> Self {
        if restart { Self::Restart } else { Self::Keep }
    }
}

pub(super) fn default(
    context: &Context,
    engine: &Engine,
    name: Option<&str>,
    clear: bool,
) -> Result<(), CommandError> {
    let printer = &context.printer;
    let store = &engine.ports().connections;
    match name {
        Some(name) => store.set_default(Some(&engine.stored(name)?.name))?,
        None if clear => store.set_default(None)?,
        None => {}
    }
    let default = store.default_name()?;
    if printer.is_json() {
        let stored = engine.connections()?;
        let document = ConnectionsDocument::new(&stored, &CommandLines);
        printer.document(&document.with_default(default.as_ref()));
        return Ok(());
    }
    match default {
        Some(default) => printer.line(default.as_str()),
        None => printer.note("no default: name a connection if there are several"),
    }
    Ok(())
}

pub(super) async fn rename(
    context: &Context,
    engine: &Engine,
    name: &str,
    new: &str,
    limits: LimitsOnRename,
) -> Result<(), CommandError> {
    let stored = engine.stored(name)?;
    let limited = stored
        .connection
        .as_ref()
        .is_ok_and(|connection| connection.limits.is_some());
    if limited && limits == LimitsOnRename::Keep {
        refuse_to_restart(engine, &stored.name).await?;
    }
    engine.rename(name, new)?;
    let printer = &context.printer;
    if printer.is_json() {
        let stored = engine.stored(new)?;
        printer.document(&ConnectionDocument::new(&stored, &CommandLines));
        return Ok(());
    }
    printer.line(&format!("renamed {name} to {new}"));
    printer.note(&format!(
        "calls so far keep the old name: synapse history --connection {name}"
    ));
    for line in entries_of(context, &stored.name, new)? {
        printer.note(&line);
    }
    Ok(())
}

pub(super) fn copy(
    context: &Context,
    engine: &Engine,
    name: &str,
    new: &str,
) -> Result<(), CommandError> {
    engine.copy(name, new)?;
    let printer = &context.printer;
    if printer.is_json() {
        let stored = engine.stored(new)?;
        printer.document(&ConnectionDocument::new(&stored, &CommandLines));
        return Ok(());
    }
    printer.line(&format!("copied {name} to {new}"));
    if engine
        .connection(Some(new))
        .is_ok_and(|connection| connection.limits.is_some())
    {
        printer.note("it has the same limits, which count for it alone");
    }
    printer.note(&format!(
        "next: synapse connection edit {new} --model MODEL   to change its model"
    ));
    Ok(())
}

/// Refuses to restore a used budget by renaming, unless the user agrees.
async fn refuse_to_restart(engine: &Engine, name: &ConnectionName) -> Result<(), Failure> {
    let ports = engine.ports();
    let standings = ports.reader.standings(ports.clock.now()).await?;
    let used = |standing: &LimitUsage| {
        let nothing = Sums::default();
        standing.spent.month != nothing || standing.set_aside.month != nothing
    };
    if !standings.get(name.as_str()).is_some_and(used) {
        return Ok(());
    }
    Err(Failure::new(
        Code::UsageInvalidArguments,
        format!("the limits of `{name}` would begin anew"),
    )
    .cause("they count calls by the connection's name, and it was used this month")
    .hint("to continue anyway, pass --restart-limits")
    .with("connection", name))
}

/// The IDE entries that serve only `name`, and the commands that change them.
fn entries_of(context: &Context, name: &ConnectionName, new: &str) -> Result<Vec<String>, Failure> {
    let machine = ide::machine(&context.environment, None)?;
    let entry = ide::entry(context, None)?;
    let mut lines = Vec::new();
    for client in CLIENTS {
        for place in states(client, &machine, &entry) {
            if place.connection.as_deref() == Some(name.as_str()) {
                let scope = match place.scope {
                    Scope::User => String::new(),
                    scope => format!(" --scope {scope}"),
                };
                lines.push(format!(
                    "the entry of {client} still serves {name}: \
                     synapse ide install {}{scope} --connection {new}",
                    client.id()
                ));
            }
        }
    }
    Ok(lines)
}
