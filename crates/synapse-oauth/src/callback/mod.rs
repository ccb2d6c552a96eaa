//! The authorization response (OAuth 2.1, section 4.1.2; RFC 9207): identified by its state, from
//! the expected issuer, with a code or an error.

mod listener;

use secrecy::{ExposeSecret as _, SecretString};
use synapse_core::{Code, Failure};
use url::{Url, form_urlencoded};

pub(crate) use self::listener::Listener;
#[cfg(any(test, fuzzing))]
pub(crate) use self::listener::asked;
use crate::address::shown;
use crate::redirect::Redirect;
use crate::secret_text::is_same;

/// Expectations for a response.
#[derive(Debug)]
pub(crate) struct Expected {
    pub(crate) state: SecretString,
    pub(crate) issuer: String,
    /// Whether the server announced `iss` in every response.
    pub(crate) iss_promised: bool,
}

/// The kind of response.
#[derive(Debug)]
pub(crate) enum Answered {
    /// The code.
    Code(SecretString),
    /// The login failed.
    Refused(Box<Failure>),
    /// Not for this login: its state is missing, wrong or duplicate.
    NotOurs,
}

impl Expected {
    /// Judges the query of a callback: state, then issuer, then error, then code. Text from another
    /// server is neither shown nor acted on.
    pub(crate) fn judge(&self, query: &str) -> Answered {
        let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes())
            .take(MOST_PARAMETERS)
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        let all = |name: &str| -> Vec<&str> {
            let named = pairs.iter().filter(|(known, _)| known == name);
            named.map(|(_, value)| value.as_str()).collect()
        };
        match all("state").as_slice() {
            [state] if is_same(&self.state, state) => {}
            _ => return Answered::NotOurs,
        }
        match all("iss").as_slice() {
            [] if !self.iss_promised => {}
            [iss] if *iss == self.issuer => {}
            [] => {
                return self.other_issuer("it names no issuer, although the metadata promises one");
            }
            _ => return self.other_issuer("it names another issuer"),
        }
        match (all("error").as_slice(), all("code").as_slice()) {
            ([], [code]) if !code.is_empty() => Answered::Code(SecretString::from(*code)),
            ([error, ..], _) => {
                let description = all("error_description");
                Answered::Refused(Box::new(refused(error, description.first().copied())))
            }
            _ => Answered::Refused(Box::new(
                Failure::new(Code::OauthDenied, "the login ended without a code")
                    .cause("the answer has neither one code nor an error"),
            )),
        }
    }

    fn other_issuer(&self, why: &str) -> Answered {
        Answered::Refused(Box::new(
            Failure::new(
                Code::OauthIssuerMismatch,
                "the answer is not from the expected authorization server",
            )
            .cause(why)
            .cause(format!(
                "{} was expected; no code was used",
                shown(&self.issuer)
            ))
            .hint("do not log in; check the URL of the entry and ask the server's operator"),
        ))
    }
}

fn refused(error: &str, description: Option<&str>) -> Failure {
    let (code, message) = match error {
        "access_denied" => (Code::OauthDenied, "the login was declined"),
        "invalid_scope" => (
            Code::OauthScopeRefused,
            "the authorization server refused the scopes",
        ),
        "unauthorized_client" | "invalid_client" => (
            Code::OauthClientUnknown,
            "the authorization server refused the client",
        ),
        _ => (
            Code::OauthDenied,
            "the authorization server ended the login",
        ),
    };
    let failure = Failure::new(code, message).cause(format!("it answered `{}`", shown(error)));
    match description {
        Some(description) => failure.cause(shown(description)),
        None => failure,
    }
}

/// Judges a pasted callback URL.
///
/// # Errors
/// `oauth.state-mismatch` if it is not for this login, and as [`Expected::judge`].
pub(crate) fn pasted(
    text: &SecretString,
    redirect: &Redirect,
    expected: &Expected,
) -> Result<SecretString, Failure> {
    let not_ours = |why: &str| {
        Failure::new(
            Code::OauthStateMismatch,
            "that is not the answer to this login",
        )
        .cause(why)
        .hint("paste the whole address that the browser shows after the login, then begin again")
    };
    let text = text.expose_secret().trim();
    if text.len() > LONGEST_PASTE {
        return Err(not_ours("it is too long"));
    }
    let url = Url::parse(text).map_err(|_| not_ours("it is not a URL"))?;
    if !redirect.is(&url) {
        return Err(not_ours(
            "it does not begin with the redirect URI of this login",
        ));
    }
    match expected.judge(url.query().unwrap_or_default()) {
        Answered::Code(code) => Ok(code),
        Answered::Refused(failure) => Err(*failure),
        Answered::NotOurs => Err(not_ours(
            "its `state` is missing, wrong or of an earlier login",
        )),
    }
}

