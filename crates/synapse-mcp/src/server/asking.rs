//! Requests and log messages to the client of a request, through the registry.

use std::sync::Arc;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::Value;

use super::registry::{InFlightRequests, RequestKey};
use crate::host::{AskError, Caller, Link, LogLevel};
use crate::{Era, JsonObject};

/// The client of the request `key`.
pub(crate) struct Asking {
    pub(crate) key: RequestKey,
    pub(crate) caller: Caller,
    pub(crate) registry: Arc<InFlightRequests>,
    pub(crate) logging: bool,
}

#[async_trait]
impl Link for Asking {
    async fn ask(&self, method: &str, params: JsonObject) -> Result<Value, AskError> {
        match self.caller.era() {
            Era::Legacy => {}
            Era::Modern => return Err(AskError::NotInThisEra),
        }
        let (number, receiver) = self
            .registry
            .ask(self.key, method, &params)
            .ok_or(AskError::Gone)?;
        let _withdrawn = ServerRequest {
            registry: &self.registry,
            number,
        };
        let answer = receiver.await.map_err(|_| AskError::Gone)?;
        answer.map_or_else(
            |error| Err(refused(&error)),
            |result| serde_json::from_str(&result).map_err(|_| refused("")),
        )
    }

    fn log(&self, level: LogLevel, params: JsonObject) {
        if self.logging && self.caller.wants(level) {
            let method = "notifications/message";
            self.registry.notify(self.key, method, &params);
        }
    }
}

/// Cancels the server request when nobody waits for its answer any more.
struct ServerRequest<'a> {
    registry: &'a InFlightRequests,
    number: u64,
}

impl Drop for ServerRequest<'_> {
    fn drop(&mut self) {
        self.registry.withdraw(self.number);
    }
}

/// The content of an error object; an unexpected shape is accepted.
fn refused(text: &str) -> AskError {
    #[derive(Deserialize)]
    struct Told {
        code: i64,
        #[serde(default)]
        message: String,
        #[serde(default)]
        data: Option<Value>,
    }
    match serde_json::from_str::<Told>(text) {
        Ok(told) => AskError::Refused {
            code: told.code,
            message: told.message,
            data: told.data,
        },
        Err(_) => AskError::Refused {
            code: UNREADABLE,
            message: "the client's answer cannot be read".to_owned(),
            data: None,
        },
    }
}

/// JSON-RPC's code for an invalid request, here caused by the client.
const UNREADABLE: i64 = -32600;
