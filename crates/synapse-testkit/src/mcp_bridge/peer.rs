//! One stdio server of the bridge: forwards messages to it and routes its output to the right
//! request.
//!
//! Clients on different connections reuse ids, and a stdio server must not see duplicates; so each
//! request gets a bridge id, and the reply gets the client's id back.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use serde_json::{Value, json};

use super::StdioServer;

/// One stdio server and its requests in flight.
pub(super) struct Peer {
    input: Mutex<Box<dyn Write + Send>>,
    state: Arc<Mutex<PeerState>>,
    /// Only held for its `Drop`; in a mutex, because its owner is shared between threads.
    _guard: Mutex<Box<dyn Send>>,
}

/// An event of a request.
pub(super) enum Event {
    /// A message before the reply.
    Message(Value),
    /// The reply.
    Reply(Value),
    /// The client disconnected.
    ClientGone,
    /// The server ended.
    ServerGone,
}

#[derive(Default)]
struct PeerState {
    open: BTreeMap<u64, Exchange>,
    last_key: u64,
    ended: bool,
}

struct Exchange {
    id: Value,
    progress_token: Value,
    events: Sender<Event>,
}

impl Peer {
    pub(super) fn new(server: StdioServer) -> Self {
        let state = Arc::new(Mutex::new(PeerState::default()));
        thread::spawn({
            let state = Arc::clone(&state);
            move || {
                for line in BufReader::new(server.output).lines().map_while(Result::ok) {
                    // An invalid line reaches nobody; the waiting client reports the timeout.
                    if let Ok(message) = serde_json::from_str(&line) {
                        lock(&state).deliver(message);
                    }
                }
                lock(&state).end();
            }
        });
        Self {
            input: Mutex::new(server.input),
            state,
            _guard: Mutex::new(server.guard),
        }
    }

    /// Registers a request, replaces the id in `message` and returns the new one.
    pub(super) fn open(&self, message: &mut Value, events: Sender<Event>) -> u64 {
        let mut state = lock(&self.state);
        state.last_key += 1;
        let key = state.last_key;
        if state.ended {
            drop(events.send(Event::ServerGone));
        }
        let exchange = Exchange {
            id: std::mem::replace(&mut message["id"], json!(key)),
            progress_token: message["params"]["_meta"]["progressToken"].clone(),
            events,
        };
        state.open.insert(key, exchange);
        key
    }

    /// Writes one message.
    pub(super) fn send(&self, message: &Value) {
        let mut input = self.input.lock().unwrap_or_else(PoisonError::into_inner);
        let line = format!("{message}\n");
        // Best effort: the reader detects the end of the server.
        drop(
            input
                .write_all(line.as_bytes())
                .and_then(|()| input.flush()),
        );
    }

    /// Ends a request; cancels it if it has no reply yet.
    pub(super) fn close(&self, key: u64) {
        let open = lock(&self.state).open.remove(&key);
        if open.is_some() {
            self.send(&json!({
                "jsonrpc": "2.0",
                "method": "notifications/cancelled",
                "params": {"requestId": key},
            }));
        }
    }
}

impl PeerState {
    fn deliver(&mut self, mut message: Value) {
        let key = message["id"].as_u64();
        if message.get("method").is_none() {
            if let Some((key, exchange)) = key.and_then(|key| self.open.remove_entry(&key)) {
                put_back(&mut message, key, &exchange.id);
                message["id"] = exchange.id;
                drop(exchange.events.send(Event::Reply(message)));
            }
            return;
        }
        if let Some(key) = self.owner(&message)
            && let Some(exchange) = self.open.get(&key)
        {
            put_back(&mut message["params"], key, &exchange.id);
            drop(exchange.events.send(Event::Message(message)));
        }
    }

    /// The request a message belongs to: by subscription, by progress token, or else the newest,
    /// because log messages and server requests over stdio do not say.
    fn owner(&self, message: &Value) -> Option<u64> {
        let params = &message["params"];
        if let Some(key) = params["_meta"][SUBSCRIPTION_ID].as_u64() {
            return Some(key);
        }
        let token = &params["progressToken"];
        let newest = |wanted: &dyn Fn(&Exchange) -> bool| {
            let mut newest_first = self.open.iter().rev();
            newest_first.find_map(|(key, exchange)| wanted(exchange).then_some(*key))
        };
        if token.is_null() {
            newest(&|_| true)
        } else {
            newest(&|exchange| exchange.progress_token == *token)
        }
    }

    fn end(&mut self) {
        self.ended = true;
        for exchange in self.open.values() {
            drop(exchange.events.send(Event::ServerGone));
        }
    }
}

/// Restores the client's id of a subscription.
fn put_back(holder: &mut Value, key: u64, id: &Value) {
    for place in ["/_meta", "/result/_meta"] {
        let meta = holder.pointer_mut(place).and_then(Value::as_object_mut);
        if let Some(named) = meta.and_then(|meta| meta.get_mut(SUBSCRIPTION_ID))
            && named.as_u64() == Some(key)
        {
            *named = id.clone();
        }
    }
}

fn lock(state: &Mutex<PeerState>) -> MutexGuard<'_, PeerState> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

const SUBSCRIPTION_ID: &str = "io.modelcontextprotocol/subscriptionId";
