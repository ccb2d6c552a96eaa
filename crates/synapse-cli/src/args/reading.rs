//! Flags of `serve`, `usage` and `history`.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand, ValueEnum};
use synapse_core::ledger::{Outcome, UsageKey};
use synapse_mcp::tools::Tool;

#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    /// Serve this connection only
    #[arg(long, value_name = "NAME")]
    pub(crate) connection: Option<String>,

    /// Offer only these tools, separated by commas
    #[arg(long, value_name = "TOOLS", value_delimiter = ',', value_parser = tool_words())]
    pub(crate) tools: Vec<Tool>,

    /// Offer no tool that reads a key or sends anything: connections, usage and history only
    #[arg(long)]
    pub(crate) read_only: bool,
}

/// The names of the tools, as one possible value each.
fn tool_words() -> impl TypedValueParser<Value = Tool> {
    PossibleValuesParser::new(Tool::ALL.map(Tool::as_str))
        .try_map(|word| Tool::from_name(&word).ok_or_else(|| format!("there is no tool `{word}`")))
}

#[derive(Debug, Args)]
pub(crate) struct ChecklistArguments {
    /// The connection
    #[arg(value_name = "NAME")]
    pub(crate) name: String,

    /// The project that is looked at too; the current directory when left out
    #[arg(long, value_name = "DIR")]
    pub(crate) project: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct UsageArguments {
    /// One line per connection, model, provider or day
    #[arg(long, value_enum, default_value_t = UsageWord::Connection)]
    pub(crate) by: UsageWord,

    /// Only calls since then: a time such as 2026-11-01 or 2026-11-01T08:00:00Z, or 30d, 12h
    #[arg(long, value_name = "WHEN")]
    pub(crate) since: Option<String>,
}

/// What a line of usage stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum UsageWord {
    Connection,
    Model,
    Provider,
    Day,
}

impl From<UsageWord> for UsageKey {
    fn from(word: UsageWord) -> Self {
        match word {
            UsageWord::Connection => Self::Connection,
            UsageWord::Model => Self::Model,
            UsageWord::Provider => Self::Provider,
            UsageWord::Day => Self::Day,
        }
    }
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct HistoryArguments {
    #[command(subcommand)]
    pub(crate) command: Option<HistoryCommand>,

    #[command(flatten)]
    pub(crate) list: HistoryListArguments,
}

#[derive(Debug, Subcommand)]
pub(crate) enum HistoryCommand {
    /// List calls and refusals, newest first
    List(HistoryListArguments),
    /// Show everything about one call
    Show {
        /// Its call id
        call_id: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct HistoryListArguments {
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) limit: u32,

    /// Only those of this connection
    #[arg(long, value_name = "NAME")]
    pub(crate) connection: Option<String>,

    /// Only those that ended so
    #[arg(long, value_enum)]
    pub(crate) outcome: Option<OutcomeWord>,

    /// Only those before this call: the next page
    #[arg(long, value_name = "CALL_ID")]
    pub(crate) before: Option<String>,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutcomeWord {
    Open,
    Ok,
    Error,
    Refused,
    Cancelled,
    Interrupted,
}

impl From<OutcomeWord> for Outcome {
    fn from(word: OutcomeWord) -> Self {
        match word {
            OutcomeWord::Open => Self::Open,
            OutcomeWord::Ok => Self::Ok,
            OutcomeWord::Error => Self::Error,
            OutcomeWord::Refused => Self::Refused,
            OutcomeWord::Cancelled => Self::Cancelled,
            OutcomeWord::Interrupted => Self::Interrupted,
        }
    }
}
