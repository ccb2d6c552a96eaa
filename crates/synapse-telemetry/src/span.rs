//! A finished call as a span: a child of the IDE request, or the root of its own trace.

use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{Span, Status};
use synapse_core::telemetry::SpanContext;
use uuid::Uuid;

use crate::attributes::Attributes;
use crate::conventions as name;
use crate::observation::CallObservation;

/// Builds the span. Without a request, the trace has the id of the call.
pub(crate) fn span(observation: &CallObservation) -> Span {
    let (start, end) = observation.times();
    let receipt = &observation.receipt;
    Span {
        name: format!("{} {}", name::CHAT, receipt.model_requested),
        kind: SpanKind::Client.into(),
        start_time_unix_nano: start,
        end_time_unix_nano: end,
        attributes: attributes(observation).into_vec(),
        status: Some(status(observation.error_type())),
        ..child_of(observation.caller.span, receipt.call_id.as_uuid())
    }
}

/// Span ids derived from a call id: a child of `parent`, or the root of a trace with the call's id.
pub(crate) fn child_of(parent: Option<SpanContext>, id: Uuid) -> Span {
    Span {
        trace_id: parent
            .map_or_else(|| id.into_bytes(), SpanContext::trace_id)
            .to_vec(),
        // The random half of the id: never zero, because it contains the UUID's variant.
        span_id: id.as_u64_pair().1.to_be_bytes().to_vec(),
        parent_span_id: parent
            .map(|parent| parent.span_id().to_vec())
            .unwrap_or_default(),
        flags: SAMPLED,
        ..Span::default()
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

/// On success the status stays unset, as the conventions require.
pub(crate) fn status(error_type: Option<&str>) -> Status {
    match error_type {
        None => Status::default(),
        Some(error_type) => Status {
            message: error_type.to_owned(),
            code: StatusCode::Error.into(),
        },
    }
}

/// <https://www.w3.org/TR/trace-context-2/#sampled-flag>
pub(crate) const SAMPLED: u32 = 1;
