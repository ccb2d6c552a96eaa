//! The callback listener: responses, senders, and lifetime.

use serde_json::json;
use synapse_core::Code;
use synapse_oauth::LoginSettings;
use url::Url;

use crate::support::{Bench, Browser, Conduct, get, told};

fn authority_of(end: &Url) -> String {
    format!("{}:{}", end.host_str().unwrap(), end.port().unwrap())
}

#[tokio::test]
async fn a_wrong_missing_or_doubled_state_ends_nothing() {
    let bench = Bench::new();
    let browser = Browser::visiting(&bench.authority, |end| {
        let end = end.to_string();
        vec![
            end.replace("state=", "state=x"),
            end.replace("state=", "other="),
            format!("{end}&state=x"),
            end,
        ]
    });
    bench.log_in_by(&browser, Bench::settings()).await.unwrap();
    assert_eq!(bench.authority.requests("/token").len(), 1);
    let answers = browser.answers.lock().unwrap();
    for answer in answers.iter().take(3) {
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    }
}

#[tokio::test]
async fn an_answer_of_another_issuer_ends_the_login_and_its_code_is_not_used() {
    for (forge, promised) in [
        ("iss=https%3A%2F%2Fevil.test", true),
        ("iss=https%3A%2F%2Fevil.test", false),
        ("other=1", true),
    ] {
        let bench = Bench::with(Conduct {
            server: json!({"authorization_response_iss_parameter_supported": promised}),
            ..Conduct::default()
        });
        let browser = match forge {
            "other=1" => Browser::visiting(&bench.authority, |end| {
                vec![end.as_str().replace("iss=", "other=")]
            }),
            _ => Browser::visiting(&bench.authority, |end| {
                let (kept, _) = end.as_str().split_once("&iss=").unwrap();
                vec![format!("{kept}&iss=https%3A%2F%2Fevil.test")]
            }),
        };
        let failure = bench
            .log_in_by(&browser, Bench::settings())
            .await
            .unwrap_err();
        assert_eq!(failure.code(), Code::OauthIssuerMismatch, "{forge}");
        assert_eq!(bench.authority.requests("/token").len(), 0);
        assert!(bench.store.all().is_empty());
    }
}

#[tokio::test]
async fn an_error_is_told_with_its_text_and_an_unknown_issuer_s_text_is_not() {
    let bench = Bench::new();
    let browser = Browser::visiting(&bench.authority, |end| {
        let (redirect, query) = end.as_str().split_once('?').unwrap();
        let rest = query.split_once('&').unwrap().1;
        vec![format!(
            "{redirect}?error=access_denied&error_description=no%1b%5B31m%20way&{rest}"
        )]
    });
    let failure = bench
        .log_in_by(&browser, Bench::settings())
        .await
        .unwrap_err();
    assert_eq!(failure.code(), Code::OauthDenied);
    let all = told(&failure);
    assert!(all.contains("way") && !all.contains('\x1b'), "{all:?}");
}

#[tokio::test]
async fn only_a_get_of_the_one_path_with_the_right_host_is_heard() {
    let bench = Bench::new();
    let browser = Browser::visiting(&bench.authority, |end| {
        let host = authority_of(end);
        let target = &end[url::Position::BeforePath..];
        let port = end.port().unwrap();
        for (status, request) in [
            (
                "405",
                format!("POST {target} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n\r\n"),
            ),
            (
                "405",
                format!("HEAD {target} HTTP/1.1\r\nHost: {host}\r\n\r\n"),
            ),
            (
                "421",
                format!("GET {target} HTTP/1.1\r\nHost: evil.test:{port}\r\n\r\n"),
            ),
            (
                "421",
                format!("GET {target} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n"),
            ),
            ("421", format!("GET {target} HTTP/1.1\r\n\r\n")),
            (
                "421",
                format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nHost: {host}\r\n\r\n"),
            ),
            (
                "404",
                format!("GET /{target} HTTP/1.1\r\nHost: {host}\r\n\r\n"),
            ),
            (
                "404",
                format!("GET /favicon.ico HTTP/1.1\r\nHost: {host}\r\n\r\n"),
            ),
            ("400", format!("GET {target}\r\nHost: {host}\r\n\r\n")),
            ("400", "\x16\x03\x01\r\n\r\n".to_owned()),
            (
                "431",
                // Its state is wrong: accepting it must not end the login.
                format!(
                    "GET {}?state=wrong HTTP/1.1\r\nHost: {host}\r\nX: {}\r\n\r\n",
                    end.path(),
                    "x".repeat(9000)
                ),
            ),
        ] {
            let answer = get(&host, &request);
            assert!(
                answer.is_empty() && status == "431"
                    || answer.starts_with(&format!("HTTP/1.1 {status} ")),
                "{request:.60}: {answer}"
            );
        }
        vec![end.to_string()]
    });
    bench.log_in_by(&browser, Bench::settings()).await.unwrap();
    assert_eq!(bench.authority.requests("/token").len(), 1);
}

