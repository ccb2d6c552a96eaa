//! A double of `api.openai.com`: chat completions and models, with recorded answers and errors.

use serde_json::{Value, json};

use super::{
    Double, Fault, Faults, INVALID_REQUEST, Route, bearer, html, model_in_body, model_in_path,
    openai_error, reply, set,
};
use crate::raw::{RecordedRequest, Reply};

/// A loopback OpenAI that accepts [`OpenAiDouble::KEY`] and knows three models.
pub type OpenAiDouble = Double<OpenAiFault>;

/// A fault at a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OpenAiFault {
    /// 401: the key is unknown or revoked.
    KeyRejected,
    /// 401: a restricted key lacks this scope. Proves that the key is known.
    MissingScope(&'static str),
    /// 401: the project must use `eu.api.openai.com`.
    WrongRegionHost,
    /// 401: the organization header names another organization.
    MismatchedOrganization,
    /// 401: the key may not be used from this address.
    IpNotAuthorized,
    /// 403: the country is not supported.
    RegionBlocked,
    /// 403: the project may not use the model.
    ModelAccess,
    /// 429: throttled for 20 seconds.
    RateLimited,
    /// 429: credits are used up.
    QuotaExceeded,
    /// 429: one request exceeds the per-minute limit; waiting does not help.
    RequestTooLarge,
    /// 400: the prompt is longer than the model's context.
    ContextTooLong,
    /// 400: `max_tokens` is not supported by the model.
    UnsupportedParameter,
    /// 400: the model reached the token cap before it wrote anything.
    TokenCapReached,
    /// 500.
    ServerError,
    /// 503: overloaded.
    Overloaded,
    /// 403 with an HTML page, as an edge or a corporate proxy answers.
    HtmlPage,
    /// 404 in plain text, from something that is not the API.
    PlainNotFound,
    /// 307 to this URL.
    Redirect(String),
    /// 200 with an event stream.
    EventStream,
    /// 200 with an HTML page, as a captive portal answers.
    CaptivePortal,
    /// 200 without any choice.
    NoChoices,
    /// 200 with all tokens spent on reasoning and no text.
    SpentOnReasoning,
    /// 200 without `usage`.
    NoUsage,
    /// Anything else.
    Scripted(Reply),
}

impl OpenAiDouble {
    /// The key that the double accepts.
    pub const KEY: &'static str = "sk-fake-openai-key";
    /// A chat model that supports `max_completion_tokens` only.
    pub const MODEL: &'static str = "gpt-5.6-terra";
    /// A chat model that supports both token caps.
    pub const SMALL_MODEL: &'static str = "gpt-4.1-nano";
    /// A listed model that cannot chat.
    pub const EMBEDDING_MODEL: &'static str = "text-embedding-3-small";
}

impl Fault for OpenAiFault {
    fn answer(request: &RecordedRequest, faults: &Faults<Self>) -> Reply {
        let Some(route) = Route::of(request).filter(|route| *route != Route::Whoami) else {
            return identified(invalid_url(request));
        };
        identified(match faults.at(route) {
            Some(fault) => fault.reply(&asked_model(route, request)),
            None => answer(route, request),
        })
    }
}

