//! oidc-provider in front of a server of the official TypeScript SDK, and a browser that submits
//! its forms.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use synapse_core::ports::{ApprovalStore as _, UpstreamStore as _};
use synapse_core::time::Timestamp;
use synapse_core::upstream::expand::{Surroundings, expand};
use synapse_core::upstream::{Approval, Upstream};
use synapse_home::Home;
use synapse_hub::SystemPlaces;
use synapse_store::{HubPlace, JsonApprovals, JsonUpstreams};
use tempfile::TempDir;

/// The two servers, stopped on drop.
pub(crate) struct Peer {
    child: Child,
    pub(crate) issuer: String,
    pub(crate) mcp: String,
}

impl Peer {
    /// `mode` is empty, or `strict` for single-use refresh tokens.
    pub(crate) fn start(mode: &str) -> Self {
        let mut child = node()
            .arg(script("server.mjs"))
            .arg(installed("SYNAPSE_TEST_OAUTH"))
            .arg(mode)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        let told: Value = serde_json::from_str(&line).unwrap();
        let text = |name: &str| told[name].as_str().unwrap().to_owned();
        Self {
            issuer: text("issuer"),
            mcp: text("mcp"),
            child,
        }
    }

    /// How often something happened: `token`, `refresh`, `register`, `calls`.
    pub(crate) fn count(&self, name: &str) -> u64 {
        let address = self
            .mcp
            .trim_start_matches("http://")
            .trim_end_matches("/mcp");
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        let request =
            format!("GET /counts HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let body = answer.split_once('{').unwrap().1;
        let body = body.rsplit_once('}').unwrap().0;
        let counts: Value = serde_json::from_str(&format!("{{{body}}}")).unwrap();
        counts[name].as_u64().unwrap()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A home with one approved server, and its own browser.
pub(crate) struct Desk {
    pub(crate) home: TempDir,
    browser: PathBuf,
}

impl Desk {
    pub(crate) fn new(entry: &Value) -> Self {
        let home = tempfile::tempdir().unwrap();
        let browser = home.path().join("browser");
        let text = format!(
            "#!/bin/sh\nexec '{}' '{}' \"$@\"\n",
            installed("SYNAPSE_TEST_NODE").display(),
            script("browser.mjs").display()
        );
        write(&browser, &text, 0o700);
        let desk = Self { home, browser };
        std::fs::create_dir(desk.synapse()).unwrap();
        let servers = serde_json::json!({"mcpServers": {"work": entry}});
        write(
            &desk.synapse().join("mcp-servers.json"),
            &servers.to_string(),
            0o600,
        );
        desk.approve();
        desk
    }

    pub(crate) fn synapse(&self) -> PathBuf {
        self.home.path().join("synapse")
    }

    /// As `hub approve` does it for a server that asks for a login; returns its fingerprint.
    fn approve(&self) {
        let place = HubPlace::of_home(Home::new(self.synapse()));
        let all = JsonUpstreams::new(place.clone()).load().unwrap();
        let upstream: Upstream = all.into_iter().next().unwrap().upstream.unwrap();
        let surroundings = Surroundings {
            env_files: &[],
            environment: &|_| None,
            search_path: None,
            home_directory: None,
            workspace: None,
            places: &SystemPlaces,
        };
        let expanded = expand(&upstream, &surroundings).unwrap();
        let approval = Approval {
            server: upstream.name,
            fingerprint: expanded.fingerprint,
            start: None,
            catalogue: None,
            approved_at: Timestamp::from_millis(0),
        };
        JsonApprovals::new(place).keep(&approval).unwrap();
    }

    /// The program with these arguments, ready to run.
    pub(crate) fn synapse_with(&self, arguments: &[&str]) -> Command {
        let mut command = program(env!("CARGO_BIN_EXE_synapse"));
        command
            .args(arguments)
            .env_clear()
            .env("SYNAPSE_HOME", self.synapse())
            .env("HOME", self.home.path())
            .env("PATH", "/usr/bin:/bin")
            .env("BROWSER", &self.browser)
            .env("SYNAPSE_LOGIN_TIMEOUT", "30")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.synapse_with(arguments).output().unwrap()
    }

    /// The browser's output for `url`, which it visits without returning to the program.
    pub(crate) fn end_of(&self, url: &str) -> String {
        let output = program(self.browser.to_str().unwrap())
            .args(["--end", url])
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Every file of the home that contains `needle`.
    pub(crate) fn holding(&self, needle: &str) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut directories = vec![self.synapse()];
        while let Some(directory) = directories.pop() {
            for entry in std::fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    directories.push(path);
                } else if contains(&std::fs::read(&path).unwrap(), needle.as_bytes()) {
                    found.push(path);
                }
            }
        }
        found
    }
}

fn contains(text: &[u8], needle: &[u8]) -> bool {
    text.windows(needle.len()).any(|window| window == needle)
}

pub(crate) fn write(path: &Path, text: &str, mode: u32) {
    let mut file = std::fs::File::create(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn node() -> Command {
    program(installed("SYNAPSE_TEST_NODE").to_str().unwrap())
}

#[expect(
    clippy::disallowed_methods,
    reason = "the tests start programs of other people"
)]
fn program(path: &str) -> Command {
    Command::new(path)
}

fn script(name: &str) -> PathBuf {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    crates
        .parent()
        .unwrap()
        .join("tests/third-party/oauth")
        .join(name)
}

/// The path that `cargo xtask test` installed and set in `variable`. A missing one fails the test.
fn installed(variable: &str) -> PathBuf {
    #[expect(
        clippy::disallowed_methods,
        reason = "how xtask tells where it installed what tests need"
    )]
    let path = std::env::var_os(variable);
    let path = path.unwrap_or_else(|| {
        panic!("{variable} is not set: run `cargo xtask test`, or `eval \"$(cargo xtask third-party)\"` first")
    });
    PathBuf::from(path)
}
