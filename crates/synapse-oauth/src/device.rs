//! The device grant (RFC 8628): a code to enter elsewhere, and polling at the server's pace.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use synapse_core::upstream::{OAuthClient, UpstreamName};
use synapse_core::{Code, Failure, NetworkPermit, Remedy};
use tokio::time::{Instant, sleep_until};
use url::Url;

use crate::Times;
use crate::address::{named_by, shown};
use crate::discovery::ServerMetadata;
use crate::grant::{Grant, NoGrant, Refusal, ask, lifetime};
use crate::json;
use crate::wire::{Wire, no_answer};

/// The grant type.
pub(crate) const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A login awaiting confirmation on another device.
#[derive(Debug)]
pub(crate) struct Pending {
    code: SecretString,
    /// The code for the user.
    pub(crate) user_code: String,
    /// The verification URL.
    pub(crate) uri: Url,
    /// The same with the code.
    pub(crate) complete: Option<Url>,
    /// Lifetime of the code.
    pub(crate) lifetime: Duration,
    interval: Duration,
    since: Instant,
}

/// Requests a code. Sends one request.
///
/// # Errors
/// `oauth.discovery-failed` if the server has no such endpoint, `oauth.client-unknown`,
/// `oauth.scope-refused`, `oauth.denied`, `oauth.token-invalid`, `transport.*`.
pub(crate) async fn begin(
    wire: &Wire,
    permit: &NetworkPermit,
    endpoint: &Url,
    client: &OAuthClient,
    form: &[(&str, &str)],
    mcp_server: &Url,
    times: &Times,
) -> Result<Pending, Failure> {
    let mut form = form.to_vec();
    form.push(("client_id", &client.id));
    let answer = wire
        .form(permit, endpoint.clone(), &form, None)
        .await
        .map_err(|failure| no_answer("the device endpoint gave no answer", &failure))?;
    let status = answer.status;
    let invalid = |why: String| {
        Failure::new(
            Code::OauthTokenInvalid,
            "the device endpoint gave no usable code",
        )
        .cause(why)
        .with("http_status", status)
    };
    let object = json::object(&answer.body, ANSWER_CAP)
        .map_err(|flaw| invalid(format!("it answered {status}, but {flaw}")))?;
    if status != 200 || (object.contains_key("error") && !object.contains_key("device_code")) {
        return Err(match json::text(&object, "error") {
            Some(error) => refused(&Refusal {
                status,
                error: shown(error),
                description: json::text(&object, "error_description").map(shown),
            }),
            None => invalid(format!("it answered {status}")),
        });
    }
    let text = |name: &str| json::text(&object, name);
    let code = text("device_code")
        .filter(|code| is_line(code, 4096))
        .ok_or_else(|| invalid("its answer has no device code".to_owned()))?;
    let user_code = text("user_code")
        .filter(|code| is_line(code, 64))
        .ok_or_else(|| invalid("its answer has no user code".to_owned()))?;
    let uri = text("verification_uri")
        .or_else(|| text("verification_url"))
        .ok_or_else(|| invalid("its answer has no address".to_owned()))?;
    let uri = named_by(uri, mcp_server)
        .map_err(|why| invalid(format!("its address {} is refused: {why}", shown(uri))))?;
    let seconds = |name: &str| {
        let value = object.get(name).and_then(lifetime)?;
        Some(value.min(LONGEST))
    };
    Ok(Pending {
        code: SecretString::from(code),
        user_code: user_code.to_owned(),
        uri,
        complete: text("verification_uri_complete").and_then(|uri| named_by(uri, mcp_server).ok()),
        lifetime: seconds("expires_in").unwrap_or(DEFAULT_LIFETIME),
        interval: seconds("interval").unwrap_or(times.device_interval),
        since: Instant::now(),
    })
}

/// Polls the token endpoint until it decides: one request per interval, which `slow_down` extends.
/// A lost answer is retried at the next interval.
///
/// # Errors
/// `oauth.device-expired`, `oauth.denied`, `oauth.token-invalid`.
pub(crate) async fn wait(
    wire: &Wire,
    permit: &NetworkPermit,
    server: &ServerMetadata,
    client: &OAuthClient,
    resource: Option<&str>,
    pending: Pending,
    (times, name): (&Times, &UpstreamName),
) -> Result<Grant, Failure> {
    let expired = || {
        Failure::new(
            Code::OauthDeviceExpired,
            "the device code expired before it was confirmed",
        )
        .remedy(
            "begin again",
            &Remedy::LogInByDevice {
                server: name.clone(),
            },
        )
    };
    let end = pending.since + pending.lifetime;
    let mut interval = pending.interval;
    let mut next = Instant::now() + interval;
    let mut last_failure: Option<Box<Failure>> = None;
    loop {
        if next >= end {
            sleep_until(end).await;
            let causes = last_failure.map(|failure| failure.message().to_owned());
            return Err(causes.into_iter().fold(expired(), Failure::cause));
        }
        sleep_until(next).await;
        let mut form = vec![
            ("grant_type", GRANT),
            ("device_code", pending.code.expose_secret()),
        ];
        if let Some(resource) = resource {
            form.push(("resource", resource));
        }
        match ask(wire, permit, &server.token_endpoint, client, &form).await {
            Ok(grant) => return Ok(grant),
            Err(NoGrant::Refused(refusal)) => match refusal.error.as_str() {
                "authorization_pending" => {}
                "slow_down" => interval += times.device_interval,
                "expired_token" => return Err(expired()),
                _ => return Err(refused(&refusal)),
            },
            // A definite but invalid answer: polling again would not help.
            Err(NoGrant::Failed(failure)) if failure.code() == Code::OauthTokenInvalid => {
                return Err(*failure);
            }
            Err(NoGrant::Failed(failure)) => last_failure = Some(failure),
        }
        next = Instant::now() + interval;
    }
}

/// The login failure for a refusal of the device or token endpoint.
pub(crate) fn refused(refusal: &Refusal) -> Failure {
    let (code, message) = match refusal.error.as_str() {
        "invalid_client" | "unauthorized_client" => (
            Code::OauthClientUnknown,
            "the authorization server refused the client",
        ),
        "invalid_scope" => (
            Code::OauthScopeRefused,
            "the authorization server refused the scopes",
        ),
        "access_denied" => (Code::OauthDenied, "the login was declined"),
        _ => (Code::OauthDenied, "the authorization server gave no token"),
    };
    Failure::new(code, message)
        .cause(refusal.cause())
        .with("http_status", refusal.status)
}

/// Device clients must be public (RFC 8628, section 3.1).
///
/// # Errors
/// `oauth.client-required`.
pub(crate) fn demand_public(client: &OAuthClient, name: &UpstreamName) -> Result<(), Failure> {
    if client.secret.is_none() {
        return Ok(());
    }
    Err(Failure::new(
        Code::OauthClientRequired,
        "a device login requires a public client",
    )
    .cause("the client in use has a secret; nothing was sent")
    .hint("configure a client without a secret, or delete the secret of the provider's app")
    .remedy(
        "or log in with a browser",
        &Remedy::LogIn {
            server: name.clone(),
            scopes: Vec::new(),
        },
    ))
}

fn is_line(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len()) && text.bytes().all(|byte| (0x20..=0x7e).contains(&byte))
}

const ANSWER_CAP: usize = 64 * 1024;
/// No code lives longer in practice.
const LONGEST: Duration = Duration::from_hours(1);
const DEFAULT_LIFETIME: Duration = Duration::from_secs(900);
