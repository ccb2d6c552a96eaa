//! Completes arguments of the product's prompts and resource templates from local data: the
//! connections, the ledger and the error catalogue. Never sends a request.

use std::collections::HashSet;

use async_trait::async_trait;
use serde_json::Value;
use synapse_core::engine::Engine;
use synapse_core::error::Code;
use synapse_core::ledger::{Entry, UsageKey};
use synapse_mcp::JsonObject;
use synapse_mcp::host::{CompletionCall, CompletionHost, HostError, completion, referenced};

use crate::prompts::PROMPTS;
use crate::resources::TEMPLATES;
use crate::tools::history;
use crate::view::View;

/// The product's own completions.
#[derive(Debug, Clone)]
pub struct ProductCompletions {
    view: View,
}

impl ProductCompletions {
    /// Completions over `engine`, for every connection.
    #[must_use]
    pub const fn new(engine: Engine) -> Self {
        Self {
            view: View::of(engine),
        }
    }

    /// Restricts them to the connection `name`.
    #[must_use]
    pub fn scoped_to(mut self, name: impl Into<String>) -> Self {
        self.view = self.view.scoped_to(name);
        self
    }

    /// All values of the argument.
    async fn values(&self, call: &CompletionCall) -> Vec<String> {
        let settled = |name: &str| call.settled.get(name).and_then(Value::as_str);
        match call.argument.as_str() {
            "connection" | "name" | "first" => self.names(None).await,
            "second" => self.names(settled("first")).await,
            "model" => self.models(settled("connection")).await,
            "by" => UsageKey::ALL.map(|key| key.as_str().to_owned()).to_vec(),
            "id" => {
                let rows = self.rows().await.into_iter();
                rows.map(|entry| entry.receipt.call_id.to_string())
                    .collect()
            }
            "code" => Code::CATALOGUE
                .iter()
                .map(|entry| entry.name.to_owned())
                .collect(),
            _ => Vec::new(),
        }
    }

    /// Connections, except the one already taken. Invalid ones are not suggested.
    async fn names(&self, taken: Option<&str>) -> Vec<String> {
        let taken = taken.map(str::to_owned);
        let names = self.view.reading(move |view| {
            let all = view.each_connection(|stored| {
                let is_sound = stored.connection.is_ok();
                is_sound.then(|| stored.name.to_string())
            });
            let known = all.unwrap_or_default().into_iter().flatten();
            known.filter(|name| Some(name) != taken.as_ref()).collect()
        });
        names.await.unwrap_or_default()
    }

    /// The models of the connections, and recently requested ones.
    async fn models(&self, connection: Option<&str>) -> Vec<String> {
        let wanted = |name: &str| connection.is_none_or(|wanted| name == wanted);
        let configured = self.configured(connection).await.into_iter();
        let asked = self
            .rows()
            .await
            .into_iter()
            .filter(|entry| wanted(&entry.receipt.connection))
            .map(|entry| entry.receipt.model_requested);
        let mut models = Vec::new();
        for model in configured.chain(asked) {
            if !models.contains(&model) {
                models.push(model);
            }
        }
        models
    }

    /// The models of the connections, each once.
    async fn configured(&self, connection: Option<&str>) -> Vec<String> {
        let wanted = connection.map(str::to_owned);
        let models = self.view.reading(move |view| {
            let all = view.each_connection(|stored| {
                let is_wanted = wanted
                    .as_deref()
                    .is_none_or(|name| stored.name.as_str() == name);
                is_wanted.then(|| stored.draft.model.clone())
            });
            let mut seen = HashSet::new();
            let all = all.unwrap_or_default().into_iter().flatten();
            all.filter(|model| seen.insert(model.clone())).collect()
        });
        models.await.unwrap_or_default()
    }

    async fn rows(&self) -> Vec<Entry> {
        let rows = history::newest(&self.view, RECENT).await;
        rows.unwrap_or_default()
    }
}

#[async_trait]
impl CompletionHost for ProductCompletions {
    fn owns(&self, reference: &JsonObject) -> bool {
        let Some(name) = referenced(reference) else {
            return false;
        };
        PROMPTS.iter().any(|prompt| prompt.name == name)
            || TEMPLATES.iter().any(|(template, ..)| *template == name)
    }

    async fn complete(&self, call: CompletionCall) -> Result<JsonObject, HostError> {
        if !self.owns(&call.reference) {
            return Err(HostError::InvalidParams {
                message: "`ref` names neither a prompt nor a resource template".to_owned(),
            });
        }
        let typed = call.value.to_lowercase();
        let mut values = self.values(&call).await;
        values.retain(|value| value.to_lowercase().starts_with(&typed));
        Ok(completion(values))
    }
}

/// Number of recent rows considered.
const RECENT: u32 = 200;
