//! Vendors' error codes, independent of the status: one table for all adapters.
//!
//! A code is a word, or a number unique to its vendor. Spellings vary, so `insufficient_quota`,
//! `InsufficientQuota` and `insufficient-quota-error` are equivalent. Sources: the vendors' error
//! references (OpenAI, Anthropic, Google, Azure, Groq, Moonshot, Z.ai, MiniMax, DashScope,
//! Volcengine, SiliconFlow, Cerebras, GitHub Models), and the sources of LiteLLM, new-api, vLLM and
//! llama.cpp.

use crate::verdict::{
    ACCOUNT_CLOSED, ACCOUNT_SCOPE, CREDITS_EXHAUSTED, Classification, FILTERED, MODEL_ACCESS,
    MODEL_UNAVAILABLE, OVERLOADED, REGION_BLOCKED, TOKEN_PERMISSION, TOKEN_REJECTED, TOO_LONG,
    WRONG_REGION_HOST,
};
use crate::wire::error::ErrorBody;

/// The verdict of the first unambiguous code.
pub(super) fn stated(body: &ErrorBody) -> Option<Classification> {
    if body.flagged {
        return Some(FILTERED);
    }
    let vendor = body
        .base_resp
        .as_deref()
        .and_then(|code| find(&MINIMAX, code));
    vendor.or_else(|| body.stated().find_map(|code| find(&KNOWN, code)))
}

/// Whether a code reports an exceeded quota: money, unless the message mentions a rate.
pub(super) fn states_quota(body: &ErrorBody) -> bool {
    body.stated()
        .any(|code| QUOTA.iter().any(|name| same(name, code)))
}

/// Whether a table has the code.
pub(super) fn is_known(code: &str) -> bool {
    find(&KNOWN, code).is_some()
        || find(&GENERAL, code).is_some()
        || QUOTA.iter().any(|name| same(name, code))
}

/// Whether a code reports an exceeded rate.
pub(super) fn states_a_rate(body: &ErrorBody) -> bool {
    body.stated()
        .any(|code| find(&GENERAL, code) == Some((429, true)))
}

/// The status equivalent to a general code. The flag says whether it overrides the answer's
/// status: an `invalid_request_error` may come with any status, and within a success it is the only
/// clue.
pub(super) fn status(body: &ErrorBody) -> Option<(u16, bool)> {
    let words = body.stated().find_map(|code| find(&GENERAL, code));
    let number = || body.http_status.map(|status| (status, specific(status)));
    let minimax = || body.base_resp.is_some().then_some((500, false));
    words.or_else(number).or_else(minimax)
}

/// Statuses with a specific meaning.
const fn specific(status: u16) -> bool {
    matches!(
        status,
        401 | 402 | 403 | 404 | 408 | 413 | 429 | 502 | 503 | 504 | 529
    )
}

fn find<T: Copy>(table: &[(T, &[&str])], code: &str) -> Option<T> {
    // `Throttling.RateQuota` of DashScope: category, then detail.
    let kind = code.split_once('.').map(|(kind, _)| kind);
    [Some(code), kind].into_iter().flatten().find_map(|code| {
        table
            .iter()
            .find(|(_, names)| names.iter().any(|name| same(name, code)))
            .map(|(value, _)| *value)
    })
}

/// Whether two spellings are the same code: compares letters and digits, ignoring a trailing
/// `error`.
fn same(name: &str, code: &str) -> bool {
    let starts = |text: &str| text.as_bytes().first().map(u8::to_ascii_lowercase);
    starts(name) == starts(code) && folded(name).eq(folded(code))
}

fn folded(code: &str) -> impl Iterator<Item = char> + '_ {
    let bare = ["_error", "-error", "Error", "_exception", "Exception"]
        .iter()
        .find_map(|suffix| code.strip_suffix(suffix))
        .filter(|bare| !bare.is_empty())
        .unwrap_or(code);
    bare.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|each| each.to_ascii_lowercase())
}

