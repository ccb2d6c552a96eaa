//! A user who accepts everything and leaves form fields at their defaults.

use async_trait::async_trait;
use serde_json::{Value, json};
use synapse_mcp::JsonObject;
use synapse_mcp::client::{ClientHandler, RpcError};

#[derive(Debug)]
pub(crate) struct Answers;

impl Answers {
    pub(crate) fn answer(method: &str, params: &Value) -> Value {
        match method {
            "elicitation/create" => {
                json!({"action": "accept", "content": filled(&params["requestedSchema"])})
            }
            "roots/list" => json!({"roots": [{"uri": "file:///tmp", "name": "tmp"}]}),
            _ => json!({
                "role": "assistant", "model": "none", "stopReason": "endTurn",
                "content": {"type": "text", "text": "An answer."},
            }),
        }
    }
}

#[async_trait]
impl ClientHandler for Answers {
    async fn ask(&self, method: &str, params: JsonObject) -> Result<Value, RpcError> {
        Ok(Self::answer(method, &Value::Object(params)))
    }

    fn heard(&self, _: &str, _: JsonObject) {}
}

/// Each field with its default; required fields without one get a value.
fn filled(schema: &Value) -> Value {
    let properties = schema["properties"].as_object().into_iter().flatten();
    let fields = properties.filter_map(|(name, field)| {
        let default = field.get("default").cloned();
        let agreed = || (field["type"] == "boolean").then(|| json!(true));
        Some((name.clone(), default.or_else(agreed)?))
    });
    Value::Object(fields.collect())
}

pub(crate) fn object(value: Value) -> JsonObject {
    match value {
        Value::Object(object) => object,
        _ => JsonObject::new(),
    }
}
