//! Puts a verdict into words: the provider's own message (cleaned), the facts for machines, and
//! the next step.

use synapse_core::error::{Code, Failure};
use synapse_core::preflight::TOKEN_CAP_REACHED;
use synapse_core::provider::{ProviderKind, Wire};
use url::Url;

use super::{Answer, Asked, Verdict, anthropic};
use crate::send::request_id;
use crate::wire::error::{ErrorBody, Format};

/// The failure of a verdict.
pub(super) fn failure(answer: &Answer<'_>, body: &ErrorBody, verdict: Verdict) -> Failure {
    let mut failure = Failure::new(verdict.code, verdict.message)
        .with("host", answer.host)
        .with("http_status", answer.status);
    if let Some(words) = words(answer, body) {
        failure = failure.cause(words);
    }
    if let Some(passed_on) = passed_on(answer, body) {
        failure = failure.cause(passed_on);
    }
    failure = failure.cause(facts(answer, body));
    if let Some(limits) = limits(answer) {
        failure = failure.cause(limits);
    }
    for (key, value) in machine_facts(answer, body) {
        failure = failure.with(key, answer.redactor.clean(&value, MAX_FACT));
    }
    if verdict.token_cap {
        failure = failure.with(TOKEN_CAP_REACHED, true);
    }
    remedy(failure, answer, body)
}

/// The provider's own message: capped, printable, without the secret. HTML is never shown.
fn words(answer: &Answer<'_>, body: &ErrorBody) -> Option<String> {
    let speaker = speaker(answer);
    match (&body.message, body.format) {
        (Some(message), _) => Some(format!(
            "{speaker} says: {}",
            answer.redactor.clean(message, MAX_WORDS)
        )),
        (None, Format::Html) => Some(format!("{speaker} answered with an HTML page")),
        (None, Format::Empty) => Some(format!("{speaker} answered without a body")),
        (None, Format::Json | Format::Text) => None,
    }
}

/// The words of the sub-provider that a router passes on.
fn passed_on(answer: &Answer<'_>, body: &ErrorBody) -> Option<String> {
    let upstream = body.upstream.as_ref()?;
    let name = answer.redactor.clean(&upstream.name, 40);
    Some(match &upstream.message {
        Some(message) => format!(
            "sub-provider {name} says: {}",
            answer.redactor.clean(message, MAX_WORDS)
        ),
        None => format!("sub-provider {name} says nothing more"),
    })
}

fn speaker(answer: &Answer<'_>) -> String {
    match answer.headers.text("x-inference-provider") {
        Some(name) if answer.provider == ProviderKind::HuggingFace => {
            format!("sub-provider {}", answer.redactor.clean(name, 40))
        }
        _ => answer.host.to_owned(),
    }
}

fn facts(answer: &Answer<'_>, body: &ErrorBody) -> String {
    let mut facts = format!("HTTP {} from {}", answer.status, answer.url);
    for (name, value) in [
        ("code", &body.code),
        ("type", &body.kind),
        ("param", &body.param),
        ("request id", &request_id(answer.headers)),
    ] {
        if let Some(value) = value {
            facts.push_str(&format!(
                ", {name} {}",
                answer.redactor.clean(value, MAX_FACT)
            ));
        }
    }
    facts
}

/// What is left of which limit, where a limit was met and the provider tells.
fn limits(answer: &Answer<'_>) -> Option<String> {
    match (answer.provider, answer.status) {
        (ProviderKind::Anthropic, 429) => {
            let told = anthropic::limits(answer.headers)?;
            Some(answer.redactor.clean(&told, MAX_WORDS))
        }
        _ => None,
    }
}

/// The path below the base URL at which a prompt goes to this provider.
fn chat_path(provider: ProviderKind) -> &'static str {
    match provider.profile().wire {
        Wire::Anthropic => "/messages",
        Wire::OpenAi | Wire::HuggingFace | Wire::Compatible => "/chat/completions",
    }
}

fn machine_facts(answer: &Answer<'_>, body: &ErrorBody) -> Vec<(&'static str, String)> {
    let waits = matches!(answer.status, 429 | 503);
    let facts = [
        ("provider_code", body.code.clone()),
        ("provider_type", body.kind.clone()),
        ("param", body.param.clone()),
        ("request_id", request_id(answer.headers)),
        ("served_by", served_by(answer, body)),
        ("location", location(answer)),
        ("retry_after", retry_after(answer, body).filter(|_| waits)),
    ];
    facts
        .into_iter()
        .filter_map(|(key, value)| Some((key, value?)))
        .collect()
}

/// Who answered behind the router: by its header, or by what it passes on.
fn served_by(answer: &Answer<'_>, body: &ErrorBody) -> Option<String> {
    let header = answer.headers.text("x-inference-provider");
    let upstream = body.upstream.as_ref().map(|upstream| &*upstream.name);
    header.or(upstream).map(str::to_owned)
}

/// How long to wait, or until when, by the header or by the body.
fn retry_after(answer: &Answer<'_>, body: &ErrorBody) -> Option<String> {
    let header = answer.headers.text("retry-after").map(str::to_owned);
    header.or_else(|| body.retry_after.clone())
}

