//! `synapse ide`: the entry for an IDE's MCP configuration, printed or written to its file. The
//! entry holds an absolute command and no secret.

pub(super) mod change;
pub(super) mod check;
pub(super) mod list;

use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

use clap::error::ContextKind;
use serde_json::{Map, Value, json};
use synapse_core::connection::not_found;
use synapse_core::error::{Code, Failure, Help, Remedy};
use synapse_core::name::ConnectionName;
use synapse_core::ports::ConnectionStore as _;
use synapse_core::redact::{Redactor, printable_json};
use synapse_documents::{IdeLinkDocument, IdeSnippetDocument};
use synapse_files::same_file;
use synapse_ide::{Client, Entry, Journal, Machine, Scope, System};

use super::{CommandError, Context};
use crate::args::{self, IdeCommand};
use crate::compose;
use crate::environment::{Environment, SYNAPSE_VAULT_KEY_FILE};

pub(super) fn run(context: &Context, command: IdeCommand) -> Result<(), CommandError> {
    match command {
        IdeCommand::List { project, all } => list::run(context, project.as_deref(), all.into()),
        IdeCommand::Snippet {
            client: None,
            connection,
        } => plain_snippet(context, connection.as_deref()),
        IdeCommand::Snippet {
            client: Some(client),
            connection,
        } => snippet_of(context, client, connection.as_deref()),
        IdeCommand::Install(arguments) => change::install(context, &arguments),
        IdeCommand::Remove(arguments) => change::remove(context, &arguments),
        IdeCommand::Undo { client, consent } => change::undo(context, client, consent.into()),
        IdeCommand::Check(arguments) => check::run(context, &arguments),
        IdeCommand::Link { client, connection } => {
            let link = synapse_ide::link(client, &entry(context, connection.as_deref())?)?;
            if context.printer.is_json() {
                let document = IdeLinkDocument::new(client.id(), link);
                context.printer.document(&document);
            } else {
                context.printer.line(&link);
                context
                    .printer
                    .note(&format!("open it on the machine where {client} runs"));
            }
            Ok(())
        }
    }
}

/// The entry in the form that most clients share, as text.
pub(super) fn plain_text(context: &Context, connection: Option<&str>) -> Result<String, Failure> {
    let snippet = servers(&entry(context, connection)?);
    serde_json::to_string_pretty(&snippet).map_err(|error| {
        Failure::new(Code::InternalInvariant, "the snippet cannot be written").caused_by(&error)
    })
}

fn plain_snippet(context: &Context, connection: Option<&str>) -> Result<(), CommandError> {
    let text = plain_text(context, connection)?;
    let printer = &context.printer;
    if printer.is_json() {
        printer.document(&IdeSnippetDocument::new(None, None, text));
        return Ok(());
    }
    printer.line(&printable_json(&text));
    printer.note("merge this into the IDE's MCP configuration, for example ~/.cursor/mcp.json");
    Ok(())
}

fn snippet_of(
    context: &Context,
    client: &'static Client,
    connection: Option<&str>,
) -> Result<(), CommandError> {
    let printer = &context.printer;
    let snippet = synapse_ide::snippet(client, &entry(context, connection)?)?;
    let machine = machine(&context.environment, None)?;
    let file = client.file(&machine, Scope::User);
    let file = file.map(|file| file.display().to_string());
    if printer.is_json() {
        printer.document(&IdeSnippetDocument::new(Some(client.id()), file, snippet));
        return Ok(());
    }
    printer.exactly(&snippet);
    printer.note(&match file {
        Some(file) => format!(
            "merge this into {file}, or let `synapse ide install {}` do it",
            client.id()
        ),
        None => client.next_step().to_owned(),
    });
    Ok(())
}

/// The `mcpServers` object with one entry, `synapse`.
fn servers(entry: &Entry) -> Value {
    let mut fields = Map::new();
    fields.insert("command".to_owned(), json!(entry.command()));
    fields.insert("args".to_owned(), json!(entry.arguments()));
    // An IDE passes almost no environment, so the entry has to name the directory.
    let variables = entry.environment();
    if !variables.is_empty() {
        let variables = variables.into_iter();
        let variables = variables.map(|(name, value)| (name.to_owned(), json!(value)));
        fields.insert("env".to_owned(), variables.collect());
    }
    json!({ "mcpServers": { "synapse": fields } })
}

