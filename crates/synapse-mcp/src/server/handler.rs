//! The task of a request: the lifecycle through rmcp's negotiation, everything else as raw JSON to
//! a host, with its answer to the registry.

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

use super::capabilities::ServedCapabilities;
use super::dispatch::Dispatch;
use super::error::RpcError;
use super::registry::{Call, InFlightRequests, Key};
use super::reply::{Reply, shape_result};
use crate::{ProtocolRevision, ServerIdentity};

/// Handles the requests of one connection.
pub(crate) struct Handler {
    config: ServerConfig,
    /// `serverInfo`, included in every modern result.
    server_info: Value,
    dispatch: Dispatch,
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
        let dispatch = Dispatch {
            offer,
            registry: Arc::clone(&registry),
        };
        Self {
            config,
            server_info,
            dispatch,
            registry,
            is_prepared: AtomicBool::new(false),
        }
    }

    async fn prepare(&self) {
        if let Some(introduction) = &self.dispatch.offer.introduction {
            introduction.prepare().await;
        }
        self.is_prepared.store(true, Ordering::Release);
    }

    async fn reply(&self, key: Key, call: Call, declared: Option<ProtocolRevision>) -> Reply {
        let (result, revision) = self.dispatch.run(key, call, declared).await?;
        shape_result(result, revision, &self.server_info)
    }
}

impl ServerHandler for Handler {
    fn get_info(&self) -> ServerConfig {
        let mut config = self.config.clone();
        if !self.is_prepared.load(Ordering::Acquire) {
            // rmcp asks once at its start, when no client has connected, and uses nothing of it.
            return config;
        }
        let offer = &self.dispatch.offer;
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

/// Runs `dispatch` so that a panicking host costs one reply instead of leaving a client waiting
/// forever.
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
