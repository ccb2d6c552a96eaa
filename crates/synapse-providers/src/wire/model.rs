//! A model from the models endpoints.

use serde_json::Value;
use synapse_core::money::{Price, Rates};
use synapse_core::provider::models::{ListedModel, Offer};
use synapse_core::redact::Redactor;
use synapse_core::time::Timestamp;

use super::{MAX_WORD, count, text};
use crate::json::{ANY, Shape};
use crate::prices::{price as per_million, rates};

/// A model's properties.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ModelInfo {
    /// The id, verbatim.
    pub(crate) id: Option<String>,
    /// Creation time.
    pub(crate) created: Option<Timestamp>,
    /// Its owner.
    pub(crate) owned_by: Option<String>,
    /// OpenAI's announced shutdown date.
    pub(crate) shutdown_date: Option<String>,
    /// The Hugging Face sub-providers; `None` if the answer has no such list.
    pub(crate) providers: Option<Vec<Offer>>,
    /// Alternative names.
    pub(crate) aliases: Vec<String>,
    /// Maximum tokens of prompt and answer.
    pub(crate) context_length: Option<u64>,
    /// Its prices, if the lister serves it.
    pub(crate) rates: Rates,
    /// Size of its files.
    pub(crate) size_bytes: Option<u64>,
    /// Number of parameters, as written.
    pub(crate) parameter_size: Option<String>,
    /// Quantization, as written.
    pub(crate) quantization: Option<String>,
    /// Whether it chats, if known.
    pub(crate) chats: Option<bool>,
}

impl ModelInfo {
    /// Reads one model leniently; `None` if it is not an object.
    pub(crate) fn read(value: &Value) -> Option<Self> {
        let object = value.as_object()?;
        let text = |key: &str| text(value, key);
        let providers = object.get("providers").and_then(Value::as_array);
        let info = Self {
            id: text("id"),
            created: object
                .get("created")
                .and_then(Value::as_i64)
                .map(|seconds| Timestamp::from_millis(seconds.saturating_mul(1000))),
            owned_by: text("owned_by"),
            // Mistral gives a time, OpenRouter and OpenAI a day.
            shutdown_date: ["shutdown_date", "deprecation", "expiration_date"]
                .iter()
                .find_map(|key| text(key))
                .map(|day| day.split('T').next().unwrap_or_default().to_owned()),
            providers: providers.map(|all| all.iter().filter_map(offer).collect()),
            aliases: words(object.get("aliases")),
            context_length: CONTEXT
                .iter()
                .find_map(|path| value.pointer(path)?.as_u64()),
            rates: object.get("pricing").map(own_rates).unwrap_or_default(),
            size_bytes: value.pointer("/meta/size").and_then(Value::as_u64),
            parameter_size: None,
            quantization: value
                .pointer("/meta/ftype")
                .and_then(Value::as_str)
                .map(str::to_owned),
            chats: chats(value),
        };
        (info.id.is_some() || info.providers.is_some()).then_some(info)
    }

    /// Reads `{"data":[…]}`; `None` without a list.
    pub(crate) fn read_list(value: &Value) -> Option<Entries> {
        Self::read_bare_list(value.get("data")?)
    }

    /// Reads the same list without the object around it (Together).
    pub(crate) fn read_bare_list(value: &Value) -> Option<Entries> {
        Some(Entries::of(value.as_array()?, Self::read))
    }

    /// Reads Ollama's `/api/tags`.
    pub(crate) fn read_tags(value: &Value) -> Option<Entries> {
        let models = value.get("models")?.as_array()?;
        Some(Entries::of(models, |each| Some(Self::tag(each))))
    }

