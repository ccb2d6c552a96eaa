//! Checks every request before its page: host name, session, and origin of forms. A request that
//! fails here reaches no page.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header};
use axum::middleware::Next;
use maud::{DOCTYPE, html};
use synapse_core::error::Failure;

use crate::app::App;
use crate::ask::{Ask, Theme};
use crate::form::{CSRF, Form, wrong};
use crate::pages::error;
use crate::pages::show::show;
use crate::response::{answer, redirect};
use crate::session::{Refused, SESSION_LIFE, same};

/// The session cookie.
const COOKIE: &str = "synapse_session";
/// The theme cookie.
pub(crate) const THEME_COOKIE: &str = "synapse_theme";

/// Checks a request, and adds security headers to every response.
pub(crate) async fn guard(
    State(app): State<Arc<App>>,
    request: Request,
    next: Next,
) -> Response<Body> {
    let mut response = admit(&app, request, next).await;
    protect(response.headers_mut());
    response
}

async fn admit(app: &Arc<App>, request: Request, next: Next) -> Response<Body> {
    let Some(own) = own_name(request.headers(), app.port) else {
        return answer(
            StatusCode::MISDIRECTED_REQUEST,
            "text/plain; charset=utf-8",
            "",
        );
    };
    let path = request.uri().path();
    if let Some(token) = path.strip_prefix("/enter/") {
        return enter(app, request.method(), token);
    }
    if !path.starts_with(&app.base) {
        return outside(StatusCode::NOT_FOUND, "Nothing is here", RESTARTED);
    }
    if !is_utf8(path) {
        return outside(
            StatusCode::BAD_REQUEST,
            "That is not an address",
            "It has bytes that are not text.",
        );
    }
    let headers = request.headers();
    let now = app.monotonic();
    let session = cookie(headers, COOKIE)
        .and_then(|cookie| Some((app.sessions.find(cookie, now)?, cookie.to_owned())));
    let Some((csrf, cookie_value)) = session else {
        return without_session(&request);
    };
    let query = request.uri().query().unwrap_or_default();
    let mut ask = Ask {
        path: path.to_owned(),
        query: url::form_urlencoded::parse(query.as_bytes())
            .take(MOST_PARAMETERS)
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect(),
        csrf,
        cookie: cookie_value,
        theme: cookie(headers, THEME_COOKIE)
            .and_then(Theme::parse)
            .unwrap_or_default(),
        form: Form::default(),
    };
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut request = request;
        request.extensions_mut().insert(ask);
        return next.run(request).await;
    }
    if let Err((status, why)) = is_our_form(headers, &own) {
        return outside(status, "That was not sent by this page", why);
    }
    let (mut parts, body) = request.into_parts();
    let read = tokio::time::timeout(BODY_TIME, to_bytes(body, MOST_BODY)).await;
    let body = match read {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => {
            return outside(
                StatusCode::PAYLOAD_TOO_LARGE,
                "That form is too large",
                "A form has at most 64 kB.",
            );
        }
        Err(_) => {
            return outside(
                StatusCode::REQUEST_TIMEOUT,
                "That form took too long",
                "Nothing was changed.",
            );
        }
    };
    let form = Form::read(&body).map_err(|failure| (StatusCode::BAD_REQUEST, failure));
    match form.and_then(|form| from_this_session(form, &ask)) {
        Ok(form) => ask.form = form,
        Err((status, failure)) => {
            let page = error::page(app, &ask, &failure).status(status);
            return show(app, &ask, Ok(page));
        }
    }
    parts.extensions.insert(ask);
    next.run(Request::from_parts(parts, Body::empty())).await
}

fn from_this_session(form: Form, ask: &Ask) -> Result<Form, (StatusCode, Failure)> {
    if form.get(CSRF).is_some_and(|given| same(given, &ask.csrf)) {
        Ok(form)
    } else {
        let failure = wrong("it does not come from a page of this session");
        Err((StatusCode::FORBIDDEN, failure))
    }
}

/// The requested host name if it is the server's own: a foreign site that resolves to this machine
/// has another.
fn own_name(headers: &HeaderMap, port: u16) -> Option<String> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let (host, None) = (hosts.next()?.to_str().ok()?, hosts.next()) else {
        return None;
    };
    ["127.0.0.1", "localhost", "[::1]"]
        .iter()
        .map(|name| format!("{name}:{port}"))
        .find(|own| own == host)
}

