//! How `install` updates an existing entry. The entry belongs to the user: only the program's path,
//! fields required by the client's format, and explicitly given settings change.

use serde_json::{Value, json};
use synapse_core::credential::looks_like_token;
use synapse_core::redact::{is_opaque, printable};

use crate::client::{Client, CommandForm, Passing};
use crate::entry::{ARGUMENTS, COMMAND, Entry, is_location};
use crate::format::{self, Edit};
use crate::options::{option, with_option};

/// The edits that update an entry, and their effect on the user's settings.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Update {
    pub(crate) edits: Vec<Edit>,
    /// Notes for the preview, without values of variables.
    pub(crate) notes: Vec<String>,
}

/// Plans the edits of our entry `value`, at `place` of its file, so that it starts `entry`.
pub(crate) fn update(client: &Client, place: &[String], entry: &Entry, value: &Value) -> Update {
    let mut update = Update::default();
    let path = |rest: &[&str]| -> Vec<String> {
        let rest = rest.iter().map(|&key| key.to_owned());
        place.iter().cloned().chain(rest).collect()
    };
    for kind in client.shape.kind {
        let fits = match value.get(kind.field).and_then(Value::as_str) {
            Some(found) => found == kind.value || kind.also.contains(&found),
            None => kind.is_optional && value.get(kind.field).is_none(),
        };
        if !fits {
            let edit = Edit::Set(path(&[kind.field]), json!(kind.value));
            update.edits.push(edit);
        }
    }
    update.command(client, entry, value, &path);
    update.variables(client, entry, value, &path);
    update
}

impl Update {
    fn command(
        &mut self,
        client: &Client,
        entry: &Entry,
        value: &Value,
        path: &dyn Fn(&[&str]) -> Vec<String>,
    ) {
        let command = json!(entry.command());
        let list = |field: &str| value.get(field).and_then(Value::as_array).cloned();
        match client.shape.command {
            CommandForm::Apart(field) => {
                if value.get(field) != Some(&command) {
                    self.edits.push(Edit::Set(path(&[field]), command));
                }
                let old = list(ARGUMENTS).unwrap_or_default();
                let new = self.settings(entry, &old);
                if new != old {
                    self.edits.push(Edit::Set(path(&[ARGUMENTS]), json!(new)));
                }
            }
            CommandForm::Together => {
                let old = list(COMMAND).unwrap_or_default();
                let arguments = old.get(1..).unwrap_or_default();
                let mut new = vec![command];
                new.extend(self.settings(entry, arguments));
                if new != old {
                    self.edits.push(Edit::Set(path(&[COMMAND]), json!(new)));
                }
            }
        }
    }

    /// Replaces each explicitly given setting in the arguments.
    fn settings(&mut self, entry: &Entry, arguments: &[Value]) -> Vec<Value> {
        let mut new = arguments.to_vec();
        for setting in entry.settings() {
            let before = option(&new, setting.name);
            let after = with_option(&new, setting.name, setting.value);
            if after == new {
                continue;
            }
            new = after;
            let name = setting.name;
            let given = setting
                .value
                .map_or_else(|| name.to_owned(), |value| format!("{name} {value}"));
            self.notes.push(match before {
                Some(old) if old.is_empty() => format!("{given} is written once"),
                Some(old) => format!("{given} replaces {name} {}", shown(&old)),
                None => format!("{given} is added"),
            });
        }
        // Names only: a value may be anything.
        let kept: Vec<&str> = new
            .iter()
            .filter_map(Value::as_str)
            .filter(|word| word.starts_with("--"))
            .filter_map(|word| word.split('=').next())
            .filter(|name| !entry.settings().iter().any(|asked| asked.name == *name))
            .collect();
        if !kept.is_empty() {
            let kept = printable(&kept.join(" "));
            self.notes
                .push(format!("kept as it is: {kept}; --reset drops it"));
        }
        new
    }

