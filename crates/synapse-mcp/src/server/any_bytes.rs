//! Exposes private readers of the server engine for `crate::any_bytes`.

use serde::de::IgnoredAny;

use super::lines::{Line, LineReader};
use super::message::{MAX_BATCH, Message, batch, parse};
use crate::any_bytes::{Pieces, at_once};

/// The lines of split `bytes`; `None` for an oversized one.
pub(crate) fn read_lines(bytes: &[u8], piece: usize, limit: usize) -> Vec<Option<Vec<u8>>> {
    let mut reader = LineReader::new(Pieces::new(bytes, piece), limit);
    let mut lines = Vec::new();
    while let Some(Ok(line)) = at_once(reader.next()) {
        match line {
            Line::Whole(line) => lines.push(Some(line)),
            Line::Oversized => lines.push(None),
            Line::End => break,
        }
    }
    assert_eq!(at_once(reader.next()).and_then(Result::ok), Some(Line::End));
    lines
}

/// Parses one line as a message, and checks that its reply can name it.
pub(crate) fn read_message(line: &[u8]) {
    match parse(line) {
        Message::Request(request) => assert_is_scalar(&request.id),
        Message::Invalid { id: Some(id), .. } => assert_is_scalar(&id),
        Message::Cancelled(json) | Message::Answered(_, Ok(json) | Err(json)) => {
            assert!(serde_json::from_str::<IgnoredAny>(&json).is_ok(), "{json}");
        }
        Message::Batch => read_batch(line),
        Message::Initialized | Message::Ignored | Message::Invalid { id: None, .. } => {}
    }
}

/// Parses one line as a batch.
pub(crate) fn read_batch(line: &[u8]) {
    let elements = batch(line).unwrap_or_default();
    assert!(elements.len() <= MAX_BATCH);
    for element in elements {
        drop(parse(element.get().as_bytes()));
    }
}

/// An id is a single-line scalar.
fn assert_is_scalar(id: &str) {
    assert!(serde_json::from_str::<IgnoredAny>(id).is_ok(), "{id}");
    assert!(!id.contains('\n') && !id.starts_with(['{', '[']), "{id}");
}
