//! The client: built on first use, sends once, reads the response under a cap.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use synapse_core::{NetworkPermit, Origin};

use crate::classify::{Circumstances, classify};
use crate::config::HttpConfig;
use crate::decode::{self, Undecodable};
use crate::failure::{BoxError, Head, TlsReason, TransportFacts, TransportFailure, TransportKind};
use crate::names::Names;
use crate::observe::{ExchangeObserver, SentRequest};
use crate::request::{self, Handover, HttpRequest};
use crate::response::{BodyCoding, Headers, HttpResponse};
use crate::tls;

/// The one HTTP client. Cheap to clone; clones share everything.
///
/// Creating one builds nothing. The plain-http client is built at the first http request, the TLS
/// client, which reads the system's root certificates, at the first https request.
#[derive(Debug, Clone)]
pub struct HttpClient {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    config: HttpConfig,
    plain: Mutex<Option<reqwest::Client>>,
    tls: Mutex<Option<reqwest::Client>>,
    /// The roots, read once for all clients.
    trust: Mutex<Option<rustls::ClientConfig>>,
}

/// Selects one of the two clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Channel {
    Plain,
    Tls,
}

impl Channel {
    fn of(request: &HttpRequest<'_>) -> Self {
        match request.url.scheme() {
            "https" => Self::Tls,
            _ => Self::Plain,
        }
    }

    fn names(self, config: &HttpConfig) -> Names {
        match self {
            Self::Plain => Names::ThisMachine,
            Self::Tls => Names::All(Arc::clone(&config.names)),
        }
    }
}

impl HttpClient {
    /// Creates a client with this configuration.
    #[must_use]
    pub fn new(config: HttpConfig) -> Self {
        Self {
            inner: Arc::new(Inner {
                config,
                plain: Mutex::new(None),
                tls: Mutex::new(None),
                trust: Mutex::new(None),
            }),
        }
    }

    /// Sends **at most one** request and reads its response, whatever the status.
    ///
    /// Each call opens its own connection and closes it. Nothing is ever resent: not after a
    /// failure, not to a redirect target. Dropping the future closes the socket. Needs a tokio
    /// runtime with I/O and time.
    ///
    /// # Errors
    /// A [`TransportFailure`] if no complete response arrives; any status is a success. A URL whose
    /// origin `permit` does not cover, or a bearer not bound to that origin, is refused before any
    /// socket is opened.
    pub async fn send(
        &self,
        permit: &NetworkPermit,
        request: HttpRequest<'_>,
    ) -> Result<HttpResponse, TransportFailure> {
        let (attempt, response) = self.exchange(permit, request).await?;
        let response = attempt.read(response).await?;
        if let Some(observer) = self.observer() {
            observer.received(&response);
        }
        Ok(response)
    }

    /// Sends the request and waits for the response head.
    pub(crate) async fn exchange(
        &self,
        permit: &NetworkPermit,
        request: HttpRequest<'_>,
    ) -> Result<(Attempt, reqwest::Response), TransportFailure> {
        let origin = Origin::of(&request.url);
        let mut attempt = Attempt::begin(&self.inner.config, &request, &origin);
        attempt.handover = Handover::recorded_by(permit.departure());
        let channel = Channel::of(&request);
        let proxied = self.inner.config.proxy.is_some();
        if channel == Channel::Plain && proxied {
            // The connection should have been rejected earlier: the proxy could read everything.
            return Err(attempt.fail(TransportKind::NotPermitted, None));
        }
        // A literal address and a localhost name are judged where the URL is read.
        let guarded = match (channel, request.named_by) {
            (Channel::Tls, Some(server)) if !proxied => Some(server.to_owned()),
            _ => None,
        };
        let seen = self
            .observer()
            .map(|observer| (observer, request.method, request.body.clone()));
        let ready = match request::prepare(permit, request, &origin, &attempt.handover) {
            Ok(ready) => ready,
            Err((kind, source)) => return Err(attempt.fail(kind, source)),
        };
        let client = match guarded {
            Some(server) => self.guarded(server),
            None => self.client(channel),
        };
        let client = match client {
            Ok(client) => client,
            Err((kind, source)) => return Err(attempt.fail(kind, Some(source))),
        };
        if let Some((observer, method, body)) = seen {
            let (url, headers) = (ready.url(), ready.headers());
            observer.sending(&SentRequest::new(method, url, headers, body.as_deref()));
        }
        match client.execute(ready).await {
            Ok(response) => Ok((attempt, response)),
            Err(error) => Err(attempt.fail_with(error)),
        }
    }

