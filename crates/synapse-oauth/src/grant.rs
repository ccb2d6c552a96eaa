//! The token endpoint: one POST, and validation of its answer.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};
use synapse_core::secret::BoundSecret;
use synapse_core::upstream::{AuthMethod, OAuthClient};
use synapse_core::{Code, Failure, NetworkPermit, Origin};
use synapse_http::HttpResponse;
use url::{Url, form_urlencoded};

use crate::address::shown;
use crate::challenge::words;
use crate::json;
use crate::wire::{Wire, no_answer};

/// Validated tokens.
#[derive(Debug)]
pub(crate) struct Grant {
    pub(crate) access: SecretString,
    pub(crate) refresh: Option<SecretString>,
    /// The granted scopes, if stated.
    pub(crate) scopes: Option<Vec<String>>,
    /// The lifetime of the token, if stated sensibly.
    pub(crate) lifetime: Option<Duration>,
}

/// Why no token was issued.
#[derive(Debug)]
pub(crate) enum NoGrant {
    /// A protocol error of the endpoint (RFC 6749, section 5.2; RFC 8628, section 3.5).
    Refused(Refusal),
    /// No usable answer: the state of the grant is unknown.
    Failed(Box<Failure>),
}

/// A protocol error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    /// The cleaned code.
    pub(crate) error: String,
    /// The cleaned description.
    pub(crate) description: Option<String>,
}

impl Refusal {
    /// The refusal as a cause.
    pub(crate) fn cause(&self) -> String {
        match &self.description {
            Some(description) => format!("it answered `{}`: {description}", self.error),
            None => format!("it answered `{}`", self.error),
        }
    }
}

/// Requests a token with `form` for this client. Sends one request.
pub(crate) async fn ask(
    wire: &Wire,
    permit: &NetworkPermit,
    endpoint: &Url,
    client: &OAuthClient,
    form: &[(&str, &str)],
) -> Result<Grant, NoGrant> {
    let mut form = form.to_vec();
    form.push(("client_id", &client.id));
    let origin = Origin::of(endpoint);
    let secret = client
        .secret
        .as_ref()
        .map(|secret| BoundSecret::new(secret.clone(), vec![origin.clone()]));
    let secret = match &secret {
        Some(secret) => Some(
            secret
                .for_origin(&origin)
                .map_err(|failure| NoGrant::Failed(Box::new(failure)))?,
        ),
        None => None,
    };
    let mut authorization = None;
    match (client.auth_method, secret) {
        (AuthMethod::Post, Some(secret)) => form.push(("client_secret", secret.expose_secret())),
        (AuthMethod::Basic, Some(secret)) => authorization = Some(basic(&client.id, secret)),
        (AuthMethod::None, _) | (_, None) => {}
    }
    let authorization = authorization.as_deref().map(String::as_str);
    let answer = wire
        .form(permit, endpoint.clone(), &form, authorization)
        .await
        .map_err(|failure| {
            let failure = no_answer("the token endpoint gave no answer", &failure);
            NoGrant::Failed(Box::new(failure))
        })?;
    read(&answer, endpoint)
}

/// `Basic` authentication: id and secret are form-encoded first (RFC 6749, section 2.3.1).
fn basic(id: &str, secret: &SecretString) -> Zeroizing<String> {
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = Zeroizing::new(format!(
        "{}:{}",
        encoded(id),
        encoded(secret.expose_secret())
    ));
    Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())))
}

fn read(answer: &HttpResponse, endpoint: &Url) -> Result<Grant, NoGrant> {
    let status = answer.status;
    let invalid = |why: String| {
        let failure = Failure::new(
            Code::OauthTokenInvalid,
            "the token endpoint returned no usable token",
        )
        .cause(why)
        .with("http_status", status)
        .with("host", Origin::of(endpoint).host());
        NoGrant::Failed(Box::new(failure))
    };
    if (300..400).contains(&status) {
        return Err(invalid(format!(
            "it answered {status}, a redirect; it was not followed"
        )));
    }
    let object = json::object(&answer.body, TOKEN_CAP);
    // GitHub and others answer 200 with an error.
    let is_told = (400..500).contains(&status) || (200..300).contains(&status);
    if is_told
        && let Ok(object) = &object
        && !object.contains_key("access_token")
        && let Some(error) = json::text(object, "error")
    {
        return Err(NoGrant::Refused(Refusal {
            status,
            error: shown(error),
            description: json::text(object, "error_description").map(shown),
        }));
    }
    if status != 200 && status != 201 {
        return Err(invalid(format!("it answered {status}")));
    }
    let object = object.map_err(|flaw| invalid(format!("it answered {status}, but {flaw}")))?;
    grant(&object).map_err(|why| invalid(why.to_owned()))
}

