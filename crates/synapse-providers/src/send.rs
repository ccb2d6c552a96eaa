//! One exchange with an API: sends once, records wire facts, reads a success, classifies the rest.

use std::mem;
use std::sync::Arc;

use serde_json::Value;
use synapse_core::chat::ChatReply;
use synapse_core::error::{Code, Failure};
use synapse_core::gate::NetworkPermit;
use synapse_core::money::PriceKey;
use synapse_core::provider::{
    Authorization, Exchanged, OutgoingRequest, ProviderKind, ProviderProfile,
};
use synapse_core::receipt::Exchange;
use synapse_core::redact::Redactor;
use synapse_core::secret::BoundSecret;
use synapse_core::{BaseUrl, Connection, Origin};
use synapse_http::{BodyCoding, HttpClient, HttpRequest, HttpResponse, Method, TransportFailure};
use url::Url;

use crate::blocking::run_blocking;
use crate::classify::{
    Answer, Asked, Headers, Problem, classify, classify_read, classify_success, classify_within,
    lost, request_id,
};
use crate::clean::{redactor, spare};
use crate::json::{self, Seen, Shape, WHOLE};
use crate::wire::error::{error_within, has_answer};
use crate::wire::stream;

/// Sends the requests of one connection.
#[derive(Debug, Clone)]
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
    /// Sent as the provider's profile requires.
    secret: Option<&'a BoundSecret>,
    body: Option<Vec<u8>>,
    asked: Asked<'a>,
    /// Headers naming the billed account.
    account: Vec<Header<'a>>,
}

/// A header's name and value.
pub(crate) type Header<'a> = (&'static str, &'a str);

impl<'a> Call<'a> {
    /// A GET request.
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

    /// A POST request with a JSON body.
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

    /// Names the billed account.
    pub(crate) fn account(mut self, headers: Vec<Header<'a>>) -> Self {
        self.account = headers;
        self
    }
}

impl Call<'_> {
    /// The request as it would be sent, without the credential.
    pub(crate) fn outgoing(self) -> OutgoingRequest {
        // Our body is JSON, hence UTF-8.
        let body = String::from_utf8(self.body.unwrap_or_default()).unwrap_or_default();
        OutgoingRequest {
            url: self.url.to_string(),
            body,
        }
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

    /// Adds `headers` to every request.
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

    /// The price key of `model`, served by `sub_provider`.
    pub(crate) fn price_key(&self, model: &str, sub_provider: &str) -> PriceKey {
        PriceKey {
            origin: self.origin.clone(),
            model: model.to_owned(),
            sub_provider: sub_provider.to_owned(),
        }
    }

    /// Sends one request and passes a successful JSON body to `reader`; a refused call is not sent.
    pub(crate) async fn prompt<T>(
        &self,
        permit: &NetworkPermit,
        call: Result<Call<'_>, Failure>,
        reader: AnswerReader<impl FnOnce(&Seen) -> Result<T, Problem> + Send + 'static>,
    ) -> Exchanged<T>
    where
        T: Send + 'static,
    {
        match call {
            Ok(call) => self.exchange(permit, call, reader).await,
            Err(refusal) => Exchanged {
                exchange: Exchange {
                    host: self.host().to_owned(),
                    ..Exchange::default()
                },
                outcome: Err(refusal),
            },
        }
    }

    /// Sends one request and passes a successful JSON body to `reader`.
    pub(crate) async fn exchange<T>(
        &self,
        permit: &NetworkPermit,
        call: Call<'_>,
        reader: AnswerReader<impl FnOnce(&Seen) -> Result<T, Problem> + Send + 'static>,
    ) -> Exchanged<T>
    where
        T: Send + 'static,
    {
        let redactor = redactor(call.secret);
        let mut exchange = Exchange {
            host: Origin::of(&call.url).host().to_owned(),
            ..Exchange::default()
        };
        let bytes = call.body.as_ref().map_or(0, |body| body.len() as u64);
        if let Err(refusal) = permit.departing(bytes).await {
            return Exchanged {
                exchange,
                outcome: Err(refusal),
            };
        }
        exchange.attempts = 1;
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
            Err(failure) => broken(exchange, &redactor, &failure, &self.connection),
            Ok(response) => {
                note(&mut exchange, &redactor, &response);
                // Lookups are free, and refusals precede generation; a server error may follow it.
                exchange.maybe_billed =
                    method == Method::Post && matches!(response.status, 200..=299 | 500..=599);
                let received = Received {
                    provider: self.connection.provider,
                    model: match call.asked {
                        Asked::Model(model) => Some(model.to_owned()),
                        Asked::Identity => None,
                    },
                    account: !call.account.is_empty(),
                    credential: self.connection.credential.is_some(),
                    base_url: self.connection.base_url.clone(),
                    host: exchange.host.clone(),
                    url: call.url,
                    response,
                    redactor,
                };
                let bytes = received.response.body.len();
                let judged = run_blocking(bytes, move || received.judge(reader)).await;
                let (outcome, stated) = judged.unwrap_or_else(|failure| (Err(failure), None));
                exchange.stated = stated;
                Exchanged { exchange, outcome }
            }
        }
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

/// The same, on a separate thread for a large answer.
pub(crate) async fn judged_off_runtime<T: Send + 'static, U: Send + 'static>(
    exchanged: Exchanged<T>,
    judge: impl FnOnce(T) -> Result<U, Failure> + Send + 'static,
) -> Exchanged<U> {
    let Exchanged { exchange, outcome } = exchanged;
    let bytes = usize::try_from(exchange.bytes_in).unwrap_or(usize::MAX);
    let outcome = match outcome {
        Ok(read) => run_blocking(bytes, move || judge(read)).await.flatten(),
        Err(failure) => Err(failure),
    };
    Exchanged { exchange, outcome }
}

/// Reads a successful answer.
pub(crate) struct AnswerReader<R> {
    /// The relevant parts.
    pub(crate) shape: &'static Shape,
    /// Reads facts about the call from an unusable answer.
    pub(crate) stated: Option<fn(&Value) -> ChatReply>,
    /// Reads the answer.
    pub(crate) read: R,
}

/// A reader for an answer with one valid shape.
pub(crate) fn or_shape<T>(
    shape: &'static Shape,
    read: impl FnOnce(&Value) -> Option<T> + Send + 'static,
) -> AnswerReader<impl FnOnce(&Seen) -> Result<T, Problem> + Send + 'static> {
    AnswerReader {
        shape,
        stated: None,
        read: move |seen: &Seen| read(&seen.value).ok_or(Problem::Shape),
    }
}

