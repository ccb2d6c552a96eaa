//! Flags of `history`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use synapse_core::call::Operation;
use synapse_core::ledger::{HubKind, Outcome};
use synapse_export::ExportFormat;

use super::history_column::HistoryColumn;
use super::one_of;

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
    #[command(after_help = FILTERS)]
    List(HistoryListArguments),
    /// Show everything about one call
    Show {
        /// Its call id, a unique beginning of it, or `last`
        call_id: String,
    },
    /// Write calls as JSON Lines, CSV or Parquet, oldest first
    #[command(after_help = EXPORT_EXAMPLES)]
    Export(HistoryExportArguments),
    /// Delete calls and their recorded texts permanently
    Purge(HistoryPurgeArguments),
    /// Check that no row was edited, deleted, inserted or moved since it was written
    #[command(after_help = VERIFY_HELP)]
    Verify,
    /// Rebuild a damaged ledger from what can still be read; the damaged file is kept
    #[command(after_help = REPAIR_HELP)]
    Repair,
}

#[derive(Debug, Args)]
pub(crate) struct HistoryListArguments {
    /// The maximum number of calls
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) limit: u32,

    /// The calls before this one: the next page
    #[arg(long, value_name = "CALL_ID", conflicts_with = "after")]
    pub(crate) before: Option<String>,

    /// The calls after this one: the page before
    #[arg(long, value_name = "CALL_ID")]
    pub(crate) after: Option<String>,

    /// Show times in UTC instead of ages
    #[arg(long)]
    pub(crate) utc: bool,

    /// These columns, separated by commas, at full width: age, to, model, client, outcome, tokens,
    /// cost, ms, prompt, call, or any column of `history export`. When left out, those that fit
    #[arg(
        long,
        value_name = "COLUMNS",
        value_delimiter = ',',
        hide_possible_values = true,
        value_parser = one_of(HistoryColumn::all(), |column| column.as_str().into())
    )]
    pub(crate) columns: Vec<HistoryColumn>,

    #[command(flatten)]
    pub(crate) filter: HistoryFilter,
}

/// Conditions on calls. All have to match.
#[derive(Debug, Args)]
#[command(next_help_heading = "Which calls")]
pub(crate) struct HistoryFilter {
    /// Only those of this connection
    #[arg(long, value_name = "NAME")]
    pub(crate) connection: Option<String>,

    /// Only those of this provider
    #[arg(long, value_name = "PROVIDER")]
    pub(crate) provider: Option<String>,

    /// Only those that asked for this model
    #[arg(long, value_name = "MODEL")]
    pub(crate) model: Option<String>,

    /// Only those of this IDE, or `terminal`
    #[arg(long, value_name = "NAME")]
    pub(crate) client: Option<String>,

    /// Only those of this MCP tool, or of this tool of an upstream server
    #[arg(long, value_name = "NAME")]
    pub(crate) tool: Option<String>,

    /// Only those of this upstream server
    #[arg(long, value_name = "NAME")]
    pub(crate) server: Option<String>,

    /// Only those of this kind: chat, probe and sample belong to connections, the others to
    /// upstream servers
    #[arg(long, value_parser = one_of(kinds(), |kind| kind.into()))]
    pub(crate) kind: Option<&'static str>,

    /// Only those with this outcome
    #[arg(long, value_parser = one_of(Outcome::ALL, |outcome| outcome.as_str().into()))]
    pub(crate) outcome: Option<Outcome>,

    /// Only those with this error code
    #[arg(long, value_name = "CODE")]
    pub(crate) code: Option<String>,

    /// Only those that began at WHEN or later: 2026-11-01, 30d, 24h, this-month, all, …
    #[arg(long, value_name = "WHEN")]
    pub(crate) since: Option<String>,

    /// Only those that began before WHEN
    #[arg(long, value_name = "WHEN")]
    pub(crate) until: Option<String>,

    /// Only those whose recorded prompt or answer contains all these words
    #[arg(long, value_name = "WORDS")]
    pub(crate) text: Option<String>,

    /// A condition on any column, such as http_status>=500. Repeatable
    #[arg(long = "where", value_name = "CONDITION")]
    pub(crate) conditions: Vec<String>,
}

