//! `synapse completions`: prints the script of a shell, or, after showing them, writes the lines
//! that load it to the shell's own file.

mod shells;

use std::ffi::OsString;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use clap_complete::Shell;
use synapse_core::error::{Code, Failure, Remedy};
use synapse_core::redact::printable;
use synapse_documents::{CompletionsDocument, CompletionsView};
use synapse_files::{FileError, Replacement, Rights};

use super::{CommandError, Context};
use crate::args::{CompletionsArguments, CompletionsCommand, Consent, ShellArguments};
use crate::completion;
use crate::environment::{Environment, SHELL};
use crate::prompt;

pub(super) fn run(context: &Context, arguments: CompletionsArguments) -> Result<(), CommandError> {
    match (arguments.command, arguments.shell) {
        (Some(CompletionsCommand::Install(arguments)), _) => install(context, &arguments),
        (Some(CompletionsCommand::Remove(arguments)), _) => remove(context, &arguments),
        (None, shell) => {
            let shell = shell.map_or_else(|| own_shell(&context.environment), Ok)?;
            let program = called(&context.environment);
            context
                .printer
                .exactly(&completion::script(shell, &program));
            Ok(())
        }
    }
}

/// How a shell starts this program: by name if it is in `PATH`, otherwise by the path it was called
/// with.
fn called(environment: &Environment) -> String {
    let path = environment.called_as();
    path.and_then(|path| path.to_str().map(str::to_owned))
        .unwrap_or_else(|| "synapse".to_owned())
}

fn install(context: &Context, arguments: &ShellArguments) -> Result<(), CommandError> {
    let place = CompletionFile::of(context, arguments)?;
    let text = place.text()?;
    let block = shells::block(place.shell);
    let new = shells::with_block(text.as_deref().unwrap_or_default(), &block);
    if text.as_deref() == Some(&*new) {
        return place.nothing(context, "already has the lines");
    }
    let change = ScriptChange {
        action: "install",
        shown: marked('+', &block),
        before: text.as_deref(),
        after: Some(&new),
    };
    place.make(context, &change, arguments.consent.into())
}

fn remove(context: &Context, arguments: &ShellArguments) -> Result<(), CommandError> {
    let place = CompletionFile::of(context, arguments)?;
    let text = place.text()?;
    let Some(left) = text.as_deref().and_then(shells::without_block) else {
        return place.nothing(context, "has no lines of Synapse");
    };
    let change = ScriptChange {
        action: "remove",
        shown: marked('-', &shells::block(place.shell)),
        before: text.as_deref(),
        // A file with no other content was created by `install`.
        after: (!left.is_empty()).then_some(&*left),
    };
    place.make(context, &change, arguments.consent.into())
}

/// A change of a file: its text before and after, `None` for no file.
struct ScriptChange<'a> {
    action: &'static str,
    shown: String,
    before: Option<&'a str>,
    after: Option<&'a str>,
}

/// The file of a shell.
struct CompletionFile {
    shell: Shell,
    file: PathBuf,
}

impl CompletionFile {
    fn of(context: &Context, arguments: &ShellArguments) -> Result<Self, Failure> {
        let shell = arguments
            .shell
            .map_or_else(|| own_shell(&context.environment), Ok)?;
        let file = shells::file(&context.environment, shell)?;
        Ok(Self { shell, file })
    }

    fn shown(&self) -> String {
        printable(&self.file.to_string_lossy())
    }

    fn text(&self) -> Result<Option<String>, Failure> {
        let bytes =
            synapse_files::read(&self.file, LIMIT).map_err(|error| self.unusable(&error))?;
        bytes.map(String::from_utf8).transpose().map_err(|_| {
            Failure::new(
                Code::StorageUnavailable,
                format!("{} is not UTF-8 text", self.shown()),
            )
            .cause("nothing was written")
        })
    }

