//! Compares a connection's model with a list. Each vendor has its own spelling; the profile says
//! what a missing model means.

use synapse_core::ModelId;
use synapse_core::error::{Code, Failure};
use synapse_core::preflight::Finding;
use synapse_core::provider::{ModelIndex, ProviderKind, Unlisted};
use synapse_core::redact::Redactor;

use crate::found;
use crate::vendors::{self, bare};
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
    let spelling = &vendors::of(provider).names;
    let found = all.iter().find(|info| {
        let mut names = info.id.iter().chain(&info.aliases);
        names.any(|name| (spelling.is)(name, model))
    });
    if let Some(info) = found {
        return Some(found::exists(model, info, redactor));
    }
    match profile.unlisted {
        Unlisted::AskAlone => None,
        _ if (spelling.is_elsewhere)(model) => Some(unproven(model, host)),
        Unlisted::Absent => Some(Finding::Fail(absent(provider, model, all, host, redactor))),
        Unlisted::Unproven if spelling.answers_to_any => Some(Finding::Warn(format!(
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

/// The model with its usable id.
pub(super) fn shown(info: ModelInfo) -> ModelInfo {
    let id = info.id.as_deref().map(|id| bare(id).to_owned());
    ModelInfo { id, ..info }
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
    vendors::of(provider)
        .remedies
        .unlisted
        .add(failure, model.as_str())
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
