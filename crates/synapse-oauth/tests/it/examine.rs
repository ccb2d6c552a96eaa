//! The OAuth checks of `hub preflight --live`.

use std::time::Duration;

use serde_json::json;
use synapse_core::Code;
use synapse_oauth::{
    LoginCheck, LoginCheckOutcome, LoginRequest, LoginSettings, Registering, UrlCheck, Way,
};

use crate::support::{Bench, Conduct, server};

async fn examine(bench: &Bench, settings: LoginSettings) -> Vec<LoginCheck> {
    let (url, permit, name) = (bench.url(), bench.permit(), server());
    let request = LoginRequest {
        config: "home",
        server: &name,
        url: &url,
        permit: &permit,
        settings,
        scopes: Vec::new(),
        registering: Registering::Refused,
        port: None,
        way: Way::Paste,
        look: UrlCheck::First,
    };
    bench.oauth.examine(&request).await.unwrap()
}

fn short(checks: &[LoginCheck]) -> Vec<(&str, &str)> {
    let word = |outcome: &LoginCheckOutcome| match outcome {
        LoginCheckOutcome::Passed(_) => "passed",
        LoginCheckOutcome::Unknown(_) => "unknown",
        LoginCheckOutcome::Failed(failure) => failure.code().as_str(),
        LoginCheckOutcome::Skipped => "skipped",
    };
    checks
        .iter()
        .map(|check| (check.id.as_str(), word(&check.outcome)))
        .collect()
}

#[tokio::test]
async fn all_checks_pass_after_a_login_and_nothing_is_refreshed() {
    let bench = Bench::new();
    bench.log_in(Bench::settings()).await.unwrap();
    let before = bench.authority.forms().len();
    let checks = examine(&bench, Bench::settings()).await;
    let passed = [
        "discovery",
        "issuer",
        "registration",
        "redirect",
        "scopes",
        "token",
    ];
    let expected: Vec<_> = passed
        .iter()
        .map(|id| (format!("oauth.{id}"), "passed"))
        .collect();
    let expected: Vec<_> = expected
        .iter()
        .map(|(id, word)| (id.as_str(), *word))
        .collect();
    assert_eq!(short(&checks), expected);
    assert_eq!(bench.authority.forms().len(), before);
}

#[tokio::test]
async fn an_unconfirmed_authorization_server_is_not_contacted() {
    let bench = Bench::new();
    let checks = examine(&bench, Bench::settings()).await;
    assert_eq!(
        short(&checks)[..3],
        [
            ("oauth.discovery", "passed"),
            ("oauth.issuer", Code::OauthLoginRequired.as_str()),
            ("oauth.registration", "skipped"),
        ]
    );
    assert_eq!(
        short(&checks)[5],
        ("oauth.token", Code::OauthLoginRequired.as_str())
    );
    assert_eq!(bench.authority.paths().len(), 2);
}

#[tokio::test]
async fn an_authorization_server_that_was_swapped_is_named() {
    let bench = Bench::new();
    bench.log_in(Bench::settings()).await.unwrap();
    bench.authority.now(|conduct: &mut Conduct| {
        conduct.resource = json!({"authorization_servers": ["https://other.test"]});
    });
    let checks = examine(&bench, Bench::settings()).await;
    assert_eq!(
        short(&checks)[1],
        ("oauth.issuer", Code::OauthIssuerChanged.as_str())
    );
}

#[tokio::test]
async fn a_redirect_that_is_not_registered_is_the_redirect_rung() {
    let bench = Bench::new();
    bench.log_in(Bench::settings()).await.unwrap();
    let settings = LoginSettings {
        client_id: Some("unregistered".to_owned()),
        ..LoginSettings::default()
    };
    let checks = examine(&bench, settings).await;
    assert_eq!(
        short(&checks)[3],
        ("oauth.redirect", Code::OauthRedirectMismatch.as_str())
    );
    assert_eq!(short(&checks)[4], ("oauth.scopes", "skipped"));
}

#[tokio::test]
async fn a_token_that_a_call_would_refresh_is_told_and_left_alone() {
    let bench = Bench::new();
    bench.log_in(Bench::settings()).await.unwrap();
    bench.clock.advance(Duration::from_secs(3600));
    let before = bench.authority.forms().len();
    let checks = examine(&bench, Bench::settings()).await;
    assert_eq!(short(&checks)[5], ("oauth.token", "unknown"));
    assert_eq!(bench.authority.forms().len(), before);
}
