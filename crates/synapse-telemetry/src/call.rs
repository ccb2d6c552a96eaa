//! A finished call through a connection, and its span: a child of the IDE request, or the root of its
//! own trace.

use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use synapse_core::call::{Caller, Operation};
use synapse_core::error::Code;
use synapse_core::ledger::{Closing, Opening, Outcome};
use synapse_core::receipt::Receipt;
use synapse_core::time::Timestamp;

use crate::attributes::Attributes;
use crate::conventions as name;
use crate::span::{NANOS_PER_MILLI, child_of, nanoseconds, status};

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

    /// Builds the span. Without a request, the trace has the id of the call.
    pub(crate) fn span(&self) -> Span {
        let (start, end) = self.times();
        let receipt = &self.receipt;
        Span {
            name: format!("{} {}", name::CHAT, receipt.model_requested),
            kind: SpanKind::Client.into(),
            start_time_unix_nano: start,
            end_time_unix_nano: end,
            attributes: attributes(self).into_vec(),
            status: Some(status(self.error_type())),
            ..child_of(self.caller.span, receipt.call_id.as_uuid())
        }
    }
}

fn attributes(observation: &CallObservation) -> Attributes {
    let CallObservation {
        caller, receipt, ..
    } = observation;
    let (exchange, usage) = (&receipt.exchange, &receipt.usage);
    let mut to = Attributes::default();
    observation.put_shared(&mut to);
    to.texts(name::FINISH_REASONS, receipt.finish_reason.as_deref());
    to.count(name::INPUT_TOKENS, usage.prompt_tokens);
    to.count(name::OUTPUT_TOKENS, usage.completion_tokens);
    to.count(name::CACHE_READ_TOKENS, usage.cached_tokens);
    to.count(name::CACHE_WRITE_TOKENS, usage.cache_write_tokens);
    to.count(name::REASONING_TOKENS, usage.reasoning_tokens);
    to.count(name::HTTP_STATUS, exchange.http_status.map(u64::from));
    to.maybe_text(name::ERROR_TYPE, observation.error_type());
    to.text(name::CONNECTION, &receipt.connection);
    to.text(name::CALL_ID, receipt.call_id.to_string());
    to.text(name::CALL_KIND, observation.operation.as_str());
    to.text(name::OUTCOME, observation.outcome.as_str());
    to.maybe_text(name::REQUEST_ID, exchange.request_id.as_deref());
    to.maybe_text(name::SERVED_BY, exchange.served_by.as_deref());
    to.maybe_text(name::CLIENT_NAME, caller.client_name.as_deref());
    to.maybe_text(name::CLIENT_VERSION, caller.client_version.as_deref());
    to.maybe_text(name::TOOL, caller.tool.as_deref());
    to.count(name::COST, receipt.cost.amount_nano_usd);
    to.text(name::COST_SOURCE, receipt.cost.source.as_str());
    to.truth(name::MAYBE_BILLED, exchange.maybe_billed);
    to
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
}
