//! Interprets the response of the authorization URL before login: by header, JSON, redirect
//! parameters, and last by the words of an error page.

use serde_json::{Map, Value};
use synapse_core::{Code, Failure};
use synapse_http::HttpResponse;
use url::{Url, form_urlencoded};

use super::redirect_mismatch;
use crate::address::shown;
use crate::json;
use crate::redirect::Redirect;

/// The result of the check.
#[derive(Debug)]
pub(crate) enum Judged {
    /// A login page, or a redirect to one.
    Fine,
    /// A code was issued without a login, and was discarded.
    Dropped,
    /// Inconclusive, with the reason.
    Unknown(String),
    /// The login cannot succeed.
    Refused(Box<Failure>),
}

pub(super) fn judge(answer: &HttpResponse, redirect: &Redirect, client: &str) -> Judged {
    let status = answer.status;
    let refused =
        |fault, told: &str| Judged::Refused(Box::new(failure(fault, redirect, client, told)));
    if (300..400).contains(&status) {
        let location = answer.headers.text("location").unwrap_or_default();
        return match back(location, redirect) {
            Some(Back::Error(error, told)) => match named(&error, &told) {
                Some(fault) => refused(fault, &shown(&format!("{error} {told}"))),
                // Not logged in: the browser will handle it.
                None => Judged::Fine,
            },
            Some(Back::Code) => Judged::Dropped,
            // A redirect to its own error page.
            None => match elsewhere(location) {
                Some((fault, told)) => refused(fault, &shown(&told)),
                None => Judged::Fine,
            },
        };
    }
    // Hugging Face repeats its page's message in a header.
    if let Some(told) = answer.headers.text("x-error-message")
        && status >= 400
    {
        return match in_words(told) {
            Some(fault) => refused(fault, &shown(told)),
            None => Judged::Unknown(format!("it answered {status}: {}", shown(told))),
        };
    }
    if status < 400 {
        // Some servers report a JSON error with 200.
        return match json::object(&answer.body, PAGE_CAP)
            .ok()
            .and_then(|object| in_json(&object))
        {
            Some((fault, told)) => refused(fault, &shown(&told)),
            None => Judged::Fine,
        };
    }
    if status >= 500 {
        return Judged::Unknown(format!("it answered {status}"));
    }
    if let Ok(object) = json::object(&answer.body, PAGE_CAP) {
        if let Some((fault, told)) = in_json(&object) {
            return refused(fault, &shown(&told));
        }
        let error = json::text(&object, "error").unwrap_or_default();
        return Judged::Unknown(format!("it answered {status} {}", shown(error)));
    }
    let page = answer.body.get(..answer.body.len().min(PAGE_CAP));
    let page = String::from_utf8_lossy(page.unwrap_or_default());
    match in_words(&page) {
        Some(fault) => refused(
            fault,
            &format!("{status}, a page that names {}", fault.word()),
        ),
        None => Judged::Unknown(format!("it answered {status}")),
    }
}

/// The fault and the text of a JSON error.
fn in_json(object: &Map<String, Value>) -> Option<(Fault, String)> {
    let error = json::text(object, "error")?;
    let told = json::text(object, "error_description").unwrap_or_default();
    Some((named(error, told)?, format!("{error} {told}")))
}

/// The fault that the query of a redirect to another page names.
fn elsewhere(location: &str) -> Option<(Fault, String)> {
    let (_, query) = location.split_once('?')?;
    let query = query.split('#').next().unwrap_or_default();
    let text = |name: &str| {
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        pairs
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.into_owned())
    };
    let error = text("error")?;
    let told = text("error_description").unwrap_or_default();
    Some((named(&error, &told)?, format!("{error} {told}")))
}

/// The defect of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Redirect,
    Client,
    Scope,
}

impl Fault {
    const fn word(self) -> &'static str {
        match self {
            Self::Redirect => "the redirect URI",
            Self::Client => "the client",
            Self::Scope => "a scope",
        }
    }
}

/// By codes of RFC 6749 and OpenID Connect.
fn named(error: &str, told: &str) -> Option<Fault> {
    match error {
        "invalid_redirect_uri" | "redirect_uri_mismatch" => Some(Fault::Redirect),
        "invalid_client" | "unauthorized_client" => Some(Fault::Client),
        "invalid_scope" => Some(Fault::Scope),
        "invalid_request" => in_words(told).filter(|fault| *fault == Fault::Redirect),
        _ => None,
    }
}

/// By the words of a message; the redirect URI first, because its message names the client too.
fn in_words(text: &str) -> Option<Fault> {
    let text = text.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if has(&[
        "redirect_uri",
        "redirect uri",
        "redirect url",
        "callback url",
    ]) {
        return Some(Fault::Redirect);
    }
    if has(&[
        "invalid_client",
        "unauthorized_client",
        "invalid client",
        "client_id",
        "client not found",
        "unknown client",
    ]) {
        return Some(Fault::Client);
    }
    has(&["invalid_scope", "invalid scope"]).then_some(Fault::Scope)
}

fn failure(fault: Fault, redirect: &Redirect, client: &str, told: &str) -> Failure {
    let opened = "no browser was opened";
    match fault {
        Fault::Redirect => redirect_mismatch(redirect, told),
        Fault::Client => Failure::new(
            Code::OauthClientUnknown,
            "the authorization server does not know the client",
        )
        .cause(format!("the client id is {}", shown(client)))
        .cause(format!("the authorization server says: {told}"))
        .cause(opened)
        .hint("correct the client id; a registered one is forgotten with `hub logout --forget-client`"),
        Fault::Scope => Failure::new(
            Code::OauthScopeRefused,
            "the authorization server refused the scopes",
        )
        .cause(format!("the authorization server says: {told}"))
        .cause(opened)
        .hint("ask for other scopes with `--oauth-scope`, or allow them in the provider's app"),
    }
}

/// The parameters of a redirect back to us.
enum Back {
    Error(String, String),
    Code,
}

fn back(location: &str, redirect: &Redirect) -> Option<Back> {
    let url = Url::parse(location).ok()?;
    if !redirect.is(&url) {
        return None;
    }
    let text = |name: &str| {
        let mut pairs = url.query_pairs();
        pairs
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.into_owned())
    };
    match text("error") {
        Some(error) => Some(Back::Error(
            error,
            text("error_description").unwrap_or_default(),
        )),
        None => text("code").map(|_| Back::Code),
    }
}

const PAGE_CAP: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_known_servers_are_understood() {
        for (text, fault) in [
            (
                "Invalid redirect_uri, must be one of the registered redirect_uris for this client_id",
                Some(Fault::Redirect),
            ),
            (
                "redirect_uri did not match any of the client's registered redirect_uris",
                Some(Fault::Redirect),
            ),
            (
                "<p>The Redirect URI is not associated</p>",
                Some(Fault::Redirect),
            ),
            ("invalid_client: client is invalid", Some(Fault::Client)),
            ("Invalid client_id", Some(Fault::Client)),
            (
                "requested scope is not allowed: invalid_scope",
                Some(Fault::Scope),
            ),
            ("Checking your browser", None),
        ] {
            assert_eq!(in_words(text), fault, "{text}");
        }
        assert_eq!(named("login_required", ""), None);
        assert_eq!(named("invalid_request", "missing nonce"), None);
    }
}
