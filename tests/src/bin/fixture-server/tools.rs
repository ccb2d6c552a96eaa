//! The suite's tools.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use synapse_mcp::host::{AskError, Changes, Client, ListChange, LogLevel, Progress};
use synapse_mcp::{Caller, Era, JsonObject, ToolCall, ToolError, ToolHost, ToolList, ToolResult};
use tokio::time::sleep;

use crate::input_required::{PREFIX, Rounds};
use crate::{PNG, WAV};

/// The suite's tools.
pub(crate) struct Tools {
    changes: Changes,
    rounds: Rounds,
}

impl Tools {
    pub(crate) fn new(changes: Changes) -> Self {
        Self {
            changes,
            rounds: Rounds::default(),
        }
    }
}

#[async_trait]
impl ToolHost for Tools {
    async fn list_tools(&self, _caller: &Caller) -> Result<ToolList, ToolError> {
        let tool = |name: &str| {
            let properties = match name {
                "test_sampling" => json!({"prompt": {"type": "string"}}),
                "test_elicitation" => json!({"message": {"type": "string"}}),
                _ => json!({}),
            };
            json!({
                "name": name,
                "description": format!("What the conformance suite calls {name}"),
                "inputSchema": {"type": "object", "properties": properties},
            })
        };
        let tools: Vec<Value> = TOOLS.iter().map(|name| tool(name)).collect();
        Ok(ToolList::new(objects(json!(tools))))
    }

    fn owns(&self, tool: &str) -> bool {
        TOOLS.contains(&tool)
    }

    async fn call_tool(&self, call: ToolCall) -> Result<ToolResult, ToolError> {
        if call.name.starts_with(PREFIX) {
            return self.rounds.answer(&call);
        }
        let result = match call.name.as_str() {
            "test_simple_text" => ToolResult::text("This is a simple text response for testing."),
            "test_image_content" => ToolResult::new(vec![image()]),
            "test_audio_content" => ToolResult::new(vec![
                json!({"type": "audio", "data": WAV, "mimeType": "audio/wav"}),
            ]),
            "test_embedded_resource" => ToolResult::new(vec![resource(
                "test://embedded-resource",
                "text/plain",
                "This is an embedded resource content.",
            )]),
            "test_multiple_content_types" => ToolResult::new(vec![
                json!({"type": "text", "text": "Multiple content types test:"}),
                image(),
                resource(
                    "test://mixed-content-resource",
                    "application/json",
                    r#"{"test":"data","value":123}"#,
                ),
            ]),
            "test_error_handling" => {
                ToolResult::text("This tool intentionally returns an error for testing").failed()
            }
            "test_tool_with_logging" | "test_logging_tool" => log(&call.client).await,
            "test_tool_with_progress" => progress(&call).await,
            "test_sampling" => {
                let params = json!({
                    "messages": [{"role": "user", "content": {
                        "type": "text", "text": call.arguments.get("prompt"),
                    }}],
                    "maxTokens": 100,
                });
                let answer = ask(&call, "sampling", "sampling/createMessage", params).await?;
                let text = answer["content"]["text"].as_str().unwrap_or_default();
                ToolResult::text(format!("LLM response: {text}"))
            }
            "test_elicitation" => {
                let message = call.arguments.get("message").cloned().unwrap_or_default();
                let answer = elicit(&call, message, form_of_a_user()).await?;
                ToolResult::text(format!("User response: {answer}"))
            }
            "test_elicitation_sep1034_defaults" => {
                let answer = elicit(&call, json!("Check the defaults"), form_with_defaults());
                ToolResult::text(completed(&answer.await?))
            }
            "test_elicitation_sep1330_enums" => {
                let answer = elicit(&call, json!("Choose"), form_of_choices());
                ToolResult::text(completed(&answer.await?))
            }
            "test_missing_capability" => {
                require(&call, "sampling")?;
                ToolResult::text("The client has the capability.")
            }
            "test_streaming_elicitation" => ToolResult::text("Nothing was asked on the way."),
            "test_trigger_tool_change" => {
                self.changes.tell(ListChange::Tools);
                ToolResult::text("Told that the tools changed.")
            }
            "test_trigger_prompt_change" => {
                self.changes.tell(ListChange::Prompts);
                ToolResult::text("Told that the prompts changed.")
            }
            _ => return Err(ToolError::UnknownTool { name: call.name }),
        };
        Ok(result)
    }
}

/// The objects of a JSON list.
pub(crate) fn objects(list: Value) -> Vec<JsonObject> {
    let Value::Array(values) = list else {
        return Vec::new();
    };
    let object = |value| match value {
        Value::Object(object) => Some(object),
        _ => None,
    };
    values.into_iter().filter_map(object).collect()
}

async fn log(client: &Client) -> ToolResult {
    client.log(LogLevel::Info, None, json!("Tool execution started"));
    sleep(PAUSE).await;
    client.log(LogLevel::Info, None, json!("Tool processing data"));
    sleep(PAUSE).await;
    client.log(LogLevel::Info, None, json!("Tool execution completed"));
    ToolResult::text("Logged three times.")
}

