//! The tool `chat`: arguments in, one exchange, answer and receipt out.

use std::time::Duration;

use serde_json::Value;
use synapse_core::call::Caller;
use synapse_core::chat::{ChatReply, Message, Parameters, Remark, Role};
use synapse_core::document::{ChatDocument, ErrorDocument, ToolCallView};
use synapse_core::engine::ChatCall;
use synapse_core::error::Failure;

use super::arguments::{Arguments, clean, invalid};
use super::heartbeat::with_heartbeat;
use super::{connection, failed, schema, value};
use crate::host::{ToolCall, ToolResult, text_block};
use crate::view::View;

/// Sends one prompt.
pub(super) async fn call(view: &View, mut call: ToolCall) -> Result<ToolResult, Failure> {
    let progress = call.progress.take();
    let exchange = view.engine().chat(prepare(view.scope(), call)?);
    let outcome = with_heartbeat(progress.as_ref(), "the model", exchange).await?;
    let (receipt, warnings) = (&outcome.receipt, &outcome.warnings);
    Ok(match outcome.result {
        Err(failure) => {
            let document = ErrorDocument::new(&failure).with_receipt(receipt, warnings);
            failed(&failure, &document)
        }
        Ok(reply) => {
            let document = ChatDocument::new(&reply, receipt, warnings);
            ToolResult::new(blocks(&reply)).with_structured_content(value(&document))
        }
    })
}

fn prepare(scope: Option<&str>, call: ToolCall) -> Result<ChatCall, Failure> {
    let caller = Caller {
        client_name: call.caller.client_name().map(clean),
        client_version: call.caller.client_version().map(clean),
        tool: Some(call.name),
    };
    let mut arguments = Arguments::new(schema::CHAT, call.arguments);
    let named = arguments.take("connection")?;
    let messages = messages(
        arguments.take("system")?,
        arguments.take("prompt")?,
        arguments.take_list("messages")?,
    )?;
    let model = arguments.take("model")?;
    let parameters = Parameters {
        max_tokens: arguments.take("max_tokens")?,
        temperature: arguments.take("temperature")?,
        top_p: arguments.take("top_p")?,
        stop: arguments.take("stop")?.unwrap_or_default(),
        seed: arguments.take("seed")?,
        reasoning_effort: arguments.take("reasoning_effort")?,
        verbosity: arguments.take("verbosity")?,
        frequency_penalty: arguments.take("frequency_penalty")?,
        presence_penalty: arguments.take("presence_penalty")?,
        service_tier: arguments.take("service_tier")?,
        response_format: arguments.take("response_format")?,
        tools: arguments.take("tools")?.unwrap_or_default(),
        tool_choice: arguments.take("tool_choice")?,
        parallel_tool_calls: arguments.take("parallel_tool_calls")?,
    };
    let timeout = arguments.take_within("timeout_seconds", 1..=u64::MAX)?;
    arguments.finish()?;
    let connection = connection(scope, named)?;
    Ok(ChatCall {
        connection,
        model,
        messages,
        parameters,
        timeout: timeout.map(Duration::from_secs),
        caller,
    })
}

fn messages(
    system: Option<String>,
    prompt: Option<String>,
    messages: Option<Vec<Message>>,
) -> Result<Vec<Message>, Failure> {
    let conversation = match (prompt, messages) {
        (Some(prompt), None) => vec![Message::new(Role::User, prompt)],
        (None, Some(messages)) => messages,
        (None, None) => {
            return Err(invalid("there is no prompt").hint("give `prompt` or `messages`"));
        }
        (Some(_), Some(_)) => {
            return Err(invalid("prompt and messages were both given")
                .hint("give one of them; a prompt is one user message"));
        }
    };
    let system = system.map(|text| Message::new(Role::System, text));
    Ok(system.into_iter().chain(conversation).collect())
}

