//! The document of a provider's models.

use serde::Serialize;
use synapse_core::engine::{AskedFor, Models};
use synapse_core::error::RemedyText;
use synapse_core::money::Price;
use synapse_core::preflight::{Check, CheckId};
use synapse_core::provider::models::{ListedModel, Offer};

use crate::failure::ErrorView;
use crate::preflight::CheckView;

/// `synapse.models/1`: the models of a connection's provider.
#[derive(Debug, Clone, Serialize)]
pub struct ModelsDocument {
    schema: &'static str,
    ok: bool,
    /// `null` for a draft.
    connection: Option<String>,
    provider: &'static str,
    host: String,
    listed_at: String,
    /// The connection's model; `null` if none was given.
    model: Option<String>,
    /// The finding for that model, like preflight's check `model`.
    check: Option<CheckView>,
    /// The listed ids most similar to an unlisted model.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    nearest: Vec<String>,
    search: Option<String>,
    /// Total number of models, ignoring the search.
    total: usize,
    models: Vec<ModelView>,
    /// Number of omitted matches.
    #[serde(skip_serializing_if = "Option::is_none")]
    left_out: Option<usize>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<ErrorView>,
}

/// A model. `sub_providers` is `null` if the provider serves it itself.
#[derive(Debug, Clone, Serialize)]
pub struct ModelView {
    id: String,
    created: Option<String>,
    owned_by: Option<String>,
    shutdown_date: Option<String>,
    sub_providers: Option<Vec<OfferView>>,
    context_length: Option<u64>,
    input_pico_usd: Option<u64>,
    output_pico_usd: Option<u64>,
    size_bytes: Option<u64>,
    parameter_size: Option<String>,
    quantization: Option<String>,
}

/// A sub-provider's offer. Prices are in pico-USD (10⁻¹² USD) per token, which equals micro-USD per
/// million tokens.
#[derive(Debug, Clone, Serialize)]
pub struct OfferView {
    name: String,
    live: bool,
    input_pico_usd: Option<u64>,
    output_pico_usd: Option<u64>,
    context_length: Option<u64>,
    tools: Option<bool>,
    structured_output: Option<bool>,
    first_token_ms: Option<u64>,
}

impl ModelsDocument {
    /// The document of the models matching `search`. `remedies` renders the commands of errors.
    #[must_use]
    pub fn new(models: &Models, search: Option<&str>, remedies: &dyn RemedyText) -> Self {
        let listed = &models.listed;
        let connection = &models.connection;
        let is_saved = models.asked_for == AskedFor::Connection;
        let names_a_model = models.asked_for != AskedFor::Choice;
        Self {
            schema: "synapse.models/1",
            ok: true,
            connection: is_saved.then(|| connection.name.to_string()),
            provider: connection.provider.as_str(),
            host: models.exchange.host.clone(),
            listed_at: models.listed_at.to_string(),
            model: names_a_model.then(|| connection.model.to_string()),
            check: names_a_model
                .then(|| CheckView::new(&Check::new(CheckId::Model, listed.own.clone()), remedies)),
            nearest: models.nearest.clone(),
            search: search.map(str::to_owned),
            total: listed.models.len(),
            models: listed
                .models
                .iter()
                .filter(|model| search.is_none_or(|text| model.matches(text)))
                .map(ModelView::from)
                .collect(),
            left_out: None,
            warnings: ErrorView::all(&models.warnings, remedies),
        }
    }

    /// Keeps the first `most` models, and records how many were omitted.
    #[must_use]
    pub fn at_most(mut self, most: usize) -> Self {
        self.left_out = self.models.len().checked_sub(most).filter(|more| *more > 0);
        self.models.truncate(most);
        self
    }
}

impl From<&ListedModel> for ModelView {
    fn from(model: &ListedModel) -> Self {
        Self {
            id: model.id.clone(),
            created: model.created.map(|time| time.to_string()),
            owned_by: model.owned_by.clone(),
            shutdown_date: model.shutdown_date.clone(),
            sub_providers: model
                .offers
                .as_ref()
                .map(|offers| offers.iter().map(OfferView::from).collect()),
            context_length: model.context_length,
            input_pico_usd: model.rates.input.map(Price::pico_usd_per_token),
            output_pico_usd: model.rates.output.map(Price::pico_usd_per_token),
            size_bytes: model.size_bytes,
            parameter_size: model.parameter_size.clone(),
            quantization: model.quantization.clone(),
        }
    }
}

impl From<&Offer> for OfferView {
    fn from(offer: &Offer) -> Self {
        Self {
            name: offer.sub_provider.clone(),
            live: offer.live,
            input_pico_usd: offer.rates.input.map(Price::pico_usd_per_token),
            output_pico_usd: offer.rates.output.map(Price::pico_usd_per_token),
            context_length: offer.context_length,
            tools: offer.tools,
            structured_output: offer.structured_output,
            first_token_ms: offer.first_token_ms,
        }
    }
}
