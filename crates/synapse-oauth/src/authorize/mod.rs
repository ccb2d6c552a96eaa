//! The authorization request (OAuth 2.1, section 4.1.1): its URL, and one check of it before a
//! browser opens.

mod rules;

use secrecy::{ExposeSecret as _, SecretString};
use synapse_core::{Code, Failure, NetworkPermit};
use url::Url;

pub(crate) use self::rules::Judged;
use crate::redirect::Redirect;
use crate::secret_text::{challenge, random};
use crate::wire::Wire;

/// One attempt: fresh, single use.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) state: SecretString,
    pub(crate) verifier: SecretString,
    /// The URL for the browser. Contains the state, and is shown to its owner only.
    pub(crate) url: Url,
}

/// Creates the URL of an attempt at `endpoint`.
///
/// # Errors
/// `internal.invariant` if the system provides no randomness.
pub(crate) fn begin(
    endpoint: &Url,
    client: &str,
    redirect: &Redirect,
    scopes: &[String],
    resource: Option<&str>,
) -> Result<Attempt, Failure> {
    let (state, verifier) = (random()?, random()?);
    let mut url = endpoint.clone();
    {
        let mut query = url.query_pairs_mut();
        query
            .append_pair("response_type", "code")
            .append_pair("client_id", client)
            .append_pair("redirect_uri", &redirect.uri)
            .append_pair("state", state.expose_secret())
            .append_pair("code_challenge", &challenge(&verifier))
            .append_pair("code_challenge_method", "S256");
        if !scopes.is_empty() {
            query.append_pair("scope", &scopes.join(" "));
        }
        if let Some(resource) = resource {
            query.append_pair("resource", resource);
        }
    }
    Ok(Attempt {
        state,
        verifier,
        url,
    })
}

/// Sends one GET of the URL, without cookies, and interprets the response: an error that would only
/// appear in the browser becomes a failure. A code in the response is discarded unread.
pub(crate) async fn look(
    wire: &Wire,
    permit: &NetworkPermit,
    attempt: &Attempt,
    redirect: &Redirect,
    client: &str,
) -> Judged {
    match wire.page(permit, attempt.url.clone()).await {
        Ok(answer) => rules::judge(&answer, redirect, client),
        Err(failure) => Judged::Unknown(failure.to_failure().message().to_owned()),
    }
}

/// The failure of an unregistered redirect URI.
pub(crate) fn redirect_mismatch(redirect: &Redirect, told: &str) -> Failure {
    Failure::new(
        Code::OauthRedirectMismatch,
        "the redirect URI is not registered for this client",
    )
    .cause(format!("the authorization server says: {told}"))
    .cause("no browser was opened")
    .hint(format!(
        "register exactly this URI with the provider: {}",
        redirect.uri
    ))
    .hint(
        "at Hugging Face: https://huggingface.co/settings/connected-applications, your app, \
         Redirect URLs; the host and the path have to match, a loopback port may differ",
    )
    .with("redirect_uri", &redirect.uri)
}
