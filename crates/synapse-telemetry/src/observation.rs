//! Metadata of finished operations, without any content.

use opentelemetry_proto::tonic::trace::v1::Span;
use synapse_core::call::{Caller, Operation};
use synapse_core::error::Code;
use synapse_core::ledger::{Closing, Opening, Outcome};
use synapse_core::receipt::Receipt;
use synapse_core::time::Timestamp;

use crate::attributes::Attributes;
use crate::conventions as name;
use crate::request::RequestObservation;
use crate::span::span;
use crate::upstream::UpstreamObservation;

/// A finished operation.
#[derive(Debug)]
pub(crate) enum Observation {
    /// A call through a connection.
    Call(CallObservation),
    /// A request to an upstream server.
    Upstream(UpstreamObservation),
    /// A request from an IDE.
    Request(RequestObservation),
}

impl Observation {
    pub(crate) fn span(&self) -> Span {
        match self {
            Self::Call(call) => span(call),
            Self::Upstream(upstream) => upstream.span(),
            Self::Request(request) => request.span(),
        }
    }
}

/// Facts about a started call, kept until its end.
#[derive(Debug, Clone)]
pub(crate) struct Begun {
    started_at: Timestamp,
    operation: Operation,
    caller: Caller,
}

impl Begun {
    pub(crate) fn of(opening: &Opening) -> Self {
        Self {
            started_at: opening.started_at,
            operation: opening.operation,
            caller: opening.caller.clone(),
        }
    }
}

/// A finished call through a connection.
#[derive(Debug, Clone)]
pub(crate) struct CallObservation {
    pub(crate) started_at: Timestamp,
    pub(crate) operation: Operation,
    pub(crate) caller: Caller,
    pub(crate) ended_at: Timestamp,
    pub(crate) outcome: Outcome,
    pub(crate) error: Option<Code>,
    pub(crate) receipt: Receipt,
}

impl CallObservation {
    pub(crate) fn new(begun: Begun, closing: &Closing) -> Self {
        let Begun {
            started_at,
            operation,
            caller,
        } = begun;
        Self {
            started_at,
            operation,
            caller,
            ended_at: closing.ended_at,
            outcome: closing.outcome,
            error: closing.error_code,
            receipt: closing.receipt.clone(),
        }
    }

    /// Start and end in nanoseconds since the epoch. The duration comes from the monotonic clock
    /// where known.
    pub(crate) fn times(&self) -> (u64, u64) {
        let start = nanoseconds(self.started_at);
        let end = match self.receipt.latency_ms {
            Some(millis) => start.saturating_add(millis.saturating_mul(NANOS_PER_MILLI)),
            None => nanoseconds(self.ended_at).max(start),
        };
        (start, end)
    }

    /// The value of `error.type` for a failure: the code, or the outcome if there is none.
    pub(crate) fn error_type(&self) -> Option<&'static str> {
        match (self.error, self.outcome) {
            (Some(code), _) => Some(code.as_str()),
            (None, Outcome::Ok) => None,
            (None, other) => Some(other.as_str()),
        }
    }

    /// Adds the attributes shared by spans and metrics.
    pub(crate) fn put_shared(&self, attributes: &mut Attributes) {
        let receipt = &self.receipt;
        attributes.text(name::OPERATION, name::CHAT);
        attributes.text(name::PROVIDER, &receipt.provider);
        attributes.text(name::REQUEST_MODEL, &receipt.model_requested);
        attributes.maybe_text(name::RESPONSE_MODEL, receipt.model_served.as_deref());
        let (address, port) = server(&receipt.exchange.host);
        attributes.text(name::SERVER_ADDRESS, address);
        attributes.count(name::SERVER_PORT, port);
    }
}

pub(crate) fn nanoseconds(time: Timestamp) -> u64 {
    u64::try_from(time.as_millis())
        .unwrap_or_default()
        .saturating_mul(NANOS_PER_MILLI)
}

/// Host and port; the scheme's default port is omitted.
fn server(host: &str) -> (&str, Option<u64>) {
    match host.rsplit_once(':') {
        Some((address, port)) if !address.ends_with(':') => match port.parse() {
            Ok(port) => (address, Some(port)),
            Err(_) => (host, None),
        },
        _ => (host, None),
    }
}

const NANOS_PER_MILLI: u64 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_a_port_or_not() {
        assert_eq!(server("api.openai.com"), ("api.openai.com", None));
        assert_eq!(server("127.0.0.1:8080"), ("127.0.0.1", Some(8080)));
        assert_eq!(server("[::1]:8080"), ("[::1]", Some(8080)));
        assert_eq!(server("[::1]"), ("[::1]", None));
    }

    #[test]
    fn a_time_before_the_epoch_is_no_time() {
        assert_eq!(nanoseconds(Timestamp::from_millis(-1)), 0);
        assert_eq!(nanoseconds(Timestamp::from_millis(2)), 2_000_000);
    }
}
