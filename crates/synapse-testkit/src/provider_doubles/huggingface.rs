//! A double of the Hugging Face inference router and the Hub's whoami, on one port.

use serde_json::{Value, json};

use super::{
    Double, Fault, Faults, INVALID_REQUEST, Route, bearer, html, model_in_body, model_in_path,
    openai_error, reply, set,
};
use crate::raw::{RecordedRequest, Reply};

/// A loopback router that accepts [`HuggingFaceDouble::TOKEN`] and knows two models. As with the
/// real one, model lists need no token. Whoami is at the root of the same origin.
pub type HuggingFaceDouble = Double<HuggingFaceFault>;

/// A fault at a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HuggingFaceFault {
    /// 401 from the router or the Hub itself: the token is wrong.
    TokenRejected,
    /// 403: the token may not call inference providers.
    MissingPermission,
    /// 402: the credits of the month are used up.
    CreditsExhausted,
    /// 400: no enabled provider serves the model.
    ModelNotSupported,
    /// 401 of a sub-provider: the router's own key was rejected, not the user's.
    SubProviderKeyRejected,
    /// 500 of a sub-provider, in its own shape.
    SubProviderFailed,
    /// 400 of a sub-provider, in its own shape.
    SubProviderRejected,
    /// 429 of a sub-provider.
    RateLimited,
    /// 429 of the Hub itself, whose whoami has a limit of its own.
    HubRateLimited,
    /// 403 with an HTML page, as an edge or a corporate proxy answers.
    HtmlPage,
    /// 200 with an HTML page, as a captive portal answers.
    CaptivePortal,
    /// 404 in plain text: no such route, as with a missing or doubled `/v1`.
    PlainNotFound,
    /// 410: the retired host.
    Gone,
    /// 502 with an HTML page, as the edge answers after a minute.
    BadGateway,
    /// 308 to this URL.
    Redirect(String),
    /// 200 without any choice.
    NoChoices,
    /// 200 with inline thinking in the content.
    InlineThinking,
    /// 200 from another model than requested.
    OtherModel,
    /// 200 of whoami for a fine-grained token without the permission for inference.
    WhoamiWithoutPermission,
    /// 200 of whoami for a legacy read token.
    WhoamiReadToken,
    /// 200 of whoami for a fine-grained token with a global inference permission.
    WhoamiGlobalPermission,
    /// 200 of whoami for a fine-grained token with an inference permission for the organization
    /// only.
    WhoamiOrganizationPermission,
    /// Anything else.
    Scripted(Reply),
}

impl HuggingFaceDouble {
    /// The token that the double accepts.
    pub const TOKEN: &'static str = "hf_fake_token";
    /// A model with two live providers, `novita` (with prices) and `featherless-ai` (without).
    pub const MODEL: &'static str = "deepseek-ai/DeepSeek-V4-Pro";
    /// A model whose only provider, `together`, is in error.
    pub const BROKEN_MODEL: &'static str = "fake-org/Broken-Model";
    /// The account of the token.
    pub const ACCOUNT: &'static str = "fake-user";
    /// The organization of that account.
    pub const ORGANIZATION: &'static str = "fake-org";
}

impl Fault for HuggingFaceFault {
    fn answer(request: &RecordedRequest, faults: &Faults<Self>) -> Reply {
        let Some(route) = Route::of(request) else {
            return at_the_edge(not_found());
        };
        at_the_edge(match faults.at(route) {
            Some(fault) => fault.reply(route),
            None => answer(route, request),
        })
    }
}

