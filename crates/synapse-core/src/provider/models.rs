//! A provider's listed models, and their sub-providers at a router.

use crate::error::Failure;
use crate::money::{Rates, SeenPrice};
use crate::preflight::Finding;
use crate::time::Timestamp;

/// Whether the model list requires the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ModelList {
    /// Public: the token is neither read nor sent.
    Public,
    /// Specific to the token's owner.
    OfTheOwner,
}

/// A model list. `None` values are unknown.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// The models, in the provider's order.
    pub models: Vec<ListedModel>,
    /// The finding for the connection's model.
    pub own: Finding,
    /// Prices in the list.
    pub prices: Vec<SeenPrice>,
    /// Warnings about unreadable parts.
    pub warnings: Vec<Failure>,
}

/// A listed model.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListedModel {
    /// The id without suffix.
    pub id: String,
    /// Creation time.
    pub created: Option<Timestamp>,
    /// Its owner.
    pub owned_by: Option<String>,
    /// Its shutdown date, as written by the provider.
    pub shutdown_date: Option<String>,
    /// Its sub-providers; `None` if the provider serves it itself.
    pub offers: Option<Vec<Offer>>,
    /// Maximum tokens of prompt and answer, if the provider serves it itself.
    pub context_length: Option<u64>,
    /// Its prices, if the provider serves it itself and states them.
    pub rates: Rates,
    /// Size of its local files in bytes.
    pub size_bytes: Option<u64>,
    /// Number of parameters, as written by the server: `8.0B`.
    pub parameter_size: Option<String>,
    /// Quantization, as written by the server: `Q4_K_M`.
    pub quantization: Option<String>,
}

/// A sub-provider's offer of a model.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Offer {
    /// Its slug, as used in a model suffix.
    pub sub_provider: String,
    /// Whether it is reported live. May lag, since routers poll.
    pub live: bool,
    /// Its prices, if stated.
    pub rates: Rates,
    /// Maximum tokens of prompt and answer.
    pub context_length: Option<u64>,
    /// Whether it supports tools.
    pub tools: Option<bool>,
    /// Whether it supports JSON schemas for answers.
    pub structured_output: Option<bool>,
    /// Milliseconds to the first token, as measured by the router.
    pub first_token_ms: Option<u64>,
}

impl ListedModel {
    /// Whether the id or a sub-provider's name contains `text`, case-insensitively.
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
