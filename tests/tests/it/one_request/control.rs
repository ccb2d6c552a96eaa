//! Proves that the instrument detects a repeated request: on the same connection, on another one,
//! to a redirect's target, and by a second call of the product.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::panic::{AssertUnwindSafe, catch_unwind};

use synapse_testkit::raw::{RawServer, Reply};

use super::cases::{CALLS, Case, Heads, home};

const PROMPT: &[u8] = b"POST /v1/chat/completions HTTP/1.1\r\ncontent-length: 2\r\n\r\n{}";

/// A client that sends on each of `connections` in turn.
fn send(server: &RawServer, connections: &[usize]) {
    for times in connections {
        let mut socket = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
        for _ in 0..*times {
            socket.write_all(PROMPT).unwrap();
        }
        socket.shutdown(std::net::Shutdown::Write).unwrap();
        socket.read_to_end(&mut Vec::new()).unwrap();
    }
}

/// The verdict of the table's check for these heads.
fn passes(server: &RawServer, heads: Heads) -> bool {
    let case = Case::new("control", server.url("/v1"), "ok", heads);
    let checked = AssertUnwindSafe(|| case.check_heads("control", server.heads()));
    catch_unwind(checked).is_ok()
}

#[test]
fn a_request_that_is_sent_again_is_seen() {
    let unavailable = || Reply::json(503, "{}").header("retry-after", "0");
    for (connections, passing) in [(&[1][..], true), (&[2], false), (&[1, 1], false)] {
        for heads in [Heads::Exactly(1), Heads::AtMostOne] {
            let server = RawServer::always(unavailable());
            send(&server, connections);
            assert_eq!(
                passes(&server, heads),
                passing,
                "{connections:?}, {heads:?}"
            );
        }
    }
    // A request where none is allowed.
    let server = RawServer::always(unavailable());
    send(&server, &[1]);
    assert!(!passes(&server, Heads::Exactly(0)));
}

#[test]
fn a_second_call_of_the_product_is_seen() {
    for arguments in CALLS {
        let server = RawServer::always(Reply::json(503, "{}"));
        let home = home("openai", server.url("/v1").as_str(), &[]);
        home.run(arguments).with_code(8);
        assert!(passes(&server, Heads::Exactly(1)));
        home.run(arguments).with_code(8);
        assert!(!passes(&server, Heads::Exactly(1)));
    }
}
