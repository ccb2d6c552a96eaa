//! The command line as data. Flags are a contract: they are only ever added.

mod chat;
mod check;
mod completions;
mod connection;
mod examples;
mod help;
mod history;
mod history_column;
mod hub;
mod hub_auth;
mod ide;
mod limits;
mod models;
mod secret;
mod serving;
mod setup;
mod usage;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Parser, Subcommand, ValueEnum};
use synapse_documents::DocumentVersion;

pub(crate) use self::chat::{ChatArguments, DeliveryArguments, ShapeArguments};
pub(crate) use self::check::CheckArguments;
pub(crate) use self::completions::{CompletionsArguments, CompletionsCommand, ShellArguments};
pub(crate) use self::connection::{
    ConnectionCommand, CreateArguments, EditArguments, PreflightArguments, reach,
};
pub(crate) use self::help::HelpArguments;
pub(crate) use self::history::{
    FILTERS, HistoryArguments, HistoryCommand, HistoryExportArguments, HistoryFilter,
    HistoryListArguments, HistoryPurgeArguments,
};
pub(crate) use self::history_column::HistoryColumn;
pub(crate) use self::hub::{
    HubAddArguments, HubApproveArguments, HubArguments, HubCommand, HubImportArguments,
    HubPlaceArguments,
};
pub(crate) use self::hub_auth::{
    HubAuthStatusArguments, HubLoginArguments, HubLogoutArguments, LOGIN_EXAMPLES,
};
pub(crate) use self::ide::{
    Consent, IdeCheckArguments, IdeCommand, IdeInstallArguments, IdeRemoveArguments,
};
pub(crate) use self::models::ModelsArguments;
pub(crate) use self::secret::SecretCommand;
pub(crate) use self::serving::{
    ChecklistArguments, DashboardArguments, DoctorArguments, ServeArguments, ServedHubArguments,
};
pub(crate) use self::setup::{SETUP_EXAMPLES, SetupArguments};
pub(crate) use self::usage::{USAGE_EXAMPLES, UsageArguments};
use crate::output::{ColorWord, OutputFormat};

/// A local, bring-your-own-key runtime between MCP-capable IDEs and the models you pay for.
#[derive(Debug, Parser)]
#[command(name = "synapse", version, propagate_version = true, disable_help_subcommand = true, after_help = examples::TOP, mut_subcommands = examples::attach)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: GlobalFlags,

    #[command(subcommand)]
    pub(crate) command: Command,
}

// Flags of every command. No doc comment: clap might use it as the description of the program.
#[derive(Debug, clap::Args)]
pub(crate) struct GlobalFlags {
    /// Print one JSON document instead of text; `--json=2` has cost sources in lower case
    #[arg(
        long,
        global = true,
        help_heading = "Global options",
        value_name = "VERSION",
        num_args = 0..=1,
        require_equals = true,
        hide_possible_values = true,
        default_missing_value = DocumentVersion::One.as_str(),
        value_parser = one_of(DocumentVersion::ALL, |version| version.as_str().into())
    )]
    pub(crate) json: Option<DocumentVersion>,

    /// Colour: when stdout is a terminal, always, or never
    #[arg(
        long,
        global = true,
        help_heading = "Global options",
        value_enum,
        default_value_t = ColorWord::Auto,
        value_name = "WHEN"
    )]
    pub(crate) color: ColorWord,

    /// Show each exchange with a provider on stderr, with the key replaced
    #[arg(long, global = true, help_heading = "Global options")]
    pub(crate) verbose: bool,
}

/// The same command line for a command that other programs start repeatedly. Describing every
/// other command to clap costs more instructions than the rest of their start.
#[derive(Debug, Parser)]
#[command(name = "synapse")]
struct FrequentArguments<C: Subcommand> {
    #[command(flatten)]
    global: GlobalFlags,

    #[command(subcommand)]
    command: C,
}

#[derive(Debug, Subcommand)]
enum FrequentChat {
    Chat(Box<ChatArguments>),
}