#[tokio::test]
async fn pages_are_static_and_repeat_nothing_of_a_request() {
    let bench = Bench::new();
    let browser = Browser::visiting(&bench.authority, |end| {
        vec![
            format!("{end}&state=%3Cscript%3Ealert(1)%3C/script%3E"),
            format!("{end}&x=%3Cscript%3Ealert(1)%3C/script%3E"),
        ]
    });
    bench.log_in_by(&browser, Bench::settings()).await.unwrap();
    let answers = loop {
        let answers = browser.answers.lock().unwrap().clone();
        if answers.len() == 2 {
            break answers;
        }
        tokio::task::yield_now().await;
    };
    for answer in answers {
        for header in [
            "content-security-policy: default-src 'none'",
            "x-content-type-options: nosniff",
            "cache-control: no-store",
            "referrer-policy: no-referrer",
        ] {
            assert!(answer.contains(header), "{answer}");
        }
        assert!(
            !answer.contains("script") && !answer.contains("fake-"),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn nothing_listens_after_the_one_success() {
    let bench = Bench::new();
    let browser = bench.browser();
    bench.log_in_by(&browser, Bench::settings()).await.unwrap();
    let opened = browser.opened.lock().unwrap()[0].clone();
    let redirect = opened
        .query_pairs()
        .find(|(name, _)| name == "redirect_uri")
        .unwrap()
        .1;
    let redirect: Url = redirect.parse().unwrap();
    assert_eq!(get(&authority_of(&redirect), "GET / HTTP/1.1\r\n\r\n"), "");
}

#[tokio::test]
async fn a_configured_redirect_is_sent_as_it_is_and_localhost_is_heard_on_both_addresses() {
    let bench = Bench::new();
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let redirect = format!("http://localhost:{port}/oauth/callback");
    let browser = Browser::visiting(&bench.authority, |end| {
        let port = end.port().unwrap();
        for address in [format!("127.0.0.1:{port}"), format!("[::1]:{port}")] {
            let answer = get(
                &address,
                &format!("GET /none HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n"),
            );
            assert!(answer.starts_with("HTTP/1.1 404 "), "{address}: {answer}");
        }
        vec![end.to_string()]
    });
    let settings = LoginSettings {
        redirect_uri: Some(redirect.clone()),
        ..Bench::settings()
    };
    bench.log_in_by(&browser, settings).await.unwrap();
    assert_eq!(bench.authority.forms()[0]["redirect_uri"], redirect);
}

#[tokio::test]
async fn a_busy_port_is_told_before_anything_is_registered_or_opened() {
    let bench = Bench::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let browser = bench.browser();
    let settings = LoginSettings {
        redirect_uri: Some(format!("http://127.0.0.1:{port}/callback")),
        ..Bench::settings()
    };
    let failure = bench.log_in_by(&browser, settings).await.unwrap_err();
    assert_eq!(failure.code(), Code::OauthPortBusy);
    assert_eq!(browser.times_opened(), 0);
    assert_eq!(bench.authority.requests("/authorize").len(), 0);
}
