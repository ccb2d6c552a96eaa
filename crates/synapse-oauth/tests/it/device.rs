//! The device login: pace, end, and client.

use std::time::Duration;

use serde_json::json;
use synapse_core::upstream::TokenState;
use synapse_core::{Code, Failure};
use synapse_oauth::{LoginSettings, Registering, Way};
use synapse_testkit::raw::{End, Reply};

use crate::support::{Bench, Conduct, told};

async fn log_in(bench: &Bench) -> Result<synapse_oauth::LoggedIn, Failure> {
    *bench.user.at.lock().unwrap() = Some(bench.authority.clone());
    bench
        .run(Bench::settings(), Registering::Refused, Way::Device)
        .await
}

#[tokio::test]
async fn a_device_asks_until_it_is_confirmed() {
    let bench = Bench::with(Conduct {
        pending: 3,
        ..Conduct::default()
    });
    log_in(&bench).await.unwrap();
    assert_eq!(bench.record().1.state, TokenState::Usable);
    let forms = bench.authority.forms();
    assert_eq!(forms.len(), 4);
    assert!(
        forms
            .iter()
            .all(|form| form["client_id"] == "public" && form.contains_key("resource"))
    );
    assert!(
        bench.user.news().contains("WXYZ-1234"),
        "{}",
        bench.user.news()
    );
    assert_eq!(bench.authority.requests("/authorize").len(), 0);
}

#[tokio::test]
async fn slow_down_lengthens_the_interval() {
    let quick = Bench::with(Conduct {
        pending: 4,
        ..Conduct::default()
    });
    let slowed = Bench::with(Conduct {
        slow_down: 4,
        ..Conduct::default()
    });
    let time = async |bench: &Bench| {
        let began = std::time::Instant::now();
        log_in(bench).await.unwrap();
        began.elapsed()
    };
    let (quick, slowed) = (time(&quick).await, time(&slowed).await);
    // Five intervals of one unit versus intervals of one to five units of 30 ms.
    assert!(
        slowed >= quick.max(Duration::from_millis(450)),
        "{quick:?} {slowed:?}"
    );
}

#[tokio::test]
async fn a_code_that_expires_and_one_that_is_declined_end_the_login() {
    for (error, code) in [
        ("expired_token", Code::OauthDeviceExpired),
        ("access_denied", Code::OauthDenied),
        ("invalid_client", Code::OauthClientUnknown),
    ] {
        let reply = Reply::json(400, format!("{{\"error\":\"{error}\"}}"));
        let bench = Bench::with(Conduct {
            instead: [("/token".to_owned(), reply)].into(),
            ..Conduct::default()
        });
        let failure = log_in(&bench).await.unwrap_err();
        assert_eq!(failure.code(), code, "{error}");
        assert_eq!(bench.authority.requests("/token").len(), 1);
    }
}

/// GitHub answers 200 with an error, and the interval may come as text.
#[tokio::test]
async fn refusals_that_come_with_200_are_read_as_such() {
    for (error, code) in [
        ("expired_token", Code::OauthDeviceExpired),
        ("access_denied", Code::OauthDenied),
        ("incorrect_client_credentials", Code::OauthDenied),
    ] {
        let reply = Reply::json(200, json!({"error": error}).to_string());
        let bench = Bench::with(Conduct {
            instead: [("/token".to_owned(), reply)].into(),
            ..Conduct::default()
        });
        let failure = log_in(&bench).await.unwrap_err();
        assert_eq!(failure.code(), code, "{error}");
    }
    let pending = json!({"error": "authorization_pending"}).to_string();
    let bench = Bench::with(Conduct {
        instead: [("/token".to_owned(), Reply::json(200, pending))].into(),
        ..Conduct::default()
    });
    let authority = bench.authority.clone();
    let confirmed = std::thread::spawn(move || {
        while authority.requests("/token").len() < 2 {
            std::thread::yield_now();
        }
        authority.now(|conduct| conduct.instead.clear());
    });
    log_in(&bench).await.unwrap();
    confirmed.join().unwrap();

    let refused = json!({"error": "unauthorized_client"}).to_string();
    let bench = Bench::with(Conduct {
        instead: [("/device".to_owned(), Reply::json(200, refused))].into(),
        ..Conduct::default()
    });
    let failure = log_in(&bench).await.unwrap_err();
    assert_eq!(failure.code(), Code::OauthClientUnknown);
}

