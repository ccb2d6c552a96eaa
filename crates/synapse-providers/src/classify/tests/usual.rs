//! One realistic body per rule, recorded from both APIs or from public reports, with the expected
//! code.

use super::*;

#[test]
fn openai_answers() {
    let invalid = "invalid_request_error";
    let table: &[(u16, HeaderList, String, Code)] = &[
        (
            401,
            JSON,
            openai(
                "Incorrect API key provided: sk-fake.",
                invalid,
                "",
                "invalid_api_key",
            ),
            Code::CredentialTokenRejected,
        ),
        (
            401,
            JSON,
            openai("You didn't provide an API key.", invalid, "", ""),
            Code::CredentialTokenRejected,
        ),
        (
            401,
            JSON,
            openai(
                "Use us.api.openai.com for this project",
                invalid,
                "",
                "incorrect_hostname",
            ),
            Code::EndpointWrongRegionHost,
        ),
        (
            401,
            JSON,
            openai(
                "OpenAI-Organization header should match organization for API key",
                invalid,
                "",
                "mismatched_organization",
            ),
            Code::ProviderAccountScope,
        ),
        (
            401,
            JSON,
            openai(
                "Your IP is not authorized",
                invalid,
                "",
                "ip_not_authorized",
            ),
            Code::ProviderRegionBlocked,
        ),
        (
            401,
            JSON,
            openai(
                "You have insufficient permissions for this operation. Missing scopes: model.request",
                invalid,
                "",
                "",
            ),
            Code::CredentialTokenPermission,
        ),
        (
            401,
            KNOWN,
            openai("Something about roles", invalid, "", ""),
            Code::CredentialTokenPermission,
        ),
        (
            403,
            JSON,
            openai(
                "Country, region, or territory not supported",
                "request_forbidden",
                "",
                "unsupported_country_region_territory",
            ),
            Code::ProviderRegionBlocked,
        ),
        (
            403,
            HTML,
            "<html>blocked</html>".to_owned(),
            Code::ProviderRegionBlocked,
        ),
        (
            403,
            JSON,
            openai(
                "Project `proj_fake` does not have access to model `o3`",
                invalid,
                "",
                "model_not_found",
            ),
            Code::ProviderModelAccess,
        ),
        (
            403,
            JSON,
            openai(
                "Your organization must be verified to use the model",
                invalid,
                "",
                "",
            ),
            Code::ProviderModelAccess,
        ),
        (
            403,
            JSON,
            openai("No.", invalid, "", ""),
            Code::CredentialTokenPermission,
        ),
        (
            404,
            JSON,
            openai(
                "The model `nope` does not exist or you do not have access to it.",
                invalid,
                "",
                "model_not_found",
            ),
            Code::ProviderModelUnavailable,
        ),
        (
            404,
            JSON,
            openai(
                "This is not a chat model and thus not supported in the v1/chat/completions endpoint.",
                invalid,
                "model",
                "",
            ),
            Code::ProviderModelUnavailable,
        ),
        (
            404,
            JSON,
            openai(
                "Invalid URL (POST /v1/chat/completions/chat/completions)",
                invalid,
                "",
                "",
            ),
            Code::EndpointPathMismatch,
        ),
        (
            404,
            JSON,
            r#"{"detail":"Not Found"}"#.to_owned(),
            Code::EndpointPathMismatch,
        ),
        (
            404,
            HTML,
            "<html>404</html>".to_owned(),
            Code::EndpointPathMismatch,
        ),
        (
            405,
            JSON,
            r#"{"detail":"Method Not Allowed"}"#.to_owned(),
            Code::EndpointPathMismatch,
        ),
        (
            400,
            JSON,
            openai("invalid model ID", invalid, "", ""),
            Code::ProviderModelUnavailable,
        ),
        (
            400,
            JSON,
            openai(
                "This model's maximum context length is 8192 tokens.",
                invalid,
                "messages",
                "context_length_exceeded",
            ),
            Code::ProviderContextTooLong,
        ),
        (
            400,
            JSON,
            openai("No such organization: org-fake.", invalid, "", ""),
            Code::ProviderAccountScope,
        ),
        (
            400,
            JSON,
            openai(
                "Unsupported parameter: 'max_tokens'",
                invalid,
                "max_tokens",
                "unsupported_parameter",
            ),
            Code::ProviderRequestRejected,
        ),
        (
            413,
            HTML,
            "<html>too large</html>".to_owned(),
            Code::ProviderContextTooLong,
        ),
        (408, JSON, "{}".to_owned(), Code::ProviderOverloaded),
        (409, JSON, "{}".to_owned(), Code::ProviderRequestRejected),
        (
            429,
            JSON,
            openai(
                "You exceeded your current quota",
                "insufficient_quota",
                "",
                "insufficient_quota",
            ),
            Code::ProviderCreditsExhausted,
        ),
        (
            429,
            JSON,
            openai("Spend limit", "billing", "", "project_spend_limit_exceeded"),
            Code::ProviderCreditsExhausted,
        ),
        (
            429,
            JSON,
            openai(
                "Request too large for gpt-4o on tokens per min (TPM)",
                "tokens",
                "",
                "rate_limit_exceeded",
            ),
            Code::ProviderContextTooLong,
        ),
        (
            429,
            JSON,
            openai(
                "Rate limit reached for requests",
                "requests",
                "",
                "rate_limit_exceeded",
            ),
            Code::ProviderRateLimited,
        ),
        (
            500,
            JSON,
            openai("The server had an error", "server_error", "", ""),
            Code::ProviderFailed,
        ),
        (
            503,
            JSON,
            openai(
                "Overloaded",
                "service_unavailable_error",
                "",
                "server_is_overloaded",
            ),
            Code::ProviderOverloaded,
        ),
        (
            520,
            HTML,
            "<html>cloudflare</html>".to_owned(),
            Code::ProviderOverloaded,
        ),
        (307, TEXT, String::new(), Code::EndpointRedirected),
        (410, TEXT, "Gone".to_owned(), Code::EndpointGone),
    ];
    for (status, headers, body, expected) in table {
        assert_eq!(
            code(OpenAi, *status, headers, body),
            *expected,
            "{status} {body}"
        );
    }
}

