//! Why no whole response came: the kind, decided from types and not from words, and what is known
//! about the request that failed.

use std::error::Error;
use std::time::Duration;

use crate::request::Method;
use crate::response::Headers;

pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

/// What kept a whole response from coming.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TransportKind {
    /// The permit does not cover the URL, or the secret may not go there.
    #[error("the request is not covered by its permit")]
    NotPermitted,
    /// The secret holds bytes that no header can carry.
    #[error("the secret cannot be sent in a header")]
    InvalidSecret,
    /// The client or the request could not be built.
    #[error("the request could not be built")]
    Internal,
    /// The host name could not be resolved.
    #[error("name resolution failed")]
    Dns,
    /// Nothing listens at host and port.
    #[error("connection refused")]
    Refused,
    /// No connection could be made, for another reason.
    #[error("host unreachable")]
    Unreachable,
    /// No trusted TLS session could be made.
    #[error("no trusted TLS session: {reason}")]
    Tls {
        /// What is wrong.
        reason: TlsReason,
    },
    /// The proxy could not be reached, or made no tunnel.
    #[error("the proxy gave no way through: {reason}")]
    Proxy {
        /// What is wrong.
        reason: ProxyReason,
    },
    /// Connecting took too long.
    #[error("no connection in time")]
    ConnectTimeout,
    /// The request was sent, and the whole response did not come in time.
    #[error("no whole response in time")]
    ResponseTimeout,
    /// The connection was reset, or closed, before a response came whole.
    #[error("the connection broke")]
    Interrupted,
    /// The response ended before the end that it announced.
    #[error("the response was cut off")]
    Truncated,
    /// The response body is larger than the cap.
    #[error("the response body is larger than {cap} bytes")]
    BodyTooLarge {
        /// The most bytes that are read.
        cap: usize,
    },
    /// The response body is compressed in a way that was not asked for and cannot be undone.
    #[error("the response body is compressed in a way that cannot be read")]
    Undecodable,
    /// What answered does not speak HTTP.
    #[error("the answer is not HTTP")]
    NotHttp,
    /// The response speaks HTTP and breaks its rules.
    #[error("the response breaks the rules of HTTP")]
    Malformed,
}

/// Why there is no trusted TLS session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum TlsReason {
    /// This machine has no trusted roots at all.
    #[error("no trusted root certificates found")]
    NoRoots,
    /// The certificate's issuer is not trusted here.
    #[error("unknown issuer")]
    UnknownIssuer,
    /// The certificate is for another name.
    #[error("wrong name")]
    WrongName,
    /// The certificate has ended.
    #[error("expired")]
    Expired,
    /// The certificate has not begun.
    #[error("not yet valid")]
    NotYetValid,
    /// The certificate is that of an authority, and no server's.
    #[error("certificate of an authority")]
    Authority,
    /// The certificate is wrong in another way.
    #[error("bad certificate")]
    BadCertificate,
    /// What answered does not speak TLS.
    #[error("not TLS")]
    NotTls,
    /// The server refused the handshake or broke it off.
    #[error("handshake refused")]
    HandshakeRefused,
}

/// Why there is no way through the proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum ProxyReason {
    /// It asks for credentials, which are not supported.
    #[error("it asks for credentials")]
    AuthenticationRequired,
    /// It answered `CONNECT` with something else than success.
    #[error("it refused the tunnel")]
    TunnelRefused,
    /// It could not be reached.
    #[error("it could not be reached")]
    Unreachable,
}

/// A request that brought no whole response.
///
/// `Display` and `Debug` show neither URL, nor header values, nor bodies.
#[derive(Debug, thiserror::Error)]
#[error("{kind}")]
pub struct TransportFailure {
    kind: TransportKind,
    facts: Box<Facts>,
    source: Option<BoxError>,
}

/// What is known about a request that failed.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub(crate) method: Method,
    pub(crate) host: String,
    pub(crate) proxy: Option<String>,
    pub(crate) connect_timeout: Duration,
    pub(crate) deadline: Duration,
    pub(crate) elapsed: Duration,
    pub(crate) sent: bool,
    pub(crate) bytes_out: u64,
    pub(crate) bytes_in: u64,
    pub(crate) head: Option<Head>,
}

/// The head of a response whose body did not come whole.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    pub(crate) after: Duration,
}

impl TransportFailure {
    pub(crate) fn new(kind: TransportKind, facts: Facts, source: Option<BoxError>) -> Self {
        Self {
            kind,
            facts: Box::new(facts),
            source,
        }
    }

    /// What went wrong.
    #[must_use]
    pub const fn kind(&self) -> TransportKind {
        self.kind
    }

    /// Whether the request was handed to an open connection. `false` is certain.
    #[must_use]
    pub const fn was_sent(&self) -> bool {
        self.facts.sent
    }

    /// Whether the provider may have processed and billed the request: a `POST` that was handed to
    /// an open connection. `false` is certain. A `GET` asks for nothing to be done (RFC 9110,
    /// section 9.2.1) and is never billed.
    #[must_use]
    pub fn maybe_billed(&self) -> bool {
        self.was_sent() && self.facts.method == Method::Post
    }

    /// The host, and the port when it is not the scheme's own.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.facts.host
    }

    /// Bytes of the request body that were handed to the connection.
    #[must_use]
    pub const fn bytes_out(&self) -> u64 {
        self.facts.bytes_out
    }

    /// Bytes of the response body that were read.
    #[must_use]
    pub const fn bytes_in(&self) -> u64 {
        self.facts.bytes_in
    }

    /// The status code, when the response head had come.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.facts.head.as_ref().map(|head| head.status)
    }

    /// The response headers, when they had come.
    #[must_use]
    pub fn headers(&self) -> Option<&Headers> {
        self.facts.head.as_ref().map(|head| &head.headers)
    }

    /// From the call of `send` to the last byte of the response head, when that had come.
    #[must_use]
    pub fn headers_after(&self) -> Option<Duration> {
        self.facts.head.as_ref().map(|head| head.after)
    }

    /// How long it took to fail.
    #[must_use]
    pub const fn elapsed(&self) -> Duration {
        self.facts.elapsed
    }

    pub(crate) fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The innermost cause in the words of the library or the operating system.
    pub(crate) fn root_cause(&self) -> Option<String> {
        let mut error: &dyn Error = self.source.as_deref()?;
        while let Some(source) = error.source() {
            error = source;
        }
        Some(error.to_string())
    }
}