impl HuggingFaceFault {
    fn reply(&self, route: Route) -> Reply {
        match self {
            Self::TokenRejected => token_rejected(route),
            Self::MissingPermission => plain_error(
                403,
                "This authentication method does not have sufficient permissions to call \
                 Inference Providers on behalf of user fake-user",
            ),
            Self::CreditsExhausted => plain_error(
                402,
                "You have depleted your monthly included credits. Purchase pre-paid credits to \
                 continue using Inference Providers with pay-as-you-go. Alternatively, subscribe \
                 to PRO to get 20x more included usage.",
            ),
            Self::ModelNotSupported => model_not_supported(HuggingFaceDouble::MODEL),
            Self::SubProviderKeyRejected => by_novita(openai_error(
                401,
                INVALID_REQUEST,
                Some("invalid_api_key"),
                None,
                "Invalid API key provided",
            )),
            Self::SubProviderFailed => {
                novita_error(500, "INTERNAL_ERROR", "failed to process the request")
            }
            Self::SubProviderRejected => novita_error(
                400,
                "INVALID_REQUEST_BODY",
                "model features function calling not support",
            ),
            Self::RateLimited => novita_error(429, "RATE_LIMIT_EXCEEDED", "rate limit exceeded")
                .header("retry-after", "1")
                .header("x-ratelimit-limit", "100")
                .header("x-ratelimit-reset", "1"),
            Self::HubRateLimited => plain_error(
                429,
                "We had to rate limit you, you hit the quota of 1000 api requests per 5 minutes \
                 period.",
            )
            .header("retry-after", "286")
            .header("ratelimit", "\"api\";r=0;t=286")
            .header("ratelimit-policy", "\"fixed window\";\"api\";q=1000;w=300"),
            Self::HtmlPage => html(403, "Access denied"),
            Self::CaptivePortal => html(200, "Sign in to the network"),
            Self::PlainNotFound => not_found(),
            Self::Gone => plain_error(
                410,
                "https://api-inference.huggingface.co is no longer supported. Please use \
                 https://router.huggingface.co instead.",
            ),
            Self::BadGateway => {
                html(502, "502 Bad Gateway").header("x-cache", "Error from cloudfront")
            }
            Self::Redirect(target) => Reply::status(308).header("location", target),
            Self::NoChoices => altered("/choices", json!([])),
            Self::InlineThinking => altered(
                "/choices/0/message/content",
                json!("<think>A greeting.</think>\n\nHello"),
            ),
            Self::OtherModel => altered("/model", json!("meta-llama/llama-3.2-1b-instruct")),
            Self::WhoamiWithoutPermission => {
                let global = json!(["discussion.write"]);
                reply(200, &whoami(&token_with(&global, &json!([]))))
            }
            Self::WhoamiReadToken => reply(
                200,
                &whoami(&json!({
                    "displayName": "fake", "role": "read", "createdAt": CREATED
                })),
            ),
            Self::WhoamiGlobalPermission => {
                reply(200, &whoami(&token_with(&json!([INFERENCE]), &json!([]))))
            }
            Self::WhoamiOrganizationPermission => {
                let entity = json!({
                    "_id": "fedcba9876543210", "type": "org",
                    "name": HuggingFaceDouble::ORGANIZATION
                });
                let scoped = json!([{"entity": entity, "permissions": [INFERENCE]}]);
                reply(200, &whoami(&token_with(&json!([]), &scoped)))
            }
            Self::Scripted(reply) => reply.clone(),
        }
    }
}

fn answer(route: Route, request: &RecordedRequest) -> Reply {
    match route {
        Route::Models => reply(200, &json!({"object": "list", "data": models()})),
        Route::Model => model(&model_in_path(request)),
        Route::Whoami | Route::Chat if bearer(request) != Some(HuggingFaceDouble::TOKEN) => {
            token_rejected(route)
        }
        Route::Whoami => reply(200, &whoami(&fine_grained_token())),
        Route::Chat => chat(&model_in_body(request)),
    }
}

fn model(asked: &str) -> Reply {
    match models().into_iter().find(|model| model["id"] == asked) {
        Some(model) => reply(200, &model),
        // Not verified against the real router: assumes the general shape of its errors.
        None => openai_error(
            404,
            INVALID_REQUEST,
            Some("model_not_found"),
            Some("model"),
            &format!("The model '{asked}' does not exist"),
        ),
    }
}

/// Without a suffix the router chooses; this one chooses the first live provider.
fn chat(asked: &str) -> Reply {
    let (name, suffix) = asked.split_once(':').unwrap_or((asked, "fastest"));
    let known = models().into_iter().find(|model| model["id"] == name);
    let providers = known
        .as_ref()
        .and_then(|model| model["providers"].as_array());
    let mut live = providers
        .into_iter()
        .flatten()
        .filter(|provider| provider["status"] == "live")
        .filter_map(|provider| provider["provider"].as_str());
    let chosen = match suffix {
        "fastest" | "cheapest" | "preferred" => live.next(),
        pinned => live.find(|provider| *provider == pinned),
    };
    match chosen {
        Some(provider) => reply(200, &completion()).header("x-inference-provider", provider),
        None => model_not_supported(asked),
    }
}

