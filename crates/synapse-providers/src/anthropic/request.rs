//! Builds the body of Anthropic's Messages API. Unsupported input is refused, so that nothing is
//! silently dropped or moved; nothing is added or defaulted.

use serde::Serialize;
use serde_json::{Map, Value};
use synapse_core::chat::{ChatRequest, Parameters};
use synapse_core::error::{Failure, Remedy};
use synapse_core::name::ConnectionName;

use super::messages::{Conversation, TextBlock, Turn, conversation};
use super::refusal::{foreign_member, refused};

/// The body of `POST /messages`.
#[derive(Debug, Serialize)]
pub(super) struct MessagesBody<'a> {
    model: &'a str,
    max_tokens: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    system: Vec<TextBlock<'a>>,
    messages: Vec<Turn<'a>>,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop_sequences: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_config: Option<OutputConfig<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<ToolChoice<'a>>,
}

#[derive(Debug, Serialize)]
struct OutputConfig<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    effort: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<ResponseFormat<'a>>,
}

#[derive(Debug, Serialize)]
struct ResponseFormat<'a> {
    r#type: &'static str,
    schema: &'a Map<String, Value>,
}

#[derive(Debug, Serialize)]
struct Tool<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    input_schema: &'a Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
}

#[derive(Debug, Serialize)]
struct ToolChoice<'a> {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    disable_parallel_tool_use: Option<bool>,
}

/// The body of `request` for the connection `name`.
///
/// # Errors
/// `usage.invalid-arguments`, naming the unsupported or missing argument.
pub(super) fn body<'a>(
    request: &'a ChatRequest,
    name: &ConnectionName,
) -> Result<MessagesBody<'a>, Failure> {
    let parameters = &request.parameters;
    refuse_foreign(parameters)?;
    let Conversation { system, turns } = conversation(&request.messages)?;
    let output_config = OutputConfig {
        effort: parameters.reasoning_effort.as_deref(),
        format: format(parameters.response_format.as_ref())?,
    };
    let is_set = output_config.effort.is_some() || output_config.format.is_some();
    let tools = parameters.tools.iter().enumerate();
    Ok(MessagesBody {
        model: request.model.as_str(),
        system,
        messages: turns,
        stream: false,
        temperature: parameters.temperature,
        top_p: parameters.top_p,
        stop_sequences: &parameters.stop,
        service_tier: parameters.service_tier.as_deref(),
        output_config: is_set.then_some(output_config),
        tools: tools.map(tool).collect::<Result<_, _>>()?,
        tool_choice: tool_choice(parameters)?,
        max_tokens: parameters.max_tokens.ok_or_else(|| no_cap(name))?,
    })
}

fn refuse_foreign(parameters: &Parameters) -> Result<(), Failure> {
    let foreign = [
        ("seed", parameters.seed.is_some()),
        ("verbosity", parameters.verbosity.is_some()),
        ("frequency_penalty", parameters.frequency_penalty.is_some()),
        ("presence_penalty", parameters.presence_penalty.is_some()),
    ];
    match foreign.into_iter().find(|(_, is_set)| *is_set) {
        None => Ok(()),
        Some((argument, _)) => Err(refused(
            argument,
            format!("Anthropic's Messages API does not support `{argument}`"),
        )
        .cause("what would not be sent is refused; nothing was sent")
        .hint(format!("leave `{argument}` out"))),
    }
}

/// The API requires a cap, and a default of ours would alter the prompt.
fn no_cap(name: &ConnectionName) -> Failure {
    refused(
        "max_tokens",
        "Anthropic needs a cap on the answer, and neither the prompt nor the connection has one",
    )
    .cause("`max_tokens` is required by the Messages API, and Synapse defaults nothing")
    .remedy(
        "set one for every prompt of the connection",
        &Remedy::CapAnswers {
            connection: name.clone(),
            max_tokens: 4096,
        },
    )
    .hint("or give one with the prompt: --max-tokens N, or `max_tokens` in the tool `chat`")
}

