//! What runs in the task of a request: the lifecycle through rmcp's negotiation, the rest by
//! handing raw JSON to a host and its answer to the registry.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use rmcp::handler::server::ServerHandler;
use rmcp::model::{
    CustomRequest, CustomResult, ErrorData, InitializeRequestParams, InitializeResult, RequestId,
    ServerCapabilities, ServerConfig,
};
use rmcp::service::{RequestContext, RoleServer};
use serde_json::Value;

use super::registry::{Call, Key, Registry};
use super::reply::{Reply, RpcError, list_result, shape_result};
use crate::host::{Caller, ProgressReporter, ToolCall, ToolHost};
use crate::{JsonObject, ProtocolRevision, ServerIdentity};

/// See the module.
pub(crate) struct Handler {
    config: ServerConfig,
    /// `serverInfo` as every modern result carries it.
    server_info: Value,
    tools: Option<Arc<dyn ToolHost>>,
    registry: Arc<Registry>,
}

impl Handler {
    /// Serves what the given ports offer, and advertises exactly that.
    pub(crate) fn new(
        identity: &ServerIdentity,
        tools: Option<Arc<dyn ToolHost>>,
        registry: Arc<Registry>,
    ) -> Self {
        let capabilities = match &tools {
            Some(_) => ServerCapabilities::builder().enable_tools().build(),
            None => ServerCapabilities::default(),
        };
        let implementation = identity.implementation();
        let server_info = serde_json::to_value(&implementation).unwrap_or_default();
        let mut config = ServerConfig::new(capabilities).with_server_info(implementation);
        config.instructions = identity.instructions().map(str::to_owned);
        Self {
            config,
            server_info,
            tools,
            registry,
        }
    }

    async fn dispatch(&self, key: Key, call: Call, declared: Option<ProtocolRevision>) -> Reply {
        let host = match (call.method.as_str(), &self.tools) {
            ("tools/list" | "tools/call", Some(host)) => host,
            (method, _) => return Err(RpcError::method_not_found(method)),
        };
        let session = call.session;
        let negotiated = session.as_ref().map(|session| session.revision);
        let revision = declared.or(negotiated).ok_or(RpcError::invalid_params(
            "send `initialize` first, or the protocol version and the client capabilities in `_meta`",
        ))?;
        let caller = Caller::new(revision)
            .with_meta(call.meta)
            .with_session(session);
        if call.method == "tools/list" {
            self.list_tools(host.as_ref(), &call.params, &caller).await
        } else {
            self.call_tool(host.as_ref(), key, call.params, caller)
                .await
        }
    }

    async fn list_tools(&self, host: &dyn ToolHost, params: &JsonObject, caller: &Caller) -> Reply {
        // The list has one page, so no cursor of a client's can be one of ours.
        if params.get("cursor").is_some_and(|cursor| !cursor.is_null()) {
            return Err(RpcError::invalid_params("the cursor is unknown"));
        }
        let list = host.list_tools(caller).await?;
        list_result(list, caller.revision(), &self.server_info)
    }

    async fn call_tool(
        &self,
        host: &dyn ToolHost,
        key: Key,
        mut params: JsonObject,
        caller: Caller,
    ) -> Reply {
        let Some(Value::String(name)) = params.shift_remove("name") else {
            return Err(RpcError::invalid_params("`name` must be a string"));
        };
        let arguments = match params.shift_remove("arguments") {
            None | Some(Value::Null) => JsonObject::new(),
            Some(Value::Object(arguments)) => arguments,
            Some(_) => return Err(RpcError::invalid_params("`arguments` must be an object")),
        };
        let revision = caller.revision();
        let progress = self.progress_reporter(key, caller.meta());
        let mut call = ToolCall::new(name, arguments, caller);
        call.extra = params;
        call.progress = progress;
        let result = host.call_tool(call).await?;
        shape_result(result.into_object(), revision, &self.server_info)
    }

    fn progress_reporter(&self, key: Key, meta: &JsonObject) -> Option<ProgressReporter> {
        let token = meta.get("progressToken")?;
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
        self.config.clone()
    }

    async fn initialize(
        &self,
        request: InitializeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<InitializeResult, ErrorData> {
        let result = self.negotiate_initialize(&request)?;
        let negotiated = request.with_protocol_version(result.protocol_version.clone());
        context.peer.set_peer_info(negotiated);
        Ok(result)
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
            reply = caught(self.dispatch(key, call, declared)) => reply,
        };
        self.registry.answer(key, &reply);
        Ok(placeholder)
    }
}

/// Runs `dispatch` so that a bug in a host costs one reply and not a client that waits for ever.
async fn caught(dispatch: impl Future<Output = Reply>) -> Reply {
    let mut dispatch = pin!(dispatch);
    std::future::poll_fn(|context| {
        match catch_unwind(AssertUnwindSafe(|| dispatch.as_mut().poll(context))) {
            Ok(poll) => poll,
            Err(_panic) => {
                tracing::error!("a tool panicked");
                Poll::Ready(Err(RpcError::internal("the tool failed unexpectedly")))
            }
        }
    })
    .await
}
