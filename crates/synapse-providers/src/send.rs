//! One exchange with an API: send once, note the wire facts, read a success, classify the rest.

use std::sync::Arc;

use serde_json::Value;
use synapse_core::error::{Code, Failure, Hint};
use synapse_core::gate::NetworkPermit;
use synapse_core::price::PriceKey;
use synapse_core::provider::{Authorization, Exchanged, ProviderProfile, Wire};
use synapse_core::receipt::Exchange;
use synapse_core::redact::Redactor;
use synapse_core::secret::BoundSecret;
use synapse_core::{Connection, Origin};
use synapse_http::{HttpClient, HttpRequest, HttpResponse, Method, TransportFailure};
use url::Url;

use crate::classify::{
    Answer, Asked, Headers, Problem, classify, classify_success, classify_within,
};
use crate::reply::redactor;
use crate::wire::completion::error_within;

/// Sends the requests of one connection.
#[derive(Debug)]
pub(crate) struct Sender {
    http: Arc<HttpClient>,
    connection: Connection,
    origin: Origin,
    /// Sent with every request.
    headers: &'static [Header<'static>],
}

/// One request.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    method: Method,
    url: Url,
    /// Sent as the provider's profile says, when there is one.
    secret: Option<&'a BoundSecret>,
    body: Option<Vec<u8>>,
    asked: Asked<'a>,
    /// Headers that name the account of the call.
    account: Vec<Header<'a>>,
}

/// A header's name and value.
pub(crate) type Header<'a> = (&'static str, &'a str);

impl<'a> Call<'a> {
    /// Asks for what is at `url`.
    pub(crate) const fn get(url: Url, secret: Option<&'a BoundSecret>, asked: Asked<'a>) -> Self {
        Self {
            method: Method::Get,
            url,
            secret,
            body: None,
            asked,
            account: Vec::new(),
        }
    }

    /// Sends `body`, which is JSON, to `url`.
    pub(crate) fn post(
        url: Url,
        secret: Option<&'a BoundSecret>,
        asked: Asked<'a>,
        body: Vec<u8>,
    ) -> Self {
        Self {
            method: Method::Post,
            body: Some(body),
            ..Self::get(url, secret, asked)
        }
    }

    /// Names the account of the call.
    pub(crate) fn account(mut self, headers: Vec<Header<'a>>) -> Self {
        self.account = headers;
        self
    }
}

impl Sender {
    pub(crate) fn new(http: Arc<HttpClient>, connection: Connection) -> Self {
        Self {
            http,
            origin: connection.base_url.origin(),
            connection,
            headers: &[],
        }
    }

    /// Sends `headers` with every request.
    pub(crate) const fn with_headers(mut self, headers: &'static [Header<'static>]) -> Self {
        self.headers = headers;
        self
    }

    pub(crate) const fn connection(&self) -> &Connection {
        &self.connection
    }

    pub(crate) fn profile(&self) -> &'static ProviderProfile {
        self.connection.provider.profile()
    }

    /// The origin of the base URL.
    pub(crate) const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Host and port of the base URL.
    pub(crate) fn host(&self) -> &str {
        self.origin.host()
    }

    /// The URL of a path below the base URL.
    pub(crate) fn url(&self, segments: &[&str]) -> Url {
        self.connection.base_url.join(segments)
    }

    /// Whose price is kept: that of `model`, served by `sub_provider`.
    pub(crate) fn price_key(&self, model: &str, sub_provider: &str) -> PriceKey {
        PriceKey {
            origin: self.origin.clone(),
            model: model.to_owned(),
            sub_provider: sub_provider.to_owned(),
        }
    }

    /// Sends one request and hands a successful JSON body to `read`; a call that was refused is not
    /// sent.
    pub(crate) async fn prompt<T>(
        &self,
        permit: &NetworkPermit,
        call: Result<Call<'_>, Failure>,
        read: impl FnOnce(&Value) -> Result<T, Problem>,
    ) -> Exchanged<T> {
        match call {
            Ok(call) => self.exchange(permit, call, read).await,
            Err(refusal) => Exchanged {
                exchange: Exchange {
                    host: self.host().to_owned(),
                    ..Exchange::default()
                },
                outcome: Err(refusal),
            },
        }
    }

    /// Sends one request and hands a successful JSON body to `read`.
    pub(crate) async fn exchange<T>(
        &self,
        permit: &NetworkPermit,
        call: Call<'_>,
        read: impl FnOnce(&Value) -> Result<T, Problem>,
    ) -> Exchanged<T> {
        let redactor = redactor(call.secret);
        let mut exchange = Exchange {
            attempts: 1,
            host: Origin::of(&call.url).host().to_owned(),
            ..Exchange::default()
        };
        let (method, timeout) = (call.method, self.connection.timeout);
        let mut request = HttpRequest::new(method, call.url.clone(), timeout);
        for (name, value) in self.headers.iter().chain(&call.account) {
            request = request.header(name, value);
        }
        if let Some(secret) = call.secret {
            request = match self.profile().authorization {
                Authorization::Bearer => request.bearer(secret),
                Authorization::Header(name) => request.secret_header(name, secret),
            };
        }
        if let Some(body) = call.body {
            request = request.json(body);
        }
        match self.http.send(permit, request).await {
            Err(failure) => self.started(broken(exchange, &redactor, &failure)),
            Ok(response) => {
                note(&mut exchange, &redactor, &response);
                // Nothing is billed for a look, and refusals come before generation; a server error
                // may come behind it.
                exchange.maybe_billed =
                    method == Method::Post && matches!(response.status, 200..=299 | 500..=599);
                let answer = Answer {
                    provider: self.connection.provider,
                    asked: call.asked,
                    account: !call.account.is_empty(),
                    host: &exchange.host,
                    url: call.url.as_str(),
                    status: response.status,
                    headers: &response.headers,
                    body: &response.body,
                    redactor: &redactor,
                };
                let outcome = outcome(&answer, read);
                Exchanged { exchange, outcome }
            }
        }
    }

    /// Says how the server is started, when nothing listens and its owner is the one to start it.
    fn started<T>(&self, mut exchanged: Exchanged<T>) -> Exchanged<T> {
        if let (Err(failure), Some(start)) = (&mut exchanged.outcome, self.profile().start)
            && failure.code == Code::TransportRefused
        {
            let hint = Hint {
                text: "start the server".to_owned(),
                command: Some(start.to_owned()),
            };
            failure.hints.insert(0, hint);
        }
        exchanged
    }
}

