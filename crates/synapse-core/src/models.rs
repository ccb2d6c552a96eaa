//! The models that a provider lists, and who serves them behind a router.

use crate::error::Failure;
use crate::preflight::Finding;
use crate::price::{Rates, SeenPrice};
use crate::time::Timestamp;

/// Whether a provider's list of models is asked for with the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ModelList {
    /// Anybody may read it: the token is neither read nor sent.
    Public,
    /// The list is that of the token's owner.
    OfTheOwner,
}

/// A list of models as it was answered. `None` in it is unknown.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// The models, in the order of the provider.
    pub models: Vec<ListedModel>,
    /// What the list says about the connection's own model.
    pub own: Finding,
    /// The prices that came with it.
    pub prices: Vec<SeenPrice>,
    /// What of the list could not be read.
    pub warnings: Vec<Failure>,
}

/// A model of a list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListedModel {
    /// The id to ask for, without suffix.
    pub id: String,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// Who made it.
    pub owned_by: Option<String>,
    /// The day on which it will be shut down, as the provider writes it.
    pub shutdown_date: Option<String>,
    /// Who serves it; `None` when the provider serves its models itself.
    pub offers: Option<Vec<Offer>>,
    /// The most tokens of prompt and answer, when the provider serves it itself.
    pub context_length: Option<u64>,
    /// What it asks for, when the provider serves it itself; nothing when it does not say.
    pub rates: Rates,
    /// How large its files are on this machine, in bytes.
    pub size_bytes: Option<u64>,
    /// How many parameters it has, as the server writes it: `8.0B`.
    pub parameter_size: Option<String>,
    /// How its weights are quantized, as the server writes it: `Q4_K_M`.
    pub quantization: Option<String>,
}

/// What a sub-provider offers for a model.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Offer {
    /// Its slug, as a model suffix names it.
    pub sub_provider: String,
    /// Whether it is said to be live. Routers probe at intervals, so this can lag.
    pub live: bool,
    /// What it asks for; nothing when it does not say.
    pub rates: Rates,
    /// The most tokens of prompt and answer.
    pub context_length: Option<u64>,
    /// Whether it takes tool definitions.
    pub tools: Option<bool>,
    /// Whether it holds an answer to a JSON schema.
    pub structured_output: Option<bool>,
    /// Milliseconds until its first token, as the router measured.
    pub first_token_ms: Option<u64>,
}

impl ListedModel {
    /// Whether `text` is in the id or the name of a sub-provider, in any case.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        let names = self
            .offers
            .iter()
            .flatten()
            .map(|offer| &offer.sub_provider);
        std::iter::once(&self.id)
            .chain(names)
            .any(|name| name.to_lowercase().contains(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_looks_at_ids_and_sub_providers_in_any_case() {
        let model = ListedModel {
            id: "deepseek-ai/DeepSeek-V4".into(),
            offers: Some(vec![Offer {
                sub_provider: "novita".into(),
                ..Offer::default()
            }]),
            ..ListedModel::default()
        };
        for found in ["", "deepseek-v4", "DEEP", "Novita"] {
            assert!(model.matches(found), "{found}");
        }
        assert!(!model.matches("llama"));
    }
}
