//! Bodies usually contain several clues. Each alone suffices.

use super::*;

/// Provider, status, code, and a body with one clue.
const CLUES: &str = r#"
openai 401 credential.token-permission {"message":"insufficient permissions"}
openai 401 credential.token-permission {"message":"Missing scopes: x"}
openai 403 provider.region-blocked {"code":"unsupported_country_region_territory"}
openai 403 provider.region-blocked {"type":"request_forbidden"}
openai 403 provider.model-access {"code":"model_not_found"}
openai 403 provider.model-access {"message":"does not have access to model x"}
openai 404 endpoint.path-mismatch {"message":"Invalid URL (GET /v1/models)"}
openai 404 endpoint.path-mismatch {"detail":"Not Found"}
openai 404 provider.model-unavailable {"message":"This is not a chat model"}
openai 400 provider.model-unavailable {"message":"This is not a chat model"}
openai 400 provider.model-unavailable {"message":"'x' does not exist","param":"model"}
openai 400 provider.model-unavailable {"message":"the model x does not exist"}
openai 400 provider.context-too-long {"code":"context_length_exceeded"}
openai 400 provider.context-too-long {"message":"maximum context length is 9"}
openai 429 provider.credits-exhausted {"code":"insufficient_quota"}
openai 429 provider.credits-exhausted {"type":"insufficient_quota"}
huggingface 400 provider.model-unavailable {"code":"model_not_supported"}
huggingface 400 provider.model-unavailable {"error":"not supported by any provider"}
xai 403 provider.credits-exhausted {"error":"monthly spending limit"}
xai 403 provider.credits-exhausted {"error":"used all available credits"}
together 400 provider.model-unavailable {"code":"model_not_available"}
together 400 provider.model-unavailable {"code":"model_decommissioned"}
azure 400 provider.model-unavailable {"code":"DeploymentNotFound"}
llamacpp 400 provider.context-too-long {"type":"exceed_context_size_error"}
llamacpp 400 credential.token-rejected {"type":"authentication_error"}
openrouter 404 provider.model-access {"message":"No endpoints: data policy"}
openrouter 404 provider.model-access {"message":"No endpoints: privacy"}
openrouter 404 provider.model-access {"message":"No allowed providers"}
"#;

#[test]
fn each_clue_is_enough_alone() {
    let mut count = 0;
    for clue in CLUES.trim().lines() {
        let parts: Vec<&str> = clue.splitn(4, ' ').collect();
        let [provider, status, expected, body] = parts[..] else {
            panic!("{clue}")
        };
        let (provider, status) = (provider.parse().unwrap(), status.parse().unwrap());
        let failure = failure(provider, false, status, JSON, body);
        assert_eq!(failure.code().as_str(), expected, "{clue}");
        count += 1;
    }
    assert_eq!(count, 28, "a clue was lost");
}

#[test]
fn who_was_authenticated_has_a_token_that_is_known() {
    let limited = &[("x-ratelimit-limit-tokens", "30000")];
    let no = r#"{"message":"no"}"#;
    let permission = Code::CredentialTokenPermission;
    assert_eq!(code(OpenAi, 401, limited, no), permission);
    // Unless the code contradicts.
    let rejected = code(OpenAi, 401, KNOWN, r#"{"code":"invalid_api_key"}"#);
    assert_eq!(rejected, Code::CredentialTokenRejected);
}

#[test]
fn each_word_for_an_account_is_enough_alone() {
    for word in ["organization", "the org acme", "project"] {
        let body = format!(r#"{{"message":"wrong {word}"}}"#);
        let failure = failure(OpenAi, true, 403, JSON, &body);
        assert_eq!(failure.code(), Code::ProviderAccountScope, "{word}");
    }
    // A missing scope is distinguished from a foreign account, even if it names a project.
    let scope = r#"{"message":"Missing scopes: project.read"}"#;
    let failure = failure(OpenAi, true, 403, JSON, scope);
    assert_eq!(failure.code(), Code::CredentialTokenPermission);
}

/// The code only repeats the status; the message does not.
#[test]
fn what_a_field_states_is_said() {
    use ProviderKind::{Azure, Gemini, LlamaCpp};
    let reason = |reason: &str| json!({"error": {"details": [{"reason": reason}]}});
    let permission = "lacks a permission";
    let filter = json!({"code": "content_filter"});
    let loading = json!({"type": "unavailable_error"});
    for (provider, status, body, said) in [
        (Azure, 400, filter, "content filter"),
        (LlamaCpp, 503, loading, "loading its model"),
        (Gemini, 403, reason("SERVICE_DISABLED"), permission),
        (Gemini, 403, reason("API_KEY_SERVICE_BLOCKED"), permission),
        (Gemini, 403, reason("CONSUMER_SUSPENDED"), permission),
    ] {
        let body = body.to_string();
        let failure = failure(provider, false, status, JSON, &body);
        let message = failure.message();
        assert!(message.contains(said), "{body}: {message}");
    }
}
