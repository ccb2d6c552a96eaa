//! Classifies error responses: one function with a fixed order, structured fields first and message
//! words last.
//!
//! Order: redirects and retired paths, the speaker (router or sub-provider), vendor codes, words
//! about money, length, accounts and models, then the status: the one stated by a general code or
//! number, else the received one. Anything else is reported as unknown.

mod anthropic;
mod codes;
mod facts;
mod forwarded;
mod remedy;
mod report;
mod rules;

/// The first one present: the API's own before its edge's. Anthropic, Azure and Mistral have their
/// own names.
const REQUEST_IDS: [&str; 6] = [
    "x-request-id",
    "request-id",
    "apim-request-id",
    "mistral-correlation-id",
    "cf-ray",
    "x-amz-cf-id",
];

#[cfg(test)]
mod tests;
mod words;

use std::cell::LazyCell;
use std::ops::Deref;

use serde_json::Value;
use synapse_core::BaseUrl;
use synapse_core::error::{Code, Failure};
use synapse_core::provider::ProviderKind;
use synapse_core::redact::Redactor;

use crate::json::Seen;
use crate::verdict;
pub(crate) use crate::verdict::Classification;
use crate::wire::error::{BodyFormat, ErrorBody, is_code};
pub(crate) use remedy::lost;
use words::Words;

/// A response to classify.
#[derive(Debug)]
pub(crate) struct Answer<'a> {
    /// The provider asked.
    pub(crate) provider: ProviderKind,
    /// The subject of the request.
    pub(crate) asked: Asked<'a>,
    /// Whether a header named the account: `X-HF-Bill-To`, an OpenAI organization or project.
    pub(crate) account: bool,
    /// Whether the connection has a credential, sent with this request or not.
    pub(crate) credential: bool,
    /// The base URL of the connection.
    pub(crate) base_url: &'a BaseUrl,
    /// Host and port.
    pub(crate) host: &'a str,
    /// The requested URL.
    pub(crate) url: &'a str,
    /// HTTP status.
    pub(crate) status: u16,
    /// Response headers by lower-case name.
    pub(crate) headers: &'a dyn Headers,
    /// The body.
    pub(crate) body: &'a [u8],
    /// Redacts the secret of the request.
    pub(crate) redactor: &'a Redactor,
}

impl Answer<'_> {
    /// Whether the message names the requested model.
    fn names_model(&self, body: &ErrorBody) -> bool {
        match self.asked {
            Asked::Model(model) => body.names(&model.to_lowercase()),
            Asked::Identity => false,
        }
    }
}

/// The subject of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked<'a> {
    /// A chat completion or a model, by its id.
    Model(&'a str),
    /// The token's owner.
    Identity,
}

/// Response header lookup.
pub(crate) trait Headers: std::fmt::Debug {
    /// The value of a header if it is text.
    fn text(&self, name: &str) -> Option<&str>;
}

/// The request id for the provider's support.
pub(crate) fn request_id(headers: &dyn Headers) -> Option<String> {
    REQUEST_IDS
        .iter()
        .find_map(|name| headers.text(name))
        .map(str::to_owned)
}

/// Classifies an error response.
pub(crate) fn classify(answer: &Answer<'_>) -> Failure {
    let body = ErrorBody::read(answer.headers.text("content-type"), answer.body);
    report::failure(answer, &body, verdict(answer, &body))
}

/// Classifies the error within a 2xx answer in `holder`, whose stated status replaces the received
/// one.
pub(crate) fn classify_within(answer: &Answer<'_>, holder: &Value) -> Failure {
    let body = ErrorBody::from_json(holder);
    report::failure(answer, &body, verdict(answer, &body))
}

fn verdict(answer: &Answer<'_>, body: &ErrorBody) -> Classification {
    // Computed on demand, since codes mostly suffice.
    let words = LazyCell::new(|| Words::of(body.message.as_deref().unwrap_or_default()));
    let verdict = stated(answer, body, &words)
        .map(|verdict| rules::by_speaker(answer, verdict))
        .unwrap_or_else(|| by_status(answer, status(answer, body), body));
    settled(answer, body, &words, verdict)
}

