//! The port through which the server sees prompts: [`PromptHost`].

use async_trait::async_trait;

use super::{Caller, HostError, Listing, PromptCall};
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
