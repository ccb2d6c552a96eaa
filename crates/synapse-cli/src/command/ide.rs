//! `synapse ide snippet`: the entry for an IDE's MCP configuration. It holds an absolute command
//! and no secret.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use synapse_core::error::{Code, Failure};

use super::{CommandError, Context};
use crate::args::IdeCommand;
use crate::environment::{Environment, SYNAPSE_HOME, SYNAPSE_VAULT_KEY_FILE};

pub(super) fn run(context: &Context, command: &IdeCommand) -> Result<(), CommandError> {
    match command {
        IdeCommand::Snippet { connection } => {
            let snippet = snippet(&context.environment, connection.as_deref())?;
            let text = serde_json::to_string_pretty(&snippet).map_err(|error| {
                Failure::new(Code::InternalInvariant, "the snippet cannot be written")
                    .caused_by(&error)
            })?;
            context.printer.line(&text);
            if !context.printer.is_json() {
                context.printer.note(
                    "merge this into the IDE's MCP configuration, for example ~/.cursor/mcp.json",
                );
            }
            Ok(())
        }
    }
}

/// The `mcpServers` object with one entry, `synapse`.
pub(super) fn snippet(
    environment: &Environment,
    connection: Option<&str>,
) -> Result<Value, Failure> {
    let command = own_command(environment)?;
    let mut arguments = vec!["serve"];
    if let Some(name) = connection {
        arguments.extend(["--connection", name]);
    }
    let mut entry = Map::new();
    entry.insert("command".to_owned(), json!(command));
    entry.insert("args".to_owned(), json!(arguments));
    // An IDE passes almost no environment, so the entry has to say where the files are.
    let mut variables = Map::new();
    if environment.has_own_home() {
        variables.insert(SYNAPSE_HOME.to_owned(), json!(environment.synapse_home()?));
    }
    if let Some(path) = environment.variable(SYNAPSE_VAULT_KEY_FILE) {
        let path = path.to_string_lossy();
        variables.insert(SYNAPSE_VAULT_KEY_FILE.to_owned(), json!(path));
    }
    if !variables.is_empty() {
        entry.insert("env".to_owned(), variables.into());
    }
    Ok(json!({ "mcpServers": { "synapse": entry } }))
}

/// The absolute path of this program, as the user would find it: the entry on PATH that leads
/// here, rather than a versioned directory that an upgrade removes.
pub(super) fn own_command(environment: &Environment) -> Result<PathBuf, Failure> {
    let executable = std::env::current_exe().map_err(|error| {
        Failure::new(
            Code::InternalInvariant,
            "the path of this program is not known",
        )
        .caused_by(&error)
    })?;
    let path = environment.variable("PATH").unwrap_or_default();
    Ok(on_path(&path, &executable).unwrap_or(executable))
}

fn on_path(path: &OsStr, executable: &Path) -> Option<PathBuf> {
    let name = executable.file_name()?;
    let target = executable.canonicalize().ok()?;
    std::env::split_paths(path)
        .filter(|directory| directory.is_absolute())
        .map(|directory| directory.join(name))
        .find(|candidate| candidate.canonicalize().is_ok_and(|found| found == target))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_link_on_path_is_preferred_to_where_it_leads() {
        let directory = tempfile::tempdir().unwrap();
        let versioned = directory.path().join("1.2.3");
        let bin = directory.path().join("bin");
        std::fs::create_dir_all(&versioned).unwrap();
        std::fs::create_dir_all(&bin).unwrap();
        let executable = versioned.join("synapse");
        std::fs::File::create(&executable).unwrap();
        assert_eq!(on_path(bin.as_os_str(), &executable), None);
        std::os::unix::fs::symlink(&executable, bin.join("synapse")).unwrap();
        assert_eq!(
            on_path(bin.as_os_str(), &executable),
            Some(bin.join("synapse"))
        );
    }
}
