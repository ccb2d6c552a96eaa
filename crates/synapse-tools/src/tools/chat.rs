//! The tool `chat`: arguments in, one exchange, answer and receipt out.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use synapse_core::call::Caller;
use synapse_core::chat::{ChatReply, Message, Parameters, Remark, Role};
use synapse_core::engine::{ChatCall, ChatOutcome};
use synapse_core::error::{Code, Failure, RemedyText};
use synapse_core::receipt::Receipt;
use synapse_core::redact::printable_line;
use synapse_core::telemetry::SpanContext;
use synapse_documents::mcp::{value, warning};
use synapse_documents::{ChatDocument, ErrorDocument, ToolCallView};
use synapse_mcp::host::{ToolCall, ToolResult, text_block, user_block};
use tokio::task::spawn_blocking;

use super::arguments::{Arguments, reading};
use super::refusal::{clean, invalid};
use super::{Tool, connection};
use crate::failure::failed;
use crate::view::View;

/// Sends one prompt.
pub(super) async fn call(
    view: &View,
    remedies: &Arc<dyn RemedyText>,
    call: ToolCall,
) -> Result<ToolResult, Failure> {
    let scope = view.scope().map(str::to_owned);
    let prepared = reading(call, move |call| prepare(scope.as_deref(), call)).await?;
    let outcome = view.engine().chat(prepared).await?;
    if outcome.receipt.exchange.bytes_in < LARGE {
        return Ok(result(outcome, remedies.as_ref()));
    }
    // The answer is copied into its document and text off the runtime's thread.
    let remedies = Arc::clone(remedies);
    let made = spawn_blocking(move || result(outcome, remedies.as_ref())).await;
    made.map_err(|error| {
        Failure::new(Code::InternalInvariant, "the answer could not be handed on").caused_by(&error)
    })
}

fn result(outcome: ChatOutcome, remedies: &dyn RemedyText) -> ToolResult {
    let (receipt, warnings) = (&outcome.receipt, &outcome.warnings);
    match outcome.result {
        Err(failure) => {
            let document = ErrorDocument::new(&failure, remedies);
            let document = document.with_receipt(receipt, warnings, remedies);
            // If nothing was sent, the failure says everything.
            let sent = receipt.exchange.attempts > 0;
            let line = sent.then(|| receipt_line(receipt, warnings));
            failed(&failure, &document, remedies)
                .with_blocks(line.into_iter().collect())
                .with_blocks(told(warnings, remedies))
        }
        Ok(reply) => {
            let document = ChatDocument::new(&reply, receipt, warnings, remedies);
            ToolResult::new(blocks(&reply))
                .with_blocks(vec![receipt_line(receipt, warnings)])
                .with_blocks(told(warnings, remedies))
                .with_document(&document)
        }
    }
}