/// The answer exactly as given, then in blocks of their own what the text does not say of itself,
/// the reasoning when there is nothing else, and the tool calls.
fn blocks(reply: &ChatReply) -> Vec<Value> {
    let calls: Vec<ToolCallView> = reply.tool_calls.iter().map(ToolCallView::from).collect();
    let remark = reply.remark();
    let mut texts: Vec<String> = reply.text().map(str::to_owned).into_iter().collect();
    texts.extend(remark.as_ref().map(aside));
    texts.extend(
        remark
            .and_then(|remark| remark.reasoning)
            .map(|reasoning| format!("reasoning: {reasoning}")),
    );
    if !calls.is_empty() {
        texts.push(format!("tool_calls: {}", value(&calls)));
    }
    texts.into_iter().map(text_block).collect()
}

fn aside(remark: &Remark<'_>) -> String {
    format!(
        "({}; finish reason {}{})",
        remark.state,
        remark.reason.unwrap_or("unknown"),
        remark
            .why
            .map_or_else(String::new, |why| format!(": {why}"))
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use synapse_core::chat::{self, FinishReason, Image, Part};
    use synapse_core::error::Code;

    use super::super::Tool;
    use super::*;
    use crate::{Caller as Client, ProtocolRevision};

    fn prepared(arguments: Value) -> Result<ChatCall, Failure> {
        let Value::Object(arguments) = arguments else {
            panic!("arguments are an object");
        };
        let client = Client::new(ProtocolRevision::V2026_07_28);
        prepare(None, ToolCall::new("chat", arguments, client))
    }

    #[test]
    fn conversations_have_the_shape_of_the_api() {
        let call = prepared(json!({
            "system": "Be brief.",
            "messages": [
                {"role": "user", "content": [
                    {"type": "text", "text": "What is it?"},
                    {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}]},
                {"role": "assistant", "content": null,
                 "tool_calls": [{"id": "call_1", "name": "look", "arguments": "{}"}]},
                {"role": "tool", "tool_call_id": "call_1", "content": "a cat"},
            ],
        }))
        .unwrap();
        let image = Image {
            url: "https://example.com/a.png".parse().unwrap(),
            detail: None,
        };
        let asked = chat::ToolCall {
            id: Some("call_1".into()),
            name: "look".into(),
            arguments: "{}".into(),
            ..chat::ToolCall::default()
        };
        assert_eq!(
            call.messages,
            [
                Message::new(Role::System, "Be brief."),
                Message::parts(
                    Role::User,
                    vec![Part::Text("What is it?".into()), Part::Image(image)]
                ),
                Message::tool_calls(&[asked]),
                Message::tool_result("call_1", "a cat"),
            ]
        );
        assert_eq!(
            call.parameters,
            Parameters::default(),
            "nothing is set that was not"
        );
    }

    #[test]
    fn parameters_are_those_that_were_given() {
        let tools = json!([{"z": 1, "a": 1.0, "type": "function", "function": {"name": "look"}}]);
        let call = prepared(json!({
            "prompt": "hi", "max_tokens": 9, "temperature": 0, "top_p": 0.5, "stop": ["."],
            "seed": -1, "reasoning_effort": "low", "verbosity": "high", "frequency_penalty": -1,
            "presence_penalty": 1, "service_tier": "flex", "tool_choice": "required",
            "response_format": {"type": "json_object"}, "tools": tools, "parallel_tool_calls": true,
        }))
        .unwrap();
        assert_eq!(
            call.parameters,
            Parameters {
                max_tokens: Some(9),
                temperature: Some(0.0),
                top_p: Some(0.5),
                stop: vec![".".into()],
                seed: Some(-1),
                reasoning_effort: Some("low".into()),
                verbosity: Some("high".into()),
                frequency_penalty: Some(-1.0),
                presence_penalty: Some(1.0),
                service_tier: Some("flex".into()),
                response_format: Some(json!({"type": "json_object"})),
                tools: vec![tools[0].clone()],
                tool_choice: Some("required".into()),
                parallel_tool_calls: Some(true),
            }
        );
        assert_eq!(call.parameters.tools[0].to_string(), tools[0].to_string());
    }

    #[test]
    fn a_model_can_correct_what_it_got_wrong() {
        let user = json!({"role": "user", "content": "hi"});
        for (arguments, message, reason) in [
            (json!({}), "there is no prompt", ""),
            (
                json!({"prompt": "a", "messages": [user]}),
                "prompt and messages were both given",
                "",
            ),
            (
                json!({"prompt": ["a"]}),
                "prompt is not what chat takes",
                "expected a string",
            ),
            (
                json!({"prompt": "a", "n": 2}),
                "chat has no argument `n`",
                "",
            ),
            (
                json!({"prompt": "a", "stream": true}),
                "chat has no argument `stream`",
                "",
            ),
            (
                json!({"messages": "[]"}),
                "messages is not what chat takes",
                "expected a sequence",
            ),
            (
                json!({"messages": [user, {"role": "user", "content": [{"type": "image", "data": ""}]}]}),
                "messages[1] is not what chat takes",
                "expected `text` or `image_url`",
            ),
            (
                json!({"messages": [{"role": "user", "content": [
                    {"type": "image_url", "image_url": {"url": "/tmp/a.png"}}]}]}),
                "messages[0] is not what chat takes",
                "begins with https://",
            ),
            (
                json!({"messages": [user, user, {"role": "tool", "content": "x"}]}),
                "messages[2] is not what chat takes",
                "tool_call_id",
            ),
            (
                json!({"prompt": "a", "tools": {}}),
                "tools is not what chat takes",
                "a sequence",
            ),
        ] {
            let failure = prepared(arguments).unwrap_err();
            assert_eq!(failure.code, Code::UsageInvalidArguments);
            assert_eq!(failure.message, message);
            assert!(
                failure.causes.concat().contains(reason),
                "{:?}",
                failure.causes
            );
        }
    }

    #[test]
    fn the_schema_lists_what_is_taken() {
        let failure = prepared(json!({"prompt": "a", "zzz": 1})).unwrap_err();
        let taken = failure.hints[0].text.trim_start_matches("it takes ");
        let mut taken: Vec<&str> = taken.split(", ").collect();
        let described = schema::describe(Tool::Chat);
        let listed = described["inputSchema"]["properties"].as_object().unwrap();
        let mut listed: Vec<&str> = listed.keys().map(String::as_str).collect();
        taken.sort_unstable();
        listed.sort_unstable();
        assert_eq!(taken, listed);
    }

    #[test]
    fn tool_calls_are_a_block_of_data() {
        let reply = ChatReply {
            content: Some("I look.".into()),
            tool_calls: vec![chat::ToolCall {
                id: Some("call_1".into()),
                name: "look".into(),
                arguments: "{\"at\":".into(),
                ..chat::ToolCall::default()
            }],
            finish_reason: Some(FinishReason::new("tool_calls")),
            ..ChatReply::default()
        };
        let calls = r#"tool_calls: [{"id":"call_1","name":"look","arguments":"{\"at\":"}]"#;
        assert_eq!(
            blocks(&reply),
            [
                json!({"type": "text", "text": "I look."}),
                json!({"type": "text", "text": calls})
            ]
        );
        let silent = ChatReply {
            content: None,
            ..reply
        };
        assert_eq!(
            blocks(&silent)[0]["text"],
            "(no text; finish reason tool_calls: the model asks for tool calls)"
        );
    }

    #[test]
    fn an_answer_that_is_not_whole_says_so_beside_its_text() {
        let cut = ChatReply {
            content: Some("The first half".into()),
            finish_reason: Some(FinishReason::new("length")),
            ..ChatReply::default()
        };
        assert_eq!(blocks(&cut)[0]["text"], "The first half");
        let said = blocks(&cut)[1]["text"].to_string();
        assert!(said.contains("(cut off; finish reason length: "), "{said}");
        let thought = ChatReply {
            reasoning: Some("Fifty-six.".into()),
            finish_reason: Some(FinishReason::new("stop")),
            ..ChatReply::default()
        };
        let said = blocks(&thought)[0]["text"].to_string();
        assert!(
            said.contains("(no text; finish reason stop: all of"),
            "{said}"
        );
        assert_eq!(blocks(&thought)[1]["text"], "reasoning: Fifty-six.");
    }
}