/// The verdict of codes and words, independent of the status.
fn stated(
    answer: &Answer<'_>,
    body: &ErrorBody,
    words: &impl Deref<Target = Words>,
) -> Option<Classification> {
    // The request was not processed.
    if matches!(answer.status, 300..=399 | 405 | 410) {
        return None;
    }
    let by_code = codes::stated(body);
    if by_code == Some(verdict::MODEL_UNAVAILABLE)
        && rules::withholds_model(answer, body, words.deref())
    {
        return Some(verdict::MODEL_ACCESS);
    }
    by_code
        .or_else(|| forwarded::upstream(answer, status(answer, body), body))
        // 402 asks for money; words about tokens only explain the limit.
        .or_else(|| {
            (answer.status != 402)
                .then(|| worded(answer, body, words))
                .flatten()
        })
        .or_else(|| named(body))
        .or_else(|| rated(answer, body, words))
}

/// A 200 that states no status is a throttle if its words say so.
fn rated(
    answer: &Answer<'_>,
    body: &ErrorBody,
    words: &impl Deref<Target = Words>,
) -> Option<Classification> {
    let success = (200..300).contains(&answer.status);
    let unstated = success && codes::status(body).is_none();
    (unstated && words.tell_of_a_rate()).then_some(verdict::RATE_LIMITED)
}

/// Reads a code that is in no table by its words; a message may be a code as well.
fn named(body: &ErrorBody) -> Option<Classification> {
    if codes::states_a_rate(body) {
        return None;
    }
    let message = body.message.as_deref().filter(|message| is_code(message));
    let unknown = body.stated().filter(|code| !codes::is_known(code));
    unknown.chain(message).find_map(words::by_name)
}

/// The verdict of words: money first, because it outweighs everything else.
fn worded(
    answer: &Answer<'_>,
    body: &ErrorBody,
    words: &impl Deref<Target = Words>,
) -> Option<Classification> {
    // A sub-provider's money is not this account's; its limits are those of the model.
    let passed_on = body.upstream.as_ref();
    let passed_on = passed_on.and_then(|upstream| upstream.message.as_deref());
    let passed_on = passed_on.map(Words::of).unwrap_or_default();
    if words.tell_of_money() {
        return Some(verdict::CREDITS_EXHAUSTED);
    }
    if words.tell_of_length() || passed_on.tell_of_length() {
        return Some(verdict::TOO_LONG);
    }
    if words.tell_of_a_closed_account() {
        return Some(verdict::ACCOUNT_CLOSED);
    }
    if let Some(other) = words.others().or_else(|| passed_on.others()) {
        return Some(other);
    }
    // Elsewhere a 401 says so, or the path is the problem.
    if matches!(answer.status, 200..=299 | 400 | 403 | 500) && words.tell_of_a_bad_key() {
        return Some(verdict::TOKEN_REJECTED);
    }
    if codes::states_quota(body) && !words.refills() {
        return Some(verdict::CREDITS_EXHAUSTED);
    }
    // Google's quotas are rates, and a retry time rules out money.
    let rate = body.retry_after.is_some() || codes::states_a_rate(body);
    (!rate && words.tell_of_a_quota()).then_some(verdict::CREDITS_EXHAUSTED)
}

/// The effective status: the received one, unless the body states a more specific one.
fn status(answer: &Answer<'_>, body: &ErrorBody) -> u16 {
    let success = (200..300).contains(&answer.status);
    match codes::status(body) {
        Some((stated, outweighs)) if success || outweighs => stated,
        _ if success => 500,
        _ => answer.status,
    }
}

