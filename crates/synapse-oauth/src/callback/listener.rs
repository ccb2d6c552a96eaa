//! Listens for the browser during a login: one path, GET, the right `Host`, one success, 8 KiB,
//! static pages. Nothing of a request is echoed.

use std::io::{self, ErrorKind};
use std::time::Duration;

use secrecy::SecretString;
use synapse_core::{Code, Failure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::{Answered, Expected};
use crate::redirect::Redirect;

/// Loopback sockets, closed on drop.
#[derive(Debug)]
pub(crate) struct Listener {
    first: TcpListener,
    second: Option<TcpListener>,
    redirect: Redirect,
    /// Number of requests that did not belong to this login.
    foreign: u32,
}

impl Listener {
    /// Listens at the address of `redirect`. Port 0 lets the system choose.
    ///
    /// # Errors
    /// `oauth.port-busy`; `config.invalid-value` if it is not a loopback address.
    pub(crate) async fn bind(redirect: Redirect) -> Result<Self, Failure> {
        let [address, more @ ..] = redirect.addresses.as_slice() else {
            return Err(Failure::new(
                Code::ConfigInvalidValue,
                "the redirect URI does not lead to this machine",
            )
            .cause(format!("it is {}", redirect.uri))
            .hint("log in with `--paste`, or register http://localhost/… with the provider"));
        };
        let failed = |error: io::Error| busy(&redirect, &error);
        let first = TcpListener::bind((*address, redirect.port))
            .await
            .map_err(failed)?;
        let port = first.local_addr().map_err(failed)?.port();
        let second = match more.first() {
            None => None,
            Some(address) => match TcpListener::bind((*address, port)).await {
                Ok(listener) => Some(listener),
                // Without IPv6, no browser connects there.
                Err(error) if error.kind() != ErrorKind::AddrInUse => None,
                Err(error) => return Err(failed(error)),
            },
        };
        let redirect = match redirect.port {
            0 => redirect.at(port),
            _ => redirect,
        };
        Ok(Self {
            first,
            second,
            redirect,
            foreign: 0,
        })
    }

    /// The redirect it listens for.
    pub(crate) const fn redirect(&self) -> &Redirect {
        &self.redirect
    }

    /// Number of requests that did not belong to this login.
    pub(crate) const fn foreign(&self) -> u32 {
        self.foreign
    }

    /// Waits for the `expected` callback. Other requests are answered and ignored.
    ///
    /// # Errors
    /// The failure reported by the callback.
    pub(crate) async fn wait(&mut self, expected: &Expected) -> Result<SecretString, Failure> {
        let mut reading: JoinSet<Option<(TcpStream, String)>> = JoinSet::new();
        loop {
            let has_room = reading.len() < MOST_CONNECTIONS;
            let accepted = tokio::select! {
                accepted = self.first.accept(), if has_room => accepted,
                accepted = other(self.second.as_ref()), if has_room => accepted,
                Some(read) = reading.join_next() => {
                    let Ok(Some((stream, query))) = read else { continue };
                    match expected.judge(&query) {
                        Answered::Code(code) => {
                            answer(stream, DONE).await;
                            return Ok(code);
                        }
                        Answered::Refused(failure) => {
                            answer(stream, FAILED).await;
                            return Err(*failure);
                        }
                        Answered::NotOurs => {
                            self.foreign += 1;
                            reading.spawn(async move {
                                answer(stream, NOT_OURS).await;
                                None
                            });
                            continue;
                        }
                    }
                }
            };
            if let Ok((stream, _)) = accepted {
                let redirect = self.redirect.clone();
                reading.spawn(async move {
                    timeout(PATIENCE, request(stream, redirect))
                        .await
                        .ok()
                        .flatten()
                });
            }
        }
    }
}

/// The next connection of an optional socket.
async fn other(listener: Option<&TcpListener>) -> io::Result<(TcpStream, std::net::SocketAddr)> {
    match listener {
        Some(listener) => listener.accept().await,
        None => std::future::pending().await,
    }
}

/// Reads one request. Answers it unless it is the callback.
async fn request(mut stream: TcpStream, redirect: Redirect) -> Option<(TcpStream, String)> {
    let mut head = Vec::with_capacity(1024);
    let end = loop {
        let mut chunk = [0_u8; 1024];
        let read = stream.read(&mut chunk).await.ok()?;
        head.extend_from_slice(chunk.get(..read)?);
        if let Some(end) = head.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if read == 0 || head.len() > MOST_BYTES {
            answer(stream, TOO_LONG).await;
            return None;
        }
    };
    if end > MOST_BYTES {
        answer(stream, TOO_LONG).await;
        return None;
    }
    let text = str::from_utf8(head.get(..end)?).unwrap_or_default();
    match query(text, &redirect) {
        Ok(query) => Some((stream, query.to_owned())),
        Err(page) => {
            answer(stream, page).await;
            None
        }
    }
}

/// The query of a callback request, or the page for any other request.
fn query<'a>(head: &'a str, redirect: &Redirect) -> Result<&'a str, CallbackPage> {
    let mut lines = head.split("\r\n");
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (Some(method), Some(target), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(BAD);
    };
    if !version.starts_with("HTTP/1.") {
        return Err(BAD);
    }
    let hosts: Vec<&str> = lines
        .filter_map(|line| line.split_once(':'))
        .filter(|(name, _)| name.eq_ignore_ascii_case("host"))
        .map(|(_, value)| value.trim())
        .collect();
    // A different host name indicates DNS rebinding.
    match hosts.as_slice() {
        [host]
            if redirect
                .hosts
                .iter()
                .any(|ours| ours.eq_ignore_ascii_case(host)) => {}
        _ => return Err(WRONG_HOST),
    }
    if method != "GET" {
        return Err(WRONG_METHOD);
    }
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    if path == redirect.path {
        Ok(query)
    } else {
        Err(NOT_FOUND)
    }
}

