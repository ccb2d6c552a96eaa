//! The HTTP requests of one conversation, and the messages that arrive besides answers.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use synapse_http::{HttpRequest, Method, StreamingResponse};
use synapse_mcp::client::wire::Incoming;
use synapse_mcp::client::{CallError, Calls, MayHaveRun, Replies};
use synapse_mcp::{Era, ProtocolRevision};

use super::response::refused;
use super::server::HttpServer;
use super::stream::{Messages, Next, carried};

/// Shared by the requests of a conversation.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) server: HttpServer,
    pub(super) calls: Arc<Calls>,
    pub(super) session: OnceLock<String>,
    pub(super) revision: OnceLock<ProtocolRevision>,
    pub(super) is_lost: AtomicBool,
}

impl Link {
    /// Posts a notification or an answer, without expecting a result.
    pub(super) async fn post_aside(
        &self,
        message: Vec<u8>,
        deadline: Duration,
    ) -> Result<(), CallError> {
        let response = self
            .send(Method::Post, Some(message), &[], JSON_OR_STREAM, deadline)
            .await?;
        match response.status {
            200..=299 => Ok(()),
            _ => Err(refused(response).await),
        }
    }

    /// Sends one HTTP request.
    pub(super) async fn send(
        &self,
        method: Method,
        message: Option<Vec<u8>>,
        headers: &[(String, String)],
        accept: &str,
        deadline: Duration,
    ) -> Result<StreamingResponse, CallError> {
        let server = &self.server;
        let bearer =
            match &server.credentials {
                Some(credentials) if !server.has_authorization() => credentials
                    .authorization()
                    .await
                    .map_err(|failure| CallError::Carrier {
                        source: Arc::new(failure),
                        may_have_run: MayHaveRun::No,
                    })?,
                _ => None,
            };
        let mut request = HttpRequest::new(method, server.url.clone(), deadline);
        for (name, value) in &server.headers {
            request = request.header(name, value);
        }
        request = request.header("accept", accept);
        if let Some(revision) = self.revision.get() {
            request = request.header("mcp-protocol-version", revision.as_str());
        }
        if let Some(session) = self.session.get() {
            request = request.header("mcp-session-id", session);
        }
        for (name, value) in headers {
            request = request.header(name, value);
        }
        for (name, secret) in &server.secret_headers {
            request = request.secret_words(name, secret);
        }
        if let Some(secret) = &bearer {
            request = request.bearer(secret);
        }
        request.body = message;
        let cap = server.caps.bytes as u64;
        server
            .client
            .send_streaming(
                &server.permit,
                request,
                deadline,
                cap.saturating_mul(STREAM),
            )
            .await
            .map_err(carried)
    }

    /// Handles a message that is not an answer.
    pub(super) fn take(
        &self,
        message: Incoming,
        era: Era,
        stream: Option<u64>,
        replies: &Arc<dyn Replies>,
    ) {
        let calls = &self.calls;
        match message {
            Incoming::Answer { .. } => calls.count_stray(),
            Incoming::Request { id, method, params } => {
                calls.asked(id, method, params, era, stream, replies);
            }
            Incoming::Notification { method, params } => calls.notified(&method, params, stream),
            Incoming::Unusable => calls.count_garbage(),
        }
    }

    /// Reads unsolicited messages to the end of their stream.
    pub(super) async fn hear(&self, response: StreamingResponse, replies: &Arc<dyn Replies>) {
        let mut messages = Messages::new(response.body, self.server.caps);
        loop {
            match messages.next().await {
                Ok(Next::Message(message)) => self.take(message, Era::Legacy, None, replies),
                Ok(Next::TooLarge(..)) => self.calls.count_garbage(),
                Ok(Next::End) | Err(_) => return,
            }
        }
    }
}

pub(super) const STREAM_TYPE: &str = "text/event-stream";
pub(super) const JSON_OR_STREAM: &str = "application/json, text/event-stream";
/// Maximum messages of the maximum size per stream.
const STREAM: u64 = 16;
