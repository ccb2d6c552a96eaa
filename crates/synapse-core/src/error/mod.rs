//! The common failure type of all surfaces: terminal, `--json`, MCP tool result, ledger.
//!
//! A [`Failure`] is created where the cause is known, carries its [`Code`] (and so its [`Class`]),
//! and is rendered elsewhere. It never contains a secret, a prompt or a raw body.

mod catalogue;
mod class;
mod explanation;
mod facts;
mod remedy;

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;

use self::facts::FailureFacts;
pub use catalogue::{Code, CodeEntry, CodeParseError};
pub use class::Class;
pub use facts::Execution;
pub use remedy::{Action, EntryScope, Help, Remedy, RemedyText};

/// A failure: code, message, causes, hints and context.
///
/// The message is one lower-case line without a period. The causes, nearest first, are the chain of
/// [`std::error::Error::source`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    code: Code,
    message: String,
    source: Option<Box<Cause>>,
    hints: Vec<Hint>,
    context: BTreeMap<&'static str, String>,
    facts: Option<Box<FailureFacts>>,
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
            source: None,
            hints: Vec::new(),
            context: BTreeMap::new(),
            facts: None,
        }
    }

    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.code
    }

    /// The class of the code.
    #[must_use]
    pub const fn class(&self) -> Class {
        self.code.class()
    }

    /// One line for people.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Why, nearest cause first: the chain of [`std::error::Error::source`] as texts.
    #[must_use]
    pub fn causes(&self) -> Vec<&str> {
        let first = self.source.as_deref();
        let chain = std::iter::successors(first, |cause| cause.source.as_deref());
        chain.map(|cause| cause.text.as_str()).collect()
    }

    /// The nearest cause.
    #[must_use]
    pub fn first_cause(&self) -> Option<&str> {
        self.source.as_deref().map(|cause| cause.text.as_str())
    }

    /// The next steps, most useful first.
    #[must_use]
    pub fn hints(&self) -> &[Hint] {
        &self.hints
    }

    /// Facts to show: file, line, host. Never a secret. Control flow asks the code and the typed
    /// facts instead, such as [`Failure::sub_provider`].
    #[must_use]
    pub const fn context(&self) -> &BTreeMap<&'static str, String> {
        &self.context
    }

    /// The same failure under another message.
    #[must_use]
    pub fn with_message(mut self, message: impl Into<String>) -> Self {
        self.message = message.into();
        self
    }

    /// Appends a cause.
    #[must_use]
    pub fn cause(mut self, cause: impl Into<String>) -> Self {
        Cause::append(&mut self.source, cause.into());
        self
    }

    /// Appends `error` and its sources as causes.
    ///
    /// Keeps their texts alone: the value of a foreign error may hold what a failure must not.
    #[must_use]
    pub fn caused_by(mut self, error: &dyn Error) -> Self {
        let mut last = self.causes().last().map(ToString::to_string);
        let mut next = Some(error);
        while let Some(error) = next {
            let text = error.to_string();
            // Libraries often repeat the inner message in the outer one; show it once.
            if last.as_ref().is_none_or(|last| !last.ends_with(&text)) {
                last = Some(text.clone());
                Cause::append(&mut self.source, text);
            }
            next = error.source();
        }
        self
    }

    /// Adds a next step in words.
    #[must_use]
    pub fn hint(mut self, text: impl Into<String>) -> Self {
        self.hints.push(Hint::new(text));
        self
    }

    /// Adds a next step in words, before the others.
    #[must_use]
    pub fn first_hint(mut self, text: impl Into<String>) -> Self {
        self.hints.insert(0, Hint::new(text));
        self
    }

    /// Adds a next step with a remedy.
    #[must_use]
    pub fn remedy(mut self, text: impl Into<String>, remedy: &Remedy) -> Self {
        self.hints.push(Hint::with_remedy(text, remedy.clone()));
        self
    }

    /// Replaces the next steps.
    #[must_use]
    pub fn with_hints(mut self, hints: Vec<Hint>) -> Self {
        self.hints = hints;
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

    /// Adds a fact to show.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl fmt::Display) -> Self {
        self.context.insert(key, value.to_string());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|cause| cause as _)
    }
}

/// One level of the chain of causes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Cause {
    text: String,
    source: Option<Box<Self>>,
}

impl Cause {
    fn append(chain: &mut Option<Box<Self>>, text: String) {
        let mut end = chain;
        while let Some(cause) = end {
            end = &mut cause.source;
        }
        *end = Some(Box::new(Self { text, source: None }));
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl Error for Cause {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|cause| cause as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("outer: {0}")]
    struct Outer(#[source] Inner);

    #[derive(Debug, thiserror::Error)]
    #[error("inner")]
    struct Inner;

    #[test]
    fn a_source_that_the_outer_error_repeats_is_said_once() {
        let failure = Failure::new(Code::InternalInvariant, "x").caused_by(&Outer(Inner));
        assert_eq!(failure.causes(), ["outer: inner"]);
    }

    #[test]
    fn causes_are_the_chain_of_sources() {
        let wrapped = Failure::new(Code::InternalInvariant, "inner").cause("far");
        let failure = Failure::new(Code::InternalInvariant, "outer")
            .cause("near")
            .caused_by(&wrapped);
        assert_eq!(failure.causes(), ["near", "inner", "far"]);
        let mut chain = Vec::new();
        let mut next = failure.source();
        while let Some(error) = next {
            chain.push(error.to_string());
            next = error.source();
        }
        assert_eq!(chain, failure.causes());
        let alone = Failure::new(Code::InternalInvariant, "x");
        assert!(alone.source().is_none() && alone.first_cause().is_none());
    }
}
