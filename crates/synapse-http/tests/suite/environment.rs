//! Proxy variables have no effect, and `SSL_CERT_FILE` defines the trusted roots. Each test runs
//! one `child_…` test in its own process with a custom environment.

use std::process::Command;

use synapse_http::{TlsReason, TransportKind};
use synapse_testkit::raw::{RawServer, Reply};
use synapse_testkit::tls::{Flaw, TlsIdentity};
use url::Url;

use crate::support::{client, failure_of, permit_for, post};

const URL: &str = "SYNAPSE_SUITE_URL";
const ROOTS: &str = "SYNAPSE_SUITE_ROOTS";

/// Runs the test called `name` as a process with these variables.
#[expect(
    clippy::disallowed_methods,
    reason = "the child is this test binary itself"
)]
fn run_child(name: &str, url: &Url, variables: &[(&str, &str)]) {
    let output = Command::new(std::env::current_exe().unwrap())
        .args([&format!("environment::{name}"), "--exact", "--nocapture"])
        .env_clear()
        .env(URL, url.as_str())
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{shown}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(shown.contains("1 passed"), "{shown}");
}

/// The variables of the parent; `None` when the test runs by itself.
#[expect(
    clippy::disallowed_methods,
    reason = "how the parent of this test speaks to it"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn url_from_parent() -> Option<Url> {
    Some(variable(URL)?.parse().unwrap())
}

#[test]
fn proxy_variables_are_not_read() {
    let trap = RawServer::always(Reply::status(502));
    let server = RawServer::always(Reply::status(200));
    let proxy = format!("http://127.0.0.1:{}", trap.port());
    let names = [
        "HTTP_PROXY",
        "http_proxy",
        "HTTPS_PROXY",
        "https_proxy",
        "ALL_PROXY",
        "all_proxy",
    ];
    run_child(
        "child_gets_200",
        &server.url("/"),
        &names.map(|name| (name, proxy.as_str())),
    );
    assert_eq!((server.heads(), trap.accepts()), (1, 0));
}

#[test]
fn plain_http_needs_no_roots() {
    let server = RawServer::always(Reply::status(200));
    let nowhere = ("SSL_CERT_FILE", "/nonexistent/roots.pem");
    run_child("child_gets_200", &server.url("/"), &[nowhere]);
    assert_eq!(server.heads(), 1);
}

#[test]
fn a_machine_without_roots_is_a_typed_failure() {
    let server = RawServer::start_tls(&TlsIdentity::new(Flaw::None), |_| Reply::status(200));
    let nowhere = ("SSL_CERT_FILE", "/nonexistent/roots.pem");
    run_child("child_finds_no_roots", &server.url("/"), &[nowhere]);
    assert_eq!(server.accepts(), 0);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a file of this test, not state")]
fn the_file_of_roots_is_trusted() {
    let identity = TlsIdentity::new(Flaw::None);
    let server = RawServer::start_tls(&identity, |_| Reply::status(200));
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("roots.pem");
    std::fs::write(&file, identity.authority_pem()).unwrap();
    let roots = ("SSL_CERT_FILE", file.to_str().unwrap());
    run_child("child_gets_200", &server.url("/"), &[roots]);
    assert_eq!(server.heads(), 1);
}

/// Roots are read at the first TLS request and kept: a later one works without the file.
#[test]
#[expect(clippy::disallowed_methods, reason = "a file of this test, not state")]
fn the_file_of_roots_is_read_once() {
    let identity = TlsIdentity::new(Flaw::None);
    let server = RawServer::start_tls(&identity, |_| Reply::status(200));
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("roots.pem");
    std::fs::write(&file, identity.authority_pem()).unwrap();
    let file = file.to_str().unwrap();
    let variables = [("SSL_CERT_FILE", file), (ROOTS, file)];
    run_child("child_loses_its_roots", &server.url("/"), &variables);
    assert_eq!((server.heads(), server.accepts()), (2, 2));
}

#[tokio::test]
async fn child_loses_its_roots() {
    let Some(url) = url_from_parent() else { return };
    let client = client();
    let first = client.send(&permit_for(&url), post(url.clone())).await;
    assert_eq!(first.unwrap().status, 200);
    std::fs::remove_file(variable(ROOTS).unwrap()).unwrap();
    let second = client.send(&permit_for(&url), post(url)).await;
    assert_eq!(second.unwrap().status, 200);
}

#[tokio::test]
async fn child_gets_200() {
    let Some(url) = url_from_parent() else { return };
    let response = client().send(&permit_for(&url), post(url)).await;
    assert_eq!(response.unwrap().status, 200);
}

#[tokio::test]
async fn child_finds_no_roots() {
    let Some(url) = url_from_parent() else { return };
    let failure = failure_of(&client(), post(url)).await;
    let reason = TlsReason::NoRoots;
    assert_eq!(failure.kind(), TransportKind::Tls { reason }, "{failure:?}");
    assert!(!failure.was_sent());
}
