//! Progress messages of a login.

use std::time::Duration;

use synapse_core::upstream::{OAuthClient, RegistrationKind, UpstreamName};
use synapse_core::{Code, Failure, Remedy};
use url::Url;

use super::Login;
use crate::HUGGING_FACE;

/// Progress of a login. Shown to its owner only: URLs contain the state.
#[derive(Debug)]
#[non_exhaustive]
pub enum LoginProgress<'a> {
    /// The client in use.
    Client {
        /// Its origin.
        kind: RegistrationKind,
        /// Its id.
        id: &'a str,
    },
    /// The check of the authorization URL was inconclusive.
    Unjudged {
        /// The reason.
        why: &'a str,
    },
    /// A code was issued without a login, and was discarded.
    CodeDropped,
    /// The URL to log in at.
    Visit {
        /// The URL.
        address: &'a Url,
        /// The address of the callback.
        redirect: &'a str,
    },
    /// No browser could be opened; the login continues.
    NoBrowser {
        /// The reason.
        failure: &'a Failure,
    },
    /// The code to type on another device.
    Device {
        /// The code.
        code: &'a str,
        /// The verification URL.
        address: &'a Url,
        /// The same with the code.
        complete: Option<&'a Url>,
        /// Lifetime of the code.
        lifetime: Duration,
    },
    /// A scope needed by the server's tools was not granted.
    MissingScope {
        /// The scope.
        scope: &'a str,
    },
}

impl Login<'_, '_> {
    pub(super) fn tell_client(&self, client: &OAuthClient) {
        self.dialogue.tell(&LoginProgress::Client {
            kind: client.kind,
            id: &client.id,
        });
    }

    /// Hugging Face rejects every call without exactly this scope.
    pub(super) fn warn_of_scopes(&self, record: &synapse_core::upstream::TokenRecord) {
        let is_hugging_face = self.request.url.origin().ascii_serialization() == HUGGING_FACE;
        let has = record.scopes.iter().any(|scope| scope == READ_MCP);
        if is_hugging_face && !has {
            self.dialogue
                .tell(&LoginProgress::MissingScope { scope: READ_MCP });
        }
    }
}

/// The failure of an uncompleted login.
pub(super) fn timed_out(server: &UpstreamName, limit: Duration, foreign: u32) -> Failure {
    let failure = Failure::new(
        Code::OauthLoginTimeout,
        format!(
            "the login was not completed within {} s",
            limit.as_secs_f64()
        ),
    );
    let failure = match foreign {
        0 => failure,
        _ => failure.cause(format!(
            "{foreign} answers came with a state that is not of this login"
        )),
    };
    failure
        .remedy(
            "begin again",
            &Remedy::LogIn {
                server: server.clone(),
                scopes: Vec::new(),
            },
        )
        .hint("`--timeout` gives more time; `--paste` and `--device` need no callback")
}

/// The scope of Hugging Face's MCP server.
pub(crate) const READ_MCP: &str = "read-mcp";
