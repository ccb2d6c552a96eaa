//! OAuth for upstream MCP servers: discovery, registration, login, refresh.
//!
//! **Invariant:** serving never opens a browser, registers a client or asks the user; each request
//! is one `HttpClient::send` under a permit for one origin. Nothing is logged.

mod address;
#[cfg(any(test, fuzzing))]
pub mod any_bytes;
mod authorize;
mod callback;
mod challenge;
mod device;
mod discovery;
mod examine;
mod grant;
mod json;
mod login;
mod logout;
mod redirect;
mod registration;
mod secret_text;
mod settings;
mod tokens;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use synapse_core::ports::{Clock, OAuthRecorder, TokenStore};
use synapse_core::redact::KnownSecrets;
use synapse_http::{HttpClient, HttpConfig};
use url::Url;

pub use self::challenge::Requirements;
pub use self::discovery::{Resource, ServerMetadata};
pub use self::examine::{LoginCheck, LoginCheckId, LoginCheckOutcome};
pub use self::login::{
    Decision, Dialogue, LoggedIn, LoginProgress, LoginRequest, Proposal, UrlCheck, Way,
};
pub use self::logout::{LoggedOut, Registrations};
pub use self::settings::{LoginSettings, Registering};
pub use self::tokens::Tokens;
use crate::settings::IssuerOf;
use crate::wire::Wire;

/// The origin of the servers that support `HF_CLIENT_ID` and related variables.
pub const HUGGING_FACE: &str = "https://huggingface.co";

/// The engine: its own HTTP client, a store, a clock. Cheap to clone.
#[derive(Debug, Clone)]
pub struct OAuth {
    http: HttpClient,
    store: Arc<dyn TokenStore>,
    clock: Arc<dyn Clock>,
    recorder: Arc<dyn OAuthRecorder>,
    seen: KnownSecrets,
    times: Times,
}

impl OAuth {
    /// An engine with this connection configuration and its own limit on answers.
    #[must_use]
    pub fn new(
        config: HttpConfig,
        store: Arc<dyn TokenStore>,
        clock: Arc<dyn Clock>,
        recorder: Arc<dyn OAuthRecorder>,
    ) -> Self {
        let http = HttpClient::new(HttpConfig {
            body_cap: BODY_CAP,
            ..config
        });
        Self {
            http,
            store,
            clock,
            recorder,
            seen: KnownSecrets::new(),
            times: Times::default(),
        }
    }

    /// Registers every token and code with `seen`, which keeps them out of all output.
    #[must_use]
    pub fn remembering(self, seen: KnownSecrets) -> Self {
        Self { seen, ..self }
    }

    /// Replaces the default times.
    #[must_use]
    pub fn within(self, times: Times) -> Self {
        Self { times, ..self }
    }

    /// The store of its records.
    #[must_use]
    pub fn store(&self) -> &dyn TokenStore {
        self.store.as_ref()
    }

    /// The requests of one operation for `server`. An issuer that the entry names is the user's
    /// choice, wherever it leads; any other is the server's.
    fn wire(&self, server: &Url, issuer: IssuerOf) -> Wire {
        let wire = Wire::new(self.http.clone(), self.times.fetch);
        match issuer {
            IssuerOf::Entry => wire,
            IssuerOf::Server => wire.named_by(server),
        }
    }

    fn remember(&self, secret: &SecretString) {
        // Code that shows text requests the redactor again.
        drop(self.seen.remember(secret));
    }
}

/// Timeouts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// One request.
    pub fetch: Duration,
    /// All requests of discovery.
    pub discovery: Duration,
    /// A whole login, including the user.
    pub login: Duration,
    /// Default polling interval of the device grant (RFC 8628, section 3.5), and the increment of
    /// `slow_down`.
    pub device_interval: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            fetch: Duration::from_secs(10),
            discovery: Duration::from_secs(30),
            login: Duration::from_secs(300),
            device_interval: Duration::from_secs(5),
        }
    }
}

/// Maximum bytes of any answer.
const BODY_CAP: usize = 256 * 1024;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
