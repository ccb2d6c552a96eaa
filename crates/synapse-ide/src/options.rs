//! Options in the arguments of an entry: `--name value` and `--name=value`.

use serde_json::{Value, json};

/// The value of the option `name` in `arguments`, empty for a flag; `None` if absent.
pub(crate) fn option(arguments: &[Value], name: &str) -> Option<String> {
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let Some(word) = word.as_str() else { continue };
        if word == name {
            let value = words.next().and_then(Value::as_str);
            let value = value.filter(|value| !value.starts_with("--"));
            return Some(value.unwrap_or_default().to_owned());
        }
        if let Some(value) = word
            .strip_prefix(name)
            .and_then(|rest| rest.strip_prefix('='))
        {
            return Some(value.to_owned());
        }
    }
    None
}

/// Sets the option `name` in `arguments` once, at its first position or else at the end.
pub(crate) fn with_option(arguments: &[Value], name: &str, value: Option<&str>) -> Vec<Value> {
    let given = || std::iter::once(json!(name)).chain(value.map(|value| json!(value)));
    let mut new = Vec::with_capacity(arguments.len() + 2);
    let mut is_written = false;
    let mut words = arguments.iter().peekable();
    while let Some(word) = words.next() {
        let text = word.as_str().unwrap_or_default();
        let inline = text
            .strip_prefix(name)
            .is_some_and(|rest| rest.starts_with('='));
        if text != name && !inline {
            new.push(word.clone());
            continue;
        }
        if text == name && value.is_some() {
            words.next();
        }
        if !is_written {
            new.extend(given());
            is_written = true;
        }
    }
    if !is_written {
        new.extend(given());
    }
    new
}
