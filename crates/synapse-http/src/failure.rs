//! Why no complete response arrived: a kind decided by types, and the known facts about the
//! request.

use std::error::Error;
use std::time::Duration;

use crate::method::Method;
use crate::response::Headers;

pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

/// The kind of a transport failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TransportKind {
    /// The permit does not cover the URL, or the secret is not bound to its origin.
    #[error("the request is not covered by its permit")]
    NotPermitted,
    /// The secret contains bytes not allowed in a header.
    #[error("the secret cannot be sent in a header")]
    InvalidSecret,
    /// The client or the request could not be built.
    #[error("the request could not be built")]
    Internal,
    /// The host name could not be resolved.
    #[error("name resolution failed")]
    Dns,
    /// The host name leads to this machine or a private network, and the server that named it is
    /// not there.
    #[error("the name leads to a private address")]
    PrivateAddress,
    /// Nothing listens at host and port.
    #[error("connection refused")]
    Refused,
    /// No connection could be established for another reason.
    #[error("host unreachable")]
    Unreachable,
    /// No trusted TLS session could be established.
    #[error("no trusted TLS session: {reason}")]
    Tls {
        /// The reason.
        reason: TlsReason,
    },
    /// The proxy could not be reached or refused the tunnel.
    #[error("the proxy refused the connection: {reason}")]
    Proxy {
        /// The reason.
        reason: ProxyReason,
    },
    /// Connecting took too long.
    #[error("no connection in time")]
    ConnectTimeout,
    /// The request was sent, but the complete response did not arrive in time.
    #[error("no complete response in time")]
    ResponseTimeout,
    /// The connection was reset or closed before the response was complete.
    #[error("the connection broke")]
    Interrupted,
    /// The response ended before its announced length.
    #[error("the response was cut off")]
    Truncated,
    /// The response body exceeds the cap.
    #[error("the response body is larger than {cap} bytes")]
    BodyTooLarge {
        /// The cap in bytes.
        cap: usize,
    },
    /// The response body has an unrequested compression that cannot be decoded.
    #[error("the response body is compressed in a way that cannot be read")]
    Undecodable,
    /// The peer does not speak HTTP.
    #[error("the answer is not HTTP")]
    NotHttp,
    /// The response is malformed HTTP.
    #[error("the response breaks the rules of HTTP")]
    Malformed,
}

/// Why no trusted TLS session was established.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum TlsReason {
    /// This machine has no trusted roots at all.
    #[error("no trusted root certificates found")]
    NoRoots,
    /// The certificate's issuer is not trusted.
    #[error("unknown issuer")]
    UnknownIssuer,
    /// The certificate is for another name.
    #[error("wrong name")]
    WrongName,
    /// The certificate has expired.
    #[error("expired")]
    Expired,
    /// The certificate is not valid yet.
    #[error("not yet valid")]
    NotYetValid,
    /// The certificate is a CA certificate.
    #[error("certificate of an authority")]
    Authority,
    /// The certificate is invalid in another way.
    #[error("bad certificate")]
    BadCertificate,
    /// The peer does not speak TLS.
    #[error("not TLS")]
    NotTls,
    /// The server rejected or aborted the handshake.
    #[error("handshake refused")]
    HandshakeRefused,
}

/// Why the proxy gave no tunnel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum ProxyReason {
    /// It requires credentials, which are not supported.
    #[error("it requires credentials")]
    AuthenticationRequired,
    /// It refused the `CONNECT`.
    #[error("it refused the tunnel")]
    TunnelRefused,
    /// It could not be reached.
    #[error("it could not be reached")]
    Unreachable,
}

/// A request without a complete response.
///
/// `Display` and `Debug` show neither URL nor header values nor bodies.
#[derive(Debug, thiserror::Error)]
#[error("{kind}")]
pub struct TransportFailure {
    kind: TransportKind,
    facts: Box<TransportFacts>,
    source: Option<BoxError>,
}

/// Known facts about a failed request.
#[derive(Debug, Clone)]
pub(crate) struct TransportFacts {
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

/// The head of a response whose body is incomplete.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    pub(crate) after: Duration,
}

impl TransportFailure {
    pub(crate) fn new(
        kind: TransportKind,
        facts: TransportFacts,
        source: Option<BoxError>,
    ) -> Self {
        Self {
            kind,
            facts: Box::new(facts),
            source,
        }
    }

    /// The kind of failure.
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
    /// an open connection. `false` is certain. A `GET` is safe (RFC 9110, section 9.2.1) and never
    /// billed.
    #[must_use]
    pub fn maybe_billed(&self) -> bool {
        self.was_sent() && self.facts.method == Method::Post
    }

    /// The host, with the port unless it is the scheme's default.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.facts.host
    }

    /// Bytes of the request body handed to the connection.
    #[must_use]
    pub const fn bytes_out(&self) -> u64 {
        self.facts.bytes_out
    }

    /// Bytes of the response body that were read.
    #[must_use]
    pub const fn bytes_in(&self) -> u64 {
        self.facts.bytes_in
    }

    /// The status code, if the response head arrived.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.facts.head.as_ref().map(|head| head.status)
    }

    /// The response headers, if they arrived.
    #[must_use]
    pub fn headers(&self) -> Option<&Headers> {
        self.facts.head.as_ref().map(|head| &head.headers)
    }

    /// Time from the call of `send` to the end of the response head, if it arrived.
    #[must_use]
    pub fn headers_after(&self) -> Option<Duration> {
        self.facts.head.as_ref().map(|head| head.after)
    }

    /// Time until the failure.
    #[must_use]
    pub const fn elapsed(&self) -> Duration {
        self.facts.elapsed
    }

    pub(crate) fn facts(&self) -> &TransportFacts {
        &self.facts
    }

    /// The innermost cause, as worded by the library or operating system.
    pub(crate) fn root_cause(&self) -> Option<String> {
        let mut error: &dyn Error = self.source.as_deref()?;
        while let Some(source) = error.source() {
            error = source;
        }
        Some(error.to_string())
    }
}