#[test]
fn hugging_face_answers() {
    let table: &[(u16, HeaderList, &str, Code)] = &[
        (
            401,
            JSON,
            r#"{"error":"Invalid username or password."}"#,
            Code::CredentialTokenRejected,
        ),
        // The header shows that the router's own key was rejected, not the user's token.
        (
            401,
            NOVITA,
            r#"{"message":"Invalid API key"}"#,
            Code::ProviderFailed,
        ),
        (
            402,
            JSON,
            r#"{"error":"You have exceeded your monthly included credits for Inference Providers."}"#,
            Code::ProviderCreditsExhausted,
        ),
        (
            403,
            JSON,
            r#"{"error":"This authentication method does not have sufficient permissions to call Inference Providers on behalf of user someone"}"#,
            Code::CredentialTokenPermission,
        ),
        (
            403,
            NOVITA,
            r#"{"message":"forbidden"}"#,
            Code::ProviderRequestRejected,
        ),
        (404, TEXT, "Not Found", Code::EndpointPathMismatch),
        (
            400,
            JSON,
            r#"{"error":{"message":"The requested model 'x' is not supported by any provider you have enabled.","type":"invalid_request_error","param":"model","code":"model_not_supported"}}"#,
            Code::ProviderModelUnavailable,
        ),
        (
            400,
            JSON,
            r#"{"error":{"message":"The requested model 'x' does not exist","type":"invalid_request_error","param":"model","code":"model_not_found"}}"#,
            Code::ProviderModelUnavailable,
        ),
        (
            400,
            NOVITA,
            r#"{"code":400,"reason":"INVALID_REQUEST_BODY","message":"function calling not supported"}"#,
            Code::ProviderRequestRejected,
        ),
        (
            422,
            NOVITA,
            r#"{"detail":[{"loc":["body","messages"],"msg":"field required"}]}"#,
            Code::ProviderRequestRejected,
        ),
        (
            429,
            NOVITA,
            r#"{"error":["rate limit"]}"#,
            Code::ProviderRateLimited,
        ),
        (
            500,
            NOVITA,
            r#"{"message":"boom","type":"x","code":"500","param":null}"#,
            Code::ProviderFailed,
        ),
        (502, HTML, "<html>S3 error</html>", Code::ProviderOverloaded),
        (
            410,
            JSON,
            r#"{"error":"https://api-inference.huggingface.co is no longer supported. Please use https://router.huggingface.co instead."}"#,
            Code::EndpointGone,
        ),
    ];
    for (status, headers, body, expected) in table {
        assert_eq!(
            code(HuggingFace, *status, headers, body),
            *expected,
            "{status} {body}"
        );
    }
    let bill_to = r#"{"error":"You are not a member of organization acme"}"#;
    assert_eq!(
        failure(HuggingFace, true, 403, JSON, bill_to).code(),
        Code::ProviderAccountScope
    );
    assert_eq!(
        failure(HuggingFace, true, 401, JSON, bill_to).code(),
        Code::ProviderAccountScope
    );
}
