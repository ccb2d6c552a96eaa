//! The task of a request: the lifecycle through rmcp's negotiation, everything else as raw JSON to
//! the port of its method, with its answer to the registry. Methods of missing ports or of the other
//! era do not exist.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use rmcp::handler::server::ServerHandler;
use rmcp::model::{
    CustomRequest, CustomResult, DiscoverResult, ErrorData, InitializeRequestParams,
    InitializeResult, RequestId, ServerCapabilities, ServerConfig,
};
use rmcp::service::{RequestContext, RoleServer};
use serde_json::Value;

use super::asking::Asking;
use super::capabilities::ServedCapabilities;
use super::error::ErrorObject;
use super::paging::page;
use super::parameters::{completion, object, text};
use super::registry::{Call, InFlightRequests, RequestKey};
use super::reply::{Reply, list_result, shape_result, with_cache_hint};
use super::subscriptions::listen;
use crate::host::{
    Caller, Client, CompletionHost, ExtensionCall, ExtensionHost, Listing, LogLevel, NamedCall,
    ProgressReporter, PromptHost, RequestEnding, ResourceHost, ResourceRead, ToolHost,
};
use crate::{Era, JsonObject, ProtocolRevision, ServerIdentity};

/// A supported method with its port.
enum Served<'a> {
    ListTools(&'a dyn ToolHost),
    CallTool(&'a dyn ToolHost),
    ListResources(&'a dyn ResourceHost),
    ListTemplates(&'a dyn ResourceHost),
    ReadResource(&'a dyn ResourceHost),
    Subscribe,
    Unsubscribe,
    ListPrompts(&'a dyn PromptHost),
    GetPrompt(&'a dyn PromptHost),
    Complete(&'a dyn CompletionHost),
    SetLevel,
    Listen,
    Extension(&'a dyn ExtensionHost, String),
}

/// Handles the requests of one connection.
pub(crate) struct Handler {
    config: ServerConfig,
    /// `serverInfo`, included in every modern result.
    server_info: Value,
    offer: ServedCapabilities,
    registry: Arc<InFlightRequests>,
    /// Whether a client has connected.
    is_prepared: AtomicBool,
}

impl Handler {
    /// Serves exactly the given ports, and advertises them.
    pub(crate) fn new(
        identity: &ServerIdentity,
        offer: ServedCapabilities,
        registry: Arc<InFlightRequests>,
    ) -> Self {
        let implementation = identity.implementation();
        let server_info = serde_json::to_value(&implementation).unwrap_or_default();
        // Dynamic parts are queried when a client connects; see `get_info`.
        let mut config =
            ServerConfig::new(ServerCapabilities::default()).with_server_info(implementation);
        config.instructions = identity.instructions().map(str::to_owned);
        Self {
            config,
            server_info,
            offer,
            registry,
            is_prepared: AtomicBool::new(false),
        }
    }

    async fn prepare(&self) {
        if let Some(introduction) = &self.offer.introduction {
            introduction.prepare().await;
        }
        self.is_prepared.store(true, Ordering::Release);
    }

    /// Runs one request and shapes its result for its era.
    async fn reply(
        &self,
        key: RequestKey,
        call: Call,
        declared: Option<ProtocolRevision>,
    ) -> Reply {
        let session = call.session;
        let negotiated = session.as_ref().map(|session| session.revision);
        let revision = declared.or(negotiated);
        if let Some(introduction) = &self.offer.introduction {
            introduction.prepare().await;
        }
        // A method unknown to both eras does not exist for anyone.
        let era = revision.map(ProtocolRevision::era);
        let served = self
            .served(&call.method, era)
            .ok_or_else(|| ErrorObject::method_not_found(&call.method))?;
        let revision = revision.ok_or(ErrorObject::invalid_params(
            "send `initialize` first, or the protocol version and the client capabilities in `_meta`",
        ))?;
        let caller = Caller::new(revision)
            .with_meta(call.meta)
            .with_session(session);
        let span = match &self.offer.observer {
            // It lasts as long as the connection.
            Some(_) if matches!(served, Served::Listen) => None,
            Some(observer) => Some(observer.begin(caller.opening(&call.method, &call.params))),
            None => None,
        };
        let caller = caller.with_span(span.as_ref().map(|span| span.context()));
        let result = self.serve(served, key, call.params, caller).await;
        if let Some(span) = span {
            span.end(ending(&result));
        }
        shape_result(result?, revision, &self.server_info)
    }

    fn served(&self, method: &str, era: Option<Era>) -> Option<Served<'_>> {
        let offer = &self.offer;
        let tools = offer.tools.as_deref();
        let resources = offer.resources.as_deref();
        let prompts = offer.prompts.as_deref();
        let legacy = era != Some(Era::Modern);
        match method {
            "tools/list" => tools.map(Served::ListTools),
            "tools/call" => tools.map(Served::CallTool),
            "resources/list" => resources.map(Served::ListResources),
            "resources/templates/list" => resources.map(Served::ListTemplates),
            "resources/read" => resources.map(Served::ReadResource),
            "resources/subscribe" if legacy => self.subscribable().then_some(Served::Subscribe),
            "resources/unsubscribe" if legacy => self.subscribable().then_some(Served::Unsubscribe),
            "prompts/list" => prompts.map(Served::ListPrompts),
            "prompts/get" => prompts.map(Served::GetPrompt),
            "completion/complete" => offer.completions.as_deref().map(Served::Complete),
            "logging/setLevel" if legacy => offer.logging.then_some(Served::SetLevel),
            "subscriptions/listen" if era != Some(Era::Legacy) => Some(Served::Listen),
            _ => {
                let host = offer.extensions.as_deref()?;
                host.owns(method)
                    .then(|| Served::Extension(host, method.to_owned()))
            }
        }
    }

    fn subscribable(&self) -> bool {
        self.offer.resources.is_some() && self.offer.changes.is_some()
    }

    async fn serve(
        &self,
        served: Served<'_>,
        key: RequestKey,
        mut params: JsonObject,
        caller: Caller,
    ) -> Reply {
        let era = caller.era();
        let of_host = |error| ErrorObject::of_host(error, era);
        match served {
            Served::ListTools(host) => {
                let listing = host.list_tools(&caller).await.map_err(of_host)?;
                self.list("tools", "name", listing, &params)
            }
            Served::ListResources(host) => {
                let listing = host.list_resources(&caller).await.map_err(of_host)?;
                self.list("resources", "uri", listing, &params)
            }
            Served::ListTemplates(host) => {
                let listing = host.list_templates(&caller).await.map_err(of_host)?;
                self.list("resourceTemplates", "uriTemplate", listing, &params)
            }
            Served::ListPrompts(host) => {
                let listing = host.list_prompts(&caller).await.map_err(of_host)?;
                self.list("prompts", "name", listing, &params)
            }
            Served::CallTool(host) => {
                let call = self.named(key, params, caller)?;
                let result = host.call_tool(call).await.map_err(of_host)?;
                Ok(result.into())
            }
            Served::ReadResource(host) => {
                let read = self.read(key, params, caller)?;
                let result = host.read_resource(read).await.map_err(of_host)?;
                Ok(with_cache_hint(result).into())
            }
            Served::GetPrompt(host) => {
                let call = self.named(key, params, caller)?;
                host.get_prompt(call).await.map(Into::into).map_err(of_host)
            }
            Served::Complete(host) => {
                let call = completion(params, caller)?;
                host.complete(call).await.map(Into::into).map_err(of_host)
            }
            Served::Subscribe => {
                let uri = text(&mut params, "uri")?;
                if let Some(host) = &self.offer.resources {
                    host.subscribe(&uri).await.map_err(of_host)?;
                }
                let added = subscribe(uri, &caller, |wishes, uri| {
                    wishes.insert(uri);
                });
                Ok(added.into())
            }
            Served::Unsubscribe => {
                let uri = text(&mut params, "uri")?;
                if let Some(host) = &self.offer.resources {
                    host.unsubscribe(&uri).await.map_err(of_host)?;
                }
                let removed = subscribe(uri, &caller, |wishes, uri| {
                    wishes.remove(&uri);
                });
                Ok(removed.into())
            }
            Served::Extension(host, method) => {
                let mut call = ExtensionCall::new(method, params, caller);
                call.progress = self.progress_reporter(key, &call.caller);
                call.client = self.client(key, &call.caller);
                host.call(call).await.map(Into::into).map_err(of_host)
            }
            Served::SetLevel => set_level(&params, &caller),
            Served::Listen => listen(&self.offer, &self.registry, key, &params).await,
        }
    }

    fn list(&self, member: &str, key: &str, listing: Listing, params: &JsonObject) -> Reply {
        let page = page(listing.items, key, params.get("cursor"), self.offer.page)?;
        Ok(list_result(member, page, listing.cache))
    }

    fn read(
        &self,
        key: RequestKey,
        mut params: JsonObject,
        caller: Caller,
    ) -> Result<ResourceRead, ErrorObject> {
        let uri = text(&mut params, "uri")?;
        let mut read = ResourceRead::new(uri, caller);
        read.extra = params;
        read.progress = self.progress_reporter(key, &read.caller);
        read.client = self.client(key, &read.caller);
        Ok(read)
    }

    /// The request for the tool or prompt named in `params`.
    fn named(
        &self,
        key: RequestKey,
        mut params: JsonObject,
        caller: Caller,
    ) -> Result<NamedCall, ErrorObject> {
        let name = text(&mut params, "name")?;
        let arguments = object(&mut params, "arguments")?;
        let mut call = NamedCall::new(name, arguments, caller);
        call.extra = params;
        call.progress = self.progress_reporter(key, &call.caller);
        call.client = self.client(key, &call.caller);
        Ok(call)
    }

    fn client(&self, key: RequestKey, caller: &Caller) -> Client {
        Client::new(Arc::new(Asking {
            key,
            caller: caller.clone(),
            registry: Arc::clone(&self.registry),
            logging: self.offer.logging,
        }))
    }

    fn progress_reporter(&self, key: RequestKey, caller: &Caller) -> Option<ProgressReporter> {
        let token = caller.meta().get("progressToken")?;
        if !(token.is_string() || token.is_number()) {
            return None;
        }
        let registry = Arc::clone(&self.registry);
        Some(ProgressReporter::new(token.clone(), move |params| {
            registry.notify(key, "notifications/progress", &params);
        }))
    }
}

impl ServerHandler for Handler {
    fn get_info(&self) -> ServerConfig {
        let mut config = self.config.clone();
        if !self.is_prepared.load(Ordering::Acquire) {
            // rmcp asks once at its start, when no client has connected, and uses nothing of it.
            return config;
        }
        let offer = &self.offer;
        config.capabilities = offer.capabilities();
        if let Some(more) = offer
            .introduction
            .as_ref()
            .and_then(|host| host.instructions())
        {
            config.instructions = Some(match config.instructions.take() {
                Some(own) => format!("{own}\n\n{more}"),
                None => more,
            });
        }
        config
    }

    async fn initialize(
        &self,
        request: InitializeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<InitializeResult, ErrorData> {
        self.prepare().await;
        let result = self.negotiate_initialize(&request)?;
        let negotiated = request.with_protocol_version(result.protocol_version.clone());
        context.peer.set_peer_info(negotiated);
        Ok(result)
    }

    async fn discover(
        &self,
        _context: RequestContext<RoleServer>,
    ) -> Result<DiscoverResult, ErrorData> {
        self.prepare().await;
        let versions = self.supported_protocol_versions().into_owned();
        Ok(DiscoverResult::from_server_info(versions, self.get_info()))
    }

    /// Answers through the registry; rmcp gets a placeholder, so that it has nothing to log.
    async fn on_custom_request(
        &self,
        _request: CustomRequest,
        context: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        let placeholder = CustomResult::new(Value::Null);
        let RequestId::Number(key) = context.id else {
            return Ok(placeholder);
        };
        let Some(call) = self.registry.begin(key) else {
            return Ok(placeholder);
        };
        let declared = context
            .meta
            .protocol_version()
            .and_then(|version| ProtocolRevision::from_version(&version));
        let reply = tokio::select! {
            biased;
            () = context.ct.cancelled() => {
                self.registry.close(key);
                return Ok(placeholder);
            }
            reply = caught(self.reply(key, call, declared)) => reply,
        };
        self.registry.deliver(key, reply).await;
        Ok(placeholder)
    }
}

fn ending(result: &Reply) -> RequestEnding {
    match result {
        Err(error) => RequestEnding::Refused(error.code()),
        Ok(result) if result.get("isError") == Some(&Value::Bool(true)) => {
            RequestEnding::ToolFailed
        }
        Ok(_) => RequestEnding::Answered,
    }
}

fn subscribe(
    uri: String,
    caller: &Caller,
    change: impl FnOnce(&mut std::collections::BTreeSet<String>, String),
) -> JsonObject {
    if let Some(session) = caller.session() {
        session.wishes(|wishes| change(&mut wishes.resources, uri));
    }
    JsonObject::new()
}

fn set_level(params: &JsonObject, caller: &Caller) -> Reply {
    let level = params
        .get("level")
        .and_then(Value::as_str)
        .and_then(LogLevel::from_name)
        .ok_or_else(|| {
            let levels = LogLevel::ALL.map(LogLevel::as_str).join(", ");
            ErrorObject::invalid_params(format!("`level` must be one of {levels}"))
        })?;
    if let Some(session) = caller.session() {
        session.wishes(|wishes| wishes.level = level);
    }
    Ok(JsonObject::new().into())
}

/// Runs `dispatch` so that a panicking host costs one reply instead of leaving a client waiting
/// forever.
async fn caught(dispatch: impl Future<Output = Reply>) -> Reply {
    let mut dispatch = pin!(dispatch);
    std::future::poll_fn(|context| {
        match catch_unwind(AssertUnwindSafe(|| dispatch.as_mut().poll(context))) {
            Ok(poll) => poll,
            Err(_panic) => {
                tracing::error!("a tool panicked");
                Poll::Ready(Err(ErrorObject::internal("the tool failed unexpectedly")))
            }
        }
    })
    .await
}
