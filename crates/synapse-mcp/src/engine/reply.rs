//! Replies as bytes: the JSON-RPC envelope around a raw result, and what each era adds to one.

use std::borrow::Cow;

use rmcp::model::{ErrorCode, ErrorData};
use serde::Serialize;
use serde_json::{Value, json};

use crate::host::{CacheHint, ToolError, ToolList};
use crate::{Era, JsonObject, ProtocolRevision};

/// A JSON-RPC error object.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct RpcError {
    code: i64,
    message: Cow<'static, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Value>,
}

/// A reply, but for the id.
pub(crate) type Reply = Result<JsonObject, RpcError>;

impl RpcError {
    pub(crate) fn parse_error() -> Self {
        Self::new(ErrorCode::PARSE_ERROR, "the line is not JSON")
    }

    pub(crate) fn invalid_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::INVALID_REQUEST, message)
    }

    pub(crate) fn method_not_found(method: &str) -> Self {
        Self::new(
            ErrorCode::METHOD_NOT_FOUND,
            format!("method not found: {method}"),
        )
    }

    pub(crate) fn invalid_params(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::INVALID_PARAMS, message)
    }

    pub(crate) fn internal(message: &'static str) -> Self {
        Self::new(ErrorCode::INTERNAL_ERROR, message)
    }

    fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code: code.0.into(),
            message: message.into(),
            data: None,
        }
    }
}

impl From<ErrorData> for RpcError {
    fn from(error: ErrorData) -> Self {
        Self {
            code: error.code.0.into(),
            message: error.message,
            data: error.data,
        }
    }
}

impl From<ToolError> for RpcError {
    fn from(error: ToolError) -> Self {
        match error {
            ToolError::UnknownTool { name } => {
                Self::invalid_params(format!("unknown tool: {name}"))
            }
            ToolError::InvalidParams { message } => Self::invalid_params(message),
            ToolError::Rpc {
                code,
                message,
                data,
            } => Self {
                code,
                message: message.into(),
                data,
            },
        }
    }
}

/// Returns the whole line of a reply. `id` is JSON text; `None` is sent as `null`.
pub(crate) fn reply_line(id: Option<&str>, reply: &Reply) -> Vec<u8> {
    let id = id.unwrap_or("null");
    match reply {
        Ok(result) => line(id, "result", result),
        Err(error) => line(id, "error", error),
    }
}

/// Returns the whole line of a notification.
pub(crate) fn notification_line(method: &str, params: &JsonObject) -> Vec<u8> {
    #[derive(Serialize)]
    struct Notification<'a> {
        jsonrpc: &'static str,
        method: &'a str,
        params: &'a JsonObject,
    }
    let notification = Notification {
        jsonrpc: "2.0",
        method,
        params,
    };
    let mut bytes = Vec::new();
    append(&mut bytes, &notification);
    bytes.push(b'\n');
    bytes
}

/// Gives a result of a call the shape of its revision.
///
/// # Errors
/// The legacy era knows complete results only; another one becomes an error there.
pub(crate) fn shape_result(
    mut result: JsonObject,
    revision: ProtocolRevision,
    server_info: &Value,
) -> Reply {
    match revision.era() {
        Era::Modern => {
            result
                .entry("resultType")
                .or_insert_with(|| Value::from("complete"));
            let meta = result
                .entry("_meta")
                .or_insert_with(|| Value::Object(JsonObject::new()));
            if let Some(meta) = meta.as_object_mut() {
                meta.insert(SERVER_INFO.to_owned(), server_info.clone());
            }
            Ok(result)
        }
        Era::Legacy => {
            if result
                .get("resultType")
                .is_some_and(|kind| kind != "complete")
            {
                return Err(RpcError::internal(
                    "the tool answered in a way that needs protocol revision 2026-07-28",
                ));
            }
            for member in ["resultType", "ttlMs", "cacheScope"] {
                result.shift_remove(member);
            }
            if let Some(meta) = result.get_mut("_meta").and_then(Value::as_object_mut)
                && meta.shift_remove(SERVER_INFO).is_some()
                && meta.is_empty()
            {
                result.shift_remove("_meta");
            }
            Ok(result)
        }
    }
}

