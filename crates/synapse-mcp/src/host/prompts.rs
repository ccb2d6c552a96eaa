//! The port for prompts: [`PromptHost`].

use async_trait::async_trait;

use super::{Caller, HostError, Listing, PromptCall};
use crate::JsonObject;

/// Lists and expands prompts.
#[async_trait]
pub trait PromptHost: Send + Sync {
    /// Returns every prompt in display order.
    ///
    /// # Errors
    /// A [`HostError`] fails the whole request.
    async fn list_prompts(&self, caller: &Caller) -> Result<Listing, HostError>;

    /// Whether the prompt belongs to this host; must not block.
    fn owns(&self, prompt: &str) -> bool;

    /// Expands one prompt and returns the whole result object (`messages` and revision-specific
    /// members). Dropping the future cancels it.
    ///
    /// # Errors
    /// [`HostError::InvalidParams`] for an unknown prompt or invalid arguments.
    async fn get_prompt(&self, call: PromptCall) -> Result<JsonObject, HostError>;
}
