//! Converts a `server.json` of the MCP registry to an entry. Packages are pinned to the version in
//! the file; secret values become references.

use std::path::Path;

use serde_json::{Map, Value, json};
use synapse_core::error::{Code, Failure};
use synapse_core::redact::printable_line;

/// The entry that the file at `path` describes, and the commands that set its secrets.
///
/// # Errors
/// `config.not-found`, `config.syntax`, `upstream.unsupported` when it has nothing that can run
/// here.
pub(super) fn entry(path: &Path) -> Result<(Map<String, Value>, Vec<String>), Failure> {
    let shown = printable_line(&path.display().to_string());
    let bytes = synapse_files::read(path, LIMIT)
        .map_err(|error| {
            Failure::new(Code::StorageUnavailable, format!("{shown} cannot be read"))
                .caused_by(&error)
        })?
        .ok_or_else(|| {
            Failure::new(Code::ConfigNotFound, format!("{shown} is not there"))
                .hint("give a URL, the path of a server.json, or a command after `--`")
        })?;
    let document: Value = serde_json::from_slice(&bytes).map_err(|error| {
        Failure::new(Code::ConfigSyntax, format!("{shown} is not a server.json")).caused_by(&error)
    })?;
    let mut draft = Draft::default();
    let remotes = list(&document, "remotes");
    let packages = list(&document, "packages");
    let found = remotes
        .iter()
        .find_map(|remote| draft.remote(remote))
        .or_else(|| packages.iter().find_map(|package| draft.package(package)));
    let Some(mut entry) = found else {
        return Err(Failure::new(
            Code::UpstreamUnsupported,
            format!("{shown} has nothing that can be used here"),
        )
        .cause(
            "a remote of type streamable-http, or a package of npm, pypi, oci or nuget, is needed",
        ));
    };
    if let Some(description) = text(&document, "description") {
        entry.insert("note".to_owned(), json!(description));
    }
    Ok((entry, draft.to_set))
}

/// Collects the parts of an entry.
#[derive(Default)]
struct Draft {
    to_set: Vec<String>,
}

impl Draft {
    fn remote(&mut self, remote: &Value) -> Option<Map<String, Value>> {
        let kind = text(remote, "type").or_else(|| text(remote, "transport_type"))?;
        if !matches!(kind, "streamable-http" | "streamable" | "http") {
            return None;
        }
        let mut entry = Map::new();
        entry.insert("type".to_owned(), json!("streamable-http"));
        entry.insert("url".to_owned(), json!(text(remote, "url")?));
        let headers = self.values(&list(remote, "headers"));
        if !headers.is_empty() {
            entry.insert("headers".to_owned(), Value::Object(headers));
        }
        Some(entry)
    }

    fn package(&mut self, package: &Value) -> Option<Map<String, Value>> {
        let identifier = text(package, "identifier").or_else(|| text(package, "name"))?;
        let kind = text(package, "registryType").or_else(|| text(package, "registry_name"))?;
        let transport = package.get("transport").and_then(|each| text(each, "type"));
        if transport.is_some_and(|word| word != "stdio") {
            return None;
        }
        let version = text(package, "version").filter(|version| *version != "latest");
        let versioned = |separator: &str| match version {
            Some(version) => format!("{identifier}{separator}{version}"),
            None => identifier.to_owned(),
        };
        let (command, mut words) = match kind {
            "npm" => ("npx", vec!["-y".to_owned(), versioned("@")]),
            "pypi" => ("uvx", vec![versioned("@")]),
            "oci" | "docker" => {
                let words = ["run", "-i", "--rm"].map(str::to_owned);
                ("docker", [&words[..], &[versioned(":")]].concat())
            }
            "nuget" => ("dnx", vec![versioned("@"), "--yes".to_owned()]),
            _ => return None,
        };
        for argument in list(package, "packageArguments") {
            words.extend(argument_words(&argument)?);
        }
        let mut entry = Map::new();
        entry.insert("type".to_owned(), json!("stdio"));
        entry.insert("command".to_owned(), json!(command));
        entry.insert("args".to_owned(), json!(words));
        let variables = self.values(&list(package, "environmentVariables"));
        if !variables.is_empty() {
            entry.insert("env".to_owned(), Value::Object(variables));
        }
        Some(entry)
    }

