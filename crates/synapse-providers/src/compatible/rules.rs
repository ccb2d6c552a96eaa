//! Compares a connection's model with a list. Each provider has its own spelling rules; the profile
//! says what a missing model means.

use synapse_core::ModelId;
use synapse_core::error::{Code, Failure};
use synapse_core::preflight::Finding;
use synapse_core::provider::{ModelIndex, ProviderKind, Unlisted};
use synapse_core::redact::Redactor;

use crate::found;
use crate::wire::model::ModelInfo;

/// The finding of `all` for `model`; `None` if another probe decides.
pub(super) fn listed(
    provider: ProviderKind,
    model: &ModelId,
    all: &[ModelInfo],
    host: &str,
    redactor: &Redactor,
) -> Option<Finding> {
    let profile = provider.profile();
    if profile.models == ModelIndex::Catalogue {
        return Some(Finding::Warn(format!(
            "{host} lists models and no deployments; only --live shows whether {model} is deployed"
        )));
    }
    let found = all.iter().find(|info| answers_to(info, provider, model));
    if let Some(info) = found {
        return Some(found::exists(model, info, redactor));
    }
    match profile.unlisted {
        Unlisted::AskAlone => None,
        _ if is_elsewhere(provider, model) => Some(unproven(model, host)),
        Unlisted::Absent => Some(Finding::Fail(absent(provider, model, all, host, redactor))),
        Unlisted::Unproven if provider == ProviderKind::LlamaCpp => Some(Finding::Warn(format!(
            "{host} has {}, and may answer with it whatever model is asked for",
            names(all.iter(), redactor)
        ))),
        Unlisted::Unproven => Some(Finding::Warn(format!(
            "{}{}; only --live shows it",
            found::unlisted(model.as_str(), all.len(), host),
            match near(model, all, redactor) {
                near if near.is_empty() => String::new(),
                near => format!(" (near: {near})"),
            }
        ))),
    }
}

/// The finding for a model without any evidence.
pub(super) fn unproven(model: &ModelId, host: &str) -> Finding {
    Finding::Warn(format!(
        "{host} does not list {model}; only --live shows whether it answers"
    ))
}

/// The model's usable id: Gemini lists `models/` before each id, and accepts both.
pub(super) fn shown(info: ModelInfo) -> ModelInfo {
    let id = info.id.as_deref().map(|id| bare(id).to_owned());
    ModelInfo { id, ..info }
}

fn answers_to(info: &ModelInfo, provider: ProviderKind, model: &ModelId) -> bool {
    let names = info.id.iter().chain(&info.aliases);
    let asked = model.as_str();
    names.into_iter().any(|name| match provider {
        ProviderKind::Ollama => tagged(name).eq_ignore_ascii_case(&tagged(asked)),
        // `:nitro`, `:floor` and the like select a route; `:free` is listed separately.
        ProviderKind::OpenRouter => {
            name == asked
                || (model.split_suffix().1 != Some("free") && name == model.split_suffix().0)
        }
        _ => bare(name) == bare(asked),
    })
}

/// Ollama's `llama3.2` means `llama3.2:latest`.
fn tagged(name: &str) -> String {
    let last = name.rsplit('/').next().unwrap_or(name);
    if last.contains(':') {
        name.to_owned()
    } else {
        format!("{name}:latest")
    }
}

fn bare(id: &str) -> &str {
    id.strip_prefix("models/").unwrap_or(id)
}

/// Names that no list contains: Ollama's cloud models, and OpenRouter's presets and routes.
fn is_elsewhere(provider: ProviderKind, model: &ModelId) -> bool {
    let model = model.as_str();
    match provider {
        ProviderKind::Ollama => model.ends_with(":cloud") || model.ends_with("-cloud"),
        ProviderKind::OpenRouter => model.starts_with('@') || model.starts_with("openrouter/"),
        _ => false,
    }
}

fn absent(
    provider: ProviderKind,
    model: &ModelId,
    all: &[ModelInfo],
    host: &str,
    redactor: &Redactor,
) -> Failure {
    let mut failure = Failure::new(
        Code::ProviderModelUnavailable,
        found::unlisted(model.as_str(), all.len(), host),
    )
    .with("model", model);
    let near = near(model, all, redactor);
    if !near.is_empty() {
        failure = failure.cause(format!("listed, and spelled nearly so: {near}"));
    }
    match provider {
        ProviderKind::Ollama => failure.shell("fetch it", format!("ollama pull {model}")),
        ProviderKind::Vllm => failure.shell("serve it", format!("vllm serve {model}")),
        _ => failure.hint(found::COPY_AN_ID),
    }
}

/// The listed ids most similar to `model`.
fn near(model: &ModelId, all: &[ModelInfo], redactor: &Redactor) -> String {
    let asked = model.as_str().to_lowercase();
    let mut ranked: Vec<(f64, &ModelInfo)> = all
        .iter()
        .filter_map(|info| {
            let id = bare(info.id.as_deref()?).to_lowercase();
            Some((strsim::jaro_winkler(&asked, &id), info))
        })
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .collect();
    ranked.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    names(ranked.into_iter().map(|(_, info)| info), redactor)
}

/// The first few names.
fn names<'a>(models: impl Iterator<Item = &'a ModelInfo>, redactor: &Redactor) -> String {
    let ids: Vec<String> = models
        .filter_map(|info| Some(redactor.clean(bare(info.id.as_deref()?), MAX_NAME)))
        .take(NEAR)
        .collect();
    ids.join(", ")
}

/// Minimum similarity for a suggestion; 1 means equal.
const ALIKE: f64 = 0.8;
const NEAR: usize = 3;
const MAX_NAME: usize = 80;
