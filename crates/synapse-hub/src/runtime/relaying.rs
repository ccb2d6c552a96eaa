//! Relays requests from an upstream to the IDE, with admission and answer.

use std::sync::Arc;

use async_trait::async_trait;
use serde::Serialize;
use serde_json::Value;
use synapse_core::engine::{SamplingAnswer, SamplingCall};
use synapse_core::error::Failure;
use synapse_core::upstream::Upstream;
use synapse_mcp::JsonObject;
use synapse_mcp::client::{ClientHandler, RpcError};
use synapse_mcp::host::{AskError, Caller, Client};
use tokio::sync::{mpsc, oneshot};

use crate::ports::{SamplingMeter, SamplingSlot};
use crate::relay;
use crate::rows::{in_short, row_caller};

/// Decides about the server requests of one call.
#[derive(Clone)]
pub(super) struct Gatekeeper {
    pub(super) upstream: Arc<Upstream>,
    pub(super) caller: Caller,
    pub(super) client: Client,
    pub(super) sampling: Option<Arc<dyn SamplingMeter>>,
}

/// An admitted request, as sent to the IDE.
pub(super) struct Admitted {
    pub(super) method: String,
    pub(super) params: JsonObject,
    slot: Option<Box<dyn SamplingSlot>>,
}

impl Gatekeeper {
    /// Admits or refuses a request.
    ///
    /// # Errors
    /// The error for the upstream.
    pub(super) async fn admit(
        &self,
        method: &str,
        params: JsonObject,
    ) -> Result<Admitted, RpcError> {
        relay::check(&self.upstream, self.caller.capabilities(), method, &params)?;
        let slot = match method {
            "sampling/createMessage" => Some(self.admit_sampling(&params).await?),
            _ => None,
        };
        Ok(Admitted {
            method: method.to_owned(),
            params: relay::named(self.upstream.name.as_str(), method, params),
            slot,
        })
    }

    async fn admit_sampling(&self, params: &JsonObject) -> Result<Box<dyn SamplingSlot>, RpcError> {
        let connection = self.upstream.sampling_connection.as_deref();
        let (Some(meter), Some(connection)) = (&self.sampling, connection) else {
            return Err(refused("sampling is not available to this server"));
        };
        let asked = SamplingCall {
            connection: connection.to_owned(),
            caller: row_caller(Some(&self.caller), Some(self.upstream.name.as_str())),
            model: preferred_model(params),
            bytes: length(params),
            max_tokens: params.get("maxTokens").and_then(Value::as_u64),
        };
        let admitted = meter.admit(asked).await;
        admitted.map_err(|failure| refused(&told(&failure)))
    }
}

impl Admitted {
    /// Completes the accounting of the request, and returns the answer.
    pub(super) async fn answered(self, answer: Value) -> Value {
        if let Some(slot) = self.slot {
            let word = |key| answer.get(key).and_then(Value::as_str).map(in_short);
            slot.answered(SamplingAnswer {
                model: word("model"),
                finish_reason: word("stopReason"),
                bytes: length(&answer),
            })
            .await;
        }
        answer
    }
}

/// Sends the request to the IDE at once: both speak the legacy era.
pub(super) struct AskNow(pub(super) Gatekeeper);

#[async_trait]
impl ClientHandler for AskNow {
    async fn ask(&self, method: &str, params: JsonObject) -> Result<Value, RpcError> {
        let admitted = self.0.admit(method, params).await?;
        let params = admitted.params.clone();
        let answer = self
            .0
            .client
            .ask(method, params)
            .await
            .map_err(unanswered)?;
        Ok(admitted.answered(answer).await)
    }

    fn heard(&self, method: &str, params: JsonObject) {
        hear(&self.0.client, method, params);
    }
}

/// Passes requests to the task that parks the call: the IDE speaks the modern era, without server
/// requests.
pub(super) struct AskLater {
    pub(super) gatekeeper: Gatekeeper,
    pub(super) questions: mpsc::Sender<ServerRequest>,
}

/// A pending server request.
pub(super) struct ServerRequest {
    pub(super) admitted: Admitted,
    pub(super) answer: oneshot::Sender<Result<Value, RpcError>>,
}

#[async_trait]
impl ClientHandler for AskLater {
    async fn ask(&self, method: &str, params: JsonObject) -> Result<Value, RpcError> {
        let admitted = self.gatekeeper.admit(method, params).await?;
        let (answer, answered) = oneshot::channel();
        let question = ServerRequest { admitted, answer };
        let sent = self.questions.send(question).await;
        sent.map_err(|_| refused("the client is gone"))?;
        answered
            .await
            .unwrap_or_else(|_| Err(refused("the client gave no answer in time")))
    }

    fn heard(&self, method: &str, params: JsonObject) {
        hear(&self.gatekeeper.client, method, params);
    }
}

/// Passes log messages on; the IDE needs no other notification of a call.
pub(super) fn hear(client: &Client, method: &str, params: JsonObject) {
    if method == "notifications/message" {
        client.pass_log(params);
    }
}

/// The error for the upstream if the IDE gave no answer.
pub(super) fn unanswered(error: AskError) -> RpcError {
    match error {
        AskError::Refused {
            code,
            message,
            data,
        } => RpcError {
            code,
            message,
            data,
        },
        AskError::NotInThisEra => refused("the client cannot be asked"),
        _ => refused("the client is gone"),
    }
}

pub(super) fn refused(message: &str) -> RpcError {
    RpcError {
        code: INTERNAL_ERROR,
        message: message.to_owned(),
        data: None,
    }
}

/// The upstream's first preferred model.
fn preferred_model(params: &JsonObject) -> Option<String> {
    let hints = params.get("modelPreferences")?.get("hints")?.as_array()?;
    hints.first()?.get("name")?.as_str().map(in_short)
}

/// The serialised length of a value.
fn length(value: &impl Serialize) -> u64 {
    let written = serde_json::to_vec(value).map_or(0, |text| text.len());
    u64::try_from(written).unwrap_or(u64::MAX)
}

/// A failure for the upstream: only its code.
fn told(failure: &Failure) -> String {
    format!("refused: {}", failure.code())
}

const INTERNAL_ERROR: i64 = -32603;