#[derive(Debug, Subcommand)]
enum FrequentDashboard {
    Dashboard(DashboardArguments),
}

#[derive(Debug, Subcommand)]
enum FrequentServe {
    Serve(ServeArguments),
}

impl Arguments {
    /// The arguments of the process.
    ///
    /// Errors, help and the version are left to the full command line.
    pub(crate) fn of_process() -> Result<Self, clap::Error> {
        let words: Vec<OsString> = std::env::args_os().collect();
        if let Some(read) = Self::frequent(&words) {
            return Ok(read);
        }
        match version_alone(&words) {
            Some(shown) => Err(shown),
            None => Self::try_parse_from(words),
        }
    }

    /// The arguments of a frequent command, if they are valid.
    fn frequent(words: &[OsString]) -> Option<Self> {
        match words.get(1)?.to_str()? {
            "serve" => FrequentArguments::<FrequentServe>::try_parse_from(words)
                .ok()
                .map(Into::into),
            "chat" => FrequentArguments::<FrequentChat>::try_parse_from(words)
                .ok()
                .map(Into::into),
            "dashboard" => FrequentArguments::<FrequentDashboard>::try_parse_from(words)
                .ok()
                .map(Into::into),
            _ => None,
        }
    }

    /// The requested format.
    pub(crate) const fn format(&self) -> OutputFormat {
        match self.global.json {
            Some(version) => OutputFormat::Json(version),
            None => OutputFormat::Human,
        }
    }

    /// The configuration of the hub that `--config` names.
    pub(crate) const fn configuration(&self) -> Option<&PathBuf> {
        match &self.command {
            Command::Hub(arguments) => arguments.place.config.as_ref(),
            Command::Serve(arguments) => arguments.hub.config.as_ref(),
            _ => None,
        }
    }
}

/// Clap's output for `--version` alone, which needs no description of the commands.
fn version_alone(words: &[OsString]) -> Option<clap::Error> {
    let [_, word] = words else { return None };
    if word != "--version" && word != "-V" {
        return None;
    }
    let version = clap::Command::new("synapse").version(env!("CARGO_PKG_VERSION"));
    let shown = version.try_get_matches_from(words).err()?;
    (shown.kind() == ErrorKind::DisplayVersion).then_some(shown)
}

impl<C: Subcommand + Into<Command>> From<FrequentArguments<C>> for Arguments {
    fn from(read: FrequentArguments<C>) -> Self {
        Self {
            global: read.global,
            command: read.command.into(),
        }
    }
}

impl From<FrequentChat> for Command {
    fn from(FrequentChat::Chat(arguments): FrequentChat) -> Self {
        Self::Chat(*arguments)
    }
}

impl From<FrequentDashboard> for Command {
    fn from(FrequentDashboard::Dashboard(arguments): FrequentDashboard) -> Self {
        Self::Dashboard(arguments)
    }
}

impl From<FrequentServe> for Command {
    fn from(FrequentServe::Serve(arguments): FrequentServe) -> Self {
        Self::Serve(arguments)
    }
}

/// Parses `words` as `serve`; `None` for another command.
pub(crate) fn serve_arguments(words: &[String]) -> Result<Option<ServeArguments>, clap::Error> {
    let words = std::iter::once("synapse").chain(words.iter().map(String::as_str));
    Ok(match Arguments::try_parse_from(words)?.command {
        Command::Serve(arguments) => Some(arguments),
        _ => None,
    })
}

