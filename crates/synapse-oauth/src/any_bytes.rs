//! Properties of OAuth parsers for arbitrary bytes, checked by the fuzz targets `oauth_documents`,
//! `oauth_challenges` and `oauth_callbacks`, and by tests on their seeds.

use secrecy::{ExposeSecret as _, SecretString};
use synapse_core::Failure;
use synapse_core::secure_url::is_loopback;
use url::{Url, form_urlencoded};

use crate::callback::{Answered, Expected, asked, pasted};
use crate::challenge::{Requirements, is_scope};
use crate::discovery::{ServerMetadata, Trail, at_same_origin, metadata, resource};
use crate::grant::grant;
use crate::json;
use crate::redirect::Redirect;

/// Reads `bytes` as resource metadata, authorization server metadata, and a token response.
///
/// # Panics
/// If an accepted endpoint could run something, is at a forbidden address or belongs to another
/// issuer, a resource belongs to another server, or a token is invalid in a header.
pub fn documents(bytes: &[u8]) {
    let Ok(object) = json::object(bytes, CAP) else {
        return;
    };
    for server in ["https://mcp.test/a/mcp?login", "http://127.0.0.1:4000/mcp"] {
        let Ok(server) = Url::parse(server) else {
            return;
        };
        match resource(&object, &server, &server) {
            Ok(found) => {
                let named = Url::parse(&found.identifier).ok();
                let origin = named.map(|url| url.origin());
                assert_eq!(origin, Some(server.origin()), "{}", found.identifier);
                assert!(found.scopes.iter().all(|scope| is_scope(scope)));
                assert!(found.issuers.len() <= 8);
            }
            Err(failure) => assert_shown(&failure),
        }
        match metadata(&object, &server, Some(ISSUER), &server, &Trail::default()) {
            Ok(found) => assert_endpoints(&found, &server),
            Err(failure) => assert_shown(&failure),
        }
    }
    if let Ok(grant) = grant(&object) {
        let tokens = [Some(&grant.access), grant.refresh.as_ref()];
        for token in tokens.into_iter().flatten() {
            let token = token.expose_secret();
            assert!(!token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()));
        }
        let scopes = grant.scopes.unwrap_or_default();
        assert!(scopes.iter().all(|scope| is_scope(scope)));
    }
}

/// Reads `bytes` as `WWW-Authenticate` headers, one per line.
///
/// # Panics
/// If a scope could escape a command line, or metadata of another origin is requested.
pub fn challenges(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let demand = Requirements::read(text.split('\n'));
    assert!(demand.scopes.iter().all(|scope| is_scope(scope)));
    assert!(demand.bearer || demand.scopes.is_empty());
    let (Some(named), Ok(server)) = (
        &demand.resource_metadata,
        Url::parse("https://mcp.test/a/mcp"),
    ) else {
        return;
    };
    match at_same_origin(named, &server) {
        Ok(url) => {
            assert_eq!(url.origin(), server.origin());
            assert!(url.username().is_empty() && url.password().is_none());
        }
        Err(failure) => assert_shown(&failure),
    }
}

/// Reads `bytes` as a callback request head, its query, and a pasted URL.
///
/// # Panics
/// If a code is accepted without exactly the right state, from another issuer, or at another
/// address.
pub fn callbacks(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let Ok(redirect) = Redirect::configured("http://localhost:7000/oauth/callback") else {
        return;
    };
    let query = asked(&text, &redirect);
    if query.is_some() {
        assert!(text.starts_with("GET /oauth/callback"), "{text:?}");
        let hosts = text.to_ascii_lowercase();
        assert!(hosts.contains("localhost:7000"), "{text:?}");
    }
    for iss_promised in [false, true] {
        let expected = Expected {
            state: SecretString::from(STATE),
            issuer: ISSUER.to_owned(),
            iss_promised,
        };
        for query in [query.unwrap_or_default(), &text] {
            judged(&expected, query);
        }
        match pasted(&SecretString::from(text.as_ref()), &redirect, &expected) {
            Ok(_) => {
                // A URL is read without controls around it and line ends in it, as browsers do.
                let lower = text.to_ascii_lowercase().replace(['\t', '\n', '\r'], "");
                let around = |each: char| each <= ' ' || each.is_whitespace();
                assert!(lower.trim_matches(around).starts_with("http:"), "{text:?}");
                assert!(lower.contains("localhost:7000"), "{text:?}");
            }
            Err(failure) => assert_shown(&failure),
        }
    }
}

/// Judges a query, and verifies the judgement by counting its required parameters.
fn judged(expected: &Expected, query: &str) {
    let all = |wanted: &str| -> Vec<String> {
        form_urlencoded::parse(query.as_bytes())
            .filter(|(name, _)| name == wanted)
            .map(|(_, value)| value.into_owned())
            .collect()
    };
    let is_ours = all("state") == [STATE];
    let issuers = all("iss");
    let is_of_issuer = issuers == [ISSUER] || (issuers.is_empty() && !expected.iss_promised);
    match expected.judge(query) {
        Answered::Code(code) => {
            assert!(is_ours && is_of_issuer, "{query:?}");
            assert_eq!(all("code"), [code.expose_secret()], "{query:?}");
            assert!(all("error").is_empty(), "{query:?}");
        }
        Answered::Refused(failure) => {
            assert_shown(&failure);
            if !is_of_issuer {
                let code = failure.code();
                assert_eq!(code, synapse_core::Code::OauthIssuerMismatch, "{query:?}");
            }
        }
        Answered::NotOurs => {}
    }
}

fn assert_endpoints(found: &ServerMetadata, server: &Url) {
    assert_eq!(found.issuer, ISSUER);
    let endpoints = [
        Some(&found.token_endpoint),
        found.authorization_endpoint.as_ref(),
        found.registration_endpoint.as_ref(),
        found.device_endpoint.as_ref(),
    ];
    for url in endpoints.into_iter().flatten() {
        let is_secure = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url));
        assert!(is_secure, "{url}");
        assert!(is_loopback(server) || !is_loopback(url), "{url}");
        assert!(
            url.username().is_empty() && url.password().is_none(),
            "{url}"
        );
        assert!(
            !url.as_str()
                .contains(['`', '$', ';', '|', '\'', '"', ' ', '^']),
            "{url}"
        );
    }
}

fn assert_shown(failure: &Failure) {
    let causes = failure.causes().into_iter().chain([failure.message()]);
    for text in causes.chain(failure.context().values().map(String::as_str)) {
        assert!(!text.contains(char::is_control), "{text:?}");
        assert!(text.chars().count() < 2000, "{text}");
    }
}

const CAP: usize = 64 * 1024;
const ISSUER: &str = "https://as.test";
const STATE: &str = "right";

#[cfg(test)]
mod tests {
    use synapse_testkit::any_bytes::hold;

    use super::*;

    #[test]
    fn any_document_is_taken_for_what_it_may_say_alone() {
        hold("oauth_documents", documents);
    }

    #[test]
    fn any_challenge_is_read() {
        hold("oauth_challenges", challenges);
    }

    #[test]
    fn any_callback_is_ours_by_its_state_and_issuer() {
        hold("oauth_callbacks", callbacks);
    }
}