fn prepare(scope: Option<&str>, call: ToolCall) -> Result<ChatCall, Failure> {
    let caller = Caller {
        client_name: call.caller.client_name().map(clean),
        client_version: call.caller.client_version().map(clean),
        tool: Some(call.name),
        span: call
            .caller
            .span()
            .map(|span| SpanContext::new(span.trace_id(), span.span_id())),
    };
    let mut arguments = Arguments::read(Tool::Chat, call.arguments)?;
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
    let timeout = arguments.take("timeout_seconds")?;
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

/// The receipt in one line for the user; the answer keeps its own block.
fn receipt_line(receipt: &Receipt, warnings: &[Failure]) -> Value {
    let line = printable_line(&receipt.summary());
    user_block(match warnings.len() {
        0 => line,
        1 => format!("{line} · 1 warning"),
        several => format!("{line} · {several} warnings"),
    })
}

/// One block per warning after the answer: most clients only show text.
fn told(warnings: &[Failure], remedies: &dyn RemedyText) -> Vec<Value> {
    warnings
        .iter()
        .map(|failure| text_block(warning(failure, remedies)))
        .collect()
}

/// The answer verbatim, then separate blocks for its special conditions, for the reasoning if there
/// is nothing else, and for tool calls.
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

/// Larger answers take too long to copy on the runtime's thread.
const LARGE: u64 = 64 * 1024;

#[cfg(test)]
mod tests {
    use serde_json::json;
    use synapse_core::chat::{self, FinishReason, Image, Part};
    use synapse_core::error::Code;

    use super::*;
    use synapse_mcp::{Caller as Client, ProtocolRevision};

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
                "prompt is invalid for chat",
                "it takes a string, and was given an array",
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
                json!({"messages": "hi"}),
                "messages is invalid for chat",
                "it takes an array, and was given the string `hi`",
            ),
            (
                json!({"messages": [user, {"role": "user", "content": [{"type": "image", "data": ""}]}]}),
                "messages[1].content[0] has no member `data`",
                "",
            ),
            (
                json!({"messages": [user, {"role": "user", "content": [{"type": "image", "text": "x"}]}]}),
                "messages[1].content[0].type is invalid for chat",
                "it takes text, image_url; `image` is none of them",
            ),
            (
                json!({"messages": [{"role": "user", "content": [
                    {"type": "image_url", "image_url": {"url": "/tmp/a.png"}}]}]}),
                "messages[0] is invalid for chat",
                "begins with https://",
            ),
            (
                json!({"messages": [{"content": "hi"}]}),
                "messages[0] is invalid for chat",
                "`role` is missing",
            ),
            (
                json!({"messages": [user, user, {"role": "tool", "content": "x"}]}),
                "messages[2] is invalid for chat",
                "tool_call_id",
            ),
            (
                json!({"prompt": "a", "tools": {}}),
                "tools is invalid for chat",
                "it takes an array, and was given an object",
            ),
            (
                json!({"prompt": "a", "tool_choice": "{\"type\":"}),
                "tool_choice is invalid for chat",
                "it begins like a JSON object but is invalid",
            ),
        ] {
            let failure = prepared(arguments).unwrap_err();
            assert_eq!(failure.code(), Code::UsageInvalidArguments);
            assert_eq!(failure.message(), message);
            assert!(
                failure.causes().concat().contains(reason),
                "{:?}",
                failure.causes()
            );
        }
    }

    /// Clients send these for omitted values, and for values whose type their schemas lost.
    #[test]
    fn arguments_left_empty_are_absent_and_json_in_text_is_read() {
        let empty = prepared(json!({
            "connection": "", "prompt": "hi", "messages": "", "system": "", "model": "",
            "max_tokens": "", "temperature": null, "stop": "", "seed": "", "reasoning_effort": "",
            "response_format": "", "tools": "", "tool_choice": "", "timeout_seconds": "",
        }))
        .unwrap();
        assert_eq!((empty.connection, empty.model), (None, None));
        assert_eq!(empty.messages, [Message::new(Role::User, "hi")]);
        assert_eq!(empty.parameters, Parameters::default());
        assert_eq!(empty.timeout, None);

        let choice = json!({"type": "function", "function": {"name": "f"}});
        let text = prepared(json!({
            "messages": json!([{"role": "user", "content": "[1]"}]).to_string(),
            "max_tokens": "9", "temperature": "0.5", "seed": 1e2, "stop": "[\"1\"]",
            "parallel_tool_calls": "false", "tools": [json!({"type": "function"}).to_string()],
            "tool_choice": choice.to_string(), "timeout_seconds": 5.0,
        }))
        .unwrap();
        assert_eq!(text.messages, [Message::new(Role::User, "[1]")]);
        assert_eq!(
            text.parameters,
            Parameters {
                max_tokens: Some(9),
                temperature: Some(0.5),
                seed: Some(100),
                stop: vec!["1".into()],
                parallel_tool_calls: Some(false),
                tools: vec![json!({"type": "function"})],
                tool_choice: Some(choice),
                ..Parameters::default()
            }
        );
        assert_eq!(text.timeout, Some(Duration::from_secs(5)));
    }

    /// A prompt may be JSON, and an empty tool answer is valid.
    #[test]
    fn text_is_taken_for_nothing_else() {
        let call = prepared(json!({"prompt": "{\"a\":1}", "system": "7"})).unwrap();
        let said = [
            Message::new(Role::System, "7"),
            Message::new(Role::User, "{\"a\":1}"),
        ];
        assert_eq!(call.messages, said);
        let parts = "[{\"type\":\"text\",\"text\":\"x\"}]";
        let call = prepared(json!({"messages": [
            {"role": "user", "content": parts},
            {"role": "user", "content": [{"type": "text", "text": ""}]},
            {"role": "tool", "tool_call_id": "c", "content": "", "name": ""},
        ]}))
        .unwrap();
        assert_eq!(
            call.messages,
            [
                Message::new(Role::User, parts),
                Message::parts(Role::User, vec![Part::Text(String::new())]),
                Message::tool_result("c", ""),
            ]
        );
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
