//! The port through which the server sees prompts: [`PromptHost`].

use std::fmt;

use async_trait::async_trait;

use super::{Caller, Client, HostError, Listing, ProgressReporter};
use crate::JsonObject;

/// Something that has prompts and fills them in.
#[async_trait]
pub trait PromptHost: Send + Sync {
    /// Returns every prompt, in the order clients shall see.
    ///
    /// # Errors
    /// A [`HostError`] fails the whole request.
    async fn list_prompts(&self, caller: &Caller) -> Result<Listing, HostError>;

    /// Says whether a prompt of that name belongs here; must not wait for anything.
    fn owns(&self, prompt: &str) -> bool;

    /// Fills one prompt in and returns the whole result object (`messages`, and what else the
    /// revision has). The future is dropped to cancel it.
    ///
    /// # Errors
    /// [`HostError::InvalidParams`] for an unknown prompt and for arguments that do not fit.
    async fn get_prompt(&self, call: PromptCall) -> Result<JsonObject, HostError>;
}

/// One `prompts/get` request. `Debug` leaves its payload out.
#[non_exhaustive]
pub struct PromptCall {
    /// The name of the prompt.
    pub name: String,
    /// The arguments as sent; an empty object when the client sent none.
    pub arguments: JsonObject,
    /// The other parameters as sent, without `name`, `arguments` and `_meta`.
    pub extra: JsonObject,
    /// Who asks.
    pub caller: Caller,
    /// Where to report progress, when the client asked for it.
    pub progress: Option<ProgressReporter>,
    /// The way back to the client.
    pub client: Client,
}

impl PromptCall {
    /// Creates a request without other parameters and without progress.
    #[must_use]
    pub fn new(name: impl Into<String>, arguments: JsonObject, caller: Caller) -> Self {
        Self {
            name: name.into(),
            arguments,
            extra: JsonObject::new(),
            caller,
            progress: None,
            client: Client::default(),
        }
    }
}

impl fmt::Debug for PromptCall {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("PromptCall")
            .field("name", &self.name)
            .field("caller", &self.caller)
            .finish_non_exhaustive()
    }
}