/// Recorded from novita: its own model name, null details, an extra field.
fn completion() -> Value {
    json!({
        "id": "fake-completion",
        "object": "chat.completion",
        "created": 1_783_960_614,
        "model": "deepseek/deepseek-v4-pro",
        "choices": [{
            "index": 0,
            "finish_reason": "stop",
            "content_filter_results": {"hate": {"filtered": false}},
            "message": {
                "role": "assistant", "content": "Hello", "reasoning_content": "A greeting."
            }
        }],
        "usage": {
            "prompt_tokens": 9,
            "completion_tokens": 3,
            "total_tokens": 12,
            "prompt_tokens_details": null,
            "completion_tokens_details": null
        },
        "system_fingerprint": ""
    })
}

fn altered(pointer: &str, value: Value) -> Reply {
    let mut body = completion();
    set(&mut body, pointer, value);
    by_novita(reply(200, &body))
}

fn models() -> [Value; 2] {
    let model = |id: &str, providers: Value| {
        json!({
            "id": id,
            "object": "model",
            "created": 1_776_837_885,
            "owned_by": id.split('/').next(),
            "architecture": {"input_modalities": ["text"], "output_modalities": ["text"]},
            "providers": providers
        })
    };
    let priced = json!({
        "provider": "novita",
        "status": "live",
        "context_length": 1_048_576,
        "pricing": {"input": 1.69, "output": 3.38},
        "supports_tools": true,
        "supports_structured_output": false,
        "first_token_latency_ms": 1490,
        "throughput": 24.69,
        "is_model_author": false
    });
    let bare = |provider: &str, status: &str| {
        json!({
            "provider": provider, "status": status, "is_model_author": false
        })
    };
    [
        model(
            HuggingFaceDouble::MODEL,
            json!([priced, bare("featherless-ai", "live")]),
        ),
        model(
            HuggingFaceDouble::BROKEN_MODEL,
            json!([bare("together", "error")]),
        ),
    ]
}

fn fine_grained_token() -> Value {
    let account = json!({
        "_id": "0123456789abcdef", "type": "user", "name": HuggingFaceDouble::ACCOUNT
    });
    let scoped = json!([{"entity": account, "permissions": [INFERENCE]}]);
    token_with(&json!([]), &scoped)
}

fn token_with(global: &Value, scoped: &Value) -> Value {
    json!({
        "displayName": "fake", "role": "fineGrained", "createdAt": CREATED,
        "fineGrained": {"canReadGatedRepos": false, "global": global, "scoped": scoped}
    })
}

fn whoami(token: &Value) -> Value {
    json!({
        "type": "user",
        "id": "0123456789abcdef",
        "name": HuggingFaceDouble::ACCOUNT,
        "fullname": "Fake User",
        "email": "fake-user@example.invalid",
        "emailVerified": true,
        "canPay": false,
        "billingMode": "prepaid",
        "periodEnd": null,
        "isPro": false,
        "avatarUrl": "/avatars/fake.svg",
        "orgs": [{
            "type": "org",
            "id": "fedcba9876543210",
            "name": HuggingFaceDouble::ORGANIZATION,
            "fullname": "Fake Org",
            "email": null,
            "canPay": true,
            "periodEnd": null,
            "avatarUrl": "/avatars/fake.svg"
        }],
        "auth": {"type": "access_token", "accessToken": token}
    })
}

fn token_rejected(route: Route) -> Reply {
    match route {
        Route::Whoami => plain_error(401, "Invalid credentials in Authorization header"),
        _ => plain_error(401, "Invalid username or password."),
    }
}

fn model_not_supported(model: &str) -> Reply {
    openai_error(
        400,
        INVALID_REQUEST,
        Some("model_not_supported"),
        Some("model"),
        &format!(
            "The requested model '{model}' is not supported by any provider you have enabled."
        ),
    )
}

fn not_found() -> Reply {
    Reply::typed(404, "text/plain; charset=utf-8", "Not Found")
}

fn plain_error(status: u16, message: &str) -> Reply {
    reply(status, &json!({"error": message})).header("x-error-message", message)
}

/// An error in novita's own shape.
fn novita_error(status: u16, reason: &str, message: &str) -> Reply {
    let body = json!({"code": status, "reason": reason, "message": message, "metadata": {}});
    by_novita(reply(status, &body))
}

fn by_novita(reply: Reply) -> Reply {
    reply.header("x-inference-provider", "novita")
}

/// The headers of every answer.
fn at_the_edge(reply: Reply) -> Reply {
    reply
        .header("x-powered-by", "huggingface-moon")
        .header("x-request-id", "Root=1-fake")
        .header("x-amz-cf-id", "fake-cf-id")
}

const INFERENCE: &str = "inference.serverless.write";
const CREATED: &str = "2026-01-01T00:00:00.000Z";
