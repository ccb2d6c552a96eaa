//! Variables as other clients write them, in our form.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use synapse_core::upstream::{UpstreamName, is_variable};
use synapse_ide::Client;

use crate::command::hub::registry;

/// The directories that a path of a client's file may begin with. Our `envFile` takes no variables.
pub(super) struct Here {
    pub(super) home: Option<PathBuf>,
    pub(super) project: Option<PathBuf>,
}

impl Here {
    fn path(&self, text: &str) -> String {
        let all = [
            ("${workspaceFolder}", &self.project),
            (USER_HOME, &self.home),
        ];
        all.into_iter().fold(text.to_owned(), |text, (name, path)| {
            match path.as_deref().and_then(Path::to_str) {
                Some(path) => text.replace(name, path),
                None => text,
            }
        })
    }
}

/// Variables that are named and not written out become members of `env`: Codex takes them from its
/// environment, Goose from its own keyring.
pub(super) fn named_variables(
    server: &UpstreamName,
    entry: &mut Map<String, Value>,
    to_set: &mut Vec<String>,
) {
    for key in ["env_vars", "env_keys"] {
        let Some(Value::Array(listed)) = entry.remove(key) else {
            continue;
        };
        let names = listed.iter().filter_map(|each| match each {
            Value::String(name) => Some(name.as_str()),
            each => each.get("name").and_then(Value::as_str),
        });
        let own = ENVIRONMENT.into_iter().find(|own| entry.contains_key(*own));
        let variables = entry.entry(own.unwrap_or("env")).or_insert(json!({}));
        let Value::Object(variables) = variables else {
            continue;
        };
        for name in names.filter(|name| is_variable(name)) {
            if variables.contains_key(name) {
                continue;
            }
            let value = match key {
                "env_keys" => {
                    let account = format!("{server}-{}", registry::account(name));
                    to_set.push(format!("synapse secret set keyring:{account}"));
                    format!("${{keyring:{account}}}")
                }
                _ => format!("${{{name}}}"),
            };
            variables.insert(name.to_owned(), json!(value));
        }
    }
}

/// Program, arguments, directory and URL, in which clients expand variables too.
pub(super) fn visible(
    client: &Client,
    here: &Here,
    mut entry: Map<String, Value>,
) -> Map<String, Value> {
    if let Some(Value::String(file)) = entry.get_mut("envFile") {
        *file = here.path(file);
    }
    let ours = |text: &str| {
        if client.expands_bare_names() {
            in_our_form(text)
        } else {
            with_braces(text)
        }
    };
    for key in VISIBLE {
        match entry.get_mut(key) {
            Some(Value::String(text)) => *text = ours(text),
            Some(Value::Array(words)) => {
                for word in words {
                    if let Value::String(text) = word {
                        *text = ours(text);
                    }
                }
            }
            _ => {}
        }
    }
    entry
}

/// `text` with the variables of other programs in our form: `${input:a-key}` (VS Code), `{env:A_KEY}`
/// and `{file:~/key}` (opencode), `${{ secrets.A_KEY }}` (Continue) and `$A_KEY` (Gemini CLI, Crush)
/// as `${A_KEY}` and `${file:~/key}`.
pub(super) fn in_our_form(text: &str) -> String {
    let text = with_braces(text);
    let words = text.split(' ').map(|word| {
        let bare = word.strip_prefix('$').filter(|name| is_variable(name));
        bare.map_or_else(|| word.to_owned(), |name| format!("${{{name}}}"))
    });
    words.collect::<Vec<_>>().join(" ")
}

fn with_braces(text: &str) -> String {
    let home = format!("${{{HOME}}}");
    let text = text.replace(USER_HOME, &home);
    let text = between(&text, "${{ secrets.", " }}", |name| {
        is_variable(name).then(|| format!("${{{name}}}"))
    });
    let text = between(&text, "{env:", "}", |name| {
        is_variable(name).then(|| format!("${{{name}}}"))
    });
    let text = between(&text, "{file:", "}", |path| {
        path.starts_with(['/', '~'])
            .then(|| format!("${{file:{path}}}"))
    });
    between(&text, "${input:", "}", |id| Some(input(id)))
}

