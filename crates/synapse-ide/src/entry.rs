//! Our entry: what it says, in the shape that each client wants, and whether an entry that was
//! found is ours.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Map, Value, json};
use synapse_core::{Code, Failure};

use crate::client::{Client, CommandForm, Constant, Shape};

/// The name of our entry.
pub const NAME: &str = "synapse";

/// What an entry says: which command, and the little environment that it needs. Never a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    command: String,
    arguments: Vec<String>,
    home: Option<String>,
    vault_key_file: Option<String>,
}

impl Entry {
    /// An entry that starts `command`, an absolute path, with `serve`.
    ///
    /// # Errors
    /// `ide.not-supported` when a path is not UTF-8, which no client's file can hold.
    pub fn new(command: &Path) -> Result<Self, Failure> {
        Ok(Self {
            command: text(command)?,
            arguments: vec![SERVE.to_owned()],
            home: None,
            vault_key_file: None,
        })
    }

    /// Adds an argument behind `serve`.
    #[must_use]
    pub fn with_argument(mut self, argument: impl Into<String>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Says where the files of Synapse are, for a client passes almost no environment on.
    ///
    /// # Errors
    /// As [`Entry::new`].
    pub fn with_home(mut self, directory: &Path) -> Result<Self, Failure> {
        self.home = Some(text(directory)?);
        Ok(self)
    }

    /// Says where the key file of the local vault is: a path, and no secret.
    ///
    /// # Errors
    /// As [`Entry::new`].
    pub fn with_vault_key_file(mut self, file: &Path) -> Result<Self, Failure> {
        self.vault_key_file = Some(text(file)?);
        Ok(self)
    }

    /// The command.
    #[must_use]
    pub fn command(&self) -> &str {
        &self.command
    }

    /// Its arguments.
    #[must_use]
    pub fn arguments(&self) -> &[String] {
        &self.arguments
    }

    /// The environment that it needs.
    #[must_use]
    pub fn environment(&self) -> Vec<(&'static str, &str)> {
        let variables = [
            (SYNAPSE_HOME, &self.home),
            (SYNAPSE_VAULT_KEY_FILE, &self.vault_key_file),
        ];
        variables
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.as_deref()?)))
            .collect()
    }

    /// The same entry with the arguments that `configured` has.
    pub(crate) fn with_arguments_of(mut self, configured: &Configured) -> Self {
        self.arguments.clone_from(&configured.arguments);
        self
    }

    /// The fields that are ours whatever else stands in the entry.
    pub(crate) fn own_fields(&self, shape: &Shape) -> Vec<(&'static str, Value)> {
        let mut fields: Vec<_> = shape
            .kind
            .iter()
            .map(|(name, constant)| (*name, constant.value()))
            .collect();
        match shape.command {
            CommandForm::Apart(field) => {
                fields.push((field, json!(self.command)));
                fields.push((ARGUMENTS, json!(self.arguments)));
            }
            CommandForm::Together => {
                let words: Vec<_> = std::iter::once(&self.command)
                    .chain(&self.arguments)
                    .collect();
                fields.push((COMMAND, json!(words)));
            }
        }
        fields
    }

    /// The whole entry as a client without one gets it.
    pub(crate) fn fresh(&self, client: &Client) -> Value {
        let shape = &client.shape;
        let mut entry: Map<String, Value> = self
            .own_fields(shape)
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        let environment: Map<_, _> = self
            .environment()
            .into_iter()
            .map(|(name, value)| (name.to_owned(), json!(value)))
            .collect();
        if !environment.is_empty() {
            entry.insert(shape.environment.to_owned(), Value::Object(environment));
        }
        for (name, constant) in shape.initial {
            entry.insert((*name).to_owned(), constant.value());
        }
        Value::Object(entry)
    }
}

impl Constant {
    fn value(self) -> Value {
        match self {
            Self::Text(text) => json!(text),
            Self::True => json!(true),
            Self::Number(number) => json!(number),
            Self::List(items) => json!(items),
        }
    }
}

/// An entry that stands in a client's file, as the client reads it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Configured {
    pub(crate) command: String,
    pub(crate) arguments: Vec<String>,
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) directory: Option<PathBuf>,
    pub(crate) patience: Option<Duration>,
    pub(crate) is_off: bool,
}

impl Configured {
    /// Reads an entry of `client`; `None` for one without a command, such as a remote server.
    pub(crate) fn read(client: &Client, entry: &Value) -> Option<Self> {
        let shape = &client.shape;
        let (command, arguments) = match shape.command {
            CommandForm::Apart(field) => (
                entry.get(field)?.as_str()?.to_owned(),
                words(entry.get(ARGUMENTS)),
            ),
            CommandForm::Together => {
                let mut all = words(entry.get(COMMAND));
                if all.is_empty() {
                    return None;
                }
                (all.remove(0), all)
            }
        };
        let environment = entry
            .get(shape.environment)
            .and_then(Value::as_object)
            .map(|map| {
                map.iter()
                    .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
                    .collect()
            });
        let patience = client.launch.patience_field.and_then(|(field, unit)| {
            let amount = entry.get(field)?.as_f64()?;
            let seconds = unit.as_secs_f64() * amount;
            Duration::try_from_secs_f64(seconds)
                .ok()
                .filter(|patience| !patience.is_zero())
        });
        let flag = |field| entry.get(field).and_then(Value::as_bool);
        Some(Self {
            command,
            arguments,
            environment: environment.unwrap_or_default(),
            directory: entry.get("cwd").and_then(Value::as_str).map(PathBuf::from),
            patience,
            is_off: flag("disabled") == Some(true) || flag("enabled") == Some(false),
        })
    }

