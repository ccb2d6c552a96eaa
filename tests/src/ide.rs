//! A scripted IDE: starts `serve`, speaks MCP over its stdin and stdout as a client of either era,
//! and observes how the server ends.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::ExitStatus;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::PATIENCE;
use crate::process::{Collector, Killed, Run, Signal};

/// The protocol era of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Era {
    /// 2025-11-25: `initialize`, then a session.
    Legacy,
    /// 2026-07-28: no session; every request carries client info and protocol version.
    Modern,
}

/// A client with its own server process. Dropping it kills the server.
#[derive(Debug)]
pub struct Ide {
    server: Killed,
    spelling: String,
    input: Option<Sender<Vec<u8>>>,
    lines: Receiver<String>,
    errors: Collector,
    era: Era,
    last_id: u64,
    heard: Vec<String>,
    /// Replies received while waiting for another one.
    waiting: BTreeMap<u64, Value>,
}

/// The end of a server after its stdin was closed.
#[derive(Debug)]
pub struct Ended {
    /// Its exit status.
    pub status: ExitStatus,
    /// Time from closing stdin to exit.
    pub took: Duration,
    /// Complete stdout, one message per line.
    pub stdout: Vec<String>,
    /// Complete stderr.
    pub stderr: String,
}

impl Era {
    /// The protocol version string.
    #[must_use]
    pub const fn revision(self) -> &'static str {
        match self {
            Self::Legacy => "2025-11-25",
            Self::Modern => "2026-07-28",
        }
    }
}

impl Ide {
    /// Its client name.
    pub const NAME: &'static str = "scripted-ide";
    /// Its client version.
    pub const VERSION: &'static str = "7.8.9";

    /// Starts the server without sending anything.
    ///
    /// # Panics
    /// If it cannot be started.
    #[must_use]
    pub fn start(server: Run) -> Self {
        let conversation = server.converse();
        let (input, to_write) = channel::<Vec<u8>>();
        let mut stdin = conversation.input;
        // On a thread, because a server that does not read must not block the test.
        thread::spawn(move || {
            while let Ok(bytes) = to_write.recv() {
                if stdin
                    .write_all(&bytes)
                    .and_then(|()| stdin.flush())
                    .is_err()
                {
                    return;
                }
            }
        });
        let (sender, lines) = channel();
        let stdout = BufReader::new(conversation.output);
        thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self {
            server: conversation.child,
            spelling: conversation.spelling,
            input: Some(input),
            lines,
            errors: conversation.errors,
            era: Era::Legacy,
            last_id: 0,
            heard: Vec::new(),
            waiting: BTreeMap::new(),
        }
    }

    /// Starts the server and performs the handshake as a client of that era.
    ///
    /// # Panics
    /// Same as [`Ide::start`] and [`Ide::shake_hands`].
    #[must_use]
    pub fn connect(server: Run, era: Era) -> Self {
        let mut ide = Self::start(server);
        ide.shake_hands(era);
        ide
    }

    /// Speaks as a client of `era` from now on, and returns the result of its first request:
    /// `initialize`, or `server/discover`.
    ///
    /// # Panics
    /// If the server rejects that version.
    pub fn shake_hands(&mut self, era: Era) -> Value {
        self.era = era;
        let result = match era {
            Era::Legacy => self.result(
                "initialize",
                json!({
                    "protocolVersion": era.revision(),
                    "capabilities": {},
                    "clientInfo": {"name": Self::NAME, "version": Self::VERSION},
                }),
            ),
            Era::Modern => self.result("server/discover", json!({})),
        };
        match era {
            Era::Legacy => {
                assert_eq!(result["protocolVersion"], era.revision(), "{result}");
                self.notify("notifications/initialized", json!({}));
            }
            Era::Modern => {
                let revisions = result["supportedVersions"].as_array();
                let revisions = revisions.expect("discover lists the revisions");
                assert!(revisions.contains(&json!(era.revision())), "{result}");
            }
        }
        result
    }

    /// Sends a request and returns its id.
    pub fn ask(&mut self, method: &str, mut params: Value) -> u64 {
        self.last_id += 1;
        if self.era == Era::Modern {
            for (key, value) in [
                ("protocolVersion", json!(self.era.revision())),
                ("clientCapabilities", json!({})),
                (
                    "clientInfo",
                    json!({"name": Self::NAME, "version": Self::VERSION}),
                ),
            ] {
                params["_meta"][format!("io.modelcontextprotocol/{key}")] = value;
            }
        }
        self.send(&json!({
            "jsonrpc": "2.0", "id": self.last_id, "method": method, "params": params,
        }));
        self.last_id
    }

