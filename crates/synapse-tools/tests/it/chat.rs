//! The tool `chat`.

use serde_json::{Value, json};
use synapse_core::chat::{
    ChatReply, FinishReason, Message, Role, ToolCall as ModelToolCall, Usage,
};
use synapse_core::error::{Code, Failure};
use synapse_mcp::{Caller, ProtocolRevision, ToolCall, ToolError, ToolHost};

use crate::bench::{bench, call, code, reply};

#[tokio::test]
async fn an_answer_is_the_text_exactly_and_the_receipt_is_data() {
    let bench = bench();
    bench.provider.will_answer(Ok(reply(" as given \u{1b}\n")));
    let result = call(
        &bench.tools,
        "chat",
        json!({"connection": "open", "prompt": "hi"}),
    )
    .await;
    assert_eq!(
        result["content"][0],
        json!({"type": "text", "text": " as given \u{1b}\n"})
    );
    assert_eq!(result.get("isError"), None);
    let document = &result["structuredContent"];
    assert_eq!(document["schema"], "synapse.chat/1");
    assert_eq!(document["receipt"]["attempts"], 1);
    assert_eq!(document["receipt"]["usage"]["prompt_tokens"], Value::Null);
    assert_eq!(document["receipt"]["cost"]["amount_nano_usd"], Value::Null);
    assert_eq!(
        bench.ledger.entries()[0].caller.tool.as_deref(),
        Some("chat")
    );
}

#[tokio::test]
async fn the_user_gets_the_receipt_in_a_line_of_its_own() {
    let bench = bench();
    let ask = json!({"connection": "open", "prompt": "hi"});
    bench.provider.will_answer(Ok(reply("ok")));
    let unknown = call(&bench.tools, "chat", ask.clone()).await;
    let blocks = unknown["content"].as_array().unwrap();
    assert_eq!(blocks.len(), 2);
    assert_eq!(blocks[1]["annotations"], json!({"audience": ["user"]}));
    let line = blocks[1]["text"].as_str().unwrap();
    let id = unknown["structuredContent"]["receipt"]["call_id"].as_str();
    assert!(
        line.contains(" · tokens unknown · cost unknown · ") && line.contains(id.unwrap()),
        "{line}"
    );

    bench.provider.will_answer(Ok(ChatReply {
        model: Some("m\u{1b}[2J\n2026".into()),
        usage: Usage {
            prompt_tokens: Some(12),
            ..Usage::default()
        },
        warnings: vec![Failure::new(Code::ProviderUnexpectedStream, "odd")],
        ..reply("ok")
    }));
    let known = call(&bench.tools, "chat", ask).await;
    let line = known["content"][1]["text"].as_str().unwrap();
    assert!(
        line.contains(" · 12 in, ? out tokens · ") && line.ends_with(" · 1 warning"),
        "{line}"
    );
    assert!(!line.contains(char::is_control), "{line:?}");
}

