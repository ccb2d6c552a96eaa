//! The suite's prompts, and completions of their arguments.

use async_trait::async_trait;
use serde_json::{Value, json};
use synapse_mcp::host::{CompletionCall, Listing, PromptCall, completion, referenced};
use synapse_mcp::{Caller, CompletionHost, HostError, JsonObject, PromptHost};

use crate::PNG;
use crate::input_required::{elicitation, given};
use crate::tools::objects;

/// The suite's prompts.
pub(crate) struct Prompts;

#[async_trait]
impl PromptHost for Prompts {
    async fn list_prompts(&self, _caller: &Caller) -> Result<Listing, HostError> {
        Ok(Listing::new(objects(json!([
            {"name": "test_simple_prompt", "description": "A prompt without arguments"},
            {"name": WITH_ARGUMENTS, "description": "A prompt with two arguments", "arguments": [
                {"name": "arg1", "description": "First test argument", "required": true},
                {"name": "arg2", "description": "Second test argument", "required": true},
            ]},
            {"name": "test_prompt_with_embedded_resource",
             "description": "A prompt with a resource in it", "arguments": [
                {"name": "resourceUri", "description": "URI of the resource", "required": true},
            ]},
            {"name": "test_prompt_with_image", "description": "A prompt with an image in it"},
            {"name": "test_input_required_result_prompt",
             "description": "A prompt that asks the user first"},
        ]))))
    }

    fn owns(&self, prompt: &str) -> bool {
        prompt.starts_with("test_")
    }

    async fn get_prompt(&self, call: PromptCall) -> Result<JsonObject, HostError> {
        let argument = |name: &str| {
            let value = call.arguments.get(name).and_then(Value::as_str);
            value.map(str::to_owned).ok_or(HostError::InvalidParams {
                message: format!("the prompt needs the argument `{name}`"),
            })
        };
        let contents = match call.name.as_str() {
            "test_simple_prompt" => vec![text("This is a simple prompt for testing.")],
            WITH_ARGUMENTS => {
                let (first, second) = (argument("arg1")?, argument("arg2")?);
                let line = format!("Prompt with arguments: arg1='{first}', arg2='{second}'");
                vec![text(&line)]
            }
            "test_prompt_with_embedded_resource" => vec![
                json!({"type": "resource", "resource": {
                    "uri": argument("resourceUri")?, "mimeType": "text/plain",
                    "text": "Embedded resource content for testing.",
                }}),
                text("Please process the embedded resource above."),
            ],
            "test_prompt_with_image" => vec![
                json!({"type": "image", "data": PNG, "mimeType": "image/png"}),
                text("Please analyze the image above."),
            ],
            "test_input_required_result_prompt" => {
                let Some(context) = given(&call.extra, "user_context") else {
                    let ask = elicitation("What context should the prompt use?", "context");
                    return Ok(JsonObject::from_iter([
                        ("resultType".to_owned(), json!("input_required")),
                        ("inputRequests".to_owned(), json!({"user_context": ask})),
                    ]));
                };
                vec![text(&format!("Use this context: {context}"))]
            }
            _ => {
                return Err(HostError::InvalidParams {
                    message: "there is no such prompt".to_owned(),
                });
            }
        };
        let message = |content: Value| json!({"role": "user", "content": content});
        let messages: Vec<Value> = contents.into_iter().map(message).collect();
        Ok(JsonObject::from_iter([(
            "messages".to_owned(),
            json!(messages),
        )]))
    }
}

#[async_trait]
impl CompletionHost for Prompts {
    fn owns(&self, reference: &JsonObject) -> bool {
        referenced(reference) == Some(WITH_ARGUMENTS)
    }

    async fn complete(&self, call: CompletionCall) -> Result<JsonObject, HostError> {
        let known = ["paris", "park", "party", "testValue1"];
        let values = known.iter().filter(|value| value.starts_with(&call.value));
        Ok(completion(
            values.map(|value| (*value).to_owned()).collect(),
        ))
    }
}

fn text(text: &str) -> Value {
    json!({"type": "text", "text": text})
}

const WITH_ARGUMENTS: &str = "test_prompt_with_arguments";
