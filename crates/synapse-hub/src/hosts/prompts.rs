//! The prompts of upstreams.

use async_trait::async_trait;
use synapse_mcp::JsonObject;
use synapse_mcp::host::{Caller, HostError, Listing, PromptCall, PromptHost};

use super::{HubHost, Whose, listed};
use crate::index::Found;
use crate::runtime::{Ask, Subject};

#[async_trait]
impl PromptHost for HubHost {
    async fn list_prompts(&self, _caller: &Caller) -> Result<Listing, HostError> {
        let state = self.fresh_state(Whose::Unpinned).await;
        let prompts = state.index.prompts.iter();
        Ok(Listing::new(
            prompts.map(|prompt| listed(&prompt.name, &prompt.item)),
        ))
    }

    fn owns(&self, prompt: &str) -> bool {
        !matches!(self.state().index.prompt(prompt), Found::Unknown)
    }

    async fn get_prompt(&self, call: PromptCall) -> Result<JsonObject, HostError> {
        let state = self.state();
        let (runtime, own) = match state.index.prompt(&call.name) {
            Found::Offered(prompt) => (prompt.runtime.clone(), prompt.own.clone()),
            Found::Withheld(failure) => return Err(self.failed(failure)),
            Found::Ambiguous(_) | Found::Unknown => {
                return Err(HostError::InvalidParams {
                    message: format!("unknown prompt: {}", call.name),
                });
            }
        };
        let mut params = JsonObject::new();
        params.insert("name".to_owned(), own.as_str().into());
        params.insert("arguments".to_owned(), call.arguments.into());
        params.extend(call.extra);
        let ask = Ask {
            subject: Subject::Prompt(own),
            method: "prompts/get".to_owned(),
            params: params.into(),
            caller: call.caller,
            progress: call.progress,
            client: call.client,
        };
        runtime
            .ask(ask)
            .await
            .map_err(|refusal| self.refused(refusal))
    }
}
