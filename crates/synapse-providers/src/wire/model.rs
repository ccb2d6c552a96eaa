//! A model as the models endpoints describe it.

use serde_json::Value;
use synapse_core::price::Rates;

use crate::prices::rates;

/// What a model lookup told.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ModelInfo {
    /// The id as the provider writes it.
    pub(crate) id: Option<String>,
    /// The day on which OpenAI will shut it down, when it says so.
    pub(crate) shutdown_date: Option<String>,
    /// The Hugging Face sub-providers that serve it; `None` when the answer has no such list.
    pub(crate) providers: Option<Vec<SubProvider>>,
}

/// A sub-provider of a model on the Hugging Face router.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SubProvider {
    /// Its slug, as a model suffix names it.
    pub(crate) name: String,
    /// Whether it is said to be live. Probed hourly at best, so it can lag.
    pub(crate) live: bool,
    /// What it asks for; nothing when it does not say.
    pub(crate) rates: Rates,
}

impl ModelInfo {
    /// Reads one model object leniently; `None` when it is none at all.
    pub(crate) fn read(value: &Value) -> Option<Self> {
        let object = value.as_object()?;
        let text = |key: &str| object.get(key).and_then(Value::as_str).map(str::to_owned);
        let providers = object
            .get("providers")
            .and_then(Value::as_array)
            .map(|providers| {
                providers
                    .iter()
                    .filter_map(|provider| {
                        Some(SubProvider {
                            name: provider.get("provider")?.as_str()?.to_owned(),
                            live: provider.get("status").and_then(Value::as_str) == Some("live"),
                            rates: rates_of(provider),
                        })
                    })
                    .collect()
            });
        let info = Self {
            id: text("id"),
            shutdown_date: text("shutdown_date"),
            providers,
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
            .filter(|provider| provider.live)
            .map(|provider| provider.name.as_str())
            .collect()
    }
}

/// US dollars per million tokens, or free of charge.
fn rates_of(provider: &Value) -> Rates {
    match provider.get("is_free") {
        Some(Value::Bool(true)) => Rates::FREE,
        _ => provider.get("pricing").map(rates).unwrap_or_default(),
    }
}
