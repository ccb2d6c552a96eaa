//! Properties of the event-stream parser for arbitrary bytes, checked by the fuzz target `sse` and
//! by tests on its seeds.

use crate::sse::{Event, EventStream};

/// Parses `bytes` as an event stream, whole and in pieces.
///
/// # Panics
/// If the events depend on how the bytes are split, or one exceeds the cap.
pub fn event_stream(bytes: &[u8]) {
    let whole = read(bytes, usize::MAX);
    for piece in [1, 2, 61] {
        let pieces = read(bytes, piece);
        // Exceeding the cap ends the stream, possibly within a piece.
        let common = pieces.events.len().min(whole.events.len());
        assert_eq!(pieces.events.get(..common), whole.events.get(..common));
        assert_eq!(pieces.is_over, whole.is_over, "by {piece}");
        if !whole.is_over {
            assert_eq!(pieces, whole, "by {piece}");
        }
    }
    for event in &whole.events {
        assert!(event.data.len() <= CAP);
        assert!(!event.kind.contains(['\n', '\r']));
    }
}

#[derive(Debug, PartialEq)]
struct Read {
    events: Vec<Event>,
    is_over: bool,
    last_id: Option<String>,
    retry: Option<std::time::Duration>,
}

fn read(bytes: &[u8], piece: usize) -> Read {
    let mut stream = EventStream::new(CAP);
    let mut events = Vec::new();
    let is_over = bytes
        .chunks(piece)
        .try_for_each(|piece| stream.feed(piece, &mut events))
        .is_err();
    Read {
        events,
        is_over,
        last_id: stream.last_id().map(str::to_owned),
        retry: stream.retry(),
    }
}

const CAP: usize = 1024;

#[cfg(test)]
mod tests {
    #[test]
    fn any_stream_is_read_however_it_arrives() {
        synapse_testkit::any_bytes::hold("sse", super::event_stream);
    }
}
