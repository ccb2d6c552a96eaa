//! The hub through the whole product: real programs approved in a terminal and called from an IDE
//! through `serve`.

mod approval;
mod calls;
mod children;
mod crowd;
mod ending;
mod keys;
mod large;
mod offers;
mod questions;
mod traces;

use std::path::PathBuf;

use serde_json::{Value, json};
use synapse_tests::Home;

use crate::TWIN;

const SERVER: &str = env!("CARGO_BIN_EXE_scripted-upstream");

/// A home with upstreams and their logs.
pub(crate) struct Hub {
    pub(crate) home: Home,
    servers: serde_json::Map<String, Value>,
}

impl Hub {
    pub(crate) fn new() -> Self {
        Self {
            home: Home::new(TWIN),
            servers: serde_json::Map::new(),
        }
    }

    pub(crate) fn notes(&self, server: &str, what: &str) -> PathBuf {
        self.home.path().join(format!("{server}-{what}"))
    }

    /// Adds a scripted server.
    pub(crate) fn with(mut self, name: &str, flags: &[&str]) -> Self {
        let mut arguments = vec![
            "--starts".to_owned(),
            self.notes(name, "starts").display().to_string(),
            "--requests".to_owned(),
            self.notes(name, "requests").display().to_string(),
            "--description".to_owned(),
            self.notes(name, "description").display().to_string(),
        ];
        arguments.extend(flags.iter().map(|&flag| flag.to_owned()));
        let entry = json!({"command": SERVER, "args": arguments});
        self.servers.insert(name.to_owned(), entry);
        self.save();
        self
    }

    /// Declares a server at a URL.
    fn with_url(self, name: &str, url: &str) -> Self {
        self.with_entry(name, json!({"url": url}))
    }

    /// Declares a server.
    pub(crate) fn with_entry(mut self, name: &str, entry: Value) -> Self {
        self.servers.insert(name.to_owned(), entry);
        self.save();
        self
    }

    pub(crate) fn edit(&mut self, name: &str, member: &str, value: Value) {
        self.servers[name][member] = value;
        self.save();
    }

    /// Replaces the whole entry of a server.
    fn replace(&mut self, name: &str, entry: Value) {
        self.servers.insert(name.to_owned(), entry);
        self.save();
    }

    fn save(&self) {
        let path = self.home.synapse();
        std::fs::create_dir_all(&path).unwrap();
        synapse_tests::home::set_mode(&path, 0o700);
        let file = path.join("mcp-servers.json");
        crate::write(&file, &Value::Object(self.servers.clone()).to_string());
        synapse_tests::home::set_mode(&file, 0o600);
    }

    /// Approves a server, and clears its log.
    pub(crate) fn approved(self, name: &str) -> Self {
        self.approve(name);
        self
    }

    fn approve(&self, name: &str) {
        self.home
            .run(["hub", "approve", name, "--yes"])
            .with_code(0);
        for what in ["starts", "requests"] {
            drop(std::fs::remove_file(self.notes(name, what)));
        }
    }

    pub(crate) fn lines(&self, server: &str, what: &str) -> Vec<String> {
        let text = std::fs::read_to_string(self.notes(server, what)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// The number of processes and calls of a server.
    pub(crate) fn counts(&self, server: &str) -> (usize, usize) {
        let requests = self.lines(server, "requests");
        let calls = requests.iter().filter(|method| *method == "tools/call");
        (self.lines(server, "starts").len(), calls.count())
    }
}

/// The error code of a tool result.
fn code(result: &Value) -> &str {
    result["structuredContent"]["error"]["code"]
        .as_str()
        .unwrap_or_default()
}

fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap_or_default()
}

/// Whether a process runs.
pub(crate) fn runs(process: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"));
    stat.is_ok_and(|stat| {
        let state = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        !state.trim_start().starts_with(['Z', 'X'])
    })
}

/// Waits until `holds`, up to the tests' timeout.
pub(crate) fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let deadline = std::time::Instant::now() + synapse_tests::PATIENCE;
    while !holds() {
        assert!(std::time::Instant::now() < deadline, "{what}");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}
