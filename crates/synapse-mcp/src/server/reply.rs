//! Serialises replies: the JSON-RPC envelope around a raw result, and era-specific members.

use std::ops::Deref;

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::error::ErrorObject;
use super::paging::Page;
use crate::host::{CacheHint, ListItem, STRUCTURED, ToolResult};
use crate::{Era, JsonObject, ProtocolRevision};

/// A reply without its id.
pub(crate) type Reply = Result<ResultObject, ErrorObject>;

/// A result object. One member, `null` among the members, may be text already.
#[derive(Debug, Clone)]
pub(crate) struct ResultObject {
    members: JsonObject,
    written: Option<WrittenResult>,
}

/// The text of a member.
#[derive(Debug, Clone)]
enum WrittenResult {
    /// The structured content.
    Document(Box<RawValue>),
    /// The items of a list, under this member.
    List(String, Vec<ListItem>),
}

impl From<JsonObject> for ResultObject {
    fn from(members: JsonObject) -> Self {
        Self {
            members,
            written: None,
        }
    }
}

impl From<ToolResult> for ResultObject {
    fn from(result: ToolResult) -> Self {
        let (members, document) = result.into_parts();
        let written = document.map(WrittenResult::Document);
        Self { members, written }
    }
}

impl Deref for ResultObject {
    type Target = JsonObject;

    fn deref(&self) -> &JsonObject {
        &self.members
    }
}

impl ResultObject {
    /// Appends its JSON.
    fn write(&self, bytes: &mut Vec<u8>) {
        let Some(written) = &self.written else {
            return append(bytes, &self.members);
        };
        let place = match written {
            WrittenResult::Document(_) => STRUCTURED,
            WrittenResult::List(member, _) => member,
        };
        let mut before = b'{';
        for (name, value) in &self.members {
            bytes.push(before);
            before = b',';
            append(bytes, name);
            bytes.push(b':');
            match written {
                _ if name != place => append(bytes, value),
                WrittenResult::Document(document) => {
                    bytes.extend_from_slice(document.get().as_bytes());
                }
                WrittenResult::List(_, items) => write_list(items, bytes),
            }
        }
        if self.members.is_empty() {
            bytes.push(before);
        }
        bytes.push(b'}');
    }
}

fn write_list(items: &[ListItem], bytes: &mut Vec<u8>) {
    bytes.reserve(
        items
            .iter()
            .filter_map(ListItem::text)
            .map(|text| text.len() + 1)
            .sum(),
    );
    bytes.push(b'[');
    for (number, item) in items.iter().enumerate() {
        if number > 0 {
            bytes.push(b',');
        }
        match item.text() {
            Some(text) => bytes.extend_from_slice(text.as_bytes()),
            None => append(bytes, &item.object()),
        }
    }
    bytes.push(b']');
}

/// The line of a reply. `id` is JSON text; `None` becomes `null`.
pub(crate) fn reply_line(id: Option<&str>, reply: &Reply) -> Vec<u8> {
    let id = id.unwrap_or("null");
    match reply {
        Ok(result) => line(id, "result", |bytes| result.write(bytes)),
        Err(error) => line(id, "error", |bytes| append(bytes, error)),
    }
}

/// The line of a notification.
pub(crate) fn notification_line(method: &str, params: &JsonObject) -> Vec<u8> {
    sent_line(None, method, params)
}

/// The line of a request to the client; `id` is JSON text.
pub(crate) fn question_line(id: &str, method: &str, params: &JsonObject) -> Vec<u8> {
    sent_line(Some(id), method, params)
}

fn sent_line(id: Option<&str>, method: &str, params: &JsonObject) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(LINE_BYTES);
    bytes.extend_from_slice(br#"{"jsonrpc":"2.0","#);
    if let Some(id) = id {
        bytes.extend_from_slice(format!("\"id\":{id},").as_bytes());
    }
    bytes.extend_from_slice(b"\"method\":");
    append(&mut bytes, &method);
    bytes.extend_from_slice(b",\"params\":");
    append(&mut bytes, params);
    bytes.extend_from_slice(b"}\n");
    bytes
}