    pub(crate) fn observer(&self) -> Option<&Arc<dyn ExchangeObserver>> {
        self.inner.config.observer.as_ref()
    }

    /// The client for `channel`, built on demand. A failed build is not cached.
    fn client(&self, channel: Channel) -> Result<reqwest::Client, (TransportKind, BoxError)> {
        let slot = match channel {
            Channel::Plain => &self.inner.plain,
            Channel::Tls => &self.inner.tls,
        };
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = slot.as_ref() {
            return Ok(client.clone());
        }
        let names = channel.names(&self.inner.config);
        let client = build(&self.inner.config, self.trust(channel)?, names)?;
        *slot = Some(client.clone());
        Ok(client)
    }

    /// A TLS client for one request to a name that `server` gave.
    fn guarded(&self, server: String) -> Result<reqwest::Client, (TransportKind, BoxError)> {
        let lookup = Arc::clone(&self.inner.config.names);
        let trust = self.trust(Channel::Tls)?;
        build(&self.inner.config, trust, Names::NamedBy { lookup, server })
    }

    /// The trusted roots of `channel`, read once.
    fn trust(&self, channel: Channel) -> Result<rustls::ClientConfig, (TransportKind, BoxError)> {
        if channel == Channel::Plain {
            return tls::trusting_nobody().map_err(|error| (TransportKind::Internal, error.into()));
        }
        let mut slot = self
            .inner
            .trust
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(trust) = slot.as_ref() {
            return Ok(trust.clone());
        }
        let roots = self.inner.config.extra_roots.clone();
        let trust = tls::trusting_the_system(roots).map_err(|error| {
            let kind = match error {
                // The platform verifier has no specific error for a machine without roots.
                rustls::Error::General(_) => TransportKind::Tls {
                    reason: TlsReason::NoRoots,
                },
                _ => TransportKind::Internal,
            };
            (kind, error.into())
        })?;
        Ok(slot.insert(trust).clone())
    }
}

/// The only place in the workspace that builds an HTTP client.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one constructor that the ban points to"
)]
fn build(
    config: &HttpConfig,
    trust: rustls::ClientConfig,
    names: Names,
) -> Result<reqwest::Client, (TransportKind, BoxError)> {
    let internal = |error: reqwest::Error| (TransportKind::Internal, error.into());
    let builder = reqwest::Client::builder()
        .tls_backend_preconfigured(trust)
        .user_agent(config.user_agent.as_str())
        .connect_timeout(config.connect_timeout)
        // hyper-util retries on a dead pooled connection, and this cannot be disabled.
        .pool_max_idle_per_host(0)
        .retry(reqwest::retry::never())
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .http1_only()
        .dns_resolver(names)
        // Off by default; explicit in case another crate enables the features.
        .no_gzip()
        .no_brotli()
        .no_deflate()
        .no_zstd()
        .no_hickory_dns();
    match &config.proxy {
        None => builder.no_proxy(),
        Some(proxy) => builder.proxy(reqwest::Proxy::all(proxy.as_str()).map_err(internal)?),
    }
    .build()
    .map_err(internal)
}

/// Why reading a body stopped early.
pub(crate) enum Stop {
    TooLarge,
    Undecodable,
    /// The decoding thread is gone: the runtime is shutting down.
    Abandoned,
    /// No data within the idle limit.
    Late,
    Broken(reqwest::Error),
}

/// A request in progress, and its known facts.
#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    began: Instant,
    tls: bool,
    handover: Handover,
    pub(crate) body_cap: usize,
    /// Length of the request body, sent or not.
    body_length: u64,
    pub(crate) facts: TransportFacts,
}

