//! Work on large prompts, answers and lists is moved off the async runtime's thread, and that on
//! usual ones is not.

use std::sync::Arc;

use synapse_core::chat::{ChatReply, Message, Role};
use synapse_core::engine::{ChatCall, Engine};
use synapse_core::gate::NetworkGate;
use synapse_core::limits::DraftLimits;
use synapse_core::{Code, Draft};
use synapse_testkit::ports::MemoryConnections;

use crate::bench::{Bench, ask, bench, draft, reply};

/// A bench whose connection has limits and records text.
fn recording() -> (Bench, Arc<MemoryConnections>) {
    let mut bench = bench();
    let open = Draft {
        limits: DraftLimits {
            tokens_per_day: Some(1_000_000_000),
            ..DraftLimits::default()
        },
        max_tokens: Some(5),
        record_text: true,
        ..draft(NetworkGate::Open)
    };
    let connections = Arc::new(MemoryConnections::new().with("open", open));
    let mut ports = bench.engine.ports().clone();
    ports.connections = connections.clone();
    bench.engine = Engine::new(ports);
    (bench, connections)
}

fn large() -> ChatCall {
    let messages = vec![Message::new(Role::User, "x".repeat(400)); 1_000];
    ChatCall {
        messages,
        ..ask("open")
    }
}

#[tokio::test]
async fn the_check_transcript_and_estimate_of_a_large_prompt_are_made_on_another_thread() {
    let (bench, connections) = recording();
    bench.provider.will_answer(Ok(reply()));
    bench.engine.chat(ask("open")).await.unwrap();
    assert_eq!(connections.moved(), 0, "a usual prompt");
    bench.provider.will_answer(Ok(reply()));
    let outcome = bench.engine.chat(large()).await.unwrap();
    outcome.result.unwrap();
    // Its check, its transcript, the provider's check, its estimate.
    assert_eq!(connections.moved(), 4);

    let mut wrong = large();
    wrong.messages.push(Message::tool_calls(&[]));
    wrong.messages.last_mut().unwrap().role = Role::User;
    let failure = bench.engine.chat(wrong).await.unwrap_err();
    assert_eq!(failure.code(), Code::UsageInvalidArguments);
}

#[tokio::test]
async fn the_transcript_of_a_large_answer_is_made_on_another_thread() {
    let (bench, connections) = recording();
    let text = "y".repeat(300_000);
    bench.provider.will_answer(Ok(ChatReply {
        content: Some(text.clone()),
        ..reply()
    }));
    let outcome = bench.engine.chat(ask("open")).await.unwrap();
    assert_eq!(outcome.result.unwrap().content, Some(text));
    assert_eq!(connections.moved(), 1);
}

#[tokio::test]
async fn many_models_are_compared_on_another_thread() {
    let (bench, connections) = recording();
    bench.provider.will_list(10);
    bench.engine.models(Some("open")).await.unwrap();
    assert_eq!(connections.moved(), 0);
    bench.provider.will_list(1_000);
    let models = bench.engine.models(Some("open")).await.unwrap();
    assert_eq!(models.listed.models.len(), 1_000);
    assert_eq!(connections.moved(), 1);
}
