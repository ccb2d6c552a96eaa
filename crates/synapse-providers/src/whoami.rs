//! Judges a token by `GET /api/whoami-v2` of the Hugging Face Hub.
//!
//! The answer contains personal data: it is never stored or logged.

use serde_json::Value;
use synapse_core::error::{Code, Failure};
use synapse_core::preflight::Finding;
use synapse_core::redact::Redactor;

/// The permission needed for chat.
const INFERENCE: &str = "inference.serverless.write";

/// Judges whether the token may call inference providers for the billed account. `None` if `body`
/// does not answer that.
pub(crate) fn judge(
    body: &Value,
    bill_to: Option<&str>,
    token_page: &str,
    redactor: &Redactor,
) -> Option<Finding> {
    let answers = body.get("auth").is_some() || body.get("name").is_some();
    answers.then(|| judge_account(body, bill_to, token_page, redactor))
}

fn judge_account(
    body: &Value,
    bill_to: Option<&str>,
    token_page: &str,
    redactor: &Redactor,
) -> Finding {
    let account = redactor.clean(text(body, "/name").unwrap_or("unnamed"), 64);
    if let Some(organization) = bill_to
        && !is_member(body, organization)
    {
        if is_id(organization) {
            return Finding::Warn(format!(
                "valid token of `{account}`; `{organization}` is not one of its organizations, and only --live shows whether it is a resource group that may be billed"
            ));
        }
        return Finding::Fail(
            Failure::new(
                Code::ProviderAccountScope,
                format!("the token's account is not a member of `{organization}`"),
            )
            .cause(format!(
                "whoami of `{account}` does not list that organization"
            ))
            .hint("correct or remove `bill_to`"),
        );
    }
    match text(body, "/auth/accessToken/role") {
        Some("fineGrained") => judge_fine_grained(body, &account, bill_to, token_page),
        Some(role @ ("read" | "write")) => Finding::Warn(format!(
            "valid {role} token of `{account}`; only --live shows whether it may call inference"
        )),
        _ => Finding::Warn(format!(
            "valid token of `{account}` of an unknown kind; only --live shows whether it may call inference"
        )),
    }
}

fn judge_fine_grained(
    body: &Value,
    account: &str,
    bill_to: Option<&str>,
    token_page: &str,
) -> Finding {
    let grants = body
        .pointer("/auth/accessToken/fineGrained")
        .unwrap_or(&Value::Null);
    let global = grants.get("global").is_some_and(has_inference);
    let scoped = grants
        .get("scoped")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .any(|scope| {
            let fits = match bill_to {
                Some(organization) => ["/entity/name", "/entity/_id"]
                    .iter()
                    .any(|key| text(scope, key) == Some(organization)),
                None => text(scope, "/entity/type") == Some("user"),
            };
            fits && scope.get("permissions").is_some_and(has_inference)
        });
    if global || scoped {
        return Finding::Ok(format!(
            "fine-grained token of `{account}`, may make calls to Inference Providers"
        ));
    }
    let whom = bill_to.map_or_else(
        || format!("`{account}`"),
        |name| format!("organization `{name}`"),
    );
    Finding::Fail(
        Failure::new(
            Code::CredentialTokenPermission,
            format!("the token may not make calls to Inference Providers for {whom}"),
        )
        .cause(format!("whoami lists no `{INFERENCE}` permission for it"))
        .hint(format!(
            "create a token with the permission \"Make calls to Inference Providers\": {token_page}"
        )),
    )
}

fn has_inference(permissions: &Value) -> bool {
    permissions
        .as_array()
        .is_some_and(|list| list.iter().any(|permission| permission == INFERENCE))
}