#[tokio::test]
async fn times_of_a_code_are_read_as_text_too() {
    let device = json!({
        "device_code": "fake-device", "user_code": "A", "expires_in": "1", "interval": "0.001",
        "verification_uri": "https://as.test/confirm",
    });
    let bench = Bench::with(Conduct {
        pending: 1000,
        instead: [("/device".to_owned(), Reply::json(200, device.to_string()))].into(),
        ..Conduct::default()
    });
    let failure = log_in(&bench).await.unwrap_err();
    assert_eq!(failure.code(), Code::OauthDeviceExpired);
}

#[tokio::test]
async fn a_code_is_not_asked_about_after_its_time() {
    let device = json!({
        "device_code": "fake-device", "user_code": "A", "expires_in": 1,
        "verification_uri": "https://as.test/confirm",
    });
    let bench = Bench::with(Conduct {
        pending: 1000,
        instead: [("/device".to_owned(), Reply::json(200, device.to_string()))].into(),
        ..Conduct::default()
    });
    let failure = log_in(&bench).await.unwrap_err();
    assert_eq!(failure.code(), Code::OauthDeviceExpired);
    assert!(told(&failure).contains("LogInByDevice"), "{failure:?}");
}

#[tokio::test]
async fn a_connection_that_breaks_is_asked_again_at_the_next_interval() {
    let bench = Bench::with(Conduct {
        instead: [("/token".to_owned(), Reply::silent(End::Reset))].into(),
        ..Conduct::default()
    });
    let authority = bench.authority.clone();
    let mended = std::thread::spawn(move || {
        while authority.requests("/token").len() < 2 {
            std::thread::yield_now();
        }
        authority.now(|conduct| conduct.instead.clear());
    });
    log_in(&bench).await.unwrap();
    mended.join().unwrap();
}

#[tokio::test]
async fn a_client_with_a_secret_is_refused_before_anything_is_sent() {
    let bench = Bench::new();
    let settings = LoginSettings {
        client_secret: Some("fake-client-secret".into()),
        ..Bench::settings()
    };
    let result = bench.run(settings, Registering::Refused, Way::Device).await;
    assert_eq!(result.unwrap_err().code(), Code::OauthClientRequired);
    assert_eq!(bench.authority.requests("/device").len(), 0);
}

#[tokio::test]
async fn addresses_that_are_shown_are_held_to_the_rules_of_endpoints() {
    for address in [
        "javascript:alert(1)",
        "http://as.test/",
        "https://10.0.0.1/",
    ] {
        let device = json!({"device_code": "d", "user_code": "A", "verification_uri": address});
        let bench = Bench::with(Conduct {
            instead: [("/device".to_owned(), Reply::json(200, device.to_string()))].into(),
            ..Conduct::default()
        });
        let failure = log_in(&bench).await.unwrap_err();
        assert_eq!(failure.code(), Code::OauthTokenInvalid, "{address}");
    }
}

#[tokio::test]
async fn a_server_without_the_endpoint_is_not_asked_at_a_made_up_one() {
    let bench = Bench::with(Conduct {
        server: json!({"device_authorization_endpoint": null}),
        ..Conduct::default()
    });
    assert_eq!(
        log_in(&bench).await.unwrap_err().code(),
        Code::OauthDiscoveryFailed
    );
    assert_eq!(bench.authority.paths().len(), 3);
}