/// The entry that a client should have.
pub(super) fn entry(context: &Context, connection: Option<&str>) -> Result<Entry, Failure> {
    let environment = &context.environment;
    let mut entry = Entry::new(&own_command(environment)?)?;
    if let Some(name) = connection {
        let name: ConnectionName = name.parse()?;
        warn_of_unknown(context, &name)?;
        entry = entry.with_connection(name.as_str());
    }
    if environment.has_own_home() {
        entry = entry.with_home(&environment.synapse_home()?)?;
    }
    if let Some(file) = environment.variable(SYNAPSE_VAULT_KEY_FILE) {
        entry = entry.with_vault_key_file(Path::new(&file))?;
    }
    Ok(entry)
}

/// Checks that `serve` accepts the entry's arguments.
pub(super) fn takes(arguments: &[String]) -> Result<(), Failure> {
    let refusal = |why: String| {
        Failure::new(
            Code::UsageInvalidArguments,
            "`serve` does not take the arguments of the entry",
        )
        .cause(why)
        .remedy("see what it takes", &Remedy::ReadHelp { of: Help::Serve })
    };
    match args::serve_arguments(arguments) {
        Ok(Some(serving)) => super::serve::refuse_contradiction(&serving),
        Ok(None) => Err(refusal("the command is not `serve`".to_owned())),
        Err(error) => {
            // Never the value itself, which may be anything.
            let argument = error.get(ContextKind::InvalidArg);
            let argument = argument.map(ToString::to_string).unwrap_or_default();
            let name = argument.split(['=', ' ']).next().unwrap_or_default();
            // A word by itself is a value as well.
            let name = if name.starts_with('-') {
                name
            } else {
                "a word that is not a flag"
            };
            let why = format!("{}: {name}", error.kind());
            Err(refusal(Redactor::none().clean(&why, LONGEST_CAUSE)))
        }
    }
}

/// An entry may be written before its connection, so an unknown name is only a warning.
fn warn_of_unknown(context: &Context, name: &ConnectionName) -> Result<(), Failure> {
    // The command that uses the file reports that it cannot be read.
    let stored = compose::connections(context)?.load().unwrap_or_default();
    let known: Vec<ConnectionName> = stored.into_iter().map(|each| each.name).collect();
    if !known.contains(name) {
        context
            .printer
            .warning(&not_found(name.as_str(), &known).cause("the entry is printed anyway"));
    }
    Ok(())
}

/// This machine, with `project` or the current directory as the project.
pub(super) fn machine(
    environment: &Environment,
    project: Option<&Path>,
) -> Result<Machine, Failure> {
    let unknown =
        |what: &str| Failure::new(Code::StorageUnavailable, format!("{what} is not known"));
    let home = environment
        .user_home()
        .ok_or_else(|| unknown("the home directory").hint("set HOME"))?;
    let project = std::path::absolute(project.unwrap_or(Path::new(".")))
        .map_err(|error| unknown("the current directory").caused_by(&error))?;
    if !project.is_dir() {
        return Err(Failure::new(
            Code::UsageInvalidArguments,
            "the project is not a directory",
        )
        .cause(project.display().to_string()));
    }
    // Resolved, without the dot of the current directory; on Windows the dot is already gone, and a
    // resolved path is unreadable.
    let real = (!cfg!(windows)).then(|| project.canonicalize().ok());
    let project = real.flatten().unwrap_or(project);
    Ok(Machine::new(
        System::named(std::env::consts::OS),
        home.to_owned(),
        project,
        environment.lookup(),
    ))
}

pub(super) fn journal(environment: &Environment) -> Result<Journal, Failure> {
    Ok(Journal::new(environment.synapse_home()?.join("ide")))
}

/// The executable of this program.
pub(super) fn running() -> Result<PathBuf, Failure> {
    std::env::current_exe().map_err(|error| {
        Failure::new(
            Code::InternalInvariant,
            "the path of this program is not known",
        )
        .caused_by(&error)
    })
}

/// The absolute path of this program that survives an upgrade, rather than a versioned directory:
/// the one on PATH, the one the program was called by, or Homebrew's link, if it leads to this
/// executable.
pub(super) fn own_command(environment: &Environment) -> Result<PathBuf, Failure> {
    let executable = running()?;
    let path = environment.variable("PATH").unwrap_or_default();
    let called = environment.called_as();
    Ok(stable(&path, called.as_deref(), &executable).unwrap_or(executable))
}

