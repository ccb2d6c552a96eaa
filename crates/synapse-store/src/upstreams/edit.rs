//! Edits `mcp-servers.json`, preserving comments, layout and other entries.

use jsonc_parser::cst::{CstInputValue, CstObject, CstRootNode};
use serde_json::{Map, Value};
use synapse_core::upstream::UpstreamName;
use synapse_core::{Code, Failure, Remedy};
use synapse_home::failure::shown;

use super::Offering;
use super::source::UpstreamsText;
use super::tree::OPTIONS;

/// Appends the entry.
pub(super) fn insert(
    source: &UpstreamsText,
    wrapper: Option<&str>,
    name: &UpstreamName,
    entry: &Map<String, Value>,
) -> Result<String, Failure> {
    let text = if source.text.trim().is_empty() {
        // A new file has the shape other programs read.
        "{\n  \"mcpServers\": {}\n}\n"
    } else {
        &source.text
    };
    let wrapper = if source.text.trim().is_empty() {
        Some("mcpServers")
    } else {
        wrapper
    };
    let root = parse(source, text)?;
    let top = root.object_value_or_create().ok_or_else(|| odd(source))?;
    let servers = match wrapper {
        Some(key) => top.object_value_or_create(key).ok_or_else(|| odd(source))?,
        None => top,
    };
    if property(&servers, name.as_str()).is_some() {
        return Err(already_there(source, name));
    }
    servers.append(name.as_str(), input(&Value::Object(entry.clone())));
    let mut changed = root.to_string();
    if text.ends_with('\n') && !changed.ends_with('\n') {
        changed.push('\n');
    }
    Ok(changed)
}

/// Removes the entry.
pub(super) fn remove(
    source: &UpstreamsText,
    wrapper: Option<&str>,
    name: &str,
) -> Result<String, Failure> {
    let root = parse(source, &source.text)?;
    let top = root.object_value().ok_or_else(|| odd(source))?;
    let servers = match wrapper {
        Some(key) => top.object_value(key).ok_or_else(|| odd(source))?,
        None => top,
    };
    let found = property(&servers, name).ok_or_else(|| odd(source))?;
    found.remove();
    Ok(root.to_string())
}

/// Adds `tool` to `tools.deny` of an entry, or removes it.
pub(super) fn offer(
    source: &UpstreamsText,
    wrapper: Option<&str>,
    name: &str,
    tool: &str,
    offering: Offering,
) -> Result<String, Failure> {
    let root = parse(source, &source.text)?;
    let top = root.object_value().ok_or_else(|| odd(source))?;
    let servers = match wrapper {
        Some(key) => top.object_value(key).ok_or_else(|| odd(source))?,
        None => top,
    };
    let denied = servers
        .object_value(name)
        .and_then(|entry| entry.object_value_or_create("tools"))
        .and_then(|tools| tools.array_value_or_create("deny"))
        .ok_or_else(|| odd(source))?;
    for element in denied.elements() {
        let text = element
            .as_string_lit()
            .and_then(|text| text.decoded_value().ok());
        if text.as_deref() == Some(tool) {
            element.remove();
        }
    }
    if offering == Offering::Denied {
        denied.append(CstInputValue::String(tool.to_owned()));
    }
    Ok(root.to_string())
}

fn property(object: &CstObject, name: &str) -> Option<jsonc_parser::cst::CstObjectProp> {
    object
        .properties()
        .into_iter()
        .find(|property| property.decoded_name().as_deref() == Some(name))
}

fn parse(source: &UpstreamsText, text: &str) -> Result<CstRootNode, Failure> {
    CstRootNode::parse(text, &OPTIONS).map_err(|_| odd(source))
}

fn odd(source: &UpstreamsText) -> Failure {
    Failure::new(
        Code::ConfigSyntax,
        format!("{} cannot be changed as it is written", shown(&source.path)),
    )
    .cause("the file was left as it was")
    .hint("make the change by hand")
    .with("file", shown(&source.path))
}

/// The failure of a name already in use.
pub(super) fn already_there(source: &UpstreamsText, name: &UpstreamName) -> Failure {
    Failure::new(
        Code::ConfigDuplicateName,
        format!(
            "a server called `{name}` is in {} already",
            shown(&source.path)
        ),
    )
    .cause("nothing was changed")
    .remedy(
        "remove it first, or pick another name",
        &Remedy::RemoveUpstream {
            server: name.clone(),
        },
    )
    .of_server(name)
}

fn input(value: &Value) -> CstInputValue {
    match value {
        Value::Null => CstInputValue::Null,
        Value::Bool(flag) => CstInputValue::Bool(*flag),
        Value::Number(number) => CstInputValue::Number(number.to_string()),
        Value::String(text) => CstInputValue::String(text.clone()),
        Value::Array(items) => CstInputValue::Array(items.iter().map(input).collect()),
        Value::Object(fields) => CstInputValue::Object(
            fields
                .iter()
                .map(|(name, value)| (name.clone(), input(value)))
                .collect(),
        ),
    }
}
