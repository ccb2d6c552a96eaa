//! `synapse checklist`: collects the input of core's judgements and prints one line each. It sends
//! nothing and reads no secret.

mod git;

use std::path::{Path, PathBuf};

use synapse_core::call::Operation;
use synapse_core::check::{Check, Finding};
use synapse_core::checklist::{Answered, ClientEntry, Exposure, Facts, KeyFact, evaluate};
use synapse_core::credential::CredentialRef;
use synapse_core::engine::Engine;
use synapse_core::error::{Code, Failure};
use synapse_core::gate::NetworkGate;
use synapse_core::ledger::{Column, Filter, HistoryQuery, Outcome};
use synapse_core::ports::{SecretResolver as _, SecretWriter as _, StoredConnection};
use synapse_core::redact::printable;
use synapse_documents::ChecklistDocument;
use synapse_ide::{CLIENTS, EntryState, states};

use super::{CommandError, Context, ide};
use crate::args::ChecklistArguments;
use crate::compose;
use crate::environment::Environment;
use crate::output::{CommandLines, Printer, check_line};

pub(super) async fn run(
    context: &Context,
    engine: &Engine,
    arguments: &ChecklistArguments,
) -> Result<(), CommandError> {
    let stored = engine.stored(&arguments.name)?;
    let project = arguments.project.as_deref();
    let items = items(context, engine, &stored, project, Looking::Thoroughly).await?;
    let failure = incomplete(&items);
    let printer = &context.printer;
    if printer.is_json() {
        let document =
            ChecklistDocument::new(&arguments.name, &items, failure.as_ref(), &CommandLines);
        printer.document(&document);
    } else {
        for item in &items {
            print(printer, item);
        }
    }
    match failure {
        None => Ok(()),
        Some(failure) => {
            printer.failure(&failure);
            Err(CommandError::Reported(failure.code()))
        }
    }
}

/// How thorough the checklist is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Looking {
    /// Reads files only; starts no program.
    AtFiles,
    /// Asks git too.
    Thoroughly,
}

/// The checklist of a connection.
pub(super) async fn items(
    context: &Context,
    engine: &Engine,
    stored: &StoredConnection,
    project: Option<&Path>,
    looking: Looking,
) -> Result<Vec<Check>, Failure> {
    let connection = stored.usable()?;
    let environment = &context.environment;
    let secrets = compose::secrets(context)?;
    let file = key_file(connection.credential.as_ref(), environment);
    let flaws = match (&connection.credential, looking) {
        (Some(reference), Looking::Thoroughly) => secrets.inspect(reference).await,
        _ => Vec::new(),
    };
    // A key tracked by git has its own line.
    let (tracked, flaws): (Vec<Failure>, Vec<Failure>) = flaws
        .into_iter()
        .partition(|flaw| flaw.code() == Code::CredentialTrackedByGit);
    let tracked = file.as_deref().filter(|_| !tracked.is_empty());
    let place = |reference: &CredentialRef| secrets.place(reference);
    let reference = connection.credential.as_ref();
    let seen = key(
        reference,
        connection.gate,
        file.as_deref(),
        environment,
        place,
    );
    let facts = Facts {
        preflight: stored.preflight.clone(),
        key: match (seen, flaws.into_iter().next()) {
            (KeyFact::There(_) | KeyFact::Unseen(_), Some(flaw)) => KeyFact::Doubtful(flaw),
            (seen, _) => seen,
        },
        entries: entries(context, project)?,
        answered: answered(engine, stored.name.as_str()).await?,
        exposure: match looking {
            Looking::AtFiles => Exposure::Unknown("git was not asked here".to_owned()),
            Looking::Thoroughly => {
                git::exposure(environment, project.unwrap_or(Path::new(".")), tracked).await
            }
        },
        now: engine.ports().clock.now(),
    };
    Ok(evaluate(&connection, &facts))
}

fn print(printer: &Printer, item: &Check) {
    printer.wrapped(&check_line(item, [7, 9]));
    if let Some(next) = item.remedy() {
        let next = next.sentence(&CommandLines);
        printer.wrapped(&format!("{:22}{}", "", printable(&next)));
    }
}

