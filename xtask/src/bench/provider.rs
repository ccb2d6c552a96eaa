//! A loopback provider that answers every request with the same completion.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;

use crate::failure::Failure;

/// Runs until this tool exits.
#[derive(Debug)]
pub(super) struct Provider {
    port: u16,
}

impl Provider {
    /// # Errors
    /// `File` when no loopback port is free.
    pub(super) fn start() -> Result<Self, Failure> {
        let unusable = |source| Failure::File {
            path: PathBuf::from("127.0.0.1"),
            action: "listened on",
            source,
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(unusable)?;
        let port = listener.local_addr().map_err(unusable)?.port();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // Best effort: the client may disconnect.
                drop(answer(stream));
            }
        });
        Ok(Self { port })
    }

    /// The base URL for a connection.
    pub(super) fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}/v1", self.port)
    }
}

/// Reads one request and answers it.
fn answer(stream: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        if line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut body = reader.by_ref().take(length);
    std::io::copy(&mut body, &mut std::io::sink())?;
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: req-bench\r\n\
         content-length: {}\r\n\r\n",
        COMPLETION.len()
    );
    reader
        .get_mut()
        .write_all(format!("{head}{COMPLETION}").as_bytes())
}

pub(super) const KEY: &str = "fake-key-of-the-bench-0123";
pub(super) const MODEL: &str = "gpt-5.6-terra";
const COMPLETION: &str = concat!(
    r#"{"id":"chatcmpl-1","object":"chat.completion","created":1790000000,"model":"gpt-5.6-terra","#,
    r#""choices":[{"index":0,"message":{"role":"assistant","content":"Yes, I am here. What can I "#,
    r#"do for you?","refusal":null,"annotations":[]},"logprobs":null,"finish_reason":"stop"}],"#,
    r#""usage":{"prompt_tokens":11,"completion_tokens":13,"total_tokens":24,"#,
    r#""prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"#,
    r#""completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,"#,
    r#""accepted_prediction_tokens":0,"rejected_prediction_tokens":0}},"#,
    r#""service_tier":"default","system_fingerprint":null}"#
);
