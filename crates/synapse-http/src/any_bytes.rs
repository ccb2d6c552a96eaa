//! What holds for any bytes of a server's event stream: run by the fuzz target `sse`, and by the
//! tests on its seeds.

use crate::sse::{Event, EventStream};

/// Reads `bytes` as an event stream, whole and in pieces.
///
/// # Panics
/// When the events depend on how the bytes arrive, or one is over the cap.
pub fn event_stream(bytes: &[u8]) {
    let whole = read(bytes, usize::MAX);
    for piece in [1, 2, 61] {
        let pieces = read(bytes, piece);
        // A cap ends the stream where it is exceeded, which may be inside of a piece.
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
