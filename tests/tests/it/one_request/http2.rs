//! HTTP/2 servers over TLS: Synapse speaks only HTTP/1.1, so none of their retry signals has an
//! effect.

use synapse_testkit::raw::{RawServer, Refusal, Reply};
use synapse_testkit::tls::{Flaw, TlsIdentity};

use super::cases::{ANSWER, Case, Heads, Tally};

pub(crate) fn http2_over_tls() -> Tally {
    let identity = TlsIdentity::new(Flaw::None);
    let mut tally = Tally::default();

    let server = RawServer::start_tls_preferring_http2(&identity, |_| Reply::json(200, ANSWER));
    let case = Case::new(
        "h2 is preferred",
        server.url("/v1"),
        "ok",
        Heads::Exactly(1),
    );
    tally += case.trusting(&identity).run(|| server.heads());
    assert_only_http_1(&server);

    // HTTP/2 frames despite the negotiated version.
    for (refusal, heads) in [
        (Refusal::RefusedStream, Heads::Exactly(1)),
        (Refusal::GoAway, Heads::Exactly(1)),
        (Refusal::GoAwayAtOnce, Heads::AtMostOne),
    ] {
        let server = RawServer::refusing_in_http2(&identity, &["http/1.1"], refusal);
        let name = format!("{refusal:?}");
        let case = Case::new(&name, server.url("/v1"), "endpoint.not-an-api", heads);
        tally += case
            .saying("does not speak HTTP")
            .trusting(&identity)
            .run(|| server.heads());
        assert_only_http_1(&server);
    }

    let server = RawServer::refusing_in_http2(&identity, &[], Refusal::RefusedStream);
    let case = Case::new(
        "h2 alone",
        server.url("/v1"),
        "transport.tls",
        Heads::Exactly(0),
    );
    tally += case
        .saying("broke off the TLS handshake")
        .trusting(&identity)
        .run(|| server.heads());
    assert_eq!(server.protocols(), [], "nothing can be agreed upon");
    tally
}

/// The server would have chosen h2 if offered.
fn assert_only_http_1(server: &RawServer) {
    let agreed = Some("http/1.1".to_owned());
    assert_eq!(server.protocols(), vec![agreed; 4]);
    assert_eq!(server.accepts(), 4, "one connection a call");
}
