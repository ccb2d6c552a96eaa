//! The port through which the server sees extensions of the protocol: [`ExtensionHost`].

use std::fmt;

use async_trait::async_trait;

use super::{Caller, Client, HostError, ProgressReporter};
use crate::JsonObject;

/// Something that speaks extensions: it declares them and answers their methods as raw JSON.
#[async_trait]
pub trait ExtensionHost: Send + Sync {
    /// The extensions by identifier, each with its settings, as the server's capabilities name
    /// them. Clients get them in `initialize` and `server/discover`.
    fn extensions(&self) -> JsonObject;

    /// Says whether `method` belongs to one of them; must not wait for anything.
    fn owns(&self, method: &str) -> bool;

    /// Answers one request and returns the whole result object. The future is dropped to cancel it.
    ///
    /// # Errors
    /// [`HostError`].
    async fn call(&self, call: ExtensionCall) -> Result<JsonObject, HostError>;
}

/// One request of an extension. `Debug` leaves its payload out.
#[non_exhaustive]
pub struct ExtensionCall {
    /// The method.
    pub method: String,
    /// The parameters as sent, without `_meta`.
    pub params: JsonObject,
    /// Who asks.
    pub caller: Caller,
    /// Where to report progress, when the client asked for it.
    pub progress: Option<ProgressReporter>,
    /// The way back to the client.
    pub client: Client,
}

impl ExtensionCall {
    /// Creates a request without progress.
    #[must_use]
    pub fn new(method: impl Into<String>, params: JsonObject, caller: Caller) -> Self {
        Self {
            method: method.into(),
            params,
            caller,
            progress: None,
            client: Client::default(),
        }
    }
}

impl fmt::Debug for ExtensionCall {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ExtensionCall")
            .field("method", &self.method)
            .field("caller", &self.caller)
            .finish_non_exhaustive()
    }
}
