//! Decides what a non-answer means: one function, in a fixed order, structured fields first and
//! message words last.
//!
//! Order: redirect and retired paths, the shape of the body, who spoke (the router or a
//! sub-provider), status, code, type, words. What cannot be told is said to be unknown.

mod anthropic;
mod compatible;
mod report;
mod rules;
#[cfg(test)]
mod tests;

use serde_json::Value;
use synapse_core::error::{Code, Failure};
use synapse_core::provider::ProviderKind;
use synapse_core::redact::Redactor;

use crate::wire::error::{ErrorBody, Format};

/// A response as classification sees it.
#[derive(Debug)]
pub(crate) struct Answer<'a> {
    /// Whose API was asked.
    pub(crate) provider: ProviderKind,
    /// What was asked for.
    pub(crate) asked: Asked<'a>,
    /// Whether a header named the account: `X-HF-Bill-To`, an OpenAI organization or project.
    pub(crate) account: bool,
    /// Host and port.
    pub(crate) host: &'a str,
    /// The URL that was asked.
    pub(crate) url: &'a str,
    /// HTTP status.
    pub(crate) status: u16,
    /// Response headers by lower-case name.
    pub(crate) headers: &'a dyn Headers,
    /// The body.
    pub(crate) body: &'a [u8],
    /// Knows the secret of the request.
    pub(crate) redactor: &'a Redactor,
}

impl Answer<'_> {
    /// Whether the provider's words name the model that was asked for.
    fn names_model(&self, body: &ErrorBody) -> bool {
        match self.asked {
            Asked::Model(model) => body.says(&model.to_lowercase()),
            Asked::Identity => false,
        }
    }
}

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked<'a> {
    /// A chat completion or a model, by its id.
    Model(&'a str),
    /// Who the token belongs to.
    Identity,
}

/// Looks response headers up.
pub(crate) trait Headers: std::fmt::Debug {
    /// The value of a header, when it is text.
    fn text(&self, name: &str) -> Option<&str>;
}

/// What kind of trouble an answer is, before it is put into words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// The code.
    pub(crate) code: Code,
    /// One line for people, without the provider's words.
    pub(crate) message: &'static str,
    /// The probe may count this as a success.
    pub(crate) token_cap: bool,
}

/// Classifies an answer that is no usable success.
pub(crate) fn classify(answer: &Answer<'_>) -> Failure {
    let body = ErrorBody::read(answer.headers.text("content-type"), answer.body);
    let verdict = verdict(answer, answer.status, &body);
    report::failure(answer, &body, verdict)
}

/// Classifies the error that a 2xx answer carries: `holder` has it under `error`, and its code
/// stands for the status that the answer should have had.
pub(crate) fn classify_within(answer: &Answer<'_>, holder: &Value) -> Failure {
    let body = ErrorBody::from_json(holder);
    let stated = body.code.as_deref().and_then(|code| code.parse().ok());
    let status = stated.filter(|status| (400..600).contains(status));
    let verdict = verdict(answer, status.unwrap_or(500), &body);
    report::failure(answer, &body, verdict)
}

/// The provider's own rules first, then those for all.
fn verdict(answer: &Answer<'_>, status: u16, body: &ErrorBody) -> Verdict {
    let own = match answer.provider {
        ProviderKind::Anthropic => anthropic::judge(answer, status, body),
        _ => compatible::judge(answer, status, body),
    };
    let verdict = own.unwrap_or_else(|| rules::judge(answer, status, body));
    if verdict.code == Code::CredentialTokenRejected && answer.redactor.is_idle() {
        let message = "the server asks for a token, and none was sent";
        return Verdict::new(verdict.code, message);
    }
    verdict
}

/// Classifies a 2xx answer whose body is not what was asked for.
pub(crate) fn classify_success(answer: &Answer<'_>, problem: Problem) -> Failure {
    let body = ErrorBody::read(answer.headers.text("content-type"), answer.body);
    let verdict = match problem {
        Problem::Stream => Verdict::new(
            Code::ProviderUnexpectedStream,
            "the provider streamed although no stream was asked for",
        ),
        Problem::Empty => Verdict::new(
            Code::ProviderEmptyResponse,
            "the provider answered with an empty body",
        ),
        Problem::NoChoice => Verdict::new(
            Code::ProviderEmptyResponse,
            "the provider answered without any choice",
        ),
        Problem::Shape if body.format == Format::Html => Verdict::new(
            Code::EndpointNotAnApi,
            "a web page answered instead of the provider's API",
        ),
        Problem::Shape if body.format == Format::Text && !claims_json(answer) => Verdict::new(
            Code::EndpointNotAnApi,
            "something that is not the provider's API answered with plain text",
        ),
        Problem::Shape => Verdict::new(
            Code::ProviderBadResponse,
            "the provider's answer does not have the shape of an answer",
        ),
    };
    report::failure(answer, &body, verdict)
}

/// An API that means to answer in JSON and fails is still the API.
fn claims_json(answer: &Answer<'_>) -> bool {
    let content_type = answer.headers.text("content-type").unwrap_or_default();
    content_type.contains("json")
}

/// What is wrong with a 2xx answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Problem {
    /// An event stream.
    Stream,
    /// No body.
    Empty,
    /// No choice in the list.
    NoChoice,
    /// Not JSON, or JSON of another shape.
    Shape,
}

impl Verdict {
    /// A verdict with its one line.
    pub(crate) const fn new(code: Code, message: &'static str) -> Self {
        Self {
            code,
            message,
            token_cap: false,
        }
    }
}