/// The provider's rules first, then the common ones.
fn by_status(answer: &Answer<'_>, status: u16, body: &ErrorBody) -> Classification {
    let own = match answer.provider {
        ProviderKind::Anthropic => anthropic::judge(answer, status, body),
        _ => forwarded::judge(answer, status, body),
    };
    own.unwrap_or_else(|| rules::judge(answer, status, body))
}

/// Adjusts the verdict to what was sent.
fn settled(
    answer: &Answer<'_>,
    body: &ErrorBody,
    words: &impl Deref<Target = Words>,
    verdict: Classification,
) -> Classification {
    let nothing = || body.limit_of_zero || words.tell_of_a_limit_of_zero();
    let sent = !answer.redactor.is_idle();
    match verdict.code {
        Code::ProviderRateLimited if nothing() => verdict::LIMIT_OF_ZERO,
        Code::CredentialTokenRejected | Code::CredentialTokenPermission
            if !sent && words.tell_of_a_subscription() =>
        {
            verdict::MODEL_ACCESS
        }
        Code::CredentialTokenRejected if !sent => Classification::new(
            verdict.code,
            "the server requires a token, and none was sent",
        ),
        Code::CredentialTokenPermission if !sent => Classification::new(
            Code::ProviderRequestRejected,
            "the server refuses the request",
        ),
        _ => verdict,
    }
}

/// Classifies a 2xx answer with an unexpected body.
pub(crate) fn classify_success(answer: &Answer<'_>, problem: Problem) -> Failure {
    classify_read(answer, problem, None)
}

/// [`classify_success`] for a body that was read whole already.
pub(crate) fn classify_read(
    answer: &Answer<'_>,
    problem: Problem,
    whole: Option<&Seen>,
) -> Failure {
    let content_type = answer.headers.text("content-type");
    let body = match whole {
        Some(seen) => ErrorBody::of_seen(content_type, answer.body, seen),
        None => ErrorBody::read(content_type, answer.body),
    };
    // A refusal of unknown shape is judged by its codes and words.
    if matches!(problem, Problem::NoChoice | Problem::Shape)
        && let Some(said) = said(answer, &body)
    {
        return report::failure(answer, &body, said);
    }
    let verdict = match problem {
        Problem::Stream => Classification::new(
            Code::ProviderUnexpectedStream,
            "the provider streamed although no stream was asked for",
        ),
        Problem::Empty => Classification::new(
            Code::ProviderEmptyResponse,
            "the provider answered with an empty body",
        ),
        Problem::NoChoice => Classification::new(
            Code::ProviderEmptyResponse,
            "the provider answered without any choice",
        ),
        Problem::Shape if body.format == BodyFormat::Html => Classification::new(
            Code::EndpointNotAnApi,
            "a web page answered instead of the provider's API",
        ),
        Problem::Shape if body.format == BodyFormat::Text && !claims_json(answer) => {
            Classification::new(
                Code::EndpointNotAnApi,
                "something that is not the provider's API answered with plain text",
            )
        }
        Problem::Shape => Classification::new(
            Code::ProviderBadResponse,
            "the provider's answer has the wrong format",
        ),
    };
    report::failure(answer, &body, verdict)
}

/// The verdict of codes and words in a 2xx body of unknown shape.
fn said(answer: &Answer<'_>, body: &ErrorBody) -> Option<Classification> {
    let words = LazyCell::new(|| Words::of(body.message.as_deref().unwrap_or_default()));
    let verdict = stated(answer, body, &words)?;
    let verdict = rules::by_speaker(answer, verdict);
    Some(settled(answer, body, &words, verdict))
}

/// A failing JSON API is still the API.
fn claims_json(answer: &Answer<'_>) -> bool {
    let content_type = answer.headers.text("content-type").unwrap_or_default();
    content_type.contains("json")
}

/// A defect of a 2xx answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Problem {
    /// An event stream.
    Stream,
    /// No body.
    Empty,
    /// An empty list of choices.
    NoChoice,
    /// Not JSON, or JSON of another shape.
    Shape,
}
