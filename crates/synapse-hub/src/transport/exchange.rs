//! One request over HTTP and its answer: a JSON body, an event stream, or an invalid response.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::Value;
use synapse_http::{Method, StreamingResponse};
use synapse_mcp::client::wire::{self, Answer, Incoming};
use synapse_mcp::client::{CallError, MayHaveRun, Replies};
use synapse_mcp::{Era, JsonObject, ProtocolRevision};
use tokio::time::sleep;

use super::headers::of_request;
use super::link::{JSON_OR_STREAM, Link, STREAM_TYPE};
use super::response::{beginning, content_type, refused, telling_headers};
use super::stream::{Messages, Next, carried, messages};

/// A request in progress.
pub(super) struct Exchange<'a> {
    pub(super) link: &'a Link,
    pub(super) replies: &'a Arc<dyn Replies>,
    pub(super) id: u64,
    pub(super) era: Era,
    /// Maximum time of the request.
    pub(super) longest: Duration,
}

impl Exchange<'_> {
    /// Posts the request and reads its answer.
    pub(super) async fn run(
        &self,
        method: &str,
        params: JsonObject,
        input_schema: Option<&Value>,
    ) -> Result<Answer, CallError> {
        let link = self.link;
        let mut headers = Vec::new();
        if self.era == Era::Modern {
            headers = of_request(method, &params, input_schema);
            if link.revision.get().is_none() {
                let revision = ProtocolRevision::V2026_07_28.as_str();
                headers.push(("mcp-protocol-version".to_owned(), revision.to_owned()));
            }
        }
        let message = wire::written_request(self.id, method, params).await?;
        if !link.calls.sending(self.id) {
            return Err(CallError::Ended {
                may_have_run: MayHaveRun::No,
            });
        }
        let response = link
            .send(
                Method::Post,
                Some(message),
                &headers,
                JSON_OR_STREAM,
                self.longest,
            )
            .await?;
        if method == "initialize"
            && let Some(session) = response.headers.text("mcp-session-id")
        {
            link.session.get_or_init(|| session.to_owned());
        }
        self.answer(response).await
    }

    async fn answer(&self, response: StreamingResponse) -> Result<Answer, CallError> {
        let link = self.link;
        if response.status == 404 && self.era == Era::Legacy && link.session.get().is_some() {
            link.is_lost.store(true, Ordering::Release);
            link.calls.end(&CallError::SessionLost);
            return Err(CallError::SessionLost);
        }
        if !(200..=299).contains(&response.status) {
            return self.refusal(response).await;
        }
        match content_type(&response).as_deref() {
            Some(JSON) => self.body(response).await,
            Some(STREAM_TYPE) => self.stream(response).await,
            _ if matches!(response.status, 202 | 204) => Err(CallError::Protocol {
                what: "it accepted a request and did not answer it",
            }),
            _ => Err(refused(response).await),
        }
    }

    async fn body(&self, response: StreamingResponse) -> Result<Answer, CallError> {
        let caps = self.link.server.caps;
        let body = response.body.within(caps.bytes as u64).whole().await;
        let body = body.map_err(carried)?;
        let messages = messages(body, caps)
            .await
            .map_err(|(excess, _)| CallError::TooLarge {
                cap: excess.cap,
                unit: excess.unit,
            })?;
        for message in messages {
            if let Some(answer) = self.take(message) {
                return Ok(answer);
            }
        }
        Err(CallError::Protocol {
            what: "its answer holds no answer to the request",
        })
    }

    /// Reads an event stream up to the answer. If a legacy server closes it regularly with a retry
    /// time, requests the rest at that time, as often as offered.
    async fn stream(&self, response: StreamingResponse) -> Result<Answer, CallError> {
        let caps = self.link.server.caps;
        let mut messages = Messages::new(response.body, caps);
        let mut last_id = None;
        loop {
            match messages.next().await? {
                Next::Message(message) => {
                    if let Some(answer) = self.take(message) {
                        return Ok(answer);
                    }
                }
                Next::TooLarge(excess, id) if id.is_none_or(|id| id == self.id) => {
                    return Err(CallError::TooLarge {
                        cap: excess.cap,
                        unit: excess.unit,
                    });
                }
                Next::TooLarge(..) => self.link.calls.count_stray(),
                Next::End => {
                    let stream = messages.stream();
                    let id = stream.last_id().map(str::to_owned).or(last_id.take());
                    let (Some(id), Some(retry), Era::Legacy) = (id, stream.retry(), self.era)
                    else {
                        return Err(CallError::Interrupted);
                    };
                    sleep(retry.max(SHORTEST_RETRY)).await;
                    messages = Messages::new(self.rest(&id).await?.body, caps);
                    last_id = Some(id);
                }
            }
        }
    }

    /// Requests the events after `last_id`.
    async fn rest(&self, last_id: &str) -> Result<StreamingResponse, CallError> {
        let header = [("last-event-id".to_owned(), last_id.to_owned())];
        let response = self
            .link
            .send(Method::Get, None, &header, STREAM_TYPE, self.longest)
            .await?;
        match (response.status, content_type(&response).as_deref()) {
            (200, Some(STREAM_TYPE)) => Ok(response),
            _ => Err(CallError::Interrupted),
        }
    }

    /// Handles a message that came with the request; returns its answer.
    fn take(&self, message: Incoming) -> Option<Answer> {
        match message {
            Incoming::Answer { id, answer } if wire::own_id(&id) == Some(self.id) => Some(answer),
            message => {
                let link = self.link;
                link.take(message, self.era, Some(self.id), self.replies);
                None
            }
        }
    }

    /// The error of an unsuccessful response: the server's own if it is a protocol error.
    async fn refusal(&self, response: StreamingResponse) -> Result<Answer, CallError> {
        let status = response.status;
        let is_json = content_type(&response).as_deref() == Some(JSON);
        if !is_json || matches!(status, 300..=399 | 401 | 403 | 407 | 429) {
            return Err(refused(response).await);
        }
        let headers = telling_headers(&response);
        let body = response.body.beginning(LONGEST_ERROR).await;
        let text = beginning(&body);
        let read = messages(body, self.link.server.caps).await;
        for message in read.unwrap_or_default() {
            if let Incoming::Answer {
                id,
                answer: Answer::Error(error),
            } = message
            {
                // A server that could not read a request's id answers with null.
                let is_mine = wire::own_id(&id) == Some(self.id);
                if is_mine || (id.is_null() && status < 500) {
                    return Ok(Answer::Error(error));
                }
            }
        }
        Err(CallError::Http {
            status,
            headers,
            body: text,
        })
    }
}

const JSON: &str = "application/json";
const LONGEST_ERROR: usize = 64 * 1024;
const SHORTEST_RETRY: Duration = Duration::from_millis(50);
