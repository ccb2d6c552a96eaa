//! A request, the checks that refuse it before a socket is opened, and its body, which can be sent
//! once and records whether sending has begun.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use reqwest::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use secrecy::ExposeSecret;
use synapse_core::gate::Departure;
use synapse_core::secret::BoundSecret;
use synapse_core::secure_url::{is_loopback, is_private};
use synapse_core::{NetworkPermit, Origin};
use url::Url;

use crate::failure::{BoxError, TransportKind};
use crate::method::Method;

/// One request. `Debug` shows neither query nor header values nor body.
#[derive(Clone)]
pub struct HttpRequest<'a> {
    /// The method.
    pub method: Method,
    /// The URL; http or https.
    pub url: Url,
    /// Additional headers as name and value.
    pub headers: Vec<(&'a str, &'a str)>,
    /// The secret to send as `authorization: Bearer …`.
    pub bearer: Option<&'a BoundSecret>,
    /// Secrets to send in headers of these names.
    pub secret_headers: Vec<SecretHeader<'a>>,
    /// The JSON body; sends `content-type: application/json` unless `headers` overrides it.
    pub body: Option<Vec<u8>>,
    /// Maximum time until the last byte of the response.
    pub deadline: Duration,
    /// The host of the server that named the URL, if it was not the user.
    pub named_by: Option<&'a str>,
}

/// A secret in a header.
#[derive(Clone, Copy)]
pub struct SecretHeader<'a> {
    name: &'a str,
    secret: &'a BoundSecret,
    form: SecretForm,
}

/// The allowed form of a secret header value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum SecretForm {
    /// A token: visible ASCII.
    Token,
    /// Words: visible ASCII separated by spaces.
    Words,
}

impl<'a> HttpRequest<'a> {
    /// A request without headers, secret and body.
    #[must_use]
    pub const fn new(method: Method, url: Url, deadline: Duration) -> Self {
        Self {
            method,
            url,
            headers: Vec::new(),
            bearer: None,
            secret_headers: Vec::new(),
            body: None,
            deadline,
            named_by: None,
        }
    }

    /// The URL comes from the server at `host`: its name may only lead to public addresses, or to
    /// the machine or private network where that server is itself. Without effect through a proxy,
    /// which resolves names.
    #[must_use]
    pub const fn named_by(mut self, host: &'a str) -> Self {
        self.named_by = Some(host);
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &'a str, value: &'a str) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Sends `secret` as a bearer token.
    #[must_use]
    pub const fn bearer(mut self, secret: &'a BoundSecret) -> Self {
        self.bearer = Some(secret);
        self
    }

    /// Sends `secret` alone in the header `name`, under the rules of a bearer: only to a bound
    /// origin, marked sensitive, and overriding the caller's header of that name.
    #[must_use]
    pub fn secret_header(self, name: &'a str, secret: &'a BoundSecret) -> Self {
        self.with_secret(name, secret, SecretForm::Token)
    }

    /// Like [`HttpRequest::secret_header`], for a value of several words, such as `Bearer …`.
    #[must_use]
    pub fn secret_words(self, name: &'a str, secret: &'a BoundSecret) -> Self {
        self.with_secret(name, secret, SecretForm::Words)
    }

    fn with_secret(mut self, name: &'a str, secret: &'a BoundSecret, form: SecretForm) -> Self {
        self.secret_headers
            .push(SecretHeader { name, secret, form });
        self
    }

    /// Sends `body` as JSON.
    #[must_use]
    pub fn json(mut self, body: Vec<u8>) -> Self {
        self.body = Some(body);
        self
    }
}

impl fmt::Debug for HttpRequest<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| *name).collect();
        formatter
            .debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("origin", &Origin::of(&self.url).as_str())
            .field("path", &self.url.path())
            .field("headers", &names)
            .field("bearer", &self.bearer.is_some())
            .field("secret_headers", &self.secret_headers)
            .field("body_bytes", &self.body.as_ref().map(Vec::len))
            .field("deadline", &self.deadline)
            .finish()
    }
}

impl fmt::Debug for SecretHeader<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name)
    }
}

/// Why a request was refused, with the library's reason if there is one.
pub(crate) type RefusedRequest = (TransportKind, Option<BoxError>);

