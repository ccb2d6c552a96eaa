//! A double of `api.anthropic.com`: messages and models, with answers and errors from its
//! documentation and public reports.

use serde_json::{Value, json};

use super::{
    Double, Fault, Faults, MODEL_PREFIX, Route, html, model_in_body, model_in_path, reply, set,
};
use crate::raw::{RecordedRequest, Reply};

/// A loopback Anthropic that accepts [`AnthropicDouble::KEY`] and knows two models.
pub type AnthropicDouble = Double<AnthropicFault>;

/// A fault at a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnthropicFault {
    /// 401: the key is unknown or revoked.
    KeyRejected,
    /// 403: the key may not do this.
    MissingPermission,
    /// 403 from the edge: the country is not supported.
    RegionBlocked,
    /// 400: the organization of the key is disabled.
    OrganizationDisabled,
    /// 400: the key is not tied to a single workspace.
    WorkspaceMissing,
    /// 400: no credits are left.
    CreditsExhausted,
    /// 400: the owner's spending limit is reached.
    SpendLimit,
    /// 402: a payment problem.
    Billing,
    /// 404 without a model name, as for an unknown path.
    PathNotFound,
    /// 413 from the edge.
    RequestTooLarge,
    /// 400: the prompt is longer than the model's context.
    PromptTooLong,
    /// 400: a member has an invalid value.
    InvalidRequest,
    /// 429: throttled for 20 seconds, with the limits in the headers.
    RateLimited,
    /// 500.
    ServerError,
    /// 504.
    TimedOut,
    /// 529.
    Overloaded,
    /// 403 with an HTML page, as an edge or a corporate proxy answers.
    HtmlPage,
    /// 307 to this URL.
    Redirect(String),
    /// 200 with an event stream.
    EventStream,
    /// 200 with an HTML page, as a captive portal answers.
    CaptivePortal,
    /// 200 with the stop reason `refusal`.
    Refusal,
    /// 200 with all tokens spent on thinking and no text.
    SpentOnThinking,
    /// 200 without `usage`.
    NoUsage,
    /// Anything else.
    Scripted(Reply),
}

impl AnthropicDouble {
    /// The key that the double accepts.
    pub const KEY: &'static str = "sk-ant-fake-key";
    /// A model.
    pub const MODEL: &'static str = "claude-haiku-4-5-20251001";
    /// An alias of it, which the model list omits.
    pub const ALIAS: &'static str = "claude-haiku-4-5";
    /// Another model.
    pub const LARGE_MODEL: &'static str = "claude-opus-4-8";
}

impl Fault for AnthropicFault {
    fn answer(request: &RecordedRequest, faults: &Faults<Self>) -> Reply {
        let Some(route) = route(request) else {
            return not_found("The requested resource could not be found.");
        };
        match faults.at(route) {
            Some(fault) => fault.reply(),
            None => answer(route, request),
        }
    }
}

impl AnthropicFault {
    fn reply(&self) -> Reply {
        match self {
            Self::KeyRejected => key_rejected(),
            Self::MissingPermission => error(
                403,
                "permission_error",
                "Your API key does not have permission to use the specified resource.",
            ),
            // Edge errors have no request id and no `type` around the error.
            Self::RegionBlocked => reply(
                403,
                &json!({"error": {"type": "forbidden", "message": "Request not allowed"}}),
            )
            .header("cf-ray", "fake-cf-ray"),
            Self::OrganizationDisabled => invalid("This organization has been disabled."),
            Self::WorkspaceMissing => invalid(
                "anthropic-workspace-id is required when authenticating with an identity-linked \
                 API key; send the id of the workspace this request acts in.",
            ),
            Self::CreditsExhausted => invalid(
                "Your credit balance is too low to access the Anthropic API. Please go to Plans & \
                 Billing to upgrade or purchase credits.",
            ),
            Self::SpendLimit => invalid(
                "You have reached your specified API usage limits. You will regain access on \
                 2026-12-01 at 00:00 UTC.",
            ),
            Self::Billing => error(402, "billing_error", "Billing error"),
            Self::PathNotFound => not_found("Not found"),
            Self::RequestTooLarge => reply(
                413,
                &json!({"error": {
                    "type": "request_too_large", "message": "Request exceeds the maximum size"
                }}),
            )
            .header("cf-ray", "fake-cf-ray"),
            Self::PromptTooLong => invalid("prompt is too long: 208656 tokens > 200000 maximum"),
            Self::InvalidRequest => invalid(
                "max_tokens: 100000 > 64000, which is the maximum allowed number of output tokens \
                 for claude-haiku-4-5-20251001",
            ),
            Self::RateLimited => error(
                429,
                "rate_limit_error",
                "This request would exceed your organization's rate limit of 50 requests per \
                 minute.",
            )
            .header("retry-after", "20")
            .header("x-should-retry", "true")
            .header("anthropic-ratelimit-requests-limit", "50")
            .header("anthropic-ratelimit-requests-remaining", "0")
            .header("anthropic-ratelimit-requests-reset", "2026-11-20T12:00:20Z"),
            Self::ServerError => error(500, "api_error", "Internal server error"),
            Self::TimedOut => error(504, "timeout_error", "Request timeout"),
            Self::Overloaded => error(529, "overloaded_error", "Overloaded"),
            Self::HtmlPage => html(403, "Attention Required!").header("server", "cloudflare"),
            Self::Redirect(target) => Reply::status(307).header("location", target),
            Self::EventStream => Reply::typed(
                200,
                "text/event-stream",
                "event: message_start\ndata: {\"type\":\"message_start\"}\n\n",
            ),
            Self::CaptivePortal => html(200, "Sign in to the network"),
            Self::Refusal => altered(|body| {
                set(body, "/content", json!([]));
                set(body, "/stop_reason", json!("refusal"));
                set(
                    body,
                    "/stop_details",
                    json!({
                        "type": "refusal", "category": "cyber",
                        "explanation": "This request could enable cyber harm."
                    }),
                );
            }),
            Self::SpentOnThinking => altered(|body| {
                set(
                    body,
                    "/content",
                    json!([{"type": "thinking", "thinking": "Well,", "signature": "ZmFrZQ=="}]),
                );
                set(body, "/stop_reason", json!("max_tokens"));
                set(body, "/usage/output_tokens", json!(16));
            }),
            Self::NoUsage => altered(|body| set(body, "/usage", Value::Null)),
            Self::Scripted(reply) => reply.clone(),
        }
    }
}

