//! Access control. Each test fails without the defence it is named after.

use std::sync::atomic::Ordering;

use crate::bench::Bench;

#[tokio::test]
async fn only_its_own_names_are_answered() {
    let bench = Bench::new().await;
    let session = bench.enter().await;
    let port = bench.port;
    for name in ["127.0.0.1", "localhost", "[::1]"] {
        let request = format!(
            "GET {} HTTP/1.1\r\nHost: {name}:{port}\r\nConnection: close\r\nCookie: {}\r\n\r\n",
            session.base, session.cookie
        );
        assert_eq!(bench.raw(&request).await.status, 200, "{name}");
    }
    for host in [
        "evil.example".to_owned(),
        format!("evil.example:{port}"),
        "127.0.0.1".to_owned(),
        format!("127.0.0.1:{}", port.wrapping_add(1)),
        format!("127.0.0.1.evil.example:{port}"),
        format!("0.0.0.0:{port}"),
    ] {
        let request = format!(
            "GET {} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nCookie: {}\r\n\r\n",
            session.base, session.cookie
        );
        let answer = bench.raw(&request).await;
        assert_eq!((answer.status, answer.body.as_str()), (421, ""), "{host}");
    }
    let twice = format!(
        "GET {} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nHost: evil.example\r\nConnection: close\r\n\
         Cookie: {}\r\n\r\n",
        session.base, session.cookie
    );
    assert_ne!(bench.raw(&twice).await.status, 200);
}

#[tokio::test]
async fn a_token_opens_one_session() {
    let bench = Bench::new().await;
    assert!(bench.token.len() >= 43, "256 bits");
    let session = bench.enter().await;
    let again = bench.get_with(&format!("/enter/{}", bench.token), "").await;
    assert_eq!(again.status, 410);
    assert!(again.header("set-cookie").is_none());
    let guessed = bench.get_with("/enter/guessed", "").await;
    assert_eq!(guessed.status, 404);
    assert_eq!(bench.get(&session, "").await.status, 200);
}

#[tokio::test]
async fn a_token_is_exchanged_by_a_get_alone() {
    let bench = Bench::new().await;
    let request = format!(
        "POST /enter/{} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        bench.token,
        bench.host()
    );
    assert_eq!(bench.raw(&request).await.status, 405);
    bench.enter().await;
}

#[tokio::test]
async fn the_cookie_is_strict_hidden_from_scripts_and_below_a_random_path() {
    let bench = Bench::new().await;
    let entered = bench.get_with(&format!("/enter/{}", bench.token), "").await;
    let cookie = entered.header("set-cookie").unwrap();
    let base = entered.header("location").unwrap();
    assert!(base.len() > 20);
    for part in ["HttpOnly", "SameSite=Strict", &format!("Path={base};")] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!entered.body.contains(&bench.token));
}

#[tokio::test]
async fn without_a_session_nothing_is_told() {
    let bench = Bench::new().await;
    let session = bench.enter().await;
    for path in ["", "connections", "style.css", "history?format=json"] {
        let answer = bench.get_with(&format!("{}{path}", session.base), "").await;
        assert_eq!(answer.status, 401, "{path}");
        assert!(!answer.body.contains("gpt-x"));
    }
    for path in ["/", "/connections", "/favicon.ico", "/guessed/connections"] {
        let cookie = format!("Cookie: {}\r\n", session.cookie);
        assert_eq!(bench.get_with(path, &cookie).await.status, 404, "{path}");
    }
    let foreign = bench
        .get_with(&session.base, "Cookie: synapse_session=guessed\r\n")
        .await;
    assert_eq!(foreign.status, 401);
}

#[tokio::test]
async fn a_page_that_is_followed_from_elsewhere_asks_for_itself() {
    let bench = Bench::new().await;
    let session = bench.enter().await;
    let answer = bench
        .get_with(&session.base, "Sec-Fetch-Site: cross-site\r\n")
        .await;
    assert_eq!(answer.status, 401);
    assert!(
        answer
            .body
            .contains(&format!("content=\"0;url={}\"", session.base))
    );
    let own = bench
        .get_with(&session.base, "Sec-Fetch-Site: same-origin\r\n")
        .await;
    assert!(!own.body.contains("refresh"), "no loop");
}

