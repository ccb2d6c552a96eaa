//! Opening, answering, cancelling and queueing.

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::*;

fn registry() -> (InFlightRequests, UnboundedReceiver<Vec<u8>>) {
    let (queue, lines) = unbounded_channel();
    (InFlightRequests::new(queue), lines)
}

fn open_call(registry: &InFlightRequests, id: &str) -> RequestKey {
    let call = Call {
        method: "tools/call".to_owned(),
        params: JsonObject::new(),
        meta: JsonObject::new(),
        session: None,
    };
    registry.open_call(Arc::from(id), call)
}

fn queued(lines: &mut UnboundedReceiver<Vec<u8>>) -> Vec<String> {
    std::iter::from_fn(|| lines.try_recv().ok())
        .map(|line| String::from_utf8(line).unwrap())
        .collect()
}

fn empty() -> Reply {
    Ok(JsonObject::new().into())
}

#[test]
fn a_request_is_answered_once() {
    let (registry, mut lines) = registry();
    let key = open_call(&registry, "7");
    registry.answer(key, &empty());
    registry.answer(key, &empty());
    registry.notify(key, "notifications/progress", &JsonObject::new());
    assert_eq!(
        queued(&mut lines),
        ["{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{}}\n"]
    );
}

#[test]
fn a_cancelled_request_stays_silent() {
    let (registry, mut lines) = registry();
    let key = open_call(&registry, "7");
    assert_eq!(registry.cancel("\"7\""), None);
    assert_eq!(registry.cancel("7"), Some(key));
    assert_eq!(registry.cancel("7"), None);
    assert!(registry.begin(key).is_none());
    registry.answer(key, &empty());
    registry.notify(key, "notifications/progress", &JsonObject::new());
    assert_eq!(queued(&mut lines), Vec::<String>::new());
}

#[test]
fn a_call_begins_once_and_can_still_be_cancelled() {
    let (registry, _lines) = registry();
    let key = open_call(&registry, "7");
    assert!(registry.begin(key).is_some());
    assert!(registry.begin(key).is_none());
    assert_eq!(registry.cancel("7"), Some(key));
}

#[test]
fn the_lifecycle_cannot_be_cancelled() {
    let (registry, mut lines) = registry();
    let key = registry.open_lifecycle(Arc::from("7"));
    assert_eq!(registry.cancel("7"), None);
    registry.answer(key, &empty());
    assert_eq!(queued(&mut lines).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn input_waits_while_the_client_does_not_read() {
    let (registry, _lines) = registry();
    let waits = async || {
        let room = tokio::time::timeout(std::time::Duration::from_secs(1), registry.room());
        room.await.is_err()
    };
    let text = "x".repeat(MAX_QUEUED_BYTES / 2 + 1);
    let error = ErrorObject::invalid_request(text);
    registry.refuse(None, error.clone());
    assert!(!waits().await);
    registry.refuse(None, error);
    assert!(waits().await);
    let read = async {
        tokio::task::yield_now().await;
        registry.written(MAX_QUEUED_BYTES / 2 + 1);
    };
    let (waited, ()) = tokio::join!(waits(), read);
    assert!(!waited);
}
