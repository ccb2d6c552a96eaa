//! The HTTP/1.1 subset that the endpoint needs: one request per connection, answered with a status,
//! a JSON body or an event stream that ends with the connection.

use std::io::{self, Read, Write};

use serde_json::Value;

use crate::raw::RecordedRequest;

/// A complete request.
pub(super) struct Request {
    recorded: RecordedRequest,
    pub(super) body: Vec<u8>,
}

/// The statuses the endpoint answers with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Ok,
    Accepted,
    BadRequest,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    BadGateway,
}

impl Request {
    /// Reads one request; `None` if the connection closes without one.
    pub(super) fn read(stream: &mut impl Read) -> io::Result<Option<Self>> {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            if head.len() > MAX_HEAD_BYTES || stream.read(&mut byte)? == 0 {
                return Ok(None);
            }
            head.extend_from_slice(&byte);
        }
        let recorded = RecordedRequest {
            connection: 0,
            sequence: 0,
            head: String::from_utf8_lossy(&head).into_owned(),
            body: Vec::new(),
        };
        let length = recorded.header("content-length");
        let length = length.and_then(|length| length.parse().ok()).unwrap_or(0);
        let mut body = vec![0; length];
        stream.read_exact(&mut body)?;
        Ok(Some(Self { recorded, body }))
    }

    pub(super) fn method(&self) -> &str {
        self.recorded.method()
    }

    pub(super) fn path(&self) -> &str {
        self.recorded.path()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.recorded.header(name)
    }

    /// Whether `Host` and `Origin` are local; DNS rebinding from a web page shows a foreign name.
    pub(super) fn is_local(&self) -> bool {
        let host = self.header("host").unwrap_or_default();
        let origin = self.header("origin").map_or(Some(host), |origin| {
            origin.split_once("://").map(|(_, host)| host)
        });
        is_loopback(host) && origin.is_some_and(is_loopback)
    }
}

impl Status {
    /// The HTTP status for an error reply. Only the modern era maps protocol errors to statuses.
    pub(super) fn of_error(message: &Value, modern: bool) -> Self {
        match message["error"]["code"].as_i64() {
            Some(-32_601) if modern => Self::NotFound,
            Some(-32_602 | -32_600 | -32_022..=-32_020) if modern => Self::BadRequest,
            _ => Self::Ok,
        }
    }

    const fn line(self) -> &'static str {
        match self {
            Self::Ok => "200 OK",
            Self::Accepted => "202 Accepted",
            Self::BadRequest => "400 Bad Request",
            Self::Forbidden => "403 Forbidden",
            Self::NotFound => "404 Not Found",
            Self::MethodNotAllowed => "405 Method Not Allowed",
            Self::BadGateway => "502 Bad Gateway",
        }
    }
}

/// Writes a response without a body.
pub(super) fn write_status(stream: &mut impl Write, status: Status) -> io::Result<()> {
    let line = status.line();
    let head = format!("HTTP/1.1 {line}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes())
}

/// Writes a response with one message.
pub(super) fn write_json(
    stream: &mut impl Write,
    status: Status,
    session: Option<&str>,
    message: &Value,
) -> io::Result<()> {
    let body = message.to_string();
    let head = format!(
        "HTTP/1.1 {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n{}connection: close\r\n\r\n",
        status.line(),
        body.len(),
        session_line(session),
    );
    stream.write_all((head + &body).as_bytes())
}

/// Starts an event stream.
pub(super) fn write_stream_head(stream: &mut impl Write, session: Option<&str>) -> io::Result<()> {
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-store\r\n{}connection: close\r\n\r\n",
        session_line(session),
    );
    stream.write_all(head.as_bytes())
}

/// Appends one message to an event stream.
pub(super) fn write_event(stream: &mut impl Write, message: &Value) -> io::Result<()> {
    stream.write_all(format!("event: message\ndata: {message}\n\n").as_bytes())?;
    stream.flush()
}

fn session_line(session: Option<&str>) -> String {
    session.map_or_else(String::new, |session| {
        format!("mcp-session-id: {session}\r\n")
    })
}

fn is_loopback(authority: &str) -> bool {
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    ["localhost", "127.0.0.1", "[::1]"].contains(&host)
}

const MAX_HEAD_BYTES: usize = 64 * 1024;
