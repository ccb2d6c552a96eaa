//! rmcp's transport over lines: passes each request under our own number, and turns rmcp's own
//! answers into replies. Framing and shape errors never reach it.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;

use rmcp::handler::server::ServerHandler;
use rmcp::model::{
    CancelledNotification, CancelledNotificationParam, ClientCapabilities, ClientNotification,
    ClientRequest, CustomRequest, DiscoverRequest, Extensions, Implementation, InitializeRequest,
    InitializeRequestParams, JsonRpcMessage, PingRequest, ProtocolVersion, RequestId,
    RequestMetaObject,
};
use rmcp::service::{RoleServer, RxJsonRpcMessage, TxJsonRpcMessage};
use rmcp::transport::Transport;
use serde_json::Value;
use tokio::io::AsyncRead;
use tokio::task::{JoinHandle, spawn_blocking};

use super::error::ErrorObject;
use super::handler::Handler;
use super::lines::{Line, LineReader};
use super::message::{MAX_BATCH, Message, Request, batch, parse};
use super::registry::{Call, InFlightRequests, RequestKey};
use super::reply::Reply;
use crate::host::{CLIENT_CAPABILITIES, PROTOCOL_VERSION, Session};
use crate::{JsonObject, ProtocolRevision};

/// The transport of one connection.
pub(crate) struct LineTransport<R> {
    lines: LineReader<R>,
    handler: Arc<Handler>,
    registry: Arc<InFlightRequests>,
    /// The rest of a batch.
    batched: VecDeque<Message>,
    /// A long line being parsed. The next line waits for it, to keep the order of messages.
    parsing: Option<JoinHandle<VecDeque<Message>>>,
}

impl<R: AsyncRead + Send + Unpin + 'static> LineTransport<R> {
    /// Reads `lines`; tracks both directions in `registry`.
    pub(crate) fn new(
        lines: LineReader<R>,
        handler: Arc<Handler>,
        registry: Arc<InFlightRequests>,
    ) -> Self {
        Self {
            lines,
            handler,
            registry,
            batched: VecDeque::new(),
            parsing: None,
        }
    }

    /// Answers what it can at once and returns requests for rmcp.
    fn accept(&self, message: Message) -> Option<RxJsonRpcMessage<RoleServer>> {
        match message {
            Message::Ignored => None,
            Message::Initialized => {
                if let Some(session) = self.registry.session() {
                    session.wishes(|wishes| wishes.initialized = true);
                }
                None
            }
            Message::Answered(number, answer) => {
                self.registry.settle(number, answer);
                None
            }
            Message::Batch => {
                let error =
                    ErrorObject::invalid_request("batches exist in revision 2025-03-26 only");
                self.registry.refuse(None, error);
                None
            }
            Message::Invalid { id, error } => {
                self.registry.refuse(id.as_deref(), error);
                None
            }
            Message::Cancelled(id) => {
                let key = self.registry.cancel(&id)?;
                let params = CancelledNotificationParam::new(Some(RequestId::Number(key)), None);
                Some(JsonRpcMessage::notification(
                    ClientNotification::CancelledNotification(CancelledNotification::new(params)),
                ))
            }
            Message::Request(request) => {
                let (request, key) = match request.method.as_str() {
                    "initialize" => self.accept_initialize(request)?,
                    "server/discover" => self.accept_discover(request),
                    "ping" => self.accept_ping(request),
                    _ => self.accept_call(request),
                };
                Some(JsonRpcMessage::request(request, RequestId::Number(key)))
            }
        }
    }

    /// Whether the session's revision has batches.
    fn has_batches(&self) -> bool {
        let session = self.registry.session();
        session.is_some_and(|session| session.revision == ProtocolRevision::V2025_03_26)
    }

    fn accept_initialize(&self, request: Request) -> Option<(ClientRequest, RequestKey)> {
        // A request of the modern era, which lacks this method; excludes clients that fall back to
        // the legacy era and keep their `_meta`.
        if request.meta.contains_key(PROTOCOL_VERSION)
            && !request.params.contains_key("protocolVersion")
        {
            let error = ErrorObject::method_not_found(&request.method);
            self.registry.refuse(Some(&request.id), error);
            return None;
        }
        let opened = InitializeParams::parse(request.params)
            .map_err(ErrorObject::invalid_params)
            .and_then(|introduction| {
                let params = introduction.typed();
                let result = self.handler.negotiate_initialize(&params)?;
                let revision = ProtocolRevision::from_version(&result.protocol_version)
                    .ok_or(ErrorObject::internal("no revision could be agreed on"))?;
                Ok((params, introduction.open(revision)))
            });
        match opened {
            Ok((params, session)) => {
                tracing::info!(revision = %session.revision, "session initialized");
                self.registry.begin_session(Arc::new(session));
                let key = self.registry.open_lifecycle(request.id);
                let request = InitializeRequest::new(params);
                Some((ClientRequest::InitializeRequest(request), key))
            }
            Err(error) => {
                self.registry.refuse(Some(&request.id), error);
                None
            }
        }
    }

    fn accept_discover(&self, request: Request) -> (ClientRequest, RequestKey) {
        let mut discover = DiscoverRequest::new(Default::default());
        discover.extensions = checked_meta(&request.meta);
        let key = self.registry.open_lifecycle(request.id);
        (ClientRequest::DiscoverRequest(discover), key)
    }

    fn accept_ping(&self, request: Request) -> (ClientRequest, RequestKey) {
        let ping = PingRequest {
            extensions: checked_meta(&request.meta),
            ..PingRequest::default()
        };
        let key = self.registry.open_lifecycle(request.id);
        (ClientRequest::PingRequest(ping), key)
    }

    fn accept_call(&self, request: Request) -> (ClientRequest, RequestKey) {
        let mut custom = CustomRequest::new(CALL, None);
        custom.extensions = checked_meta(&request.meta);
        let call = Call {
            method: request.method,
            params: request.params,
            meta: request.meta,
            session: self.registry.session(),
        };
        let key = self.registry.open_call(request.id, call);
        (ClientRequest::CustomRequest(custom), key)
    }

    fn answer(&self, id: &RequestId, reply: &Reply) {
        match id {
            RequestId::Number(key) => self.registry.answer(*key, reply),
            // Our ids are numbers.
            RequestId::String(_) => {}
        }
    }
}