/// Parses one of `all`, spelled as `value` spells it: a word is the same in flags, files and
/// output.
fn one_of<T, A>(all: A, value: fn(T) -> PossibleValue) -> impl TypedValueParser<Value = T>
where
    T: Clone + Send + Sync + 'static,
    A: IntoIterator<Item = T> + Clone + Send + Sync + 'static,
{
    let parser = PossibleValuesParser::new(all.clone().into_iter().map(value));
    parser.try_map(move |word| {
        let mut all = all.clone().into_iter();
        all.find(|each| value(each.clone()).get_name() == word)
            .ok_or("no such value is known")
    })
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Go from nothing to an answer in your IDE, one question at a time
    #[command(after_help = SETUP_EXAMPLES)]
    Setup(Box<SetupArguments>),
    /// Run the whole path on an embedded loopback provider: no key, no network
    Demo,
    /// Create, list, show, change and remove connections
    #[command(subcommand)]
    Connection(ConnectionCommand),
    /// Check a connection, or one that does not exist yet, step by step
    #[command(after_help = PREFLIGHT_EXAMPLES)]
    Preflight(PreflightArguments),
    /// Check everything, or one connection, client or server, and repair what is harmless to repair
    #[command(after_help = CHECK_EXAMPLES)]
    Check(CheckArguments),
    /// List the steps between a connection and an answer in an IDE
    #[command(after_help = CHECKLIST_EXAMPLES)]
    Checklist(ChecklistArguments),
    /// List the models of a connection's provider, with prices and sub-providers
    #[command(after_help = MODELS_EXAMPLES)]
    Models(ModelsArguments),
    /// List the supported providers, and their differences
    #[command(after_help = PROVIDERS_EXAMPLES)]
    Providers {
        /// One provider, with everything known about it
        name: Option<String>,
    },
    /// Send one prompt and print the answer
    #[command(after_help = CHAT_EXAMPLES)]
    Chat(ChatArguments),
    /// Serve MCP over stdio; an IDE starts this, not you
    Serve(ServeArguments),
    /// Store, check, list, replace and remove secrets, without showing any
    #[command(subcommand)]
    Secret(SecretCommand),
    /// Add Synapse to an IDE, and manage its entry
    #[command(subcommand)]
    Ide(IdeCommand),
    /// Upstream MCP servers, offered through Synapse's own entry
    Hub(HubArguments),
    /// Sum up calls, tokens and cost
    #[command(after_help = USAGE_EXAMPLES)]
    Usage(UsageArguments),
    /// Show every call; without a subcommand, list them
    #[command(after_help = FILTERS)]
    History(Box<HistoryArguments>),
    /// Use everything in a browser: pages on this machine only, until Ctrl-C
    #[command(after_help = DASHBOARD_EXAMPLES)]
    Dashboard(DashboardArguments),
    /// Check the whole installation: files, connections, secret stores, exposed tokens
    Doctor(DoctorArguments),
    /// Explain an error code, or search the codes by words
    #[command(after_help = EXPLAIN_EXAMPLES)]
    Explain {
        /// A code, such as gate.network-disabled, or words, such as rate limit; every code when left
        /// out
        #[arg(value_name = "CODE|WORDS")]
        words: Vec<String>,
    },
    /// Complete commands, flags and names in your shell: print its script, or install it
    Completions(CompletionsArguments),
    /// Print the help of a command, or its man page
    Help(HelpArguments),
    /// Print a generated reference page
    #[command(hide = true)]
    Reference {
        /// Which page
        #[arg(value_enum)]
        page: ReferencePage,
    },
}

/// A page that is generated from the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReferencePage {
    Errors,
    Cli,
    Providers,
    /// The commands that help shows, one on each line
    Commands,
}

const PREFLIGHT_EXAMPLES: &str = "\
Without --live it is free; without a name and flags there is nothing to check.

Examples:
  synapse preflight work
  synapse preflight work --live
  synapse preflight --all
  synapse preflight --provider openai --model MODEL \\
      --credential env:OPENAI_API_KEY --allow-network";

const EXPLAIN_EXAMPLES: &str = "\
Examples:
  synapse explain credential.token-rejected
  synapse explain rate limit
  synapse explain --json";

const CHECK_EXAMPLES: &str = "\
Checks the home, connections, key stores, the ledger, the vault, upstream servers, and files of \
IDEs and projects; starts the entry of each client that has one; and runs the free preflight of \
each connection with network access. Without it, no socket is opened and no key is read. Upstream \
servers are neither started nor contacted.

