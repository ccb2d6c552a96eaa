//! An MCP server on stdin and stdout for hub tests: small, synchronous, of either era, and
//! misbehaving as its arguments request.
//!
//! Tools: `echo` returns its arguments, `ask` asks the user a question, `env` lists its variables,
//! `crash` exits with code 7, `hang` never answers.

#![expect(
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::zombie_processes,
    reason = "a double that tells its environment and leaves a process behind, for the one under \
              test to hide and to end; a member that is set of a JSON object is there"
)]

use std::io::{BufRead as _, Write as _};
use std::path::PathBuf;

use serde_json::{Map, Value, json};

/// The behaviour of a server.
#[derive(Debug, Clone, Default)]
pub struct Behaviour {
    /// Its protocol era.
    pub era: ScriptedEra,
    /// File that receives a line with the process id at each start.
    pub starts: Option<PathBuf>,
    /// File that receives a line with the method of each request.
    pub requests: Option<PathBuf>,
    /// File with the description of `echo`, so that a test can change the tool.
    pub description: Option<PathBuf>,
    /// The call, counted from 1, at which it exits.
    pub crash_at: Option<u64>,
    /// Lines written to stderr at start.
    pub stderr_lines: u64,
    /// Writes invalid JSON lines between its answers.
    pub garbage: bool,
    /// Adds the tool `flood`, which answers with the requested number of bytes.
    pub flood: bool,
    /// How many generated tools to add.
    pub more_tools: u64,
    /// Starts a child in a new session that ignores signals.
    pub leaves_child: bool,
}

/// The protocol era of a scripted server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ScriptedEra {
    /// `initialize`; rejects `server/discover`.
    #[default]
    Legacy,
    /// `server/discover` only.
    Modern,
    /// Legacy; exits when anything else arrives first.
    ExitsAtProbe,
    /// Legacy; answers nothing before `initialize`.
    Silent,
}

impl Behaviour {
    /// Reads `--era legacy|modern|exits-at-probe|silent`, `--starts FILE`, `--requests FILE`,
    /// `--description FILE`, `--tools N`, `--flood`, `--crash-at N`, `--stderr-lines N`,
    /// `--garbage`, `--leaves-child`.
    ///
    /// # Panics
    /// On an unknown argument.
    #[must_use]
    pub fn from_arguments(mut arguments: impl Iterator<Item = String>) -> Self {
        let mut behaviour = Self::default();
        while let Some(flag) = arguments.next() {
            let mut value = || arguments.next().expect("a value behind the flag");
            match flag.as_str() {
                "--era" => {
                    behaviour.era = match value().as_str() {
                        "legacy" => ScriptedEra::Legacy,
                        "modern" => ScriptedEra::Modern,
                        "exits-at-probe" => ScriptedEra::ExitsAtProbe,
                        "silent" => ScriptedEra::Silent,
                        other => panic!("no era: {other}"),
                    }
                }
                "--starts" => behaviour.starts = Some(value().into()),
                "--requests" => behaviour.requests = Some(value().into()),
                "--description" => behaviour.description = Some(value().into()),
                "--tools" => behaviour.more_tools = value().parse().unwrap_or_default(),
                "--crash-at" => behaviour.crash_at = value().parse().ok(),
                "--stderr-lines" => behaviour.stderr_lines = value().parse().unwrap_or_default(),
                "--flood" => behaviour.flood = true,
                "--garbage" => behaviour.garbage = true,
                "--leaves-child" => behaviour.leaves_child = true,
                other => panic!("no flag: {other}"),
            }
        }
        behaviour
    }

    /// Serves stdin and stdout until they close; returns the exit code.
    #[must_use]
    pub fn serve(&self) -> u8 {
        note(self.starts.as_ref(), &std::process::id().to_string());
        for number in 0..self.stderr_lines {
            drop(writeln!(std::io::stderr(), "line {number} of many"));
        }
        if self.leaves_child {
            leave_child(self.starts.as_ref());
        }
        let mut session = ScriptedSession {
            behaviour: self,
            calls: 0,
            initialized: false,
            asked: None,
        };
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { break };
            let Ok(message) = serde_json::from_str::<Value>(&line) else {
                continue;
            };
            if let Some(code) = session.take(&message) {
                return code;
            }
        }
        0
    }
}