impl<R: AsyncRead + Send + Unpin + 'static> Transport<RoleServer> for LineTransport<R> {
    type Error = Infallible;

    /// Closes the request answered by `item`. Hosts' replies are already queued; anything still
    /// open was answered by rmcp itself.
    fn send(
        &mut self,
        item: TxJsonRpcMessage<RoleServer>,
    ) -> impl Future<Output = Result<(), Infallible>> + Send + 'static {
        match item {
            JsonRpcMessage::Response(response) => {
                let reply = match serde_json::to_value(response.result) {
                    Ok(Value::Object(result)) => Ok(result.into()),
                    Ok(_) | Err(_) => Err(ErrorObject::internal("the request was not answered")),
                };
                self.answer(&response.id, &reply);
            }
            JsonRpcMessage::Error(error) => {
                if let Some(id) = &error.id {
                    self.answer(id, &Err(error.error.into()));
                }
            }
            // Never sent through rmcp.
            JsonRpcMessage::Request(_) | JsonRpcMessage::Notification(_) => {}
        }
        std::future::ready(Ok(()))
    }

    /// Cancel safe. Pending forever after the end of the input: `server.rs` ends the loop.
    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        loop {
            self.registry.room().await;
            if let Some(message) = self.batched.pop_front() {
                if let Some(message) = self.accept(message) {
                    return Some(message);
                }
                continue;
            }
            if let Some(parsing) = &mut self.parsing {
                let parsed = parsing.await;
                self.parsing = None;
                self.batched = parsed.unwrap_or_else(|_| {
                    let error = ErrorObject::internal("the line could not be parsed");
                    VecDeque::from([Message::Invalid { id: None, error }])
                });
                continue;
            }
            match self.lines.next().await {
                Ok(Line::Whole(line)) if line.len() > LONG_LINE => {
                    let has_batches = self.has_batches();
                    self.parsing = Some(spawn_blocking(move || messages(&line, has_batches)));
                }
                Ok(Line::Whole(line)) => self.batched = messages(&line, self.has_batches()),
                Ok(Line::Oversized) => {
                    let error = ErrorObject::invalid_request("the line is too long");
                    self.registry.refuse(None, error);
                }
                Ok(Line::End) => {
                    self.registry.end_input(Ok(()));
                    std::future::pending::<()>().await;
                }
                Err(error) => self.registry.end_input(Err(error)),
            }
        }
    }

    async fn close(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

/// The messages of a line: one, or those of a batch where supported.
fn messages(line: &[u8], has_batches: bool) -> VecDeque<Message> {
    let message = parse(line);
    if message != Message::Batch || !has_batches {
        return VecDeque::from([message]);
    }
    let Some(elements) = batch(line) else {
        let error =
            ErrorObject::invalid_request(format!("a batch has at most {MAX_BATCH} messages"));
        return VecDeque::from([Message::Invalid { id: None, error }]);
    };
    elements
        .into_iter()
        .map(|element| match parse(element.get().as_bytes()) {
            Message::Request(request) if request.method == "initialize" => Message::Invalid {
                id: Some(request.id),
                error: ErrorObject::invalid_request("`initialize` must not be part of a batch"),
            },
            Message::Batch => Message::Invalid {
                id: None,
                error: ErrorObject::invalid_request("a batch holds no batch"),
            },
            message => message,
        })
        .collect()
}

/// The `_meta` that rmcp validates: its two required keys, with the capabilities reduced to their
/// JSON type. rmcp would reject a request for a capability of unknown shape.
fn checked_meta(meta: &JsonObject) -> Extensions {
    let mut checked = JsonObject::new();
    if let Some(version) = meta.get(PROTOCOL_VERSION) {
        checked.insert(PROTOCOL_VERSION.to_owned(), version.clone());
    }
    if let Some(Value::Object(_)) = meta.get(CLIENT_CAPABILITIES) {
        let capabilities = Value::Object(JsonObject::new());
        checked.insert(CLIENT_CAPABILITIES.to_owned(), capabilities);
    }
    let mut extensions = Extensions::new();
    extensions.insert(RequestMetaObject::from(checked));
    extensions
}

/// The parameters of `initialize`: required ones strictly, the rest raw.
struct InitializeParams {
    version: ProtocolVersion,
    name: String,
    client_version: String,
    client_info: JsonObject,
    capabilities: JsonObject,
}

impl InitializeParams {
    fn parse(mut params: JsonObject) -> Result<Self, &'static str> {
        let version = params
            .shift_remove("protocolVersion")
            .and_then(|version| serde_json::from_value(version).ok())
            .ok_or("`protocolVersion` must be a string")?;
        let Some(Value::Object(capabilities)) = params.shift_remove("capabilities") else {
            return Err("`capabilities` must be an object");
        };
        // Required by the specification but omitted by some clients; nothing here depends on it.
        let client_info = match params.shift_remove("clientInfo") {
            None | Some(Value::Null) => JsonObject::new(),
            Some(Value::Object(client_info)) => client_info,
            Some(_) => return Err("`clientInfo` must be an object"),
        };
        let text = |member| {
            let text = client_info.get(member).and_then(Value::as_str);
            text.unwrap_or_default().to_owned()
        };
        Ok(Self {
            version,
            name: text("name"),
            client_version: text("version"),
            client_info,
            capabilities,
        })
    }

    /// The input for rmcp's negotiation; its capability model would drop or reject some members.
    fn typed(&self) -> InitializeRequestParams {
        let client_info = Implementation::new(&*self.name, &*self.client_version);
        InitializeRequestParams::new(ClientCapabilities::default(), client_info)
            .with_protocol_version(self.version.clone())
    }

    fn open(self, revision: ProtocolRevision) -> Session {
        Session::new(revision, self.client_info, self.capabilities)
    }
}

/// Longer lines are parsed on a separate thread: the runtime has one thread, and pings and
/// cancellations must not wait the 60 ms that the longest line takes.
const LONG_LINE: usize = 64 * 1024;

/// The method name that rmcp sees for a request to a host.
const CALL: &str = "synapse/call";