#[tokio::test]
async fn every_answer_carries_the_safety_headers() {
    let bench = Bench::new().await;
    let session = bench.enter().await;
    for path in [
        "",
        "style.css",
        "copy.js",
        "nowhere",
        "usage?format=json",
        "usage?format=csv",
    ] {
        let answer = bench.get(&session, path).await;
        let policy = answer.header("content-security-policy").unwrap();
        for part in [
            "default-src 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "require-trusted-types-for 'script'",
        ] {
            assert!(policy.contains(part), "{path}");
        }
        assert!(!policy.contains("unsafe"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("x-frame-options"), Some("DENY"));
        for header in ["cross-origin-opener-policy", "cross-origin-resource-policy"] {
            assert_eq!(answer.header(header), Some("same-origin"), "{header}");
        }
        for part in [
            "style-src 'self'",
            "script-src 'self'",
            "trusted-types 'none'",
        ] {
            assert!(policy.contains(part), "{path}: {part}");
        }
        assert!(answer.header("access-control-allow-origin").is_none());
    }
}

#[tokio::test]
async fn a_change_needs_the_origin_of_this_server() {
    let bench = Bench::new().await;
    let session = bench.enter().await;
    let body = format!("csrf={}", session.csrf);
    let own = format!("Origin: http://{}\r\n", bench.host());
    for headers in [
        String::new(),
        "Origin: null\r\n".to_owned(),
        "Origin: https://evil.example\r\n".to_owned(),
        format!("Origin: https://{}\r\n", bench.host()),
        format!(
            "Origin: http://127.0.0.1:{}\r\n",
            bench.port.wrapping_add(1)
        ),
        format!("Origin: http://localhost:{}\r\n", bench.port),
        format!("{own}Sec-Fetch-Site: cross-site\r\n"),
        format!("{own}Sec-Fetch-Site: same-site\r\n"),
        format!("{own}Origin: https://evil.example\r\n"),
    ] {
        let answer = bench.post_with(&session, "doctor", &body, &headers).await;
        assert_eq!(answer.status, 403, "{headers}");
    }
    assert_eq!(bench.program.looked.load(Ordering::Relaxed), 0);
    let answer = bench.post_with(&session, "doctor", &body, &own).await;
    assert_eq!(answer.status, 303);
    assert_eq!(bench.program.looked.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_change_needs_the_form_secret_of_its_session() {
    let bench = Bench::new().await;
    let session = bench.enter().await;
    let own = format!("Origin: http://{}\r\n", bench.host());
    for body in ["", "csrf=", "csrf=guessed", "other=1"] {
        let answer = bench.post_with(&session, "doctor", body, &own).await;
        assert_eq!(answer.status, 403, "{body}");
    }
    assert_eq!(bench.program.looked.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_change_is_a_form_and_no_other_get_changes_anything() {
    let bench = Bench::new().await;
    let session = bench.enter().await;
    let request = format!(
        "POST {}doctor HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nCookie: {}\r\n\
         Origin: http://{}\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n{{}}",
        session.base,
        bench.host(),
        session.cookie,
        bench.host()
    );
    assert_eq!(bench.raw(&request).await.status, 415);
    for path in [
        "doctor",
        "hub/notes/start",
        "connections/open/gate",
        "secrets/set",
        "leave",
    ] {
        bench.get(&session, path).await;
    }
    assert_eq!(bench.program.looked.load(Ordering::Relaxed), 0);
    assert_eq!(bench.program.acted.load(Ordering::Relaxed), 0);
    assert_eq!(
        bench.get(&session, "").await.status,
        200,
        "still in session"
    );
}

#[tokio::test]
async fn viewing_pages_reads_no_secret_sends_nothing_and_starts_nothing() {
    let bench = Bench::new().await;
    let session = bench.enter().await;
    for path in [
        "",
        "welcome",
        "connections",
        "connections?show=open",
        "connections/new",
        "connections/open/edit",
        "connections/open/remove",
        "usage",
        "history",
        "hub",
        "hub/approvals",
        "secrets",
        "doctor",
        "explain/gate.network-disabled",
    ] {
        assert_eq!(bench.get(&session, path).await.status, 200, "{path}");
        let json = if path.contains('?') {
            "&format=json"
        } else {
            "?format=json"
        };
        let document = bench.get(&session, &format!("{path}{json}")).await;
        assert_eq!(
            document.header("content-type"),
            Some("application/json"),
            "{path}"
        );
        let document: serde_json::Value = serde_json::from_str(&document.body).unwrap();
        assert!(
            document["schema"].as_str().unwrap().starts_with("synapse."),
            "{path}"
        );
    }
    assert_eq!(bench.secrets.reads(), 0);
    assert_eq!(bench.provider.probe_count(), 0);
    assert_eq!(bench.program.looked.load(Ordering::Relaxed), 0);
    assert_eq!(bench.program.acted.load(Ordering::Relaxed), 0);
    assert!(bench.ledger.entries().is_empty());
}

#[tokio::test]
async fn whoever_leaves_is_out() {
    let bench = Bench::new().await;
    let session = bench.enter().await;
    assert_eq!(bench.post(&session, "leave", "").await.status, 303);
    assert_eq!(bench.get(&session, "").await.status, 401);
}

#[tokio::test]
async fn two_dashboards_do_not_share_sessions() {
    let (one, other) = (Bench::new().await, Bench::new().await);
    let session = one.enter().await;
    assert_eq!(other.get(&session, "").await.status, 404, "another path");
    let theirs = other.enter().await;
    let mixed = crate::bench::Session {
        cookie: session.cookie,
        ..theirs
    };
    assert_eq!(other.get(&mixed, "").await.status, 401);
}
