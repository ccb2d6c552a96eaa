//! Remedies for failures, depending on the connection's address, its credential, whether the server
//! is the user's own, and the vendor's options.
//!
//! A hint contains no URL except those of the connection, the preset and the answer, and mentions a
//! credential only if there is one or the server requires one.

use synapse_core::error::{Code, Failure, Hint, Remedy};
use synapse_core::provider::{ProviderKind, ProviderProfile, TokenNeed, Wire};
use synapse_core::{BaseUrl, Connection};
use synapse_http::TransportKind;

use super::facts::{MAX_FACT, MAX_WORDS, location, retry_after};
use super::{Answer, Asked};
use crate::vendors::{self, Account};
use crate::verdict;
use crate::wire::error::ErrorBody;

/// Adds remedies to a failure.
pub(super) fn add(failure: Failure, answer: &Answer<'_>, body: &ErrorBody) -> Failure {
    let profile = answer.provider.profile();
    let vendor = &vendors::of(answer.provider).remedies;
    match failure.code() {
        Code::EndpointRedirected => redirected(failure, answer),
        Code::EndpointPathMismatch | Code::EndpointGone => wrong_path(failure, answer),
        Code::EndpointWrongRegionHost => {
            failure.hint("set the base URL to the regional host that the message names")
        }
        Code::EndpointNotAnApi => {
            failure.hint("look for a captive portal or proxy, or correct the base URL")
        }
        _ if failure.message() == verdict::ACCOUNT_CLOSED.message => failure.hint(
            "ask the provider why the account or organization is closed; another token of it does not help",
        ),
        Code::CredentialTokenRejected => token_rejected(failure, answer),
        Code::CredentialTokenPermission => failure.hint(with_page(vendor.permission, profile)),
        Code::ProviderAccountScope => failure.hint(match vendor.account {
            _ if !answer.credential => "correct the account's settings".to_owned(),
            Account::Setting(text) => text.to_owned(),
            Account::Key(text) => with_page(text, profile),
        }),
        Code::ProviderRegionBlocked if answer.credential => {
            failure.hint("check VPN, proxy and the account's IP allow-list")
        }
        Code::ProviderRegionBlocked => failure.hint(format!(
            "check VPN, proxy and the firewall of {}",
            answer.host
        )),
        Code::ProviderModelAccess | Code::ProviderModelUnavailable => {
            let steps = match failure.code() {
                Code::ProviderModelAccess => vendor.model_access,
                _ => vendor.model_unavailable,
            };
            let model = match answer.asked {
                Asked::Model(model) => model,
                Asked::Identity => "the model",
            };
            steps
                .iter()
                .fold(failure, |failure, step| step.add(failure, model))
        }
        Code::ProviderCreditsExhausted => {
            failure.hint("buy credits or raise the limit; waiting does not help")
        }
        Code::ProviderRateLimited => rate_limited(failure, answer, body),
        Code::ProviderContextTooLong => {
            failure.hint("shorten the prompt, or use a model with a larger context")
        }
        Code::ProviderRequestRejected => match &body.param {
            Some(param) => failure.hint(format!(
                "change or remove `{}`",
                answer.redactor.clean(param, MAX_FACT)
            )),
            None => failure.hint("change the part that the message names"),
        },
        Code::ProviderOverloaded => {
            failure.remedy("try again later; Synapse never retries by itself", &Remedy::Wait)
        }
        _ if failure.message() == verdict::NO_MEMORY.message => failure.hint(
            "use a smaller or more quantized model, or free memory on the machine that runs it",
        ),
        _ if is_own(answer.base_url, profile) => failure.hint(OWN_LOG),
        _ => failure.hint("report it to the provider, with the request id if there is one"),
    }
}

/// Adds remedies to a request without a complete answer.
pub(crate) fn lost(kind: TransportKind, maybe_billed: bool, connection: &Connection) -> Vec<Hint> {
    let profile = connection.provider.profile();
    let own = is_own(&connection.base_url, profile);
    let mut hints = Vec::new();
    if let (TransportKind::Refused, Some(start)) = (kind, profile.start) {
        hints.push(Hint::with_remedy("start the server", Remedy::shell(start)));
    }
    let steps: &[&str] = match kind {
        TransportKind::Refused if !connection.base_url.is_loopback() && profile.start.is_none() => {
            &["correct host and port of the base URL, or check network, VPN and firewall"]
        }
        TransportKind::Interrupted | TransportKind::Truncated if own => &[OWN_LOG],
        TransportKind::BodyTooLarge { .. } | TransportKind::Malformed if own => {
            &["check that the base URL is that of an API", OWN_LOG]
        }
        _ => kind.hints(),
    };
    hints.extend(steps.iter().map(|step| Hint::new(*step)));
    if maybe_billed && !own {
        hints.push(Hint::new(
            "check the provider's usage page before sending it again",
        ));
    }
    hints
}

