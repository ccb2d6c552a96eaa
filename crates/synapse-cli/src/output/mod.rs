//! The one place that writes to stdout and stderr: results to stdout, everything else to stderr.
//!
//! **Invariant:** text from outside (answers, provider messages) passes `printable` before it
//! reaches a terminal, so that it cannot move the cursor or reorder a line. What forgets to is
//! caught here: of all control sequences only styles pass (`printable_styled`).

mod chart;
mod check;
mod failure;
mod remedy;
mod table;

use std::borrow::Cow;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use serde::Serialize;
use serde_json::Value;
use synapse_core::document::DocumentVersion;
use synapse_core::error::{Code, Failure, RemedyText};
use synapse_core::redact::{KnownSecrets, printable, printable_json, printable_styled};

pub(crate) use self::chart::bar;
pub(crate) use self::check::{Mark, in_short};
pub(crate) use self::failure::render as render_failure;
use self::remedy::ConfiguredLines;
pub(crate) use self::remedy::{CommandLines, command_line};
pub(crate) use self::table::{cost_text, table};
use crate::args::ColorWord;

/// How to print results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Human,
    Json(DocumentVersion),
}

/// Prints, without the secrets that this process has seen.
#[derive(Debug, Clone)]
pub(crate) struct Printer {
    format: Format,
    color: ColorChoice,
    seen: KnownSecrets,
    remedies: Arc<dyn RemedyText>,
    /// Why stdout did not take a result, the first time that it did not.
    lost: Arc<OnceLock<io::Error>>,
}

impl Printer {
    pub(crate) fn new(format: Format, color: ColorWord) -> Self {
        let color = match color {
            ColorWord::Auto => ColorChoice::Auto,
            ColorWord::Always => ColorChoice::Always,
            ColorWord::Never => ColorChoice::Never,
        };
        Self {
            format,
            color,
            seen: KnownSecrets::new(),
            remedies: Arc::new(CommandLines),
            lost: Arc::default(),
        }
    }

    /// The same printer, which keeps these secrets out of what it prints.
    pub(crate) fn hiding(self, seen: KnownSecrets) -> Self {
        Self { seen, ..self }
    }

    /// The same printer, for a run that `--config` pointed to `file`.
    pub(crate) fn configured(self, file: Option<PathBuf>) -> Self {
        match file {
            Some(file) => Self {
                remedies: Arc::new(ConfiguredLines::new(file)),
                ..self
            },
            None => self,
        }
    }

    /// What renders the commands of failures in this run.
    pub(crate) fn remedies(&self) -> &Arc<dyn RemedyText> {
        &self.remedies
    }

    /// Whether results are one JSON document.
    pub(crate) fn is_json(&self) -> bool {
        matches!(self.format, Format::Json(_))
    }

    /// Whether stdout is a terminal.
    pub(crate) fn stdout_is_terminal() -> bool {
        io::stdout().is_terminal()
    }

    /// Prints a line of the result.
    pub(crate) fn line(&self, text: &str) {
        let mut stdout = AutoStream::new(io::stdout(), self.color);
        let text = self.seen.spare(text);
        self.keep_in_mind(writeln!(stdout, "{}", printable_styled(&text)));
    }

    /// Prints an answer or a script exactly as it is, without adding a line end; to a file or a pipe
    /// escape sequences included, to a terminal as it may show them.
    pub(crate) fn exactly(&self, text: &str) {
        let mut stdout = io::stdout();
        let written = match Self::stdout_is_terminal() {
            true => stdout.write_all(printable(text).as_bytes()),
            false => stdout.write_all(text.as_bytes()),
        };
        self.keep_in_mind(written.and_then(|()| stdout.flush()));
    }

    /// Whether stdout took every result so far. A closed pipe (`synapse … | head`) is the reader's
    /// choice and no failure.
    ///
    /// # Errors
    /// `storage.unavailable`.
    pub(crate) fn delivered(&self) -> Result<(), Failure> {
        self.lost
            .get()
            .map_or(Ok(()), |error| Err(not_taken(error)))
    }

    fn keep_in_mind(&self, written: io::Result<()>) {
        if let Err(error) = written
            && error.kind() != ErrorKind::BrokenPipe
        {
            // Only the first is told.
            drop(self.lost.set(error));
        }
    }

    /// Where bytes of a result go that are too many for one text. Errors are the caller's to tell.
    pub(crate) fn bytes() -> impl Write + Send {
        io::stdout()
    }

    /// Asks something, and leaves the cursor behind it.
    pub(crate) fn ask(&self, text: &str) {
        let mut stderr = AutoStream::new(io::stderr(), self.color);
        let text = self.seen.redact(text);
        drop(write!(stderr, "{}", printable_styled(&text)).and_then(|()| stderr.flush()));
    }

    /// Prints the one JSON document of the result.
    pub(crate) fn document(&self, document: &impl Serialize) {
        match self.format {
            Format::Human | Format::Json(DocumentVersion::One) => self.print_document(document),
            Format::Json(version) => match serde_json::to_value(document) {
                Ok(value) => self.print_document(&version.of(value)),
                Err(error) => self.note(&format!("the document cannot be written: {error}")),
            },
        }
    }

    fn print_document(&self, document: &impl Serialize) {
        match serde_json::to_string(document) {
            // Only a document that would tell a secret is taken apart, to keep it one.
            Ok(text) => match self.seen.spare(&text) {
                Cow::Borrowed(_) => self.line(&printable_json(&text)),
                Cow::Owned(_) => {
                    let spared = self.without_secrets(document).to_string();
                    self.line(&printable_json(&spared));
                }
            },
            Err(error) => self.note(&format!("the document cannot be written: {error}")),
        }
    }

    fn without_secrets(&self, document: &impl Serialize) -> Value {
        let mut value = serde_json::to_value(document).unwrap_or_default();
        let mut left = vec![&mut value];
        while let Some(value) = left.pop() {
            match value {
                Value::String(text) => {
                    if let Cow::Owned(clean) = self.seen.redact(text) {
                        *text = clean;
                    }
                }
                Value::Array(values) => left.extend(values),
                Value::Object(members) => left.extend(members.values_mut()),
                _ => {}
            }
        }
        value
    }

    /// Prints a line that is no result: progress, advice.
    pub(crate) fn note(&self, text: &str) {
        let mut stderr = AutoStream::new(io::stderr(), self.color);
        let text = self.seen.redact(text);
        drop(writeln!(stderr, "{}", printable_styled(&text)));
    }

    /// Prints a failure for people.
    pub(crate) fn failure(&self, failure: &Failure) {
        self.note(&failure::render("error", ERROR, failure, &*self.remedies));
    }

    /// Prints what did not go well beside the result.
    pub(crate) fn warning(&self, failure: &Failure) {
        self.note(&failure::render(
            "warning",
            WARNING,
            failure,
            &*self.remedies,
        ));
    }
}

/// The failure of a stdout that cannot be written, such as a file on a full disk.
pub(crate) fn not_taken(error: &io::Error) -> Failure {
    let code = match synapse_store::is_of_room(error.kind()) {
        true => Code::StorageDiskFull,
        false => Code::StorageUnavailable,
    };
    Failure::new(code, "stdout did not take the whole result")
        .caused_by(error)
        .hint("send stdout somewhere else")
}

/// `text` in `style`; the printer strips it where colour is not wanted.
pub(crate) fn styled(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const FAINT: Style = Style::new().dimmed();
pub(crate) const STRONG: Style = Style::new().bold();