/// Adapts a result to its revision.
///
/// # Errors
/// The legacy era only has complete results; others become an error there.
pub(crate) fn shape_result(
    mut outcome: ResultObject,
    revision: ProtocolRevision,
    server_info: &Value,
) -> Reply {
    let result = &mut outcome.members;
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
            Ok(outcome)
        }
        Era::Legacy => {
            if result
                .get("resultType")
                .is_some_and(|kind| kind != "complete")
            {
                return Err(ErrorObject::internal(
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
            Ok(outcome)
        }
    }
}

/// One page of a list as a result, not yet adapted to its era.
pub(crate) fn list_result(member: &str, page: Page, cache: CacheHint) -> ResultObject {
    let CacheHint { ttl_ms, scope } = cache;
    let mut result = JsonObject::new();
    result.insert(member.to_owned(), Value::Null);
    if let Some(next) = page.next {
        result.insert("nextCursor".to_owned(), Value::String(next));
    }
    result.insert("ttlMs".to_owned(), json!(ttl_ms));
    result.insert("cacheScope".to_owned(), json!(scope.as_str()));
    ResultObject {
        members: result,
        written: Some(WrittenResult::List(member.to_owned(), page.items)),
    }
}

/// Adds a no-caching hint where one is required and the host gave none.
pub(crate) fn with_cache_hint(mut result: JsonObject) -> JsonObject {
    let is_complete = result
        .get("resultType")
        .is_none_or(|kind| kind == "complete");
    if is_complete {
        let CacheHint { ttl_ms, scope } = CacheHint::default();
        result.entry("ttlMs").or_insert_with(|| json!(ttl_ms));
        result
            .entry("cacheScope")
            .or_insert_with(|| json!(scope.as_str()));
    }
    result
}

/// Whether serialising the reply takes longer than a millisecond. Stops counting once that is
/// certain.
pub(crate) fn is_large(reply: &Reply) -> bool {
    let Ok(result) = reply else { return false };
    let mut left: Vec<&Value> = result.values().collect();
    let mut weight = match &result.written {
        None => 0,
        // It is copied as it is, and yet not for nothing.
        Some(WrittenResult::Document(text)) => text.get().len(),
        Some(WrittenResult::List(_, items)) => {
            left.extend(
                items
                    .iter()
                    .filter_map(ListItem::object)
                    .flat_map(JsonObject::values),
            );
            let texts = items.iter().filter_map(ListItem::text);
            texts.map(str::len).sum::<usize>() / COPIED
        }
    };
    while let Some(value) = left.pop() {
        weight += VALUE_BYTES;
        match value {
            Value::String(text) => weight += text.len(),
            // Takes no more than can still matter.
            Value::Array(values) => left.extend(values.iter().take(LARGE / VALUE_BYTES)),
            Value::Object(members) => left.extend(members.values().take(LARGE / VALUE_BYTES)),
            _ => {}
        }
        if weight > LARGE || left.len() > LARGE / VALUE_BYTES {
            return true;
        }
    }
    false
}

fn line(id: &str, member: &str, body: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(LINE_BYTES);
    bytes.extend_from_slice(br#"{"jsonrpc":"2.0","id":"#);
    bytes.extend_from_slice(id.as_bytes());
    bytes.extend_from_slice(b",\"");
    bytes.extend_from_slice(member.as_bytes());
    bytes.extend_from_slice(b"\":");
    body(&mut bytes);
    bytes.extend_from_slice(b"}\n");
    bytes
}

/// Appends `body` as JSON. Writing to memory cannot fail; if it did, the member would become `null`
/// instead of breaking the line.
fn append(bytes: &mut Vec<u8>, body: &impl Serialize) {
    let start = bytes.len();
    if serde_json::to_writer(&mut *bytes, body).is_err() {
        bytes.truncate(start);
        bytes.extend_from_slice(b"null");
    }
}

const SERVER_INFO: &str = "io.modelcontextprotocol/serverInfo";

/// Smaller replies take well under a millisecond.
const LARGE: usize = 64 * 1024;
/// Weight of a value besides its text.
const VALUE_BYTES: usize = 16;

/// How many bytes are copied while one is serialised.
const COPIED: usize = 64;

/// Room for a short reply in one allocation.
const LINE_BYTES: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::HostError;

    fn object(value: Value) -> JsonObject {
        value.as_object().unwrap().clone()
    }

    fn shaped(result: Value, revision: ProtocolRevision) -> Value {
        let shaped = shape_result(object(result).into(), revision, &json!({"name": "s"}));
        let mut written = Vec::new();
        shaped.unwrap().write(&mut written);
        serde_json::from_slice(&written).unwrap()
    }

    #[test]
    fn a_reply_is_large_by_its_text_and_by_its_values() {
        let large = |result: Value| is_large(&Ok(object(result).into()));
        assert!(!large(
            json!({"text": "x".repeat(LARGE / 2), "list": [1, 2, [3]]})
        ));
        assert!(large(json!({"a": {"b": ["x".repeat(LARGE)]}})));
        assert!(large(json!({"list": vec![1; LARGE]})));
        assert!(large(
            json!({"list": vec![json!([1, 2]); LARGE / VALUE_BYTES / 2]})
        ));
        assert!(!is_large(&Err(ErrorObject::parse_error())));
    }

    #[test]
    fn lines_are_whole() {
        let reply = Ok(object(json!({"text": "two\nlines"})).into());
        assert_eq!(
            String::from_utf8(reply_line(Some("1.0"), &reply)).unwrap(),
            "{\"jsonrpc\":\"2.0\",\"id\":1.0,\"result\":{\"text\":\"two\\nlines\"}}\n"
        );
        assert_eq!(
            String::from_utf8(reply_line(None, &Err(ErrorObject::parse_error()))).unwrap(),
            "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,\"message\":\"the line is not JSON\"}}\n"
        );
    }

    #[test]
    fn a_document_is_written_in_its_place() {
        let line = |result: ToolResult| reply_line(Some("1"), &Ok(result.into()));
        let document = json!({"b": [1.0, "\u{7f}"], "a": null});
        let meta = || object(json!({"vendor": 1}));
        let raw = ToolResult::text("x").with_document(&document);
        let built = ToolResult::text("x").with_structured_content(document);
        assert_eq!(line(raw.with_meta(meta())), line(built.with_meta(meta())));
        let long = ToolResult::text("x").with_document(&"x".repeat(LARGE));
        assert!(is_large(&Ok(long.into())));
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
        let reply = shape_result(result.into(), ProtocolRevision::V2025_11_25, &Value::Null);
        assert_eq!(reply.unwrap_err().code(), -32603);
    }

    #[test]
    fn a_passed_on_error_is_unchanged() {
        let error = HostError::Rpc {
            code: -9_000_000_000,
            message: "m".to_owned(),
            data: Some(Value::Null),
        };
        let line = reply_line(Some("1"), &Err(ErrorObject::of_host(error, Era::Modern)));
        assert_eq!(
            String::from_utf8(line).unwrap(),
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-9000000000,\"message\":\"m\",\"data\":null}}\n"
        );
    }
}
