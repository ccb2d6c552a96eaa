//! The output of `--verbose`: each request and its answer on stderr, capped, with the key replaced.

use std::time::Duration;

use synapse_core::redact::{printable, without_tokens};
use synapse_http::{ExchangeObserver, Headers, HttpResponse, Method, SentRequest};

use super::{FAINT, Printer, styled};

/// Shows exchanges on stderr.
#[derive(Debug)]
pub(crate) struct ShownExchanges {
    printer: Printer,
    part: ExchangeDetail,
}

/// How much of an exchange is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ExchangeDetail {
    Whole,
    /// Without query and body, which hold codes and tokens during a login.
    Heads,
}

impl ShownExchanges {
    /// Prints through `printer`, which knows every resolved secret.
    pub(crate) const fn new(printer: Printer) -> Self {
        Self {
            printer,
            part: ExchangeDetail::Whole,
        }
    }

    /// Shows the exchanges of a login, without codes and tokens.
    pub(crate) const fn of_logins(printer: Printer) -> Self {
        Self {
            printer,
            part: ExchangeDetail::Heads,
        }
    }

    fn body(&self, bytes: &[u8]) -> Option<String> {
        match self.part {
            ExchangeDetail::Whole => body(bytes),
            ExchangeDetail::Heads if bytes.is_empty() => None,
            ExchangeDetail::Heads => Some(format!("[{} bytes]", bytes.len())),
        }
    }

    fn head(&self, status: u16, elapsed: Duration, headers: &Headers) -> Vec<String> {
        let mut lines = vec![format!("HTTP {status} after {} ms", elapsed.as_millis())];
        lines.extend(headers.iter().map(|(name, value)| match name {
            "set-cookie" => format!("{name}: {COOKIE}"),
            "location" if self.part == ExchangeDetail::Heads => format!("{name}: {ADDRESS}"),
            _ => format!("{name}: {value}"),
        }));
        lines
    }

    fn show(&self, sign: char, lines: &[String]) {
        let lines: Vec<String> = lines
            .iter()
            .flat_map(|text| text.lines())
            .map(|line| format!("{sign} {}", printable(&without_tokens(line))))
            .collect();
        self.printer.note(&styled(FAINT, &lines.join("\n")));
    }
}

impl ExchangeObserver for ShownExchanges {
    fn sending(&self, request: &SentRequest<'_>) {
        let method = match request.method {
            Method::Post => "POST",
            Method::Delete => "DELETE",
            _ => "GET",
        };
        let mut url = request.url.clone();
        if self.part == ExchangeDetail::Heads {
            url.set_query(None);
        }
        let mut lines = vec![format!("{method} {url}")];
        lines.extend(request.headers().map(|(name, value)| match value {
            Some(value) => format!("{name}: {value}"),
            None => format!("{name}: {KEY}"),
        }));
        lines.extend(request.body.and_then(|bytes| self.body(bytes)));
        self.show('>', &lines);
    }

    fn received(&self, response: &HttpResponse) {
        let mut lines = self.head(response.status, response.elapsed, &response.headers);
        lines.extend(self.body(&response.body));
        self.show('<', &lines);
    }

    fn opened(&self, status: u16, headers: &Headers, elapsed: Duration) {
        self.show('<', &self.head(status, elapsed, headers));
    }
}

/// The beginning of a body, and its total length.
fn body(bytes: &[u8]) -> Option<String> {
    if bytes.is_empty() {
        return None;
    }
    let shown = bytes.get(..MOST).unwrap_or(bytes);
    let text = String::from_utf8_lossy(shown);
    Some(if bytes.len() > MOST {
        format!("{text}\n[the first {MOST} of {} bytes]", bytes.len())
    } else {
        text.into_owned()
    })
}

const KEY: &str = "[key]";
const COOKIE: &str = "[cookie]";
const ADDRESS: &str = "[address]";
const MOST: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_body_is_cut_and_says_so() {
        assert_eq!(body(b""), None);
        assert_eq!(body(b"{}").as_deref(), Some("{}"));
        let long = body(&[b'x'; MOST + 1]).unwrap();
        assert!(long.ends_with("[the first 4096 of 4097 bytes]"), "{long}");
    }
}