#[tokio::test]
async fn a_refusal_that_sent_nothing_has_no_receipt_line() {
    let bench = bench();
    let refused = json!({"connection": "closed", "prompt": "hi"});
    let refused = call(&bench.tools, "chat", refused).await;
    assert_eq!(refused["content"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_was_given_is_what_is_sent() {
    let bench = bench();
    bench.provider.will_answer(Ok(reply("ok")));
    let arguments = json!({
        "connection": "open", "model": "other", "system": "Be brief.",
        "messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}],
        "max_tokens": 5, "temperature": 0.5, "stop": ["x"], "seed": 1,
        "reasoning_effort": "low", "top_p": 0.25,
    });
    call(&bench.tools, "chat", arguments).await;
    let sent = &bench.provider.chats()[0];
    assert_eq!(sent.model.as_str(), "other");
    assert_eq!(
        sent.messages,
        [
            Message::new(Role::System, "Be brief."),
            Message::new(Role::User, "a"),
            Message::new(Role::Assistant, "b"),
        ]
    );
    assert_eq!(sent.parameters.max_tokens, Some(5));
    assert_eq!(sent.parameters.temperature, Some(0.5));
    assert_eq!(sent.parameters.reasoning_effort.as_deref(), Some("low"));
}

#[tokio::test]
async fn wrong_arguments_are_a_result_that_a_model_can_correct() {
    let bench = bench();
    for arguments in [
        json!({"connection": "open"}),
        json!({"connection": "open", "prompt": ""}),
        json!({"connection": "open", "prompt": "a", "messages": []}),
        json!({"connection": "open", "prompt": 7}),
        json!({"connection": "open", "prompt": "a", "max_tokens": -1}),
        json!({"connection": "open", "prompt": "a", "stream": true}),
        json!({"connection": "open", "messages": [{"role": "robot", "content": "a"}]}),
        json!({"prompt": "which of the two?"}),
    ] {
        let result = call(&bench.tools, "chat", arguments.clone()).await;
        assert_eq!(code(&result), "usage.invalid-arguments", "{arguments}");
    }
    let unknown = json!({"connection": "nope", "prompt": "a"});
    assert_eq!(
        code(&call(&bench.tools, "chat", unknown).await),
        "config.not-found"
    );
    assert!(bench.provider.chats().is_empty() && bench.ledger.entries().is_empty());
}

#[tokio::test]
async fn a_refusal_carries_its_receipt_and_the_command_to_run() {
    let bench = bench();
    let arguments = json!({"connection": "closed", "prompt": "hi"});
    let result = call(&bench.tools, "chat", arguments).await;
    assert_eq!(code(&result), "gate.network-disabled");
    assert_eq!(result["structuredContent"]["receipt"]["attempts"], 0);
    let text = result["content"][0]["text"].as_str().unwrap();
    assert!(
        text.contains("OpenGate { connection: ConnectionName(\"closed\") }"),
        "{text}"
    );
    assert_eq!(bench.ledger.entries().len(), 1);
}

#[tokio::test]
async fn an_answer_without_text_says_why() {
    let bench = bench();
    bench.provider.will_answer(Ok(ChatReply {
        content: Some(String::new()),
        finish_reason: Some(FinishReason::new("length")),
        ..ChatReply::default()
    }));
    bench.provider.will_answer(Ok(ChatReply {
        finish_reason: Some(FinishReason::new("tool_calls")),
        tool_calls: vec![ModelToolCall {
            id: None,
            name: "weather".into(),
            arguments: "{\"city\"".into(),
            ..ModelToolCall::default()
        }],
        ..ChatReply::default()
    }));
    let ask = json!({"connection": "open", "prompt": "hi"});
    let spent = call(&bench.tools, "chat", ask.clone()).await;
    assert!(
        spent["content"][0]["text"]
            .as_str()
            .unwrap()
            .contains("raise max tokens")
    );
    let calls = call(&bench.tools, "chat", ask).await;
    assert!(
        calls["content"][1]["text"]
            .as_str()
            .unwrap()
            .starts_with("tool_calls: [{")
    );
    assert_eq!(
        calls["structuredContent"]["tool_calls"][0]["arguments"],
        "{\"city\""
    );
}

#[tokio::test]
async fn a_scoped_server_serves_its_connection_only() {
    let bench = bench();
    let scoped = bench.tools.clone().scoped_to("open");
    bench.provider.will_answer(Ok(reply("ok")));
    let result = call(&scoped, "chat", json!({"prompt": "hi"})).await;
    assert_eq!(result["structuredContent"]["receipt"]["connection"], "open");
    let other = json!({"connection": "closed", "prompt": "hi"});
    assert_eq!(
        code(&call(&scoped, "chat", other).await),
        "usage.invalid-arguments"
    );
}

#[tokio::test]
async fn an_unknown_tool_is_an_error_of_the_protocol() {
    let bench = bench();
    let caller = Caller::new(ProtocolRevision::V2025_11_25);
    let call = ToolCall::new("nope", serde_json::Map::new(), caller);
    let error = bench.tools.call_tool(call).await.unwrap_err();
    assert!(matches!(error, ToolError::UnknownTool { .. }));
    assert!(bench.tools.owns("chat") && !bench.tools.owns("nope"));
}
