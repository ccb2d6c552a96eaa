//! Chromium against an authorization server shaped like that of Hugging Face, which answers an
//! unregistered redirect URI with 400, a page and `x-error-message`, and never redirects back.

use std::net::TcpListener;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use synapse_testkit::raw::{RawServer, RecordedRequest, Reply};
use synapse_tests::home::set_mode;
use synapse_tests::process::Run;
use synapse_tests::third_party::{BROWSER, NODE, installed};
use synapse_tests::{Home, Output, upstream};

use crate::TWIN;
use crate::hub_serving::wait_until;

#[test]
fn an_unregistered_redirect_is_reported_before_chromium_would_show_it() {
    let bench = Bench::new();
    let other = format!("http://127.0.0.1:{}/callback", free_port());
    let failed = bench.log_in(&other);
    assert_eq!(failed.code, 10, "{failed}");
    assert!(
        failed.stderr.contains("error[oauth.redirect-mismatch]"),
        "{failed}"
    );
    assert!(failed.stderr.contains(MESSAGE), "{failed}");
    let register = format!("register exactly this URI with the provider: {other}");
    assert!(failed.stderr.contains(&register), "{failed}");
    assert!(!bench.shown().exists(), "a browser was opened");
    // The same address in a browser: the page, and nothing for a listener.
    let looked = bench.server.requests();
    let looked: Vec<_> = looked
        .iter()
        .filter(|request| request.path() == AUTHORIZE)
        .collect();
    assert_eq!(looked.len(), 1);
    assert_eq!(looked[0].header("cookie"), None);
    let address = bench.server.url("").join(looked[0].target()).unwrap();
    let shown: Value = serde_json::from_str(&bench.open(address.as_str())).unwrap();
    assert_eq!(shown["status"], 400);
    assert_eq!(shown["url"], address.as_str());
    assert!(shown["text"].as_str().unwrap().contains(MESSAGE), "{shown}");
}

#[test]
fn the_registered_redirect_on_any_port_logs_in_with_chromium() {
    let bench = Bench::new();
    let redirect = format!("http://localhost:{}{REGISTERED}", free_port());
    let output = bench.log_in(&redirect).with_code(0);
    let read = || std::fs::read_to_string(bench.shown()).unwrap_or_default();
    wait_until("Chromium shows the page", || read().ends_with("}\n"));
    let shown: Value = serde_json::from_str(read().trim()).unwrap();
    assert_eq!(shown["status"], 200, "{shown}\n{output}");
    let address = shown["url"].as_str().unwrap();
    assert!(address.starts_with(&format!("{redirect}?")), "{shown}");
    assert!(
        shown["text"].as_str().unwrap().contains("Logged in."),
        "{shown}"
    );
    let called = bench
        .home
        .run(["hub", "call", "work", "echo", "{}"])
        .with_code(0);
    assert!(called.stdout.contains("here"), "{called}");
}

struct Bench {
    home: Home,
    server: RawServer,
}

impl Bench {
    fn new() -> Self {
        Self {
            home: Home::new(TWIN),
            server: RawServer::start(answer),
        }
    }

    /// Logs in with a client whose configured redirect URI is `redirect`.
    fn log_in(&self, redirect: &str) -> Output {
        let place = self.home.synapse();
        std::fs::create_dir_all(&place).unwrap();
        set_mode(&place, 0o700);
        let oauth = json!({"clientId": "app", "redirectUri": redirect});
        let entry = json!({"type": "http", "url": self.server.url("/mcp"), "oauth": oauth});
        let file = place.join("mcp-servers.json");
        crate::write(&file, &json!({"work": entry}).to_string());
        set_mode(&file, 0o600);
        self.home
            .run(["hub", "approve", "work", "--yes"])
            .with_code(0);
        self.home
            .twin(["hub", "login", "work", "--yes"])
            .env("BROWSER", self.browser().display().to_string())
            .output()
    }

