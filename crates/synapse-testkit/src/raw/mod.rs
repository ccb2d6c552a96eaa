//! A raw-socket HTTP/1.1 server on a loopback port that counts requests and answers by script, on
//! plain threads without an HTTP library.
//!
//! A mock that speaks correct HTTP can neither misbehave on the socket nor see a second connection.

mod closed_port;
mod connection;
mod http2;
mod reply;
mod request;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use std::{fmt, panic};

use rustls::ServerConfig;
use synapse_core::Origin;
use url::Url;

pub use self::closed_port::ClosedPort;
pub use self::http2::Refusal;
pub use self::reply::{End, Reply};
pub use self::request::RecordedRequest;
use crate::tls::TlsIdentity;

/// A server that counts accepted connections and complete request heads, records each request, and
/// answers by script. Dropping it closes every connection and joins every thread.
pub struct RawServer {
    address: SocketAddr,
    scheme: &'static str,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<Vec<JoinHandle<()>>>>,
}

impl RawServer {
    /// Answers each request with the result of `answer`.
    pub fn start(answer: impl Fn(&RecordedRequest) -> Reply + Send + Sync + 'static) -> Self {
        Self::listen(Conduct::Http(Box::new(answer)), None)
    }

    /// Answers every request with `reply`.
    #[must_use]
    pub fn always(reply: Reply) -> Self {
        Self::start(move |_| reply.clone())
    }

    /// Like [`RawServer::start`], with TLS and the certificate of `identity`.
    pub fn start_tls(
        identity: &TlsIdentity,
        answer: impl Fn(&RecordedRequest) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::listen(
            Conduct::Http(Box::new(answer)),
            Some(identity.server_config(&[])),
        )
    }

    /// Like [`RawServer::start_tls`], for a server that prefers HTTP/2 and accepts HTTP/1.1.
    pub fn start_tls_preferring_http2(
        identity: &TlsIdentity,
        answer: impl Fn(&RecordedRequest) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let tls = identity.server_config(&[http2::ALPN, "http/1.1"]);
        Self::listen(Conduct::Http(Box::new(answer)), Some(tls))
    }

    /// Refuses every request in HTTP/2 frames, whatever version was negotiated, and counts the
    /// heads of either version. Offers HTTP/2 first, then `more`.
    #[must_use]
    pub fn refusing_in_http2(identity: &TlsIdentity, more: &[&str], refusal: Refusal) -> Self {
        let tls = identity.server_config(&[&[http2::ALPN], more].concat());
        Self::listen(Conduct::Http2(refusal), Some(tls))
    }

    /// Accepts and reads, but never answers, not even a TLS hello.
    #[must_use]
    pub fn mute() -> Self {
        Self::listen(Conduct::Mute, None)
    }

    /// Writes `bytes` right after accepting, like an SSH or SMTP server.
    #[must_use]
    pub fn greeting(bytes: &[u8]) -> Self {
        Self::listen(Conduct::Greet(bytes.to_vec()), None)
    }

    /// Answers the first bytes of a connection with `reply`, whatever they are, like a plain HTTP
    /// server that answers a TLS hello with 400.
    #[must_use]
    pub fn answering_any_bytes(reply: Reply) -> Self {
        Self::listen(Conduct::FirstBytes(reply), None)
    }

    fn listen(conduct: Conduct, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback port is free");
        let address = listener
            .local_addr()
            .expect("a bound listener has an address");
        let scheme = if tls.is_some() { "https" } else { "http" };
        let shared = Arc::new(Shared {
            conduct,
            tls,
            state: Mutex::new(RawServerState::default()),
            changed: Condvar::new(),
        });
        let acceptor = thread::spawn({
            let shared = Arc::clone(&shared);
            move || accept(&listener, &shared)
        });
        Self {
            address,
            scheme,
            shared,
            acceptor: Some(acceptor),
        }
    }

