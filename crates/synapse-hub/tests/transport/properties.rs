//! Properties for arbitrary server output, however it is split.

use proptest::prelude::*;
use serde_json::Value;
use synapse_http::sse::{Event, EventStream};
use synapse_mcp::client::wire::Incoming;
use synapse_mcp::client::{Caps, Scanner};

const CAPS: Caps = Caps {
    bytes: 200,
    depth: 6,
    values: 20,
};

/// Bytes that often look like an event stream.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"data: ".to_vec()),
        Just(b"event: message".to_vec()),
        Just(b"id: 1\nretry: 20".to_vec()),
        Just(b"\n".to_vec()),
        Just(b"\r\n".to_vec()),
        Just(b"\r".to_vec()),
        Just(b"\xef\xbb\xbf".to_vec()),
        prop::collection::vec(any::<u8>(), 0..12),
    ];
    prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

/// JSON and near-JSON.
fn json() -> impl Strategy<Value = String> {
    let token = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"id\"",
        "\"\\\"",
        "\"",
        "\\",
        "12",
        "null",
        "\"method\"",
        "\"x\"",
        "\"jsonrpc\":\"2.0\"",
        "\"result\":{}",
        " ",
        "\\ud800",
    ]);
    prop::collection::vec(token, 0..40).prop_map(|tokens| tokens.concat())
}

fn events(bytes: &[u8], piece: usize) -> (Vec<Event>, bool) {
    let mut stream = EventStream::new(100);
    let mut events = Vec::new();
    let fed = bytes
        .chunks(piece.max(1))
        .try_for_each(|piece| stream.feed(piece, &mut events));
    (events, fed.is_ok())
}

proptest! {
    #[test]
    fn events_do_not_depend_on_how_they_arrive(bytes in stream(), piece in 1_usize..20) {
        prop_assert_eq!(events(&bytes, piece), events(&bytes, usize::MAX));
    }

    #[test]
    fn no_event_is_larger_than_the_cap(bytes in stream()) {
        let (events, _) = events(&bytes, 7);
        prop_assert!(events.iter().all(|event| event.data.len() <= 100));
    }

    #[test]
    fn a_verdict_does_not_depend_on_how_a_message_arrives(text in json(), piece in 1_usize..20) {
        let mut whole = Scanner::new(CAPS);
        let verdict = whole.feed(text.as_bytes()).is_ok();
        let mut pieces = Scanner::new(CAPS);
        let mut all = true;
        for piece in text.as_bytes().chunks(piece) {
            all &= pieces.feed(piece).is_ok();
        }
        prop_assert_eq!(verdict, all);
        prop_assert_eq!(whole.id(), pieces.id());
    }

    /// The scanner is as strict as the parser: accepted text stays within the limits on depth and
    /// values.
    #[test]
    fn what_passes_the_caps_is_within_them(text in json()) {
        let passes = Scanner::new(CAPS).feed(text.as_bytes()).is_ok();
        if let (true, Ok(value)) = (passes, serde_json::from_str::<Value>(&text)) {
            let (levels, values) = measured(&value);
            prop_assert!(levels <= CAPS.depth && values <= CAPS.values + 1, "{text}");
        }
    }

    /// The id found by scanning equals the parsed one.
    #[test]
    fn the_id_is_that_of_the_message(id in any::<u64>(), rest in "[a-z\"\\\\{}\\[\\],:]{0,20}", behind in any::<bool>()) {
        let rest = Value::String(rest).to_string();
        let text = if behind { format!("{{\"result\":{{\"id\":1,\"a\":{rest}}},{rest}:1,\"id\":{id}}}") } else { format!("{{ \"id\" : {id} ,\"id2\":3,\"result\":[{rest}]}}") };
        let mut scanner = Scanner::new(Caps::default());
        scanner.feed(text.as_bytes()).unwrap();
        prop_assert_eq!(scanner.id(), Some(id));
        prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["id"].as_u64(), Some(id));
    }

    #[test]
    fn anything_is_read_as_something(bytes in prop::collection::vec(any::<u8>(), 0..60), text in json()) {
        prop_assert!(Incoming::read(&bytes).len() <= 60);
        prop_assert!(Incoming::read(text.as_bytes()).len() <= text.len());
    }
}

fn measured(value: &Value) -> (usize, usize) {
    let inner: Vec<&Value> = match value {
        Value::Array(elements) => elements.iter().collect(),
        Value::Object(members) => members.values().collect(),
        _ => return (0, 1),
    };
    let (levels, values): (Vec<_>, Vec<_>) = inner.into_iter().map(measured).unzip();
    (
        1 + levels.into_iter().max().unwrap_or(0),
        1 + values.into_iter().sum::<usize>(),
    )
}