/// An answer with everything needed to judge it on any thread.
struct Received {
    provider: ProviderKind,
    /// The requested model; `None` for an identity request.
    model: Option<String>,
    account: bool,
    credential: bool,
    base_url: BaseUrl,
    host: String,
    url: Url,
    response: HttpResponse,
    redactor: Redactor,
}

/// The result of an answer, and facts about the call in an unusable one.
type Judged<T> = (Result<T, Failure>, Option<Box<ChatReply>>);

impl Received {
    /// Reads a 2xx answer, and classifies any other.
    fn judge<T>(
        mut self,
        reader: AnswerReader<impl FnOnce(&Seen) -> Result<T, Problem>>,
    ) -> Judged<T> {
        self.response.body = json::decoded(mem::take(&mut self.response.body));
        let wrapped = json::unwrapped(&self.response.body);
        let is_wrapped = wrapped.is_some();
        if let Some(inner) = wrapped {
            self.response.body = inner;
        }
        let answer = Answer {
            provider: self.provider,
            asked: self.model.as_deref().map_or(Asked::Identity, Asked::Model),
            account: self.account,
            credential: self.credential,
            base_url: &self.base_url,
            host: &self.host,
            url: self.url.as_str(),
            status: self.response.status,
            headers: &self.response.headers,
            body: &self.response.body,
            redactor: &self.redactor,
        };
        if !(200..300).contains(&answer.status) {
            return (Err(classify(&answer)), None);
        }
        if answer.body.iter().all(u8::is_ascii_whitespace) {
            return (Err(classify_success(&answer, Problem::Empty)), None);
        }
        let kept = |stated: ChatReply| {
            let mut stated = stated;
            spare(&mut stated, answer.redactor);
            let says_something = stated != ChatReply::default();
            says_something.then(|| Box::new(stated))
        };
        let Some((mut seen, text, is_whole)) = found(answer.body, reader.shape) else {
            // Valid JSON is accepted whatever its content type; so is a stream recognised.
            if stream::is_one(answer.headers.text("content-type"), answer.body) {
                let stated = reader
                    .stated
                    .map(|read| kept(stream::stated(answer.body, reader.shape, read)));
                let failure = classify_success(&answer, Problem::Stream);
                return (Err(failure), stated.flatten());
            }
            return (Err(classify_success(&answer, Problem::Shape)), None);
        };
        if reader.stated.is_some()
            && let Some(inner) = enveloped(&seen, &text)
        {
            seen.value = inner;
        }
        if is_wrapped {
            seen.flaws.in_transfer(WRAPPED);
        }
        if self.response.coding == BodyCoding::Damaged
            && let Some(sentence) = self.response.coding.note()
        {
            seen.flaws.in_transfer(sentence);
        }
        let stated = |value| reader.stated.and_then(|read| kept(read(value)));
        // Routers send the status before the sub-provider's result. Without an answer the error may
        // have any shape.
        let whole = if has_answer(&seen.value) {
            None
        } else {
            text.read(&WHOLE)
        };
        let looked_at = whole.as_ref().unwrap_or(&seen);
        if let Some(holder) = error_within(&looked_at.value) {
            return (Err(classify_within(&answer, holder)), stated(&seen.value));
        }
        match (reader.read)(&seen) {
            Ok(read) => (Ok(read), None),
            Err(problem) => {
                let whole = whole.as_ref().filter(|_| is_whole);
                let failure = classify_read(&answer, problem, whole);
                (Err(failure), stated(&seen.value))
            }
        }
    }
}