impl OpenAiFault {
    fn reply(&self, model: &str) -> Reply {
        match self {
            Self::KeyRejected => key_rejected(),
            Self::MissingScope(scope) => limits(invalid(
                401,
                None,
                None,
                &format!(
                    "You have insufficient permissions for this operation. Missing scopes: \
                     {scope}. Check that you have the correct role in your organization (Reader, \
                     Writer, Owner) and project (Member, Owner), and if you're using a \
                     restricted API key, that it has the necessary scopes."
                ),
            )),
            Self::WrongRegionHost => invalid(
                401,
                Some("incorrect_hostname"),
                None,
                "Attempted to access resource with incorrect regional hostname. Please make your \
                 request to eu.api.openai.com",
            ),
            Self::MismatchedOrganization => invalid(
                401,
                Some("mismatched_organization"),
                None,
                "OpenAI-Organization header should match organization for API key",
            ),
            Self::IpNotAuthorized => invalid(
                401,
                Some("ip_not_authorized"),
                None,
                "Your IP address is not authorized for this project",
            ),
            Self::RegionBlocked => openai_error(
                403,
                "request_forbidden",
                Some("unsupported_country_region_territory"),
                None,
                "Country, region, or territory not supported",
            ),
            Self::ModelAccess => invalid(
                403,
                Some("model_not_found"),
                None,
                &format!("Project `proj_fake` does not have access to model `{model}`"),
            ),
            Self::RateLimited => limits(rate_limit(
                "requests",
                &format!(
                    "Rate limit reached for {model} in organization org-fake on requests per min \
                     (RPM): Limit 3, Used 3, Requested 1. Please try again in 20s."
                ),
            ))
            .header("retry-after", "20")
            .header("retry-after-ms", "20000")
            .header("x-should-retry", "true"),
            Self::QuotaExceeded => openai_error(
                429,
                "insufficient_quota",
                Some("insufficient_quota"),
                None,
                "You exceeded your current quota, please check your plan and billing details.",
            ),
            Self::RequestTooLarge => rate_limit(
                "tokens",
                &format!(
                    "Request too large for {model} in organization org-fake on tokens per min \
                     (TPM): Limit 30000, Requested 40000. The input or output tokens must be \
                     reduced in order to run successfully."
                ),
            ),
            Self::ContextTooLong => invalid(
                400,
                Some("context_length_exceeded"),
                Some("messages"),
                "This model's maximum context length is 128000 tokens. However, your messages \
                 resulted in 200000 tokens. Please reduce the length of the messages.",
            ),
            Self::UnsupportedParameter => max_tokens_unsupported(),
            Self::TokenCapReached => invalid(
                400,
                None,
                None,
                "Could not finish the message because max_tokens or model output limit was \
                 reached. Please try again with higher max_tokens.",
            ),
            Self::ServerError => openai_error(
                500,
                "server_error",
                None,
                None,
                "The server had an error while processing your request. Sorry about that!",
            ),
            Self::Overloaded => openai_error(
                503,
                "server_error",
                Some("server_is_overloaded"),
                None,
                "The server is currently overloaded. Please try again later.",
            ),
            Self::HtmlPage => html(403, "Attention Required!").header("server", "cloudflare"),
            Self::PlainNotFound => Reply::typed(404, "text/plain; charset=utf-8", "Not Found"),
            Self::Redirect(target) => Reply::status(307).header("location", target),
            Self::EventStream => Reply::typed(
                200,
                "text/event-stream",
                "data: {\"id\":\"chatcmpl-fake\"}\n\ndata: [DONE]\n\n",
            ),
            Self::CaptivePortal => html(200, "Sign in to the network"),
            Self::NoChoices => altered(model, |body| set(body, "/choices", json!([]))),
            Self::SpentOnReasoning => altered(model, |body| {
                set(body, "/choices/0/message/content", json!(""));
                set(body, "/choices/0/finish_reason", json!("length"));
                set(body, "/usage/completion_tokens", json!(16));
                let reasoning = "/usage/completion_tokens_details/reasoning_tokens";
                set(body, reasoning, json!(16));
            }),
            Self::NoUsage => altered(model, |body| {
                body.as_object_mut().map(|fields| fields.remove("usage"));
            }),
            Self::Scripted(reply) => reply.clone(),
        }
    }
}

fn answer(route: Route, request: &RecordedRequest) -> Reply {
    match bearer(request) {
        Some(OpenAiDouble::KEY) => {}
        Some(_) => return key_rejected(),
        None => return no_key(),
    }
    let asked = asked_model(route, request);
    let known = models()
        .into_iter()
        .find(|model| model["id"] == asked.as_str());
    match (route, known) {
        (Route::Models, _) => reply(200, &json!({"object": "list", "data": models()})),
        (Route::Model, Some(model)) => reply(200, &model),
        (_, None) => openai_error(
            404,
            INVALID_REQUEST,
            Some("model_not_found"),
            None,
            &format!("The model `{asked}` does not exist or you do not have access to it."),
        ),
        (_, Some(_)) if asked == OpenAiDouble::EMBEDDING_MODEL => openai_error(
            404,
            INVALID_REQUEST,
            None,
            Some("model"),
            "This is not a chat model and thus not supported in the v1/chat/completions endpoint. \
             Did you mean to use v1/completions?",
        ),
        (_, Some(_)) if asked == OpenAiDouble::MODEL && sends_max_tokens(request) => {
            max_tokens_unsupported()
        }
        (_, Some(_)) => limits(reply(200, &completion(&asked))),
    }
}