/// Whether the server runs on this machine and belongs to the user.
fn is_own(base_url: &BaseUrl, profile: &ProviderProfile) -> bool {
    base_url.is_loopback() && profile.token == TokenNeed::Optional
}

fn redirected(failure: Failure, answer: &Answer<'_>) -> Failure {
    match location(answer) {
        Some(target) => failure
            .hint(format!(
                "it points to {}",
                answer.redactor.clean(&target, MAX_WORDS)
            ))
            .hint(
                "if you trust that address, make it the base URL (without the endpoint's own path)",
            ),
        None => failure.hint("ask the owner of the server for the right base URL"),
    }
}

/// The base URL of the connection's server with the preset's path.
fn wrong_path(failure: Failure, answer: &Answer<'_>) -> Failure {
    let profile = answer.provider.profile();
    let usual = profile.base_url_at(answer.base_url);
    let failure = match (profile.base_url, profile.start) {
        (Some(base), None) => failure.hint(format!("{}'s own base URL is {base}", profile.title)),
        _ if usual != answer.base_url.as_str() => failure.hint(match answer.provider {
            ProviderKind::OpenAiCompatible => format!("most APIs live under /v1: try {usual}"),
            _ => format!("the base URL of {} there is {usual}", profile.title),
        }),
        _ if answer.provider == ProviderKind::OpenAiCompatible => {
            failure.hint("look for the path of its API in the documentation of the server")
        }
        _ => failure.hint(format!(
            "check that {} is {}, and not another server",
            answer.host, profile.title
        )),
    };
    failure.hint(format!(
        "Synapse adds {} or /models to the base URL, nothing else",
        chat_path(profile)
    ))
}

/// The path of a prompt below the base URL.
const fn chat_path(profile: &ProviderProfile) -> &'static str {
    match profile.wire {
        Wire::Anthropic => "/messages",
        Wire::OpenAi | Wire::HuggingFace | Wire::Compatible => "/chat/completions",
    }
}

fn token_rejected(failure: Failure, answer: &Answer<'_>) -> Failure {
    let profile = answer.provider.profile();
    let (sent, configured) = (!answer.redactor.is_idle(), answer.credential);
    let failure = failure.hint(match (sent, configured) {
        (true, _) => {
            "check that the credential reference holds the current token; a revoked one fails within seconds"
        }
        (false, true) => {
            "this look-up is public at the vendor and is sent without the credential; check that the base URL is the vendor's"
        }
        (false, false) => {
            "the connection has no credential; add one with --credential file:PATH"
        }
    });
    match profile.token {
        TokenNeed::Required => failure.hint(format!("create a token: {}", profile.token_page)),
        TokenNeed::Optional if is_own(answer.base_url, profile) => failure
            .hint("the token is the one that the server on your own machine was started with"),
        TokenNeed::Optional => {
            failure.hint(format!("ask the operator of {} for a token", answer.host))
        }
    }
}

fn rate_limited(failure: Failure, answer: &Answer<'_>, body: &ErrorBody) -> Failure {
    let failure = match retry_after(answer, body) {
        Some(wait) => {
            // RFC 9110, section 10.2.3: seconds or a date.
            let wait = match wait.parse::<f64>() {
                Ok(_) => format!("{wait} s"),
                Err(_) => format!("until {wait}"),
            };
            let wait = answer.redactor.clean(&wait, MAX_WAIT);
            failure.remedy(format!("the provider asks to wait {wait}"), &Remedy::Wait)
        }
        None => failure.remedy("try again later", &Remedy::Wait),
    };
    failure.hint("Synapse never retries by itself")
}

/// A step, with the vendor's token page if known.
fn with_page(step: &str, profile: &ProviderProfile) -> String {
    match profile.token {
        TokenNeed::Required => format!("{step}: {}", profile.token_page),
        TokenNeed::Optional => step.to_owned(),
    }
}

const OWN_LOG: &str = "check the log of the server on your machine";
const MAX_WAIT: usize = 40;
