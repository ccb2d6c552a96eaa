//! Delivers an answer to stdout (rendered on a terminal), a file or the clipboard. A paid answer is
//! never lost: if the file cannot be written, the answer is printed.

use std::path::PathBuf;

use synapse_core::chat::ChatReply;
use synapse_core::error::{Code, Failure, Remedy};
use synapse_core::redact::{printable, printable_json};
use synapse_documents::ToolCallView;
use synapse_home::atomic::{self, Replacement};

use crate::args::DeliveryArguments;
use crate::command::of_named_file;
use crate::output::{Printer, markdown};

/// The delivery options.
#[derive(Debug, Default)]
pub(super) struct Delivery {
    file: Option<PathBuf>,
    existing: Existing,
    copy: bool,
    plain: bool,
}

/// How an existing file is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Existing {
    #[default]
    Keep,
    Replace,
}

impl Delivery {
    /// Checks that the answer can be delivered, before the request is sent.
    ///
    /// # Errors
    /// `usage.invalid-arguments` when the file exists or there is no terminal to copy with,
    /// `storage.*` when the directory of the file is not writable.
    pub(super) fn new(arguments: DeliveryArguments) -> Result<Self, Failure> {
        let existing = if arguments.force {
            Existing::Replace
        } else {
            Existing::Keep
        };
        if let Some(path) = &arguments.output {
            if path.is_dir() {
                return Err(a_directory(path));
            }
            if existing == Existing::Keep && path.symlink_metadata().is_ok() {
                return Err(there_already(path).remedy(
                    "name another file, or replace it",
                    &Remedy::AddFlag {
                        flag: "--force".into(),
                    },
                ));
            }
            // Dropped at once, which leaves no file.
            drop(Replacement::begin(path).map_err(of_named_file)?);
        }
        if arguments.copy && !Printer::has_terminal() {
            return Err(Failure::new(
                Code::UsageInvalidArguments,
                "there is no terminal to copy with",
            )
            .cause("neither stdout nor stderr is one")
            .with("argument", "--copy"));
        }
        Ok(Self {
            file: arguments.output,
            existing,
            copy: arguments.copy,
            plain: arguments.plain,
        })
    }

    /// As above for an answer that follows a schema, and is data rather than Markdown.
    pub(super) fn of_data(self, is_data: bool) -> Self {
        Self {
            plain: self.plain || is_data,
            ..self
        }
    }

    /// Whether the answer goes into a file.
    pub(super) const fn is_file(&self) -> bool {
        self.file.is_some()
    }

    /// Writes the file and copies, as requested.
    ///
    /// # Errors
    /// `usage.invalid-arguments` or `storage.*` when the file cannot be written; then the answer is
    /// on stdout.
    pub(super) fn keep(&self, printer: &Printer, reply: &ChatReply) -> Result<(), Failure> {
        if self.copy {
            let text = printable(reply.text().unwrap_or_default());
            printer.note(&if printer.copy(&text) {
                format!("copied by the terminal: {} bytes", text.len())
            } else {
                "not copied: terminals accept at most 74 KB; -o writes a file".to_owned()
            });
        }
        let Some(path) = &self.file else {
            return Ok(());
        };
        let content = whole(reply);
        let written = match self.existing {
            Existing::Replace => atomic::replace(path, content.as_bytes()),
            Existing::Keep => match atomic::create(path, content.as_bytes()) {
                Ok(true) => Ok(()),
                // Asking again would be paid again.
                Ok(false) => Err(there_already(path)
                    .cause("it was made while the provider answered")
                    .hint("the answer is printed: copy it from there into another file")),
                Err(failure) => Err(failure),
            },
        };
        match written {
            Ok(()) => {
                printer.note(&format!(
                    "the answer is in {}",
                    printable(&path.to_string_lossy())
                ));
                Ok(())
            }
            Err(failure) => {
                if !printer.is_json() {
                    print_text(printer, self, reply);
                    print_tool_calls(printer, reply);
                }
                Err(of_named_file(failure))
            }
        }
    }
}

/// Prints the text: unchanged to a pipe, rendered to a terminal.
pub(super) fn print_text(printer: &Printer, delivery: &Delivery, reply: &ChatReply) {
    let Some(text) = reply.text() else {
        return;
    };
    if Printer::stdout_is_terminal() && !delivery.plain {
        printer.line(markdown::render(text, Printer::width()).trim_end_matches('\n'));
    } else {
        // The printer strips control characters on a terminal.
        printer.exactly(&ended(text));
    }
}

/// Prints a line of JSON for each tool call.
pub(super) fn print_tool_calls(printer: &Printer, reply: &ChatReply) {
    for line in tool_calls(reply) {
        printer.line(&line);
    }
}

/// The unchanged text with a final newline, and a line of JSON for each tool call.
fn whole(reply: &ChatReply) -> String {
    let text = reply.text().map(ended);
    let calls = tool_calls(reply).map(|line| line + "\n");
    text.into_iter().chain(calls).collect()
}

fn ended(text: &str) -> String {
    let end = if text.ends_with('\n') { "" } else { "\n" };
    format!("{text}{end}")
}

fn tool_calls(reply: &ChatReply) -> impl Iterator<Item = String> {
    reply.tool_calls.iter().map(|call| {
        // Plain text fields always serialise.
        let line = serde_json::to_string(&ToolCallView::from(call));
        printable_json(&line.unwrap_or_else(|error| error.to_string()))
    })
}

fn a_directory(path: &std::path::Path) -> Failure {
    let shown = printable(&path.to_string_lossy());
    Failure::new(
        Code::UsageInvalidArguments,
        format!("`{shown}` is a directory"),
    )
    .remedy(
        "name a file in it",
        &Remedy::Retype {
            wrong: path.to_string_lossy().into_owned(),
            right: path.join("answer.md").to_string_lossy().into_owned(),
        },
    )
    .with("argument", "--output")
    .with("file", shown)
}

fn there_already(path: &std::path::Path) -> Failure {
    let shown = printable(&path.to_string_lossy());
    Failure::new(
        Code::UsageInvalidArguments,
        format!("`{shown}` already exists"),
    )
    .with("argument", "--output")
    .with("file", shown)
}