/// Whether it has the form of a Hub id: resource groups are named by id only, and whoami does not
/// list them.
fn is_id(name: &str) -> bool {
    name.len() == 24 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_member(body: &Value, organization: &str) -> bool {
    body.get("orgs")
        .and_then(Value::as_array)
        .is_some_and(|organizations| {
            organizations.iter().any(|each| {
                text(each, "/name") == Some(organization) || text(each, "/id") == Some(organization)
            })
        })
}

fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn judge(body: &Value, bill_to: Option<&str>) -> Finding {
        super::judge(body, bill_to, "page", &Redactor::none()).unwrap()
    }

    const ACME_ID: &str = "0123456789abcdef01234567";

    fn token(fine_grained: &Value) -> Value {
        json!({
            "type": "user", "name": "someone", "email": "someone@example.invalid",
            "orgs": [{"type": "org", "id": ACME_ID, "name": "acme"}],
            "auth": {"type": "access_token", "accessToken": {
                "displayName": "t", "role": "fineGrained", "fineGrained": fine_grained,
            }},
        })
    }

    fn code(finding: &Finding) -> Option<Code> {
        match finding {
            Finding::Fail(failure) => Some(failure.code()),
            _ => None,
        }
    }

    #[test]
    fn the_permission_counts_wherever_it_stands() {
        let scoped = token(&json!({"global": [], "scoped": [
            {"entity": {"type": "user", "name": "someone"}, "permissions": [INFERENCE]},
        ]}));
        let global = token(&json!({"global": [INFERENCE], "scoped": []}));
        assert!(matches!(judge(&scoped, None), Finding::Ok(_)));
        assert!(matches!(judge(&global, None), Finding::Ok(_)));
        assert!(matches!(judge(&global, Some("acme")), Finding::Ok(_)));
    }

    #[test]
    fn a_permission_for_another_account_does_not_count() {
        let body = token(&json!({"global": [], "scoped": [
            {"entity": {"type": "user", "name": "someone"}, "permissions": [INFERENCE]},
        ]}));
        let finding = judge(&body, Some("acme"));
        assert_eq!(code(&finding), Some(Code::CredentialTokenPermission));
        let finding = judge(&token(&json!({"global": ["repo.read"]})), None);
        assert_eq!(code(&finding), Some(Code::CredentialTokenPermission));
        let finding = judge(&body, Some("elsewhere"));
        assert_eq!(code(&finding), Some(Code::ProviderAccountScope));
    }

    #[test]
    fn a_permission_for_the_organization_counts_for_it_alone() {
        let scoped = token(&json!({"global": [], "scoped": [
            {"entity": {"type": "org", "_id": ACME_ID, "name": "acme"}, "permissions": [INFERENCE]},
        ]}));
        // By name or id, since the header accepts either.
        for bill_to in ["acme", ACME_ID] {
            let finding = judge(&scoped, Some(bill_to));
            assert!(matches!(finding, Finding::Ok(_)), "{finding:?}");
        }
        let finding = judge(&scoped, None);
        assert_eq!(code(&finding), Some(Code::CredentialTokenPermission));
    }

    /// whoami lists organizations but not resource groups.
    #[test]
    fn a_resource_group_is_not_condemned() {
        let body = token(&json!({"global": [INFERENCE], "scoped": []}));
        let group = "fedcba98765432100123abcd";
        let Finding::Warn(text) = judge(&body, Some(group)) else {
            panic!("not a warning")
        };
        assert!(text.contains("--live"), "{text}");
        let finding = judge(&body, Some("fedcba9876543210"));
        assert_eq!(code(&finding), Some(Code::ProviderAccountScope));
    }

    #[test]
    fn legacy_roles_are_said_to_be_undetermined_and_no_mail_address_is_shown() {
        for token in [
            json!({"role": "read"}),
            json!({"role": "write"}),
            json!({"role": "something-new"}),
            json!(null),
        ] {
            let body = json!({"name": "someone", "email": "someone@example.invalid",
                "auth": {"accessToken": token}});
            let Finding::Warn(text) = judge(&body, None) else {
                panic!("not a warning")
            };
            assert!(text.contains("--live") && !text.contains('@'), "{text}");
        }
    }
}
