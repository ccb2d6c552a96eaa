//! A port for observing exchanges as they happen, such as on a terminal. Secret header values are
//! withheld; bodies are passed on unfiltered.

use std::fmt;
use std::time::Duration;

use reqwest::header::HeaderMap;
use url::Url;

use crate::method::Method;
use crate::response::{Headers, HttpResponse};

/// Observes requests and responses. Called on the sending task, so it must not block for long.
pub trait ExchangeObserver: fmt::Debug + Send + Sync {
    /// Called for a permitted request right before sending.
    fn sending(&self, request: &SentRequest<'_>);

    /// Called with the complete response. Incomplete ones are reported as failures instead.
    fn received(&self, response: &HttpResponse);

    /// The head of a response whose body is streamed.
    fn opened(&self, status: u16, headers: &Headers, elapsed: Duration) {
        let _ = (status, headers, elapsed);
    }
}

/// A request being sent. `Debug` shows neither header values nor the body.
pub struct SentRequest<'a> {
    /// The method.
    pub method: Method,
    /// The URL.
    pub url: &'a Url,
    /// The body.
    pub body: Option<&'a [u8]>,
    headers: &'a HeaderMap,
}

impl<'a> SentRequest<'a> {
    pub(crate) const fn new(
        method: Method,
        url: &'a Url,
        headers: &'a HeaderMap,
        body: Option<&'a [u8]>,
    ) -> Self {
        Self {
            method,
            url,
            body,
            headers,
        }
    }

    /// Header names in lower case and values; `None` for secrets and non-text values.
    pub fn headers(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.headers.iter().map(|(name, value)| {
            let text = value.to_str().ok().filter(|_| !value.is_sensitive());
            (name.as_str(), text)
        })
    }
}

impl fmt::Debug for SentRequest<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers().map(|(name, _)| name).collect();
        formatter
            .debug_struct("SentRequest")
            .field("method", &self.method)
            .field("path", &self.url.path())
            .field("headers", &names)
            .field("body_bytes", &self.body.map(<[u8]>::len))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    #[test]
    fn a_secret_is_named_and_not_handed_out() {
        let url: Url = "https://api.example.test/v1".parse().unwrap();
        let mut secret = HeaderValue::from_static("Bearer fake-token");
        secret.set_sensitive(true);
        let mut headers = HeaderMap::new();
        headers.insert("authorization", secret);
        headers.insert("accept", HeaderValue::from_static("*/*"));
        let request = SentRequest::new(Method::Post, &url, &headers, Some(b"{}"));
        let shown: Vec<_> = request.headers().collect();
        assert_eq!(shown, [("authorization", None), ("accept", Some("*/*"))]);
        assert!(!format!("{request:?}").contains("*/*"), "{request:?}");
    }
}
