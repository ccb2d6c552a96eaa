//! The port for observing requests: [`RequestObserver`].

use std::fmt;

/// Observes the requests of a server, for traces.
pub trait RequestObserver: Send + Sync + fmt::Debug {
    /// Called at the start of a request. Never waits.
    fn begin(&self, opening: RequestOpening) -> Box<dyn RequestSpan>;
}

/// A request in progress. Dropping it early means cancelled.
pub trait RequestSpan: Send + Sync {
    /// Its span, for child spans.
    fn context(&self) -> SpanContext;

    /// Called at its end. Never waits.
    fn end(self: Box<Self>, ending: RequestEnding);
}

/// The start of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestOpening {
    /// The method, a supported one.
    pub method: String,
    /// The tool or prompt.
    pub target: Option<String>,
    /// The protocol revision.
    pub revision: String,
    /// The enclosing span in the client, if given.
    pub parent: Option<SpanContext>,
    /// The name of the client program.
    pub client_name: Option<String>,
    /// Its version.
    pub client_version: Option<String>,
}

/// The end of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestEnding {
    /// With a result.
    Answered,
    /// With a failed tool's result.
    ToolFailed,
    /// With this JSON-RPC error.
    Refused(i64),
}

/// A place in a trace: the parent of the spans below it.
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

    /// Parses a `traceparent`; `None` if it is invalid.
    ///
    /// <https://www.w3.org/TR/trace-context-2/#traceparent-header>
    #[must_use]
    pub fn from_traceparent(text: &str) -> Option<Self> {
        let mut fields = text.split('-');
        let version = bytes::<1>(fields.next()?)?;
        let trace_id = bytes(fields.next()?)?;
        let span_id = bytes(fields.next()?)?;
        bytes::<1>(fields.next()?)?;
        let is_whole = version != [0xff] && (version != [0] || fields.next().is_none());
        let is_named = trace_id != [0; 16] && span_id != [0; 8];
        (is_whole && is_named).then_some(Self { trace_id, span_id })
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

/// Parses lower-case hexadecimal digits.
fn bytes<const N: usize>(digits: &str) -> Option<[u8; N]> {
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if digits.len() != 2 * N || !digits.bytes().all(is_hex) {
        return None;
    }
    let mut bytes = [0; N];
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(digits.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_traceparent_is_read_by_its_specification() {
        let of = SpanContext::from_traceparent;
        let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let found = of(parent).unwrap();
        assert_eq!(found.trace_id()[..3], [0x4b, 0xf9, 0x2f]);
        assert_eq!(
            found.span_id(),
            [0, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7]
        );
        // A later version may add fields.
        assert!(of(&parent.replacen("00", "01", 1)).is_some());
        assert!(of(&format!("01{}-more", &parent[2..])).is_some());
        for none in [
            "",
            "00",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e47é-00f067aa0ba902b7-01",
        ] {
            assert_eq!(of(none), None, "{none}");
        }
    }
}
