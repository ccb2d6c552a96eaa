//! Misbehaving servers: large, slow, redirecting and broken answers, and invalid tokens.

use std::time::{Duration, Instant};

use serde_json::json;
use synapse_core::Code;
use synapse_core::ports::TokenSource as _;
use synapse_core::time::Timestamp;
use synapse_oauth::{LoginSettings, Times};
use synapse_testkit::raw::{End, RawServer, Reply};

use crate::support::{Bench, Conduct, TIMES, server, told};

const RESOURCE: &str = "/.well-known/oauth-protected-resource/mcp";
const OAUTH: &str = "/.well-known/oauth-authorization-server";

fn instead(path: &str, reply: Reply) -> Bench {
    Bench::with(Conduct {
        instead: [(path.to_owned(), reply)].into(),
        ..Conduct::default()
    })
}

#[tokio::test]
async fn metadata_that_is_no_document_fails_by_name_and_sends_nothing_further() {
    let bomb = {
        use std::io::Write as _;
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(&vec![b' '; 64 * 1024 * 1024]).unwrap();
        encoder.finish().unwrap()
    };
    let deep = format!("{{\"issuer\":{}{}}}", "[".repeat(5000), "]".repeat(5000));
    for path in [RESOURCE, OAUTH] {
        for (name, reply) in [
            ("html", Reply::typed(200, "text/html", "<p>hi</p>")),
            ("2 MiB", Reply::json(200, vec![b' '; 2 * 1024 * 1024])),
            (
                "gzip bomb",
                Reply::json(200, bomb.clone()).header("content-encoding", "gzip"),
            ),
            (
                "redirect",
                Reply::status(302).header("location", "https://evil.test/"),
            ),
            ("deep", Reply::json(200, deep.clone())),
            ("list", Reply::json(200, "[]")),
            (
                "truncated",
                Reply::json(200, "{\"issuer\":\"x")
                    .claiming(100)
                    .then(End::Close),
            ),
            ("empty", Reply::json(200, "")),
            ("reset", Reply::silent(End::Reset)),
        ] {
            let bench = instead(path, reply);
            let failure = bench
                .fails(Bench::settings(), Code::OauthDiscoveryFailed)
                .await;
            assert!(told(&failure).contains(path), "{name}: {failure:?}");
            assert_eq!(bench.authority.requests(path).len(), 1, "{name}");
            assert_eq!(bench.authority.requests("/register").len(), 0, "{name}");
        }
    }
}

#[tokio::test]
async fn slow_metadata_ends_the_search_in_time() {
    let body = json!({"resource": "x".repeat(4000)}).to_string();
    let bench = instead(
        RESOURCE,
        Reply::json(200, body).dripping(Duration::from_millis(20)),
    );
    let oauth = bench.oauth.clone().within(Times {
        fetch: Duration::from_millis(300),
        discovery: Duration::from_millis(600),
        ..TIMES
    });
    let bench = Bench { oauth, ..bench };
    // The whole body would take 80 seconds.
    let began = Instant::now();
    bench
        .fails(Bench::settings(), Code::OauthDiscoveryFailed)
        .await;
    assert!(
        began.elapsed() < Duration::from_secs(40),
        "{:?}",
        began.elapsed()
    );
}

/// The body is abandoned at the cap, although its connection stays open.
#[tokio::test]
async fn a_body_is_read_up_to_its_cap_alone() {
    let beginning = vec![b' '; 512 * 1024];
    for path in [RESOURCE, OAUTH] {
        let endless = Reply::json(200, beginning.clone()).claiming(1 << 30);
        let bench = instead(path, endless.then(End::Hang));
        let failure = bench
            .fails(Bench::settings(), Code::OauthDiscoveryFailed)
            .await;
        assert!(told(&failure).contains("larger"), "{path}: {failure:?}");
    }
}

/// Each request has its own deadline: the next place is still tried.
#[tokio::test]
async fn a_place_that_does_not_answer_leaves_time_for_the_next() {
    let root = "/.well-known/oauth-protected-resource";
    let bench = instead(RESOURCE, Reply::silent(End::Hang));
    let document = json!({
        "resource": bench.authority.issuer(),
        "authorization_servers": [bench.authority.issuer()],
    });
    bench.authority.now(|conduct| {
        let reply = Reply::json(200, document.to_string());
        conduct.instead.insert(root.to_owned(), reply);
    });
    let oauth = bench.oauth.clone().within(Times {
        fetch: Duration::from_millis(500),
        discovery: Duration::from_secs(20),
        ..TIMES
    });
    let bench = Bench { oauth, ..bench };
    bench.log_in(Bench::settings()).await.unwrap();
}

/// All requests of the search share a deadline.
#[tokio::test]
async fn the_search_as_a_whole_has_a_deadline() {
    let bench = instead(RESOURCE, Reply::silent(End::Hang));
    let oauth = bench.oauth.clone().within(Times {
        fetch: Duration::from_secs(600),
        discovery: Duration::from_millis(500),
        login: Duration::from_secs(10),
        ..TIMES
    });
    let bench = Bench { oauth, ..bench };
    bench
        .fails(Bench::settings(), Code::OauthDiscoveryFailed)
        .await;
}