/// Unambiguous codes.
const KNOWN: [(Classification, &[&str]); 12] = [
    (
        CREDITS_EXHAUSTED,
        &[
            "insufficient_quota",
            "billing_error",
            "billing_hard_limit_reached",
            "billing_not_active",
            "billing_disabled",
            "payment_required",
            "payment_error",
            "credit_balance_exhausted",
            "organization_spend_limit_exceeded",
            "project_spend_limit_exceeded",
            "organization_usage_limit_exceeded",
            "enforced_spend_limit_reached",
            "spend_limit_exceeded",
            "spending_limit_exceeded",
            "spending_limit_reached",
            "insufficient_balance",
            "insufficient_account_balance",
            "insufficient_credit",
            "insufficient_credits",
            "insufficient_funds",
            "insufficient_user_quota",
            "pre_consume_token_quota_failed",
            "out_of_credits",
            "no_credits",
            "credits_exhausted",
            "credit_exhausted",
            "credit_limit_exceeded",
            "budget_exceeded",
            "exceeded_budget",
            "exceeded_current_quota_error",
            "Arrearage",
            "AccountOverdueError",
            "account_in_arrears",
            "PrepaidBillOverdue",
            "PostpaidBillOverdue",
            "OperationDenied.ServiceOverdue",
            "AllocationQuota.FreeTierOnly",
            "FailedOperation.ResourcePackExhausted",
            "FailedOperation.FreeResourcePackExhausted",
            "free_tier_exhausted",
            "SetLimitExceeded",
            "usage_limit_exceeded",
            // MiniMax, Z.ai, SiliconFlow.
            "1008",
            "1113",
            "30001",
        ],
    ),
    (
        TOO_LONG,
        &[
            "context_length_exceeded",
            "context_window_exceeded",
            "context_limit_exceeded",
            "exceed_context_size_error",
            "model_max_prompt_tokens_exceeded",
            "max_prompt_tokens_exceeded",
            "prompt_too_long",
            "input_too_long",
            "tokens_limit_reached",
            "request_too_large",
            // Z.ai.
            "1261",
        ],
    ),
    (
        MODEL_UNAVAILABLE,
        &[
            "model_not_found",
            "model_not_supported",
            "model_not_available",
            "model_not_exist",
            "model_does_not_exist",
            "model_decommissioned",
            "model_deprecated",
            "model_retired",
            "model_not_loaded",
            "no_such_model",
            "invalid_model",
            "invalid_model_id",
            "unknown_model",
            "unavailable_model",
            "DeploymentNotFound",
            "InvalidEndpointOrModel.NotFound",
            "InvalidEndpoint.ClosedEndpoint",
            // Z.ai, SiliconFlow.
            "1211",
            "20012",
        ],
    ),
    (
        MODEL_ACCESS,
        &[
            "model_terms_required",
            "model_access_denied",
            "key_model_access_denied",
            "team_model_access_denied",
            "user_model_access_denied",
            "no_access_to_model",
            "ModelNotOpen",
            "subscription_required",
            // Z.ai.
            "1311",
        ],
    ),
    (
        ACCOUNT_CLOSED,
        &[
            "organization_restricted",
            "organization_disabled",
            "organization_suspended",
            "organization_deactivated",
            "account_restricted",
            "account_disabled",
            "account_suspended",
            "account_deactivated",
            "account_locked",
            "account_banned",
            "access_terminated",
            "InvalidAccountStatus",
            // Z.ai.
            "1110",
            "1112",
            "1121",
        ],
    ),
    (
        TOKEN_REJECTED,
        &[
            "invalid_api_key",
            "api_key_invalid",
            "incorrect_api_key_error",
            "invalid_authentication_error",
            "invalid_token",
            "token_expired",
            "expired_token",
            "expired_key",
            "token_not_found_in_db",
            "invalid_iam_token",
        ],
    ),
    (
        TOKEN_PERMISSION,
        &[
            "SERVICE_DISABLED",
            "API_KEY_SERVICE_BLOCKED",
            "CONSUMER_SUSPENDED",
        ],
    ),
    (
        REGION_BLOCKED,
        &[
            "unsupported_country_region_territory",
            "request_forbidden",
            "ip_not_authorized",
            "API_KEY_IP_ADDRESS_BLOCKED",
            "API_KEY_HTTP_REFERRER_BLOCKED",
        ],
    ),
    (
        ACCOUNT_SCOPE,
        &[
            "mismatched_organization",
            "mismatched_project",
            "no_organization",
        ],
    ),
    (WRONG_REGION_HOST, &["incorrect_hostname"]),
    (
        FILTERED,
        &[
            "content_filter",
            "content_policy_violation",
            "ResponsibleAIPolicyViolation",
            "DataInspectionFailed",
            "InputTextSensitiveContentDetected",
            // Z.ai.
            "1301",
        ],
    ),
    (
        OVERLOADED,
        &[
            "server_is_overloaded",
            "server_overloaded",
            "engine_overloaded_error",
            "overloaded_error",
            "model_overloaded",
            "queue_exceeded",
            // Z.ai, SiliconFlow.
            "1305",
            "1312",
            "50505",
        ],
    ),
];

