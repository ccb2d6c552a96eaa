//! A streamable-HTTP MCP endpoint on a loopback port for stdio servers, for test suites that accept
//! only a URL.
//!
//! It owns the HTTP part (sessions, status codes, headers, event streams, `Host` and `Origin`
//! checks) and nothing of the protocol: messages pass unchanged except for their ids.

#![expect(
    clippy::indexing_slicing,
    reason = "a JSON value that is indexed answers null for what it does not have"
)]

mod http;
mod peer;

use std::collections::BTreeMap;
use std::fmt;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use serde_json::{Value, json};

use self::http::{Request, Status, write_event, write_json, write_status, write_stream_head};
use self::peer::{Event, Peer};

/// The bridge. Dropping it stops accepting and drops every server.
pub struct McpBridge {
    address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

/// The pipes of a stdio server.
pub struct StdioServer {
    /// The server's stdin.
    pub input: Box<dyn Write + Send>,
    /// The server's stdout.
    pub output: Box<dyn Read + Send>,
    /// Dropped to end the server, for example a guard that kills a child.
    pub guard: Box<dyn Send>,
}

impl McpBridge {
    /// Listens, and starts a server with `spawn` for each legacy session and one for all modern
    /// requests.
    ///
    /// # Panics
    /// If no loopback port is free.
    pub fn start(spawn: impl Fn() -> StdioServer + Send + Sync + 'static) -> Self {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback port is free");
        let address = listener
            .local_addr()
            .expect("a bound listener has an address");
        let shared = Arc::new(Shared {
            spawn: Box::new(spawn),
            state: Mutex::default(),
        });
        let acceptor = thread::spawn({
            let shared = Arc::clone(&shared);
            move || accept(&listener, &shared)
        });
        Self {
            address,
            shared,
            acceptor: Some(acceptor),
        }
    }

    /// The URL of the endpoint.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}{PATH}", self.address)
    }

    /// Number of servers started.
    #[must_use]
    pub fn servers(&self) -> usize {
        self.shared.lock().started
    }
}

impl Drop for McpBridge {
    fn drop(&mut self) {
        {
            let mut state = self.shared.lock();
            state.closed = true;
            state.sessions.clear();
            state.stateless = None;
        }
        // Wakes the accepting thread.
        drop(TcpStream::connect(self.address));
        if let Some(acceptor) = self.acceptor.take() {
            drop(acceptor.join());
        }
    }
}

impl fmt::Debug for McpBridge {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("McpBridge")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for StdioServer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("StdioServer")
            .finish_non_exhaustive()
    }
}

struct Shared {
    spawn: Box<dyn Fn() -> StdioServer + Send + Sync>,
    state: Mutex<BridgeState>,
}

#[derive(Default)]
struct BridgeState {
    sessions: BTreeMap<String, Arc<Peer>>,
    stateless: Option<Arc<Peer>>,
    started: usize,
    closed: bool,
}

/// The target server of a message, and the session id to announce if it is new.
struct Route {
    peer: Arc<Peer>,
    new_session: Option<String>,
    modern: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, BridgeState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn route(&self, request: &Request, message: &Value) -> Result<Route, BridgeRefusal> {
        let mut state = self.lock();
        if let Some(session) = request.header(SESSION) {
            let peer = state.sessions.get(session).ok_or(BridgeRefusal {
                status: Status::NotFound,
                code: -32_600,
                reason: "there is no such session",
            })?;
            return Ok(Route {
                peer: Arc::clone(peer),
                new_session: None,
                modern: false,
            });
        }
        let declared = message["params"]["_meta"][PROTOCOL_VERSION].as_str();
        if message["method"] == "initialize" && declared.is_none() {
            let peer = Arc::new(Peer::new((self.spawn)()));
            state.started += 1;
            let session = format!("session-{}", state.started);
            state.sessions.insert(session.clone(), Arc::clone(&peer));
            return Ok(Route {
                peer,
                new_session: Some(session),
                modern: false,
            });
        }
        if declared.is_some_and(|declared| request.header(VERSION) != Some(declared)) {
            return Err(BridgeRefusal {
                status: Status::BadRequest,
                code: -32_020,
                reason: "the header MCP-Protocol-Version is not what `_meta` says",
            });
        }
        if state.stateless.is_none() {
            state.stateless = Some(Arc::new(Peer::new((self.spawn)())));
            state.started += 1;
        }
        let peer = state.stateless.clone().ok_or(BridgeRefusal {
            status: Status::NotFound,
            code: -32_603,
            reason: "the bridge is closed",
        })?;
        Ok(Route {
            peer,
            new_session: None,
            modern: true,
        })
    }
}

