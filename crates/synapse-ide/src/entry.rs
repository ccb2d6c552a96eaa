//! Our entry: its content in each client's shape, and how to recognise it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Map, Value, json};
use synapse_core::credential::looks_like_token;
use synapse_core::redact::is_opaque;
use synapse_core::{Code, Failure};

use crate::client::{Client, CommandForm, Constant, Passing};
use crate::options::with_option;

/// The name of our entry.
pub const NAME: &str = "synapse";

/// The content of an entry: command, restrictions, and minimal environment. Never a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    command: String,
    connection: Option<String>,
    tools: Option<String>,
    is_read_only: bool,
    home: Option<String>,
    vault_key_file: Option<String>,
    passed: Vec<String>,
}

impl Entry {
    /// Creates an entry that starts `command`, an absolute path, with `serve`.
    ///
    /// # Errors
    /// `ide.not-supported` when a path is not UTF-8, which client files cannot represent.
    pub fn new(command: &Path) -> Result<Self, Failure> {
        Ok(Self {
            command: text(command)?,
            connection: None,
            tools: None,
            is_read_only: false,
            home: None,
            vault_key_file: None,
            passed: Vec::new(),
        })
    }

    /// Restricts the server to the connection `name`.
    #[must_use]
    pub fn with_connection(mut self, name: impl Into<String>) -> Self {
        self.connection = Some(name.into());
        self
    }

    /// Restricts the server to these tools, separated by commas.
    #[must_use]
    pub fn with_tools(mut self, list: impl Into<String>) -> Self {
        self.tools = Some(list.into());
        self
    }

    /// Excludes tools that read a key or send anything.
    #[must_use]
    pub const fn read_only(mut self) -> Self {
        self.is_read_only = true;
        self
    }

    /// Inherits the variable `name` from the client's environment, in the client's syntax.
    ///
    /// # Errors
    /// `usage.invalid-arguments` when `name` is not a variable name; the name is not repeated,
    /// because it may include a value.
    pub fn with_variable(mut self, name: &str) -> Result<Self, Failure> {
        let mut letters = name.chars();
        let is_name = letters
            .next()
            .is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
            && letters.all(|each| each.is_ascii_alphanumeric() || each == '_');
        if !is_name || looks_like_token(name) {
            return Err(Failure::new(
                Code::UsageInvalidArguments,
                "`--pass-env` takes the name of a variable and no value",
            )
            .cause("an entry is in a file that is shared, synchronised and backed up")
            .hint("give the name alone, such as `--pass-env OPENAI_API_KEY`"));
        }
        if !self.passed.iter().any(|known| known == name) {
            self.passed.push(name.to_owned());
        }
        Ok(self)
    }

    /// Sets the directory of Synapse, since clients inherit almost no environment.
    ///
    /// # Errors
    /// Same as [`Entry::new`].
    pub fn with_home(mut self, directory: &Path) -> Result<Self, Failure> {
        self.home = Some(text(directory)?);
        Ok(self)
    }

    /// Sets the path of the local vault's key file.
    ///
    /// # Errors
    /// Same as [`Entry::new`].
    pub fn with_vault_key_file(mut self, file: &Path) -> Result<Self, Failure> {
        self.vault_key_file = Some(text(file)?);
        Ok(self)
    }

    /// The command.
    #[must_use]
    pub fn command(&self) -> &str {
        &self.command
    }

    /// The arguments of a new entry.
    #[must_use]
    pub fn arguments(&self) -> Vec<String> {
        let serve = vec![json!(SERVE)];
        let arguments = self.settings().into_iter().fold(serve, |arguments, each| {
            with_option(&arguments, each.name, each.value)
        });
        arguments
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    }

    /// Its environment.
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

