//! Names, ports, certificates and proxies that block the way: no request leaves, so the server sees
//! no head, and nothing can have been billed.

use synapse_testkit::raw::{ClosedPort, End, RawServer, Reply};
use synapse_testkit::tls::{Flaw, TlsIdentity};

use super::cases::{ANSWER, Case, Heads, Tally};

pub(crate) fn unreachable() -> Tally {
    let mut tally = nobody_there();
    tally += untrusted_certificates();
    tally += refusing_proxies();
    tally
}

fn nobody_there() -> Tally {
    let mut tally = Tally::default();
    let closed = ClosedPort::new();
    let plain = RawServer::answering_any_bytes(Reply::status(400).then(End::Close));
    // A label of 64 bytes is never looked up, so this needs no name server (RFC 1035, 2.3.4).
    let long_name = format!("https://{}.test/v1", "x".repeat(64));
    for (url, code, says) in [
        (
            format!("http://127.0.0.1:{}/v1", closed.port()),
            "transport.refused",
            "nothing listens",
        ),
        (
            format!("https://127.0.0.1:{}/v1", closed.port()),
            "transport.refused",
            "nothing listens",
        ),
        (long_name, "transport.dns", "could not be resolved"),
        (
            format!("https://127.0.0.1:{}/v1", plain.port()),
            "transport.tls",
            "does not speak TLS",
        ),
    ] {
        let case = Case::new(&url, &url, code, Heads::Exactly(0));
        tally += case.saying(says).run(|| plain.heads());
    }
    tally
}

/// Each flaw in isolation: its authority is trusted.
fn untrusted_certificates() -> Tally {
    let mut tally = Tally::default();
    for (name, flaw, says) in [
        ("wrong name", Flaw::WrongName, "is for another name"),
        ("expired", Flaw::Expired, "has expired"),
        ("not yet valid", Flaw::NotYetValid, "is not valid yet"),
    ] {
        let identity = TlsIdentity::new(flaw);
        let server = RawServer::start_tls(&identity, |_| Reply::json(200, ANSWER));
        let case = Case::new(name, https(&server), "transport.tls", Heads::Exactly(0));
        tally += case.saying(says).trusting(&identity).run(|| server.heads());
    }
    let (known, unknown) = (TlsIdentity::new(Flaw::None), TlsIdentity::new(Flaw::None));
    let server = RawServer::start_tls(&unknown, |_| Reply::json(200, ANSWER));
    // Signed by neither a system authority nor the single trusted one.
    for trusted in [None, Some(&known)] {
        let mut case = Case::new(
            "unknown issuer",
            https(&server),
            "transport.tls",
            Heads::Exactly(0),
        );
        case.trusts = trusted;
        tally += case
            .saying("an issuer that this machine does not trust")
            .run(|| server.heads());
    }
    // Counter-check: with its authority trusted, the same server is reached.
    let case = Case::new("known issuer", https(&server), "ok", Heads::Exactly(1));
    tally += case.trusting(&unknown).run(|| server.heads());
    tally
}

fn refusing_proxies() -> Tally {
    let mut tally = Tally::default();
    let closed = ClosedPort::new();
    let nowhere = format!("http://127.0.0.1:{}", closed.port());
    for (name, reply, says) in [
        ("407", Reply::status(407), "asks for credentials"),
        ("502", Reply::status(502), "refused to connect"),
        (
            "403 with a page",
            Reply::typed(403, "text/html", "<html>").header("connection", "close"),
            "refused to connect",
        ),
    ] {
        let proxy = RawServer::always(reply);
        // The proxy receives a CONNECT, and never the request.
        let prompts = || {
            let requests = proxy.requests();
            requests
                .iter()
                .filter(|request| request.method() != "CONNECT")
                .count()
        };
        tally += behind(name, proxy.url("/").as_str(), says).run(prompts);
        assert_eq!(proxy.heads(), 4, "{name}: one CONNECT a call");
    }
    tally += behind("no proxy there", &nowhere, "could not be reached").run(|| 0);
    tally
}

fn behind<'a>(name: &str, proxy: &str, says: &'a str) -> Case<'a> {
    let case = Case::new(
        name,
        "https://somewhere.test/v1",
        "transport.proxy",
        Heads::Exactly(0),
    );
    case.flags(["--proxy", proxy]).saying(says)
}

fn https(server: &RawServer) -> String {
    format!("https://127.0.0.1:{}/v1", server.port())
}