#[tokio::test]
async fn an_answer_of_the_token_endpoint_that_is_no_token_stores_nothing() {
    for (name, reply) in [
        (
            "redirect",
            Reply::status(302).header("location", "https://evil.test/"),
        ),
        ("html", Reply::typed(200, "text/html", "<p>hi</p>")),
        (
            "line end",
            Reply::json(200, r#"{"access_token":"a\r\nx-evil: 1"}"#),
        ),
        (
            "other type",
            Reply::json(200, r#"{"access_token":"a","token_type":"mac"}"#),
        ),
        (
            "dpop",
            Reply::json(200, r#"{"access_token":"a","token_type":"DPoP"}"#),
        ),
        ("none", Reply::json(200, "{}")),
        (
            "huge",
            Reply::json(
                200,
                format!("{{\"access_token\":\"{}\"}}", "a".repeat(70_000)),
            ),
        ),
        ("500", Reply::status(500)),
    ] {
        let bench = instead("/token", reply);
        bench
            .fails(Bench::settings(), Code::OauthTokenInvalid)
            .await;
        assert_eq!(bench.authority.requests("/token").len(), 1, "{name}");
        assert!(bench.store.all().is_empty(), "{name}");
    }
}

/// A redirect of any kind would hand code, verifier and client secret, or a refresh token, over.
#[tokio::test]
async fn a_token_endpoint_that_redirects_leads_nowhere() {
    for status in [301, 302, 303, 307, 308] {
        let elsewhere = RawServer::always(Reply::json(
            200,
            r#"{"access_token":"fake-stolen","token_type":"bearer"}"#,
        ));
        let target = elsewhere.url("/token");
        let reply = Reply::status(status).header("location", target.as_str());
        let bench = instead("/token", reply.clone());
        let settings = || LoginSettings {
            client_secret: Some("fake-client-secret".into()),
            ..Bench::settings()
        };
        bench.fails(settings(), Code::OauthTokenInvalid).await;
        assert_eq!(bench.authority.requests("/token").len(), 1, "{status}");

        let bench = Bench::new();
        bench.log_in(settings()).await.unwrap();
        bench.authority.now(|conduct| {
            conduct.instead.insert("/token".to_owned(), reply);
        });
        bench
            .store
            .change(|record| record.expires_at = Some(Timestamp::from_millis(0)));
        let asked = bench
            .tokens()
            .token(&bench.permit(), &server(), &bench.url())
            .await;
        assert_eq!(
            asked.unwrap_err().code(),
            Code::OauthTokenInvalid,
            "{status}"
        );
        assert_eq!(bench.authority.requests("/token").len(), 2, "{status}");
        assert_eq!(elsewhere.accepts(), 0, "{status}");
    }
}

/// Any answer but a token ends in one request: what was sent may have been used.
#[tokio::test]
async fn a_token_request_is_never_sent_again() {
    for (name, reply) in [
        ("reset", Reply::silent(End::Reset)),
        ("closed", Reply::silent(End::Close)),
        ("half", Reply::json(200, "{").claiming(100)),
        ("busy", Reply::status(503).header("retry-after", "0")),
        ("limited", Reply::status(429).header("retry-after", "0")),
        ("late", Reply::status(408)),
        ("early", Reply::status(425)),
        ("misdirected", Reply::status(421)),
        (
            "asked",
            Reply::status(401).header("www-authenticate", "Basic realm=\"as\""),
        ),
        ("upgrade", Reply::status(426).header("upgrade", "h2c")),
    ] {
        let bench = instead("/token", reply);
        drop(bench.log_in(Bench::settings()).await.unwrap_err());
        assert_eq!(bench.authority.requests("/token").len(), 1, "{name}");
        assert!(bench.store.all().is_empty(), "{name}");
    }
}

#[tokio::test]
async fn junk_in_expires_in_leaves_the_end_unknown() {
    for junk in [json!("soon"), json!(-1), json!(null), json!([1]), json!(0)] {
        let bench = Bench::with(Conduct {
            token: json!({"expires_in": junk}),
            ..Conduct::default()
        });
        bench.log_in(Bench::settings()).await.unwrap();
        assert_eq!(bench.record().1.expires_at, None, "{junk}");
    }
    for sense in [json!("3600"), json!(3600.5), json!(1e300)] {
        let bench = Bench::with(Conduct {
            token: json!({"expires_in": sense}),
            ..Conduct::default()
        });
        bench.log_in(Bench::settings()).await.unwrap();
        assert!(bench.record().1.expires_at.is_some(), "{sense}");
    }
}

#[tokio::test]
async fn text_of_a_server_reaches_no_terminal_as_it_is() {
    let evil = "\u{1b}[31mred\u{202e}\u{7} fake-access";
    let body = json!({"error": "access_denied", "error_description": evil}).to_string();
    let bench = instead("/token", Reply::json(400, body));
    let failure = bench.fails(Bench::settings(), Code::OauthDenied).await;
    let all = told(&failure);
    assert!(all.contains("red"), "{all:?}");
    assert!(!all.contains(['\u{1b}', '\u{202e}', '\u{7}']), "{all:?}");
}

#[tokio::test]
async fn an_expired_or_unknown_code_is_told_and_not_sent_again() {
    let bench = instead("/token", Reply::json(400, r#"{"error":"invalid_grant"}"#));
    let failure = bench.fails(Bench::settings(), Code::OauthDenied).await;
    assert!(told(&failure).contains("invalid_grant"), "{failure:?}");
    assert_eq!(bench.authority.requests("/token").len(), 1);
}