struct ScriptedSession<'a> {
    behaviour: &'a Behaviour,
    calls: u64,
    initialized: bool,
    /// The call that waits for the user's answer.
    asked: Option<Value>,
}

impl ScriptedSession<'_> {
    /// Handles one message; returns an exit code to exit.
    fn take(&mut self, message: &Value) -> Option<u8> {
        let id = message.get("id").cloned();
        let Some(method) = message.get("method").and_then(Value::as_str) else {
            if let Some(call) = self.asked.take() {
                let answer = message.get("result").or(message.get("error")).cloned();
                answer_with(&call, &json!({"content": [], "answer": answer}));
            }
            return None;
        };
        note(self.behaviour.requests.as_ref(), method);
        let id = id?;
        let first = !self.initialized && method != "initialize";
        match self.behaviour.era {
            ScriptedEra::ExitsAtProbe if first => return Some(3),
            ScriptedEra::Silent if first => return None,
            _ => {}
        }
        if self.behaviour.garbage {
            write_line("this is no JSON");
        }
        let modern = self.behaviour.era == ScriptedEra::Modern;
        match method {
            "initialize" if !modern => {
                self.initialized = true;
                answer_with(
                    &id,
                    &json!({
                        "protocolVersion": "2025-11-25",
                        "capabilities": {"tools": {"listChanged": true}},
                        "serverInfo": {"name": "scripted", "version": "1"},
                        "instructions": "A scripted server.",
                    }),
                );
            }
            "server/discover" if modern => answer_with(
                &id,
                &json!({
                    "resultType": "complete",
                    "supportedVersions": ["2026-07-28"],
                    "capabilities": {"tools": {}},
                    "instructions": "A scripted server.",
                    "ttlMs": 0,
                    "cacheScope": "private",
                }),
            ),
            "tools/list" => {
                let mut result = json!({"tools": self.tools()});
                if modern {
                    result["resultType"] = "complete".into();
                    result["ttlMs"] = 0.into();
                    result["cacheScope"] = "private".into();
                }
                answer_with(&id, &result);
            }
            "ping" => answer_with(&id, &json!({})),
            "tools/call" => return self.call(id, message),
            _ => write_line(
                &json!({
                    "jsonrpc": "2.0",
                    "id": id,
                    "error": {"code": -32601, "message": "method not found"},
                })
                .to_string(),
            ),
        }
        None
    }

    fn call(&mut self, id: Value, message: &Value) -> Option<u8> {
        self.calls += 1;
        if self.behaviour.crash_at == Some(self.calls) {
            drop(writeln!(std::io::stderr(), "crashing as told"));
            return Some(7);
        }
        let empty = json!({});
        let params = message.get("params").unwrap_or(&empty);
        let text = |text: String| json!({"content": [{"type": "text", "text": text}]});
        let result = match params.get("name").and_then(Value::as_str) {
            Some("echo") => text(params.get("arguments").unwrap_or(&empty).to_string()),
            Some("env") => {
                let all: Map<String, Value> = std::env::vars()
                    .map(|(name, value)| (name, value.into()))
                    .collect();
                text(Value::Object(all).to_string())
            }
            Some("ask") => return self.ask(id, params),
            Some("crash") => return Some(7),
            Some("flood") => {
                flood(
                    &id,
                    params["arguments"]["bytes"].as_u64().unwrap_or_default(),
                );
                return None;
            }
            Some("hang") => return None,
            _ => json!({"isError": true, "content": [{"type": "text", "text": "no such tool"}]}),
        };
        answer_with(&id, &self.shaped(result));
        None
    }

    /// Asks the user, in the style of the era.
    fn ask(&mut self, id: Value, params: &Value) -> Option<u8> {
        let question = json!({
            "message": "Sure?",
            "requestedSchema": {"type": "object", "properties": {"sure": {"type": "boolean"}}},
        });
        if self.behaviour.era != ScriptedEra::Modern {
            write_line(
                &json!({
                    "jsonrpc": "2.0",
                    "id": "question",
                    "method": "elicitation/create",
                    "params": question,
                })
                .to_string(),
            );
            self.asked = Some(id);
            return None;
        }
        match params.get("inputResponses") {
            Some(responses) => {
                let answer = responses.get("q").cloned();
                answer_with(&id, &self.shaped(json!({"content": [], "answer": answer})));
            }
            None => answer_with(
                &id,
                &json!({
                    "resultType": "input_required",
                    "inputRequests": {"q": {"method": "elicitation/create", "params": question}},
                    "requestState": "scripted state",
                }),
            ),
        }
        None
    }

    fn shaped(&self, mut result: Value) -> Value {
        if self.behaviour.era == ScriptedEra::Modern {
            result["resultType"] = "complete".into();
        }
        result
    }

    fn tools(&self) -> Vec<Value> {
        let description = self
            .behaviour
            .description
            .as_ref()
            .and_then(|path| std::fs::read_to_string(path).ok())
            .unwrap_or_else(|| "Gives its arguments back.".to_owned());
        let tool = |name: &str, description: &str| {
            json!({
                "name": name,
                "description": description,
                "inputSchema": {"type": "object"},
            })
        };
        let mut tools = vec![
            tool("echo", &description),
            tool("ask", "Asks the user."),
            tool("env", "Tells its variables."),
            tool("crash", "Exits."),
            tool("hang", "Never answers."),
        ];
        if self.behaviour.flood {
            tools.push(tool("flood", "Answers with many bytes."));
        }
        tools.extend((0..self.behaviour.more_tools).map(|number| {
            json!({
                "name": format!("convert_record_{number}"),
                "title": format!("Convert record {number}"),
                "description": format!(
                    "Converts the record {number} of an invoice, an order or a customer into \
                     another format and stores it beside the original."
                ),
                "inputSchema": {
                    "type": "object",
                    "properties": {
                        "source": {"type": "string", "description": "The path of the record"},
                        "format": {"type": "string", "enum": ["csv", "json", "xml"]},
                        "overwrite": {"type": "boolean", "default": false},
                    },
                    "required": ["source", "format"],
                },
            })
        }));
        tools
    }
}