/// Checks a request to `origin` against its permit and prepares it. Opens nothing.
pub(crate) fn prepare(
    permit: &NetworkPermit,
    request: HttpRequest<'_>,
    origin: &Origin,
    handover: &Handover,
) -> Result<reqwest::Request, RefusedRequest> {
    if !matches!(request.url.scheme(), "http" | "https") || !permit.covers(origin) {
        return Err((TransportKind::NotPermitted, None));
    }
    let url = &request.url;
    if url.scheme() == "http" && !is_loopback(url) && !is_private(url) {
        // The URL should have been rejected earlier; checked again to protect the prompt.
        return Err((TransportKind::NotPermitted, None));
    }
    let mut secrets: Vec<(HeaderName, HeaderValue)> = Vec::new();
    if let Some(secret) = request.bearer {
        let value = secret_value("Bearer ", secret, SecretForm::Token, &request.url, origin)?;
        secrets.push((AUTHORIZATION, value));
    }
    for SecretHeader { name, secret, form } in request.secret_headers {
        let name: HeaderName = name.parse().map_err(internal)?;
        secrets.push((name, secret_value("", secret, form, &request.url, origin)?));
    }
    let method = match request.method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Delete => reqwest::Method::DELETE,
    };
    let mut ready = reqwest::Request::new(method, request.url);
    *ready.timeout_mut() = Some(request.deadline);
    let headers = ready.headers_mut();
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    if request.body.is_some() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    for (name, value) in request.headers {
        let name: HeaderName = name.parse().map_err(internal)?;
        let value: HeaderValue = value.parse().map_err(internal)?;
        headers.insert(name, value);
    }
    for (name, value) in secrets {
        headers.insert(name, value);
    }
    let body = OnceBody::new(request.body.unwrap_or_default(), handover.clone());
    *ready.body_mut() = Some(reqwest::Body::wrap(body));
    Ok(ready)
}

/// A header value with `secret` for `origin`, marked sensitive.
fn secret_value(
    scheme: &str,
    secret: &BoundSecret,
    form: SecretForm,
    url: &Url,
    origin: &Origin,
) -> Result<HeaderValue, RefusedRequest> {
    if url.scheme() == "http" && !is_loopback(url) {
        // The URL should have been rejected earlier; checked again to protect the secret.
        return Err((TransportKind::NotPermitted, None));
    }
    let value = secret
        .for_origin(origin)
        .map_err(|failure| (TransportKind::NotPermitted, Some(failure.into())))?;
    let token = value.expose_secret();
    // http accepts any UTF-8 in a header value; a token is visible ASCII (RFC 6750, section 2.1).
    let is_sound = match form {
        SecretForm::Token => token.bytes().all(|byte| byte.is_ascii_graphic()),
        SecretForm::Words => {
            token.trim() == token && token.bytes().all(|byte| matches!(byte, b' '..=b'~'))
        }
    };
    if token.is_empty() || !is_sound {
        return Err((TransportKind::InvalidSecret, None));
    }
    let mut header = HeaderValue::try_from(format!("{scheme}{token}"))
        .map_err(|_| (TransportKind::InvalidSecret, None))?;
    header.set_sensitive(true);
    Ok(header)
}

fn internal(error: impl Into<BoxError>) -> RefusedRequest {
    (TransportKind::Internal, Some(error.into()))
}

/// Whether the request was handed to an open connection.
#[derive(Debug, Clone, Default)]
pub(crate) struct Handover {
    begun: Arc<AtomicBool>,
    departure: Option<Arc<dyn Departure>>,
}

impl Handover {
    /// Also records requests with the permit's observer.
    pub(crate) fn recorded_by(departure: Option<Arc<dyn Departure>>) -> Self {
        Self {
            begun: Arc::default(),
            departure,
        }
    }

    /// `false` is certain: no byte of the body, or of a request without body, reached a connection.
    pub(crate) fn has_begun(&self) -> bool {
        self.begun.load(Ordering::Acquire)
    }

    fn begin(&self) {
        let begun_before = self.begun.swap(true, Ordering::AcqRel);
        if let (false, Some(departure)) = (begun_before, &self.departure) {
            departure.departed();
        }
    }
}

/// A single-frame body.
///
/// reqwest cannot clone a wrapped body, so neither its retry nor its redirect policy could replay
/// the request, should one ever be active.
pub(crate) struct OnceBody {
    bytes: Option<Bytes>,
    handover: Handover,
}

impl OnceBody {
    pub(crate) fn new(bytes: Vec<u8>, handover: Handover) -> Self {
        Self {
            bytes: (!bytes.is_empty()).then(|| Bytes::from(bytes)),
            handover,
        }
    }
}

impl Body for OnceBody {
    type Data = Bytes;
    type Error = Infallible;