/// A JSON schema. Its `name` is a label required by OpenAI and unknown to this API; `strict` is
/// always on here, and plain text is the default.
fn format(given: Option<&Value>) -> Result<Option<ResponseFormat<'_>>, Failure> {
    let Some(given) = given else {
        return Ok(None);
    };
    let bad = |message: &str| {
        refused("response_format", message.to_owned()).cause(
            "this API takes {\"type\": \"json_schema\", \"json_schema\": {\"name\", \"schema\"}}",
        )
    };
    let object = given
        .as_object()
        .ok_or_else(|| bad("response_format is not an object"))?;
    if let Some(key) = foreign_member(object, &["type", "json_schema"]) {
        return Err(bad(&format!("there is no place for response_format.{key}")));
    }
    match (
        given.get("type").and_then(Value::as_str),
        object.get("json_schema"),
    ) {
        (Some("text"), None) => Ok(None),
        (Some("json_schema"), Some(Value::Object(of))) => {
            if let Some(key) = foreign_member(of, &["name", "schema", "strict"]) {
                let message = format!("there is no place for response_format.json_schema.{key}");
                return Err(bad(&message));
            }
            match of.get("strict") {
                None | Some(Value::Null | Value::Bool(true)) => {}
                Some(_) => {
                    return Err(bad("response_format.json_schema.strict can only be true")
                        .cause("Anthropic always holds the answer to the schema"));
                }
            }
            let schema = of
                .get("schema")
                .and_then(Value::as_object)
                .ok_or_else(|| bad("response_format.json_schema has no schema"))?;
            let r#type = "json_schema";
            Ok(Some(ResponseFormat { r#type, schema }))
        }
        _ => Err(bad(
            "response_format is of a type that Anthropic's API does not have",
        )),
    }
}

fn tool((index, given): (usize, &Value)) -> Result<Tool<'_>, Failure> {
    let bad = |what: &str| {
        refused("tools", format!("tools[{index}]{what}")).cause(
            "a tool is {\"type\": \"function\", \"function\": {\"name\", \"description\", \
             \"parameters\"}}",
        )
    };
    let (Some("function"), Some(Value::Object(function))) = (
        given.get("type").and_then(Value::as_str),
        given.get("function"),
    ) else {
        return Err(bad(
            " is not a function; this adapter passes on only functions",
        ));
    };
    let outer = given.as_object();
    if let Some(key) = outer.and_then(|outer| foreign_member(outer, &["type", "function"])) {
        return Err(bad(&format!(": there is no place for {key}")));
    }
    let known = ["name", "description", "parameters", "strict"];
    if let Some(key) = foreign_member(function, &known) {
        return Err(bad(&format!(": there is no place for function.{key}")));
    }
    let name = function.get("name").and_then(Value::as_str);
    let input_schema = function.get("parameters").and_then(Value::as_object);
    Ok(Tool {
        name: name.ok_or_else(|| bad(": function.name is missing"))?,
        description: match function.get("description") {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text),
            Some(_) => return Err(bad(": function.description is not text")),
        },
        input_schema: input_schema.ok_or_else(|| {
            bad(": function.parameters is missing, which Anthropic needs")
                .hint("a tool without parameters has {\"type\": \"object\", \"properties\": {}}")
        })?,
        strict: match function.get("strict") {
            None | Some(Value::Null) => None,
            Some(Value::Bool(strict)) => Some(*strict),
            Some(_) => return Err(bad(": function.strict is neither true nor false")),
        },
    })
}

/// The tool choice, including whether parallel calls are allowed. The default is `auto`, so setting
/// it explicitly changes nothing.
fn tool_choice(parameters: &Parameters) -> Result<Option<ToolChoice<'_>>, Failure> {
    let bad = || {
        refused("tool_choice", "this API has no such tool_choice").cause(
            "it is none, auto, required, or {\"type\": \"function\", \"function\": {\"name\"}}",
        )
    };
    let disable_parallel_tool_use = parameters.parallel_tool_calls.map(|parallel| !parallel);
    let (r#type, name) = match &parameters.tool_choice {
        None if disable_parallel_tool_use.is_none() => return Ok(None),
        None => ("auto", None),
        Some(Value::String(word)) => match word.as_str() {
            "auto" => ("auto", None),
            "required" => ("any", None),
            "none" if disable_parallel_tool_use.is_none() => ("none", None),
            "none" => {
                let message = "parallel_tool_calls means nothing where no tool may be called";
                return Err(refused("parallel_tool_calls", message));
            }
            _ => return Err(bad()),
        },
        Some(given) => ("tool", Some(chosen(given).ok_or_else(bad)?)),
    };
    Ok(Some(ToolChoice {
        r#type,
        name,
        disable_parallel_tool_use,
    }))
}

/// The name in `{"type": "function", "function": {"name"}}`, if there are no other members.
fn chosen(given: &Value) -> Option<&str> {
    let outer = given.as_object()?;
    let function = outer.get("function")?.as_object()?;
    let alone = outer.len() == 2 && function.len() == 1;
    let is_function = outer.get("type")?.as_str()? == "function";
    (alone && is_function).then_some(())?;
    function.get("name")?.as_str()
}
