//! Tools of the modern era that need input from the client: they answer `input_required`, and
//! continue when the client calls again with the input.
//!
//! State between rounds stays in the server under an unguessable handle; a changed handle is
//! invalid.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value, json};
use synapse_mcp::{JsonObject, ToolCall, ToolError, ToolResult};
use uuid::Uuid;

/// Pending rounds by handle.
#[derive(Default)]
pub(crate) struct Rounds(Mutex<BTreeMap<String, Round>>);

/// Progress of a multi-round call.
struct Round {
    tool: String,
    number: u32,
}

impl Rounds {
    /// Answers a call of one of the suite's `test_input_required_result_` tools.
    pub(crate) fn answer(&self, call: &ToolCall) -> Result<ToolResult, ToolError> {
        match call.name.trim_start_matches(PREFIX) {
            "elicitation" => Ok(match given(&call.extra, "user_name") {
                Some(answer) => {
                    ToolResult::text(format!("Hello, {}!", plain(&answer["content"]["name"])))
                }
                None => ask(
                    json!({"user_name": elicitation("What is your name?", "name")}),
                    None,
                ),
            }),
            "sampling" => Ok(match given(&call.extra, "capital_question") {
                Some(answer) => ToolResult::text(plain(&answer["content"]["text"])),
                None => {
                    let question = sampling("What is the capital of France?", 100);
                    ask(json!({"capital_question": question}), None)
                }
            }),
            "list_roots" => Ok(match given(&call.extra, "client_roots") {
                Some(answer) => ToolResult::text(format!("Roots: {}", answer["roots"])),
                None => ask(json!({"client_roots": roots()}), None),
            }),
            "request_state" | "tampered_state" => {
                let question = json!({"confirm": elicitation("Please confirm", "ok")});
                self.rounds(call, &[question])
            }
            "multiple_inputs" => {
                let questions = json!({
                    "user_name": elicitation("What is your name?", "name"),
                    "greeting": sampling("Generate a greeting", 50),
                    "client_roots": roots(),
                });
                self.rounds(call, &[questions])
            }
            "multi_round" => self.rounds(
                call,
                &[
                    json!({"step1": elicitation("Step 1: What is your name?", "name")}),
                    json!({"step2": elicitation("Step 2: What is your favorite color?", "color")}),
                ],
            ),
            "capabilities" => {
                let declared = call.caller.capabilities().cloned().unwrap_or_default();
                let all = [
                    ("elicitation", elicitation("What is your name?", "name")),
                    ("sampling", sampling("Say hello", 50)),
                    ("roots", roots()),
                ];
                let allowed = all
                    .into_iter()
                    .filter(|(capability, _)| declared.contains_key(*capability))
                    .map(|(capability, question)| (capability.to_owned(), question));
                Ok(ask(Value::Object(allowed.collect()), None))
            }
            _ => Err(ToolError::UnknownTool {
                name: call.name.clone(),
            }),
        }
    }

    /// Asks the questions of one round after the other until all are answered.
    fn rounds(&self, call: &ToolCall, questions: &[Value]) -> Result<ToolResult, ToolError> {
        let number = match call.extra.get("requestState") {
            None => 0,
            Some(handle) => {
                let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                let known = handle.as_str().and_then(|handle| waiting.remove(handle));
                let Some(round) = known.filter(|round| round.tool == call.name) else {
                    return Err(ToolError::InvalidParams {
                        message: "`requestState` is none of this server's".to_owned(),
                    });
                };
                let asked = questions.get(round.number as usize);
                let keys = asked.and_then(Value::as_object).map(Map::keys);
                let answered = keys
                    .into_iter()
                    .flatten()
                    .all(|key| given(&call.extra, key).is_some());
                round.number + u32::from(answered)
            }
        };
        let Some(next) = questions.get(number as usize) else {
            return Ok(ToolResult::text("state-ok"));
        };
        let handle = Uuid::new_v4().to_string();
        let tool = call.name.clone();
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(handle.clone(), Round { tool, number });
        Ok(ask(next.clone(), Some(handle)))
    }
}

/// The client's answer to the question `key`; `None` if it is missing or invalid.
pub(crate) fn given(extra: &JsonObject, key: &str) -> Option<Value> {
    let answer = extra.get("inputResponses")?.get(key)?;
    answer.is_object().then(|| answer.clone())
}

/// An elicitation for one value.
pub(crate) fn elicitation(message: &str, value: &str) -> Value {
    let kind = if value == "ok" { "boolean" } else { "string" };
    json!({"method": "elicitation/create", "params": {
        "mode": "form",
        "message": message,
        "requestedSchema": {
            "type": "object", "properties": {value: {"type": kind}}, "required": [value],
        },
    }})
}

fn sampling(prompt: &str, most_tokens: u32) -> Value {
    json!({"method": "sampling/createMessage", "params": {
        "messages": [{"role": "user", "content": {"type": "text", "text": prompt}}],
        "maxTokens": most_tokens,
    }})
}

fn roots() -> Value {
    json!({"method": "roots/list", "params": {}})
}

fn ask(questions: Value, handle: Option<String>) -> ToolResult {
    let mut result = JsonObject::new();
    result.insert("resultType".to_owned(), json!("input_required"));
    result.insert("inputRequests".to_owned(), questions);
    if let Some(handle) = handle {
        result.insert("requestState".to_owned(), json!(handle));
    }
    ToolResult::from_object(result)
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// Common name prefix of these tools.
pub(crate) const PREFIX: &str = "test_input_required_result_";
