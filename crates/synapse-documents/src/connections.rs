//! Documents of connections and preflight.

use serde::Serialize;
use synapse_core::check::{Check, CheckId};
use synapse_core::connection::Connection;
use synapse_core::error::RemedyText;
use synapse_core::limits::{Limits, UnknownCost};
use synapse_core::name::ConnectionName;
use synapse_core::ports::StoredConnection;
use synapse_core::preflight::{PreflightRecord, PreflightReport};
use synapse_core::redact::without_tokens;

use crate::calls::ReceiptView;
use crate::failure::{ErrorDocument, ErrorView};

/// `synapse.connections/1`: all connections.
#[derive(Debug, Clone, Serialize)]
pub struct ConnectionsDocument {
    schema: &'static str,
    ok: bool,
    connections: Vec<ConnectionView>,
    /// The default connection, if set.
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<String>,
}

impl ConnectionsDocument {
    /// The document of these connections. `remedies` renders the commands of errors.
    #[must_use]
    pub fn new(stored: &[StoredConnection], remedies: &dyn RemedyText) -> Self {
        Self {
            schema: "synapse.connections/1",
            ok: true,
            connections: stored
                .iter()
                .map(|stored| ConnectionView::new(stored, remedies))
                .collect(),
            default: None,
        }
    }

    /// Sets the default connection.
    #[must_use]
    pub fn with_default(self, name: Option<&ConnectionName>) -> Self {
        Self {
            default: name.map(ToString::to_string),
            ..self
        }
    }
}

/// `synapse.connection/1`: a connection, and a preflight just made, if any.
#[derive(Debug, Clone, Serialize)]
pub struct ConnectionDocument {
    schema: &'static str,
    ok: bool,
    connection: ConnectionView,
    #[serde(skip_serializing_if = "Option::is_none")]
    preflight: Option<PreflightDocument>,
}

impl ConnectionDocument {
    /// The document of a connection. `remedies` renders the commands of its error.
    #[must_use]
    pub fn new(stored: &StoredConnection, remedies: &dyn RemedyText) -> Self {
        Self {
            schema: "synapse.connection/1",
            ok: true,
            connection: ConnectionView::new(stored, remedies),
            preflight: None,
        }
    }

    /// Adds the preflight made before saving.
    #[must_use]
    pub fn with_preflight(mut self, preflight: PreflightDocument) -> Self {
        self.preflight = Some(preflight);
        self
    }
}

/// A connection. `error` is set if it is invalid.
#[derive(Debug, Clone, Serialize)]
pub struct ConnectionView {
    name: String,
    provider: String,
    model: String,
    base_url: Option<String>,
    credential: Option<String>,
    network: &'static str,
    timeout_seconds: Option<u64>,
    max_tokens: Option<u64>,
    organization: Option<String>,
    project: Option<String>,
    bill_to: Option<String>,
    proxy: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    allow_plain_http: bool,
    limits: Option<LimitsView>,
    record_text: bool,
    preflight: Option<RecordView>,
    error: Option<ErrorView>,
}

/// Limits on calls; money in nano-USD.
#[derive(Debug, Clone, Serialize)]
struct LimitsView {
    tokens_per_day: Option<u64>,
    tokens_per_month: Option<u64>,
    nano_usd_per_day: Option<u64>,
    nano_usd_per_month: Option<u64>,
    mode: &'static str,
    strict: bool,
}

impl From<&Limits> for LimitsView {
    fn from(limits: &Limits) -> Self {
        Self {
            tokens_per_day: limits.day.tokens,
            tokens_per_month: limits.month.tokens,
            nano_usd_per_day: limits.day.nano_usd,
            nano_usd_per_month: limits.month.nano_usd,
            mode: limits.mode.as_str(),
            strict: limits.unknown_cost == UnknownCost::Breaks,
        }
    }
}

#[derive(Debug, Clone, Serialize)]
struct RecordView {
    checked_at: String,
    proven: Vec<String>,
    unproven: Vec<String>,
    bound_to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bound_proxy: Option<String>,
}

impl ConnectionView {
    fn new(stored: &StoredConnection, remedies: &dyn RemedyText) -> Self {
        let draft = &stored.draft;
        let understood = stored.connection.as_ref().ok();
        Self {
            name: stored.name.to_string(),
            provider: clean(&draft.provider),
            model: clean(&draft.model),
            // Only validated values are shown: an invalid URL or reference may contain a secret.
            base_url: understood.map(|connection| connection.base_url.to_string()),
            credential: understood
                .and_then(|connection| connection.credential.as_ref())
                .map(ToString::to_string),
            network: draft.gate.as_str(),
            timeout_seconds: understood
                .map(|connection| connection.timeout.as_secs())
                .or(draft.timeout_seconds),
            max_tokens: draft.max_tokens,
            organization: draft.organization.as_deref().map(clean),
            project: draft.project.as_deref().map(clean),
            bill_to: draft.bill_to.as_deref().map(clean),
            proxy: understood
                .and_then(|connection| connection.proxy.as_ref())
                .map(ToString::to_string),
            allow_plain_http: draft.allow_plain_http,
            limits: understood
                .and_then(|connection| connection.limits.as_ref())
                .map(LimitsView::from),
            record_text: draft.record_text,
            preflight: stored.preflight.as_ref().map(RecordView::from),
            error: stored
                .connection
                .as_ref()
                .err()
                .map(|failure| ErrorView::new(failure, remedies)),
        }
    }
}

impl From<&PreflightRecord> for RecordView {
    fn from(record: &PreflightRecord) -> Self {
        Self {
            checked_at: record.checked_at.to_string(),
            proven: record.proven.clone(),
            unproven: record.unproven.clone(),
            bound_to: record.bound_to.as_ref().map(ToString::to_string),
            bound_proxy: record.bound_proxy.as_ref().map(ToString::to_string),
        }
    }
}

/// A draft is not validated yet: it may contain a pasted token.
fn clean(text: &str) -> String {
    without_tokens(text).into_owned()
}

/// `synapse.preflight/1`.
#[derive(Debug, Clone, Serialize)]
pub struct PreflightDocument {
    schema: &'static str,
    ok: bool,
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