    /// Whether it starts Synapse: a program called as we are, with `serve`.
    pub(crate) fn is_ours(&self, own_command: &str) -> bool {
        let serves = self.arguments.first().is_some_and(|first| first == SERVE);
        let name = program(&self.command);
        serves && (name == NAME || name == program(own_command))
    }
}

/// The name of the program at a path of any system.
fn program(command: &str) -> &str {
    let name = command.rsplit(['/', '\\']).next().unwrap_or(command);
    name.strip_suffix(".exe").unwrap_or(name)
}

fn words(value: Option<&Value>) -> Vec<String> {
    let items = value.and_then(Value::as_array);
    items
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

fn text(path: &Path) -> Result<String, Failure> {
    path.to_str().map(str::to_owned).ok_or_else(|| {
        Failure::new(
            Code::IdeNotSupported,
            format!(
                "{} is not UTF-8, which a client's file cannot hold",
                crate::failure::shown(path)
            ),
        )
        .hint("move it to a path of plain letters")
    })
}

pub(crate) const SYNAPSE_HOME: &str = "SYNAPSE_HOME";
pub(crate) const SYNAPSE_VAULT_KEY_FILE: &str = "SYNAPSE_VAULT_KEY_FILE";
const SERVE: &str = "serve";
const COMMAND: &str = "command";
const ARGUMENTS: &str = "args";

#[cfg(test)]
mod tests {
    use super::*;

    fn client(id: &str) -> &'static Client {
        Client::named(id).unwrap()
    }

    #[test]
    fn ours_is_told_by_its_command() {
        let configured = |command: &str, arguments: &[&str]| Configured {
            command: command.to_owned(),
            arguments: arguments.iter().map(|&word| word.to_owned()).collect(),
            ..Configured::default()
        };
        for (command, arguments, ours) in [
            ("/old/bin/synapse", &["serve"][..], true),
            ("synapse", &["serve", "--connection", "a"], true),
            (r"C:\Tools\synapse.exe", &["serve"], true),
            ("/opt/own", &["serve"], true),
            ("/usr/bin/synapse", &["sync"], false),
            ("/usr/bin/synapse", &[], false),
            ("/usr/bin/node", &["synapse", "serve"], false),
            ("/usr/bin/synapse-other", &["serve"], false),
        ] {
            let found = configured(command, arguments);
            assert_eq!(found.is_ours("/elsewhere/own"), ours, "{command}");
        }
    }

    #[test]
    fn what_is_written_is_read_back_for_every_client() {
        let entry = Entry::new(Path::new("/usr/bin/synapse"))
            .unwrap()
            .with_argument("--connection")
            .with_argument("work")
            .with_home(Path::new("/data/synapse"))
            .unwrap();
        for client in crate::CLIENTS {
            let read = Configured::read(client, &entry.fresh(client)).unwrap();
            assert_eq!(read.command, "/usr/bin/synapse", "{client}");
            assert_eq!(read.arguments, ["serve", "--connection", "work"]);
            assert_eq!(
                read.environment,
                BTreeMap::from([("SYNAPSE_HOME".to_owned(), "/data/synapse".to_owned())])
            );
            assert!(!read.is_off, "{client}");
            assert!(read.is_ours("/elsewhere/other"));
        }
    }

    #[test]
    fn timeouts_are_read_in_the_units_of_the_client() {
        for (id, field, amount, expected) in [
            ("codex", "startup_timeout_sec", json!(2.5), Some(2500)),
            ("gemini", "timeout", json!(1500), Some(1500)),
            ("opencode", "timeout", json!(700), Some(700)),
            ("cline", "timeout", json!(3), Some(3000)),
            ("cursor", "timeout", json!(3), None),
            ("codex", "startup_timeout_sec", json!(0), None),
            ("codex", "startup_timeout_sec", json!(-1), None),
            ("codex", "startup_timeout_sec", json!(1e300), None),
            ("codex", "startup_timeout_sec", json!("soon"), None),
        ] {
            let mut entry = json!({"command": "x", "args": []});
            if id == "opencode" {
                entry = json!({"command": ["x"]});
            }
            entry[field] = amount;
            let read = Configured::read(client(id), &entry).unwrap();
            let expected = expected.map(Duration::from_millis);
            assert_eq!(read.patience, expected, "{id} {field}");
        }
    }

    #[test]
    fn a_remote_server_has_no_command() {
        for id in ["cursor", "opencode", "goose", "codex"] {
            let remote = json!({"type": "http", "url": "https://example.invalid/mcp"});
            assert_eq!(Configured::read(client(id), &remote), None, "{id}");
        }
    }
}
