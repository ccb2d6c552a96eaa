//! A one-line summary of a tool: parameters and purpose.

use serde_json::Value;
use synapse_core::redact::printable_line;
use synapse_mcp::JsonObject;

use super::first_sentence;

/// `name(path: string, head?: integer) [read] - What it does.` Lists every required parameter and
/// the first optional ones.
pub(crate) fn signature(tool: &JsonObject, is_reader: IsReader) -> String {
    let name = text(tool, "name");
    let schema = tool.get("inputSchema").and_then(Value::as_object);
    let required = required(schema);
    let properties = schema.and_then(|schema| schema.get("properties")?.as_object());
    let kind = |name: &str| {
        let schema = properties.and_then(|properties| properties.get(name));
        schema.map_or("any".to_owned(), kind)
    };
    let mut parameters: Vec<String> = required
        .iter()
        .map(|name| format!("{name}: {}", kind(name)))
        .collect();
    let optional: Vec<&String> = properties
        .into_iter()
        .flat_map(|properties| properties.keys())
        .filter(|name| !required.contains(&name.as_str()))
        .collect();
    let shown = optional.iter().take(MOST_OPTIONAL);
    parameters.extend(shown.map(|name| format!("{name}?: {}", kind(name))));
    if optional.len() > MOST_OPTIONAL {
        parameters.push("…".to_owned());
    }
    let mark = match is_reader {
        IsReader::Pinned => " [read]",
        IsReader::No => "",
    };
    let about: String = match text(tool, "description") {
        "" => text(tool, "title"),
        description => first_sentence(description),
    }
    .chars()
    .take(MOST_CHARACTERS)
    .collect();
    printable_line(&format!(
        "{name}({}){mark} - {about}",
        parameters.join(", ")
    ))
}

/// Whether a tool was approved as read-only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IsReader {
    Pinned,
    No,
}

/// The required parameters missing in `arguments`.
pub(crate) fn missing(tool: &JsonObject, arguments: &JsonObject) -> Vec<String> {
    let schema = tool.get("inputSchema").and_then(Value::as_object);
    required(schema)
        .into_iter()
        .filter(|name| !arguments.contains_key(*name))
        .map(str::to_owned)
        .collect()
}

fn required(schema: Option<&JsonObject>) -> Vec<&str> {
    let required = schema.and_then(|schema| schema.get("required")?.as_array());
    let names = required.into_iter().flatten();
    names.filter_map(Value::as_str).collect()
}

/// The type of a parameter in a few words.
fn kind(schema: &Value) -> String {
    if let Some(choices) = schema.get("enum").and_then(Value::as_array) {
        let shown: Vec<String> = choices
            .iter()
            .take(MOST_CHOICES)
            .map(|choice| match choice {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            })
            .collect();
        let more = if choices.len() > MOST_CHOICES {
            "|…"
        } else {
            ""
        };
        return format!("{}{more}", shown.join("|"));
    }
    match schema.get("type") {
        Some(Value::String(kind)) if kind == "array" => match schema.get("items") {
            Some(items) => format!("{}[]", self::kind(items)),
            None => "array".to_owned(),
        },
        Some(Value::String(kind)) => kind.clone(),
        Some(Value::Array(kinds)) => {
            let kinds: Vec<&str> = kinds.iter().filter_map(Value::as_str).collect();
            kinds.join("|")
        }
        _ => "any".to_owned(),
    }
}

fn text<'a>(tool: &'a JsonObject, member: &str) -> &'a str {
    tool.get(member).and_then(Value::as_str).unwrap_or_default()
}

const MOST_OPTIONAL: usize = 4;
const MOST_CHOICES: usize = 6;
const MOST_CHARACTERS: usize = 120;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_has_every_required_parameter() {
        let tool = json!({
            "name": "files__edit",
            "description": "Edits a file. More about it.",
            "inputSchema": {
                "type": "object",
                "properties": {
                    "dry": {"type": "boolean"},
                    "path": {"type": "string"},
                    "edits": {"type": "array", "items": {"type": "object"}},
                    "mode": {"enum": ["a", "b"]},
                },
                "required": ["path", "edits", "mode", "undeclared"],
            },
        });
        let tool = tool.as_object().unwrap();
        assert_eq!(
            signature(tool, IsReader::Pinned),
            "files__edit(path: string, edits: object[], mode: a|b, undeclared: any, dry?: boolean) \
             [read] - Edits a file."
        );
        let arguments = json!({"path": "x", "mode": "a"});
        assert_eq!(
            missing(tool, arguments.as_object().unwrap()),
            ["edits", "undeclared"]
        );
    }
}
