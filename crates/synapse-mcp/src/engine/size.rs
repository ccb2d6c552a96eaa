//! How much memory a message may take once it is parsed. Text stays as long as it is; a value of
//! two bytes, such as a number in a list, becomes one of forty times that size.

/// Whether `json`, which is valid, holds more than [`MAX_VALUES`] values. Strings are passed over:
/// a long prompt is not many values.
pub(crate) fn has_too_many_values(json: &str) -> bool {
    // What counts takes a byte at least.
    json.len() > MAX_VALUES && count_values(json, MAX_VALUES) > MAX_VALUES
}

/// The number of values in `json`, or more than `limit`, from which on nobody counts.
pub(crate) fn count_values(json: &str, limit: usize) -> usize {
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

/// The most values that the parameters of one message may hold. They take some 30 MB.
pub(crate) const MAX_VALUES: usize = 100_000;

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
