//! The common failure type of all surfaces: terminal, `--json`, MCP tool result, ledger.
//!
//! A [`Failure`] is created where the cause is known, carries its [`Code`] (and so its [`Class`]),
//! and is rendered elsewhere. It never contains a secret, a prompt or a raw body.

mod catalogue;
mod class;
mod remedy;

use std::collections::BTreeMap;
use std::fmt;

pub use catalogue::{Code, CodeEntry, CodeParseError};
pub use class::Class;
pub use remedy::{Action, EntryScope, Help, Remedy, RemedyText};

/// A failure: code, message, causes, hints and context.
///
/// The message is one lower-case line without a period; `causes` are ordered nearest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The stable code.
    pub code: Code,
    /// One line for people.
    pub message: String,
    /// The causes, nearest first.
    pub causes: Vec<String>,
    /// The next steps, most useful first.
    pub hints: Vec<Hint>,
    /// Facts for machines: file, line, host, status. Never a secret. Control flow uses the code and
    /// typed facts instead, such as [`Failure::sub_provider`].
    pub context: BTreeMap<&'static str, String>,
    facts: Option<Box<Facts>>,
}

/// Facts for control flow. Separate, because most failures have none and should stay small.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Facts {
    sub_provider: Option<String>,
    answer_length: AnswerLength,
}

/// Whether an answer reached its token cap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AnswerLength {
    /// Unknown, or no answer.
    Unknown,
    /// The model reached its token cap.
    AtCap,
}

/// One next step in words, optionally with a remedy that each surface renders in its own way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// The step in words.
    pub text: String,
    /// The remedy.
    pub remedy: Option<Remedy>,
}

impl Hint {
    /// A step in words.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            remedy: None,
        }
    }

    /// A step with its remedy.
    pub fn with_remedy(text: impl Into<String>, remedy: Remedy) -> Self {
        Self {
            text: text.into(),
            remedy: Some(remedy),
        }
    }

    /// The command on this surface, if any.
    #[must_use]
    pub fn command(&self, remedies: &dyn RemedyText) -> Option<String> {
        remedies.command(self.remedy.as_ref()?)
    }

    /// The step, followed by the command on this surface.
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
    /// Creates a failure without causes and hints.
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

    /// Appends a cause.
    #[must_use]
    pub fn cause(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(cause.into());
        self
    }

    /// Appends `error` and its sources as causes.
    #[must_use]
    pub fn caused_by(mut self, error: &dyn std::error::Error) -> Self {
        let mut next = Some(error);
        while let Some(current) = next {
            let text = current.to_string();
            // Libraries often repeat the inner message in the outer one; it is shown once.
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

    /// Adds a next step with a remedy.
    #[must_use]
    pub fn remedy(mut self, text: impl Into<String>, remedy: &Remedy) -> Self {
        self.hints.push(Hint::with_remedy(text, remedy.clone()));
        self
    }

    /// Suggests `right` in place of `wrong`.
    #[must_use]
    pub fn did_you_mean(self, wrong: &str, right: &str) -> Self {
        let retype = Remedy::Retype {
            wrong: wrong.to_owned(),
            right: right.to_owned(),
        };
        self.remedy(format!("did you mean `{right}`?"), &retype)
    }

    /// Adds a next step with another program: `line` is for a POSIX shell.
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

    /// Sets the sub-provider that answered through a router; shown as `served_by`.
    #[must_use]
    pub fn of_sub_provider(mut self, name: impl Into<String>) -> Self {
        let name = name.into();
        self.facts().sub_provider = Some(name.clone());
        self.with(SERVED_BY, name)
    }

    /// The sub-provider that answered through a router.
    #[must_use]
    pub fn sub_provider(&self) -> Option<&str> {
        self.facts.as_ref()?.sub_provider.as_deref()
    }

    /// Records that the model reached its token cap; shown as `token_cap_reached`. For a small
    /// probe that is a success: token, credits and model have been accepted by then.
    #[must_use]
    pub fn at_token_cap(mut self) -> Self {
        self.facts().answer_length = AnswerLength::AtCap;
        self.with(TOKEN_CAP_REACHED, true)
    }

    /// Whether the model reached its token cap.
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
        // The typed fact is independent of the context.
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
