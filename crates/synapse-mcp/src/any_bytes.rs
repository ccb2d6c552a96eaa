//! Properties of both protocol sides for arbitrary bytes, checked by the fuzz targets
//! `mcp_server_lines` and `mcp_client_lines`, and by tests on their seeds.

use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use serde::de::IgnoredAny;
use serde_json::Value;
use tokio::io::{AsyncRead, ReadBuf};

use crate::client::wire::{Incoming, notification};
use crate::client::{Caps, Scanner};
use crate::server::any_bytes::{read_batch, read_lines, read_message};

/// Reads `bytes` as a client's output.
///
/// # Panics
/// If lines depend on how the bytes are split, or a reply cannot be matched with its request.
pub fn server_lines(bytes: &[u8]) {
    let whole = read_lines(bytes, usize::MAX, LIMIT);
    for piece in PIECES {
        assert_eq!(read_lines(bytes, piece, LIMIT), whole, "by {piece}");
    }
    for line in whole.iter().flatten() {
        assert!(line.len() <= LIMIT && !line.contains(&b'\n'));
        read_message(line);
        read_batch(line);
    }
    read_message(bytes);
}

/// Reads `bytes` as a server's output.
///
/// # Panics
/// If lines or limits depend on how the bytes are split, a message within the limits is too deep
/// for the parser, or a notification does not round-trip.
pub fn client_lines(bytes: &[u8]) {
    let whole = crate::client::any_bytes::read_lines(bytes, usize::MAX, CAPS);
    for piece in PIECES {
        let lines = crate::client::any_bytes::read_lines(bytes, piece, CAPS);
        assert_eq!(lines, whole, "by {piece}");
    }
    let mut scanner = Scanner::new(Caps::default());
    let verdict = scanner.feed(bytes);
    let mut pieces = Scanner::new(Caps::default());
    let by_piece = bytes.chunks(3).try_for_each(|piece| pieces.feed(piece));
    assert_eq!(by_piece, verdict);
    assert_eq!(pieces.id(), scanner.id());
    if verdict.is_err() {
        return;
    }
    let parsed = serde_json::from_slice::<IgnoredAny>(bytes);
    let is_too_deep = parsed.is_err_and(|error| error.to_string().contains("recursion limit"));
    assert!(!is_too_deep, "the caps let through what cannot be parsed");
    for message in Incoming::read(bytes) {
        if let Incoming::Notification { method, params } = message {
            let written = notification(&method, params.clone());
            assert!(!written.contains(&b'\n'));
            assert_eq!(
                Incoming::read(&written),
                [Incoming::Notification { method, params }]
            );
        } else if let Incoming::Request { id, .. } = message {
            assert!(matches!(id, Value::String(_) | Value::Number(_)));
        }
    }
}

/// Split input that never blocks.
pub(crate) struct Pieces<'a> {
    bytes: &'a [u8],
    most: usize,
}

impl<'a> Pieces<'a> {
    pub(crate) const fn new(bytes: &'a [u8], most: usize) -> Self {
        Self { bytes, most }
    }
}

impl AsyncRead for Pieces<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let length = self.bytes.len().min(self.most).min(buffer.remaining());
        let (piece, rest) = self.bytes.split_at(length);
        buffer.put_slice(piece);
        self.bytes = rest;
        Poll::Ready(Ok(()))
    }
}

/// The result of a future that never blocks.
pub(crate) fn at_once<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => Some(outcome),
        Poll::Pending => None,
    }
}

const PIECES: [usize; 3] = [1, 7, 64];
const LIMIT: usize = 4096;
const CAPS: Caps = Caps {
    bytes: 4096,
    depth: 16,
    values: 256,
};

#[cfg(test)]
mod tests {
    use synapse_testkit::any_bytes::hold;

    use super::*;

    #[test]
    fn any_line_of_a_client_is_read() {
        hold("mcp_server_lines", server_lines);
    }

    #[test]
    fn any_line_of_a_server_is_read() {
        hold("mcp_client_lines", client_lines);
    }
}
