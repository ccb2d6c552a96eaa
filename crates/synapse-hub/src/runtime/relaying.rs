//! Questions of an upstream to the IDE: whether they may be asked, and the way to the answer.

use std::sync::Arc;

use async_trait::async_trait;
use serde::Serialize;
use serde_json::Value;
use synapse_core::call::Caller as RowCaller;
use synapse_core::engine::{SamplingAnswer, SamplingCall};
use synapse_core::error::Failure;
use synapse_core::upstream::Upstream;
use synapse_mcp::JsonObject;
use synapse_mcp::client::{Questions, RpcError};
use synapse_mcp::host::{AskError, Caller, Client};
use tokio::sync::{mpsc, oneshot};

use crate::ports::{SamplingMeter, SamplingSlot};
use crate::relay;
use crate::rows::in_short;

/// What decides about the questions of one call.
#[derive(Clone)]
pub(super) struct Gatekeeper {
    pub(super) upstream: Arc<Upstream>,
    pub(super) caller: Caller,
    pub(super) client: Client,
    pub(super) sampling: Option<Arc<dyn SamplingMeter>>,
}

/// A question that may be asked, in the words that the IDE gets.
pub(super) struct Admitted {
    pub(super) method: String,
    pub(super) params: JsonObject,
    slot: Option<Box<dyn SamplingSlot>>,
}

impl Gatekeeper {
    /// Admits a question, or refuses it.
    ///
    /// # Errors
    /// The error that the upstream gets.
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
            caller: RowCaller {
                client_name: self.caller.client_name().map(in_short),
                client_version: self.caller.client_version().map(in_short),
                tool: Some(self.upstream.name.to_string()),
                span: self.caller.span(),
            },
            model: preferred_model(params),
            bytes: length(params),
            max_tokens: params.get("maxTokens").and_then(Value::as_u64),
        };
        let admitted = meter.admit(asked).await;
        admitted.map_err(|failure| refused(&told(&failure)))
    }
}

impl Admitted {
    /// Closes what the question opened, and gives the answer.
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

/// Asks the IDE at once: it speaks the legacy era, as the upstream does.
pub(super) struct AskNow(pub(super) Gatekeeper);

#[async_trait]
impl Questions for AskNow {
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

/// Hands questions over to whoever parks the call: the IDE speaks the modern era, where a server
/// asks by answering.
pub(super) struct AskLater {
    pub(super) gatekeeper: Gatekeeper,
    pub(super) questions: mpsc::Sender<Question>,
}

/// A question that waits for its answer.
pub(super) struct Question {
    pub(super) admitted: Admitted,
    pub(super) answer: oneshot::Sender<Result<Value, RpcError>>,
}

#[async_trait]
impl Questions for AskLater {
    async fn ask(&self, method: &str, params: JsonObject) -> Result<Value, RpcError> {
        let admitted = self.gatekeeper.admit(method, params).await?;
        let (answer, answered) = oneshot::channel();
        let question = Question { admitted, answer };
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

/// Passes a log message on; nothing else that belongs to a call is for the IDE.
pub(super) fn hear(client: &Client, method: &str, params: JsonObject) {
    if method == "notifications/message" {
        client.pass_log(params);
    }
}

/// Why the IDE gave no answer, for the upstream.
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

/// The first of the models that the upstream would like.
fn preferred_model(params: &JsonObject) -> Option<String> {
    let hints = params.get("modelPreferences")?.get("hints")?.as_array()?;
    hints.first()?.get("name")?.as_str().map(in_short)
}

/// The bytes of a value as it is sent.
fn length(value: &impl Serialize) -> u64 {
    let written = serde_json::to_vec(value).map_or(0, |text| text.len());
    u64::try_from(written).unwrap_or(u64::MAX)
}

/// A failure for the upstream: no more than its code.
fn told(failure: &Failure) -> String {
    format!("refused: {}", failure.code)
}

const INTERNAL_ERROR: i64 = -32603;
