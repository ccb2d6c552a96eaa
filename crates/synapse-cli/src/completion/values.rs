//! The possible values of an argument on this machine: names from Synapse's own files and from the
//! newest calls. An argument is identified by its name and its command.

use std::ffi::OsStr;
use std::time::Duration;

use clap::{Arg, Command, ValueHint};
use clap_complete::CompletionCandidate;
use clap_complete::engine::{ArgValueCompleter, PathCompleter, ValueCompleter as _};
use synapse_core::ProviderKind;
use synapse_core::error::Code;
use synapse_core::ledger::{Entry, HistoryQuery, UsageKey};
use synapse_core::ports::{
    ConnectionStore as _, LedgerReader as _, StoredConnection, UpstreamStore as _,
};
use synapse_home::Home;
use synapse_ide::CLIENTS;
use synapse_store::{HubPlace, JsonUpstreams, SqliteLedger, TomlConnections};
use synapse_tools::Tool;

use super::plain::{candidate, is_plain};
use crate::environment::Environment;

/// The kind of thing an argument names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ValueSource {
    Connections,
    Providers,
    Models,
    References,
    Servers,
    Codes,
    Calls,
    Clients,
    Tools,
    Times,
    Commands,
    Ides,
    /// A connection, a client or a server.
    Subjects,
    Paths,
}

/// Provides the values of arguments.
#[derive(Debug, Clone)]
pub(super) struct Values {
    home: Option<Home>,
    commands: Vec<String>,
}

impl Values {
    /// Values from the files of this environment's home; none are read yet.
    pub(super) fn new(environment: &Environment) -> Self {
        Self {
            home: environment.synapse_home().ok().map(Home::new),
            commands: Vec::new(),
        }
    }

    /// The same command with values for its arguments. They are read when one is completed.
    pub(super) fn complete(mut self, command: Command) -> Command {
        let shown = command.get_subcommands().filter(|each| !each.is_hide_set());
        self.commands = shown.map(|each| each.get_name().to_owned()).collect();
        self.attach(command, "")
    }

    fn attach(&self, command: Command, path: &str) -> Command {
        let command = command.mut_args(|argument| match source(path, &argument) {
            Some(ValueSource::Paths) => argument.add(ArgValueCompleter::new(paths)),
            Some(source) => {
                let values = self.clone();
                argument.add(ArgValueCompleter::new(move |typed: &OsStr| {
                    values.beginning(source, typed)
                }))
            }
            None => argument,
        });
        command.mut_subcommands(|child| {
            let path = format!("{path} {}", child.get_name());
            self.attach(child, path.trim_start())
        })
    }

    fn beginning(&self, source: ValueSource, typed: &OsStr) -> Vec<CompletionCandidate> {
        let typed = typed.to_string_lossy();
        let mut found = self.all(source);
        found.retain(|each| each.get_value().to_string_lossy().starts_with(&*typed));
        found
    }

    fn all(&self, source: ValueSource) -> Vec<CompletionCandidate> {
        match source {
            ValueSource::Connections => self.connections(),
            ValueSource::Providers => distinct(ProviderKind::ALL.into_iter().map(|kind| {
                let profile = kind.profile();
                (profile.name.to_owned(), profile.title.to_owned())
            })),
            ValueSource::Models => self.models(),
            ValueSource::References => self.references(),
            ValueSource::Servers => self.servers(),
            ValueSource::Codes => distinct(
                Code::CATALOGUE
                    .iter()
                    .map(|entry| (entry.name.to_owned(), entry.meaning.to_owned())),
            ),
            ValueSource::Calls => distinct(self.rows().into_iter().map(|entry| {
                let of = format!(
                    "{} {} {}",
                    entry.receipt.connection,
                    entry.receipt.model_requested,
                    entry.outcome.as_str()
                );
                (entry.receipt.call_id.to_string(), of)
            })),
            ValueSource::Clients => {
                let rows = self.rows().into_iter();
                let clients = rows.filter_map(|entry| entry.caller.client_name);
                distinct(
                    std::iter::once((UsageKey::TERMINAL.to_owned(), String::new()))
                        .chain(clients.map(|name| (name, String::new()))),
                )
            }
            ValueSource::Tools => distinct(
                Tool::ALL
                    .into_iter()
                    .map(|tool| (tool.as_str().to_owned(), String::new())),
            ),
            ValueSource::Times => distinct(
                TIMES
                    .map(|time| (time.to_owned(), String::new()))
                    .into_iter(),
            ),
            ValueSource::Commands => distinct(
                self.commands
                    .iter()
                    .map(|name| (name.clone(), String::new())),
            ),
            ValueSource::Ides => distinct(
                CLIENTS
                    .iter()
                    .map(|client| (client.id().to_owned(), client.title().to_owned())),
            ),
            ValueSource::Subjects => [
                ValueSource::Connections,
                ValueSource::Ides,
                ValueSource::Servers,
            ]
            .into_iter()
            .flat_map(|source| self.all(source))
            .collect(),
            ValueSource::Paths => Vec::new(),
        }
    }

