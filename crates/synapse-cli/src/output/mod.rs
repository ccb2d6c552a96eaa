//! The one place that writes to stdout and stderr: results to stdout, everything else to stderr.
//!
//! **Invariant:** text from outside (answers, provider messages) passes `printable` before it
//! reaches a terminal, so that it cannot move the cursor or reorder a line. As a second check, only
//! style sequences are let through here (`printable_styled`).

mod chart;
mod check;
mod columns;
mod exchange;
mod failure;
mod fold;
pub(crate) mod markdown;
mod progress;
mod remedy;
mod table;

use std::borrow::Cow;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::ValueEnum;
use serde::Serialize;
use serde_json::Value;
use synapse_core::error::{Code, Failure, RemedyText};
use synapse_core::redact::{KnownSecrets, printable, printable_json, printable_styled};
use synapse_documents::DocumentVersion;

pub(crate) use self::chart::bar;
pub(crate) use self::check::{
    Widths, check_block, check_line, in_short, line as outcome_line, word,
};
pub(crate) use self::columns::{Column, listing};
pub(crate) use self::exchange::ShownExchanges;
pub(crate) use self::failure::render as render_failure;
pub(crate) use self::progress::{Progress, Waiting};
use self::remedy::ConfiguredLines;
pub(crate) use self::remedy::{CommandLines, TypedLines, command_line};
pub(crate) use self::table::table;

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorWord {
    Auto,
    Always,
    Never,
}

/// The format of results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OutputFormat {
    Human,
    Json(DocumentVersion),
}

/// Prints, without the secrets resolved by this process.
#[derive(Debug, Clone)]
pub(crate) struct Printer {
    format: OutputFormat,
    color: ColorChoice,
    seen: KnownSecrets,
    remedies: Arc<dyn RemedyText>,
    /// The first error of writing a result to stdout.
    lost: Arc<OnceLock<io::Error>>,
    progress: Progress,
    /// Renders the remedies of failures, knowing the typed command.
    typed: Arc<dyn RemedyText>,
}

