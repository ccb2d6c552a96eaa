//! The official MCP clients as IDEs, in every mode of use: both versions of the TypeScript and
//! Python SDKs, and the MCP Inspector command line. Each starts the server itself, with its own
//! environment.

#[cfg(target_os = "linux")]
use std::ffi::OsStr;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use synapse_testkit::provider_doubles::OpenAiDouble;
use synapse_tests::Home;
use synapse_tests::process::Run;
use synapse_tests::third_party::{NODE, PYTHON_1, PYTHON_2, TYPESCRIPT, installed};

use crate::TWIN;
const LEGACY: &str = "2025-11-25";
const MODERN: &str = "2026-07-28";
const TOOLS: [&str; 6] = [
    "chat",
    "list_connections",
    "list_models",
    "preflight",
    "usage",
    "history",
];

#[test]
fn typescript_2_by_default() {
    typescript("default", LEGACY);
}

#[test]
fn typescript_2_that_probes() {
    typescript("auto", MODERN);
}

#[test]
fn typescript_2_that_is_pinned() {
    typescript("pin", MODERN);
}

#[test]
fn typescript_1() {
    typescript("v1", LEGACY);
}

#[test]
fn python_1() {
    let script = script("mcp-python-1/client.py");
    check(LEGACY, |twin| {
        let words = [script.into(), OsString::from(twin), "serve".into()];
        Run::new(&installed(PYTHON_1), words)
    });
}

#[test]
fn python_2_in_every_mode() {
    for (mode, revision) in [("legacy", LEGACY), ("auto", MODERN), (MODERN, MODERN)] {
        check(revision, |twin| {
            let script = script("mcp-python-2/client.py").into();
            let words = [script, mode.into(), OsString::from(twin), "serve".into()];
            Run::new(&installed(PYTHON_2), words)
        });
    }
}

#[test]
fn inspector_of_the_legacy_era() {
    inspector("legacy");
}

#[test]
fn inspector_that_probes() {
    inspector("auto");
}

#[test]
fn inspector_of_the_modern_era() {
    inspector("modern");
}

/// A home with one connection to a provider double, after its preflight.
struct Desk {
    home: Home,
    double: OpenAiDouble,
}

impl Desk {
    fn new() -> Self {
        let double = OpenAiDouble::start();
        let home = Home::connected(TWIN, &double);
        let desk = Self { home, double };
        assert_eq!(desk.prompts(), 0);
        desk
    }

    /// Number of prompts that reached the provider.
    fn prompts(&self) -> usize {
        let requests = self.double.server().requests();
        let prompts = requests
            .iter()
            .filter(|request| request.path().ends_with("/chat/completions"));
        prompts.count()
    }

    fn home_of(&self, client: Run) -> Run {
        client.env("HOME", self.home.path())
    }

    /// One prompt, one request, one row; servers started only for version negotiation leave
    /// nothing.
    #[track_caller]
    fn has_seen_one_prompt(&self) {
        assert_eq!(self.prompts(), 1, "requests");
        let rows = self.home.history();
        assert_eq!(rows.len(), 1, "{rows:?}");
        assert_eq!(rows[0]["outcome"], "ok", "{rows:?}");
    }
}

/// The TypeScript SDK gets an answer through `program`, which finds Node on its PATH.
#[track_caller]
#[cfg(target_os = "linux")]
pub(crate) fn typescript_uses(program: &Path) {
    let node = installed(NODE);
    let directory = node.parent().unwrap().display();
    let path = format!("{directory}:/usr/bin:/bin");
    check(LEGACY, |_| {
        let words = [
            script("mcp-typescript/client.mjs").into(),
            installed(TYPESCRIPT).into_os_string(),
            "default".into(),
            program.into(),
            "serve".into(),
        ];
        Run::new(&node, words).env("PATH", path)
    });
}

/// The Python SDK gets an answer through `command`.
#[track_caller]
#[cfg(target_os = "linux")]
pub(crate) fn python_uses(command: &[&OsStr]) {
    check(LEGACY, |_| {
        let script = script("mcp-python-1/client.py");
        let words = [script.as_os_str()]
            .into_iter()
            .chain(command.iter().copied());
        Run::new(&installed(PYTHON_1), words)
    });
}

fn typescript(mode: &str, revision: &str) {
    check(revision, |twin| {
        let words = [
            script("mcp-typescript/client.mjs").into(),
            installed(TYPESCRIPT).into_os_string(),
            mode.into(),
            twin.into(),
            "serve".into(),
        ];
        Run::new(&installed(NODE), words)
    });
}

/// Runs a client that lists tools, calls two, and reports the results.
#[track_caller]
fn check(revision: &str, client: impl FnOnce(&str) -> Run) {
    let desk = Desk::new();
    let seen = desk.home_of(client(TWIN)).output().with_code(0).json();
    assert_eq!(seen["revision"], revision, "{seen}");
    assert_eq!(seen["tools"], json!(TOOLS), "{seen}");
    assert_eq!(
        seen["connections"]["connections"][0]["name"], "work",
        "{seen}"
    );
    is_an_answer(&seen["chat"]);
    desk.has_seen_one_prompt();
}

fn inspector(era: &str) {
    let desk = Desk::new();
    let inspect = |method: &str, more: &[&str]| {
        let program = installed(TYPESCRIPT)
            .join("node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js");
        let mut words = vec![program.into_os_string()];
        let fixed = [
            "--cli",
            TWIN,
            "serve",
            "--protocol-era",
            era,
            "--format",
            "json",
            "--quiet",
            "--method",
            method,
        ];
        words.extend(fixed.iter().chain(more).map(OsString::from));
        let output = desk.home_of(Run::new(&installed(NODE), words)).output();
        output.with_code(0).json()
    };
    let listed = inspect("tools/list", &["--strict"]);
    let result = |document: &Value| document.get("result").unwrap_or(document).clone();
    let tools = result(&listed)["tools"].clone();
    let names = tools.as_array().unwrap().iter().map(|tool| &tool["name"]);
    assert_eq!(names.collect::<Vec<_>>(), TOOLS, "{listed}");
    let called = inspect("tools/call", &["--tool-name", "list_connections"]);
    let connections = &result(&called)["structuredContent"]["connections"];
    assert_eq!(connections[0]["name"], "work", "{called}");
    assert!(desk.home.history().is_empty());
    let arguments = json!({"connection": "work", "prompt": "Are you there?"}).to_string();
    let called = inspect(
        "tools/call",
        &["--tool-name", "chat", "--tool-args-json", &arguments],
    );
    is_an_answer(&result(&called)["structuredContent"]);
    desk.has_seen_one_prompt();
}

#[track_caller]
fn is_an_answer(document: &Value) {
    assert_eq!(document["schema"], "synapse.chat/1", "{document}");
    assert_eq!(document["ok"], true, "{document}");
    assert_eq!(document["receipt"]["attempts"], 1, "{document}");
}

/// A script in this repository that drives one of the clients.
fn script(name: &str) -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.join("third-party").join(name)
}