    /// Sends a notification.
    pub fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    /// Sends any message.
    pub fn send(&mut self, message: &Value) {
        self.send_line(message.to_string());
    }

    /// Sends raw bytes as a line.
    ///
    /// # Panics
    /// If the server no longer reads.
    pub fn send_line(&mut self, line: impl Into<Vec<u8>>) {
        let mut bytes = line.into();
        bytes.push(b'\n');
        let input = self.input.as_ref().expect("stdin is open");
        if input.send(bytes).is_err() {
            panic!("`{}` does not read any more", self.spelling);
        }
    }

    /// Waits for the reply to the request `id`, keeping other replies.
    ///
    /// # Panics
    /// On timeout.
    #[must_use]
    pub fn reply(&mut self, id: u64) -> Value {
        loop {
            if let Some(reply) = self.waiting.remove(&id) {
                return reply;
            }
            let message = self.receive();
            match message["id"].as_u64() {
                Some(id) => drop(self.waiting.insert(id, message)),
                None => panic!("a message that answers no request: {message}"),
            }
        }
    }

    /// Waits for the next message of any kind.
    ///
    /// # Panics
    /// On timeout, or if it is not JSON-RPC 2.0.
    #[must_use]
    pub fn receive(&mut self) -> Value {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => {
                let message: Value = match serde_json::from_str(&line) {
                    Ok(message) => message,
                    Err(error) => panic!("a line is no JSON value: {error}\n{line}"),
                };
                assert_eq!(message["jsonrpc"], "2.0", "{line}");
                self.heard.push(line);
                message
            }
            Err(RecvTimeoutError::Timeout) => {
                panic!("`{}` said nothing for {PATIENCE:?}", self.spelling)
            }
            Err(RecvTimeoutError::Disconnected) => {
                let errors = self.errors.wait(&self.spelling);
                panic!("`{}` ended\n{errors}", self.spelling)
            }
        }
    }

    /// Sends a request and returns its result.
    ///
    /// # Panics
    /// On an error reply or a timeout.
    pub fn result(&mut self, method: &str, params: Value) -> Value {
        let id = self.ask(method, params);
        self.result_of(id)
    }

    /// Waits for the result of the request `id`.
    ///
    /// # Panics
    /// Same as [`Ide::result`].
    pub fn result_of(&mut self, id: u64) -> Value {
        let mut reply = self.reply(id);
        assert!(reply.get("error").is_none(), "{reply}");
        reply["result"].take()
    }

    /// Calls a tool and returns its result.
    ///
    /// # Panics
    /// Same as [`Ide::result`].
    pub fn call(&mut self, tool: &str, arguments: Value) -> Value {
        let id = self.begin(tool, arguments);
        self.result_of(id)
    }

    /// Calls a tool and returns the id of the request.
    pub fn begin(&mut self, tool: &str, arguments: Value) -> u64 {
        let params = json!({"name": tool, "arguments": arguments});
        self.ask("tools/call", params)
    }

    /// The server's process id.
    #[must_use]
    pub fn process_id(&self) -> u32 {
        self.server.0.id()
    }

    /// Closes the server's stdin, as an IDE does on quitting, and waits for its exit.
    ///
    /// # Panics
    /// On timeout.
    #[must_use]
    pub fn close(mut self) -> Ended {
        let began = Instant::now();
        drop(self.input.take());
        self.wait(began)
    }

    fn wait(&mut self, began: Instant) -> Ended {
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => self.heard.push(line),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    panic!("`{}` did not end within {PATIENCE:?}", self.spelling)
                }
            }
        }
        let stderr = self.errors.wait(&self.spelling);
        let status = self.server.0.wait().expect("a child can be waited for");
        Ended {
            status,
            took: began.elapsed(),
            stdout: std::mem::take(&mut self.heard),
            stderr,
        }
    }

    /// Sends the server a signal and waits for its exit, keeping its stdin open.
    ///
    /// # Panics
    /// On timeout.
    #[must_use]
    pub fn stop(mut self, signal: Signal) -> Ended {
        let began = Instant::now();
        self.server.signal(signal);
        let ended = self.wait(began);
        drop(self.input.take());
        ended
    }

    /// Kills the server, as the end of a session or an IDE crash may, and waits until it is gone.
    pub fn kill(self) {
        drop(self);
    }
}