/// Validates the tokens of an answer.
pub(crate) fn grant(object: &Map<String, Value>) -> Result<Grant, &'static str> {
    if object.contains_key("error") && !object.contains_key("access_token") {
        return Err("it answered success with an error");
    }
    match object.get("token_type") {
        None | Some(Value::Null) => {}
        Some(Value::String(kind)) if kind.eq_ignore_ascii_case("bearer") => {}
        Some(Value::String(kind)) if kind.eq_ignore_ascii_case("dpop") => {
            return Err("its token is bound by DPoP, which is not supported");
        }
        Some(_) => return Err("its token is of another type than bearer"),
    }
    let token = |name: &str| match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if is_token(text) => Ok(Some(SecretString::from(text.as_str()))),
        Some(_) => Err(()),
    };
    let access = token("access_token")
        .map_err(|()| "its access token has characters that are invalid in a header")?
        .ok_or("it has no access token")?;
    let refresh =
        token("refresh_token").map_err(|()| "its refresh token has invalid characters")?;
    Ok(Grant {
        access,
        refresh,
        scopes: json::text(object, "scope").map(words),
        lifetime: object.get("expires_in").and_then(lifetime),
    })
}

/// Visible ASCII (RFC 6750, section 2.1) that fits a header.
fn is_token(text: &str) -> bool {
    (1..=LONGEST_TOKEN).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Seconds, also as text or with a fraction; anything else is unknown.
pub(crate) fn lifetime(value: &Value) -> Option<Duration> {
    let seconds = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) if text.len() <= 32 => text.trim().parse().ok()?,
        _ => return None,
    };
    (seconds.is_finite() && seconds >= 1.0)
        .then(|| Duration::from_secs_f64(seconds.min(LONGEST_LIFETIME)))
}

/// Maximum bytes of a token answer.
const TOKEN_CAP: usize = 64 * 1024;
const LONGEST_TOKEN: usize = 16 * 1024;
/// Ten years, safe for time arithmetic.
const LONGEST_LIFETIME: f64 = 315_360_000.0;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn given(value: Value) -> Result<Grant, &'static str> {
        grant(value.as_object().unwrap())
    }

    #[test]
    fn a_lifetime_is_read_from_whatever_makes_sense() {
        for (value, seconds) in [
            (json!(3600), Some(3600)),
            (json!("3600"), Some(3600)),
            (json!(" 3600 "), Some(3600)),
            (json!(3600.9), Some(3600)),
            (json!(1e300), Some(315_360_000)),
            (json!(u64::MAX), Some(315_360_000)),
            (json!(-1), None),
            (json!(0), None),
            (json!("soon"), None),
            (json!("NaN"), None),
            (json!("inf"), None),
            (json!(null), None),
            (json!([3600]), None),
        ] {
            let found = lifetime(&value).map(|lifetime| lifetime.as_secs());
            assert_eq!(found, seconds, "{value}");
        }
    }

    #[test]
    fn a_token_is_what_a_header_can_carry() {
        for (value, fits) in [
            (json!({"access_token": "a", "token_type": "BEARER"}), true),
            (json!({"access_token": "a"}), true),
            (json!({"access_token": "a", "token_type": "mac"}), false),
            (json!({"access_token": "a", "token_type": "DPoP"}), false),
            (json!({"access_token": "a\r\nx-evil: 1"}), false),
            (json!({"access_token": "a b"}), false),
            (json!({"access_token": "é"}), false),
            (json!({"access_token": ""}), false),
            (json!({"access_token": 7}), false),
            (json!({"access_token": "a", "refresh_token": "b\n"}), false),
            (json!({"access_token": "a".repeat(20_000)}), false),
            (json!({"error": "slow_down"}), false),
            (json!({}), false),
        ] {
            assert_eq!(given(value.clone()).is_ok(), fits, "{value}");
        }
    }

    #[test]
    fn basic_encodes_what_would_end_the_id() {
        let value = basic("a:b c", &SecretString::from("fake/secret"));
        assert_eq!(
            value.as_str(),
            format!("Basic {}", STANDARD.encode("a%3Ab+c:fake%2Fsecret"))
        );
    }

    proptest! {
        #[test]
        fn any_answer_is_judged_without_a_panic(kind in ".{0,12}", token in ".{0,40}", seconds in any::<f64>()) {
            let answer = json!({"access_token": token, "token_type": kind, "expires_in": seconds});
            if let Ok(grant) = given(answer) {
                prop_assert!(grant.access.expose_secret().bytes().all(|byte| byte.is_ascii_graphic()));
            }
        }
    }
}