const QUOTA: [&str; 3] = ["quota_exceeded", "quota_exhausted", "exceeded_quota"];

/// The numbers of MiniMax's `base_resp`
/// (<https://platform.minimax.io/docs/api-reference/errorcode>).
const MINIMAX: [(Classification, &[&str]); 5] = [
    (TOKEN_REJECTED, &["1004", "2049"]),
    (CREDITS_EXHAUSTED, &["1008"]),
    (
        crate::verdict::RATE_LIMITED,
        &["1002", "1039", "1041", "2045", "2056"],
    ),
    (FILTERED, &["1026", "1027"]),
    (MODEL_ACCESS, &["2061"]),
];

/// Codes equivalent to a status, and whether they override the received one.
const GENERAL: [((u16, bool), &[&str]); 11] = [
    (
        (429, true),
        &[
            "rate_limit",
            "rate_limit_error",
            "rate_limited",
            "rate_limit_exceeded",
            "rate_limit_reached",
            "RateLimitReached",
            "rate_limit_reached_error",
            "rpm_rate_limit_exceeded",
            "tpm_rate_limit_exceeded",
            "request_quota_exceeded",
            "token_quota_exceeded",
            "too_many_requests",
            "too_many_requests_error",
            "limit_requests",
            "Throttling",
            "ThrottlingException",
            "RESOURCE_EXHAUSTED",
            // Z.ai.
            "1302",
            "1303",
            "1304",
            "1308",
            "1310",
        ],
    ),
    (
        (401, true),
        &[
            "authentication_error",
            "auth_error",
            "AuthenticationError",
            "UNAUTHENTICATED",
            "unauthorized",
        ],
    ),
    (
        (403, true),
        &[
            "permission_error",
            "PermissionDenied",
            "permission_denied_error",
        ],
    ),
    (
        (503, true),
        &[
            "service_unavailable_error",
            "unavailable_error",
            "UNAVAILABLE",
        ],
    ),
    ((504, true), &["timeout_error", "DEADLINE_EXCEEDED"]),
    (
        (404, false),
        &["not_found_error", "resource_not_found_error", "NOT_FOUND"],
    ),
    ((403, false), &["forbidden"]),
    (
        (422, false),
        &["validation_error", "UnprocessableEntityError"],
    ),
    (
        (400, false),
        &[
            "invalid_request_error",
            "BadRequestError",
            "bad_request",
            "INVALID_ARGUMENT",
            "FAILED_PRECONDITION",
            "invalid_parameter_error",
            "InvalidParameter",
        ],
    ),
    (
        (500, false),
        &["api_error", "server_error", "internal_error", "INTERNAL"],
    ),
    (
        (500, false),
        &["internal_server_error", "InternalServerError"],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_code_are_one_code() {
        for spelled in [
            "insufficient_quota",
            "InsufficientQuota",
            "insufficient-quota",
            "insufficient_quota_error",
            "InsufficientQuotaError",
            "INSUFFICIENT_QUOTA",
        ] {
            assert_eq!(find(&KNOWN, spelled), Some(CREDITS_EXHAUSTED), "{spelled}");
        }
        for other in ["", "quota", "insufficient_quotas", "error", "Error", "."] {
            assert_eq!(find(&KNOWN, other), None, "{other}");
        }
        assert_eq!(find(&GENERAL, "Throttling.RateQuota"), Some((429, true)));
    }

    /// The first of duplicate rows would win.
    #[test]
    fn no_code_stands_twice() {
        let mut seen = std::collections::BTreeSet::new();
        let known = KNOWN.iter().flat_map(|(_, names)| *names);
        for name in known.chain(&QUOTA) {
            let name: String = folded(name).collect();
            assert!(seen.insert(name.clone()), "{name} occurs twice");
        }
        for (_, names) in &GENERAL {
            for name in *names {
                let name: String = folded(name).collect();
                assert!(!seen.contains(&name), "{name} is specific and general");
            }
        }
    }
}