/// Returns the result of `tools/list`.
pub(crate) fn list_result(
    list: ToolList,
    revision: ProtocolRevision,
    server_info: &Value,
) -> Reply {
    let CacheHint { ttl_ms, scope } = list.cache;
    let mut result = JsonObject::new();
    let tools = list.tools.into_iter().map(Value::Object).collect();
    result.insert("tools".to_owned(), Value::Array(tools));
    result.insert("ttlMs".to_owned(), json!(ttl_ms));
    result.insert("cacheScope".to_owned(), json!(scope.as_str()));
    shape_result(result, revision, server_info)
}

fn line(id: &str, member: &str, body: &impl Serialize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(LINE_BYTES);
    bytes.extend_from_slice(br#"{"jsonrpc":"2.0","id":"#);
    bytes.extend_from_slice(id.as_bytes());
    bytes.extend_from_slice(b",\"");
    bytes.extend_from_slice(member.as_bytes());
    bytes.extend_from_slice(b"\":");
    append(&mut bytes, body);
    bytes.extend_from_slice(b"}\n");
    bytes
}

/// Appends `body` as JSON. Writing to memory cannot fail, and neither can objects of text keys;
/// were it to, the member would be `null` rather than the line broken.
fn append(bytes: &mut Vec<u8>, body: &impl Serialize) {
    let start = bytes.len();
    if serde_json::to_writer(&mut *bytes, body).is_err() {
        bytes.truncate(start);
        bytes.extend_from_slice(b"null");
    }
}

const SERVER_INFO: &str = "io.modelcontextprotocol/serverInfo";

/// Room for a short reply in one allocation.
const LINE_BYTES: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    fn object(value: Value) -> JsonObject {
        value.as_object().unwrap().clone()
    }

    fn shaped(result: Value, revision: ProtocolRevision) -> Value {
        shape_result(object(result), revision, &json!({"name": "s"}))
            .unwrap()
            .into()
    }

    #[test]
    fn lines_are_whole() {
        let reply = Ok(object(json!({"text": "two\nlines"})));
        assert_eq!(
            String::from_utf8(reply_line(Some("1.0"), &reply)).unwrap(),
            "{\"jsonrpc\":\"2.0\",\"id\":1.0,\"result\":{\"text\":\"two\\nlines\"}}\n"
        );
        assert_eq!(
            String::from_utf8(reply_line(None, &Err(RpcError::parse_error()))).unwrap(),
            "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,\"message\":\"the line is not JSON\"}}\n"
        );
    }

    #[test]
    fn a_modern_result_names_the_server_and_keeps_the_rest() {
        let meta = json!({"vendor": 1, SERVER_INFO: {"name": "upstream"}});
        assert_eq!(
            shaped(
                json!({"content": [], "resultType": "input_required", "_meta": meta}),
                ProtocolRevision::V2026_07_28
            ),
            json!({
                "content": [],
                "resultType": "input_required",
                "_meta": {"vendor": 1, SERVER_INFO: {"name": "s"}},
            })
        );
    }

    #[test]
    fn a_legacy_result_has_no_modern_members() {
        let modern = json!({
            "content": [], "resultType": "complete", "ttlMs": 1, "cacheScope": "public",
            "_meta": {SERVER_INFO: {}},
        });
        let revision = ProtocolRevision::V2025_11_25;
        assert_eq!(shaped(modern, revision), json!({"content": []}));
        let vendor = json!({"content": [], "_meta": {SERVER_INFO: {}, "vendor": 1}});
        assert_eq!(
            shaped(vendor, revision),
            json!({"content": [], "_meta": {"vendor": 1}})
        );
        let untouched = json!({"content": [], "_meta": {}});
        assert_eq!(shaped(untouched.clone(), revision), untouched);
    }

    #[test]
    fn a_legacy_client_never_gets_half_a_result() {
        let result = object(json!({"resultType": "input_required"}));
        let reply = shape_result(result, ProtocolRevision::V2025_11_25, &Value::Null);
        assert_eq!(reply.unwrap_err().code, -32603);
    }

    #[test]
    fn a_passed_on_error_is_unchanged() {
        let error = ToolError::Rpc {
            code: -9_000_000_000,
            message: "m".to_owned(),
            data: Some(Value::Null),
        };
        let line = reply_line(Some("1"), &Err(error.into()));
        assert_eq!(
            String::from_utf8(line).unwrap(),
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-9000000000,\"message\":\"m\",\"data\":null}}\n"
        );
    }
}
