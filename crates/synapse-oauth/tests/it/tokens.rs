//! Tokens while serving: refreshed once for all, preserved through every fault, and failing with a
//! remedy.

use std::sync::Arc;
use std::time::Duration;

use secrecy::ExposeSecret as _;
use serde_json::json;
use synapse_core::ports::{Clock as _, TokenSource as _};
use synapse_core::secret::BoundSecret;
use synapse_core::time::Timestamp;
use synapse_core::upstream::{OAuthAction, TokenState};
use synapse_core::{Code, Failure, Origin, Remedy};
use synapse_oauth::{LoginSettings, Registrations};
use synapse_testkit::raw::{End, Reply};

use crate::support::{Bench, Conduct, permit, server, told};

const HOUR: Duration = Duration::from_secs(3600);

async fn logged_in(conduct: Conduct) -> Bench {
    let bench = Bench::with(conduct);
    bench.log_in(Bench::settings()).await.unwrap();
    bench
}

async fn token(bench: &Bench) -> Result<Option<BoundSecret>, Failure> {
    let (permit, url) = (bench.permit(), bench.url());
    bench.tokens().token(&permit, &server(), &url).await
}

fn text(bench: &Bench, token: &BoundSecret) -> String {
    let origin = Origin::of(&bench.url());
    token
        .for_origin(&origin)
        .unwrap()
        .expose_secret()
        .to_owned()
}

async fn refuse(bench: &Bench, sent: Option<&BoundSecret>) -> Failure {
    let (url, challenges) = (bench.url(), ["Bearer error=\"invalid_token\"".to_owned()]);
    bench
        .tokens()
        .refused(&server(), &url, sent, 401, &challenges)
        .await
}

/// Refresh requests to the token endpoint.
fn refreshes(bench: &Bench) -> usize {
    let forms = bench.authority.forms();
    forms
        .iter()
        .filter(|form| form["grant_type"] == "refresh_token")
        .count()
}

#[tokio::test]
async fn a_token_that_lives_is_given_without_a_request_and_for_its_server_alone() {
    let bench = logged_in(Conduct::default()).await;
    let given = token(&bench).await.unwrap().unwrap();
    assert!(bench.authority.takes(&text(&bench, &given)));
    let other = Origin::of(&"https://evil.test".parse().unwrap());
    assert_eq!(
        given.for_origin(&other).unwrap_err().code(),
        Code::InternalInvariant
    );
    assert_eq!(refreshes(&bench), 0);
    assert!(!format!("{given:?}").contains("fake-access"));
}

#[tokio::test]
async fn nobody_logged_in_means_no_token_and_no_request() {
    let bench = Bench::new();
    assert!(token(&bench).await.unwrap().is_none());
    assert!(bench.authority.paths().is_empty());
    let failure = refuse(&bench, None).await;
    assert_eq!(failure.code(), Code::OauthLoginRequired);
    assert!(asked(&failure).is_empty(), "{failure:?}");
}

#[tokio::test]
async fn a_token_is_refreshed_within_a_minute_of_its_end_and_not_before() {
    let bench = logged_in(Conduct::default()).await;
    bench.clock.advance(HOUR - Duration::from_secs(61));
    let before = text(&bench, &token(&bench).await.unwrap().unwrap());
    assert_eq!(refreshes(&bench), 0);
    bench.clock.advance(Duration::from_secs(1));
    let after = text(&bench, &token(&bench).await.unwrap().unwrap());
    assert_eq!(refreshes(&bench), 1);
    assert_ne!(before, after);
    let form = bench.authority.forms().pop().unwrap();
    assert_eq!(
        form["resource"],
        format!("{}/mcp", bench.authority.issuer())
    );
    assert_eq!(bench.record().1.generation, 2);
}

#[tokio::test]
async fn a_token_of_less_than_two_minutes_is_used_for_half_its_life() {
    let bench = logged_in(Conduct {
        token: json!({"expires_in": 40}),
        ..Conduct::default()
    })
    .await;
    token(&bench).await.unwrap();
    assert_eq!(refreshes(&bench), 0);
    bench.clock.advance(Duration::from_secs(20));
    token(&bench).await.unwrap();
    token(&bench).await.unwrap();
    assert_eq!(refreshes(&bench), 1);
}