    fn connections(&self) -> Vec<CompletionCandidate> {
        distinct(self.stored().into_iter().map(|stored| {
            let draft = stored.draft;
            let of = format!("{} · {}", draft.provider, draft.model);
            (stored.name.to_string(), of)
        }))
    }

    /// The models of the connections and of recent calls.
    fn models(&self) -> Vec<CompletionCandidate> {
        let configured = self
            .stored()
            .into_iter()
            .map(|stored| (stored.draft.model, format!("of {}", stored.name)));
        let asked = self.rows().into_iter().map(|entry| {
            let receipt = entry.receipt;
            (
                receipt.model_requested,
                format!("asked through {}", receipt.connection),
            )
        });
        distinct(configured.chain(asked))
    }

    /// The references that connections use. One that is not a valid reference might be a misplaced
    /// key, and is omitted.
    fn references(&self) -> Vec<CompletionCandidate> {
        let usable = self.stored().into_iter().filter_map(|stored| {
            let reference = stored.connection.ok()?.credential?;
            Some((reference.to_string(), format!("used by {}", stored.name)))
        });
        distinct(usable)
    }

    fn servers(&self) -> Vec<CompletionCandidate> {
        let Some(home) = self.home.clone() else {
            return Vec::new();
        };
        let declared = JsonUpstreams::new(HubPlace::of_home(home)).load();
        let declared = declared.unwrap_or_default().into_iter();
        distinct(declared.map(|stored| (stored.name, String::new())))
    }

    fn stored(&self) -> Vec<StoredConnection> {
        let Some(home) = self.home.clone() else {
            return Vec::new();
        };
        TomlConnections::new(home).load().unwrap_or_default()
    }

    /// The newest rows of the ledger; none if it is busy for longer than a keystroke.
    fn rows(&self) -> Vec<Entry> {
        let Some(home) = self.home.clone() else {
            return Vec::new();
        };
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
        else {
            return Vec::new();
        };
        let ledger = SqliteLedger::new(home);
        let rows = runtime.block_on(async {
            let newest = ledger.history(HistoryQuery::newest(RECENT));
            tokio::time::timeout(PATIENCE, newest).await
        });
        runtime.shutdown_background();
        rows.ok().and_then(Result::ok).unwrap_or_default()
    }
}

/// The kind of thing that `argument` of the command at `path` names; `None` where clap knows the
/// values and where the user invents them.
fn source(path: &str, argument: &Arg) -> Option<ValueSource> {
    if !argument.get_possible_values().is_empty() {
        return None;
    }
    let source = match argument.get_id().as_str() {
        "name" if is_of_connection(path) => ValueSource::Connections,
        "name" if path == "providers" => ValueSource::Providers,
        "connection" => ValueSource::Connections,
        "provider" => ValueSource::Providers,
        "model" => ValueSource::Models,
        "credential" | "reference" => ValueSource::References,
        "server" | "upstream" => ValueSource::Servers,
        "code" => ValueSource::Codes,
        "words" if path == "explain" => ValueSource::Codes,
        "call_id" | "before" | "after" | "continues" => ValueSource::Calls,
        "ide" => ValueSource::Ides,
        "subjects" => ValueSource::Subjects,
        "client" => ValueSource::Clients,
        "tool" if path.starts_with("history") => ValueSource::Tools,
        "since" | "until" => ValueSource::Times,
        "words" if path == "help" => ValueSource::Commands,
        _ => match argument.get_value_hint() {
            ValueHint::AnyPath | ValueHint::FilePath | ValueHint::DirPath => ValueSource::Paths,
            _ => return None,
        },
    };
    Some(source)
}

