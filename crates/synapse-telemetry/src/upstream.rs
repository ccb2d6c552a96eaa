//! A request to an upstream server as an MCP client span: metadata of its ledger row only.

use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use synapse_core::ledger::{HubClosing, HubKind, HubOpening, Outcome};

use crate::attributes::Attributes;
use crate::conventions as name;
use crate::span::{child_of, nanoseconds, status};

/// A finished call, read or get.
#[derive(Debug, Clone)]
pub(crate) struct UpstreamObservation {
    begun: HubOpening,
    closing: HubClosing,
    method: &'static str,
}

impl UpstreamObservation {
    /// The MCP method of a row; `None` if it is not a request of an IDE.
    pub(crate) const fn method(kind: HubKind) -> Option<&'static str> {
        match kind {
            HubKind::Call => Some(name::TOOLS_CALL),
            HubKind::Read => Some("resources/read"),
            HubKind::Get => Some(name::PROMPTS_GET),
            _ => None,
        }
    }

    pub(crate) fn new(begun: HubOpening, closing: &HubClosing) -> Option<Self> {
        let method = Self::method(begun.kind)?;
        Some(Self {
            begun,
            closing: closing.clone(),
            method,
        })
    }

    /// The tool or prompt. Omits resource URIs, which may be sensitive.
    fn target(&self) -> Option<&str> {
        match self.begun.kind {
            HubKind::Read => None,
            _ => self.begun.caller.tool.as_deref(),
        }
    }

    fn error_type(&self) -> Option<&'static str> {
        match (self.closing.error_code, self.closing.outcome) {
            (Some(code), _) => Some(code.as_str()),
            (None, Outcome::Ok) => None,
            (None, other) => Some(other.as_str()),
        }
    }

    /// Duration of a request that was sent; a local refusal is no operation.
    pub(crate) fn seconds(&self) -> Option<f64> {
        let millis = self
            .closing
            .latency_ms
            .filter(|_| self.closing.attempts > 0)?;
        Some(std::time::Duration::from_millis(millis).as_secs_f64())
    }

    pub(crate) fn put_shared(&self, to: &mut Attributes) {
        put_request(to, self.method, self.target());
        let facts = &self.closing.facts;
        let transport = facts.transport.as_deref();
        to.maybe_text(name::PROTOCOL_VERSION, facts.era.as_deref());
        to.maybe_text(name::TRANSPORT, transport.map(network_transport));
        to.maybe_text(name::ERROR_TYPE, self.error_type());
        to.text(name::UPSTREAM, &self.begun.facts.server);
    }

    pub(crate) fn span(&self) -> Span {
        let id = self.begun.call_id.as_uuid();
        let start = nanoseconds(self.begun.started_at);
        let took = self.closing.latency_ms.unwrap_or_default();
        let mut to = Attributes::default();
        self.put_shared(&mut to);
        to.count(name::HTTP_STATUS, self.closing.http_status.map(u64::from));
        to.text(name::CALL_ID, self.begun.call_id.to_string());
        to.text(name::OUTCOME, self.closing.outcome.as_str());
        to.truth(name::MAY_HAVE_RUN, self.closing.facts.may_have_run);
        Span {
            name: span_name(self.method, self.target()),
            kind: SpanKind::Client.into(),
            start_time_unix_nano: start,
            end_time_unix_nano: start.saturating_add(took.saturating_mul(1_000_000)),
            attributes: to.into_vec(),
            status: Some(status(self.error_type())),
            ..child_of(self.begun.caller.span, id)
        }
    }
}

/// `{mcp.method.name} {target}`.
pub(crate) fn span_name(method: &str, target: Option<&str>) -> String {
    match target {
        Some(target) => format!("{method} {target}"),
        None => method.to_owned(),
    }
}

/// Adds the attributes of an MCP request, client or server side.
pub(crate) fn put_request(to: &mut Attributes, method: &str, target: Option<&str>) {
    to.text(name::METHOD, method);
    match method {
        name::TOOLS_CALL => {
            to.text(name::OPERATION, name::EXECUTE_TOOL);
            to.maybe_text(name::TOOL_NAME, target);
        }
        name::PROMPTS_GET => to.maybe_text(name::PROMPT_NAME, target),
        _ => {}
    }
}

fn network_transport(transport: &str) -> &'static str {
    match transport {
        "stdio" => "pipe",
        _ => "tcp",
    }
}
