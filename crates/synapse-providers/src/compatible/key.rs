//! OpenRouter's `/key`: the token's limit and its remainder
//! (<https://openrouter.ai/docs/api/api-reference/api-keys/get-current-key>). Ignores its label and
//! owner.

use serde_json::Value;
use synapse_core::ModelId;
use synapse_core::error::{Code, Failure};
use synapse_core::preflight::Finding;

/// Judges the answer; `None` if it is invalid.
pub(super) fn judge(value: &Value, model: &ModelId, page: &str) -> Option<Finding> {
    let key = value.get("data")?.as_object()?;
    let flag = |name: &str| key.get(name).and_then(Value::as_bool) == Some(true);
    if flag("is_management_key") || flag("is_provisioning_key") {
        let failure = Failure::new(
            Code::CredentialTokenPermission,
            "this is a management key, which cannot chat",
        )
        .hint(format!("create a key for the API: {page}"));
        return Some(Finding::Fail(failure));
    }
    let money = |name: &str| key.get(name).and_then(Value::as_number);
    let Some(left) = money("limit_remaining") else {
        let tier = if flag("is_free_tier") {
            "; the account has bought no credits, so it can use free models only"
        } else {
            ""
        };
        return Some(Finding::Ok(format!(
            "accepted, without a limit of its own; the account's credits are unknown{tier}"
        )));
    };
    let spent = left.as_f64().is_some_and(|left| left <= 0.0);
    if !spent {
        let limit = money("limit").map(|limit| format!(" of ${limit}"));
        return Some(Finding::Ok(format!(
            "accepted; ${left}{} are left on the key, and the account's credits are unknown",
            limit.unwrap_or_default()
        )));
    }
    if model.split_suffix().1 == Some("free") {
        return Some(Finding::Warn(
            "accepted; the key's limit is used up, which may not matter for free models".to_owned(),
        ));
    }
    let failure = Failure::new(
        Code::ProviderCreditsExhausted,
        "the key's own limit is used up",
    )
    .hint(format!("raise the limit of the key: {page}"));
    Some(Finding::Fail(failure))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(data: &Value, model: &str) -> String {
        match judge(&json!({"data": data}), &model.parse().unwrap(), "PAGE") {
            None => "nothing".to_owned(),
            Some(Finding::Ok(text)) => format!("ok: {text}"),
            Some(Finding::Warn(_)) => "warn".to_owned(),
            Some(Finding::Fail(failure)) => failure.code().to_string(),
            Some(other) => unreachable!("{other:?}"),
        }
    }

    #[test]
    fn a_key_is_judged_by_what_is_left_of_it() {
        let left = json!({"limit": 100, "limit_remaining": 74.5, "usage": 25.5});
        assert!(told(&left, "a/b").contains("$74.5 of $100 are left"));
        let open = json!({"limit": null, "limit_remaining": null, "is_free_tier": true});
        assert!(told(&open, "a/b").contains("free models only"));
        let spent = json!({"limit": 5, "limit_remaining": 0});
        assert_eq!(told(&spent, "a/b"), "provider.credits-exhausted");
        assert_eq!(told(&spent, "a/b:free"), "warn");
        let manages = json!({"is_management_key": true, "limit_remaining": 5});
        assert_eq!(told(&manages, "a/b"), "credential.token-permission");
        assert_eq!(told(&json!(null), "a/b"), "nothing");
    }
}
