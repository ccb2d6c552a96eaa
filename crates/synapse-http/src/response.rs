//! A complete response: status, headers, body, sizes and times.

use std::fmt;
use std::time::Duration;

use reqwest::header::HeaderMap;

/// How the body of a response was encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum BodyCoding {
    /// As requested, or despite a header contradicted by the bytes.
    #[default]
    Plain,
    /// Compressed, and fully decoded.
    Decoded,
    /// Compressed, and damaged or truncated: the body is the decodable part.
    Damaged,
}

impl BodyCoding {
    /// A note for readers of the body, if any.
    #[must_use]
    pub const fn note(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Decoded => Some("the answer came compressed although none was asked for"),
            Self::Damaged => {
                Some("the answer came compressed and damaged; it ends where it could not be read")
            }
        }
    }
}

/// The headers of a response. `Debug` shows their names only.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers(HeaderMap);

impl Headers {
    pub(crate) const fn new(map: HeaderMap) -> Self {
        Self(map)
    }

    /// The value of the first header `name`, case-insensitive; `None` if it is not text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.to_str().ok()
    }

    /// The textual values of all headers `name`, in order.
    pub fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.0
            .get_all(name)
            .into_iter()
            .filter_map(|value| value.to_str().ok())
    }

    /// Whether the header `name` exists.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Names in lower case and textual values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

/// A complete response of any status. `Debug` shows neither header values nor the body.
#[derive(Clone)]
#[non_exhaustive]
pub struct HttpResponse {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: Headers,
    /// The decoded body.
    pub body: Vec<u8>,
    /// How the body was encoded.
    pub coding: BodyCoding,
    /// Bytes of the request body.
    pub bytes_out: u64,
    /// Bytes of the response body before decoding.
    pub bytes_in: u64,
    /// Time from the call of `send` to the end of the response head.
    pub headers_after: Duration,
    /// Time from the call of `send` to the end of the response.
    pub elapsed: Duration,
}

impl fmt::Debug for HttpResponse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("HttpResponse")
            .field("status", &self.status)
            .field("headers", &self.headers)
            .field("coding", &self.coding)
            .field("bytes_out", &self.bytes_out)
            .field("bytes_in", &self.bytes_in)
            .field("headers_after", &self.headers_after)
            .field("elapsed", &self.elapsed)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn headers_are_found_in_any_case_and_not_shown() {
        let mut map = HeaderMap::new();
        map.append("x-request-id", HeaderValue::from_static("req_1"));
        map.append("x-request-id", HeaderValue::from_static("req_2"));
        map.append(
            HeaderName::from_static("x-binary"),
            HeaderValue::from_bytes(b"\xff").unwrap(),
        );
        let headers = Headers::new(map);
        assert_eq!(headers.text("X-Request-Id"), Some("req_1"));
        assert_eq!(
            headers.all("x-request-id").collect::<Vec<_>>(),
            ["req_1", "req_2"]
        );
        assert_eq!(
            (headers.text("x-binary"), headers.contains("x-binary")),
            (None, true)
        );
        assert_eq!(headers.text("absent"), None);
        assert_eq!(headers.text("not a name"), None);
        assert_eq!(headers.iter().count(), 2);
        assert!(!format!("{headers:?}").contains("req_1"));
    }
}