fn answer_with(id: &Value, result: &Value) {
    write_line(&json!({"jsonrpc": "2.0", "id": id, "result": result}).to_string());
}

/// Answers with one line of so many bytes.
fn flood(id: &Value, bytes: u64) {
    let mut output = std::io::stdout().lock();
    let piece = [b'x'; 64 * 1024];
    drop(write!(
        output,
        r#"{{"jsonrpc":"2.0","id":{id},"result":{{"content":[{{"type":"text","text":""#
    ));
    let mut left = bytes;
    while left > 0 {
        let length = piece
            .len()
            .min(usize::try_from(left).unwrap_or(piece.len()));
        if output.write_all(&piece[..length]).is_err() {
            return;
        }
        left -= length as u64;
    }
    drop(writeln!(output, r#""}}]}}}}"#));
    drop(output.flush());
}

fn write_line(line: &str) {
    let mut output = std::io::stdout().lock();
    // Best effort: the client may be gone.
    drop(writeln!(output, "{line}"));
    drop(output.flush());
}

fn note(path: Option<&PathBuf>, line: &str) {
    let Some(path) = path else { return };
    let file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(path);
    let mut file = file.expect("a file to note things in");
    file.write_all(format!("{line}\n").as_bytes())
        .expect("a note");
}

fn leave_child(starts: Option<&PathBuf>) {
    let script = "trap '' TERM HUP; exec sleep 1000";
    let child = std::process::Command::new("setsid")
        .args(["sh", "-c", script])
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("a child");
    note(starts, &child.id().to_string());
}
