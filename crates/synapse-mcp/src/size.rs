//! Estimates the memory of a parsed message. Text keeps its size; a small value, such as a two-byte
//! number in a list, grows fortyfold.

use serde_json::Value;

/// Whether `values` weigh more than `limit`: the bytes of their texts and keys, and [`A_VALUE`] for
/// each. Looks at no more of them than it needs to know.
pub fn outweigh<'a>(values: impl IntoIterator<Item = &'a Value>, limit: usize) -> bool {
    let mut room = limit;
    !values.into_iter().all(|value| fits(value, &mut room))
}

/// Whether `value` fits into `room`, which it takes up. Parsing limited the depth.
fn fits(value: &Value, room: &mut usize) -> bool {
    let text = value.as_str().map_or(0, str::len);
    let Some(left) = room.checked_sub(A_VALUE + text) else {
        return false;
    };
    *room = left;
    match value {
        Value::Array(items) => items.iter().all(|item| fits(item, room)),
        Value::Object(members) => members.iter().all(|(key, member)| {
            *room = room.saturating_sub(key.len());
            fits(member, room)
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}

/// The weight of a value beside its text.
pub const A_VALUE: usize = 64;
/// Values of less weight are copied, counted or written in a fraction of a millisecond.
pub const LARGE: usize = 128 * 1024;

/// Whether valid `json` contains more than [`MAX_VALUES`] values. Skips strings: a long prompt is
/// one value.
pub(crate) fn has_too_many_values(json: &str) -> bool {
    // Every value takes at least one byte.
    json.len() > MAX_VALUES && count_values(json, MAX_VALUES) > MAX_VALUES
}

/// The number of values in `json`, counting to just above `limit`.
#[must_use]
pub fn count_values(json: &str, limit: usize) -> usize {
    let mut values = 0_usize;
    let mut in_string = false;
    let mut bytes = json.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => in_string = !in_string,
            b'\\' if in_string => drop(bytes.next()),
            b',' | b'[' | b'{' if !in_string => {
                values += 1;
                if values > limit {
                    break;
                }
            }
            _ => {}
        }
    }
    values
}

/// Maximum values in the parameters of a message, about 30 MB.
pub const MAX_VALUES: usize = 100_000;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_keys_and_numbers_of_values_weigh() {
        let half = || json!("x".repeat(LARGE / 2));
        for (value, is_large) in [
            (json!({"a": [1, "x", {"b": null}]}), false),
            (half(), false),
            (json!("x".repeat(LARGE)), true),
            (json!([[half(), half()]]), true),
            (json!(vec![1; LARGE / A_VALUE]), true),
            (json!({ "k".repeat(LARGE): 1 }), true),
        ] {
            assert_eq!(outweigh([&value], LARGE), is_large);
        }
        assert!(outweigh([&half(), &half()], LARGE), "together");
    }

    #[test]
    fn values_count_and_text_does_not() {
        let list =
            |element: &str, count: usize| format!("[{}1]", format!("{element},").repeat(count));
        assert!(!has_too_many_values(&list("1", MAX_VALUES - 1)));
        assert!(has_too_many_values(&list("1", MAX_VALUES)));
        assert!(has_too_many_values(&list("[]", MAX_VALUES / 2)));
        assert!(has_too_many_values(&"[".repeat(2 * MAX_VALUES + 2)));
        let text = r#",[{\",[{"#.repeat(MAX_VALUES);
        assert!(!has_too_many_values(&format!(r#"{{"text":"{text}"}}"#)));
    }
}
