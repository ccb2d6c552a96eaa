//! The document of `doctor`, also part of a support bundle.

use serde::Serialize;
use synapse_core::check::{Check, first_failure};
use synapse_core::error::RemedyText;

use crate::failure::ErrorView;

/// `synapse.doctor/1`.
#[derive(Debug, Clone, Serialize)]
pub struct DoctorDocument {
    schema: &'static str,
    ok: bool,
    version: String,
    system: String,
    checks: Vec<ExaminedView>,
    error: Option<ErrorView>,
    bundle: Option<String>,
}

/// A check. `outcome` is `ok`, `warn`, `fail` or `skip`.
#[derive(Debug, Clone, Serialize)]
struct ExaminedView {
    id: &'static str,
    subject: Option<String>,
    outcome: &'static str,
    detail: Option<String>,
    error: Option<ErrorView>,
}

impl DoctorDocument {
    /// The document of these checks, by a program of `version` on `system`. `remedies` renders the
    /// commands of errors.
    #[must_use]
    pub fn new(checks: &[Check], version: &str, system: &str, remedies: &dyn RemedyText) -> Self {
        let failure = first_failure(checks);
        Self {
            schema: "synapse.doctor/1",
            ok: failure.is_none(),
            version: version.to_owned(),
            system: system.to_owned(),
            checks: checks
                .iter()
                .map(|check| ExaminedView::new(check, remedies))
                .collect(),
            error: failure.map(|failure| ErrorView::new(failure, remedies)),
            bundle: None,
        }
    }

    /// Sets the path of the support bundle.
    #[must_use]
    pub fn bundled(self, path: String) -> Self {
        Self {
            bundle: Some(path),
            ..self
        }
    }
}

impl ExaminedView {
    fn new(check: &Check, remedies: &dyn RemedyText) -> Self {
        Self {
            id: check.id.as_str(),
            subject: check.subject.clone(),
            outcome: check.outcome().as_str(),
            detail: check.detail().map(str::to_owned),
            error: check
                .failure()
                .map(|failure| ErrorView::new(failure, remedies)),
        }
    }
}
