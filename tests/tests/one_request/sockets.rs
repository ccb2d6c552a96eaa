//! What sockets, names, TLS and proxies do.

use std::time::Duration;

use synapse_testkit::raw::{ClosedPort, End, RawServer, Reply};
use synapse_testkit::tls::{Flaw, TlsIdentity};

use super::cases::{CALLS, PROVIDERS, always, call, home};

const ANSWER: &str = r#"{"choices":[{"message":{"content":"hello"}}]}"#;

#[test]
fn a_connection_that_breaks_is_one_request_and_one_code() {
    let mut made = 0;
    for (name, reply, code) in [
        (
            "closed at once",
            Reply::silent(End::Close),
            "transport.interrupted",
        ),
        (
            "reset at once",
            Reply::silent(End::Reset),
            "transport.interrupted",
        ),
        (
            "reset in the head",
            Reply::raw(*b"HTTP/1.1 200 OK\r\ncontent-ty").then(End::Reset),
            "transport.interrupted",
        ),
        (
            "cut off, with length",
            Reply::json(200, ANSWER).claiming(5000).then(End::Close),
            "transport.interrupted",
        ),
        (
            "reset in the body",
            Reply::json(200, ANSWER).claiming(5000).then(End::Reset),
            "transport.interrupted",
        ),
        (
            "cut off, chunked",
            Reply::json(200, ANSWER)
                .chunked_unfinished()
                .then(End::Close),
            "transport.interrupted",
        ),
        (
            "no answer",
            Reply::silent(End::Hang),
            "transport.response-timeout",
        ),
        (
            "half an answer",
            Reply::json(200, ANSWER).claiming(5000).then(End::Hang),
            "transport.response-timeout",
        ),
        (
            "slow drip",
            Reply::json(200, vec![b' '; 5000]).dripping(Duration::from_millis(100)),
            "transport.response-timeout",
        ),
        (
            "no HTTP",
            Reply::raw(*b"220 mail.test ESMTP\r\n"),
            "endpoint.not-an-api",
        ),
    ] {
        made += always(name, &reply, code);
    }
    println!("{made} calls, each one request");
    assert_eq!(made, 40);
}

/// No request ever leaves, so the server sees no head, and nothing can have been billed.
#[test]
fn where_no_connection_can_be_made_nothing_is_sent() {
    let closed = ClosedPort::new();
    let untrusted = |flaw| {
        let identity = TlsIdentity::new(flaw);
        RawServer::start_tls(&identity, |_| Reply::json(200, ANSWER))
    };
    let (unknown, wrong_name, expired) = (
        untrusted(Flaw::None),
        untrusted(Flaw::WrongName),
        untrusted(Flaw::Expired),
    );
    let https = |server: &RawServer| format!("https://127.0.0.1:{}/v1", server.port());
    let refusing = RawServer::always(Reply::status(407));
    let proxy = refusing.url("/").to_string();
    let long_name = format!("https://{}.test/v1", "x".repeat(64));
    for (url, more, code) in [
        (
            format!("http://127.0.0.1:{}/v1", closed.port()),
            &[][..],
            "transport.refused",
        ),
        (long_name, &[], "transport.dns"),
        (https(&unknown), &[], "transport.tls"),
        (https(&wrong_name), &[], "transport.tls"),
        (https(&expired), &[], "transport.tls"),
        (
            "https://somewhere.test/v1".to_owned(),
            &["--proxy", &proxy],
            "transport.proxy",
        ),
    ] {
        for provider in PROVIDERS {
            let home = home(provider, &url, more);
            for arguments in CALLS {
                let seen = call(&home, arguments);
                assert_eq!(seen.code, code, "{url}, {provider}, {arguments:?}");
                assert_eq!(seen.rows, usize::from(arguments.contains(&"chat")), "{url}");
            }
            let row = &home.history()[0];
            assert_eq!(row["maybe_billed"], false, "{url}: {row}");
        }
    }
    for server in [&unknown, &wrong_name, &expired] {
        assert_eq!(server.heads(), 0);
    }
}

#[test]
fn fifty_prompts_at_once_are_fifty_requests_and_fifty_rows() {
    let server = RawServer::always(Reply::json(200, ANSWER).then(End::KeepAlive));
    let home = home("openai", server.url("/v1").as_str(), &[]);
    std::thread::scope(|scope| {
        for _ in 0..50 {
            scope.spawn(|| home.run(["chat", "work", "hello"]).with_code(0));
        }
    });
    assert_eq!((server.accepts(), server.heads()), (50, 50));
    let rows: Vec<serde_json::Value> =
        home.run(["history", "--limit", "100", "--json"]).json()["entries"]
            .as_array()
            .unwrap()
            .clone();
    assert_eq!(rows.len(), 50);
    assert!(rows.iter().all(|row| row["outcome"] == "ok"));
}
