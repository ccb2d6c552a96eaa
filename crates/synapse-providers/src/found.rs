//! Probes and findings shared by several adapters.

use synapse_core::ModelId;
use synapse_core::error::{Code, Failure};
use synapse_core::preflight::{CheckId, Finding, Probe, ProbeRequest, ProbeResult};
use synapse_core::redact::Redactor;
use synapse_core::secret::BoundSecret;

use crate::wire::model::ModelInfo;

/// The checks decided by one answer about models, if the request carries the token.
pub(crate) const ALL: &[CheckId] = &[CheckId::Reach, CheckId::Token, CheckId::Model];

/// Looks up the model by name.
pub(crate) const LOOKUP: Probe = Probe {
    request: ProbeRequest::Model,
    decides: ALL,
};

/// Lists all models.
pub(crate) const LIST: Probe = Probe {
    request: ProbeRequest::Models,
    decides: ALL,
};

/// The list is only requested if the lookup was inconclusive.
pub(crate) const LOOKUP_THEN_LIST: [Probe; 2] = [LOOKUP, LIST];

/// The API answers, the token is accepted, and the model has this `finding`.
pub(crate) fn accepted(host: &str, model: Finding) -> ProbeResult {
    let findings = vec![
        (CheckId::Reach, answers(host)),
        (CheckId::Token, accepts(host)),
        (CheckId::Model, model),
    ];
    findings.into()
}

/// The API answers at the base URL.
pub(crate) fn answers(host: &str) -> Finding {
    Finding::Ok(format!("{host} answers"))
}

/// The token was accepted.
pub(crate) fn accepts(host: &str) -> Finding {
    Finding::Ok(format!("{host} accepts it"))
}

/// Treats a missing endpoint as inconclusive: a wrong base URL looks the same, and another probe
/// decides.
pub(crate) fn unless_absent<T>(
    outcome: Result<T, Failure>,
    absent: impl FnOnce() -> T,
) -> Result<T, Failure> {
    match outcome {
        Err(failure) if failure.code() == Code::EndpointPathMismatch => Ok(absent()),
        outcome => outcome,
    }
}

/// The finding when a token was accepted but may not read models: a restricted one may still be
/// allowed to chat.
pub(crate) fn unless_unreadable(
    outcome: Result<ProbeResult, Failure>,
    secret: Option<&BoundSecret>,
    host: &str,
) -> Result<ProbeResult, Failure> {
    let token = "accepted, but it may not read models; only --live shows whether it may chat";
    let model = "cannot be seen with this key";
    match outcome {
        Err(failure) if failure.code() == Code::CredentialTokenPermission && secret.is_some() => {
            Ok(vec![
                (CheckId::Reach, answers(host)),
                (CheckId::Token, Finding::Warn(token.to_owned())),
                (CheckId::Model, Finding::Warn(model.to_owned())),
            ]
            .into())
        }
        outcome => outcome,
    }
}

/// The finding for a token when the server lacks the endpoint that checks tokens.
pub(crate) fn untold_token(host: &str, path: &str) -> Finding {
    Finding::Warn(format!(
        "{host} has no {path}; only --live shows whether the token is valid"
    ))
}

/// The finding for a listed model.
pub(crate) fn exists(model: &ModelId, info: &ModelInfo, redactor: &Redactor) -> Finding {
    if info.chats == Some(false) {
        return Finding::Warn(format!(
            "{model} exists, and according to its description it does not chat; only --live shows it"
        ));
    }
    if let Some(day) = &info.shutdown_date {
        return Finding::Warn(format!(
            "{model} exists and will be shut down on {}",
            redactor.clean(day, 40)
        ));
    }
    let size = [&info.parameter_size, &info.quantization];
    let size: Vec<String> = size
        .into_iter()
        .flatten()
        .map(|text| redactor.clean(text, 40))
        .collect();
    Finding::Ok(if size.is_empty() {
        format!("{model} exists")
    } else {
        format!("{model} exists ({})", size.join(", "))
    })
}

/// The finding for a model missing from a list of `count`.
pub(crate) fn unlisted(model: &str, count: usize, host: &str) -> String {
    format!("{model} is not among the {count} models that {host} lists")
}
