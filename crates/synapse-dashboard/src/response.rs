//! HTTP responses: HTML, JSON, redirects.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, Response, StatusCode, header};
use http_body::Frame;

/// 303 See Other, after a form.
pub(crate) fn redirect(to: &str) -> Response<Body> {
    let mut response = answer(
        StatusCode::SEE_OTHER,
        "text/plain; charset=utf-8",
        String::new(),
    );
    if let Ok(value) = HeaderValue::from_str(to) {
        response.headers_mut().insert(header::LOCATION, value);
    }
    response
}

/// A JSON response.
pub(crate) fn json(status: StatusCode, document: &impl serde::Serialize) -> Response<Body> {
    let mut text = serde_json::to_string_pretty(document).unwrap_or_default();
    text.push('\n');
    answer(status, "application/json", text)
}

/// A response with a content type.
pub(crate) fn answer(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Body>,
) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// An HTML page whose beginning is sent before its rest is made. Should making it panic, the
/// connection ends within the body, which a browser notices.
pub(crate) fn answered_in_parts(
    begin: String,
    rest: impl Future<Output = String> + Send + 'static,
) -> Response<Body> {
    let body = InParts {
        begin: Some(begin),
        rest: Some(Box::pin(rest)),
    };
    answer(StatusCode::OK, "text/html; charset=utf-8", Body::new(body))
}

/// A body in two parts.
struct InParts {
    begin: Option<String>,
    rest: Option<Pin<Box<dyn Future<Output = String> + Send>>>,
}

impl http_body::Body for InParts {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let part = |text: String| Poll::Ready(Some(Ok(Frame::data(Bytes::from(text)))));
        if let Some(begin) = self.begin.take() {
            return part(begin);
        }
        let Some(rest) = &mut self.rest else {
            return Poll::Ready(None);
        };
        match rest.as_mut().poll(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(text) => {
                self.rest = None;
                part(text)
            }
        }
    }
}