fn incomplete(items: &[Check]) -> Option<Failure> {
    let missing: Vec<&str> = items
        .iter()
        .filter(|item| matches!(item.finding, Finding::Missing(_)))
        .map(|item| item.id.as_str())
        .collect();
    if missing.is_empty() {
        return None;
    }
    let is = if missing.len() == 1 { "is" } else { "are" };
    let message = format!("{} of {} {is} missing", missing.len(), items.len());
    Some(
        Failure::new(Code::ConfigIncomplete, message)
            .cause(missing.join(", "))
            .hint("each line says what to do"),
    )
}

/// The file that the credential reference names, if it names one.
pub(super) fn key_file(
    reference: Option<&CredentialRef>,
    environment: &Environment,
) -> Option<PathBuf> {
    match reference? {
        CredentialRef::File(path) => Some(match path.strip_prefix("~/") {
            Some(rest) => environment.user_home()?.join(rest),
            None => PathBuf::from(path),
        }),
        _ => None,
    }
}

/// Checks where the key is stored, without reading it.
pub(super) fn key(
    reference: Option<&CredentialRef>,
    gate: NetworkGate,
    file: Option<&Path>,
    environment: &Environment,
    place: impl Fn(&CredentialRef) -> String,
) -> KeyFact {
    let Some(reference) = reference else {
        return KeyFact::NotNeeded;
    };
    if let Some(file) = file {
        return match std::fs::metadata(file) {
            Ok(found) if !found.is_file() => KeyFact::Unusable("that is not a file".to_owned()),
            Ok(found) if found.len() == 0 => KeyFact::Unusable("the file is empty".to_owned()),
            Ok(found) if is_open_to_others(&found) => {
                KeyFact::Unusable("other users may read it".to_owned())
            }
            Ok(_) => KeyFact::There("a file that only you can read".to_owned()),
            Err(error) => KeyFact::Unusable(error.kind().to_string()),
        };
    }
    match (reference, gate) {
        (CredentialRef::Env(name), NetworkGate::Open) if environment.variable(name).is_none() => {
            KeyFact::Unusable("not set".to_owned())
        }
        _ => KeyFact::Unseen(format!("{}; not read", place(reference))),
    }
}

#[cfg(unix)]
fn is_open_to_others(found: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;

    found.permissions().mode() & 0o077 != 0
}

#[cfg(not(unix))]
fn is_open_to_others(_found: &std::fs::Metadata) -> bool {
    false
}

/// Our entries in the clients' files.
fn entries(context: &Context, project: Option<&Path>) -> Result<Vec<ClientEntry>, Failure> {
    let machine = ide::machine(&context.environment, project)?;
    let entry = ide::entry(context, None)?;
    let mut entries = Vec::new();
    for client in CLIENTS {
        for place in states(client, &machine, &entry) {
            let is_current = match place.state {
                EntryState::Current => true,
                EntryState::Stale => false,
                _ => continue,
            };
            entries.push(ClientEntry {
                client: client.id().to_owned(),
                is_current,
            });
        }
    }
    Ok(entries)
}

/// The newest prompt that an IDE got an answer to; otherwise the newest from the terminal.
async fn answered(engine: &Engine, name: &str) -> Result<Option<Answered>, Failure> {
    let query = HistoryQuery {
        outcome: Some(Outcome::Ok),
        filters: vec![Filter::is(Column::Connection, name)],
        ..HistoryQuery::newest(LOOKED_AT)
    };
    let rows = engine.history(query).await?;
    let chats = || {
        rows.iter()
            .filter(|row| row.operation == Operation::Chat.as_str())
    };
    let newest = chats()
        .find(|row| row.caller.client_name.is_some())
        .or_else(|| chats().next());
    Ok(newest.map(|row| Answered {
        at: row.started_at,
        client: row.caller.client_name.clone(),
    }))
}

/// How many answered calls are searched for one from an IDE.
const LOOKED_AT: u32 = 1000;
