//! A model as the models endpoints describe it.

use serde_json::Value;
use synapse_core::models::{ListedModel, Offer};
use synapse_core::price::Rates;
use synapse_core::redact::Redactor;
use synapse_core::time::Timestamp;

use crate::prices::rates;

/// What a model lookup told.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ModelInfo {
    /// The id as the provider writes it.
    pub(crate) id: Option<String>,
    /// When it was made.
    pub(crate) created: Option<Timestamp>,
    /// Who made it.
    pub(crate) owned_by: Option<String>,
    /// The day on which OpenAI will shut it down, when it says so.
    pub(crate) shutdown_date: Option<String>,
    /// The Hugging Face sub-providers that serve it; `None` when the answer has no such list.
    pub(crate) providers: Option<Vec<Offer>>,
}

impl ModelInfo {
    /// Reads one model object leniently; `None` when it is none at all.
    pub(crate) fn read(value: &Value) -> Option<Self> {
        let object = value.as_object()?;
        let text = |key: &str| object.get(key).and_then(Value::as_str).map(str::to_owned);
        let providers = object.get("providers").and_then(Value::as_array);
        let info = Self {
            id: text("id"),
            created: object
                .get("created")
                .and_then(Value::as_i64)
                .map(|seconds| Timestamp::from_millis(seconds.saturating_mul(1000))),
            owned_by: text("owned_by"),
            shutdown_date: text("shutdown_date"),
            providers: providers.map(|all| all.iter().filter_map(offer).collect()),
        };
        (info.id.is_some() || info.providers.is_some()).then_some(info)
    }

    /// Reads `{"data":[…]}`, leaving out what is no model; `None` when there is no list.
    pub(crate) fn read_list(value: &Value) -> Option<Vec<Self>> {
        let data = value.get("data")?.as_array()?;
        Some(data.iter().filter_map(Self::read).collect())
    }

    /// The live sub-providers.
    pub(crate) fn live(&self) -> Vec<&str> {
        self.providers
            .iter()
            .flatten()
            .filter(|offer| offer.live)
            .map(|offer| offer.sub_provider.as_str())
            .collect()
    }

    /// The model for a list, with what is text made fit to show; `None` without an id.
    pub(crate) fn listed(&self, redactor: &Redactor) -> Option<ListedModel> {
        let clean = |text: &String| redactor.clean(text, MAX_WORD);
        let offers = self.providers.as_ref().map(|offers| {
            let offers = offers.iter().map(|offer| Offer {
                sub_provider: clean(&offer.sub_provider),
                ..offer.clone()
            });
            offers.collect()
        });
        Some(ListedModel {
            id: self.id.as_ref().map(clean)?,
            created: self.created,
            owned_by: self.owned_by.as_ref().map(clean),
            shutdown_date: self.shutdown_date.as_ref().map(clean),
            offers,
            ..ListedModel::default()
        })
    }
}

/// Everything but the name is optional.
fn offer(value: &Value) -> Option<Offer> {
    let count = |key: &str| value.get(key).and_then(Value::as_u64);
    let flag = |key: &str| value.get(key).and_then(Value::as_bool);
    Some(Offer {
        sub_provider: value.get("provider")?.as_str()?.to_owned(),
        live: value.get("status").and_then(Value::as_str) == Some("live"),
        rates: rates_of(value),
        context_length: count("context_length"),
        tools: flag("supports_tools"),
        structured_output: flag("supports_structured_output"),
        first_token_ms: count("first_token_latency_ms"),
    })
}

/// US dollars per million tokens, or free of charge.
fn rates_of(provider: &Value) -> Rates {
    match provider.get("is_free") {
        Some(Value::Bool(true)) => Rates::FREE,
        _ => provider.get("pricing").map(rates).unwrap_or_default(),
    }
}

/// As long as a model id may be.
const MAX_WORD: usize = 256;
