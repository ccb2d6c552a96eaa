//! The document of `check`.

use serde::Serialize;
use synapse_core::check::{Check, CheckId, first_failure};
use synapse_core::error::RemedyText;

use crate::failure::{ErrorView, HintView};

/// `synapse.check/1`: all checks, or the selected ones.
#[derive(Debug, Clone, Serialize)]
pub struct CheckDocument {
    schema: &'static str,
    ok: bool,
    version: String,
    system: String,
    subjects: Vec<String>,
    checks: Vec<LineView>,
    fixes: Vec<FixView>,
    error: Option<ErrorView>,
}

/// One line. `outcome` is `ok`, `warn`, `fail`, `missing` or `skip`; `needs` is the id of a failed
/// prerequisite.
#[derive(Debug, Clone, Serialize)]
struct LineView {
    id: &'static str,
    subject: Option<String>,
    outcome: &'static str,
    what: String,
    remedy: Option<HintView>,
    needs: Option<&'static str>,
    error: Option<ErrorView>,
}

/// A harmless repair. `done` is false if it was only shown.
#[derive(Debug, Clone, Serialize)]
pub struct FixView {
    /// Its effect.
    pub what: String,
    /// The equivalent command.
    pub command: String,
    /// Whether it was done.
    pub done: bool,
}

impl CheckDocument {
    /// The document of these checks, by a program of `version` on `system`. `remedies` renders its
    /// commands.
    #[must_use]
    pub fn new(
        checks: &[Check],
        [version, system]: [&str; 2],
        subjects: &[String],
        fixes: Vec<FixView>,
        remedies: &dyn RemedyText,
    ) -> Self {
        let failure = first_failure(checks);
        Self {
            schema: "synapse.check/1",
            ok: failure.is_none(),
            version: version.to_owned(),
            system: system.to_owned(),
            subjects: subjects.to_vec(),
            checks: checks
                .iter()
                .map(|check| LineView::new(check, remedies))
                .collect(),
            fixes,
            error: failure.map(|failure| ErrorView::new(failure, remedies)),
        }
    }
}

impl LineView {
    fn new(check: &Check, remedies: &dyn RemedyText) -> Self {
        Self {
            id: check.id.as_str(),
            subject: check.subject.clone(),
            outcome: check.outcome().as_str(),
            what: synapse_core::redact::without_tokens(&check.what()).into_owned(),
            remedy: check.remedy().map(|hint| HintView::new(hint, remedies)),
            needs: check.needs().map(CheckId::as_str),
            error: check
                .failure()
                .map(|failure| ErrorView::new(failure, remedies)),
        }
    }
}
