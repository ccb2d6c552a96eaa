//! The destination of OpenTelemetry data, and trace contexts. Sends nothing.

use std::fmt;
use std::str::FromStr;

use url::Url;

use crate::endpoint::Origin;
use crate::error::{Code, Failure};
use crate::secure_url::{SecureUrl, SecureUrlError};

/// A position in a trace, for child spans.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SpanContext {
    trace_id: [u8; 16],
    span_id: [u8; 8],
}

impl SpanContext {
    /// The span `span_id` of the trace `trace_id`.
    #[must_use]
    pub const fn new(trace_id: [u8; 16], span_id: [u8; 8]) -> Self {
        Self { trace_id, span_id }
    }

    /// The trace.
    #[must_use]
    pub const fn trace_id(self) -> [u8; 16] {
        self.trace_id
    }

    /// The span.
    #[must_use]
    pub const fn span_id(self) -> [u8; 8] {
        self.span_id
    }
}

/// The base URL of an OTLP/HTTP collector, such as `http://127.0.0.1:4318`.
///
/// Always https, or http to this machine; without user info, query or fragment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CollectorUrl(SecureUrl);

impl CollectorUrl {
    /// The URL of a signal: `traces` or `metrics` below `/v1`.
    ///
    /// <https://opentelemetry.io/docs/specs/otlp/#otlphttp-request>
    #[must_use]
    pub fn signal(&self, name: &str) -> Url {
        let mut url = self.0.as_url().clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push("v1").push(name);
        }
        url
    }

    /// Scheme, host and port.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.0.origin()
    }
}

impl FromStr for CollectorUrl {
    type Err = Failure;

    /// # Errors
    /// `endpoint.invalid-url`.
    fn from_str(text: &str) -> Result<Self, Failure> {
        let invalid = |message: &str| {
            Failure::new(Code::EndpointInvalidUrl, message)
                .hint("write the collector's base URL, for example http://127.0.0.1:4318")
        };
        let url = text.parse::<SecureUrl>().map_err(|error| match error {
            SecureUrlError::NoUrl(error) => {
                invalid("the collector's URL is invalid").cause(error.to_string())
            }
            SecureUrlError::PlainHttp(_) => {
                invalid("plain http would show to the network which models are asked, and when")
                    .hint("use https, or a collector on this machine")
            }
            SecureUrlError::UserInfo => invalid("the collector's URL has a user name or password"),
            SecureUrlError::QueryOrFragment => {
                invalid("the collector's URL has a query or a fragment")
            }
            SecureUrlError::NoHost | SecureUrlError::Scheme(_) => {
                invalid("a collector is reached over http or https")
            }
        })?;
        if url
            .as_url()
            .path()
            .trim_end_matches('/')
            .ends_with("/v1/traces")
        {
            return Err(invalid("the collector's URL names one signal")
                .hint("leave /v1/traces out; it is added, and /v1/metrics likewise"));
        }
        Ok(Self(url))
    }
}

impl fmt::Display for CollectorUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.as_url().as_str().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_are_below_the_base_and_keep_its_path() {
        for (base, traces) in [
            ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
            ("http://[::1]:4318/", "http://[::1]:4318/v1/traces"),
            ("https://o.example/a/b/", "https://o.example/a/b/v1/traces"),
        ] {
            let url: CollectorUrl = base.parse().unwrap();
            assert_eq!(url.signal("traces").as_str(), traces);
        }
    }

    #[test]
    fn what_cannot_be_right_is_refused() {
        for bad in [
            "",
            "127.0.0.1:4318",
            "http://collector.example:4318",
            "grpc://127.0.0.1:4317",
            "https://user@o.example",
            "https://o.example/?a=b",
            "https://o.example/v1/traces",
        ] {
            let failure = bad.parse::<CollectorUrl>().unwrap_err();
            assert_eq!(failure.code(), Code::EndpointInvalidUrl, "{bad}");
            assert!(!failure.hints().is_empty(), "{bad}");
        }
    }
}