/// The same exchange with another outcome.
pub(crate) fn judged<T, U>(
    exchanged: Exchanged<T>,
    judge: impl FnOnce(Result<T, Failure>) -> Result<U, Failure>,
) -> Exchanged<U> {
    Exchanged {
        exchange: exchanged.exchange,
        outcome: judge(exchanged.outcome),
    }
}

/// A reader for an answer that has one shape or is none.
pub(crate) fn or_shape<T>(
    read: impl FnOnce(&Value) -> Option<T> + Send,
) -> impl FnOnce(&Value) -> Result<T, Problem> + Send {
    move |value| read(value).ok_or(Problem::Shape)
}

/// Judges an answer: a 2xx is read, everything else is classified.
fn outcome<T>(
    answer: &Answer<'_>,
    read: impl FnOnce(&Value) -> Result<T, Problem>,
) -> Result<T, Failure> {
    if !(200..300).contains(&answer.status) {
        return Err(classify(answer));
    }
    let content_type = answer.headers.text("content-type").unwrap_or_default();
    if content_type.starts_with("text/event-stream") {
        return Err(classify_success(answer, Problem::Stream));
    }
    if answer.body.iter().all(u8::is_ascii_whitespace) {
        return Err(classify_success(answer, Problem::Empty));
    }
    let value: Value = serde_json::from_slice(answer.body)
        .map_err(|_| classify_success(answer, Problem::Shape))?;
    // Routers answer before their sub-provider has, and cannot take the status back.
    if answer.provider.profile().wire == Wire::Compatible
        && let Some(holder) = error_within(&value)
    {
        return Err(classify_within(answer, holder));
    }
    read(&value).map_err(|problem| classify_success(answer, problem))
}

/// A failure of the transport, with what had been seen until then.
fn broken<T>(
    mut exchange: Exchange,
    redactor: &Redactor,
    failure: &TransportFailure,
) -> Exchanged<T> {
    exchange.http_status = failure.status();
    exchange.bytes_out = failure.bytes_out();
    exchange.bytes_in = failure.bytes_in();
    exchange.maybe_billed = failure.maybe_billed();
    exchange.headers_ms = failure
        .headers_after()
        .and_then(|after| u64::try_from(after.as_millis()).ok());
    if let Some(headers) = failure.headers() {
        exchange.request_id = request_id(headers).map(|id| redactor.clean(&id, MAX_HEADER));
    }
    let failure = failure.to_failure();
    // Refused by our own rules before any socket: no attempt was made.
    if matches!(
        failure.code,
        Code::InternalInvariant | Code::CredentialMalformed
    ) {
        exchange.attempts = 0;
    }
    Exchanged {
        exchange,
        outcome: Err(failure),
    }
}

/// Notes the wire facts of a response.
fn note(exchange: &mut Exchange, redactor: &Redactor, response: &HttpResponse) {
    let clean = |text: &str| redactor.clean(text, MAX_HEADER);
    exchange.http_status = Some(response.status);
    exchange.bytes_out = response.bytes_out;
    exchange.bytes_in = response.bytes_in;
    exchange.headers_ms = u64::try_from(response.headers_after.as_millis()).ok();
    exchange.request_id = request_id(&response.headers).map(|id| clean(&id));
    exchange.served_by = response.headers.text("x-inference-provider").map(clean);
}

/// The id under which the provider's support finds the request.
pub(crate) fn request_id(headers: &dyn Headers) -> Option<String> {
    REQUEST_IDS
        .iter()
        .find_map(|name| headers.text(name))
        .map(str::to_owned)
}

impl Headers for synapse_http::Headers {
    fn text(&self, name: &str) -> Option<&str> {
        Self::text(self, name)
    }
}

const MAX_HEADER: usize = 200;
/// The first that is there: the API's own before that of the edge in front of it. Anthropic, Azure
/// and Mistral have names of their own.
const REQUEST_IDS: [&str; 6] = [
    "x-request-id",
    "request-id",
    "apim-request-id",
    "mistral-correlation-id",
    "cf-ray",
    "x-amz-cf-id",
];
