//! Metadata of finished operations, without any content.

use opentelemetry_proto::tonic::trace::v1::Span;

use crate::call::CallObservation;
use crate::request::RequestObservation;
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
            Self::Call(call) => call.span(),
            Self::Upstream(upstream) => upstream.span(),
            Self::Request(request) => request.span(),
        }
    }
}
