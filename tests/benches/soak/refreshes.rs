//! A login whose token expires at every call, so that each call refreshes, stores and uses a new
//! one.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use secrecy::ExposeSecret as _;
use synapse_core::ports::{Clock, OAuthRecorder, TokenSource as _, TokenStore as _};
use synapse_core::time::Timestamp;
use synapse_core::upstream::{
    AuthMethod, OAuthClient, OAuthEvent, RecordKey, RegistrationKind, TokenRecord, TokenState,
};
use synapse_core::{NetworkGate, Origin};
use synapse_home::Home;
use synapse_http::HttpConfig;
use synapse_oauth::{OAuth, Tokens};
use synapse_secrets::TokenRecords;
use synapse_testkit::raw::{RawServer, Reply};
use url::Url;

use crate::Watch;

/// Refreshes `count` times; each must return the next token.
pub(crate) fn run(count: usize, watch: &mut Watch) -> bool {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().unwrap();
    runtime.block_on(refresh(count, watch));
    watch.is_flat()
}

async fn refresh(count: usize, watch: &mut Watch) {
    let directory = tempfile::tempdir().unwrap();
    let home = Home::new(directory.path().join("home"));
    home.create().unwrap();
    let given = Arc::new(AtomicUsize::new(0));
    let endpoint = RawServer::start({
        let given = Arc::clone(&given);
        move |_| {
            let number = given.fetch_add(1, Ordering::SeqCst) + 1;
            Reply::json(
                200,
                format!(
                    r#"{{"access_token":"fake-access-{number}","refresh_token":"fake-refresh-{number}","expires_in":3600}}"#
                ),
            )
        }
    });
    let records = TokenRecords::open(home.clone()).unwrap();
    let url: Url = "http://127.0.0.1:9/mcp".parse().unwrap();
    let key = RecordKey {
        config: "home".to_owned(),
        server: "work".parse().unwrap(),
        url: url.clone(),
        issuer: "https://as.test".to_owned(),
    };
    let mut transaction = records.begin(&key).await.unwrap();
    transaction
        .keep(None, &record(endpoint.url("/token")))
        .await
        .unwrap();
    drop(transaction);
    let clock = Arc::new(SetClock::default());
    let oauth = OAuth::new(
        HttpConfig::default(),
        Arc::new(records),
        Arc::clone(&clock) as Arc<dyn Clock>,
        Arc::new(Silent),
    );
    let tokens = Tokens::new(oauth, "home");
    let origin = Origin::of(&url);
    for number in 1..=count {
        clock.0.fetch_add(HOUR, Ordering::SeqCst);
        let permit = NetworkGate::Open.permit([origin.clone()]).unwrap();
        let token = tokens
            .token(&permit, &key.server, &url)
            .await
            .unwrap()
            .unwrap();
        let token = token
            .for_origin(&origin)
            .unwrap()
            .expose_secret()
            .to_owned();
        assert_eq!(token, format!("fake-access-{number}"));
        watch.look(number);
    }
    assert_eq!(given.load(Ordering::SeqCst), count);
}

fn record(token_endpoint: Url) -> TokenRecord {
    TokenRecord {
        generation: 1,
        state: TokenState::Usable,
        client: OAuthClient {
            id: "client".to_owned(),
            secret: None,
            kind: RegistrationKind::Configured,
            redirect_uri: None,
            auth_method: AuthMethod::None,
        },
        token_endpoint,
        resource: None,
        access: Some("fake-access-0".into()),
        refresh: Some("fake-refresh-0".into()),
        scopes: Vec::new(),
        expires_at: Some(Timestamp::from_millis(HOUR)),
        obtained_at: Timestamp::from_millis(0),
    }
}

/// A manually set clock.
#[derive(Debug, Default)]
struct SetClock(AtomicI64);

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

#[derive(Debug)]
struct Silent;

#[async_trait]
impl OAuthRecorder for Silent {
    async fn record(&self, _event: &OAuthEvent) {}
}

const HOUR: i64 = 3_600_000;