fn asked_model(route: Route, request: &RecordedRequest) -> String {
    match route {
        Route::Chat => model_in_body(request),
        Route::Model => model_in_path(request),
        Route::Models | Route::Whoami => String::new(),
    }
}

/// As recorded in July 2026: no `logprobs`, a null fingerprint.
fn completion(model: &str) -> Value {
    json!({
        "id": "chatcmpl-fake",
        "object": "chat.completion",
        "created": 1_783_960_614,
        "model": model,
        "choices": [{
            "index": 0,
            "message": {
                "role": "assistant", "content": "Hello", "refusal": null, "annotations": []
            },
            "finish_reason": "stop"
        }],
        "usage": {
            "prompt_tokens": 14,
            "completion_tokens": 4,
            "total_tokens": 18,
            "prompt_tokens_details": {
                "cached_tokens": 0, "cache_write_tokens": 0, "audio_tokens": 0
            },
            "completion_tokens_details": {
                "reasoning_tokens": 0,
                "audio_tokens": 0,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0
            }
        },
        "service_tier": "default",
        "system_fingerprint": null
    })
}

fn altered(model: &str, alter: impl FnOnce(&mut Value)) -> Reply {
    let mut body = completion(model);
    alter(&mut body);
    limits(reply(200, &body))
}

/// The first is close to its shutdown date.
fn models() -> [Value; 3] {
    let model = |id: &str| {
        json!({
            "id": id, "object": "model", "created": 1_770_000_000, "owned_by": "system"
        })
    };
    [
        json!({
            "id": OpenAiDouble::SMALL_MODEL, "object": "model", "created": 1_744_316_542,
            "owned_by": "system", "shutdown_date": "2026-10-23"
        }),
        model(OpenAiDouble::MODEL),
        model(OpenAiDouble::EMBEDDING_MODEL),
    ]
}

fn sends_max_tokens(request: &RecordedRequest) -> bool {
    request.method() == "POST" && request.json().get("max_tokens").is_some()
}

fn invalid(status: u16, code: Option<&str>, param: Option<&str>, message: &str) -> Reply {
    openai_error(status, INVALID_REQUEST, code, param, message)
}

fn rate_limit(kind: &str, message: &str) -> Reply {
    openai_error(429, kind, Some("rate_limit_exceeded"), None, message)
}

fn key_rejected() -> Reply {
    invalid(
        401,
        Some("invalid_api_key"),
        None,
        "Incorrect API key provided: sk-fake-*********-key. You can find your API key at \
         https://platform.openai.com/account/api-keys.",
    )
}

fn no_key() -> Reply {
    invalid(
        401,
        None,
        None,
        "You didn't provide an API key. You need to provide your API key in an Authorization \
         header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
    )
    .header("www-authenticate", "Bearer realm=\"OpenAI API\"")
}

fn max_tokens_unsupported() -> Reply {
    invalid(
        400,
        Some("unsupported_parameter"),
        Some("max_tokens"),
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use \
         'max_completion_tokens' instead.",
    )
}

fn invalid_url(request: &RecordedRequest) -> Reply {
    let message = format!("Invalid URL ({} {})", request.method(), request.target());
    openai_error(404, INVALID_REQUEST, None, None, &message)
}

/// Headers of an answer to a known key.
fn limits(reply: Reply) -> Reply {
    reply
        .header("openai-organization", "org-fake")
        .header("openai-processing-ms", "312")
        .header("openai-version", "2020-10-01")
        .header("x-ratelimit-limit-requests", "500")
        .header("x-ratelimit-remaining-requests", "499")
        .header("x-ratelimit-reset-requests", "120ms")
}

/// Headers of every answer.
fn identified(reply: Reply) -> Reply {
    reply
        .header("x-request-id", "req_fake")
        .header("cf-ray", "fake-ray")
}
