//! Hugging Face's own MCP server on loopback, without a network: its `hf_whoami` reports the login,
//! and its challenge names a foreign origin.

use std::net::{Ipv4Addr, TcpListener, TcpStream};

use serde_json::{Value, json};
use synapse_tests::home::set_mode;
use synapse_tests::process::{Run, Running};
use synapse_tests::third_party::{NODE, SERVERS, installed};
use synapse_tests::{Home, Output, PATIENCE};

use crate::TWIN;

/// The server; stops on drop.
pub(crate) struct HuggingFace {
    port: u16,
    _running: Running,
}

impl HuggingFace {
    pub(crate) fn start() -> Self {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let script = installed(SERVERS).join(SCRIPT);
        let words = [
            script.display().to_string(),
            "--port".to_owned(),
            port.to_string(),
        ];
        let running = Run::new(&installed(NODE), words).start();
        let deadline = std::time::Instant::now() + PATIENCE;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            assert!(
                std::time::Instant::now() < deadline,
                "the server does not listen"
            );
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        Self {
            port,
            _running: running,
        }
    }

    pub(crate) fn url(&self, query: &str) -> String {
        format!("http://127.0.0.1:{}/mcp{query}", self.port)
    }

    /// A home with the server as the approved entry `hf`.
    fn home(&self, query: &str) -> Home {
        let home = Home::new(TWIN);
        let url = self.url(query);
        let entry = json!({"type": "streamable-http", "url": url});
        std::fs::create_dir_all(home.synapse()).unwrap();
        set_mode(&home.synapse(), 0o700);
        let file = home.synapse().join("mcp-servers.json");
        crate::write(&file, &json!({"hf": entry}).to_string());
        set_mode(&file, 0o600);
        home.run(["hub", "approve", "hf", "--yes"]).with_code(0);
        home
    }
}

fn preflight(home: &Home) -> Output {
    home.run(["hub", "preflight", "hf", "--live", "--json"])
}

/// The check with that id.
fn check(output: &Output, id: &str) -> Value {
    let document = output.json();
    let checks = document["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["id"] == id);
    check.unwrap_or_else(|| panic!("no {id}: {output}")).clone()
}

#[test]
fn nobody_is_logged_in_because_the_server_answers() {
    let server = HuggingFace::start();
    let home = server.home("");
    let output = preflight(&home);
    assert_eq!(check(&output, "connection")["outcome"], "ok", "{output}");
    let identity = check(&output, "identity");
    assert_eq!(
        identity["detail"],
        "anonymous: the entry sends no credential"
    );
    assert_eq!(output.code, 0, "{output}");
}

#[test]
fn a_challenge_that_names_another_origin_is_refused_there() {
    let server = HuggingFace::start();
    let home = server.home("?login");
    let output = preflight(&home);
    let discovery = check(&output, "oauth.discovery");
    assert_eq!(discovery["outcome"], "fail", "{output}");
    assert_eq!(discovery["error"]["code"], "oauth.resource-mismatch");
    for later in [
        "oauth.issuer",
        "oauth.registration",
        "oauth.redirect",
        "oauth.scopes",
    ] {
        assert_eq!(
            check(&output, later)["outcome"],
            "skip",
            "{later}: {output}"
        );
    }
    assert_eq!(check(&output, "oauth.token")["outcome"], "fail", "{output}");
    assert_eq!(check(&output, "connection")["outcome"], "skip", "{output}");
    let login = home.run(["hub", "login", "hf", "--yes", "--json"]);
    assert_eq!(
        login.json()["error"]["code"],
        "oauth.resource-mismatch",
        "{login}"
    );
}

const SCRIPT: &str = "node_modules/@llmindset/hf-mcp-server/dist/server/streamableHttp.js";
