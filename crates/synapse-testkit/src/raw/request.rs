//! A request as received.

use serde_json::Value;

/// A complete request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedRequest {
    /// Number of its connection, counted from 0 in order of acceptance.
    pub connection: usize,
    /// Number of the request on its connection, counted from 0.
    pub sequence: usize,
    /// The exact head, from the request line to the empty line.
    pub head: String,
    /// The exact body, chunk framing removed.
    pub body: Vec<u8>,
}

impl RecordedRequest {
    /// The method.
    #[must_use]
    pub fn method(&self) -> &str {
        self.request_line(0)
    }

    /// The exact request target: path and query, or an authority for `CONNECT`.
    #[must_use]
    pub fn target(&self) -> &str {
        self.request_line(1)
    }

    /// The target without its query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.target()
            .split_once('?')
            .map_or(self.target(), |(path, _)| path)
    }

    /// The header lines in order, as name and value.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.head
            .split("\r\n")
            .skip(1)
            .filter_map(|line| line.split_once(": "))
    }

    /// The value of the first header of that name, case-insensitive.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers()
            .find(|(candidate, _)| candidate.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// If it is not JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the request body is JSON")
    }

    fn request_line(&self, word: usize) -> &str {
        self.head
            .split("\r\n")
            .next()
            .and_then(|line| line.split(' ').nth(word))
            .unwrap_or_default()
    }

    pub(super) fn is_chunked(&self) -> bool {
        self.header("transfer-encoding")
            .is_some_and(|value| value.eq_ignore_ascii_case("chunked"))
    }

    pub(super) fn content_length(&self) -> usize {
        self.header("content-length")
            .and_then(|value| value.parse().ok())
            .unwrap_or_default()
    }
}
