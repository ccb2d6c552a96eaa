//! OAuth requests: one `HttpClient::send` each, counted, with deadlines and limited answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use synapse_core::{Failure, NetworkPermit};
use synapse_http::{
    HttpClient, HttpRequest, HttpResponse, Method, TransportFailure, TransportKind,
};
use url::Url;
use url::form_urlencoded::Serializer;

/// Sends the requests of one operation.
#[derive(Debug, Clone)]
pub(crate) struct Wire {
    http: HttpClient,
    deadline: Duration,
    /// The host of the MCP server, unless the user named the issuer: other hosts come from it.
    server: Option<String>,
    sent: Arc<AtomicU32>,
}

impl Wire {
    pub(crate) fn new(http: HttpClient, deadline: Duration) -> Self {
        Self {
            http,
            deadline,
            server: None,
            sent: Arc::default(),
        }
    }

    /// Sends to names that `server` gave at public addresses only, or where it is itself.
    pub(crate) fn named_by(self, server: &Url) -> Self {
        Self {
            server: server.host_str().map(ToOwned::to_owned),
            ..self
        }
    }

    /// Number of requests sent.
    pub(crate) fn sent(&self) -> u32 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Sends one GET for JSON.
    pub(crate) async fn document(
        &self,
        permit: &NetworkPermit,
        url: Url,
    ) -> Result<HttpResponse, TransportFailure> {
        let request = HttpRequest::new(Method::Get, url, self.deadline);
        self.send(permit, request.header("accept", "application/json"))
            .await
    }

    /// Sends one GET like a browser's first: without cookies or redirects.
    pub(crate) async fn page(
        &self,
        permit: &NetworkPermit,
        url: Url,
    ) -> Result<HttpResponse, TransportFailure> {
        let request = HttpRequest::new(Method::Get, url, self.deadline);
        self.send(
            permit,
            request.header("accept", "text/html,application/json"),
        )
        .await
    }

    /// Sends one POST of JSON, expecting JSON.
    pub(crate) async fn json(
        &self,
        permit: &NetworkPermit,
        url: Url,
        body: Vec<u8>,
    ) -> Result<HttpResponse, TransportFailure> {
        let request = HttpRequest::new(Method::Post, url, self.deadline);
        let request = request.header("accept", "application/json").json(body);
        self.send(permit, request).await
    }

    /// Sends one MCP message, in a session if there is one.
    pub(crate) async fn message(
        &self,
        permit: &NetworkPermit,
        url: Url,
        message: &str,
        session: Option<&str>,
    ) -> Result<HttpResponse, TransportFailure> {
        let mut request = HttpRequest::new(Method::Post, url, self.deadline)
            .header("accept", "application/json, text/event-stream")
            .json(message.as_bytes().to_vec());
        if let Some(session) = session {
            request = request
                .header("mcp-session-id", session)
                .header("mcp-protocol-version", "2025-11-25");
        }
        self.send(permit, request).await
    }

    /// Sends one form POST, with an `authorization` header if the client has one.
    pub(crate) async fn form(
        &self,
        permit: &NetworkPermit,
        url: Url,
        form: &[(&str, &str)],
        authorization: Option<&str>,
    ) -> Result<HttpResponse, TransportFailure> {
        let body = Serializer::new(String::new()).extend_pairs(form).finish();
        let mut request = HttpRequest::new(Method::Post, url, self.deadline)
            .header("accept", "application/json")
            .header("content-type", "application/x-www-form-urlencoded")
            .json(body.into_bytes());
        if let Some(value) = authorization {
            request = request.header("authorization", value);
        }
        self.send(permit, request).await
    }

    async fn send(
        &self,
        permit: &NetworkPermit,
        request: HttpRequest<'_>,
    ) -> Result<HttpResponse, TransportFailure> {
        self.sent.fetch_add(1, Ordering::Relaxed);
        let request = match self.server.as_deref() {
            Some(server) if request.url.host_str() != Some(server) => request.named_by(server),
            _ => request,
        };
        self.http.send(permit, request).await
    }
}

/// The failure of an unanswered request; nothing is billed.
pub(crate) fn no_answer(what: &str, failure: &TransportFailure) -> Failure {
    let shown = failure.to_unbilled_failure();
    let message = format!("{what}: {}", shown.message());
    let shown = shown.with_message(message);
    match failure.kind() {
        TransportKind::PrivateAddress => shown.hint(OWN_ISSUER),
        _ => shown,
    }
}

/// The way to an authorization server in a private network, named by a public server.
pub(crate) const OWN_ISSUER: &str =
    "if it is your organisation's, name it as `issuer` in the entry's `oauth`";
