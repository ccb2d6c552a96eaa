//! `synapse checklist`: collects the input of core's judgements and prints one line each. It sends
//! nothing and reads no secret.

mod git;

use std::path::Path;

use synapse_core::check::Check;
use synapse_core::checklist::{ClientEntry, Exposure, Facts, KeyFact, evaluate, incomplete};
use synapse_core::engine::Engine;
use synapse_core::error::{Code, Failure};
use synapse_core::ports::{SecretResolver as _, StoredConnection};
use synapse_core::redact::printable;
use synapse_documents::ChecklistDocument;
use synapse_ide::{CLIENTS, EntryState, states};

use super::{CommandError, Context, ide};
use crate::args::ChecklistArguments;
use crate::compose;
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
    let file = connection
        .credential
        .as_ref()
        .and_then(|reference| secrets.file(reference));
    let flaws = match (&connection.credential, looking) {
        (Some(reference), Looking::Thoroughly) => secrets.inspect(reference).await,
        _ => Vec::new(),
    };
    // A key tracked by git has its own line.
    let (tracked, flaws): (Vec<Failure>, Vec<Failure>) = flaws
        .into_iter()
        .partition(|flaw| flaw.code() == Code::CredentialTrackedByGit);
    let tracked = file.as_deref().filter(|_| !tracked.is_empty());
    let seen = secrets.seen(connection.credential.as_ref(), connection.gate);
    let facts = Facts {
        preflight: stored.preflight.clone(),
        key: match (seen, flaws.into_iter().next()) {
            (KeyFact::There(_) | KeyFact::Unseen(_), Some(flaw)) => KeyFact::Doubtful(flaw),
            (seen, _) => seen,
        },
        entries: entries(context, project)?,
        answered: engine.answered(stored.name.as_str()).await?,
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
