//! The tool `chat`: arguments in, one exchange, answer and receipt out.

use serde::Deserialize;
use serde_json::Value;
use synapse_core::call::Caller;
use synapse_core::chat::{ChatReply, Message, Parameters, Role};
use synapse_core::document::{ChatDocument, ErrorDocument};
use synapse_core::engine::{ChatCall, Engine};
use synapse_core::error::{Code, Failure};
use synapse_core::redact::Redactor;

use super::{failed, value};
use crate::host::{ToolCall, ToolResult};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    connection: Option<String>,
    prompt: Option<String>,
    messages: Option<Vec<MessageArgument>>,
    system: Option<String>,
    model: Option<String>,
    max_tokens: Option<u64>,
    temperature: Option<f64>,
    top_p: Option<f64>,
    stop: Option<Vec<String>>,
    seed: Option<i64>,
    reasoning_effort: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MessageArgument {
    role: Role,
    content: String,
}

/// Sends one prompt.
pub(super) async fn call(engine: &Engine, scope: Option<&str>, call: ToolCall) -> ToolResult {
    let prepared = prepare(scope, call);
    let outcome = match prepared {
        Ok(call) => engine.chat(call).await,
        Err(failure) => Err(failure),
    };
    match outcome {
        Err(failure) => failed(&failure, &ErrorDocument::new(&failure)),
        Ok(outcome) => match outcome.result {
            Err(failure) => failed(
                &failure,
                &ErrorDocument::new(&failure).with_receipt(&outcome.receipt, &outcome.warnings),
            ),
            Ok(reply) => {
                let document = ChatDocument::new(&reply, &outcome.receipt, &outcome.warnings);
                ToolResult::text(text(&reply)).with_structured_content(value(&document))
            }
        },
    }
}

fn prepare(scope: Option<&str>, call: ToolCall) -> Result<ChatCall, Failure> {
    let caller = Caller {
        client_name: call.caller.client_name().map(clean),
        client_version: call.caller.client_version().map(clean),
        tool: Some(call.name),
    };
    let arguments: Arguments =
        serde_json::from_value(Value::Object(call.arguments)).map_err(|error| {
            invalid("the arguments of chat do not fit its schema").cause(clean(&error.to_string()))
        })?;
    let connection = match (scope, arguments.connection) {
        (Some(scope), Some(named)) if named != scope => {
            return Err(invalid("this server serves one connection only")
                .cause(format!("it was started for `{scope}`"))
                .hint("leave `connection` out"));
        }
        (Some(scope), _) => Some(scope.to_owned()),
        (None, named) => named,
    };
    Ok(ChatCall {
        connection,
        model: arguments.model,
        messages: messages(arguments.system, arguments.prompt, arguments.messages)?,
        parameters: Parameters {
            max_tokens: arguments.max_tokens,
            temperature: arguments.temperature,
            top_p: arguments.top_p,
            stop: arguments.stop.unwrap_or_default(),
            seed: arguments.seed,
            reasoning_effort: arguments.reasoning_effort,
        },
        caller,
    })
}

fn messages(
    system: Option<String>,
    prompt: Option<String>,
    messages: Option<Vec<MessageArgument>>,
) -> Result<Vec<Message>, Failure> {
    let conversation = match (prompt, messages) {
        (Some(prompt), None) => vec![Message::new(Role::User, prompt)],
        (None, Some(messages)) => messages
            .into_iter()
            .map(|each| Message::new(each.role, each.content))
            .collect(),
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

/// The answer exactly as given; without one, the reason.
fn text(reply: &ChatReply) -> String {
    let answer = reply
        .content
        .as_deref()
        .or(reply.refusal.as_deref())
        .unwrap_or_default();
    if !answer.is_empty() {
        return answer.to_owned();
    }
    let reason = reply.finish_reason.as_ref();
    let why = reason.and_then(|reason| reason.without_text());
    let mut lines = vec![format!(
        "(no text; finish reason {}{})",
        reason.map_or("unknown", |reason| reason.as_str()),
        why.map_or_else(String::new, |why| format!(": {why}"))
    )];
    lines.extend(
        reply
            .tool_calls
            .iter()
            .map(|call| format!("tool call {}({})", call.name, call.arguments)),
    );
    lines.join("\n")
}

fn invalid(message: &str) -> Failure {
    Failure::new(Code::UsageInvalidArguments, message)
}

fn clean(text: &str) -> String {
    Redactor::none().clean(text, 200)
}