    /// The explicitly given options of `serve`.
    pub(crate) fn settings(&self) -> Vec<Setting<'_>> {
        let option = |name, value| Setting { name, value };
        let connection = self.connection.as_deref();
        let tools = self.tools.as_deref();
        [
            connection.map(|name| option(CONNECTION, Some(name))),
            tools.map(|list| option(TOOLS, Some(list))),
            self.is_read_only.then(|| option(READ_ONLY, None)),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// A copy without explicitly given options and variables.
    pub(crate) fn without_settings(&self) -> Self {
        Self {
            connection: None,
            tools: None,
            is_read_only: false,
            passed: Vec::new(),
            ..self.clone()
        }
    }

    /// The variables to inherit.
    pub(crate) fn passed(&self) -> &[String] {
        &self.passed
    }

    /// Checks that `client` supports inheriting the variables.
    ///
    /// # Errors
    /// `ide.not-supported`.
    pub(crate) fn fits(&self, client: &Client) -> Result<(), Failure> {
        let foreign = self.passed.iter().find(|name| !is_location(name));
        match (foreign, client.passing) {
            (Some(name), None) => Err(Failure::new(
                Code::IdeNotSupported,
                format!("{} cannot pass a variable on to a server", client.title()),
            )
            .cause(format!(
                "its entries hold values only, and the value of {name} has no place in a file"
            ))
            .hint("refer to a key with file:PATH or keyring:NAME, which need no variable")
            .with("client", client.id())),
            _ => Ok(()),
        }
    }

    /// The complete entry for a client without one.
    pub(crate) fn fresh(&self, client: &Client) -> Value {
        let shape = &client.shape;
        let mut entry = Map::new();
        for kind in shape.kind {
            entry.insert(kind.field.to_owned(), json!(kind.value));
        }
        match shape.command {
            CommandForm::Apart(field) => {
                entry.insert(field.to_owned(), json!(self.command));
                entry.insert(ARGUMENTS.to_owned(), json!(self.arguments()));
            }
            CommandForm::Together => {
                let mut words = vec![self.command.clone()];
                words.extend(self.arguments());
                entry.insert(COMMAND.to_owned(), json!(words));
            }
        }
        let mut environment: Map<_, _> = self
            .environment()
            .into_iter()
            .map(|(name, value)| (name.to_owned(), json!(value)))
            .collect();
        let passed: Vec<_> = self
            .passed
            .iter()
            .filter(|name| !is_location(name))
            .collect();
        let mut named = None;
        match client.passing {
            Some(Passing::Between(before, after)) => environment.extend(
                passed
                    .into_iter()
                    .map(|name| (name.clone(), json!(format!("{before}{name}{after}")))),
            ),
            Some(Passing::Named(field)) if !passed.is_empty() => named = Some((field, passed)),
            Some(Passing::Named(_)) | None => {}
        }
        if !environment.is_empty() {
            entry.insert(shape.environment.to_owned(), Value::Object(environment));
        }
        if let Some((field, names)) = named {
            entry.insert(field.to_owned(), json!(names));
        }
        for (name, constant) in shape.initial {
            entry.insert((*name).to_owned(), constant.value());
        }
        Value::Object(entry)
    }
}

/// An option of `serve`; one without a value is a flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Setting<'a> {
    pub(crate) name: &'static str,
    pub(crate) value: Option<&'a str>,
}

