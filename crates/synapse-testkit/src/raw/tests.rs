//! The server counts and records correctly, and stops on request.

use std::io::{self, Read, Write};
use std::time::Instant;

use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::http2::{FRAME_HEAD, HEADERS, PREFACE, frame, settings};
use super::*;
use crate::tls::Flaw;

fn connect(server: &RawServer) -> TcpStream {
    TcpStream::connect(("127.0.0.1", server.port())).unwrap()
}

fn exchange(server: &RawServer, request: &str) -> String {
    let mut socket = connect(server);
    socket.write_all(request.as_bytes()).unwrap();
    socket.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn it_records_exact_heads_and_bodies_and_keeps_connections_alive() {
    let server = RawServer::start(|request| Reply::json(200, format!("{}", request.sequence)));
    let head = "POST /a?b=c HTTP/1.1\r\nX-One: 1\r\ncontent-length: 2\r\n\r\n";
    let chunked =
        "POST /d HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n2\r\nyz\r\n0\r\n\r\n";
    let answer = exchange(
        &server,
        &format!("{head}{{}}{chunked}GET /e HTTP/1.1\r\n\r\n"),
    );
    assert_eq!(answer.matches("HTTP/1.1 200").count(), 3);
    assert!(answer.ends_with("\r\n\r\n2"), "{answer}");
    assert_eq!((server.accepts(), server.heads()), (1, 3));
    let requests = server.requests();
    assert_eq!(
        requests[0],
        RecordedRequest {
            connection: 0,
            sequence: 0,
            head: head.to_owned(),
            body: b"{}".to_vec(),
        }
    );
    assert_eq!(
        (requests[0].method(), requests[0].target()),
        ("POST", "/a?b=c")
    );
    assert_eq!(
        (requests[0].path(), requests[0].header("x-one")),
        ("/a", Some("1"))
    );
    assert_eq!(requests[1].body, b"xyz");
}

#[test]
fn an_unfinished_head_is_an_accept_and_no_head() {
    let server = RawServer::always(Reply::status(200));
    assert_eq!(exchange(&server, "GET / HTTP/1.1\r\nhost:"), "");
    server.wait_for_closed(1);
    assert_eq!((server.accepts(), server.heads()), (1, 0));
}

#[test]
fn replies_lie_as_they_are_told() {
    for (reply, expected) in [
        (
            Reply::json(200, "{}").claiming(9).then(End::Close),
            "HTTP/1.1 200 Scripted\r\ncontent-type: application/json\r\n\
             content-length: 9\r\n\r\n{}",
        ),
        (
            Reply::json(200, "{}").chunked(),
            "HTTP/1.1 200 Scripted\r\ncontent-type: application/json\r\n\
             transfer-encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n",
        ),
        (
            Reply::json(200, "{}").chunked_unfinished().then(End::Close),
            "HTTP/1.1 200 Scripted\r\ncontent-type: application/json\r\n\
             transfer-encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n",
        ),
        (Reply::status(204), "HTTP/1.1 204 Scripted\r\n\r\n"),
        (Reply::raw("garbage"), "garbage"),
        (Reply::silent(End::Close), ""),
    ] {
        let server = RawServer::always(reply);
        assert_eq!(exchange(&server, "GET / HTTP/1.1\r\n\r\n"), expected);
    }
}

#[test]
fn a_reset_is_a_reset() {
    let server = RawServer::always(Reply::silent(End::Reset));
    let mut socket = connect(&server);
    socket.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let error = socket.read(&mut [0]).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
}

#[test]
fn a_drip_takes_its_time() {
    let pause = Duration::from_millis(10);
    let server = RawServer::always(Reply::json(200, "12345").dripping(pause).then(End::Close));
    let began = Instant::now();
    let answer = exchange(&server, "GET / HTTP/1.1\r\n\r\n");
    assert!(answer.ends_with("12345"));
    assert!(began.elapsed() >= pause * 5);
}

#[test]
fn dropping_it_ends_hanging_connections_at_once() {
    let drip = Reply::json(200, "12345").dripping(Duration::from_secs(60));
    for server in [
        RawServer::mute(),
        RawServer::greeting(b"hello"),
        RawServer::always(Reply::silent(End::Hang)),
        RawServer::always(drip),
    ] {
        let mut sockets: Vec<TcpStream> = (0..3).map(|_| connect(&server)).collect();
        for socket in &mut sockets {
            socket.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
        }
        server.wait_for_accepts(3);
        let began = Instant::now();
        drop(server);
        assert!(began.elapsed() < Duration::from_secs(30));
    }
}

#[test]
fn a_closed_port_refuses() {
    let closed = ClosedPort::new();
    let error = TcpStream::connect(("127.0.0.1", closed.port())).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
}

#[test]
fn a_panic_of_the_script_reaches_the_test() {
    let server = RawServer::start(|_| panic!("the script is wrong"));
    drop(connect(&server).write_all(b"GET / HTTP/1.1\r\n\r\n"));
    server.wait_for_requests(1);
    let dropped = panic::catch_unwind(panic::AssertUnwindSafe(|| drop(server)));
    assert_eq!(
        dropped.unwrap_err().downcast_ref(),
        Some(&"the script is wrong")
    );
}

type TlsStream = StreamOwned<ClientConnection, TcpStream>;

fn connect_tls(server: &RawServer, identity: &TlsIdentity, protocols: &[&str]) -> TlsStream {
    let mut roots = RootCertStore::empty();
    let authority = CertificateDer::from(identity.authority_der().to_vec());
    roots.add(authority).unwrap();
    let mut config = ClientConfig::builder_with_provider(ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols
        .iter()
        .map(|name| name.as_bytes().to_vec())
        .collect();
    let session = ClientConnection::new(config.into(), "localhost".try_into().unwrap()).unwrap();
    StreamOwned::new(session, connect(server))
}

/// An HTTP/2 client that retries after a refusal shows up in the count of heads.
#[test]
fn a_resend_in_http2_is_a_second_head() {
    let identity = TlsIdentity::new(Flaw::None);
    let more = &["http/1.1"];
    let server = RawServer::refusing_in_http2(&identity, more, Refusal::RefusedStream);
    let mut stream = connect_tls(&server, &identity, &["h2", "http/1.1"]);
    let request = |stream: u32| frame(HEADERS, stream, b"fields");
    stream
        .write_all(&[PREFACE, &settings(), &request(1)].concat())
        .unwrap();
    let mut answer = vec![0; FRAME_HEAD + FRAME_HEAD + 4];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(
        answer,
        [settings(), Refusal::RefusedStream.frames(1)].concat()
    );
    assert_eq!(server.heads(), 1);
    stream.write_all(&request(3)).unwrap();
    server.wait_for_heads(2);
    assert_eq!(server.protocols(), [Some("h2".to_owned())]);

    let server = RawServer::refusing_in_http2(&identity, more, Refusal::GoAway);
    for _ in 0..2 {
        let mut stream = connect_tls(&server, &identity, &["h2"]);
        stream
            .write_all(&[PREFACE, &settings(), &request(1)].concat())
            .unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        assert_eq!(answer, [settings(), Refusal::GoAway.frames(1)].concat());
    }
    assert_eq!((server.accepts(), server.heads()), (2, 2));
}

#[test]
fn a_request_of_http_1_is_refused_in_http2_all_the_same() {
    let identity = TlsIdentity::new(Flaw::None);
    let more = &["http/1.1"];
    for (refusal, before) in [
        (Refusal::RefusedStream, false),
        (Refusal::GoAwayAtOnce, true),
    ] {
        let server = RawServer::refusing_in_http2(&identity, more, refusal);
        let mut stream = connect_tls(&server, &identity, &["http/1.1"]);
        let frames = |stream: u32| [settings(), refusal.frames(stream)].concat();
        if before {
            let mut answer = vec![0; frames(0).len()];
            stream.read_exact(&mut answer).unwrap();
            assert_eq!(answer, frames(0));
        }
        stream
            .write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
            .unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        assert_eq!(answer, frames(1));
        assert_eq!((server.accepts(), server.heads()), (1, 1));
        assert_eq!(server.protocols(), [Some("http/1.1".to_owned())]);
    }
    let server = RawServer::refusing_in_http2(&identity, &[], Refusal::GoAway);
    let mut stream = connect_tls(&server, &identity, &["http/1.1"]);
    assert!(stream.write_all(b"GET / HTTP/1.1\r\n\r\n").is_err());
    assert_eq!((server.accepts(), server.heads()), (1, 0));
}
