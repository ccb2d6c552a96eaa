//! Oversized messages: their request fails with the reason, others continue.

use serde_json::json;
use synapse_mcp::client::{CallError, Caps, Conversation as _, Eras};

use crate::support::{call, introduction, legacy_with};

const CAPS: Caps = Caps {
    bytes: 100_000,
    depth: 20,
    values: 1000,
};

/// The outcome of a call with the result `result`; checks that the next call works.
async fn outcome(result: String, at_end: &str) -> CallError {
    let (mut server, conversation) = legacy_with(introduction(Eras::Both), CAPS).await;
    let conversation = &conversation;
    let first = conversation.request(call("a"));
    let play = async {
        let (id, _) = server.asked("tools/call").await;
        server
            .say(&format!(
                r#"{{"jsonrpc":"2.0","result":{result},"id":{id}}}{at_end}"#
            ))
            .await;
    };
    let (first, ()) = tokio::join!(first, play);
    let second = conversation.request(call("b"));
    let play = async {
        let (id, _) = server.asked("tools/call").await;
        server.answer(&id, json!({})).await;
    };
    let (second, ()) = tokio::join!(second, play);
    second.unwrap();
    first.unwrap_err()
}

#[tokio::test(start_paused = true)]
async fn each_cap_fails_its_own_call() {
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(30), "]".repeat(30));
    let many = format!("{{\"a\":[{}0]}}", "0,".repeat(2000));
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(150_000));
    for (result, expected) in [(deep, "levels"), (many, "values"), (long, "bytes")] {
        let error = outcome(result, "").await;
        let CallError::TooLarge { cap, unit } = error else {
            panic!("{error:?}");
        };
        assert_eq!(unit, expected);
        assert!([100_000, 20, 1000].contains(&cap));
    }
}

/// Would overflow the default parser, or the stack.
#[tokio::test(start_paused = true)]
async fn json_that_is_nothing_but_depth_is_no_danger() {
    let (mut server, conversation) = legacy_with(introduction(Eras::Both), Caps::default()).await;
    let first = conversation.request(call("a"));
    let play = async {
        let (id, _) = server.asked("tools/call").await;
        server.say(&"[".repeat(60_000)).await;
        server.say(&"{\"a\":".repeat(10_000)).await;
        server.answer(&id, json!({})).await;
    };
    let (first, ()) = tokio::join!(first, play);
    first.unwrap();
}

/// An endless line costs the conversation, not the memory.
#[tokio::test(start_paused = true)]
async fn a_line_without_end_ends_the_conversation() {
    let (mut server, conversation) = legacy_with(introduction(Eras::Both), CAPS).await;
    let request = conversation.request(call("a"));
    let flood = async {
        server.asked("tools/call").await;
        let piece = "x".repeat(60_000);
        for _ in 0..200 {
            if !server.flood(&piece).await {
                return;
            }
        }
        panic!("it was read for ever");
    };
    let (outcome, ()) = tokio::join!(request, flood);
    assert!(
        matches!(outcome, Err(CallError::Protocol { .. })),
        "{outcome:?}"
    );
    assert!(!conversation.is_open());
}
