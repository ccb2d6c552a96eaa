//! Logins to an upstream with a real authorization server: `oidc-provider`, an MCP server of the
//! official SDK, and a headless browser that consents to everything.

mod chromium;
mod expiry;
mod headless;
mod serving;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::ChildStdin;

use serde_json::{Value, json};
use synapse_tests::home::set_mode;
use synapse_tests::process::{Run, Running};
use synapse_tests::third_party::{NODE, OAUTH, installed};
use synapse_tests::{Home, Output};

use crate::TWIN;
use crate::hub_serving::wait_until;

/// The authorization server's refresh token policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rotation {
    /// A refresh token is valid until it expires.
    Never,
    /// Each refresh rotates the token; reusing an old one revokes the login at once.
    Strict,
}

/// The two servers, and a home with the approved upstream `work`.
pub(crate) struct Bench {
    pub(crate) home: Home,
    mcp: String,
    counts: String,
    _server: Running,
    /// Closing it stops the servers.
    _stdin: ChildStdin,
}

impl Bench {
    pub(crate) fn start(rotation: Rotation) -> Self {
        let home = Home::new(TWIN);
        let ready = home.path().join("servers.json");
        let mut words = vec![
            script("server.mjs"),
            installed(OAUTH).display().to_string(),
            ready.display().to_string(),
        ];
        words.extend((rotation == Rotation::Strict).then(|| "strict".to_owned()));
        let (server, stdin) = Run::new(&installed(NODE), words).start_and_hold();
        wait_until("the authorization server listens", || ready.exists());
        let told: Value = serde_json::from_slice(&std::fs::read(&ready).unwrap()).unwrap();
        let text = |key: &str| told[key].as_str().unwrap().to_owned();
        let bench = Self {
            home,
            mcp: text("mcp"),
            counts: text("counts"),
            _server: server,
            _stdin: stdin,
        };
        bench.declare(&Value::Null);
        bench
    }

    /// The URL of the MCP server.
    pub(crate) fn mcp(&self) -> &str {
        &self.mcp
    }

    /// Adds the upstream with this `oauth` member and approves it.
    fn declare(&self, oauth: &Value) {
        let mut entry = json!({"type": "http", "url": self.mcp});
        if !oauth.is_null() {
            entry["oauth"] = oauth.clone();
        }
        let place = self.home.synapse();
        std::fs::create_dir_all(&place).unwrap();
        set_mode(&place, 0o700);
        let file = place.join("mcp-servers.json");
        crate::write(&file, &json!({"work": entry}).to_string());
        set_mode(&file, 0o600);
        self.run(&["hub", "approve", "work", "--yes"]).with_code(0);
    }

    /// A run with a browser that records URLs and consents.
    fn command(&self, words: &[&str]) -> Run {
        self.home
            .twin(words)
            .env("BROWSER", self.browser().display().to_string())
    }

    fn run(&self, words: &[&str]) -> Output {
        self.command(words).output()
    }

    /// The program that `$BROWSER` names.
    pub(crate) fn browser(&self) -> PathBuf {
        let program = self.home.path().join("browser");
        if !program.exists() {
            let node = installed(NODE);
            let text = format!(
                "#!/bin/sh\necho opened >> '{}'\nexec '{}' '{}' \"$1\"\n",
                self.opened().display(),
                node.display(),
                script("browser.mjs"),
            );
            crate::write(&program, &text);
            set_mode(&program, 0o700);
        }
        program
    }

    fn opened(&self) -> PathBuf {
        self.home.path().join("opened")
    }

    /// Number of browser starts.
    fn openings(&self) -> usize {
        let opened = std::fs::read_to_string(self.opened()).unwrap_or_default();
        opened.lines().count()
    }

    /// Logs in through the browser, registering a client.
    fn log_in(&self) -> Output {
        self.run(&["hub", "login", "work", "--register", "--yes"])
    }

    fn call(&self) -> Run {
        self.command(&["hub", "call", "work", "whoami", "{}"])
    }

    /// A counter of the authorization server.
    fn count(&self, what: &str) -> u64 {
        let address = self.counts.strip_prefix("http://").unwrap();
        let (host, _) = address.split_once('/').unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        write!(stream, "GET /counts HTTP/1.0\r\nHost: {host}\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        let counts: Value = serde_json::from_str(body).unwrap();
        counts[what].as_u64().unwrap()
    }

    /// The only token record, and its path.
    fn record(&self) -> (PathBuf, Value) {
        let mut files = std::fs::read_dir(self.home.synapse().join("oauth/home"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|end| end == "json"));
        let file = files.next().expect("there is a record");
        assert_eq!(files.next(), None);
        let record = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        (file, record)
    }
}

/// A script beside the packages it uses.
fn script(name: &str) -> String {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("third-party/oauth");
    scripts.join(name).display().to_string()
}

fn code(output: &Output) -> String {
    let document = output.json();
    document["error"]["code"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}