    /// Variables or headers: a fixed value, a default, a reference for a secret, otherwise a
    /// variable.
    fn values(&mut self, declared: &[Value]) -> Map<String, Value> {
        let mut values = Map::new();
        for each in declared {
            let Some(name) = text(each, "name") else {
                continue;
            };
            let flag = |key: &str| each.get(key).and_then(Value::as_bool).unwrap_or_default();
            let fixed = text(each, "value").filter(|value| !value.contains('{'));
            let value = match (fixed, flag("isSecret"), text(each, "default")) {
                (Some(fixed), false, _) => fixed.to_owned(),
                (_, true, _) => {
                    let account = account(name);
                    self.to_set
                        .push(format!("synapse secret set keyring:{account}"));
                    let scheme = text(each, "value")
                        .filter(|value| value.starts_with("Bearer "))
                        .map_or("", |_| "Bearer ");
                    format!("{scheme}${{keyring:{account}}}")
                }
                (None, false, Some(default)) => default.to_owned(),
                (None, false, None) if flag("isRequired") => format!("${{{}}}", variable(name)),
                (None, false, None) => continue,
            };
            values.insert(name.to_owned(), json!(value));
        }
        values
    }
}

/// The words of one argument; `None` when it needs a value that the file does not have.
fn argument_words(argument: &Value) -> Option<Vec<String>> {
    let value = text(argument, "value").or_else(|| text(argument, "default"));
    let is_required = argument
        .get("isRequired")
        .and_then(Value::as_bool)
        .unwrap_or_default();
    let name = text(argument, "name").filter(|_| text(argument, "type") == Some("named"));
    match (name, value) {
        (Some(name), Some(value)) => Some(vec![name.to_owned(), value.to_owned()]),
        (None, Some(value)) => Some(vec![value.to_owned()]),
        (_, None) if is_required => {
            let hint = text(argument, "valueHint").or(name).unwrap_or("VALUE");
            Some(vec![format!("${{{}}}", variable(hint))])
        }
        (_, None) => Some(Vec::new()),
    }
}

/// A variable name similar to `name`.
fn variable(name: &str) -> String {
    let fits = |each: char| {
        if each.is_ascii_alphanumeric() {
            each.to_ascii_uppercase()
        } else {
            '_'
        }
    };
    let name: String = name.trim_start_matches('-').chars().map(fits).collect();
    if name.starts_with(|first: char| first.is_ascii_digit()) {
        format!("_{name}")
    } else {
        name
    }
}

/// The name of the keyring entry for `name`.
pub(super) fn account(name: &str) -> String {
    variable(name).to_ascii_lowercase().replace('_', "-")
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}

fn list(value: &Value, key: &str) -> Vec<Value> {
    let found = value.get(key).and_then(Value::as_array);
    found.cloned().unwrap_or_default()
}

const LIMIT: u64 = 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn of(document: &Value) -> (Map<String, Value>, Vec<String>) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("server.json");
        std::fs::File::create(&path).unwrap();
        serde_json::to_writer(std::fs::File::create(&path).unwrap(), document).unwrap();
        entry(&path).unwrap()
    }

    #[test]
    fn a_package_runs_in_its_version_and_its_secrets_become_references() {
        let (entry, to_set) = of(&json!({
            "name": "io.example/x", "description": "does x",
            "packages": [{"registryType": "npm", "identifier": "@example/x", "version": "1.2.3",
                "transport": {"type": "stdio"},
                "packageArguments": [{"type": "positional", "valueHint": "dir", "isRequired": true},
                                     {"type": "named", "name": "--port", "value": "80"}],
                "environmentVariables": [{"name": "X_TOKEN", "isSecret": true, "isRequired": true},
                                         {"name": "X_MODE", "default": "fast"},
                                         {"name": "X_OPTIONAL"}]}]
        }));
        assert_eq!(entry["command"], "npx");
        assert_eq!(
            entry["args"],
            json!(["-y", "@example/x@1.2.3", "${DIR}", "--port", "80"])
        );
        assert_eq!(
            entry["env"],
            json!({"X_TOKEN": "${keyring:x-token}", "X_MODE": "fast"})
        );
        assert_eq!(to_set, ["synapse secret set keyring:x-token"]);
    }

    #[test]
    fn a_remote_is_preferred_and_sse_passed_over() {
        let (entry, _) = of(&json!({
            "name": "io.example/x",
            "remotes": [{"type": "sse", "url": "https://a.example/sse"},
                        {"type": "streamable-http", "url": "https://a.example/mcp",
                         "headers": [{"name": "Authorization", "value": "Bearer {token}",
                                      "isSecret": true}]}],
            "packages": []
        }));
        assert_eq!(entry["url"], "https://a.example/mcp");
        assert_eq!(
            entry["headers"],
            json!({"Authorization": "Bearer ${keyring:authorization}"})
        );
    }
}