    fn unusable(&self, error: &FileError) -> Failure {
        Failure::new(
            Code::StorageUnavailable,
            format!("{} cannot be changed", self.shown()),
        )
        .caused_by(error)
        .hint("make it writable, or add the lines to another file that your shell reads")
    }

    fn nothing(&self, context: &Context, why: &str) -> Result<(), CommandError> {
        let printer = &context.printer;
        if printer.is_json() {
            printer.document(&self.document("nothing", false, String::new()));
        } else {
            printer.line(&format!("{} {why}", self.shown()));
        }
        Ok(())
    }

    fn document(&self, action: &'static str, dry_run: bool, lines: String) -> CompletionsDocument {
        CompletionsDocument::new(CompletionsView {
            shell: self.shell.to_string(),
            file: self.file.to_string_lossy().into_owned(),
            action,
            dry_run,
            lines,
        })
    }

    /// Shows the change, asks unless already answered, and makes it.
    fn make(
        &self,
        context: &Context,
        change: &ScriptChange<'_>,
        consent: Consent,
    ) -> Result<(), CommandError> {
        let printer = &context.printer;
        let dry_run = consent == Consent::DryRun;
        if !printer.is_json() {
            printer.note(&self.shown());
            printer.note(change.shown.trim_end());
        }
        if consent == Consent::Open {
            if printer.is_json() || !io::stdin().is_terminal() || !io::stderr().is_terminal() {
                let message = format!(
                    "{} would be changed, but confirming that needs a terminal",
                    self.shown()
                );
                return Err(Failure::new(Code::UsageInvalidArguments, message)
                    .remedy(
                        "pass --yes to write it, or --dry-run to look first",
                        &Remedy::AddFlag {
                            flag: "--yes".into(),
                        },
                    )
                    .into());
            }
            if !prompt::agreed(printer, "Write this?") {
                printer.note("nothing was written");
                return Ok(());
            }
        }
        if !dry_run {
            self.write(change).map_err(|error| self.unusable(&error))?;
        }
        match (printer.is_json(), dry_run) {
            (true, _) => {
                printer.document(&self.document(change.action, dry_run, change.shown.clone()));
            }
            (false, true) => printer.note("nothing was written"),
            (false, false) => {
                printer.line(&format!("changed {}", self.shown()));
                printer.note("next: start a new shell");
            }
        }
        Ok(())
    }

    fn write(&self, change: &ScriptChange<'_>) -> Result<(), FileError> {
        let before = change.before.map(str::as_bytes);
        // A symbolic link is the user's arrangement, and is kept.
        let is_link = synapse_files::Place::of(&self.file)?.is_link();
        let after = match change.after {
            Some(after) => after,
            None if is_link => "",
            None => return synapse_files::remove_if(&self.file, before.unwrap_or_default()),
        };
        if let Some(directory) = self.file.parent().filter(|directory| !directory.is_dir()) {
            synapse_files::create_directory(directory)?;
        }
        let mut replacement = Replacement::begin(&self.file, Rights::Kept)?;
        if let Err(error) = replacement.write_all(after.as_bytes()) {
            return Err(replacement.failed(error));
        }
        replacement.prepare()?.take_place_of(before)
    }
}

/// The user's shell, according to the system.
fn own_shell(environment: &Environment) -> Result<Shell, Failure> {
    let named: Option<OsString> = environment.variable(SHELL);
    named
        .as_deref()
        .and_then(|path| Shell::from_shell_path(Path::new(path)))
        .ok_or_else(|| {
            Failure::new(
                Code::UsageInvalidArguments,
                "which shell you use is not known",
            )
            .cause("SHELL names an unsupported shell")
            .hint("name it: bash, zsh, fish, powershell or elvish")
        })
}

fn marked(mark: char, lines: &str) -> String {
    lines
        .lines()
        .map(|line| format!("{mark} {line}\n"))
        .collect()
}

/// Larger than any file that a shell reads quickly.
const LIMIT: u64 = 4 * 1024 * 1024;