/// The query of a request if it is the callback.
#[cfg(any(test, fuzzing))]
pub(crate) fn asked<'a>(head: &'a str, redirect: &Redirect) -> Option<&'a str> {
    query(head, redirect).ok()
}

async fn answer(mut stream: TcpStream, page: CallbackPage) {
    let CallbackPage { status, text } = page;
    let body = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Synapse</title><p>{text}</p></html>\n"
    );
    let response = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: {}\r\n\
         content-security-policy: default-src 'none'; frame-ancestors 'none'\r\n\
         x-content-type-options: nosniff\r\ncache-control: no-store\r\nreferrer-policy: no-referrer\r\n\
         connection: close\r\n\r\n{body}",
        body.len()
    );
    // Best effort: the login does not depend on the browser's page.
    let written = async {
        stream.write_all(response.as_bytes()).await?;
        stream.shutdown().await
    };
    drop(timeout(PATIENCE, written).await);
}

fn busy(redirect: &Redirect, error: &io::Error) -> Failure {
    Failure::new(
        Code::OauthPortBusy,
        format!("port {} cannot be listened on", redirect.port),
    )
    .cause(error.to_string())
    .cause(format!("the redirect URI is {}", redirect.uri))
    .hint("end the program that listens there, or log in with `--paste` or `--device`")
    .hint("with a registration of its own, `--register --port N` takes another one")
    .with("port", redirect.port)
}

/// A static page.
#[derive(Debug, Clone, Copy)]
struct CallbackPage {
    status: &'static str,
    text: &'static str,
}

const fn page(status: &'static str, text: &'static str) -> CallbackPage {
    CallbackPage { status, text }
}

const DONE: CallbackPage = page(
    "200 OK",
    "Logged in. You can close this page and go back to the terminal.",
);
const FAILED: CallbackPage = page(
    "400 Bad Request",
    "The login failed. The terminal says why.",
);
const NOT_OURS: CallbackPage = page(
    "400 Bad Request",
    "This does not belong to the login in progress.",
);
const BAD: CallbackPage = page("400 Bad Request", "This is not a request.");
const WRONG_HOST: CallbackPage = page(
    "421 Misdirected Request",
    "This is not the address of the login.",
);
const WRONG_METHOD: CallbackPage = page("405 Method Not Allowed", "Only GET is answered.");
const NOT_FOUND: CallbackPage = page("404 Not Found", "There is nothing here.");
const TOO_LONG: CallbackPage = page(
    "431 Request Header Fields Too Large",
    "The request is too long.",
);

/// Maximum bytes of a request.
const MOST_BYTES: usize = 8 * 1024;
const MOST_CONNECTIONS: usize = 32;
/// Maximum time per connection.
const PATIENCE: Duration = Duration::from_secs(5);
