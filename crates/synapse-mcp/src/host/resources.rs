//! The port through which the server sees resources: [`ResourceHost`].

use std::fmt;

use async_trait::async_trait;

use super::{Caller, Client, HostError, Listing, ProgressReporter};
use crate::JsonObject;

/// Something that has resources and reads them.
#[async_trait]
pub trait ResourceHost: Send + Sync {
    /// Returns every resource that can be listed, in the order clients shall see.
    ///
    /// # Errors
    /// A [`HostError`] fails the whole request.
    async fn list_resources(&self, caller: &Caller) -> Result<Listing, HostError>;

    /// Returns every template.
    ///
    /// # Errors
    /// A [`HostError`] fails the whole request.
    async fn list_templates(&self, caller: &Caller) -> Result<Listing, HostError>;

    /// Says whether `uri` belongs here; must not wait for anything.
    fn owns(&self, uri: &str) -> bool;

    /// Reads one resource and returns the whole result object (`contents`, and what else the
    /// revision has). Without `ttlMs` and `cacheScope` in it, the result may not be kept.
    /// The future is dropped to cancel it.
    ///
    /// # Errors
    /// [`HostError::NotFound`] when there is no such resource.
    async fn read_resource(&self, read: ResourceRead) -> Result<JsonObject, HostError>;

    /// Takes notice that a client wants to know when the resource changes. Changes are told through
    /// [`Changes`](super::Changes).
    ///
    /// # Errors
    /// A [`HostError`] fails the request.
    async fn subscribe(&self, uri: &str) -> Result<(), HostError> {
        let _ = uri;
        Ok(())
    }

    /// Takes notice that no client wants to know any more.
    ///
    /// # Errors
    /// A [`HostError`] fails the request.
    async fn unsubscribe(&self, uri: &str) -> Result<(), HostError> {
        let _ = uri;
        Ok(())
    }
}

/// One `resources/read` request. `Debug` leaves its payload out.
#[non_exhaustive]
pub struct ResourceRead {
    /// The URI as sent.
    pub uri: String,
    /// The other parameters as sent, without `uri` and `_meta`.
    pub extra: JsonObject,
    /// Who asks.
    pub caller: Caller,
    /// Where to report progress, when the client asked for it.
    pub progress: Option<ProgressReporter>,
    /// The way back to the client.
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