/// A question of VS Code becomes the variable of its id, in the letters of a variable.
fn input(id: &str) -> String {
    let name: String = id
        .chars()
        .map(|each| {
            if each.is_ascii_alphanumeric() {
                each.to_ascii_uppercase()
            } else {
                '_'
            }
        })
        .collect();
    if is_variable(&name) {
        format!("${{{name}}}")
    } else {
        format!("${{_{name}}}")
    }
}

/// `text` with each part between `open` and `close` replaced, unless a `$` before it makes it ours.
fn between(
    text: &str,
    open: &str,
    close: &str,
    replaced: impl Fn(&str) -> Option<String>,
) -> String {
    let mut done = String::new();
    let mut left = text;
    while let Some((before, rest)) = left.split_once(open) {
        done.push_str(before);
        let is_ours = before.ends_with('$') && !open.starts_with('$');
        let found = rest.split_once(close).filter(|_| !is_ours);
        match found.and_then(|(inside, after)| Some((replaced(inside)?, after))) {
            Some((ours, after)) => {
                done.push_str(&ours);
                left = after;
            }
            None => {
                done.push_str(open);
                left = rest;
            }
        }
    }
    done + left
}

const USER_HOME: &str = "${userHome}";
const HOME: &str = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
const ENVIRONMENT: [&str; 3] = ["env", "environment", "envs"];
const VISIBLE: [&str; 12] = [
    "command",
    "cmd",
    "args",
    "arguments",
    "cwd",
    "working_directory",
    "workingDirectory",
    "url",
    "uri",
    "httpUrl",
    "serverUrl",
    "endpoint",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_of_other_programs_come_over_in_our_form() {
        for (text, ours) in [
            ("${input:perplexity-key}", "${PERPLEXITY_KEY}"),
            ("Bearer ${input:tok}", "Bearer ${TOK}"),
            ("${input:1a}/${input:b}", "${_1A}/${B}"),
            ("${input:open", "${input:open"),
            ("Bearer {env:A_KEY}", "Bearer ${A_KEY}"),
            ("x{env:A}y{env:B}", "x${A}y${B}"),
            ("{file:~/a.token}", "${file:~/a.token}"),
            ("{file:./a.token}", "{file:./a.token}"),
            ("${file:/a}", "${file:/a}"),
            ("Bearer ${{ secrets.A_KEY }}", "Bearer ${A_KEY}"),
            ("${{ secrets.a b }}", "${{ secrets.a b }}"),
            ("$(pass show a)", "$(pass show a)"),
            ("$A_KEY", "${A_KEY}"),
            ("${env:A_KEY}", "${env:A_KEY}"),
            ("a $5 b", "a $5 b"),
            ("plain", "plain"),
            ("", ""),
        ] {
            assert_eq!(in_our_form(text), ours, "{text}");
        }
    }

    #[test]
    fn named_variables_become_members_of_the_environment() {
        let server: UpstreamName = "s".parse().unwrap();
        let entry = json!({
            "envs": {"A": "1"}, "env_keys": ["A", "B_KEY"],
            "env_vars": ["C", {"name": "D", "source": "local"}, "not a name", 7],
        });
        let mut entry = entry.as_object().unwrap().clone();
        let mut to_set = Vec::new();
        named_variables(&server, &mut entry, &mut to_set);
        let envs = json!({"A": "1", "B_KEY": "${keyring:s-b-key}", "C": "${C}", "D": "${D}"});
        assert_eq!(Value::Object(entry), json!({"envs": envs}));
        assert_eq!(to_set, ["synapse secret set keyring:s-b-key"]);
    }
}
