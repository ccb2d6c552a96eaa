//! A failure, as documents show it.

use std::collections::BTreeMap;

use serde::Serialize;
use synapse_core::error::{Failure, Hint, RemedyText};
use synapse_core::redact::without_tokens;

/// A failure.
#[derive(Debug, Clone, Serialize)]
pub struct ErrorView {
    code: &'static str,
    class: &'static str,
    message: String,
    causes: Vec<String>,
    hints: Vec<HintView>,
    context: BTreeMap<&'static str, String>,
}

/// A next step.
#[derive(Debug, Clone, Serialize)]
pub struct HintView {
    text: String,
    command: Option<String>,
}

impl HintView {
    /// The view of a hint. `remedies` renders its command.
    #[must_use]
    pub fn new(hint: &Hint, remedies: &dyn RemedyText) -> Self {
        Self {
            text: without_tokens(&hint.text).into_owned(),
            command: hint
                .command(remedies)
                .map(|command| without_tokens(&command).into_owned()),
        }
    }
}

impl ErrorView {
    /// The message in one line.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The view of a failure. `remedies` renders its commands.
    ///
    /// Texts are cleaned where a failure is created; anything still shaped like a token is removed
    /// here, as a safety net.
    #[must_use]
    pub fn new(failure: &Failure, remedies: &dyn RemedyText) -> Self {
        let clean = |text: &str| without_tokens(text).into_owned();
        Self {
            code: failure.code().as_str(),
            class: failure.class().as_str(),
            message: clean(failure.message()),
            causes: failure.causes().into_iter().map(clean).collect(),
            hints: failure
                .hints()
                .iter()
                .map(|hint| HintView::new(hint, remedies))
                .collect(),
            context: failure
                .context()
                .iter()
                .map(|(key, value)| (*key, clean(value)))
                .collect(),
        }
    }

    /// The views of several failures.
    #[must_use]
    pub fn all(failures: &[Failure], remedies: &dyn RemedyText) -> Vec<Self> {
        let view = |failure| Self::new(failure, remedies);
        failures.iter().map(view).collect()
    }
}