fn stable(path: &OsStr, called: Option<&Path>, executable: &Path) -> Option<PathBuf> {
    let name = executable.file_name()?;
    let on_path = std::env::split_paths(path).map(|directory| directory.join(name));
    let called = called.map(Path::to_owned);
    let linked = of_homebrew(executable, name);
    on_path
        .chain(called)
        .chain(linked)
        .filter(|candidate| means_the_same_everywhere(candidate))
        .find(|candidate| same_file(candidate, executable))
}

/// The links to `<prefix>/Cellar/<formula>/<version>/bin/<name>`.
fn of_homebrew(executable: &Path, name: &OsStr) -> Vec<PathBuf> {
    let real = executable.canonicalize();
    let real = real.as_deref().unwrap_or(executable);
    let mut below = None;
    for directory in real.ancestors().skip(1) {
        if directory.file_name().is_some_and(|name| name == "Cellar")
            && let (Some(prefix), Some(formula)) = (directory.parent(), below)
        {
            let linked = prefix.join("opt").join(formula).join("bin");
            return vec![prefix.join("bin").join(name), linked.join(name)];
        }
        below = directory.file_name();
    }
    Vec::new()
}

/// Whether `path` means the same to another process: it is absolute, without a process directory
/// and without `..`.
fn means_the_same_everywhere(path: &Path) -> bool {
    let is_plain = |each: Component<'_>| !matches!(each, Component::ParentDir | Component::CurDir);
    let of_a_process = ["/proc", "/dev"];
    path.is_absolute()
        && path.components().all(is_plain)
        && !of_a_process.iter().any(|place| path.starts_with(place))
}

/// Longer than any name in a client's file that must be shown.
const LONGEST_CAUSE: usize = 200;

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;

    /// A key that was pasted without its flag is not shown either.
    #[test]
    fn an_argument_that_serve_does_not_take_is_named_without_its_value() {
        for (arguments, named) in [
            (["serve", "walrusquay"], "a word that is not a flag"),
            (["serve", "--walrus=quay"], "--walrus"),
            (["serve", "--tools=walrusquay"], "--tools"),
        ] {
            let arguments = arguments.map(str::to_owned);
            let refusal = takes(&arguments).unwrap_err();
            let causes = refusal.causes().join(" ");
            assert!(causes.contains(named), "{causes}");
            assert!(!causes.contains("quay"), "{causes}");
        }
    }

    fn program(path: &Path) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::File::create(path).unwrap();
    }

    fn link(target: &Path, path: &Path) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(target, path).unwrap();
    }

    #[test]
    fn a_link_on_path_is_preferred_to_where_it_leads() {
        let directory = tempfile::tempdir().unwrap();
        let executable = directory.path().join("1.2.3/synapse");
        let bin = directory.path().join("bin");
        program(&executable);
        assert_eq!(stable(bin.as_os_str(), None, &executable), None);
        // Another program of the same name is not ours.
        program(&bin.join("synapse"));
        assert_eq!(stable(bin.as_os_str(), None, &executable), None);
        std::fs::remove_file(bin.join("synapse")).unwrap();
        link(&executable, &bin.join("synapse"));
        assert_eq!(
            stable(bin.as_os_str(), None, &executable),
            Some(bin.join("synapse"))
        );
    }

    #[test]
    fn without_path_the_link_is_found_by_how_it_was_called_or_by_homebrew() {
        let directory = tempfile::tempdir().unwrap();
        let prefix = directory.path().canonicalize().unwrap();
        let executable = prefix.join("Cellar/synapse/0.1.0/bin/synapse");
        let called = prefix.join("somewhere/syn");
        program(&executable);
        link(&executable, &called);
        let nowhere = OsStr::new("/usr/bin");
        assert_eq!(
            stable(nowhere, Some(&called), &executable),
            Some(called.clone())
        );
        for other in ["syn", "/proc/self/exe", "/no/such"] {
            assert_eq!(stable(nowhere, Some(Path::new(other)), &executable), None);
        }
        let up = prefix.join("somewhere/../somewhere/syn");
        assert_eq!(stable(nowhere, Some(&up), &executable), None);
        let formula = prefix.join("opt/synapse");
        link(&prefix.join("Cellar/synapse/0.1.0"), &formula);
        assert_eq!(
            stable(nowhere, None, &executable),
            Some(formula.join("bin/synapse"))
        );
        link(&executable, &prefix.join("bin/synapse"));
        assert_eq!(
            stable(nowhere, None, &executable),
            Some(prefix.join("bin/synapse"))
        );
    }
}
