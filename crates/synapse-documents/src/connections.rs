//! Documents of connections.

use serde::Serialize;
use synapse_core::error::RemedyText;
use synapse_core::limits::{Limits, UnknownCost};
use synapse_core::name::ConnectionName;
use synapse_core::ports::StoredConnection;
use synapse_core::preflight::PreflightRecord;

use crate::failure::ErrorView;
use crate::preflight::{PreflightDocument, clean};

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