/// The names of the kinds of rows.
fn kinds() -> Vec<&'static str> {
    let calls = Operation::ALL.map(Operation::as_str);
    let events = HubKind::ALL.map(HubKind::as_str);
    calls.into_iter().chain(events).collect()
}

#[derive(Debug, Args)]
pub(crate) struct HistoryExportArguments {
    /// The format; when left out, by the file's extension, or jsonl without one
    #[arg(long, value_parser = one_of(ExportFormat::ALL, |format| format.as_str().into()))]
    pub(crate) format: Option<ExportFormat>,

    /// Write atomically to this file instead of stdout
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Add the missing rows of this machine to a dataset of many machines
    #[arg(long, value_name = "DIR", conflicts_with_all = NOT_WITH_DATASET)]
    pub(crate) dataset: Option<PathBuf>,

    /// With --dataset: name this machine NAME there, from now on; a random id until named
    #[arg(long, value_name = "NAME", requires = "dataset")]
    pub(crate) machine: Option<String>,

    /// With --dataset: include recorded prompts and answers
    #[arg(long, requires = "dataset")]
    pub(crate) with_texts: bool,

    #[command(flatten)]
    pub(crate) filter: HistoryFilter,
}

/// A dataset has every row; with a filter, the missing ones could not be determined.
const NOT_WITH_DATASET: [&str; 15] = [
    "format",
    "output",
    "connection",
    "provider",
    "model",
    "client",
    "tool",
    "server",
    "kind",
    "outcome",
    "code",
    "since",
    "until",
    "text",
    "conditions",
];

#[derive(Debug, Args)]
pub(crate) struct HistoryPurgeArguments {
    /// Delete calls that began before WHEN: 2026-01-01, 90d, this-month, …
    #[arg(
        long,
        alias = "before",
        value_name = "WHEN",
        required_unless_present = "all"
    )]
    pub(crate) until: Option<String>,

    /// Delete every call that has ended
    #[arg(long, conflicts_with = "until")]
    pub(crate) all: bool,

    /// Do not ask
    #[arg(long, short)]
    pub(crate) yes: bool,
}

pub(crate) const FILTERS: &str = "\
CONDITION is COLUMN=VALUE, COLUMN!=VALUE, COLUMN>=NUMBER, COLUMN<=NUMBER, COLUMN=unknown or \
COLUMN!=unknown. The columns are those of `synapse history export --format csv`.

Examples:
  synapse history list --outcome error --since 24h
  synapse history list --where 'latency_ms>=10000' \\
      --where 'model_served!=unknown'
  synapse history list --connection work --where cost_nano_usd=unknown --json
  synapse history list --columns started_at,connection,prompt_tokens,cost
  synapse history list --server hf --kind call --where may_have_run=true";

const EXPORT_EXAMPLES: &str = "\
Memory use does not depend on the number of rows. Unknown is null, or an empty cell in CSV. In \
CSV, text that a spreadsheet would read as a formula is prefixed with `'`.

--dataset atomically writes Parquet files into DIR/machine=…/month=YYYY-MM, with the ended calls \
that are missing there. Any number of machines may write to one directory. Neither an export nor a \
local purge ever changes or removes files there.

Examples:
  synapse history export --output calls.parquet
  synapse history export --dataset /mnt/team/synapse --machine work-laptop
  synapse history export --format csv --since 2026-11 > november.csv
  synapse history export --connection work | jq .cost";

const VERIFY_HELP: &str = "\
Each row is sealed with a hash over its content and the seal before it. If all rows are intact, \
the last seal is printed: noted elsewhere, it later proves that no earlier row was changed. \
Otherwise the problems are printed, and the exit code is 13.

Examples:
  synapse history verify
  synapse history verify --json";

const REPAIR_HELP: &str = "\
Does not change an intact ledger. Refuses while another process writes. Lost rows are reported: \
their positions in the seal chain, and their calls if an index still has them. Their usage still \
counts against limits if the daily sums are readable. Rows that no longer match their seal are \
kept and reported.

Examples:
  synapse history repair
  synapse history repair --json";
