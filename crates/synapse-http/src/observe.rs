//! Whoever wants to see the exchanges of a client as they happen, such as somebody at a terminal.
//! Secrets in headers are not handed out; what a body holds is for the observer to judge.

use std::fmt;

use reqwest::header::HeaderMap;
use url::Url;

use crate::request::Method;
use crate::response::HttpResponse;

/// Sees requests and responses. Called on the task that sends: it must not block for long.
pub trait ExchangeObserver: fmt::Debug + Send + Sync {
    /// A request that was permitted and is about to be sent.
    fn sending(&self, request: &SentRequest<'_>);

    /// The whole response to it. A response that breaks off is not seen: the failure says why.
    fn received(&self, response: &HttpResponse);
}

/// A request as it is sent. `Debug` shows neither header values nor the body.
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

    /// Names, in lower case, with their values; `None` for a secret and for what is no text.
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