async fn progress(call: &ToolCall) -> ToolResult {
    for done in [0.0, 50.0, 100.0] {
        if let Some(reporter) = &call.progress {
            reporter.report(Progress::new(done).with_total(100.0));
        }
        if done < 100.0 {
            sleep(PAUSE).await;
        }
    }
    ToolResult::text("Reported progress three times.")
}

/// Sends a request to a legacy client; the modern era uses other tools.
async fn ask(
    call: &ToolCall,
    capability: &str,
    method: &str,
    params: Value,
) -> Result<Value, ToolError> {
    require(call, capability)?;
    let Value::Object(params) = params else {
        return Ok(Value::Null);
    };
    let failed = |error: AskError| ToolError::Rpc {
        code: -1,
        message: error.to_string(),
        data: None,
    };
    call.client.ask(method, params).await.map_err(failed)
}

async fn elicit(call: &ToolCall, message: Value, form: Value) -> Result<Value, ToolError> {
    let params = json!({"mode": "form", "message": message, "requestedSchema": form});
    ask(call, "elicitation", "elicitation/create", params).await
}

fn require(call: &ToolCall, capability: &str) -> Result<(), ToolError> {
    let declared = call.caller.capabilities();
    if declared.is_some_and(|declared| declared.contains_key(capability)) {
        return Ok(());
    }
    Err(ToolError::Rpc {
        // MissingRequiredClientCapability; the legacy era has no code for it.
        code: match call.caller.era() {
            Era::Modern => -32_021,
            Era::Legacy => -1,
        },
        message: format!("the client has not declared the capability `{capability}`"),
        data: Some(json!({"requiredCapabilities": {capability: {}}})),
    })
}

fn completed(answer: &Value) -> String {
    let action = answer["action"].as_str().unwrap_or_default();
    let content = &answer["content"];
    format!("Elicitation completed: action={action}, content={content}")
}

fn form(properties: Value, required: Value) -> Value {
    json!({"type": "object", "properties": properties, "required": required})
}

fn form_of_a_user() -> Value {
    form(
        json!({
            "username": {"type": "string", "description": "User's response"},
            "email": {"type": "string", "description": "User's email address"},
        }),
        json!(["username", "email"]),
    )
}

fn form_with_defaults() -> Value {
    form(
        json!({
            "name": {"type": "string", "default": "John Doe"},
            "age": {"type": "integer", "default": 30},
            "score": {"type": "number", "default": 95.5},
            "status": {
                "type": "string", "enum": ["active", "inactive", "pending"], "default": "active",
            },
            "verified": {"type": "boolean", "default": true},
        }),
        json!([]),
    )
}

fn form_of_choices() -> Value {
    let titled = |first: &str| {
        let choice = |number: &str, title: &str| json!({"const": number, "title": title});
        json!([
            choice("value1", first),
            choice("value2", "Second"),
            choice("value3", "Third"),
        ])
    };
    let options = json!(["option1", "option2", "option3"]);
    form(
        json!({
            "untitledSingle": {"type": "string", "enum": options},
            "titledSingle": {"type": "string", "oneOf": titled("First Option")},
            "legacyEnum": {
                "type": "string", "enum": ["opt1", "opt2", "opt3"],
                "enumNames": ["Option One", "Option Two", "Option Three"],
            },
            "untitledMulti": {"type": "array", "items": {"type": "string", "enum": options}},
            "titledMulti": {"type": "array", "items": {"anyOf": titled("First Choice")}},
        }),
        json!([]),
    )
}

fn image() -> Value {
    json!({"type": "image", "data": PNG, "mimeType": "image/png"})
}

fn resource(uri: &str, kind: &str, text: &str) -> Value {
    json!({"type": "resource", "resource": {"uri": uri, "mimeType": kind, "text": text}})
}

/// Delay between messages, as the suite requires.
const PAUSE: Duration = Duration::from_millis(50);

const TOOLS: &[&str] = &[
    "test_simple_text",
    "test_image_content",
    "test_audio_content",
    "test_embedded_resource",
    "test_multiple_content_types",
    "test_error_handling",
    "test_tool_with_logging",
    "test_logging_tool",
    "test_tool_with_progress",
    "test_sampling",
    "test_elicitation",
    "test_elicitation_sep1034_defaults",
    "test_elicitation_sep1330_enums",
    "test_missing_capability",
    "test_streaming_elicitation",
    "test_trigger_tool_change",
    "test_trigger_prompt_change",
    "test_input_required_result_elicitation",
    "test_input_required_result_sampling",
    "test_input_required_result_list_roots",
    "test_input_required_result_request_state",
    "test_input_required_result_tampered_state",
    "test_input_required_result_multiple_inputs",
    "test_input_required_result_multi_round",
    "test_input_required_result_capabilities",
];
