//! The check of the authorization URL before a browser opens.

use synapse_core::Code;
use synapse_oauth::LoginSettings;
use synapse_testkit::raw::{End, Reply};

use crate::support::{Bench, Conduct, told};

fn answering(reply: Reply) -> Bench {
    Bench::with(Conduct {
        instead: [("/authorize".to_owned(), reply)].into(),
        ..Conduct::default()
    })
}

/// The error that Hugging Face only shows in the browser.
#[tokio::test]
async fn an_unregistered_redirect_is_told_with_the_uri_and_no_browser_opens() {
    let bench = Bench::new();
    let browser = bench.browser();
    let settings = LoginSettings {
        client_id: Some("unregistered".to_owned()),
        redirect_uri: Some(format!("http://localhost:{}/oauth/callback", free_port())),
        ..LoginSettings::default()
    };
    let uri = settings.redirect_uri.clone().unwrap();
    let failure = bench.log_in_by(&browser, settings).await.unwrap_err();
    assert_eq!(failure.code(), Code::OauthRedirectMismatch);
    let all = told(&failure);
    assert!(
        all.contains("must be one of the registered redirect_uris"),
        "{all}"
    );
    assert!(failure.hints()[0].text.ends_with(&uri), "{all}");
    assert_eq!(browser.times_opened(), 0);
    assert_eq!(bench.authority.requests("/authorize").len(), 1);
}

#[tokio::test]
async fn refusals_are_told_apart_by_header_json_page_and_redirect() {
    for (reply, code) in [
        (
            Reply::json(
                400,
                r#"{"error":"invalid_client","error_description":"no such"}"#,
            ),
            Code::OauthClientUnknown,
        ),
        (
            Reply::json(400, r#"{"error":"invalid_scope"}"#),
            Code::OauthScopeRefused,
        ),
        (
            Reply::json(400, r#"{"error":"invalid_redirect_uri"}"#),
            Code::OauthRedirectMismatch,
        ),
        (
            Reply::json(
                400,
                r#"{"error":"invalid_request","error_description":"bad redirect_uri"}"#,
            ),
            Code::OauthRedirectMismatch,
        ),
        // Errors told with 200, or by a redirect to a page of the server's own.
        (
            Reply::json(200, r#"{"error":"redirect_uri_mismatch"}"#),
            Code::OauthRedirectMismatch,
        ),
        (
            Reply::json(400, "\u{feff}{\"error\":\"invalid_redirect_uri\"}"),
            Code::OauthRedirectMismatch,
        ),
        (
            Reply::status(302).header(
                "location",
                "/error?error=invalid_request&error_description=The+redirect_uri+is+unknown",
            ),
            Code::OauthRedirectMismatch,
        ),
        (
            Reply::status(302).header("location", "https://as.test/e?x=1&error=invalid_client#e"),
            Code::OauthClientUnknown,
        ),
        // oidc-provider
        (
            Reply::typed(
                400,
                "text/html",
                "<pre><strong>error</strong>: invalid_redirect_uri</pre>",
            ),
            Code::OauthRedirectMismatch,
        ),
        (
            Reply::typed(
                400,
                "text/html",
                "<pre><strong>error</strong>: invalid_client</pre>",
            ),
            Code::OauthClientUnknown,
        ),
    ] {
        let bench = answering(reply.clone());
        let browser = bench.browser();
        let failure = bench
            .log_in_by(&browser, Bench::settings())
            .await
            .unwrap_err();
        assert_eq!(failure.code(), code, "{reply:?}");
        assert_eq!(browser.times_opened(), 0, "{reply:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_judged_is_said_and_the_login_goes_on() {
    for reply in [
        Reply::typed(403, "text/html", "<p>Checking your browser</p>"),
        Reply::status(500),
        Reply::typed(503, "text/html", "<p>the redirect_uri service is down</p>"),
        Reply::status(429),
        Reply::silent(End::Reset),
    ] {
        let bench = answering(reply.clone());
        bench.log_in(Bench::settings()).await.unwrap();
        assert!(
            bench.user.news().contains("Unjudged"),
            "{reply:?}: {}",
            bench.user.news()
        );
    }
}

#[tokio::test]
async fn the_way_to_a_login_page_is_fine_and_not_followed() {
    for reply in [
        Reply::status(303).header("location", "https://elsewhere.test/login"),
        Reply::status(302).header("location", "/login"),
        Reply::status(302).header("location", "/login?error=login_required"),
        Reply::status(302).header("location", "/login?error_description=redirect_uri"),
        Reply::json(200, r#"{"next":"/login","error":"login_required"}"#),
        Reply::typed(200, "text/html", "<p>the redirect_uri is fine</p>"),
    ] {
        let bench = answering(reply.clone());
        bench.log_in(Bench::settings()).await.unwrap();
        assert!(
            !bench.user.news().contains("Unjudged"),
            "{}",
            bench.user.news()
        );
        assert_eq!(bench.authority.requests("/login").len(), 0);
    }
}

#[tokio::test]
async fn a_code_without_a_login_is_dropped_and_reported() {
    let redirect = format!("http://127.0.0.1:{}/callback", free_port());
    let back = format!("{redirect}?code=fake-early&state=unread");
    let bench = answering(Reply::status(303).header("location", &back));
    let settings = LoginSettings {
        redirect_uri: Some(redirect),
        ..Bench::settings()
    };
    bench.log_in(settings).await.unwrap();
    assert!(
        bench.user.news().contains("CodeDropped"),
        "{}",
        bench.user.news()
    );
    assert_ne!(bench.authority.forms()[0]["code"], "fake-early");
}

#[tokio::test]
async fn the_look_sends_no_cookie_and_follows_nothing_twice() {
    let bench = answering(
        Reply::status(303)
            .header("set-cookie", "session=fake")
            .header("location", "/login"),
    );
    bench.log_in(Bench::settings()).await.unwrap();
    let asked = bench.authority.requests("/authorize");
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].header("cookie"), None);
    assert_eq!(asked[0].header("authorization"), None);
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
