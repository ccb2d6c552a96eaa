//! One failure shape for every surface: terminal, `--json`, MCP tool result, ledger.
//!
//! A [`Failure`] is made where the cause is known, carries its [`Code`] (and through it the
//! [`Class`]), and is rendered elsewhere. It never holds a secret, a prompt or a raw body.

mod catalogue;
mod class;
mod remedy;

use std::collections::BTreeMap;
use std::fmt;

pub use catalogue::{Code, CodeEntry, CodeParseError};
pub use class::Class;
pub use remedy::{Action, EntryScope, Help, Remedy, RemedyText};

/// A failure as every surface shows it: code, message, causes, hints and context.
///
/// The message is one lower-case line without a period; `causes` go from near to far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What happened, as a stable code.
    pub code: Code,
    /// One line for people.
    pub message: String,
    /// Why, nearest cause first.
    pub causes: Vec<String>,
    /// What to do next, most useful first.
    pub hints: Vec<Hint>,
    /// Facts for machines: file, line, host, status. Never a secret. Control flow asks the code and
    /// the typed facts instead, such as [`Failure::sub_provider`].
    pub context: BTreeMap<&'static str, String>,
    facts: Option<Box<Facts>>,
}

/// What control flow asks of a failure. Few have any of it, and a failure is small to return.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Facts {
    sub_provider: Option<String>,
    answer_length: AnswerLength,
}

/// Whether the answer that came was as long as it was allowed to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AnswerLength {
    /// Not known, or there was none.
    Unknown,
    /// The model ran into the cap on its tokens.
    AtCap,
}

/// One next step in words, with the remedy behind them when there is one. Each surface renders the
/// remedy in its own way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// The step in words.
    pub text: String,
    /// How it is done.
    pub remedy: Option<Remedy>,
}

impl Hint {
    /// A step in words alone.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            remedy: None,
        }
    }

    /// A step that `remedy` does.
    pub fn with_remedy(text: impl Into<String>, remedy: Remedy) -> Self {
        Self {
            text: text.into(),
            remedy: Some(remedy),
        }
    }

    /// The command that does it on this surface, if any.
    #[must_use]
    pub fn command(&self, remedies: &dyn RemedyText) -> Option<String> {
        remedies.command(self.remedy.as_ref()?)
    }

    /// The step, then the command that does it on this surface.
    #[must_use]
    pub fn sentence(&self, remedies: &dyn RemedyText) -> String {
        match self.command(remedies) {
            Some(command) if self.text.ends_with('?') => format!("{} {command}", self.text),
            Some(command) => format!("{}: {command}", self.text),
            None => self.text.clone(),
        }
    }
}

impl Failure {
    /// Makes a failure with neither causes nor hints.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            causes: Vec::new(),
            hints: Vec::new(),
            context: BTreeMap::new(),
            facts: None,
        }
    }

    /// Adds a cause behind those already known.
    #[must_use]
    pub fn cause(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(cause.into());
        self
    }

    /// Adds `error` and everything behind it as causes.
    #[must_use]
    pub fn caused_by(mut self, error: &dyn std::error::Error) -> Self {
        let mut next = Some(error);
        while let Some(current) = next {
            let text = current.to_string();
            // Libraries often repeat the inner message in the outer one; say it once.
            if self.causes.last().is_none_or(|last| !last.ends_with(&text)) {
                self.causes.push(text);
            }
            next = current.source();
        }
        self
    }

    /// Adds a next step in words.
    #[must_use]
    pub fn hint(mut self, text: impl Into<String>) -> Self {
        self.hints.push(Hint::new(text));
        self
    }

    /// Adds a next step that every surface renders in its own way.
    #[must_use]
    pub fn remedy(mut self, text: impl Into<String>, remedy: &Remedy) -> Self {
        self.hints.push(Hint::with_remedy(text, remedy.clone()));
        self
    }

    /// Asks whether `right` was meant where `wrong` was given.
    #[must_use]
    pub fn did_you_mean(self, wrong: &str, right: &str) -> Self {
        let retype = Remedy::Retype {
            wrong: wrong.to_owned(),
            right: right.to_owned(),
        };
        self.remedy(format!("did you mean `{right}`?"), &retype)
    }

    /// Adds a next step that another program does: `line` is for a POSIX shell.
    #[must_use]
    pub fn shell(self, text: impl Into<String>, line: impl Into<String>) -> Self {
        self.remedy(text, &Remedy::shell(line))
    }

    /// Adds a fact for machines.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl fmt::Display) -> Self {
        self.context.insert(key, value.to_string());
        self
    }

    /// Names the sub-provider that answered behind a router; shown as `served_by`.
    #[must_use]
    pub fn of_sub_provider(mut self, name: impl Into<String>) -> Self {
        let name = name.into();
        self.facts().sub_provider = Some(name.clone());
        self.with(SERVED_BY, name)
    }

    /// The sub-provider that answered behind a router.
    #[must_use]
    pub fn sub_provider(&self) -> Option<&str> {
        self.facts.as_ref()?.sub_provider.as_deref()
    }

    /// Says that the model ran into the cap on its tokens; shown as `token_cap_reached`. For a
    /// small probe that is a success: token, credits and model have all been accepted by then.
    #[must_use]
    pub fn at_token_cap(mut self) -> Self {
        self.facts().answer_length = AnswerLength::AtCap;
        self.with(TOKEN_CAP_REACHED, true)
    }

    /// Whether the model ran into the cap on its tokens.
    #[must_use]
    pub fn reached_token_cap(&self) -> bool {
        self.facts
            .as_ref()
            .is_some_and(|facts| facts.answer_length == AnswerLength::AtCap)
    }

    fn facts(&mut self) -> &mut Facts {
        self.facts.get_or_insert_with(|| {
            Box::new(Facts {
                sub_provider: None,
                answer_length: AnswerLength::Unknown,
            })
        })
    }

    /// The class of the code.
    #[must_use]
    pub fn class(&self) -> Class {
        self.code.class()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

const SERVED_BY: &str = "served_by";
const TOKEN_CAP_REACHED: &str = "token_cap_reached";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_control_flow_asks_is_typed_and_shown() {
        let failure = Failure::new(Code::InternalInvariant, "x");
        assert_eq!(failure.sub_provider(), None);
        assert!(!failure.reached_token_cap());
        // A fact under the same key is for machines alone.
        assert!(
            !failure
                .clone()
                .with("token_cap_reached", true)
                .reached_token_cap()
        );
        let failure = failure.of_sub_provider("novita").at_token_cap();
        assert_eq!(failure.sub_provider(), Some("novita"));
        assert!(failure.reached_token_cap());
        assert_eq!(failure.context["served_by"], "novita");
        assert_eq!(failure.context["token_cap_reached"], "true");
    }

    #[derive(Debug, thiserror::Error)]
    #[error("outer: {0}")]
    struct Outer(#[source] Inner);

    #[derive(Debug, thiserror::Error)]
    #[error("inner")]
    struct Inner;

    #[test]
    fn a_source_that_the_outer_error_repeats_is_said_once() {
        let failure = Failure::new(Code::InternalInvariant, "x").caused_by(&Outer(Inner));
        assert_eq!(failure.causes, ["outer: inner"]);
    }
}
