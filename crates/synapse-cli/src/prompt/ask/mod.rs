//! Questions to the user at the terminal: with arrow keys and a search where the terminal supports
//! them, otherwise numbered and answered with a line. Every question can be cancelled.
//!
//! **Invariant:** a question is asked only when stdin and stderr are the terminal; the terminal is
//! restored however the question ends.

mod arrows;
#[cfg(unix)]
mod hangup;
mod numbers;

use std::io::{self, IsTerminal as _};

use secrecy::SecretString;
use synapse_core::redact::{KnownSecrets, printable_line};

use crate::environment::Environment;
use crate::output::Printer;

/// Asks.
pub(crate) struct Asker {
    face: Face,
    printer: Printer,
    seen: KnownSecrets,
}

/// The style of questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Face {
    /// A searchable list with arrow keys.
    Arrows,
    /// Numbered options, answered with a line.
    Numbers,
}

/// When typing searches a list. What is typed is shown, so that a list where a key might be pasted
/// has no search, unless it is too long for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Search {
    Always,
    WhenLong,
}

/// A question without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Left {
    /// Esc, Ctrl-D, or the end of the input.
    Quit,
    /// Ctrl-C.
    Interrupted,
}

/// The default answer of a yes-or-no question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Usual {
    Yes,
    No,
}

impl Asker {
    /// Asks at the terminal of this process, if stdin and stderr are one.
    pub(crate) fn at_terminal(
        environment: &Environment,
        printer: &Printer,
        seen: &KnownSecrets,
    ) -> Option<Self> {
        let somebody = io::stdin().is_terminal() && io::stderr().is_terminal();
        somebody.then(|| Self {
            face: face(environment, width()),
            printer: printer.clone(),
            seen: seen.clone(),
        })
    }

    /// The key that cancels a question, besides Ctrl-C.
    pub(crate) const fn leaving_key(&self) -> &'static str {
        match self.face {
            Face::Arrows => "Esc",
            Face::Numbers => "Ctrl-D",
        }
    }

    /// Asks for one of `options`, beginning at `start`, and returns its index.
    pub(crate) fn one_of(
        &self,
        question: &str,
        options: &[String],
        start: usize,
    ) -> Result<usize, Left> {
        let options = self.shown(options);
        match self.face {
            Face::Arrows => arrows::one_of(question, options, start, Search::WhenLong),
            Face::Numbers => numbers::one_of(&self.printer, question, &options, start),
        }
    }

    /// As [`Asker::one_of`], from a list of names that the user may know: typing searches it.
    pub(crate) fn searched(&self, question: &str, options: &[String]) -> Result<usize, Left> {
        let options = self.shown(options);
        match self.face {
            Face::Arrows => arrows::one_of(question, options, 0, Search::Always),
            Face::Numbers => numbers::one_of(&self.printer, question, &options, 0),
        }
    }

    /// Asks for any of `options`, all preselected, and returns their indices.
    pub(crate) fn several_of(
        &self,
        question: &str,
        options: &[String],
    ) -> Result<Vec<usize>, Left> {
        let options = self.shown(options);
        match self.face {
            Face::Arrows => arrows::several_of(question, options),
            Face::Numbers => numbers::several_of(&self.printer, question, &options),
        }
    }

    /// Asks for yes or no.
    pub(crate) fn agrees(&self, question: &str, usual: Usual) -> Result<bool, Left> {
        match self.face {
            Face::Arrows => arrows::agrees(question, usual),
            Face::Numbers => numbers::agrees(&self.printer, question, usual),
        }
    }

    /// Asks for a line of text; Enter alone returns `usual`.
    pub(crate) fn text(&self, question: &str, usual: &str) -> Result<String, Left> {
        match self.face {
            Face::Arrows => arrows::text(question, usual),
            Face::Numbers => numbers::text(&self.printer, question, usual),
        }
    }

    /// Asks for a secret without echo. A multi-line paste is discarded and asked for again.
    pub(crate) fn secret(&self, question: &str) -> Result<SecretString, Left> {
        loop {
            match super::hidden(&format!("{question} (not shown): ")) {
                super::Hidden::Line(line) => return Ok(line),
                super::Hidden::Several => self
                    .printer
                    .note("that was more than one line, and a key is one; nothing of it was kept"),
                super::Hidden::Left => return Err(Left::Quit),
                super::Hidden::Interrupted => return Err(Left::Interrupted),
            }
        }
    }

    /// One line each, cut to the width of the terminal, without secrets and control characters.
    fn shown(&self, options: &[String]) -> Vec<String> {
        let room = usize::from(width().max(NARROWEST)) - MARGIN;
        options
            .iter()
            .map(|option| fitted(&printable_line(&self.seen.redact(option)), room))
            .collect()
    }
}

/// Arrow keys require a terminal that can redraw lines, and colours to show the selected one.
fn face(environment: &Environment, width: u16) -> Face {
    let term = environment.variable("TERM");
    let is_dumb = term.is_none_or(|term| term == "dumb");
    let without_colours = environment.variable("NO_COLOR").is_some();
    if is_dumb || without_colours || width == 0 {
        Face::Numbers
    } else {
        Face::Arrows
    }
}

/// The width of the terminal; 0 when unknown.
#[cfg(unix)]
fn width() -> u16 {
    rustix::termios::tcgetwinsize(io::stderr()).map_or(0, |size| size.ws_col)
}

/// The width that every console has.
#[cfg(not(unix))]
const fn width() -> u16 {
    NARROWEST
}

fn fitted(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    let cut: String = text.chars().take(room.saturating_sub(1)).collect();
    format!("{cut}…")
}

/// The space of a marker and a number before an option.
const MARGIN: usize = 8;
const NARROWEST: u16 = 40;

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::sync::Arc;

    use super::*;

    fn environment(variables: &'static [(&str, &str)]) -> Environment {
        Environment::of_process().of_another(Arc::new(|name| {
            let mut all = variables.iter();
            let found = all.find(|(known, _)| *known == name);
            found.map(|(_, value)| OsString::from(value))
        }))
    }

    #[test]
    fn a_terminal_without_colours_width_or_arrows_gets_numbers() {
        let able: &[(&str, &str)] = &[("TERM", "xterm-256color")];
        assert_eq!(face(&environment(able), 80), Face::Arrows);
        assert_eq!(face(&environment(able), 0), Face::Numbers);
        assert_eq!(face(&environment(&[]), 80), Face::Numbers);
        assert_eq!(face(&environment(&[("TERM", "dumb")]), 80), Face::Numbers);
        let plain: &[(&str, &str)] = &[("TERM", "xterm"), ("NO_COLOR", "1")];
        assert_eq!(face(&environment(plain), 80), Face::Numbers);
    }

    #[test]
    fn an_option_is_one_line_of_the_terminal() {
        assert_eq!(fitted("short", 5), "short");
        assert_eq!(fitted("longer", 5), "long…");
    }
}
