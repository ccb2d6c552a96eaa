//! The parameters of a prompt. Unset ones are left to the provider, and schemas and tools pass
//! through unchanged.

use serde_json::Value;

use crate::error::{Code, Failure};

/// Optional parameters. `None` and empty ones are not sent.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Parameters {
    /// Maximum tokens to generate, including reasoning.
    pub max_tokens: Option<u64>,
    /// Sampling temperature.
    pub temperature: Option<f64>,
    /// Nucleus sampling.
    pub top_p: Option<f64>,
    /// Stop sequences.
    pub stop: Vec<String>,
    /// Seed for reproducible sampling, where supported.
    pub seed: Option<i64>,
    /// Reasoning effort, in the provider's terms, such as `low`.
    pub reasoning_effort: Option<String>,
    /// Length of the answer, in the provider's terms, such as `low`.
    pub verbosity: Option<String>,
    /// Penalty for frequent words.
    pub frequency_penalty: Option<f64>,
    /// Penalty for words already used.
    pub presence_penalty: Option<f64>,
    /// Processing speed and price, in the provider's terms, such as `flex`.
    pub service_tier: Option<String>,
    /// The answer format in the API's form: `{"type": "json_schema", "json_schema": …}`.
    pub response_format: Option<Value>,
    /// Available tools in the API's form. Synapse runs none.
    pub tools: Vec<Value>,
    /// The tool choice in the API's form: a word such as `required`, or an object.
    pub tool_choice: Option<Value>,
    /// Whether the model may call several tools at once.
    pub parallel_tool_calls: Option<bool>,
}

impl Parameters {
    /// Refuses parameters that no provider could accept: checks only shapes, since values are the
    /// provider's business.
    ///
    /// # Errors
    /// `usage.invalid-arguments`, naming the parameter.
    pub fn check(&self) -> Result<(), Failure> {
        if self.max_tokens == Some(0) {
            return Err(invalid("max_tokens", "max_tokens is 0")
                .cause("an answer takes at least one token"));
        }
        // JSON has no other numbers, and no value may change in transit.
        let numbers = [
            ("temperature", self.temperature),
            ("top_p", self.top_p),
            ("frequency_penalty", self.frequency_penalty),
            ("presence_penalty", self.presence_penalty),
        ];
        for (name, number) in numbers {
            if number.is_some_and(|number| !number.is_finite()) {
                return Err(invalid(name, &format!("{name} is not a number")));
            }
        }
        if let Some(format) = &self.response_format
            && !format.get("type").is_some_and(Value::is_string)
        {
            return Err(invalid("response_format", "response_format has no type")
                .cause("it is an object whose `type` is text, json_object or json_schema"));
        }
        if let Some(index) = self.tools.iter().position(|tool| !tool.is_object()) {
            return Err(
                invalid("tools", &format!("tools[{index}] is not an object")).cause(
                    "a tool is {\"type\": \"function\", \"function\": {\"name\", \"parameters\"}}",
                ),
            );
        }
        match &self.tool_choice {
            None | Some(Value::String(_) | Value::Object(_)) => Ok(()),
            Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_)) => Err(
                invalid("tool_choice", "tool_choice is neither a word nor an object").cause(
                    "it is none, auto, required, or {\"type\": \"function\", \"function\": {\"name\"}}",
                ),
            ),
        }
    }
}

fn invalid(argument: &str, message: &str) -> Failure {
    Failure::new(Code::UsageInvalidArguments, message).with("argument", argument)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(parameters: &Parameters) -> Option<String> {
        let failure = parameters.check().err()?;
        assert_eq!(failure.code(), Code::UsageInvalidArguments);
        failure.context().get("argument").cloned()
    }

    #[test]
    fn shapes_are_checked_and_values_are_not() {
        let odd = Parameters {
            temperature: Some(99.0),
            reasoning_effort: Some("enormous".into()),
            response_format: Some(json!({"type": "grammar", "root": []})),
            tools: vec![json!({})],
            tool_choice: Some(json!("sometimes")),
            ..Parameters::default()
        };
        assert_eq!(refused(&odd), None);
        assert_eq!(refused(&Parameters::default()), None);
    }

    #[test]
    fn what_no_provider_takes_is_refused_by_name() {
        let none = Parameters::default;
        for (name, parameters) in [
            (
                "max_tokens",
                Parameters {
                    max_tokens: Some(0),
                    ..none()
                },
            ),
            (
                "temperature",
                Parameters {
                    temperature: Some(f64::NAN),
                    ..none()
                },
            ),
            (
                "top_p",
                Parameters {
                    top_p: Some(f64::INFINITY),
                    ..none()
                },
            ),
            (
                "frequency_penalty",
                Parameters {
                    frequency_penalty: Some(f64::NAN),
                    ..none()
                },
            ),
            (
                "presence_penalty",
                Parameters {
                    presence_penalty: Some(f64::NAN),
                    ..none()
                },
            ),
            (
                "response_format",
                Parameters {
                    response_format: Some(json!("json")),
                    ..none()
                },
            ),
            (
                "response_format",
                Parameters {
                    response_format: Some(json!({})),
                    ..none()
                },
            ),
            (
                "tools",
                Parameters {
                    tools: vec![json!({}), json!("weather")],
                    ..none()
                },
            ),
            (
                "tool_choice",
                Parameters {
                    tool_choice: Some(json!(["auto"])),
                    ..none()
                },
            ),
        ] {
            assert_eq!(refused(&parameters).as_deref(), Some(name));
        }
    }
}
