//! Connections that break: before a request, in the middle of an answer, and with data other than
//! HTTP.

use synapse_testkit::raw::{End, RawServer, Reply};

use super::cases::{ANSWER, Case, Heads, Tally, always};

pub(crate) fn broken_connections() -> Tally {
    let mut tally = Tally::default();
    let interrupted = "transport.interrupted";
    // Closed at the first byte: the head may or may not be complete by then.
    for (name, end) in [
        ("closed at the first byte", End::Close),
        ("reset at the first byte", End::Reset),
    ] {
        let server = RawServer::answering_any_bytes(Reply::silent(end));
        let case = Case::new(name, server.url("/v1"), interrupted, Heads::Exactly(0));
        tally += case.run(|| server.heads());
        assert_eq!(server.accepts(), 4, "{name}: one connection a call");
    }
    for (name, reply, code) in [
        ("closed at once", Reply::silent(End::Close), interrupted),
        ("reset at once", Reply::silent(End::Reset), interrupted),
        (
            "closed in the head",
            Reply::raw(*b"HTTP/1.1 200 OK\r\ncontent-ty"),
            interrupted,
        ),
        (
            "reset in the head",
            Reply::raw(*b"HTTP/1.1 200 OK\r\ncontent-ty").then(End::Reset),
            interrupted,
        ),
        (
            "cut off, with length",
            Reply::json(200, ANSWER).claiming(5000).then(End::Close),
            interrupted,
        ),
        (
            "reset in the body",
            Reply::json(200, ANSWER).claiming(5000).then(End::Reset),
            interrupted,
        ),
        (
            "cut off, chunked",
            Reply::json(200, ANSWER)
                .chunked_unfinished()
                .then(End::Close),
            interrupted,
        ),
        (
            "reset, chunked",
            Reply::json(200, ANSWER)
                .chunked_unfinished()
                .then(End::Reset),
            interrupted,
        ),
        (
            "no HTTP",
            Reply::raw(*b"220 mail.test ESMTP\r\n"),
            "endpoint.not-an-api",
        ),
    ] {
        tally += always(name, reply, code);
    }
    tally
}
