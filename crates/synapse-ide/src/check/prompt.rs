//! A prompt through the tool `chat` of the server under check, and its result.

use std::time::Duration;

use serde_json::{Value, json};
use synapse_core::check::Finding;
use synapse_core::{Code, Failure};

use super::Prompt;
use super::talk::Trouble;
use super::veil::Veil;

/// The tool for prompts.
pub(super) const TOOL: &str = "chat";

/// The arguments of the call.
pub(super) fn arguments(prompt: Prompt<'_>) -> Value {
    let mut arguments = json!({"prompt": TEXT, "max_tokens": MOST_TOKENS});
    if let (Some(connection), Some(object)) = (prompt.connection, arguments.as_object_mut()) {
        object.insert("connection".to_owned(), json!(connection));
    }
    arguments
}

/// Evaluates the result of the call.
pub(super) fn judge(result: &Value, veil: &Veil) -> Finding {
    let document = result.get("structuredContent").unwrap_or(&Value::Null);
    let text = |pointer: &str| {
        let text = document.pointer(pointer).and_then(Value::as_str);
        text.map(|text| veil.fit(text.as_bytes()))
    };
    let call = text("/receipt/call_id").map_or_else(String::new, |id| format!("; call {id}"));
    let refused = result.get("isError").and_then(Value::as_bool) == Some(true);
    let code = text("/error/code").and_then(|code| code.parse::<Code>().ok());
    match (refused, code) {
        // The answer reached this prompt's token cap, which proves everything needed.
        (true, _) if text("/error/context/token_cap_reached").as_deref() == Some("true") => {
            Finding::Ok(format!("the model accepted it and ran into the cap{call}"))
        }
        (true, code) => {
            let message = text("/error/message").unwrap_or_else(|| said(result, veil));
            let failure = Failure::new(code.unwrap_or(Code::IdeBadAnswer), message);
            let causes = document.pointer("/error/causes").and_then(Value::as_array);
            let causes = causes.into_iter().flatten().filter_map(Value::as_str);
            let failure = causes.fold(failure, |failure, cause| {
                failure.cause(veil.fit(cause.as_bytes()))
            });
            let hints = document.pointer("/error/hints").and_then(Value::as_array);
            let failure = hints.into_iter().flatten().fold(failure, |failure, hint| {
                let part = |key: &str| {
                    let text = hint.get(key).and_then(Value::as_str);
                    text.map(|text| veil.fit(text.as_bytes()))
                };
                match (part("text"), part("command")) {
                    (Some(text), Some(command)) => failure.shell(text, command),
                    (Some(text), None) => failure.hint(text),
                    (None, _) => failure,
                }
            });
            Finding::Fail(failure)
        }
        (false, _) => {
            let model = text("/receipt/model_served").or_else(|| text("/receipt/model_requested"));
            let model = model.unwrap_or_else(|| "the model".to_owned());
            Finding::Ok(format!("answered by {model}{call}"))
        }
    }
}

/// The first text of a result without a document.
fn said(result: &Value, veil: &Veil) -> String {
    let text = result.pointer("/content/0/text").and_then(Value::as_str);
    veil.fit(
        text.unwrap_or("the tool failed and does not say why")
            .as_bytes(),
    )
}

/// No answer arrived.
pub(super) fn failed(trouble: Trouble, patience: Duration) -> Failure {
    let failure = match trouble {
        Trouble::Ended => Failure::new(
            Code::IdeLaunchFailed,
            "the server ended before it answered the prompt",
        ),
        Trouble::Late => Failure::new(
            Code::IdeNoAnswer,
            format!("no answer to the prompt within {} s", patience.as_secs()),
        ),
        Trouble::Wrong(why) => Failure::new(
            Code::IdeBadAnswer,
            "the answer to the prompt is not of the protocol",
        )
        .cause(why),
    };
    failure.cause("the prompt may have been billed; the history says")
}

const TEXT: &str = "Say hello in one short sentence.";
const MOST_TOKENS: u64 = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(result: &Value) -> Finding {
        judge(result, &Veil::over([]))
    }

    #[test]
    fn an_answer_names_its_model_and_its_call() {
        let result = json!({"content": [], "structuredContent": {
            "ok": true, "receipt": {"call_id": "01", "model_served": "m"}}});
        assert_eq!(
            judged(&result),
            Finding::Ok("answered by m; call 01".into())
        );
    }

    #[test]
    fn a_failure_keeps_its_code_and_its_command() {
        let result = json!({"isError": true, "structuredContent": {"error": {
            "code": "gate.network-disabled", "message": "off", "causes": ["closed"],
            "hints": [{"text": "open it", "command": "open-it"}], "context": {}}}});
        let expected = Failure::new(Code::GateNetworkDisabled, "off")
            .cause("closed")
            .shell("open it", "open-it");
        assert_eq!(judged(&result), Finding::Fail(expected));
    }

    #[test]
    fn an_answer_that_ran_into_the_cap_proves_as_much() {
        let result = json!({"isError": true, "structuredContent": {"error": {
            "code": "provider.empty-response", "message": "none",
            "context": {"token_cap_reached": "true"}}}});
        assert!(matches!(judged(&result), Finding::Ok(_)));
    }

    #[test]
    fn a_result_without_a_document_is_no_answer() {
        let result = json!({"isError": true, "content": [{"type": "text", "text": "no"}]});
        let expected = Failure::new(Code::IdeBadAnswer, "no");
        assert_eq!(judged(&result), Finding::Fail(expected));
    }
}
