//! The document of a preflight.

use serde::Serialize;
use synapse_core::check::{Check, CheckId};
use synapse_core::connection::Connection;
use synapse_core::error::RemedyText;
use synapse_core::preflight::PreflightReport;
use synapse_core::redact::without_tokens;

use crate::calls::ReceiptView;
use crate::failure::ErrorView;

/// `synapse.preflight/1`.
#[derive(Debug, Clone, Serialize)]
pub struct PreflightDocument {
    schema: &'static str,
    pub(crate) ok: bool,
    connection: Option<String>,
    provider: String,
    model: String,
    base_url: Option<String>,
    hosts: Vec<String>,
    checked_at: String,
    checks: Vec<CheckView>,
    proven: Vec<&'static str>,
    unproven: Vec<&'static str>,
    error: Option<ErrorView>,
    receipt: Option<ReceiptView>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<ErrorView>,
}

/// A check. `outcome` is `ok`, `warn`, `fail` or `skip`.
#[derive(Debug, Clone, Serialize)]
pub struct CheckView {
    id: &'static str,
    outcome: &'static str,
    detail: Option<String>,
    needs: Option<&'static str>,
    error: Option<ErrorView>,
}

impl CheckView {
    pub(super) fn new(check: &Check, remedies: &dyn RemedyText) -> Self {
        Self {
            id: check.id.as_str(),
            outcome: check.outcome().as_str(),
            detail: check.detail().map(str::to_owned),
            needs: check.needs().map(CheckId::as_str),
            error: check
                .failure()
                .map(|failure| ErrorView::new(failure, remedies)),
        }
    }
}

impl PreflightDocument {
    /// The document of a report on the connection `name`. `remedies` renders the commands of
    /// errors.
    #[must_use]
    pub fn new(name: Option<&str>, report: &PreflightReport, remedies: &dyn RemedyText) -> Self {
        let (proven, unproven) = report.proven();
        let connection: Option<&Connection> = report.connection.as_ref();
        Self {
            schema: "synapse.preflight/1",
            ok: report.passed(),
            connection: name.map(str::to_owned),
            provider: clean(&report.draft.provider),
            model: clean(&report.draft.model),
            base_url: connection.map(|connection| connection.base_url.to_string()),
            hosts: report.hosts.clone(),
            checked_at: report.checked_at.to_string(),
            checks: report
                .checks
                .iter()
                .map(|check| CheckView::new(check, remedies))
                .collect(),
            proven: proven.into_iter().map(|id| id.as_str()).collect(),
            unproven: unproven.into_iter().map(|id| id.as_str()).collect(),
            error: report
                .failure()
                .map(|failure| ErrorView::new(failure, remedies)),
            receipt: report.receipt.as_ref().map(ReceiptView::from),
            warnings: ErrorView::all(&report.warnings, remedies),
        }
    }
}

/// A draft is not validated yet: it may contain a pasted token.
pub(crate) fn clean(text: &str) -> String {
    without_tokens(text).into_owned()
}
