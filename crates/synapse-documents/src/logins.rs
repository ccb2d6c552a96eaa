//! Documents of `hub login`, `hub logout` and `hub auth-status`, without token values.

use serde::Serialize;
use synapse_core::error::{Failure, RemedyText};
use synapse_core::upstream::{RecordKey, TokenRecord};

use crate::failure::ErrorView;

/// The document of `hub login`.
#[derive(Debug, Serialize)]
pub struct LoginDocument {
    schema: &'static str,
    ok: bool,
    server: String,
    login: LoginView,
    place: String,
    requests: u32,
}

impl LoginDocument {
    /// The document of a login stored as `record` in `place`.
    #[must_use]
    pub fn new(key: &RecordKey, record: &TokenRecord, place: String, requests: u32) -> Self {
        Self {
            schema: "synapse.hub-login/1",
            ok: true,
            server: key.server.to_string(),
            login: LoginView::new(key, record),
            place,
            requests,
        }
    }
}

/// The document of `hub logout`.
#[derive(Debug, Serialize)]
pub struct LogoutDocument {
    schema: &'static str,
    ok: bool,
    server: String,
    issuers: Vec<String>,
    records: usize,
}

impl LogoutDocument {
    /// The document of a logout that changed `records` records, of these issuers.
    #[must_use]
    pub fn new(server: String, issuers: Vec<String>, records: usize) -> Self {
        Self {
            schema: "synapse.hub-logout/1",
            ok: true,
            server,
            issuers,
            records,
        }
    }
}

/// The document of `hub auth-status`.
#[derive(Debug, Serialize)]
pub struct AuthStatusDocument {
    schema: &'static str,
    ok: bool,
    place: String,
    servers: Vec<AuthView>,
}

impl AuthStatusDocument {
    /// The document of `servers`, with records in `place`.
    #[must_use]
    pub fn new(place: String, servers: Vec<AuthView>) -> Self {
        Self {
            schema: "synapse.hub-auth-status/1",
            ok: true,
            place,
            servers,
        }
    }
}

/// The credential of a server.
#[derive(Debug, Serialize)]
pub struct AuthView {
    /// The server.
    pub server: String,
    /// `header`, `login`, `damaged` or `none`.
    pub credential: &'static str,
    /// Its login.
    pub login: Option<LoginView>,
    /// Why its record is unusable.
    pub error: Option<ErrorView>,
}

impl AuthView {
    /// A server without a login.
    #[must_use]
    pub fn without(server: impl Into<String>, credential: &'static str) -> Self {
        Self {
            server: server.into(),
            credential,
            login: None,
            error: None,
        }
    }

    /// A server with a record.
    #[must_use]
    pub fn of(key: &RecordKey, record: &TokenRecord) -> Self {
        Self {
            server: key.server.to_string(),
            credential: match record.access {
                Some(_) => "login",
                None => "none",
            },
            login: Some(LoginView::new(key, record)),
            error: None,
        }
    }

    /// A server with an unusable record.
    #[must_use]
    pub fn damaged(
        server: impl Into<String>,
        failure: &Failure,
        remedies: &dyn RemedyText,
    ) -> Self {
        Self {
            server: server.into(),
            credential: "damaged",
            login: None,
            error: Some(ErrorView::new(failure, remedies)),
        }
    }
}

/// A record without token values.
#[derive(Debug, Serialize)]
pub struct LoginView {
    issuer: String,
    url: String,
    client_id: String,
    client_kind: &'static str,
    confidential: bool,
    redirect_uri: Option<String>,
    token_endpoint: String,
    resource: Option<String>,
    scopes: Vec<String>,
    state: &'static str,
    refreshable: bool,
    expires_at: Option<String>,
    obtained_at: String,
    generation: u64,
}

impl LoginView {
    fn new(key: &RecordKey, record: &TokenRecord) -> Self {
        Self {
            issuer: key.issuer.clone(),
            url: key.url.to_string(),
            client_id: record.client.id.clone(),
            client_kind: record.client.kind.as_str(),
            confidential: record.client.secret.is_some(),
            redirect_uri: record.client.redirect_uri.clone(),
            token_endpoint: record.token_endpoint.to_string(),
            resource: record.resource.clone(),
            scopes: record.scopes.clone(),
            state: record.state.as_str(),
            refreshable: record.refresh.is_some(),
            expires_at: record.expires_at.map(|end| end.to_string()),
            obtained_at: record.obtained_at.to_string(),
            generation: record.generation,
        }
    }
}