--fix shows harmless repairs, then makes them: it makes your files private, removes unfinished \
files, and updates our entries. Only --prompt costs money.

Examples:
  synapse check
  synapse check work
  synapse check cursor --prompt
  synapse check --fix --yes";

const CHECKLIST_EXAMPLES: &str = "\
Checks files and records; sends nothing and reads no key. Each line has its remedy. Run it in the \
directory of your project: it checks the project's IDE files and the files that git tracks.

Examples:
  synapse checklist work
  synapse checklist work --project ~/src/app --json";

const MODELS_EXAMPLES: &str = "\
One request, no prompt. Prices are US dollars per million tokens, CONTEXT is in tokens, and `?` is \
a value that the provider does not state. Prices of the Hugging Face router are stored, so that \
later chats know their cost.

Examples:
  synapse models
  synapse models hf --search llama
  synapse models hf --json

Before there is a connection:
  synapse models --provider openai --credential env:OPENAI_API_KEY \\
      --allow-network
  synapse models --provider ollama --allow-network --model llama3.2";

const DASHBOARD_EXAMPLES: &str = "\
Prints one address that opens once, within ten minutes, and serves pages on 127.0.0.1 and ::1 \
until Ctrl-C. They work without JavaScript. Viewing a page sends nothing and reads no key.

Examples:
  synapse dashboard
  synapse dashboard --open
  synapse dashboard --port 4774";

const PROVIDERS_EXAMPLES: &str = "\
Nothing is sent: the table is in the program.

Examples:
  synapse providers
  synapse providers ollama
  synapse providers --json";

const CHAT_EXAMPLES: &str = "\
Markdown is rendered at a terminal; a pipe and a file get the unchanged answer.

Examples:
  synapse chat \"What is MCP?\"
  synapse chat work \"What is MCP?\" -m MODEL
  synapse chat -c \"And what is it for?\"
  git diff | synapse chat work - --system \"Review this diff.\"
  synapse chat work \"Explain this\" -f src/main.rs --dry-run
  synapse chat work \"Write a README\" -o README.md
  synapse chat work \"Say hello\" --json
  synapse chat work \"What is in the picture?\" --image photo.jpg
  synapse chat work \"Name a city\" --json-schema city.schema.json
  synapse chat work --messages conversation.json --tools-file tools.json";

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(words: &str) -> Vec<OsString> {
        let words = words.split(' ');
        std::iter::once("synapse")
            .chain(words)
            .map(Into::into)
            .collect()
    }

    #[test]
    fn the_version_alone_is_what_the_whole_command_line_shows() {
        for word in ["--version", "-V"] {
            let words = typed(word);
            let whole = Arguments::try_parse_from(&words).unwrap_err();
            let alone = version_alone(&words).unwrap();
            assert_eq!(alone.to_string(), whole.to_string());
            assert_eq!(alone.kind(), whole.kind());
        }
        assert!(version_alone(&typed("--version --json")).is_none());
        assert!(version_alone(&typed("chat")).is_none());
    }

    #[test]
    fn a_frequent_command_is_read_as_the_whole_command_line_reads_it() {
        for words in [
            "serve",
            "serve --connection work --read-only",
            "chat work hello --json=2 --color never",
            "chat work - --system x",
            "dashboard --port 7777",
        ] {
            let words = typed(words);
            let whole = Arguments::try_parse_from(&words).unwrap();
            let frequent = Arguments::frequent(&words).unwrap();
            assert_eq!(format!("{frequent:?}"), format!("{whole:?}"));
        }
    }

    #[test]
    fn a_frequent_command_refuses_what_the_whole_command_line_refuses() {
        for words in [
            "serve --no-such",
            "chat --no-such",
            "serve --help",
            "chat --version",
        ] {
            let words = typed(words);
            assert!(Arguments::frequent(&words).is_none());
            assert!(Arguments::try_parse_from(&words).is_err());
        }
    }
}