    /// Its port on 127.0.0.1.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.address.port()
    }

    /// The URL of `path`, which starts with `/`. With TLS the host is `localhost`, the name in the
    /// certificate.
    #[must_use]
    pub fn url(&self, path: &str) -> Url {
        let host = if self.scheme == "https" {
            "localhost"
        } else {
            "127.0.0.1"
        };
        format!("{}://{host}:{}{path}", self.scheme, self.port())
            .parse()
            .expect("a path that begins with a slash makes a URL")
    }

    /// Its origin, for a permit.
    #[must_use]
    pub fn origin(&self) -> Origin {
        Origin::of(&self.url("/"))
    }

    /// Number of accepted connections.
    #[must_use]
    pub fn accepts(&self) -> usize {
        self.shared.lock().accepts
    }

    /// Number of complete request heads.
    #[must_use]
    pub fn heads(&self) -> usize {
        self.shared.lock().heads
    }

    /// The ALPN protocol of each TLS session; `None` without ALPN.
    #[must_use]
    pub fn protocols(&self) -> Vec<Option<String>> {
        self.shared.lock().protocols.clone()
    }

    /// Complete requests, in order of arrival.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.shared.lock().requests.clone()
    }

    /// The single request that arrived.
    ///
    /// # Panics
    /// If there is not exactly one.
    #[must_use]
    pub fn only_request(&self) -> RecordedRequest {
        let requests = self.requests();
        match requests.as_slice() {
            [only] => only.clone(),
            several => panic!("expected one request, there were {}", several.len()),
        }
    }

    /// Waits until `count` complete heads have arrived.
    ///
    /// # Panics
    /// After a minute.
    pub fn wait_for_heads(&self, count: usize) {
        self.wait("heads", count, |state| state.heads);
    }

    /// Waits until `count` requests have arrived whole.
    ///
    /// # Panics
    /// After a minute.
    pub fn wait_for_requests(&self, count: usize) {
        self.wait("requests", count, |state| state.requests.len());
    }

    /// Waits until `count` connections have been accepted.
    ///
    /// # Panics
    /// After a minute.
    pub fn wait_for_accepts(&self, count: usize) {
        self.wait("accepts", count, |state| state.accepts);
    }

    /// Waits until `count` connections are closed, by the peer or by the script.
    ///
    /// # Panics
    /// After a minute.
    pub fn wait_for_closed(&self, count: usize) {
        self.wait("closed connections", count, |state| state.closed);
    }

    fn wait(&self, what: &str, count: usize, seen: impl Fn(&RawServerState) -> usize) {
        let (state, timed_out) = self
            .shared
            .changed
            .wait_timeout_while(self.shared.lock(), PATIENCE, |state| seen(state) < count)
            .unwrap_or_else(PoisonError::into_inner);
        let seen = seen(&state);
        drop(state);
        assert!(
            !timed_out.timed_out(),
            "expected {count} {what}, there were {seen}"
        );
    }
}

impl fmt::Debug for RawServer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RawServer")
            .field("address", &self.address)
            .field("scheme", &self.scheme)
            .finish_non_exhaustive()
    }
}

impl Drop for RawServer {
    fn drop(&mut self) {
        {
            let mut state = self.shared.lock();
            state.stopping = true;
            for socket in state.sockets.values() {
                // Best effort: the peer may have closed it already.
                drop(socket.shutdown(Shutdown::Both));
            }
        }
        self.shared.changed.notify_all();
        // Wakes the accepting thread, which then stops.
        drop(TcpStream::connect(self.address));
        let Some(acceptor) = self.acceptor.take() else {
            return;
        };
        let connections = acceptor.join().unwrap_or_default();
        for connection in connections {
            // A panic in the script fails the test.
            if let Err(payload) = connection.join()
                && !thread::panicking()
            {
                panic::resume_unwind(payload);
            }
        }
    }
}

type Respond = dyn Fn(&RecordedRequest) -> Reply + Send + Sync;

/// The treatment of connections.
enum Conduct {
    Http(Box<Respond>),
    Mute,
    Greet(Vec<u8>),
    FirstBytes(Reply),
    Http2(Refusal),
}

/// RawServerState shared by the accepting thread, the connections and the test.
struct Shared {
    conduct: Conduct,
    tls: Option<Arc<ServerConfig>>,
    state: Mutex<RawServerState>,
    changed: Condvar,
}

#[derive(Default)]
struct RawServerState {
    accepts: usize,
    heads: usize,
    closed: usize,
    requests: Vec<RecordedRequest>,
    protocols: Vec<Option<String>>,
    /// Open sockets by connection number, closed on stop.
    sockets: BTreeMap<usize, TcpStream>,
    stopping: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, RawServerState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Updates the counts and wakes waiting threads.
    fn record(&self, change: impl FnOnce(&mut RawServerState)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }

    /// Waits for `time`. Returns `false` if the server stops meanwhile.
    fn pause(&self, time: Duration) -> bool {
        let (state, _) = self
            .changed
            .wait_timeout_while(self.lock(), time, |state| !state.stopping)
            .unwrap_or_else(PoisonError::into_inner);
        !state.stopping
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) -> Vec<JoinHandle<()>> {
    let mut connections: Vec<JoinHandle<()>> = Vec::new();
    while let Ok((socket, _)) = listener.accept() {
        if connections.len() >= MANY {
            // An ended thread keeps its stack until it is joined.
            let (ended, running) = connections.into_iter().partition(JoinHandle::is_finished);
            connections = running;
            for connection in ended {
                if let Err(panicked) = connection.join() {
                    panic::resume_unwind(panicked);
                }
            }
        }
        let handle = socket.try_clone().expect("a socket can be cloned");
        let mut state = shared.lock();
        if state.stopping {
            break;
        }
        let number = state.accepts;
        state.accepts += 1;
        state.sockets.insert(number, handle);
        drop(state);
        shared.changed.notify_all();
        connections.push(thread::spawn({
            let shared = Arc::clone(shared);
            move || connection::serve(&shared, number, socket)
        }));
    }
    connections
}

const MANY: usize = 32;
/// Timeout for an expected event.
const PATIENCE: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests;
