//! The port for protocol extensions: [`ExtensionHost`].

use std::fmt;

use async_trait::async_trait;

use super::{Caller, Client, HostError, ProgressReporter};
use crate::JsonObject;

/// Declares extensions and answers their methods as raw JSON.
#[async_trait]
pub trait ExtensionHost: Send + Sync {
    /// The extensions by identifier with their settings, for the capabilities in `initialize` and
    /// `server/discover`.
    fn extensions(&self) -> JsonObject;

    /// Whether `method` belongs to one of them; must not block.
    fn owns(&self, method: &str) -> bool;

    /// Answers one request and returns the whole result object. Dropping the future cancels it.
    ///
    /// # Errors
    /// [`HostError`].
    async fn call(&self, call: ExtensionCall) -> Result<JsonObject, HostError>;
}

/// A request of an extension. `Debug` omits its payload.
#[non_exhaustive]
pub struct ExtensionCall {
    /// The method.
    pub method: String,
    /// The parameters as sent, without `_meta`.
    pub params: JsonObject,
    /// The caller.
    pub caller: Caller,
    /// Reports progress, if the client requested it.
    pub progress: Option<ProgressReporter>,
    /// Sends messages to the client.
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
