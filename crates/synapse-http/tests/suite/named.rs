//! Names that a foreign server gave: judged by the addresses that are connected.

use std::collections::VecDeque;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use synapse_http::{
    Addresses, HttpClient, HttpConfig, HttpRequest, Method, NameLookup, TransportKind,
};
use synapse_testkit::raw::{RawServer, Reply};
use url::Url;

use crate::support::{AMPLE, config, failure_of};

/// A name and its answers.
type Answers = (&'static str, VecDeque<Vec<IpAddr>>);

/// Answers in turn; the last answer of a name repeats.
#[derive(Debug, Default)]
struct Script {
    answers: Mutex<Vec<Answers>>,
    asked: Mutex<Vec<String>>,
}

impl Script {
    fn of(answers: &[(&'static str, &[&[&str]])]) -> Arc<Self> {
        let parse = |each: &&[&str]| {
            each.iter()
                .map(|address| address.parse().unwrap())
                .collect()
        };
        let answers = answers
            .iter()
            .map(|(name, each)| (*name, each.iter().map(parse).collect()))
            .collect();
        Arc::new(Self {
            answers: Mutex::new(answers),
            asked: Mutex::default(),
        })
    }
}

impl NameLookup for Script {
    fn lookup(&self, name: String) -> Addresses {
        let mut answers = self.answers.lock().unwrap();
        let known = answers.iter_mut().find(|(known, _)| *known == name);
        let found = known.map(|(_, answers)| match answers.len() {
            1 => answers[0].clone(),
            _ => answers.pop_front().unwrap(),
        });
        self.asked.lock().unwrap().push(name);
        Box::pin(async move { found.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound)) })
    }
}

fn client(names: &Arc<Script>) -> HttpClient {
    HttpClient::new(HttpConfig {
        names: names.clone(),
        ..config()
    })
}

/// A server that a connection would reach; its port in a URL of `as.test`.
fn listening() -> (RawServer, Url) {
    let server = RawServer::answering_any_bytes(Reply::status(200));
    let port = server.url("/").port().unwrap();
    let url = format!("https://as.test:{port}/token").parse().unwrap();
    (server, url)
}

fn named_by(url: &Url, host: &'static str) -> HttpRequest<'static> {
    HttpRequest::new(Method::Post, url.clone(), AMPLE)
        .json(b"{}".to_vec())
        .named_by(host)
}

#[tokio::test]
async fn a_name_that_leads_inward_is_not_contacted() {
    for inner in [
        "127.0.0.1",
        "::ffff:127.0.0.1",
        "10.0.0.1",
        "169.254.169.254",
        "::1",
    ] {
        let (server, url) = listening();
        let names = Script::of(&[("as.test", &[&[inner]]), ("mcp.test", &[&["8.8.8.8"]])]);
        let failure = failure_of(&client(&names), named_by(&url, "mcp.test")).await;
        assert_eq!(
            failure.kind(),
            TransportKind::PrivateAddress,
            "{inner}: {failure:?}"
        );
        assert!(!failure.was_sent());
        assert!(format!("{:?}", failure.to_failure()).contains("not contacted"));
        assert_eq!(server.accepts(), 0, "{inner}");
    }
}

/// The name is looked up once, and the addresses judged are those connected.
#[tokio::test]
async fn a_name_that_changes_between_check_and_connection_gains_nothing() {
    let (server, url) = listening();
    // Public at the first lookup (and unreachable), on this machine at any later one.
    let names = Script::of(&[
        ("as.test", &[&["192.0.2.1"], &["127.0.0.1"]]),
        ("mcp.test", &[&["8.8.8.8"]]),
    ]);
    let quick = HttpClient::new(HttpConfig {
        names: names.clone(),
        connect_timeout: std::time::Duration::from_millis(200),
        ..config()
    });
    drop(failure_of(&quick, named_by(&url, "mcp.test")).await);
    assert_eq!(*names.asked.lock().unwrap(), ["as.test"]);
    // The next connection judges its own lookup.
    let failure = failure_of(&quick, named_by(&url, "mcp.test")).await;
    assert_eq!(failure.kind(), TransportKind::PrivateAddress, "{failure:?}");
    assert_eq!(server.accepts(), 0);
}

#[tokio::test]
async fn inner_addresses_among_public_ones_are_left_out() {
    let (server, url) = listening();
    let names = Script::of(&[
        ("as.test", &[&["127.0.0.1", "192.0.2.1"]]),
        ("mcp.test", &[&["8.8.8.8"]]),
    ]);
    let quick = HttpClient::new(HttpConfig {
        names: names.clone(),
        connect_timeout: std::time::Duration::from_millis(200),
        ..config()
    });
    let failure = failure_of(&quick, named_by(&url, "mcp.test")).await;
    assert_ne!(failure.kind(), TransportKind::PrivateAddress, "{failure:?}");
    assert_eq!(server.accepts(), 0);
}

/// The peer speaks no TLS: reaching it at all is the point.
#[tokio::test]
async fn a_server_of_the_same_place_may_name_it_and_so_may_the_user() {
    for host in ["mcp.test", "127.0.0.1", "[::1]", "localhost"] {
        let (server, url) = listening();
        let names = Script::of(&[
            ("as.test", &[&["127.0.0.1"]]),
            ("mcp.test", &[&["127.0.0.1"]]),
        ]);
        let failure = failure_of(&client(&names), named_by(&url, host)).await;
        assert!(
            matches!(failure.kind(), TransportKind::Tls { .. }),
            "{host}: {failure:?}"
        );
        assert_eq!(server.accepts(), 1, "{host}");
    }
    // A private network is not this machine.
    let (server, url) = listening();
    let names = Script::of(&[
        ("as.test", &[&["127.0.0.1"]]),
        ("mcp.test", &[&["10.0.0.1"]]),
    ]);
    let failure = failure_of(&client(&names), named_by(&url, "mcp.test")).await;
    assert_eq!(failure.kind(), TransportKind::PrivateAddress, "{failure:?}");
    assert_eq!(server.accepts(), 0);
    // The user's own names go anywhere.
    let request = HttpRequest::new(Method::Get, url, AMPLE);
    let failure = failure_of(&client(&names), request).await;
    assert!(
        matches!(failure.kind(), TransportKind::Tls { .. }),
        "{failure:?}"
    );
    assert_eq!(server.accepts(), 1);
}
