//! The port for resources: [`ResourceHost`].

use std::fmt;

use async_trait::async_trait;

use super::{Caller, Client, HostError, Listing, ProgressReporter};
use crate::JsonObject;

/// Lists and reads resources.
#[async_trait]
pub trait ResourceHost: Send + Sync {
    /// Returns every listable resource in display order.
    ///
    /// # Errors
    /// A [`HostError`] fails the whole request.
    async fn list_resources(&self, caller: &Caller) -> Result<Listing, HostError>;

    /// Returns every template.
    ///
    /// # Errors
    /// A [`HostError`] fails the whole request.
    async fn list_templates(&self, caller: &Caller) -> Result<Listing, HostError>;

    /// Whether `uri` belongs to this host; must not block.
    fn owns(&self, uri: &str) -> bool;

    /// Reads one resource and returns the whole result object (`contents` and revision-specific
    /// members). Without `ttlMs` and `cacheScope`, the result must not be cached. Dropping the
    /// future cancels it.
    ///
    /// # Errors
    /// [`HostError::NotFound`] for an unknown resource.
    async fn read_resource(&self, read: ResourceRead) -> Result<JsonObject, HostError>;

    /// Registers that a client subscribed to the resource. Changes are reported through
    /// [`Changes`](super::Changes).
    ///
    /// # Errors
    /// A [`HostError`] fails the request.
    async fn subscribe(&self, uri: &str) -> Result<(), HostError> {
        let _ = uri;
        Ok(())
    }

    /// Registers that no client is subscribed any more.
    ///
    /// # Errors
    /// A [`HostError`] fails the request.
    async fn unsubscribe(&self, uri: &str) -> Result<(), HostError> {
        let _ = uri;
        Ok(())
    }
}

/// A `resources/read` request. `Debug` omits its payload.
#[non_exhaustive]
pub struct ResourceRead {
    /// The URI as sent.
    pub uri: String,
    /// The other parameters as sent, without `uri` and `_meta`.
    pub extra: JsonObject,
    /// The caller.
    pub caller: Caller,
    /// Reports progress, if the client requested it.
    pub progress: Option<ProgressReporter>,
    /// Sends messages to the client.
    pub client: Client,
}

impl ResourceRead {
    /// Creates a request without other parameters and without progress.
    #[must_use]
    pub fn new(uri: impl Into<String>, caller: Caller) -> Self {
        Self {
            uri: uri.into(),
            extra: JsonObject::new(),
            caller,
            progress: None,
            client: Client::default(),
        }
    }
}

impl fmt::Debug for ResourceRead {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ResourceRead")
            .field("caller", &self.caller)
            .finish_non_exhaustive()
    }
}
