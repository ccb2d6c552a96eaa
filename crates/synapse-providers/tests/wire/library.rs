//! The example of this crate, with a double.

use synapse_core::{Draft, NetworkGate};
use synapse_testkit::provider_doubles::OpenAiDouble;

#[expect(dead_code, reason = "its `main` reads the environment")]
#[path = "../../examples/ask.rs"]
mod ask;

#[tokio::test]
async fn the_example_asks_once_and_returns_the_answer() {
    let double = OpenAiDouble::start();
    let draft = Draft {
        provider: "openai".into(),
        model: OpenAiDouble::MODEL.into(),
        credential: Some("env:OPENAI_API_KEY".into()),
        base_url: Some(double.base_url()),
        gate: NetworkGate::Open,
        ..Draft::default()
    };
    let answer = ask::ask(draft, OpenAiDouble::KEY.to_owned(), "What is MCP?").await;
    assert_eq!(answer.unwrap(), "Hello");
    let sent = double.server().requests();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].json()["messages"][0]["content"], "What is MCP?");
}

#[tokio::test]
async fn a_closed_gate_sends_nothing() {
    let double = OpenAiDouble::start();
    let draft = Draft {
        provider: "openai".into(),
        model: OpenAiDouble::MODEL.into(),
        credential: Some("env:OPENAI_API_KEY".into()),
        base_url: Some(double.base_url()),
        ..Draft::default()
    };
    let refused = ask::ask(draft, OpenAiDouble::KEY.to_owned(), "What is MCP?").await;
    assert!(
        refused
            .unwrap_err()
            .to_string()
            .contains("live calls are off")
    );
    assert_eq!(double.server().requests().len(), 0);
}