/// Where a redirect points, without query, which may carry anything.
fn location(answer: &Answer<'_>) -> Option<String> {
    if !(300..400).contains(&answer.status) {
        return None;
    }
    let base = Url::parse(answer.url).ok()?;
    // Before it is read as a URL, which may write the secret in a form of its own.
    let written = answer
        .redactor
        .clean(answer.headers.text("location")?, MAX_LOCATION);
    let mut target = base.join(&written).ok()?;
    target.set_query(None);
    target.set_fragment(None);
    let _ = target.set_username("");
    let _ = target.set_password(None);
    Some(target.to_string())
}

fn remedy(failure: Failure, answer: &Answer<'_>, body: &ErrorBody) -> Failure {
    let profile = answer.provider.profile();
    let model = match answer.asked {
        Asked::Model(model) => model,
        Asked::Identity => "the model",
    };
    match failure.code {
        Code::EndpointRedirected => match location(answer) {
            Some(target) => failure
                .hint(format!("it points to {}", answer.redactor.clean(&target, MAX_WORDS)))
                .hint("if you trust that address, make it the base URL (without the endpoint's own path)"),
            None => failure.hint("ask the owner of the server for the right base URL"),
        },
        Code::EndpointPathMismatch | Code::EndpointGone => failure
            .hint(match profile.base_url {
                Some(base) => format!("{}'s own base URL is {base}", profile.title),
                None => format!("a base URL of {} looks like {}", profile.title, profile.base_url_example),
            })
            .hint(format!(
                "Synapse adds {} or /models to the base URL, nothing else",
                chat_path(answer.provider)
            )),
        Code::EndpointWrongRegionHost => {
            failure.hint("set the base URL to the regional host that the message names")
        }
        Code::EndpointNotAnApi => {
            failure.hint("look for a captive portal or proxy, or correct the base URL")
        }
        Code::CredentialTokenRejected if answer.redactor.is_idle() => failure
            .hint("the connection has no credential; add one with --credential file:PATH")
            .hint(format!("create a token: {}", profile.token_page)),
        Code::CredentialTokenRejected => failure
            .hint("check that the credential reference holds the current token; a revoked one fails within seconds")
            .hint(format!("create a token: {}", profile.token_page)),
        Code::CredentialTokenPermission => match answer.provider {
            ProviderKind::HuggingFace => failure.hint(format!(
                "create a token with the permission \"Make calls to Inference Providers\": {}",
                profile.token_page
            )),
            ProviderKind::Anthropic => failure.hint(format!(
                "check the key's workspace and what your organization allows it: {}",
                profile.token_page
            )),
            ProviderKind::OpenAi => failure.hint(format!(
                "give the key the scope that the message names (for chat: Model capabilities, Write): {}",
                profile.token_page
            )),
            _ => failure.hint(format!(
                "give the key the permission that the message names: {}",
                profile.token_page
            )),
        },
        Code::ProviderAccountScope => match answer.provider {
            ProviderKind::HuggingFace => failure.hint("correct or remove `bill_to`"),
            ProviderKind::Anthropic => failure.hint(format!(
                "create a key that belongs to one workspace: {}",
                profile.token_page
            )),
            _ => failure.hint("remove `organization` and `project` (a project key needs neither), or correct them"),
        },
        Code::ProviderRegionBlocked => {
            failure.hint("check VPN, proxy and the account's IP allow-list")
        }
        Code::ProviderModelAccess if answer.provider == ProviderKind::OpenRouter => {
            failure.hint("look at the privacy settings: https://openrouter.ai/settings/privacy")
        }
        Code::ProviderModelAccess => failure.hint(format!(
            "enable {model} for the project or accept its terms, or choose another model"
        )),
        Code::ProviderModelUnavailable => match answer.provider {
            ProviderKind::HuggingFace => failure
                .hint("check the spelling, and pin a live sub-provider as MODEL:PROVIDER")
                .hint("enable sub-providers: https://huggingface.co/settings/inference-providers"),
            ProviderKind::Ollama => failure.command("fetch the model", format!("ollama pull {model}")),
            ProviderKind::LmStudio => failure.command("load the model", format!("lms load {model}")),
            ProviderKind::Azure => failure
                .hint("the model is the name of a deployment of your resource; a new one takes some minutes"),
            _ => failure.hint("check the spelling, and that it is a chat model"),
        },
        Code::ProviderCreditsExhausted => {
            failure.hint("buy credits or raise the limit; waiting does not help")
        }
        Code::ProviderRateLimited => {
            let failure = match retry_after(answer, body) {
                Some(wait) => {
                    // RFC 9110, section 10.2.3: seconds, or a date.
                    let wait = match wait.parse::<f64>() {
                        Ok(_) => format!("{wait} s"),
                        Err(_) => format!("until {wait}"),
                    };
                    let wait = answer.redactor.clean(&wait, MAX_WAIT);
                    failure.hint(format!("the provider asks to wait {wait}"))
                }
                None => failure.hint("try again later"),
            };
            failure.hint("Synapse never retries by itself")
        }
        Code::ProviderContextTooLong => {
            failure.hint("shorten the prompt, or use a model with a larger context")
        }
        Code::ProviderRequestRejected => match &body.param {
            Some(param) => failure.hint(format!(
                "change or remove `{}`",
                answer.redactor.clean(param, MAX_FACT)
            )),
            None => failure.hint("change what the message names"),
        },
        Code::ProviderOverloaded => {
            failure.hint("try again later; Synapse never retries by itself")
        }
        _ => failure.hint("report it to the provider, with the request id if there is one"),
    }
}

const MAX_WORDS: usize = 300;
const MAX_FACT: usize = 120;
const MAX_WAIT: usize = 40;
const MAX_LOCATION: usize = 2000;
