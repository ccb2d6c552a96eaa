//! Server faults during a conversation: distinct errors, no retries.

use std::time::Duration;

use serde_json::json;
use synapse_mcp::client::{CallError, Caps, Conversation as _, Eras, MayHaveRun};
use synapse_testkit::raw::{End, RawServer, Reply};

use crate::support::{Posted, call, events, http, methods, modern, open};

/// The outcome of one call answered by `reply`; checks that one request was sent.
async fn outcome(reply: impl Fn(&Posted<'_>) -> Reply + Send + Sync + 'static) -> CallError {
    let server = modern(move |posted| (posted.method == "tools/call").then(|| reply(posted)));
    let mut entry = http(server.url("/mcp"), Eras::Both);
    entry.caps = Caps {
        bytes: 100_000,
        depth: 20,
        values: 1000,
    };
    let conversation = entry.open().await.unwrap();
    let mut outgoing = call("t", json!({}));
    outgoing.patience = Duration::from_millis(1500);
    let outcome = conversation.request(outgoing).await.unwrap_err();
    assert_eq!(methods(&server), ["server/discover", "tools/call"]);
    // The conversation stays usable.
    assert!(conversation.is_open());
    outcome
}

#[tokio::test]
async fn a_status_without_success_is_passed_on_with_what_matters() {
    for status in [401, 403, 404, 410, 429, 500, 502, 503] {
        let error = outcome(move |_| {
            Reply::typed(status, "text/plain", "why")
                .header("retry-after", "7")
                .header("www-authenticate", "Bearer realm=\"x\"")
                .header("set-cookie", "a=b")
        })
        .await;
        let CallError::Http {
            status: got,
            headers,
            body,
        } = error
        else {
            panic!("{status}: {error:?}");
        };
        assert_eq!((got, body.as_str()), (status, "why"));
        let names: Vec<_> = headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["www-authenticate", "retry-after", "content-type"]);
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = RawServer::always(Reply::json(200, "{}"));
    let target = elsewhere.url("/mcp").to_string();
    for status in [301, 302, 303, 307, 308] {
        let location = target.clone();
        let error = outcome(move |_| Reply::status(status).header("location", &location)).await;
        let CallError::Http {
            status: got,
            headers,
            ..
        } = error
        else {
            panic!("{error:?}");
        };
        assert_eq!(got, status);
        assert!(headers.contains(&("location".to_owned(), target.clone())));
    }
    assert_eq!(elsewhere.accepts(), 0);
}

#[tokio::test]
async fn errors_of_the_protocol_keep_their_form_whatever_the_status() {
    for (status, code) in [
        (400, -32020),
        (404, -32601),
        (400, -32602),
        (500, -32603),
        (200, -1),
    ] {
        let error = outcome(move |posted| posted.error(status, code)).await;
        assert!(
            matches!(&error, CallError::Rpc(error) if error.code == code),
            "{error:?}"
        );
    }
    // A login is not a protocol error, and an error for another id is not ours.
    for (status, id) in [
        (401, None),
        (429, None),
        (503, Some(json!(null))),
        (400, Some(json!(77))),
    ] {
        let error = outcome(move |posted| {
            let id = id.clone().unwrap_or_else(|| posted.id.clone());
            let error = json!({"code": -1, "message": ""});
            let message = json!({"jsonrpc": "2.0", "id": id, "error": error});
            Reply::json(status, message.to_string())
        })
        .await;
        assert!(matches!(error, CallError::Http { status: got, .. } if got == status));
    }
}

#[tokio::test]
async fn an_answer_that_is_none_breaks_the_protocol() {
    for status in [202, 204] {
        let error = outcome(move |_| Reply::status(status)).await;
        assert!(matches!(error, CallError::Protocol { .. }), "{error:?}");
    }
    for body in [
        "",
        "{",
        "{}",
        "[]",
        r#"{"jsonrpc":"2.0","id":999,"result":{}}"#,
    ] {
        let error = outcome(move |_| Reply::json(200, body)).await;
        assert!(
            matches!(error, CallError::Protocol { .. }),
            "{body}: {error:?}"
        );
    }
}

#[tokio::test]
async fn a_page_in_place_of_an_answer_is_told_as_one() {
    let error = outcome(|_| Reply::typed(200, "text/html", "<html>log in</html>")).await;
    assert!(
        matches!(error, CallError::Http { status: 200, .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_cut_stream_loses_its_request() {
    for end in [End::Close, End::Reset] {
        let error = outcome(move |_| {
            let begun = "event: message\ndata: {\"jsonrpc\":";
            Reply::typed(200, "text/event-stream", begun)
                .chunked_unfinished()
                .then(end)
        })
        .await;
        assert!(
            matches!(error, CallError::Interrupted),
            "{end:?}: {error:?}"
        );
    }
    // A regular end with a retry time, which this era does not support.
    let error =
        outcome(|_| Reply::typed(200, "text/event-stream", "id: 1\nretry: 1\ndata:\n\n").chunked())
            .await;
    assert!(matches!(error, CallError::Interrupted), "{error:?}");
    let error = outcome(|_| {
        Reply::json(200, "{\"jsonrpc\"")
            .claiming(500)
            .then(End::Close)
    })
    .await;
    assert!(matches!(error, CallError::Interrupted), "{error:?}");
}

#[tokio::test]
async fn a_connection_that_ends_before_the_head_may_have_run() {
    for end in [End::Close, End::Reset] {
        let error = outcome(move |_| Reply::silent(end)).await;
        let may_have_run = MayHaveRun::Yes;
        assert!(
            matches!(error, CallError::Carrier { may_have_run: got, .. } if got == may_have_run),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn a_server_that_hangs_costs_the_patience() {
    let error = outcome(|_| Reply::silent(End::Hang)).await;
    assert!(matches!(error, CallError::Timeout { .. }), "{error:?}");
}

#[tokio::test]
async fn caps_hold_for_bodies_and_for_events() {
    let results = [
        (format!("{}{}", "[".repeat(30), "]".repeat(30)), "levels"),
        (format!("[{}0]", "0,".repeat(2000)), "values"),
        (format!("\"{}\"", "x".repeat(150_000)), "bytes"),
    ];
    for (result, expected) in results {
        for is_stream in [false, true] {
            let result = result.clone();
            let error = outcome(move |posted| {
                let message = format!(
                    r#"{{"jsonrpc":"2.0","id":{},"result":{{"a":{result}}}}}"#,
                    posted.id
                );
                if !is_stream {
                    Reply::json(200, message)
                } else {
                    Reply::typed(200, "text/event-stream", format!("data: {message}\n\n"))
                }
            })
            .await;
            assert!(
                matches!(error, CallError::TooLarge { unit, .. } if unit == expected),
                "{expected}: {error:?}"
            );
        }
    }
}

/// An endless body: reading is limited in size and time.
#[tokio::test]
async fn a_flood_is_stopped_at_the_cap() {
    let error = outcome(|_| {
        let message =
            json!({"jsonrpc": "2.0", "method": "x", "params": {"pad": "x".repeat(60_000)}});
        let flood = events(&vec![message; 40]);
        Reply::typed(200, "text/event-stream", flood)
    })
    .await;
    assert!(
        matches!(error, CallError::TooLarge { unit: "bytes", .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_good_server_goes_on_behind_a_bad_answer() {
    let server = modern(|posted| {
        let is_bad = posted.request.head.contains("mcp-name: bad");
        is_bad.then(|| Reply::silent(End::Reset))
    });
    let conversation = open(&server, Eras::Both).await;
    conversation
        .request(call("bad", json!({})))
        .await
        .unwrap_err();
    conversation.request(call("good", json!({}))).await.unwrap();
    assert_eq!(server.heads(), 3);
}
