//! Estimates the memory of a parsed message. Text keeps its size; a small value, such as a two-byte
//! number in a list, grows fortyfold.

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
    use super::*;

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