const WRAPPED: &str = "the JSON was inside other text, which was removed";

/// The JSON of a body, with its text, and whether that is all of it: it may be the single event of a
/// framed answer.
fn found<'a>(body: &'a [u8], shape: &'static Shape) -> Option<(Seen, json::Body<'a>, bool)> {
    let read = |bytes| {
        let text = json::Body::of(bytes)?;
        Some((text.read(shape)?, text))
    };
    if let Some((seen, text)) = read(body) {
        return Some((seen, text, true));
    }
    let (seen, text) = read(stream::whole(body)?)?;
    stream::is_answer(&seen.value).then_some((seen, text, false))
}

/// The answer in a gateway's envelope, such as `{"code": 0, "data": {"choices": …}}`, or in a list
/// of one.
fn enveloped(seen: &Seen, text: &json::Body<'_>) -> Option<Value> {
    let outer = &seen.value;
    let may_hold = |key: &&str| outer.get(*key).is_some_and(Value::is_object);
    let is_list = outer.as_array().is_some();
    if stream::is_answer(outer) || !(is_list || ENVELOPES.iter().any(may_hold)) {
        return None;
    }
    let mut whole = text.read(&WHOLE)?.value;
    let inner = match &mut whole {
        Value::Array(items) => match items.as_mut_slice() {
            [only] => only.take(),
            _ => return None,
        },
        whole => {
            let answered = |key: &&&str| whole.get(**key).is_some_and(stream::is_answer);
            let key = ENVELOPES.iter().find(answered)?;
            whole.get_mut(*key)?.take()
        }
    };
    stream::is_answer(&inner).then_some(inner)
}

/// A transport failure, with the facts so far.
fn broken<T>(
    mut exchange: Exchange,
    redactor: &Redactor,
    failure: &TransportFailure,
    connection: &Connection,
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
    let hints = lost(failure.kind(), failure.maybe_billed(), connection);
    let shown = failure.to_failure().with_hints(hints);
    // Refused locally before any socket was opened: no attempt was made.
    if matches!(
        shown.code(),
        Code::InternalInvariant | Code::CredentialMalformed
    ) {
        exchange.attempts = 0;
    }
    Exchanged {
        exchange,
        outcome: Err(shown),
    }
}

/// Records the wire facts of a response.
fn note(exchange: &mut Exchange, redactor: &Redactor, response: &HttpResponse) {
    let clean = |text: &str| redactor.clean(text, MAX_HEADER);
    exchange.http_status = Some(response.status);
    exchange.bytes_out = response.bytes_out;
    exchange.bytes_in = response.bytes_in;
    exchange.headers_ms = u64::try_from(response.headers_after.as_millis()).ok();
    exchange.request_id = request_id(&response.headers).map(|id| clean(&id));
    exchange.served_by = response.headers.text("x-inference-provider").map(clean);
}

impl Headers for synapse_http::Headers {
    fn text(&self, name: &str) -> Option<&str> {
        Self::text(self, name)
    }
}

const MAX_HEADER: usize = 200;
/// Envelopes of gateways.
const ENVELOPES: [&str; 5] = ["data", "result", "response", "output", "body"];
