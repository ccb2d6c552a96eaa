//! Reads a code that is in no table by its words: `NOT_ENOUGH_BALANCE`,
//! `maxContextLengthExceeded`, `api-key-revoked`.

use super::lists::{
    CODE_BLOCKED, CODE_BUSY, CODE_FILTERS, CODE_KEY_GONE, CODE_KEYS, CODE_MODEL_GONE,
    CODE_MODEL_WITHHELD, CODE_MODELS, CODE_PLACES, CODE_RATES,
};
use super::{Words, any, counts_a_rate};
use crate::verdict::{
    ACCOUNT_CLOSED, CREDITS_EXHAUSTED, Classification, FILTERED, MODEL_ACCESS, MODEL_UNAVAILABLE,
    OVERLOADED, RATE_LIMITED, REGION_BLOCKED, TOKEN_REJECTED, TOO_LONG,
};

/// The verdict of a code's words, if they are unambiguous.
pub(in super::super) fn by_name(code: &str) -> Option<Classification> {
    let words = Words::of(&separated(code));
    let says = |needles: &[&str]| any(&words.whole, needles);
    if counts_a_rate(&words.whole) || says(&CODE_RATES) {
        return Some(RATE_LIMITED);
    }
    if words.tell_of_money() || words.tell_of_a_quota() {
        return Some(CREDITS_EXHAUSTED);
    }
    if words.tell_of_length() {
        return Some(TOO_LONG);
    }
    if words.tell_of_a_closed_account() {
        return Some(ACCOUNT_CLOSED);
    }
    if says(&CODE_KEYS) && says(&CODE_KEY_GONE) {
        return Some(TOKEN_REJECTED);
    }
    if says(&CODE_MODELS) {
        if says(&CODE_MODEL_WITHHELD) {
            return Some(MODEL_ACCESS);
        }
        if says(&CODE_MODEL_GONE) {
            return Some(MODEL_UNAVAILABLE);
        }
    }
    if says(&CODE_PLACES) && says(&CODE_BLOCKED) {
        return Some(REGION_BLOCKED);
    }
    if says(&CODE_FILTERS) {
        return Some(FILTERED);
    }
    says(&CODE_BUSY).then_some(OVERLOADED)
}

/// A code as words: `APIKeyNotFound`, `api_key_not_found` and `api-key.not-found` are
/// `api key not found`.
fn separated(code: &str) -> String {
    let letters: Vec<char> = code.chars().take(LONGEST).collect();
    let mut words = String::with_capacity(letters.len() + 8);
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| letters.get(before));
        let after = letters.get(at + 1);
        let begins = letter.is_uppercase()
            && before.is_some_and(|before| {
                before.is_lowercase()
                    || (before.is_uppercase() && after.is_some_and(|after| after.is_lowercase()))
            });
        if begins {
            words.push(' ');
        }
        words.push(if letter.is_alphanumeric() {
            *letter
        } else {
            ' '
        });
    }
    words
}

/// Longer texts are no codes.
const LONGEST: usize = 80;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_words() {
        for code in [
            "APIKeyNotFound",
            "apiKeyNotFound",
            "api_key_not_found",
            "api-key.not-found",
            "API_KEY_NOT_FOUND",
        ] {
            let words = Words::of(&separated(code));
            assert_eq!(words.whole, " api key not found ", "{code}");
        }
    }

    #[test]
    fn a_code_that_no_table_has_means_what_its_words_mean() {
        for (codes, verdict) in [
            (
                "NOT_ENOUGH_BALANCE balance_not_enough credits_depleted account_balance_too_low \
                 monthlyBudgetReached PaymentMethodRequired billing_limit_reached quota_used_up \
                 plan_expired wallet_empty InsufficientPoints no-funds trial_ended",
                Some(CREDITS_EXHAUSTED),
            ),
            (
                "max_context_length_exceeded prompt_length_exceeded ContextTooLong \
                 PROMPT_TOO_LARGE input_tokens_exceeded ContextWindowExceededError",
                Some(TOO_LONG),
            ),
            (
                "user_rate_limit QpsLimitExceeded RequestLimitExceeded tooManyRequests \
                 concurrency_limit_exceeded TokensPerMinuteExceeded",
                Some(RATE_LIMITED),
            ),
            (
                "api_key_expired APIKeyNotFound key_revoked missing_api_key InvalidAccessToken",
                Some(TOKEN_REJECTED),
            ),
            (
                "unsupported_model MODEL_UNAVAILABLE model_offline no_such_deployment \
                 ModelRetired deployment_not_ready",
                Some(MODEL_UNAVAILABLE),
            ),
            (
                "model_not_allowed model_access_restricted ModelPermissionDenied",
                Some(MODEL_ACCESS),
            ),
            (
                "account_suspended_by_admin OrganizationBlocked",
                Some(ACCOUNT_CLOSED),
            ),
            (
                "unsupported_country region_not_supported",
                Some(REGION_BLOCKED),
            ),
            (
                "sensitive_words_detected moderation_blocked",
                Some(FILTERED),
            ),
            ("server_busy model_at_capacity", Some(OVERLOADED)),
            (
                "invalid_type unsupported_value missing_required_parameter string_above_max_length \
                 max_tokens_exceeded insufficient_permissions one_api_error not_found tokens \
                 requests image_too_large x 12 E400 unknown_url model",
                None,
            ),
        ] {
            for code in codes.split_whitespace() {
                assert_eq!(by_name(code), verdict, "{code}");
            }
        }
    }
}