#[tokio::test]
async fn five_calls_at_one_end_send_one_refresh() {
    let bench = logged_in(Conduct {
        rotating: true,
        ..Conduct::default()
    })
    .await;
    for round in 1..=20 {
        bench.clock.advance(HOUR);
        let calls = (0..5).map(|_| token(&bench));
        let calls: Vec<_> = calls.collect();
        let mut given = std::collections::BTreeSet::new();
        for call in join_all(calls).await {
            given.insert(text(&bench, &call.unwrap().unwrap()));
        }
        assert_eq!(given.len(), 1);
        assert_eq!(refreshes(&bench), round);
    }
}

/// Runs futures concurrently, keeping their order.
async fn join_all<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut futures: Vec<_> = futures.into_iter().map(Box::pin).collect();
    let mut outputs: Vec<Option<F::Output>> = futures.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        let mut is_pending = false;
        for (future, output) in futures.iter_mut().zip(&mut outputs) {
            if output.is_none() {
                match future.as_mut().poll(context) {
                    std::task::Poll::Ready(done) => *output = Some(done),
                    std::task::Poll::Pending => is_pending = true,
                }
            }
        }
        if is_pending {
            std::task::Poll::Pending
        } else {
            std::task::Poll::Ready(())
        }
    })
    .await;
    outputs.into_iter().flatten().collect()
}

#[tokio::test]
async fn a_refresh_goes_on_when_its_caller_goes_away() {
    let bench = logged_in(Conduct {
        rotating: true,
        ..Conduct::default()
    })
    .await;
    bench.clock.advance(HOUR);
    let mut call = Box::pin(token(&bench));
    // Polled until the request has arrived, then dropped.
    loop {
        tokio::select! {
            biased;
            _ = &mut call => break,
            () = tokio::task::yield_now() => {
                if refreshes(&bench) == 1 {
                    break;
                }
            }
        }
    }
    drop(call);
    let given = token(&bench).await.unwrap().unwrap();
    assert!(bench.authority.takes(&text(&bench, &given)));
    assert_eq!(refreshes(&bench), 1);
}

#[tokio::test]
async fn a_refresh_token_that_is_left_out_of_the_answer_is_kept() {
    let bench = logged_in(Conduct::default()).await;
    let first = bench.record().1.refresh.unwrap();
    for _ in 0..3 {
        bench.clock.advance(HOUR);
        token(&bench).await.unwrap();
    }
    assert_eq!(
        bench.record().1.refresh.unwrap().expose_secret(),
        first.expose_secret()
    );
}

