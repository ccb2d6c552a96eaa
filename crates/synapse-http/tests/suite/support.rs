//! Shared by the tests: a client, a permit, a request.

use std::time::Duration;

use synapse_core::connection::{Draft, ProxyUrl};
use synapse_core::secret::BoundSecret;
use synapse_core::{NetworkGate, NetworkPermit, Origin};
use synapse_http::{
    HttpClient, HttpConfig, HttpRequest, Method, RootCertificate, TransportFailure,
};
use synapse_testkit::raw::RawServer;
use synapse_testkit::tls::TlsIdentity;
use url::Url;

/// Never reached.
pub(crate) const AMPLE: Duration = Duration::from_secs(60);
/// Short, for tests that wait for it.
pub(crate) const BRIEF: Duration = Duration::from_secs(1);

pub(crate) const TOKEN: &str = "fake-token";

pub(crate) fn config() -> HttpConfig {
    HttpConfig {
        user_agent: "suite/1".to_owned(),
        ..HttpConfig::default()
    }
}

pub(crate) fn client() -> HttpClient {
    HttpClient::new(config())
}

pub(crate) fn client_trusting(identity: &TlsIdentity) -> HttpClient {
    HttpClient::new(HttpConfig {
        extra_roots: vec![RootCertificate::from_der(identity.authority_der())],
        ..config()
    })
}

/// A proxy; only constructible through a connection.
pub(crate) fn proxy(url: &str) -> Option<ProxyUrl> {
    let draft = Draft {
        provider: "openai".to_owned(),
        model: "m".to_owned(),
        credential: Some("env:KEY".to_owned()),
        proxy: Some(url.to_owned()),
        ..Draft::default()
    };
    draft.parse("proxied".parse().unwrap()).unwrap().proxy
}

pub(crate) fn permit(origins: impl IntoIterator<Item = Origin>) -> NetworkPermit {
    NetworkGate::Open.permit(origins).unwrap()
}

pub(crate) fn permit_for(url: &Url) -> NetworkPermit {
    permit([Origin::of(url)])
}

/// The failure of a permitted `request`.
pub(crate) async fn failure_of(client: &HttpClient, request: HttpRequest<'_>) -> TransportFailure {
    let permit = permit_for(&request.url);
    client.send(&permit, request).await.unwrap_err()
}

pub(crate) fn secret_for(server: &RawServer) -> BoundSecret {
    BoundSecret::new(TOKEN.into(), vec![server.origin()])
}

pub(crate) fn post<'a>(url: Url) -> HttpRequest<'a> {
    HttpRequest::new(Method::Post, url, AMPLE).json(b"{}".to_vec())
}

pub(crate) fn get<'a>(url: Url) -> HttpRequest<'a> {
    HttpRequest::new(Method::Get, url, AMPLE)
}

pub(crate) const fn within(mut request: HttpRequest<'_>, deadline: Duration) -> HttpRequest<'_> {
    request.deadline = deadline;
    request
}
