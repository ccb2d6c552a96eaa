//! Takes the parameters of a request as clients write them.

use serde_json::Value;

use super::error::ErrorObject;
use crate::JsonObject;
use crate::host::{Caller, CompletionCall};

/// Takes a required string.
pub(super) fn text(params: &mut JsonObject, member: &str) -> Result<String, ErrorObject> {
    match params.shift_remove(member) {
        Some(Value::String(text)) => Ok(text),
        _ => Err(ErrorObject::invalid_params(format!(
            "`{member}` must be a string"
        ))),
    }
}

/// Takes an object; see [`lenient_object`].
pub(super) fn object(params: &mut JsonObject, member: &str) -> Result<JsonObject, ErrorObject> {
    lenient_object(params.shift_remove(member))
        .ok_or_else(|| ErrorObject::invalid_params(format!("`{member}` must be an object")))
}

/// The request in the parameters of `completion/complete`.
pub(super) fn completion(
    mut params: JsonObject,
    caller: Caller,
) -> Result<CompletionCall, ErrorObject> {
    let reference = object(&mut params, "ref")?;
    let mut argument = object(&mut params, "argument")?;
    let name = text(&mut argument, "name")?;
    let value = text(&mut argument, "value")?;
    let mut context = object(&mut params, "context")?;
    let mut call = CompletionCall::new(reference, name, value, caller);
    call.settled = object(&mut context, "arguments")?;
    call.extra = params;
    Ok(call)
}

/// An object, or what clients send for one: nothing, `null` or an empty text for an empty one, and
/// its JSON as text.
fn lenient_object(given: Option<Value>) -> Option<JsonObject> {
    match given {
        None | Some(Value::Null) => Some(JsonObject::new()),
        Some(Value::Object(object)) => Some(object),
        Some(Value::String(text)) if text.is_empty() => Some(JsonObject::new()),
        Some(Value::String(text)) if text.len() <= LONGEST => serde_json::from_str(&text).ok(),
        Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => None,
    }
}

/// A longer text would have to be parsed on another thread, and its values counted.
const LONGEST: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_clients_send_for_an_object_is_read_as_one() {
        for empty in [None, Some(json!(null)), Some(json!("")), Some(json!({}))] {
            assert_eq!(lenient_object(empty), Some(JsonObject::new()));
        }
        for one in [json!({"a": 1}), json!("{\"a\": 1}")] {
            let read = lenient_object(Some(one)).map(Value::Object);
            assert_eq!(read, Some(json!({"a": 1})));
        }
        let long = format!("{{\"a\": \"{}\"}}", "x".repeat(LONGEST));
        for other in [
            json!([]),
            json!([1]),
            json!("[1]"),
            json!("x"),
            json!(1),
            json!(true),
            json!(long),
        ] {
            assert_eq!(lenient_object(Some(other.clone())), None, "{other}");
        }
    }
}