impl Printer {
    pub(crate) fn new(format: OutputFormat, color: ColorWord) -> Self {
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
            progress: Progress::on_stderr(),
            typed: Arc::new(CommandLines),
        }
    }

    /// The same printer, hiding these secrets in its output.
    pub(crate) fn hiding(self, seen: KnownSecrets) -> Self {
        Self { seen, ..self }
    }

    /// The same printer, for a run with `--config FILE`.
    pub(crate) fn configured(self, file: Option<PathBuf>) -> Self {
        match file {
            Some(file) => Self {
                remedies: Arc::new(ConfiguredLines::new(file)),
                ..self
            },
            None => self,
        }
    }

    /// The same printer, for a command of these words.
    pub(crate) fn after(self, words: Vec<String>) -> Self {
        let typed = Arc::new(TypedLines::new(words, Arc::clone(&self.remedies)));
        Self { typed, ..self }
    }

    /// The width of stdout, when it is a terminal of known width.
    #[cfg(unix)]
    pub(crate) fn columns() -> Option<usize> {
        let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
        // A terminal of unknown width reports 0.
        Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
    }

    /// The terminal wraps lines.
    #[cfg(not(unix))]
    pub(crate) fn columns() -> Option<usize> {
        None
    }

    /// The progress display on stderr.
    pub(crate) const fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Renders the commands in failures of this run.
    pub(crate) fn remedies(&self) -> &Arc<dyn RemedyText> {
        &self.remedies
    }

    /// Whether results are one JSON document.
    pub(crate) fn is_json(&self) -> bool {
        matches!(self.format, OutputFormat::Json(_))
    }

    /// Whether stdout is a terminal.
    pub(crate) fn stdout_is_terminal() -> bool {
        io::stdout().is_terminal()
    }

    /// Whether stdout or stderr is a terminal.
    pub(crate) fn has_terminal() -> bool {
        io::stdout().is_terminal() || io::stderr().is_terminal()
    }

    /// The width of the terminal, if known.
    pub(crate) fn width() -> Option<usize> {
        table::width()
    }

    /// Copies `text` to the clipboard through the terminal (OSC 52), which does not confirm it.
    /// `false` when it is longer than terminals accept.
    pub(crate) fn copy(&self, text: &str) -> bool {
        if text.len() > MOST_COPIED {
            return false;
        }
        let text = self.seen.redact(text);
        let sequence = format!("\u{1b}]52;c;{}\u{7}", STANDARD.encode(text.as_bytes()));
        // Base64 contains no control characters: the text cannot control the terminal.
        let written = if io::stderr().is_terminal() {
            io::stderr().write_all(sequence.as_bytes())
        } else {
            io::stdout().write_all(sequence.as_bytes())
        };
        written.is_ok()
    }

    /// Prints a line of the result.
    pub(crate) fn line(&self, text: &str) {
        let mut stdout = AutoStream::new(io::stdout(), self.color);
        let text = self.seen.spare(text);
        let written = self
            .progress
            .suspended(|| writeln!(stdout, "{}", printable_styled(&text)));
        self.keep_in_mind(written);
    }

    /// As [`Printer::line`], wrapped between words at a terminal. For prose; a pipe gets one line.
    pub(crate) fn wrapped(&self, text: &str) {
        match table::width().filter(|width| *width >= fold::NARROWEST) {
            Some(width) => self.line(&fold::folded(&self.seen.spare(text), width)),
            None => self.line(text),
        }
    }

    /// Prints an answer or a script unchanged, without adding a line end; escape sequences are kept
    /// for a file or a pipe, and made printable for a terminal.
    pub(crate) fn exactly(&self, text: &str) {
        let mut stdout = io::stdout();
        let written = self.progress.suspended(|| {
            if Self::stdout_is_terminal() {
                stdout.write_all(printable(text).as_bytes())
            } else {
                stdout.write_all(text.as_bytes())
            }
        });
        self.keep_in_mind(written.and_then(|()| stdout.flush()));
    }

    /// Reports the first result that stdout did not accept. A closed pipe (`synapse … | head`) is
    /// the reader's choice, not a failure.
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
            // Only the first is reported.
            drop(self.lost.set(error));
        }
    }

    /// A writer for a large result. The caller reports errors.
    pub(crate) fn bytes() -> impl Write + Send {
        io::stdout()
    }

    /// Asks a question, and leaves the cursor after it.
    pub(crate) fn ask(&self, text: &str) {
        let mut stderr = AutoStream::new(io::stderr(), self.color);
        let text = self.seen.redact(text);
        drop(write!(stderr, "{}", printable_styled(&text)).and_then(|()| stderr.flush()));
    }

    /// Prints the one JSON document of the result.
    pub(crate) fn document(&self, document: &impl Serialize) {
        match self.format {
            OutputFormat::Human | OutputFormat::Json(DocumentVersion::One) => {
                self.print_document(document);
            }
            OutputFormat::Json(version) => match serde_json::to_value(document) {
                Ok(value) => self.print_document(&version.of(value)),
                Err(error) => self.note(&format!("the document cannot be written: {error}")),
            },
        }
    }

    fn print_document(&self, document: &impl Serialize) {
        match serde_json::to_string(document) {
            // Only a document that contains a secret is parsed, to keep it valid JSON.
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

    /// Prints a line that is not part of the result: progress, advice.
    pub(crate) fn note(&self, text: &str) {
        let mut stderr = AutoStream::new(io::stderr(), self.color);
        let text = self.seen.redact(text);
        let written = self
            .progress
            .suspended(|| writeln!(stderr, "{}", printable_styled(&text)));
        drop(written);
    }

    /// As [`Printer::note`], wrapped between words at a terminal. For prose; a command in it stays
    /// on one line.
    pub(crate) fn prose(&self, text: &str) {
        match fold::stderr_width() {
            Some(width) => self.note(&fold::folded(&self.seen.redact(text), width)),
            None => self.note(text),
        }
    }

    /// Prints a failure for people.
    pub(crate) fn failure(&self, failure: &Failure) {
        self.prose(&failure::render("error", ERROR, failure, &*self.typed));
    }

    /// Prints a problem that did not prevent the result.
    pub(crate) fn warning(&self, failure: &Failure) {
        self.prose(&failure::render("warning", WARNING, failure, &*self.typed));
    }
}

/// The failure of a stdout that cannot be written, such as a file on a full disk.
pub(crate) fn not_taken(error: &io::Error) -> Failure {
    let code = if synapse_home::failure::is_of_room(error.kind()) {
        Code::StorageDiskFull
    } else {
        Code::StorageUnavailable
    };
    Failure::new(code, "the result could not be fully written to stdout")
        .caused_by(error)
        .hint("send stdout somewhere else")
}

/// `text` in `style`; the printer strips it when colour is off.
pub(crate) fn styled(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// The text that fits, as base64, into the 100,000 bytes of a sequence that terminals accept.
const MOST_COPIED: usize = 74_994;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
pub(crate) const CODE: Style = AnsiColor::Cyan.on_default();
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const FAINT: Style = Style::new().dimmed();
pub(crate) const STRONG: Style = Style::new().bold();
