//! An embedded provider that speaks the OpenAI wire format on a loopback address and answers with
//! canned text. It counts the requests, which is how the demo verifies its claims.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// The only key that the provider accepts. It is valid nowhere else.
pub(super) const KEY: &str = "demo-key-that-opens-nothing";
/// The only model that the provider has.
pub(super) const MODEL: &str = "demo-model";
/// The fixed answer.
pub(super) const ANSWER: &str = "Hello from the embedded demo provider. No model was asked.";
/// The tokens of each prompt.
pub(super) const PROMPT_TOKENS: u64 = 9;
/// The tokens of each answer.
pub(super) const COMPLETION_TOKENS: u64 = 12;

/// The provider; it stops when dropped.
#[derive(Debug)]
pub(super) struct LoopbackProvider {
    address: SocketAddr,
    counters: Arc<Counters>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Counters {
    connections: AtomicU64,
    prompts: AtomicU64,
}

impl LoopbackProvider {
    /// Listens on a free port of 127.0.0.1.
    pub(super) fn start() -> io::Result<Self> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let counters = Arc::new(Counters::default());
        let (stop, stopped) = oneshot::channel();
        let shared = Arc::clone(&counters);
        let thread = std::thread::Builder::new()
            .name("demo-provider".to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    tokio::select! {
                        _ = stopped => {}
                        _ = accept(listener, shared) => {}
                    }
                });
            })?;
        Ok(Self {
            address,
            counters,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// The base URL for a connection.
    pub(super) fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// The number of accepted connections.
    pub(super) fn connections(&self) -> u64 {
        self.counters.connections.load(Ordering::SeqCst)
    }

    /// The number of chat requests.
    pub(super) fn prompts(&self) -> u64 {
        self.counters.prompts.load(Ordering::SeqCst)
    }
}

impl Drop for LoopbackProvider {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // The thread may have ended already, with nobody to receive this.
            let _: Result<(), ()> = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

async fn accept(listener: std::net::TcpListener, counters: Arc<Counters>) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    loop {
        let (stream, _) = listener.accept().await?;
        counters.connections.fetch_add(1, Ordering::SeqCst);
        let counters = Arc::clone(&counters);
        tokio::spawn(async move {
            let service = service_fn(|request| answer(request, Arc::clone(&counters)));
            let connection = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service);
            // A client that hangs up is no error of the provider.
            drop(connection.await);
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    counters: Arc<Counters>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let expected = format!("Bearer {KEY}");
    let authorized = request
        .headers()
        .get(AUTHORIZATION)
        .is_some_and(|value| value.as_bytes() == expected.as_bytes());
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let known_model = format!("/v1/models/{MODEL}");
    if (&method, path.as_str()) == (&Method::POST, "/v1/chat/completions") {
        counters.prompts.fetch_add(1, Ordering::SeqCst);
    }
    // Read the whole body, so that the client never sees a reset while sending.
    drop(request.into_body().collect().await);
    Ok(match (method, path.as_str()) {
        _ if !authorized => respond(
            StatusCode::UNAUTHORIZED,
            &json!({"error": {"message": "Incorrect API key provided.", "type": "invalid_request_error", "param": null, "code": "invalid_api_key"}}),
        ),
        (Method::POST, "/v1/chat/completions") => respond(StatusCode::OK, &completion()),
        (Method::GET, "/v1/models") => respond(
            StatusCode::OK,
            &json!({"object": "list", "data": [model()]}),
        ),
        (Method::GET, path) if path == known_model => respond(StatusCode::OK, &model()),
        (Method::GET, path) if path.starts_with("/v1/models/") => respond(
            StatusCode::NOT_FOUND,
            &json!({"error": {"message": "The model does not exist.", "type": "invalid_request_error", "param": "model", "code": "model_not_found"}}),
        ),
        _ => respond(
            StatusCode::NOT_FOUND,
            &json!({"error": {"message": "Invalid URL", "type": "invalid_request_error", "param": null, "code": null}}),
        ),
    })
}

fn model() -> Value {
    json!({"id": MODEL, "object": "model", "created": 0, "owned_by": "synapse-demo"})
}

fn completion() -> Value {
    json!({
        "id": "chatcmpl-demo", "object": "chat.completion", "created": 0, "model": MODEL,
        "choices": [{
            "index": 0,
            "message": {"role": "assistant", "content": ANSWER, "refusal": null},
            "finish_reason": "stop",
        }],
        "usage": {"prompt_tokens": PROMPT_TOKENS, "completion_tokens": COMPLETION_TOKENS,
            "total_tokens": PROMPT_TOKENS + COMPLETION_TOKENS},
    })
}

fn respond(status: StatusCode, body: &Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
        .headers_mut()
        .insert("x-request-id", HeaderValue::from_static("req_demo"));
    response
}