    fn tag(value: &Value) -> Self {
        let text = |path: &str| {
            let text = value.pointer(path)?.as_str()?;
            (!text.is_empty()).then(|| text.to_owned())
        };
        Self {
            id: text("/name").or_else(|| text("/model")),
            size_bytes: count(value, "size"),
            parameter_size: text("/details/parameter_size"),
            quantization: text("/details/quantization_level"),
            chats: chats(value),
            ..Self::default()
        }
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

    /// The models for a list; those without an id are dropped.
    pub(crate) fn listed(all: &[Self], redactor: &Redactor) -> Vec<ListedModel> {
        all.iter().filter_map(|info| info.shown(redactor)).collect()
    }

    /// The model for a list, with its texts cleaned; `None` without an id.
    fn shown(&self, redactor: &Redactor) -> Option<ListedModel> {
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
            context_length: self.context_length,
            rates: self.rates,
            size_bytes: self.size_bytes,
            parameter_size: self.parameter_size.as_ref().map(clean),
            quantization: self.quantization.as_ref().map(clean),
        })
    }
}

/// The entries of a model list. An entry without an id is unusable.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Entries {
    /// Those with an id.
    pub(crate) models: Vec<ModelInfo>,
    /// Number of entries without one.
    pub(crate) unnamed: usize,
}

impl Entries {
    fn of(entries: &[Value], read: impl Fn(&Value) -> Option<ModelInfo>) -> Self {
        let named = |info: &ModelInfo| info.id.as_ref().is_some_and(|id| !id.trim().is_empty());
        let models: Vec<ModelInfo> = entries.iter().filter_map(read).filter(named).collect();
        Self {
            unnamed: entries.len() - models.len(),
            models,
        }
    }
}

/// Everything but the name is optional.
fn offer(value: &Value) -> Option<Offer> {
    let count = |key: &str| count(value, key);
    let flag = |key: &str| value.get(key).and_then(Value::as_bool);
    Some(Offer {
        sub_provider: text(value, "provider")?,
        live: value.get("status").and_then(Value::as_str) == Some("live"),
        rates: rates_of(value),
        context_length: count("context_length"),
        tools: flag("supports_tools"),
        structured_output: flag("supports_structured_output"),
        first_token_ms: count("first_token_latency_ms"),
    })
}

/// US dollars per million tokens, or free.
fn rates_of(provider: &Value) -> Rates {
    match provider.get("is_free") {
        Some(Value::Bool(true)) => Rates::FREE,
        _ => provider.get("pricing").map(rates).unwrap_or_default(),
    }
}

/// Prices of a lister that serves the model: text in US dollars per token (OpenRouter, Groq), or
/// numbers in US dollars per million tokens (Together), where two zeros mean that it is not billed
/// by token.
fn own_rates(pricing: &Value) -> Rates {
    let per_token = |key: &str| pricing.get(key)?.as_str().and_then(Price::per_token);
    let listed = rates(pricing);
    let free = Some(Price::FREE);
    if listed.input.is_some() && (listed.input, listed.output) != (free, free) {
        return Rates {
            cache_read: pricing.get("cached_input").and_then(per_million),
            ..listed
        };
    }
    Rates {
        input: per_token("prompt"),
        output: per_token("completion"),
        cache_read: per_token("input_cache_read"),
        cache_write: per_token("input_cache_write"),
    }
}

/// Whether a model chats: by its capabilities, output modalities, type or family.
fn chats(model: &Value) -> Option<bool> {
    let abilities = model.get("capabilities");
    if let Some(chats) = abilities.and_then(|each| each.get("completion_chat")) {
        return chats.as_bool();
    }
    let abilities = words(abilities);
    if !abilities.is_empty() {
        return Some(abilities.iter().any(|each| each == "completion"));
    }
    let output = model
        .get("output_modalities")
        .or_else(|| model.pointer("/architecture/output_modalities"));
    let output = words(output);
    if !output.is_empty() {
        return Some(output.iter().any(|each| each == "text"));
    }
    let kind = model.get("type").and_then(Value::as_str);
    let family = model.pointer("/details/family").and_then(Value::as_str);
    let other = kind.is_some_and(|kind| NO_CHAT_KINDS.contains(&kind))
        || family.is_some_and(|family| family.ends_with("bert"));
    match kind {
        _ if other => Some(false),
        Some("chat") => Some(true),
        _ => None,
    }
}

fn words(list: Option<&Value>) -> Vec<String> {
    let items = list.and_then(Value::as_array).into_iter().flatten();
    items
        .filter_map(|item| item.as_str().map(str::to_owned))
        .collect()
}