impl Attempt {
    fn begin(config: &HttpConfig, request: &HttpRequest<'_>, origin: &Origin) -> Self {
        Self {
            began: Instant::now(),
            tls: request.url.scheme() == "https",
            handover: Handover::default(),
            body_cap: config.body_cap,
            body_length: request.body.as_ref().map_or(0, |body| body.len() as u64),
            facts: TransportFacts {
                method: request.method,
                host: origin.host().to_owned(),
                proxy: config.proxy.as_ref().map(ToString::to_string),
                connect_timeout: config.connect_timeout,
                deadline: request.deadline,
                elapsed: Duration::ZERO,
                sent: false,
                bytes_out: 0,
                bytes_in: 0,
                head: None,
            },
        }
    }

    async fn read(
        mut self,
        mut response: reqwest::Response,
    ) -> Result<HttpResponse, TransportFailure> {
        let head = self.head_of(&mut response);
        let body = match self.read_body(&mut response).await {
            Ok(body) => decoded(&head.headers, body, self.body_cap).await,
            Err(stop) => Err(stop),
        };
        let stop = match body {
            Ok((body, coding)) => {
                return Ok(HttpResponse {
                    status: head.status,
                    headers: head.headers,
                    body,
                    coding,
                    bytes_out: self.body_length,
                    bytes_in: self.facts.bytes_in,
                    headers_after: head.after,
                    elapsed: self.began.elapsed(),
                });
            }
            Err(stop) => stop,
        };
        self.facts.head = Some(head);
        Err(self.stopped(stop))
    }

    /// Records the head of `response`.
    pub(crate) fn head_of(&self, response: &mut reqwest::Response) -> Head {
        Head {
            status: response.status().as_u16(),
            headers: Headers::new(std::mem::take(response.headers_mut())),
            after: self.began.elapsed(),
        }
    }

    pub(crate) fn stopped(self, stop: Stop) -> TransportFailure {
        let cap = self.body_cap;
        match stop {
            Stop::TooLarge => self.fail(TransportKind::BodyTooLarge { cap }, None),
            Stop::Undecodable => self.fail(TransportKind::Undecodable, None),
            Stop::Abandoned => self.fail(TransportKind::Interrupted, None),
            Stop::Late => self.fail(TransportKind::ResponseTimeout, None),
            Stop::Broken(error) => self.fail_with(error),
        }
    }

    /// Reads the body chunk by chunk, up to the cap.
    pub(crate) async fn read_body(
        &mut self,
        response: &mut reqwest::Response,
    ) -> Result<Vec<u8>, Stop> {
        let announced = response.content_length().unwrap_or_default();
        let announced = usize::try_from(announced).unwrap_or(self.body_cap);
        let mut body = Vec::with_capacity(announced.min(self.body_cap));
        while let Some(chunk) = response.chunk().await.map_err(Stop::Broken)? {
            self.facts.bytes_in += chunk.len() as u64;
            if body.len() + chunk.len() > self.body_cap {
                return Err(Stop::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn fail_with(self, error: reqwest::Error) -> TransportFailure {
        let kind = classify(
            &error,
            Circumstances {
                tls: self.tls,
                sent: self.handover.has_begun(),
                in_body: self.facts.head.is_some(),
            },
        );
        self.fail(kind, Some(error.without_url().into()))
    }

    pub(crate) fn fail(
        mut self,
        kind: TransportKind,
        source: Option<BoxError>,
    ) -> TransportFailure {
        self.facts.sent = self.handover.has_begun();
        self.facts.elapsed = self.began.elapsed();
        if self.facts.sent {
            self.facts.bytes_out = self.body_length;
        }
        TransportFailure::new(kind, self.facts, source)
    }
}

/// The decoded body. Plain bytes pass through; compressed ones are decoded on a separate thread.
pub(crate) async fn decoded(
    headers: &Headers,
    body: Vec<u8>,
    cap: usize,
) -> Result<(Vec<u8>, BodyCoding), Stop> {
    if !decode::is_coded(headers, &body) {
        return Ok((body, BodyCoding::Plain));
    }
    let headers = headers.clone();
    let decoding = tokio::task::spawn_blocking(move || decode::decode(&headers, body, cap));
    match decoding.await {
        Ok(Ok(decoded)) => Ok(decoded),
        Ok(Err(Undecodable::TooLarge)) => Err(Stop::TooLarge),
        Ok(Err(Undecodable::Coding)) => Err(Stop::Undecodable),
        Err(_) => Err(Stop::Abandoned),
    }
}