    fn variables(
        &mut self,
        client: &Client,
        entry: &Entry,
        value: &Value,
        path: &dyn Fn(&[&str]) -> Vec<String>,
    ) {
        let field = client.shape.environment;
        let locations = entry.environment();
        for name in entry.passed() {
            let there = format::at(value, &[field, name]);
            let wanted = if is_location(name) {
                let location = locations.iter().find(|(each, _)| each == name);
                location.map(|(_, location)| (*location).to_owned())
            } else {
                match client.passing {
                    Some(Passing::Between(before, after)) => Some(format!("{before}{name}{after}")),
                    Some(Passing::Named(field)) => {
                        self.named(name, field, value, path);
                        continue;
                    }
                    None => continue,
                }
            };
            let place = path(&[field, name]);
            match (wanted, there) {
                (Some(wanted), there) if there != Some(&json!(wanted)) => {
                    self.edits.push(Edit::Set(place, json!(wanted)));
                    let verb = if there.is_some() { "replaced" } else { "added" };
                    self.notes.push(format!("the variable {name} is {verb}"));
                }
                (None, Some(_)) => {
                    self.edits.push(Edit::Remove(place));
                    self.notes.push(format!(
                        "the variable {name} is removed, because it is not set here"
                    ));
                }
                _ => {}
            }
        }
        // A process with another location would look at other files than the entry's server.
        for (name, here) in locations {
            let there = format::at(value, &[field, name]);
            let is_asked = entry.passed().iter().any(|passed| passed == name);
            if !is_asked && there != Some(&json!(here)) {
                self.notes.push(format!(
                    "{name} of the entry is kept and is not the one set here; `--pass-env {name}` \
                     replaces it"
                ));
            }
        }
    }

    /// Adds `name` to the list in `field`.
    fn named(
        &mut self,
        name: &str,
        field: &'static str,
        value: &Value,
        path: &dyn Fn(&[&str]) -> Vec<String>,
    ) {
        let mut names = value
            .get(field)
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        let is_there = |item: &Value| {
            item.as_str() == Some(name) || item.get("name").and_then(Value::as_str) == Some(name)
        };
        if !names.iter().any(is_there) {
            names.push(json!(name));
            // A value of that name takes precedence; it is the user's and stays.
            self.edits.push(Edit::Set(path(&[field]), json!(names)));
            self.notes.push(format!("the variable {name} is added"));
        }
    }
}

/// The value of one of our options; hides anything else.
fn shown(value: &str) -> &str {
    let is_plain = |each: char| each.is_ascii_alphanumeric() || "_-.,".contains(each);
    let is_secret = looks_like_token(value) || is_opaque(value);
    if value.chars().all(is_plain) && value.len() <= 64 && !is_secret {
        value
    } else {
        "…"
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn words(text: &str) -> Vec<Value> {
        text.split(' ').map(|word| json!(word)).collect()
    }

    #[test]
    fn a_value_that_may_be_a_secret_is_not_shown() {
        assert_eq!(shown("work-2,chat"), "work-2,chat");
        for hidden in ["Zq7mK2pX9vB4nL8tR5wY1cDf", "a b", "x=1"] {
            assert_eq!(shown(hidden), "…", "{hidden}");
        }
    }

    #[test]
    fn an_option_is_written_once_and_where_it_was() {
        for (before, name, value, after) in [
            ("serve", "--tools", Some("chat"), "serve --tools chat"),
            (
                "serve --tools usage --read-only",
                "--tools",
                Some("chat"),
                "serve --tools chat --read-only",
            ),
            (
                "serve --tools=usage -q",
                "--tools",
                Some("chat"),
                "serve --tools chat -q",
            ),
            (
                "serve --tools a --x --tools b",
                "--tools",
                Some("chat"),
                "serve --tools chat --x",
            ),
            (
                "serve --read-only x",
                "--read-only",
                None,
                "serve --read-only x",
            ),
            (
                "serve --toolset a",
                "--tools",
                Some("b"),
                "serve --toolset a --tools b",
            ),
        ] {
            assert_eq!(with_option(&words(before), name, value), words(after));
        }
    }

    #[test]
    fn what_the_owner_wrote_is_kept_for_every_client() {
        for client in crate::CLIENTS {
            let old = Entry::new(Path::new("/old/synapse"))
                .unwrap()
                .with_connection("mine")
                .with_tools("usage")
                .read_only()
                .with_home(Path::new("/old"))
                .unwrap();
            let mut value = old.fresh(client);
            value["note"] = json!({"of": ["the", 1, null]});
            value[client.shape.environment]["OTHER"] = json!("x");
            let entry = Entry::new(Path::new("/new/synapse")).unwrap();
            let update = update(client, &["k".to_owned()], &entry, &value);
            let expected = match client.shape.command {
                CommandForm::Apart(field) => Edit::Set(
                    vec!["k".to_owned(), field.to_owned()],
                    json!("/new/synapse"),
                ),
                CommandForm::Together => Edit::Set(
                    vec!["k".to_owned(), "command".to_owned()],
                    json!([
                        "/new/synapse",
                        "serve",
                        "--connection",
                        "mine",
                        "--tools",
                        "usage",
                        "--read-only"
                    ]),
                ),
            };
            assert_eq!(update.edits, [expected], "{client}");
        }
    }
}
