//! HTTP responses: HTML, JSON, redirects.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};

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
