//! The document of a preflight of every connection.

use serde::Serialize;

use crate::error::ErrorDocument;
use crate::preflight::PreflightDocument;

/// `synapse.preflights/1`: a preflight of every connection, or the error of an invalid one.
#[derive(Debug, Clone, Serialize)]
pub struct PreflightsDocument {
    schema: &'static str,
    ok: bool,
    preflights: Vec<PreflightOrError>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
enum PreflightOrError {
    Preflight(Box<PreflightDocument>),
    Error(Box<ErrorDocument>),
}

impl PreflightsDocument {
    /// The document of these outcomes.
    #[must_use]
    pub fn new(outcomes: Vec<Result<PreflightDocument, ErrorDocument>>) -> Self {
        let ok = |outcome: &Result<PreflightDocument, ErrorDocument>| {
            outcome.as_ref().is_ok_and(|document| document.ok)
        };
        Self {
            schema: "synapse.preflights/1",
            ok: outcomes.iter().all(ok),
            preflights: outcomes
                .into_iter()
                .map(|outcome| match outcome {
                    Ok(document) => PreflightOrError::Preflight(Box::new(document)),
                    Err(document) => PreflightOrError::Error(Box::new(document)),
                })
                .collect(),
        }
    }
}
