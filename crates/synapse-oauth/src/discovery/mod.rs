//! Discovery from a server's URL to its authorization server: the challenge, resource metadata (RFC
//! 9728), authorization server metadata (RFC 8414, OpenID Connect Discovery).
//!
//! **Invariant:** endpoints are never guessed, and each requested URL is named in the failure.

mod resource;
mod server;

use synapse_core::{Code, Failure, NetworkPermit};
use synapse_http::{HttpResponse, TransportKind};
use url::Url;

pub use self::resource::Resource;
pub use self::server::ServerMetadata;
use crate::address::shown;
use crate::challenge::Requirements;
use crate::json;
use crate::wire::{OWN_ISSUER, Wire, no_answer};

pub(crate) use self::resource::protected_resource;
#[cfg(any(test, fuzzing))]
pub(crate) use self::resource::{at_same_origin, resource};
#[cfg(any(test, fuzzing))]
pub(crate) use self::server::metadata;
pub(crate) use self::server::{Secret, authorization_server, named_document};

/// A server's answer to a request without a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Probed {
    pub(crate) status: u16,
    pub(crate) demand: Requirements,
}

/// Sends an MCP client's first request without a token, and reads the challenge. If it succeeds,
/// requests the tools as well: some servers only then require a login.
///
/// # Errors
/// `oauth.no-challenge` if the server answers both, `transport.*`.
pub(crate) async fn probe(
    wire: &Wire,
    permit: &NetworkPermit,
    server: &Url,
) -> Result<Probed, Failure> {
    let (greeted, session) = ask(wire, permit, server, GREETING, None).await?;
    if is_challenged(&greeted) {
        return Ok(greeted);
    }
    let (listed, _) = ask(wire, permit, server, TOOLS, session.as_deref()).await?;
    match (200..300).contains(&greeted.status) {
        _ if is_challenged(&listed) => Ok(listed),
        true => Err(no_challenge(server, greeted.status)),
        // Neither era succeeded; the metadata may still help.
        false => Ok(greeted),
    }
}

fn is_challenged(probed: &Probed) -> bool {
    probed.demand.bearer || matches!(probed.status, 401 | 403)
}

/// Sends one request without a token; also returns the opened session.
async fn ask(
    wire: &Wire,
    permit: &NetworkPermit,
    server: &Url,
    message: &str,
    session: Option<&str>,
) -> Result<(Probed, Option<String>), Failure> {
    let answer = wire
        .message(permit, server.clone(), message, session)
        .await
        .map_err(|failure| {
            no_answer("the server could not be asked for its challenge", &failure)
        })?;
    let probed = Probed {
        status: answer.status,
        demand: Requirements::read(answer.headers.all("www-authenticate")),
    };
    let session = answer.headers.text("mcp-session-id");
    Ok((probed, session.map(ToOwned::to_owned)))
}

fn no_challenge(server: &Url, status: u16) -> Failure {
    let failure = Failure::new(
        Code::OauthNoChallenge,
        "the server answers without a login; none was begun",
    )
    .cause(format!(
        "it answered {status} to a greeting without a token, and did not require one to list its tools"
    ));
    let is_hugging_face = server.origin().ascii_serialization() == crate::HUGGING_FACE;
    let failure = if is_hugging_face && server.query().is_none() {
        let mut asking = server.clone();
        asking.set_query(Some("login"));
        failure.hint(format!(
            "Hugging Face asks for a login at {asking}: use that URL in the entry"
        ))
    } else {
        failure.hint("use it without a login, or with the URL that asks for one")
    };
    failure.with("http_status", status)
}

/// The requested URLs with their results.
#[derive(Debug, Default, Clone)]
pub(crate) struct Trail {
    steps: Vec<String>,
    /// A name led to a private address.
    inward: bool,
}

impl Trail {
    fn note(&mut self, url: &Url, outcome: impl AsRef<str>) {
        if self.steps.len() < MOST_STEPS {
            self.steps
                .push(format!("{}: {}", shown(url.as_str()), outcome.as_ref()));
        }
    }

    /// The failure that lists them.
    pub(crate) fn failure(&self, message: &str) -> Failure {
        let failure = Failure::new(Code::OauthDiscoveryFailed, message);
        let failure = self
            .steps
            .iter()
            .fold(failure, |failure, step| failure.cause(step.clone()));
        let failure = failure.hint("no client was registered and no login was begun");
        if self.inward {
            failure.hint(OWN_ISSUER)
        } else {
            failure
        }
    }
}

/// Requests one document. `None`, recorded in the trail, without JSON; redirects are not followed.
async fn document(
    wire: &Wire,
    permit: &NetworkPermit,
    url: &Url,
    trail: &mut Trail,
) -> Option<serde_json::Map<String, serde_json::Value>> {
    let answer = match wire.document(permit, url.clone()).await {
        Ok(answer) => answer,
        Err(failure) => {
            trail.note(url, failure.to_failure().message());
            trail.inward |= failure.kind() == TransportKind::PrivateAddress;
            return None;
        }
    };
    match read(&answer) {
        Ok(object) => {
            trail.note(url, answer.status.to_string());
            Some(object)
        }
        Err(why) => {
            trail.note(url, why);
            None
        }
    }
}

fn read(answer: &HttpResponse) -> Result<serde_json::Map<String, serde_json::Value>, String> {
    let status = answer.status;
    if (300..400).contains(&status) {
        return Err(format!("{status}, a redirect; it is not followed"));
    }
    if status != 200 {
        return Err(status.to_string());
    }
    let kind = answer.headers.text("content-type").unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let is_json = kind.eq_ignore_ascii_case("application/json")
        || (kind.len() > 5 && kind.to_ascii_lowercase().ends_with("+json"));
    if !is_json {
        return Err(match kind {
            "" => format!("{status}, of no type"),
            kind => format!("{status}, of the type {}", shown(kind)),
        });
    }
    json::object(&answer.body, DOCUMENT_CAP).map_err(|flaw| format!("{status}, but {flaw}"))
}

/// `url` with `prefix` inserted before its path, per RFC 8414 and RFC 9728.
fn with_inserted(url: &Url, prefix: &str) -> Url {
    let path = url.path().trim_end_matches('/').to_owned();
    let mut inserted = url.clone();
    inserted.set_path(&format!("{prefix}{path}"));
    inserted.set_query(None);
    inserted.set_fragment(None);
    inserted
}

/// The second request of a client.
const TOOLS: &str = r#"{"jsonrpc":"2.0","id":2,"method":"tools/list"}"#;
/// The first request of a client: servers of either era answer it with their challenge.
const GREETING: &str = concat!(
    r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","#,
    r#""capabilities":{},"clientInfo":{"name":"synapse","version":""#,
    env!("CARGO_PKG_VERSION"),
    r#""}}}"#
);

/// Maximum bytes of a metadata document.
const DOCUMENT_CAP: usize = 256 * 1024;
const MOST_STEPS: usize = 16;
