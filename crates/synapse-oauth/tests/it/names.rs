//! Names of authorization servers that lead to a private network.

use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use serde_json::json;
use synapse_core::Code;
use synapse_core::ports::TokenSource as _;
use synapse_core::time::Timestamp;
use synapse_core::upstream::TokenState;
use synapse_http::{Addresses, HttpConfig, NameLookup};
use synapse_oauth::LoginSettings;

use crate::support::{Bench, Conduct, server, told};

/// Every name leads to a closed port of a private address; the names asked for.
#[derive(Debug, Default)]
struct Inward(Mutex<Vec<String>>);

impl NameLookup for Inward {
    fn lookup(&self, name: String) -> Addresses {
        self.0.lock().unwrap().push(name);
        Box::pin(async { Ok(vec![IpAddr::from([10, 255, 255, 1])]) })
    }
}

fn bench(conduct: Conduct) -> (Bench, Arc<Inward>) {
    let names = Arc::new(Inward::default());
    let http = HttpConfig {
        names: names.clone(),
        connect_timeout: std::time::Duration::from_millis(200),
        ..HttpConfig::default()
    };
    (Bench::connecting(conduct, http), names)
}

/// A server on this machine may lead to this machine, and not into the network around it.
#[tokio::test]
async fn an_issuer_that_leads_inward_is_not_contacted() {
    let (bench, names) = bench(Conduct {
        resource: json!({"authorization_servers": ["https://as.test:1"]}),
        ..Conduct::default()
    });
    let failure = bench
        .fails(Bench::settings(), Code::OauthDiscoveryFailed)
        .await;
    let all = told(&failure);
    assert!(
        all.contains("leads to this machine or a private network"),
        "{all}"
    );
    assert!(all.contains("name it as `issuer`"), "{all}");
    assert!(!names.0.lock().unwrap().is_empty());
}

/// The way for an organisation's own: the entry names the issuer.
#[tokio::test]
async fn an_issuer_that_the_entry_names_may_be_anywhere() {
    let (bench, _) = bench(Conduct {
        resource: json!({"authorization_servers": ["https://as.test:1"]}),
        ..Conduct::default()
    });
    let settings = LoginSettings {
        issuer: Some("https://as.test:1".to_owned()),
        ..Bench::settings()
    };
    let all = told(&bench.fails(settings, Code::OauthDiscoveryFailed).await);
    assert!(!all.contains("private network"), "{all}");
}

/// The endpoint of a stored login is judged again at each refresh: its name may lead elsewhere now.
#[tokio::test]
async fn a_refresh_goes_to_no_inner_address() {
    let (bench, _) = bench(Conduct::default());
    bench.log_in(Bench::settings()).await.unwrap();
    bench.store.change(|record| {
        record.token_endpoint = "https://as.test:1/token".parse().unwrap();
        record.expires_at = Some(Timestamp::from_millis(0));
    });
    let asked = bench
        .tokens()
        .token(&bench.permit(), &server(), &bench.url())
        .await;
    let failure = asked.unwrap_err();
    assert_eq!(failure.code(), Code::TransportDns, "{failure:?}");
    assert!(
        told(&failure).contains("private network"),
        "{}",
        told(&failure)
    );
    // The login is kept.
    assert_eq!(bench.record().1.state, TokenState::Usable);
}