/// Whether the command's `NAME` is that of an existing connection.
fn is_of_connection(path: &str) -> bool {
    match path.split_once(' ') {
        Some(("connection", command)) => command != "create",
        Some(_) => false,
        None => ["chat", "models", "preflight", "checklist", "check"].contains(&path),
    }
}

/// Files that can be typed without quotes.
fn paths(typed: &OsStr) -> Vec<CompletionCandidate> {
    let mut found = PathCompleter::any().complete(typed);
    found.retain(|each| each.get_value().to_str().is_some_and(is_plain));
    found
}

/// One candidate for each value; the first of duplicates.
fn distinct(pairs: impl Iterator<Item = (String, String)>) -> Vec<CompletionCandidate> {
    let mut seen = std::collections::HashSet::new();
    pairs
        .filter(|(value, _)| seen.insert(value.clone()))
        .filter_map(|(value, help)| candidate(&value, &help))
        .enumerate()
        .map(|(index, each)| each.display_order(Some(index)))
        .collect()
}

const TIMES: [&str; 7] = [
    "today",
    "this-week",
    "this-month",
    "now",
    "24h",
    "7d",
    "30d",
];
/// How many rows of the ledger are read.
const RECENT: u32 = 200;
const PATIENCE: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::args::Arguments;

    fn source_of(path: &str, id: &str) -> Option<ValueSource> {
        let mut command = Arguments::command();
        command.build();
        let mut at = &command;
        for name in path.split(' ') {
            at = at.find_subcommand(name).unwrap();
        }
        let argument = at.get_arguments().find(|each| each.get_id() == id);
        source(
            path,
            argument.unwrap_or_else(|| panic!("{path} has no {id}")),
        )
    }

    #[test]
    fn arguments_know_their_values() {
        for (path, id, expected) in [
            ("chat", "name", Some(ValueSource::Connections)),
            ("connection remove", "name", Some(ValueSource::Connections)),
            ("connection create", "name", None),
            (
                "connection create",
                "credential",
                Some(ValueSource::References),
            ),
            ("connection edit", "provider", Some(ValueSource::Providers)),
            ("providers", "name", Some(ValueSource::Providers)),
            ("serve", "upstream", Some(ValueSource::Servers)),
            ("hub approve", "server", Some(ValueSource::Servers)),
            ("hub import", "servers", None),
            ("explain", "words", Some(ValueSource::Codes)),
            ("history show", "call_id", Some(ValueSource::Calls)),
            ("history list", "client", Some(ValueSource::Clients)),
            ("history list", "model", Some(ValueSource::Models)),
            ("history purge", "until", Some(ValueSource::Times)),
            ("chat", "messages", Some(ValueSource::Paths)),
            // Clap knows these itself.
            ("ide install", "client", None),
            ("history list", "outcome", None),
        ] {
            assert_eq!(source_of(path, id), expected, "{path} {id}");
        }
    }

    #[test]
    fn values_keep_the_order_of_the_arguments() {
        let positionals = |command: &Command| -> Vec<String> {
            let chat = command.find_subcommand("chat").unwrap();
            chat.get_positionals()
                .map(|each| each.get_id().to_string())
                .collect()
        };
        let values = Values {
            home: None,
            commands: Vec::new(),
        };
        let completed = values.complete(Arguments::command());
        assert_eq!(positionals(&completed), positionals(&Arguments::command()));
        completed.debug_assert();
    }
}