fn route(request: &RecordedRequest) -> Option<Route> {
    match (request.method(), request.path()) {
        ("POST", "/v1/messages") => Some(Route::Chat),
        ("GET", "/v1/models") => Some(Route::Models),
        ("GET", path) if path.starts_with(MODEL_PREFIX) => Some(Route::Model),
        _ => None,
    }
}

/// Checks in the order of the real API: version, key, model, body.
fn answer(route: Route, request: &RecordedRequest) -> Reply {
    if request.header("anthropic-version") != Some("2023-06-01") {
        return invalid("anthropic-version: header is required");
    }
    if request.header("x-api-key") != Some(AnthropicDouble::KEY) {
        return key_rejected();
    }
    let known = |asked: &str| models().into_iter().find(|model| is(model, asked));
    match route {
        Route::Models => identified(reply(
            200,
            &json!({
                "data": models(),
                "has_more": false,
                "first_id": AnthropicDouble::LARGE_MODEL,
                "last_id": AnthropicDouble::MODEL,
            }),
        )),
        Route::Model => {
            let asked = model_in_path(request);
            match known(&asked) {
                Some(model) => identified(reply(200, &model)),
                None => not_found(&format!("model: {asked}")),
            }
        }
        Route::Chat => {
            let asked = model_in_body(request);
            if known(&asked).is_none() {
                return not_found(&format!("model: {asked}"));
            }
            if !request.json().get("max_tokens").is_some_and(Value::is_u64) {
                return invalid("max_tokens: Field required");
            }
            identified(reply(200, &message()))
        }
        Route::Whoami => not_found("Not found"),
    }
}

/// An alias resolves to its model.
fn is(model: &Value, asked: &str) -> bool {
    let stands_for = if asked == AnthropicDouble::ALIAS {
        AnthropicDouble::MODEL
    } else {
        asked
    };
    model["id"] == stands_for
}

fn message() -> Value {
    json!({
        "id": "msg_fake",
        "type": "message",
        "role": "assistant",
        "model": AnthropicDouble::MODEL,
        "content": [{"type": "text", "text": "Hello", "citations": null}],
        "stop_reason": "end_turn",
        "stop_sequence": null,
        "stop_details": null,
        "container": null,
        "usage": {
            "input_tokens": 9,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "cache_creation": {
                "ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0
            },
            "output_tokens": 3,
            "output_tokens_details": {"thinking_tokens": 0},
            "server_tool_use": null,
            "service_tier": "standard",
            "inference_geo": "global"
        }
    })
}

fn altered(change: impl FnOnce(&mut Value)) -> Reply {
    let mut body = message();
    change(&mut body);
    identified(reply(200, &body))
}

fn models() -> [Value; 2] {
    let model = |id: &str, name: &str, created: &str, limits: (u64, u64)| {
        json!({
            "type": "model",
            "id": id,
            "display_name": name,
            "created_at": created,
            "max_input_tokens": limits.0,
            "max_tokens": limits.1,
            "capabilities": null
        })
    };
    [
        model(
            AnthropicDouble::LARGE_MODEL,
            "Claude Opus 4.8",
            "2026-05-28T00:00:00Z",
            (1_000_000, 128_000),
        ),
        model(
            AnthropicDouble::MODEL,
            "Claude Haiku 4.5",
            "2025-10-15T00:00:00Z",
            (200_000, 64_000),
        ),
    ]
}

fn key_rejected() -> Reply {
    error(401, "authentication_error", "invalid x-api-key")
}

fn invalid(message: &str) -> Reply {
    error(400, "invalid_request_error", message)
}

fn not_found(message: &str) -> Reply {
    error(404, "not_found_error", message)
}

fn error(status: u16, kind: &str, message: &str) -> Reply {
    identified(reply(
        status,
        &json!({
            "type": "error",
            "error": {"type": kind, "message": message},
            "request_id": REQUEST_ID,
        }),
    ))
}

/// Headers of every answer of the API itself.
fn identified(reply: Reply) -> Reply {
    reply
        .header("request-id", REQUEST_ID)
        .header("anthropic-organization-id", "fake-organization")
        .header("cf-ray", "fake-cf-ray")
}

const REQUEST_ID: &str = "req_fake_anthropic";
