//! What a login tells its user.

use std::time::Duration;

use synapse_core::upstream::{OAuthClient, RegistrationKind, UpstreamName};
use synapse_core::{Code, Failure, Remedy};
use url::Url;

use super::Login;
use crate::HUGGING_FACE;

/// How a login goes. Shown to its owner alone: addresses hold its state.
#[derive(Debug)]
#[non_exhaustive]
pub enum News<'a> {
    /// The client in use.
    Client {
        /// How it came to be known.
        kind: RegistrationKind,
        /// Its id.
        id: &'a str,
    },
    /// The authorization URL could not be judged before a browser opens.
    Unjudged {
        /// Why.
        why: &'a str,
    },
    /// A code came without a login; it was dropped.
    CodeDropped,
    /// The address to log in at.
    Visit {
        /// The address.
        address: &'a Url,
        /// Where the answer is waited for.
        redirect: &'a str,
    },
    /// No browser could be opened; the login goes on.
    NoBrowser {
        /// Why.
        failure: &'a Failure,
    },
    /// The code to type on another device.
    Device {
        /// The code.
        code: &'a str,
        /// Where.
        address: &'a Url,
        /// The same with the code in it.
        complete: Option<&'a Url>,
        /// How long the code lives.
        lifetime: Duration,
    },
    /// A scope was not granted that the server's tools need.
    MissingScope {
        /// The scope.
        scope: &'a str,
    },
}

impl Login<'_, '_> {
    pub(super) fn tell_client(&self, client: &OAuthClient) {
        self.dialogue.tell(&News::Client {
            kind: client.kind,
            id: &client.id,
        });
    }

    /// Hugging Face refuses every call of a token without this very scope.
    pub(super) fn warn_of_scopes(&self, record: &synapse_core::upstream::TokenRecord) {
        let is_hugging_face = self.request.url.origin().ascii_serialization() == HUGGING_FACE;
        let has = record.scopes.iter().any(|scope| scope == READ_MCP);
        if is_hugging_face && !has {
            self.dialogue.tell(&News::MissingScope { scope: READ_MCP });
        }
    }
}

/// The failure of a login that nobody completed.
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
