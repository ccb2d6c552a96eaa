//! An IDE request as an MCP server span, the parent of the calls it causes.

use std::time::Duration;

use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use synapse_core::time::Timestamp;
use synapse_mcp::host::{RequestEnding, RequestOpening, SpanContext};

use crate::attributes::Attributes;
use crate::conventions as name;
use crate::span::{SAMPLED, nanoseconds, status};
use crate::upstream::{put_request, span_name};

/// A request in progress.
#[derive(Debug)]
pub(crate) struct BegunRequest {
    pub(crate) context: SpanContext,
    pub(crate) started_at: Timestamp,
    pub(crate) began: Duration,
    pub(crate) opening: RequestOpening,
}

/// How a request ended.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Ended {
    By(RequestEnding),
    Cancelled,
}

/// A finished request.
#[derive(Debug)]
pub(crate) struct RequestObservation {
    begun: BegunRequest,
    ended: Ended,
    took: Duration,
}

impl BegunRequest {
    pub(crate) fn ended(self, ended: Ended, now: Duration) -> RequestObservation {
        RequestObservation {
            took: now.saturating_sub(self.began),
            begun: self,
            ended,
        }
    }
}

impl RequestObservation {
    pub(crate) const fn seconds(&self) -> f64 {
        self.took.as_secs_f64()
    }

    fn error_type(&self) -> Option<String> {
        match self.ended {
            Ended::By(RequestEnding::Answered) => None,
            Ended::By(RequestEnding::ToolFailed) => Some(name::TOOL_ERROR.to_owned()),
            Ended::By(RequestEnding::Refused(code)) => Some(code.to_string()),
            Ended::Cancelled => Some("cancelled".to_owned()),
        }
    }

    pub(crate) fn put_shared(&self, to: &mut Attributes) {
        let opening = &self.begun.opening;
        put_request(to, &opening.method, opening.target.as_deref());
        to.text(name::PROTOCOL_VERSION, &opening.revision);
        // IDEs are served over stdio only.
        to.text(name::TRANSPORT, "pipe");
        to.maybe_text(name::ERROR_TYPE, self.error_type().as_deref());
        if let Ended::By(RequestEnding::Refused(code)) = self.ended {
            to.text(name::RPC_STATUS, code.to_string());
        }
    }

    pub(crate) fn span(&self) -> Span {
        let BegunRequest {
            context,
            started_at,
            opening,
            ..
        } = &self.begun;
        let start = nanoseconds(*started_at);
        let took = u64::try_from(self.took.as_nanos()).unwrap_or(u64::MAX);
        let mut to = Attributes::default();
        self.put_shared(&mut to);
        to.maybe_text(name::CLIENT_NAME, opening.client_name.as_deref());
        to.maybe_text(name::CLIENT_VERSION, opening.client_version.as_deref());
        let parent = opening.parent.map(|parent| parent.span_id().to_vec());
        Span {
            trace_id: context.trace_id().to_vec(),
            span_id: context.span_id().to_vec(),
            parent_span_id: parent.unwrap_or_default(),
            name: span_name(&opening.method, opening.target.as_deref()),
            kind: SpanKind::Server.into(),
            start_time_unix_nano: start,
            end_time_unix_nano: start.saturating_add(took),
            attributes: to.into_vec(),
            status: Some(status(self.error_type().as_deref())),
            flags: SAMPLED,
            ..Span::default()
        }
    }
}
