//! Loopback doubles of the providers: recorded routes, answers and errors, on raw sockets, so that
//! they can also misbehave.
//!
//! They accept only obviously fake tokens and contact nothing.

mod anthropic;
mod huggingface;
mod openai;

use std::marker::PhantomData;

use serde_json::{Value, json};

pub use self::anthropic::{AnthropicDouble, AnthropicFault};
pub use self::huggingface::{HuggingFaceDouble, HuggingFaceFault};
pub use self::openai::{OpenAiDouble, OpenAiFault};
use crate::raw::{RawServer, RecordedRequest, Reply};

/// A loopback provider; the fault type selects its API.
#[derive(Debug)]
pub struct Double<F> {
    server: RawServer,
    faults: PhantomData<F>,
}

/// The faults of one provider, and its API.
pub trait Fault: Sized + Send + Sync + 'static {
    /// Answers a request like the provider, or like the fault at its route.
    fn answer(request: &RecordedRequest, faults: &Faults<Self>) -> Reply;
}

/// Faults by route.
#[derive(Debug)]
pub struct Faults<F>(Vec<(Route, F)>);

impl<F> Faults<F> {
    /// The fault at `route`.
    #[must_use]
    pub fn at(&self, route: Route) -> Option<&F> {
        let mut faults = self.0.iter();
        faults.find_map(|(at, fault)| (*at == route).then_some(fault))
    }
}

impl<F: Fault> Double<F> {
    /// Starts without faults.
    #[must_use]
    pub fn start() -> Self {
        Self::with_faults([])
    }

    /// Starts with a fault at each of these routes.
    pub fn with_faults(faults: impl IntoIterator<Item = (Route, F)>) -> Self {
        let faults = Faults(faults.into_iter().collect());
        Self {
            server: RawServer::start(move |request| F::answer(request, &faults)),
            faults: PhantomData,
        }
    }

    /// The base URL for a connection.
    #[must_use]
    pub fn base_url(&self) -> String {
        self.server.url("/v1").to_string()
    }

    /// The server, for its counts and requests.
    #[must_use]
    pub const fn server(&self) -> &RawServer {
        &self.server
    }
}

/// A route of a double.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// `POST /v1/chat/completions`; `POST /v1/messages` at Anthropic.
    Chat,
    /// `GET /v1/models`.
    Models,
    /// `GET /v1/models/…`.
    Model,
    /// `GET /api/whoami-v2`, at Hugging Face only.
    Whoami,
}

impl Route {
    /// The route of a request, if the double has it.
    fn of(request: &RecordedRequest) -> Option<Self> {
        match (request.method(), request.path()) {
            ("POST", "/v1/chat/completions") => Some(Self::Chat),
            ("GET", "/v1/models") => Some(Self::Models),
            ("GET", "/api/whoami-v2") => Some(Self::Whoami),
            ("GET", path) if path.starts_with(MODEL_PREFIX) => Some(Self::Model),
            _ => None,
        }
    }
}

/// The token of an `authorization: Bearer …` header.
fn bearer(request: &RecordedRequest) -> Option<&str> {
    request.header("authorization")?.strip_prefix("Bearer ")
}

/// The model in the path of [`Route::Model`].
fn model_in_path(request: &RecordedRequest) -> String {
    let encoded = request.path().strip_prefix(MODEL_PREFIX);
    encoded.unwrap_or_default().replace("%3A", ":")
}

/// The model in the body of [`Route::Chat`].
fn model_in_body(request: &RecordedRequest) -> String {
    let model = request
        .json()
        .get("model")
        .and_then(Value::as_str)
        .map(str::to_owned);
    model.unwrap_or_default()
}

/// An error in OpenAI's shape.
fn openai_error(
    status: u16,
    kind: &str,
    code: Option<&str>,
    param: Option<&str>,
    message: &str,
) -> Reply {
    reply(
        status,
        &json!({"error": {"message": message, "type": kind, "param": param, "code": code}}),
    )
}

fn reply(status: u16, body: &Value) -> Reply {
    Reply::json(status, body.to_string())
}

/// Replaces part of a recorded answer.
fn set(body: &mut Value, pointer: &str, value: Value) {
    *body
        .pointer_mut(pointer)
        .expect("the recorded answer has that part") = value;
}

fn html(status: u16, title: &str) -> Reply {
    let page =
        format!("<!DOCTYPE html><html><head><title>{title}</title></head><body></body></html>");
    Reply::typed(status, "text/html; charset=utf-8", page)
}

const MODEL_PREFIX: &str = "/v1/models/";
const INVALID_REQUEST: &str = "invalid_request_error";

#[cfg(test)]
mod tests;