const MOST_PARAMETERS: usize = 64;
const LONGEST_PASTE: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn expected(iss_promised: bool) -> Expected {
        Expected {
            state: SecretString::from("right"),
            issuer: "https://as.test".to_owned(),
            iss_promised,
        }
    }

    fn code_of(query: &str, promised: bool) -> Result<String, Option<Code>> {
        match expected(promised).judge(query) {
            Answered::Code(code) => Ok(code.expose_secret().to_owned()),
            Answered::Refused(failure) => Err(Some(failure.code())),
            Answered::NotOurs => Err(None),
        }
    }

    #[test]
    fn an_answer_is_ours_by_one_right_state() {
        assert_eq!(code_of("code=c&state=right", false), Ok("c".to_owned()));
        for query in [
            "code=c",
            "code=c&state=wrong",
            "code=c&state=",
            "code=c&state=right&state=right",
            "",
        ] {
            assert_eq!(code_of(query, false), Err(None), "{query}");
        }
    }

    #[test]
    fn the_issuer_is_compared_byte_for_byte_also_on_errors() {
        let mismatch = Err(Some(Code::OauthIssuerMismatch));
        for (query, promised, outcome) in [
            ("iss=https%3A%2F%2Fas.test&code=c", true, Ok("c".to_owned())),
            (
                "iss=https%3A%2F%2Fas.test&code=c",
                false,
                Ok("c".to_owned()),
            ),
            ("code=c", true, mismatch.clone()),
            (
                "iss=https%3A%2F%2Fas.test%2F&code=c",
                true,
                mismatch.clone(),
            ),
            ("iss=https%3A%2F%2FAS.test&code=c", false, mismatch.clone()),
            (
                "iss=https%3A%2F%2Fevil.test&code=c",
                false,
                mismatch.clone(),
            ),
            (
                "iss=https%3A%2F%2Fas.test&iss=https%3A%2F%2Fevil.test&code=c",
                true,
                mismatch.clone(),
            ),
            (
                "iss=https%3A%2F%2Fevil.test&error=access_denied",
                false,
                mismatch.clone(),
            ),
            ("error=access_denied", true, mismatch),
            ("error=access_denied", false, Err(Some(Code::OauthDenied))),
            (
                "error=invalid_scope",
                false,
                Err(Some(Code::OauthScopeRefused)),
            ),
            (
                "error=unauthorized_client&code=c",
                false,
                Err(Some(Code::OauthClientUnknown)),
            ),
            ("code=c&code=d", false, Err(Some(Code::OauthDenied))),
            ("code=", false, Err(Some(Code::OauthDenied))),
        ] {
            assert_eq!(
                code_of(&format!("state=right&{query}"), promised),
                outcome,
                "{query}"
            );
        }
    }

    #[test]
    fn text_of_another_issuer_is_not_shown() {
        let query = "state=right&iss=x&error=access_denied&error_description=evil";
        let Answered::Refused(failure) = expected(false).judge(query) else {
            panic!("an answer of another issuer was taken");
        };
        assert!(!format!("{failure:?}").contains("evil"), "{failure:?}");
    }

    #[test]
    fn a_pasted_address_has_to_be_the_redirect_of_this_login() {
        let redirect = Redirect::configured("http://localhost:7000/cb").unwrap();
        let paste = |text: &str| {
            pasted(&SecretString::from(text), &redirect, &expected(false))
                .map_err(|failure| failure.code())
        };
        assert!(paste(" http://localhost:7000/cb?code=c&state=right\n").is_ok());
        for text in [
            "http://localhost:7000/cb?code=c&state=wrong",
            "http://127.0.0.1:7000/cb?code=c&state=right",
            "http://localhost:7000/other?code=c&state=right",
            "code=c&state=right",
            "",
        ] {
            assert_eq!(paste(text).unwrap_err(), Code::OauthStateMismatch, "{text}");
        }
    }
}
