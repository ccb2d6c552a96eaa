//! The client side of a dialogue with a newly started server: `initialize`, the list of tools, one
//! call. Knows nothing of processes.

use std::time::Instant;

use serde_json::{Value, json};
use tokio::time::timeout_at;

use super::child::Child;
use super::veil::Veil;

/// A dialogue with a deadline.
#[derive(Debug)]
pub(super) struct Talk<'a> {
    veil: &'a Veil,
    deadline: Instant,
    last_id: u64,
    noise: Vec<String>,
    noises: usize,
}

/// The server's name and version from its handshake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hello {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) revision: String,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The server exited or closed a pipe.
    Ended,
    /// The deadline passed.
    Late,
    /// The answer is invalid.
    Wrong(String),
}

impl<'a> Talk<'a> {
    pub(super) fn new(deadline: Instant, veil: &'a Veil) -> Self {
        Self {
            veil,
            deadline,
            last_id: 0,
            noise: Vec::new(),
            noises: 0,
        }
    }

    /// Hides secrets in the server's output.
    pub(super) fn veil(&self) -> &'a Veil {
        self.veil
    }

    /// Output on stdout that is not protocol, if any.
    pub(super) fn noise(&self) -> Option<String> {
        let example = self.noise.first()?;
        Some(format!(
            "{} line(s) on stdout are not of the protocol, such as: {example}",
            self.noises
        ))
    }

    pub(super) async fn initialize(&mut self, child: &mut Child) -> Result<Hello, Trouble> {
        let params = json!({
            "protocolVersion": REVISION,
            "capabilities": {},
            "clientInfo": {"name": "synapse-ide-check", "version": env!("CARGO_PKG_VERSION")},
        });
        let result = self.request(child, "initialize", params).await?;
        let text = |pointer: &str| result.pointer(pointer).and_then(Value::as_str);
        let Some(revision) = text("/protocolVersion") else {
            return Err(Trouble::Wrong("it names no revision".to_owned()));
        };
        let hello = Hello {
            name: self
                .veil
                .fit(text("/serverInfo/name").unwrap_or("unnamed").as_bytes()),
            version: self
                .veil
                .fit(text("/serverInfo/version").unwrap_or("?").as_bytes()),
            revision: self.veil.fit(revision.as_bytes()),
        };
        let done = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
        self.send(child, &done).await?;
        Ok(hello)
    }

    /// The names of all tools, from all pages.
    pub(super) async fn tools(&mut self, child: &mut Child) -> Result<Vec<String>, Trouble> {
        let mut names = Vec::new();
        let mut params = json!({});
        for _ in 0..MOST_PAGES {
            let result = self.request(child, "tools/list", params).await?;
            let Some(tools) = result.get("tools").and_then(Value::as_array) else {
                return Err(Trouble::Wrong("it has no list of tools".to_owned()));
            };
            for tool in tools {
                let Some(name) = tool.get("name").and_then(Value::as_str) else {
                    return Err(Trouble::Wrong("a tool has no name".to_owned()));
                };
                names.push(self.veil.fit(name.as_bytes()));
            }
            match result.get("nextCursor") {
                Some(cursor @ Value::String(_)) => params = json!({"cursor": cursor}),
                _ => return Ok(names),
            }
        }
        Err(Trouble::Wrong(format!(
            "it has more than {MOST_PAGES} pages"
        )))
    }

    /// Sets the deadline.
    pub(super) fn wait_until(&mut self, deadline: Instant) {
        self.deadline = deadline;
    }

    /// Calls the tool `name` and returns its result.
    pub(super) async fn call(
        &mut self,
        child: &mut Child,
        name: &str,
        arguments: Value,
    ) -> Result<Value, Trouble> {
        let params = json!({"name": name, "arguments": arguments});
        self.request(child, "tools/call", params).await
    }

    async fn request(
        &mut self,
        child: &mut Child,
        method: &str,
        params: Value,
    ) -> Result<Value, Trouble> {
        self.last_id += 1;
        let id = json!(self.last_id);
        let request = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        self.send(child, &request).await?;
        loop {
            let line = timeout_at(self.deadline.into(), child.read())
                .await
                .map_err(|_| Trouble::Late)?
                .map_err(|_| Trouble::Ended)?
                .ok_or(Trouble::Ended)?;
            let message = match serde_json::from_slice::<Value>(&line) {
                Ok(message) if message.get("jsonrpc") == Some(&json!("2.0")) => message,
                _ => {
                    self.hear(&line)?;
                    continue;
                }
            };
            if let Some(method) = message.get("method").and_then(Value::as_str) {
                self.answer(child, method, message.get("id")).await?;
                continue;
            }
            if message.get("id") != Some(&id) {
                self.hear(&line)?;
                continue;
            }
            if let Some(error) = message.get("error") {
                let text = error.get("message").and_then(Value::as_str);
                let why = self
                    .veil
                    .fit(text.unwrap_or("an error without a message").as_bytes());
                return Err(Trouble::Wrong(format!("the server refuses: {why}")));
            }
            return match message.get("result") {
                Some(result) if result.is_object() => Ok(result.clone()),
                _ => Err(Trouble::Wrong("it has neither result nor error".to_owned())),
            };
        }
    }

    /// Answers requests of the server during start-up. No capability was offered.
    async fn answer(
        &self,
        child: &mut Child,
        method: &str,
        id: Option<&Value>,
    ) -> Result<(), Trouble> {
        let Some(id) = id else {
            return Ok(());
        };
        let reply = if method == "ping" {
            json!({"jsonrpc": "2.0", "id": id, "result": {}})
        } else {
            let error = json!({"code": -32601, "message": "not offered"});
            json!({"jsonrpc": "2.0", "id": id, "error": error})
        };
        self.send(child, &reply).await
    }

    async fn send(&self, child: &mut Child, message: &Value) -> Result<(), Trouble> {
        let text = message.to_string();
        timeout_at(self.deadline.into(), child.write(&text))
            .await
            .map_err(|_| Trouble::Late)?
            .map_err(|_| Trouble::Ended)
    }

    /// Counts a line that clients cannot parse, up to their limit.
    fn hear(&mut self, line: &[u8]) -> Result<(), Trouble> {
        if line.iter().all(u8::is_ascii_whitespace) {
            return Ok(());
        }
        self.noises += 1;
        if self.noise.is_empty() {
            self.noise.push(self.veil.fit(line));
        }
        if self.noises > MOST_NOISE {
            return Err(Trouble::Wrong(
                "nothing on stdout is of the protocol".to_owned(),
            ));
        }
        Ok(())
    }
}

/// The version most clients request today.
const REVISION: &str = "2025-11-25";
const MOST_PAGES: usize = 100;
const MOST_NOISE: usize = 1000;