/// Whether a state-changing request comes from a page of this server.
fn is_our_form(headers: &HeaderMap, own: &str) -> Result<(), (StatusCode, &'static str)> {
    let forbidden = |why| Err((StatusCode::FORBIDDEN, why));
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let origin = origins.next().and_then(|origin| origin.to_str().ok());
    if origin != Some(&format!("http://{own}")) || origins.next().is_some() {
        return forbidden("Its origin is another one, or none.");
    }
    let site = headers.get("sec-fetch-site");
    if site.is_some_and(|site| site != "same-origin") {
        return forbidden("Another site sent it.");
    }
    let form = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .and_then(|kind| kind.split(';').next());
    if form.map(str::trim) != Some("application/x-www-form-urlencoded") {
        return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, "It is not a form."));
    }
    Ok(())
}

/// Exchanges the token in the printed URL for a cookie below the random path.
fn enter(app: &App, method: &Method, token: &str) -> Response<Body> {
    if method != Method::GET {
        return outside(
            StatusCode::METHOD_NOT_ALLOWED,
            "Nothing can be sent to that address",
            "",
        );
    }
    match app.sessions.enter(token, app.monotonic()) {
        Ok(opened) => {
            let mut response = redirect(&app.base);
            let cookie = format!(
                "{COOKIE}={}; Path={}; HttpOnly; SameSite=Strict; Max-Age={}",
                opened.cookie,
                app.base,
                SESSION_LIFE.as_secs()
            );
            set_cookie(&mut response, &cookie);
            response
        }
        Err(Refused::Spent) => outside(
            StatusCode::GONE,
            "This address was used already",
            "It opens once, within ten minutes. A tab that it opened still works.",
        ),
        Err(Refused::Unknown) => outside(
            StatusCode::NOT_FOUND,
            "This address opens nothing",
            RESTARTED,
        ),
    }
}

/// A link from elsewhere, such as the file of `--open`, arrives without the strict cookie:
/// reloading from our own page includes it.
fn without_session(request: &Request) -> Response<Body> {
    let site = request.headers().get("sec-fetch-site");
    let from_elsewhere = site.is_some_and(|site| site != "same-origin");
    if from_elsewhere && *request.method() == Method::GET {
        let path = request.uri().path();
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head { meta charset="utf-8"; meta http-equiv="refresh" content=(format!("0;url={path}")); title { "Synapse" } }
                body { main { h1 { "Synapse" } p { a href=(path) { "Continue" } } } }
            }
        };
        return answer(
            StatusCode::UNAUTHORIZED,
            "text/html; charset=utf-8",
            page.into_string(),
        );
    }
    outside(
        StatusCode::UNAUTHORIZED,
        "This browser has no session",
        RESTARTED,
    )
}

/// A page for visitors without a session, which reveals nothing.
fn outside(status: StatusCode, title: &str, text: &str) -> Response<Body> {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head { meta charset="utf-8"; meta name="viewport" content="width=device-width, initial-scale=1"; title { (title) " · Synapse" } }
            body { main { h1 { (title) } p { (text) } p { code { "synapse dashboard" } " prints a new address." } } }
        }
    };
    answer(status, "text/html; charset=utf-8", page.into_string())
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value)
}

pub(crate) fn set_cookie(response: &mut Response<Body>, cookie: &str) {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}

/// Whether a percent-encoded path is UTF-8.
fn is_utf8(path: &str) -> bool {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
        let (Some(high), Some(low)) = (digit(rest.next()), digit(rest.next())) else {
            return false;
        };
        bytes.push(u8::try_from(high * 16 + low).unwrap_or_default());
    }
    std::str::from_utf8(&bytes).is_ok()
}

fn protect(headers: &mut HeaderMap) {
    for (name, value) in SAFETY {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
}

const SAFETY: [(&str, &str); 8] = [
    (
        "content-security-policy",
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cache-control", "no-store"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    (
        "permissions-policy",
        "camera=(), geolocation=(), microphone=()",
    ),
];

const RESTARTED: &str = "Another dashboard printed it, or the one that did was started again.";
const MOST_BODY: usize = 64 * 1024;
const BODY_TIME: Duration = Duration::from_secs(10);
const MOST_PARAMETERS: usize = 64;
