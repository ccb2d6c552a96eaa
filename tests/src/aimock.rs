//! aimock, an independent mock of the providers' HTTP APIs. `cargo xtask test` installs it and
//! passes its path.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::mpsc::channel;
use std::thread;

use serde_json::Value;
use tempfile::NamedTempFile;

use crate::PATIENCE;
use crate::process::{Killed, Run};
use crate::third_party::{AIMOCK, NODE, installed};

/// An aimock process on a port of 127.0.0.1. Dropping it stops it.
#[derive(Debug)]
pub struct Aimock {
    address: String,
    _server: Killed,
    _fixtures: NamedTempFile,
}

impl Aimock {
    /// The key it accepts.
    pub const KEY: &'static str = "aimock-key-that-opens-nothing";

    /// Starts it with these fixtures; it rejects any other prompt.
    ///
    /// # Panics
    /// If it is not installed or does not start.
    #[must_use]
    pub fn start(fixtures: &Value) -> Self {
        let mut file = tempfile::Builder::new()
            .suffix(".json")
            .tempfile()
            .expect("a temporary file can be made");
        write!(file, "{fixtures}").expect("a temporary file can be written");
        let arguments = [
            installed(AIMOCK).into_os_string(),
            "--port".into(),
            "0".into(),
            "--strict".into(),
            "--fixtures".into(),
            file.path().into(),
        ];
        let server = Run::new(&installed(NODE), arguments)
            .env("AIMOCK_API_KEYS", Self::KEY)
            .converse();
        let (sender, lines) = channel();
        let stdout = BufReader::new(server.output);
        thread::spawn(move || {
            // Drained, because a server with a closed stdout would stop.
            for line in stdout.lines().map_while(Result::ok) {
                drop(sender.send(line));
            }
        });
        let address = loop {
            let Ok(line) = lines.recv_timeout(PATIENCE) else {
                panic!("aimock did not start: {}", server.errors.wait("aimock"));
            };
            if let Some((_, address)) = line.split_once("listening on http://") {
                break address.trim().to_owned();
            }
        };
        Self {
            address,
            _server: server.child,
            _fixtures: file,
        }
    }

    /// The base URL for a connection.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Host and port, as receipts show them.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.address
    }

    /// The chat requests that reached it with a valid key, oldest first.
    ///
    /// # Panics
    /// If it does not answer.
    #[must_use]
    pub fn journal(&self) -> Vec<Value> {
        let body = self.get("/__aimock/journal");
        serde_json::from_str(&body).expect("the journal is a list")
    }

    /// HTTP/1.0 avoids chunked responses and keep-alive.
    fn get(&self, path: &str) -> String {
        let mut request = String::new();
        write!(
            request,
            "GET {path} HTTP/1.0\r\nauthorization: Bearer {}\r\n\r\n",
            Self::KEY
        )
        .expect("a string can be written");
        let mut stream = TcpStream::connect(&self.address).expect("aimock listens");
        stream
            .set_read_timeout(Some(PATIENCE))
            .expect("a socket has a timeout");
        stream.write_all(request.as_bytes()).expect("aimock reads");
        let mut reply = String::new();
        stream.read_to_string(&mut reply).expect("aimock answers");
        let (head, body) = reply.split_once("\r\n\r\n").expect("an answer has a head");
        assert!(head.contains(" 200 "), "{head}\n{body}");
        body.to_owned()
    }
}
