//! The common parts of spans: position in a trace, times and status.

use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{Span, Status};
use synapse_core::telemetry::SpanContext;
use synapse_core::time::Timestamp;
use uuid::Uuid;

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

pub(crate) fn nanoseconds(time: Timestamp) -> u64 {
    u64::try_from(time.as_millis())
        .unwrap_or_default()
        .saturating_mul(NANOS_PER_MILLI)
}

pub(crate) const NANOS_PER_MILLI: u64 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_before_the_epoch_is_no_time() {
        assert_eq!(nanoseconds(Timestamp::from_millis(-1)), 0);
        assert_eq!(nanoseconds(Timestamp::from_millis(2)), 2_000_000);
    }
}