#[tokio::test]
async fn what_says_nothing_of_the_grant_changes_nothing() {
    for reply in [
        Reply::silent(End::Reset),
        Reply::silent(End::Close),
        Reply::status(500),
        Reply::status(503),
        Reply::typed(200, "text/html", "<p>captive portal</p>"),
        Reply::typed(400, "text/html", "<p>bad gateway</p>"),
        Reply::status(307).header("location", "https://evil.test/token"),
        Reply::json(200, "{\"access_token\":"),
        Reply::json(200, "{}"),
        Reply::json(
            200,
            format!("{{\"access_token\":\"{}\"}}", "a".repeat(100_000)),
        ),
        Reply::json(503, r#"{"error":"invalid_grant"}"#),
        Reply::json(401, r#"{"error":"invalid_client"}"#),
        Reply::json(400, r#"{"error":"temporarily_unavailable"}"#),
    ] {
        let bench = logged_in(Conduct::default()).await;
        let (_, before) = bench.record();
        bench.clock.advance(HOUR);
        bench.authority.now(|conduct| {
            conduct.instead.insert("/token".to_owned(), reply.clone());
        });
        let failure = token(&bench).await.unwrap_err();
        assert_ne!(failure.code(), Code::OauthLoginRequired, "{reply:?}");
        let (_, after) = bench.record();
        assert_eq!(format!("{before:?}"), format!("{after:?}"), "{reply:?}");
        assert_eq!(refreshes(&bench), 1, "{reply:?}");
        bench.authority.now(|conduct| conduct.instead.clear());
        token(&bench).await.unwrap();
    }
}

#[tokio::test]
async fn a_refresh_token_that_is_spent_ends_the_login_and_keeps_the_client() {
    let bench = logged_in(Conduct::default()).await;
    bench
        .store
        .change(|record| record.refresh = Some("fake-unknown".into()));
    bench.clock.advance(HOUR);
    let failure = token(&bench).await.unwrap_err();
    assert_eq!(failure.code(), Code::OauthLoginRequired);
    assert!(told(&failure).contains("invalid_grant"), "{failure:?}");
    let (_, record) = bench.record();
    assert_eq!(
        (record.state, record.client.id.as_str()),
        (TokenState::Expired, "public")
    );
    // It is not tried again.
    assert_eq!(
        token(&bench).await.unwrap_err().code(),
        Code::OauthLoginRequired
    );
    assert_eq!(refreshes(&bench), 1);
}

#[tokio::test]
async fn a_loser_adopts_what_another_program_stored_meanwhile() {
    let bench = Arc::new(logged_in(Conduct::default()).await);
    bench.clock.advance(HOUR);
    bench.authority.now(|conduct| {
        let refused = Reply::json(400, r#"{"error":"invalid_grant"}"#);
        let slow = refused.dripping(Duration::from_millis(15));
        conduct.instead.insert("/token".to_owned(), slow);
    });
    let rival = {
        let bench = bench.clone();
        std::thread::spawn(move || {
            while bench.authority.requests("/token").len() < 2 {
                std::thread::yield_now();
            }
            let now = bench.clock.now();
            bench.store.change(|record| {
                record.generation += 1;
                record.state = TokenState::Usable;
                record.access = Some("fake-of-the-winner".into());
                record.obtained_at = now;
                record.expires_at = Some(Timestamp::from_millis(now.as_millis() + 3_600_000));
            });
        })
    };
    let given = token(&bench).await.unwrap().unwrap();
    rival.join().unwrap();
    assert_eq!(text(&bench, &given), "fake-of-the-winner");
    assert_eq!(bench.record().1.state, TokenState::Usable);
}

#[tokio::test]
async fn a_refresh_whose_process_died_is_tried_once_more_and_not_twice() {
    let bench = logged_in(Conduct::default()).await;
    bench
        .store
        .change(|record| record.state = TokenState::Refreshing);
    token(&bench).await.unwrap();
    assert_eq!(refreshes(&bench), 1);
    assert_eq!(bench.record().1.state, TokenState::Usable);

    bench
        .store
        .change(|record| record.state = TokenState::Retrying);
    let failure = token(&bench).await.unwrap_err();
    assert_eq!(failure.code(), Code::OauthLoginRequired);
    assert_eq!(refreshes(&bench), 1);
    assert_eq!(bench.record().1.state, TokenState::Expired);
}

#[tokio::test]
async fn nothing_is_sent_when_the_store_cannot_be_written() {
    let bench = logged_in(Conduct::default()).await;
    bench.clock.advance(HOUR);
    // The reserved space, and the mark.
    for write in [1, 2] {
        bench.store.fail_at(write);
        assert_eq!(
            token(&bench).await.unwrap_err().code(),
            Code::StorageDiskFull
        );
        assert_eq!(refreshes(&bench), 0);
    }
    token(&bench).await.unwrap();
}

#[tokio::test]
async fn new_tokens_that_cannot_be_kept_are_not_used() {
    let bench = logged_in(Conduct::default()).await;
    bench.clock.advance(HOUR);
    bench.store.fail_at(3);
    assert_eq!(
        token(&bench).await.unwrap_err().code(),
        Code::StorageDiskFull
    );
    assert_eq!(bench.record().1.state, TokenState::Refreshing);
    token(&bench).await.unwrap();
    assert_eq!(refreshes(&bench), 2);
}

#[tokio::test]
async fn a_401_is_not_replayed_the_next_call_refreshes_and_a_second_one_ends_the_login() {
    let bench = logged_in(Conduct::default()).await;
    let first = token(&bench).await.unwrap().unwrap();
    let failure = refuse(&bench, Some(&first)).await;
    assert_eq!(failure.code(), Code::OauthTokenRefused);
    assert_eq!(bench.record().1.state, TokenState::Refused);
    assert_eq!(refreshes(&bench), 0);
    let second = token(&bench).await.unwrap().unwrap();
    assert_eq!(refreshes(&bench), 1);
    let failure = refuse(&bench, Some(&second)).await;
    assert_eq!(failure.code(), Code::OauthLoginRequired);
    assert_eq!(
        token(&bench).await.unwrap_err().code(),
        Code::OauthLoginRequired
    );
    assert_eq!(refreshes(&bench), 1);
}

#[tokio::test]
async fn a_401_long_after_a_refresh_is_a_first_one_again() {
    let bench = logged_in(Conduct::default()).await;
    let first = token(&bench).await.unwrap().unwrap();
    refuse(&bench, Some(&first)).await;
    let second = token(&bench).await.unwrap().unwrap();
    bench.clock.advance(Duration::from_secs(1800));
    assert_eq!(
        refuse(&bench, Some(&second)).await.code(),
        Code::OauthTokenRefused
    );
}

#[tokio::test]
async fn a_late_401_does_not_spoil_the_token_that_another_call_got() {
    let bench = logged_in(Conduct::default()).await;
    let old = token(&bench).await.unwrap().unwrap();
    bench.clock.advance(HOUR);
    token(&bench).await.unwrap();
    let failure = refuse(&bench, Some(&old)).await;
    assert_eq!(failure.code(), Code::OauthTokenRefused);
    assert_eq!(bench.record().1.state, TokenState::Usable);
    token(&bench).await.unwrap();
    assert_eq!(refreshes(&bench), 1);
}

#[tokio::test]
async fn without_a_refresh_token_a_401_means_a_login() {
    let bench = logged_in(Conduct::default()).await;
    bench.store.change(|record| record.refresh = None);
    let given = token(&bench).await.unwrap().unwrap();
    assert_eq!(
        refuse(&bench, Some(&given)).await.code(),
        Code::OauthLoginRequired
    );
    assert_eq!(
        token(&bench).await.unwrap_err().code(),
        Code::OauthLoginRequired
    );
    assert_eq!(refreshes(&bench), 0);
}

#[tokio::test]
async fn a_missing_scope_is_told_with_the_union_of_held_and_asked() {
    let bench = logged_in(Conduct::default()).await;
    let url = bench.url();
    for challenge in [
        "Bearer error=\"insufficient_scope\", scope=\"jobs write\"",
        // As sent by Hugging Face, without error and scope.
        "Bearer resource_metadata=\"https://x.test/\"",
    ] {
        let failure = bench
            .tokens()
            .refused(&server(), &url, None, 403, &[challenge.to_owned()])
            .await;
        assert_eq!(failure.code(), Code::OauthScope, "{challenge}");
        let scopes: &[&str] = if challenge.contains("write") {
            &["read-mcp", "jobs", "write"]
        } else {
            &["read-mcp", "jobs"]
        };
        assert_eq!(asked(&failure), scopes, "{challenge}");
    }
    let other = bench
        .tokens()
        .refused(&server(), &url, None, 403, &[])
        .await;
    assert_eq!(other.code(), Code::UpstreamRefused);
}

#[tokio::test]
async fn a_hugging_face_server_without_a_word_of_scope_asks_for_read_mcp() {
    let bench = Bench::new();
    let url = "https://huggingface.co/mcp".parse().unwrap();
    let failure = bench
        .tokens()
        .refused(&server(), &url, None, 403, &[])
        .await;
    assert_eq!(failure.code(), Code::OauthScope);
    assert_eq!(asked(&failure), ["read-mcp"]);
}

#[tokio::test]
async fn a_scope_of_a_server_never_becomes_part_of_a_shell_command() {
    let bench = Bench::new();
    let challenge = "Bearer error=insufficient_scope, scope=\"a;reboot $(x) --flag ok\"".to_owned();
    let failure = bench
        .tokens()
        .refused(&server(), &bench.url(), None, 403, &[challenge])
        .await;
    assert_eq!(asked(&failure), ["ok"]);
}

/// The scopes of the login in the first hint.
fn asked(failure: &Failure) -> Vec<String> {
    match &failure.hints()[0].remedy {
        Some(Remedy::LogIn { scopes, .. }) => scopes.clone(),
        other => panic!("no login: {other:?}"),
    }
}

#[tokio::test]
async fn a_logout_counts_at_the_next_call_and_keeps_a_registration() {
    let bench = logged_in(Conduct::default()).await;
    token(&bench).await.unwrap().unwrap();
    let done = bench
        .oauth
        .log_out("home", &server(), Registrations::Kept)
        .await
        .unwrap();
    assert_eq!(done.records, 1);
    assert!(token(&bench).await.unwrap().is_none());
    let again = bench
        .oauth
        .log_out("home", &server(), Registrations::Kept)
        .await
        .unwrap();
    assert_eq!(again.records, 0);

    let bench = Bench::new();
    let browser = bench.browser();
    let way = synapse_oauth::Way::Browser(&browser);
    let allowed = synapse_oauth::Registering::Allowed;
    bench
        .run(LoginSettings::default(), allowed, way)
        .await
        .unwrap();
    bench
        .oauth
        .log_out("home", &server(), Registrations::Kept)
        .await
        .unwrap();
    let (_, record) = bench.record();
    assert!(record.access.is_none() && record.refresh.is_none());
    assert!(token(&bench).await.unwrap().is_none());
    bench.log_in(LoginSettings::default()).await.unwrap();
    assert_eq!(bench.authority.requests("/register").len(), 1);
    bench
        .oauth
        .log_out("home", &server(), Registrations::Forgotten)
        .await
        .unwrap();
    assert!(bench.store.all().is_empty());
}

#[tokio::test]
async fn a_logout_during_a_refresh_wins() {
    let bench = logged_in(Conduct::default()).await;
    bench.clock.advance(HOUR);
    bench.authority.now(|conduct| {
        let answer = r#"{"access_token":"fake-late","expires_in":3600}"#;
        let slow = Reply::json(200, answer).dripping(Duration::from_millis(5));
        conduct.instead.insert("/token".to_owned(), slow);
    });
    let refresh = token(&bench);
    let logout = async {
        while refreshes(&bench) == 0 {
            tokio::task::yield_now().await;
        }
        let name = server();
        bench
            .oauth
            .log_out("home", &name, Registrations::Kept)
            .await
            .unwrap();
    };
    let (refreshed, ()) = tokio::join!(refresh, logout);
    drop(refreshed);
    assert!(token(&bench).await.unwrap().is_none());
}

#[tokio::test]
async fn an_edited_url_and_a_renamed_entry_have_no_token() {
    let bench = logged_in(Conduct::default()).await;
    let tokens = bench.tokens();
    let url = bench.authority.url("/other");
    assert!(
        tokens
            .token(&permit(&url), &server(), &url)
            .await
            .unwrap()
            .is_none()
    );
    let renamed = "other".parse().unwrap();
    let url = bench.url();
    assert!(
        tokens
            .token(&permit(&url), &renamed, &url)
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn another_issuer_in_the_entry_than_at_the_login_sends_nothing() {
    let bench = logged_in(Conduct::default()).await;
    let url = bench.url();
    let tokens = bench.tokens().of_issuer("https://other.test");
    let failure = tokens
        .token(&permit(&url), &server(), &url)
        .await
        .unwrap_err();
    assert_eq!(failure.code(), Code::OauthIssuerChanged);
}

#[tokio::test]
async fn a_clock_ten_years_off_sends_one_refresh_a_call_at_most() {
    const TEN_YEARS: i64 = 315_360_000_000;
    for shift in [TEN_YEARS, -TEN_YEARS] {
        let bench = logged_in(Conduct::default()).await;
        bench.store.change(|record| {
            record.obtained_at = Timestamp::from_millis(record.obtained_at.as_millis() + shift);
            record.expires_at = record
                .expires_at
                .map(|end| Timestamp::from_millis(end.as_millis() + shift));
        });
        let before = refreshes(&bench);
        let given = token(&bench).await.unwrap().unwrap();
        assert_eq!(refreshes(&bench) - before, usize::from(shift < 0));
        // A token issued in the future is used until it is rejected.
        if shift > 0 {
            refuse(&bench, Some(&given)).await;
            token(&bench).await.unwrap();
        }
        token(&bench).await.unwrap();
        assert_eq!(refreshes(&bench) - before, 1);
    }
}

#[tokio::test]
async fn a_refresh_is_recorded_with_its_generation() {
    let bench = logged_in(Conduct::default()).await;
    bench.clock.advance(HOUR);
    token(&bench).await.unwrap();
    let events = bench.events.all();
    let last = events.last().unwrap();
    assert_eq!(
        (last.action, last.generation),
        (OAuthAction::Refresh, Some(2))
    );
    assert_eq!((last.requests, last.code), (1, None));
    assert!(!format!("{events:?}").contains("fake-"), "{events:?}");
}