/// Whether `name` is a variable for one of our paths, which is written with its value.
pub(crate) fn is_location(name: &str) -> bool {
    [SYNAPSE_HOME, SYNAPSE_VAULT_KEY_FILE].contains(&name)
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

/// An entry in a client's file, as the client reads it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Configured {
    pub(crate) command: String,
    pub(crate) arguments: Vec<String>,
    pub(crate) environment: BTreeMap<String, String>,
    /// Variables inherited by name.
    pub(crate) passed: Vec<String>,
    pub(crate) directory: Option<PathBuf>,
    pub(crate) patience: Option<Duration>,
    /// The field that disables it, and the disabling value.
    pub(crate) off: Option<(&'static str, bool)>,
}

impl Configured {
    /// Parses an entry of `client`; `None` for one without a command, such as a remote server.
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
        let off = client.off.iter().copied();
        let off = off
            .into_iter()
            .find(|(field, off)| flag(*field) == Some(*off));
        let passed = match client.passing {
            Some(Passing::Named(field)) => names(entry.get(field)),
            Some(Passing::Between(..)) | None => Vec::new(),
        };
        Some(Self {
            command,
            arguments,
            environment: environment.unwrap_or_default(),
            directory: entry.get("cwd").and_then(Value::as_str).map(PathBuf::from),
            patience,
            passed,
            off,
        })
    }

    /// The connection it is restricted to.
    pub(crate) fn connection(&self) -> Option<&str> {
        let mut words = self.arguments.iter();
        while let Some(word) = words.next() {
            if word == CONNECTION {
                return words.next().map(String::as_str);
            }
            let rest = word.strip_prefix(CONNECTION);
            if let Some(name) = rest.and_then(|rest| rest.strip_prefix('=')) {
                return Some(name);
            }
        }
        None
    }

    /// The command and its arguments, with potential secrets hidden.
    pub(crate) fn shown_words(&self) -> Vec<String> {
        let arguments = (0..self.arguments.len()).map(|index| self.shown_argument(index));
        let command = if looks_like_token(&self.command) {
            HIDDEN.to_owned()
        } else {
            self.command.clone()
        };
        std::iter::once(command).chain(arguments).collect()
    }

    fn shown_argument(&self, index: usize) -> String {
        let argument = self.arguments.get(index).map_or("", String::as_str);
        if is_plain_argument(&self.arguments, index) {
            return argument.to_owned();
        }
        // The flag name shows what is hidden.
        let is_flag = argument.starts_with("--") && !looks_like_token(argument);
        match argument.split_once('=') {
            Some((flag, _)) if is_flag && is_flag_name(flag) => format!("{flag}={HIDDEN}"),
            None if is_flag && is_flag_name(argument) => argument.to_owned(),
            _ => HIDDEN.to_owned(),
        }
    }

    /// Whether all arguments are known to `serve` and start nothing else.
    pub(crate) fn is_plain(&self) -> bool {
        (0..self.arguments.len()).all(|index| is_plain_argument(&self.arguments, index))
    }

    /// Potential secrets: unknown arguments, and the values of variables.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &str> {
        let arguments = self.arguments.iter().enumerate();
        let arguments = arguments
            .filter(|(index, _)| !is_plain_argument(&self.arguments, *index))
            .map(|(_, argument)| match argument.split_once('=') {
                Some((flag, value)) if is_flag_name(flag) => value,
                _ => argument.as_str(),
            })
            .filter(|argument| !is_flag_name(argument));
        let variables = self.environment.iter();
        let variables = variables.filter(|(name, _)| !is_location(name));
        arguments.chain(variables.map(|(_, value)| value.as_str()))
    }

    /// Whether it starts Synapse: a program of our name, with `serve`.
    pub(crate) fn is_ours(&self, own_command: &str) -> bool {
        let serves = self.arguments.first().is_some_and(|first| first == SERVE);
        let name = program(&self.command);
        serves && (name == NAME || name == program(own_command))
    }
}

/// The names in a list of texts or of objects with `name`.
fn names(value: Option<&Value>) -> Vec<String> {
    let items = value.and_then(Value::as_array);
    items
        .into_iter()
        .flatten()
        .filter_map(|item| item.as_str().or_else(|| item.get("name")?.as_str()))
        .map(str::to_owned)
        .collect()
}

/// Whether the argument at `index` is known to `serve`, with a value that is a name and no secret.
pub(crate) fn is_plain_argument(arguments: &[String], index: usize) -> bool {
    let Some(argument) = arguments.get(index) else {
        return false;
    };
    if index == 0 {
        return argument == SERVE;
    }
    if SWITCHES.contains(&argument.as_str()) || FLAGS.contains(&argument.as_str()) {
        return true;
    }
    if let Some((flag, value)) = argument.split_once('=') {
        return FLAGS.contains(&flag) && is_name(value);
    }
    let before = arguments.get(index - 1);
    before.is_some_and(|before| FLAGS.contains(&before.as_str())) && is_name(argument)
}

/// Names of connections or tools, separated by commas.
fn is_name(text: &str) -> bool {
    let may_be = |each: char| each.is_ascii_alphanumeric() || "-_,".contains(each);
    text.chars().all(may_be)
        && !text.starts_with('-')
        && !looks_like_token(text)
        && !is_opaque(text)
}

fn is_flag_name(text: &str) -> bool {
    let name = text.strip_prefix("--").unwrap_or_default();
    let may_be = |each: char| each.is_ascii_lowercase() || each == '-';
    !name.is_empty() && name.chars().all(may_be)
}

/// The program name in a path of any system.
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
pub(crate) const COMMAND: &str = "command";
pub(crate) const ARGUMENTS: &str = "args";
pub(crate) const CONNECTION: &str = "--connection";
const TOOLS: &str = "--tools";
const READ_ONLY: &str = "--read-only";
const SERVE: &str = "serve";
/// Options of `serve` with a name as value, and flags. Any other option is not shown with its
/// value, and not started from a project's file.
const FLAGS: [&str; 2] = [CONNECTION, TOOLS];
const SWITCHES: [&str; 1] = [READ_ONLY];
const HIDDEN: &str = "…";

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
            .with_connection("work")
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
            assert_eq!(read.off, None, "{client}");
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