    /// hyper polls the first frame once the connection is open and the head is being written.
    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.handover.begin();
        Poll::Ready(self.bytes.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    /// For an empty body, hyper calls only this, at the same moment.
    fn is_end_stream(&self) -> bool {
        let ended = self.bytes.is_none();
        if ended {
            self.handover.begin();
        }
        ended
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}

#[cfg(test)]
mod tests {
    use synapse_core::NetworkGate;

    use super::*;

    #[test]
    fn the_bearer_is_marked_sensitive_and_wins_over_a_header_of_the_caller() {
        let url: Url = "https://api.example.test/v1".parse().unwrap();
        let origin = Origin::of(&url);
        let permit = NetworkGate::Open.permit([origin.clone()]).unwrap();
        let secret = BoundSecret::new("fake-token".into(), vec![origin.clone()]);
        let request = HttpRequest::new(Method::Post, url, Duration::from_secs(1))
            .header("Authorization", "Basic other")
            .header("Content-Type", "application/json; charset=utf-8")
            .json(b"{}".to_vec())
            .bearer(&secret);
        let handover = Handover::default();
        let ready = prepare(&permit, request, &origin, &handover).unwrap();
        let headers = ready.headers();
        let sent: Vec<_> = headers.get_all(AUTHORIZATION).iter().collect();
        assert_eq!(sent, ["Bearer fake-token"]);
        assert!(sent[0].is_sensitive());
        assert_eq!(headers[CONTENT_TYPE], "application/json; charset=utf-8");
        assert!(!handover.has_begun());
        assert!(
            ready.try_clone().is_none(),
            "a request that can be cloned can be replayed"
        );
    }

    #[test]
    fn a_secret_in_a_header_of_its_own_has_the_rules_of_a_bearer() {
        let url: Url = "https://api.example.test/v1".parse().unwrap();
        let origin = Origin::of(&url);
        let permit = NetworkGate::Open.permit([origin.clone()]).unwrap();
        let ready = |token: &str, origins: Vec<Origin>| {
            let secret = BoundSecret::new(token.into(), origins);
            let request = HttpRequest::new(Method::Get, url.clone(), Duration::from_secs(1))
                .header("x-api-key", "of the caller")
                .secret_header("X-Api-Key", &secret);
            assert!(!format!("{request:?}").contains(token), "{request:?}");
            prepare(&permit, request, &origin, &Handover::default())
        };
        let sent = ready("fake-token", vec![origin.clone()]).unwrap();
        let values: Vec<_> = sent.headers().get_all("x-api-key").iter().collect();
        assert_eq!(values, ["fake-token"]);
        assert!(values[0].is_sensitive());
        assert_eq!(sent.headers().get(AUTHORIZATION), None);

        let several = BoundSecret::new("Basic fake words".into(), vec![origin.clone()]);
        let request = HttpRequest::new(Method::Get, url.clone(), Duration::from_secs(1))
            .secret_words("authorization", &several)
            .secret_words("x-other", &several);
        let sent = prepare(&permit, request, &origin, &Handover::default()).unwrap();
        for name in ["authorization", "x-other"] {
            assert_eq!(sent.headers()[name], "Basic fake words");
            assert!(sent.headers()[name].is_sensitive());
        }

        let (kind, _) = ready("fake-token", Vec::new()).unwrap_err();
        assert_eq!(kind, TransportKind::NotPermitted);
        let (kind, _) = ready("fake token", vec![origin.clone()]).unwrap_err();
        assert_eq!(kind, TransportKind::InvalidSecret);
    }

    fn poll(body: &mut OnceBody) -> Option<Bytes> {
        let mut context = Context::from_waker(std::task::Waker::noop());
        match Pin::new(body).poll_frame(&mut context) {
            Poll::Ready(frame) => frame.map(|frame| frame.unwrap().into_data().unwrap()),
            Poll::Pending => panic!("the bytes are there"),
        }
    }

    #[test]
    fn the_bytes_leave_once_and_only_then_the_handover_has_begun() {
        let handover = Handover::default();
        let mut body = OnceBody::new(b"{}".to_vec(), handover.clone());
        assert!(!body.is_end_stream());
        assert_eq!(body.size_hint().exact(), Some(2));
        assert!(!handover.has_begun());
        assert_eq!(poll(&mut body), Some(Bytes::from_static(b"{}")));
        assert!(handover.has_begun());
        assert_eq!(poll(&mut body), None);
        assert!(body.is_end_stream());
    }
}