/// The relevant parts of a model list.
pub(crate) const MODELS: Shape = Shape::object(&[("data", &ENTRIES), ("models", &ENTRIES)])
    .or_list(MOST_MODELS, &MODEL)
    .and_others();
const ENTRIES: Shape = Shape::list(MOST_MODELS, &MODEL);
const MODEL: Shape = Shape::object(&[
    ("id", &ANY),
    ("name", &ANY),
    ("model", &ANY),
    ("created", &ANY),
    ("owned_by", &ANY),
    ("shutdown_date", &ANY),
    ("deprecation", &ANY),
    ("expiration_date", &ANY),
    ("providers", &OFFERS),
    ("aliases", &WORDS),
    ("context_length", &ANY),
    ("context_window", &ANY),
    ("max_context_length", &ANY),
    ("max_model_len", &ANY),
    ("meta", &META),
    ("pricing", &PRICING),
    ("size", &ANY),
    ("details", &DETAILS),
    ("capabilities", &CAPABILITIES),
    ("output_modalities", &WORDS),
    ("architecture", &ARCHITECTURE),
    ("type", &ANY),
    // Anthropic.
    ("created_at", &ANY),
    ("max_input_tokens", &ANY),
    ("max_tokens", &ANY),
]);
const OFFERS: Shape = Shape::list(100, &OFFER);
const OFFER: Shape = Shape::object(&[
    ("provider", &ANY),
    ("status", &ANY),
    ("is_free", &ANY),
    ("pricing", &PRICING),
    ("context_length", &ANY),
    ("supports_tools", &ANY),
    ("supports_structured_output", &ANY),
    ("first_token_latency_ms", &ANY),
]);
const PRICING: Shape = Shape::object(&[
    ("input", &ANY),
    ("output", &ANY),
    ("cached_input", &ANY),
    ("prompt", &ANY),
    ("completion", &ANY),
    ("input_cache_read", &ANY),
    ("input_cache_write", &ANY),
]);
const META: Shape = Shape::object(&[("n_ctx", &ANY), ("size", &ANY), ("ftype", &ANY)]);
const DETAILS: Shape = Shape::object(&[
    ("family", &ANY),
    ("parameter_size", &ANY),
    ("quantization_level", &ANY),
]);
const CAPABILITIES: Shape = Shape::object(&[("completion_chat", &ANY)]).or_list(100, &ANY);
const ARCHITECTURE: Shape = Shape::object(&[("output_modalities", &WORDS)]);
const WORDS: Shape = Shape::list(100, &ANY);
/// Real lists have a few hundred.
const MOST_MODELS: usize = 10_000;
/// Members with the context length: OpenRouter and Together, Groq, Mistral, vLLM, llama.cpp.
const CONTEXT: [&str; 5] = [
    "/context_length",
    "/context_window",
    "/max_context_length",
    "/max_model_len",
    "/meta/n_ctx",
];
/// Types of listed models that cannot chat (Together, LM Studio).
const NO_CHAT_KINDS: [&str; 8] = [
    "embedding",
    "embeddings",
    "image",
    "video",
    "audio",
    "transcribe",
    "moderation",
    "rerank",
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn prices_are_read_in_the_unit_of_their_list() {
        let pico = |pricing: &Value| {
            let rates = own_rates(pricing);
            [rates.input, rates.output, rates.cache_read]
                .map(|price| price.map(Price::pico_usd_per_token))
        };
        let per_million = json!({"input": 3, "output": 15, "cached_input": 0.3});
        let per_token = json!({"prompt": "0.000003", "completion": "0.000015",
            "input_cache_read": "0.0000003"});
        let expected = [Some(3_000_000), Some(15_000_000), Some(300_000)];
        assert_eq!(pico(&per_million), expected);
        assert_eq!(pico(&per_token), expected);
        let not_by_token = json!({"hourly": 2, "input": 0, "output": 0});
        assert_eq!(pico(&not_by_token), [None; 3]);
        assert_eq!(pico(&json!({"prompt": "-1", "input": "3"})), [None; 3]);
    }
}