    /// The program for `$BROWSER`: Chromium, which leaves what it showed in a file.
    fn browser(&self) -> PathBuf {
        let program = self.home.path().join("browser");
        let text = format!(
            "#!/bin/sh\nBROWSER_MODULES='{}' CHROMIUM={CHROMIUM} HOME='{}' exec '{}' '{}' \"$1\" \
             > '{}'\n",
            modules().display(),
            self.home.path().display(),
            installed(NODE).display(),
            script().display(),
            self.shown().display(),
        );
        crate::write(&program, &text);
        set_mode(&program, 0o700);
        program
    }

    fn shown(&self) -> PathBuf {
        self.home.path().join("shown.json")
    }

    /// The page that Chromium shows at `address`.
    fn open(&self, address: &str) -> String {
        let words = [script().display().to_string(), address.to_owned()];
        let run = Run::new(&installed(NODE), words)
            .env("BROWSER_MODULES", modules())
            .env("CHROMIUM", CHROMIUM)
            .env("HOME", self.home.path());
        run.output().with_code(0).stdout
    }
}

/// Hugging Face's server and authorization server in one.
fn answer(request: &RecordedRequest) -> Reply {
    let host = request.header("host").unwrap_or_default();
    let base = format!("http://{host}");
    match request.path() {
        "/mcp" if request.header("authorization").is_none() => {
            let place = format!("{base}/.well-known/oauth-protected-resource/mcp");
            let challenge = format!("Bearer resource_metadata=\"{place}\"");
            Reply::typed(401, "text/html", "Unauthorized").header("www-authenticate", &challenge)
        }
        "/mcp" => upstream::answer(request),
        "/.well-known/oauth-protected-resource/mcp" => {
            let document = json!({
                "resource": format!("{base}/mcp"),
                "authorization_servers": [base],
                "scopes_supported": ["read-mcp"],
            });
            Reply::json(200, document.to_string())
        }
        "/.well-known/oauth-authorization-server" => {
            let document = json!({
                "issuer": base,
                "authorization_endpoint": format!("{base}{AUTHORIZE}"),
                "token_endpoint": format!("{base}/oauth/token"),
                "code_challenge_methods_supported": ["S256"],
            });
            Reply::json(200, document.to_string())
        }
        AUTHORIZE => authorize(request, &base),
        "/login" => {
            let address = request
                .target()
                .split_once("next=")
                .map_or("/", |(_, to)| to);
            let address: String = url::form_urlencoded::parse(format!("to={address}").as_bytes())
                .map(|(_, value)| value.into_owned())
                .collect();
            Reply::status(303)
                .header("set-cookie", "session=1; Path=/; HttpOnly")
                .header("location", &address)
        }
        "/oauth/token" => Reply::json(
            200,
            r#"{"access_token":"fake-access","token_type":"bearer","expires_in":28800,"scope":"read-mcp"}"#,
        ),
        _ => Reply::status(404),
    }
}

fn authorize(request: &RecordedRequest, base: &str) -> Reply {
    let address = url::Url::parse(base)
        .unwrap()
        .join(request.target())
        .unwrap();
    let query: std::collections::HashMap<_, _> = address.query_pairs().into_owned().collect();
    let redirect = url::Url::parse(&query["redirect_uri"]).unwrap();
    // The host and the path have to match, a port may differ.
    if redirect.host_str() != Some("localhost") || redirect.path() != REGISTERED {
        let page = format!("<!doctype html><title>400</title><h1>400</h1><p>{MESSAGE}</p>");
        return Reply::typed(400, "text/html; charset=utf-8", page)
            .header("x-error-message", MESSAGE);
    }
    if request.header("cookie").is_none() {
        let next: String =
            url::form_urlencoded::byte_serialize(request.target().as_bytes()).collect();
        return Reply::status(303).header("location", &format!("/login?next={next}"));
    }
    let mut back = redirect;
    back.query_pairs_mut()
        .append_pair("code", "fake-code")
        .append_pair("state", &query["state"]);
    Reply::status(303).header("location", back.as_str())
}

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("browser/login.mjs")
}

fn modules() -> PathBuf {
    installed(BROWSER)
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}

const AUTHORIZE: &str = "/oauth/authorize";
const CHROMIUM: &str = "/usr/bin/chromium";
const REGISTERED: &str = "/oauth/callback";
const MESSAGE: &str =
    "Invalid redirect_uri, must be one of the registered redirect_uris for this client_id";