/// A message that cannot be routed.
struct BridgeRefusal {
    status: Status,
    code: i64,
    reason: &'static str,
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.lock().closed {
            return;
        }
        let Ok(stream) = stream else { continue };
        let shared = Arc::clone(shared);
        thread::spawn(move || {
            let Ok(closing) = stream.try_clone() else {
                return;
            };
            // Best effort: the client may disconnect at any time.
            drop(serve(stream, &shared));
            // Also ends the thread that watches the connection.
            drop(closing.shutdown(Shutdown::Both));
        });
    }
}

/// Answers the single request of a connection.
fn serve(mut stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    let Some(request) = Request::read(&mut stream)? else {
        return Ok(());
    };
    if !request.is_local() {
        return write_status(&mut stream, Status::Forbidden);
    }
    if request.path() != PATH {
        return write_status(&mut stream, Status::NotFound);
    }
    match request.method() {
        "POST" => post(stream, shared, &request),
        "DELETE" => {
            let session = request.header(SESSION).unwrap_or_default();
            let ended = shared.lock().sessions.remove(session);
            let status = ended.map_or(Status::NotFound, |_| Status::Ok);
            write_status(&mut stream, status)
        }
        // The optional stream of unsolicited messages is not supported.
        _ => write_status(&mut stream, Status::MethodNotAllowed),
    }
}

fn post(mut stream: TcpStream, shared: &Shared, request: &Request) -> std::io::Result<()> {
    let Ok(mut message) = serde_json::from_slice::<Value>(&request.body) else {
        let error = error(&Value::Null, -32_700, "the body is not JSON");
        return write_json(&mut stream, Status::BadRequest, None, &error);
    };
    let id = message["id"].clone();
    let route = match shared.route(request, &message) {
        Ok(route) => route,
        Err(refusal) => {
            let error = error(&id, refusal.code, refusal.reason);
            return write_json(&mut stream, refusal.status, None, &error);
        }
    };
    if message.get("method").is_none() || id.is_null() {
        route.peer.send(&message);
        return write_status(&mut stream, Status::Accepted);
    }
    let (sender, events) = channel();
    let key = route.peer.open(&mut message, sender.clone());
    watch(&stream, sender)?;
    route.peer.send(&message);
    let streamed = answer(stream, &route, &events);
    route.peer.close(key);
    streamed
}

/// Writes the server's response to one request: an error as JSON with its status, anything else as
/// an event stream that ends with the reply.
fn answer(mut stream: TcpStream, route: &Route, events: &Receiver<Event>) -> std::io::Result<()> {
    let session = route.new_session.as_deref();
    let mut streaming = false;
    for event in events {
        let (message, last) = match event {
            Event::Message(message) => (message, false),
            Event::Reply(reply) => (reply, true),
            Event::ClientGone => return Ok(()),
            Event::ServerGone => return write_status(&mut stream, Status::BadGateway),
        };
        if last && !streaming && message.get("error").is_some() {
            let status = Status::of_error(&message, route.modern);
            return write_json(&mut stream, status, session, &message);
        }
        if !streaming {
            write_stream_head(&mut stream, session)?;
            streaming = true;
        }
        write_event(&mut stream, &message)?;
        if last {
            return Ok(());
        }
    }
    Ok(())
}

/// Notifies `events` when the client disconnects, which cancels the request.
fn watch(stream: &TcpStream, events: Sender<Event>) -> std::io::Result<()> {
    let mut stream = stream.try_clone()?;
    thread::spawn(move || {
        let mut byte = [0];
        while stream.read(&mut byte).is_ok_and(|count| count > 0) {}
        drop(events.send(Event::ClientGone));
    });
    Ok(())
}

fn error(id: &Value, code: i64, reason: &str) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": reason}})
}

const PATH: &str = "/mcp";
const SESSION: &str = "mcp-session-id";
const VERSION: &str = "mcp-protocol-version";
const PROTOCOL_VERSION: &str = "io.modelcontextprotocol/protocolVersion";

#[cfg(test)]
mod tests;
