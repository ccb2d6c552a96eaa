//! A finished call as a span of its own trace.

use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{Span, Status};
use synapse_core::ledger::Outcome;

use crate::attributes::Attributes;
use crate::conventions as name;
use crate::observation::Observation;

/// The span. The trace has the id of the call, so that `synapse history show` finds its row.
pub(crate) fn span(observation: &Observation) -> Span {
    let (start, end) = observation.times();
    let receipt = &observation.receipt;
    let id = receipt.call_id.as_uuid();
    Span {
        trace_id: id.as_bytes().to_vec(),
        // The random half of the call id: never zero, because it holds the UUID's variant.
        span_id: id.as_u64_pair().1.to_be_bytes().to_vec(),
        name: format!("{} {}", name::CHAT, receipt.model_requested),
        kind: SpanKind::Client.into(),
        start_time_unix_nano: start,
        end_time_unix_nano: end,
        attributes: attributes(observation).into_vec(),
        status: Some(status(observation)),
        flags: SAMPLED,
        ..Span::default()
    }
}

fn attributes(observation: &Observation) -> Attributes {
    let Observation {
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

/// A success leaves the status unset, as the conventions ask of a client.
fn status(observation: &Observation) -> Status {
    match observation.outcome {
        Outcome::Ok => Status::default(),
        _ => Status {
            message: observation.error_type().unwrap_or_default().to_owned(),
            code: StatusCode::Error.into(),
        },
    }
}

/// <https://www.w3.org/TR/trace-context-2/#sampled-flag>
const SAMPLED: u32 = 1;
