//! Finds the installed programs called synapse: on PATH, and in the entries of clients. A client
//! that starts a different program than the terminal may run another version, and upgrading one
//! does not upgrade the other.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use synapse_core::check::{CheckId, Finding, Skip};
use synapse_core::error::{Code, Failure, Remedy};
use synapse_core::redact::printable;
use synapse_ide::{CLIENTS, Client, NAME, PlaceState, states};

use super::Context;
use crate::command::ide;

/// A check, and its subject when there are several.
pub(super) type Examined = (CheckId, Option<String>, Finding);

/// The checks of the installed programs.
pub(super) fn checks(context: &Context) -> Vec<Examined> {
    let mut checks = vec![(CheckId::Installations, None, on_path(context))];
    checks.extend(entries(context));
    checks
}

/// The programs of our name on PATH.
fn on_path(context: &Context) -> Finding {
    let path = context.environment.variable("PATH").unwrap_or_default();
    let found = different(&path);
    match found.as_slice() {
        [] => Finding::Ok("none is on PATH".to_owned()),
        [only] => Finding::Ok(format!("one is on PATH: {}", shown(only))),
        [first, others @ ..] => {
            let others: Vec<_> = others.iter().map(|path| shown(path)).collect();
            let failure = Failure::new(
                Code::ConfigSeveralInstallations,
                format!("a shell starts {}", shown(first)),
            )
            .cause(format!("PATH has also {}", others.join(", ")))
            .hint("remove the ones that you do not use, with the tool that installed each");
            Finding::Doubt(failure)
        }
    }
}

/// The entries of clients that start a program other than this one.
fn entries(context: &Context) -> Vec<Examined> {
    let looked = ide::machine(&context.environment, None)
        .and_then(|machine| Ok((machine, ide::entry(context, None)?, ide::running()?)));
    let Ok((machine, entry, running)) = looked else {
        let skip = Skip::Because("the files of clients cannot be found here");
        return vec![(CheckId::Entries, None, Finding::Skip(skip))];
    };
    let path = context.environment.variable("PATH").unwrap_or_default();
    let mut ours = 0;
    let mut checks = Vec::new();
    for client in CLIENTS {
        for place in states(client, &machine, &entry) {
            let Some(command) = &place.command else {
                continue;
            };
            ours += 1;
            let Some(other) = another(command, &path, &running) else {
                continue;
            };
            let failure = foreign(client, &place, &other, &running);
            let subject = format!("{} ({})", client.id(), place.scope);
            checks.push((CheckId::Entries, Some(subject), Finding::Doubt(failure)));
        }
    }
    if checks.is_empty() {
        let seen = match ours {
            0 => "no client has one".to_owned(),
            1 => "1 entry starts this program".to_owned(),
            count => format!("{count} entries start this program"),
        };
        checks.push((CheckId::Entries, None, Finding::Ok(seen)));
    }
    checks
}

fn foreign(client: &Client, place: &PlaceState, other: &Path, running: &Path) -> Failure {
    let id = client.id();
    Failure::new(
        Code::IdeForeignEntry,
        format!("the entry of {id} starts {}", shown(other)),
    )
    .cause(format!("this program is {}", shown(running)))
    .with("file", shown(&place.file))
    .remedy(
        "let it start this one",
        &Remedy::InstallEntry {
            client: Some(id.to_owned()),
            scope: place.scope,
        },
    )
}

/// The file that `command` starts, if it exists and is not `running`. `ide check` reports a missing
/// file.
fn another(command: &str, path: &OsStr, running: &Path) -> Option<PathBuf> {
    let command = Path::new(command);
    let found = if command.is_absolute() {
        command.to_owned()
    } else {
        std::env::split_paths(path)
            .map(|directory| directory.join(command))
            .find(|candidate| candidate.is_file())?
    };
    let real = found.canonicalize().ok()?;
    let running = running.canonicalize().ok()?;
    (real != running).then_some(found)
}

/// The distinct files of our name in the directories of `path`.
fn different(path: &OsStr) -> Vec<PathBuf> {
    let mut real = Vec::new();
    let mut found = Vec::new();
    let name = format!("{NAME}{}", std::env::consts::EXE_SUFFIX);
    let directories = std::env::split_paths(path).filter(|directory| directory.is_absolute());
    for candidate in directories.map(|directory| directory.join(&name)) {
        let Some(file) = candidate.canonicalize().ok().filter(|file| file.is_file()) else {
            continue;
        };
        if !real.contains(&file) {
            real.push(file);
            found.push(candidate);
        }
    }
    found
}

fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy())
}
