//! Flags of `history`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use synapse_core::call::Operation;
use synapse_core::ledger::{HubKind, Outcome};
use synapse_export::Format;

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
        /// Its call id, a beginning of it that no other has, or `last`
        call_id: String,
    },
    /// Write calls as JSON Lines, CSV or Parquet, oldest first
    #[command(after_help = EXPORT_EXAMPLES)]
    Export(HistoryExportArguments),
    /// Delete calls and what was recorded of them, for good
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
    /// At most this many
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) limit: u32,

    /// The calls before this one: the next page
    #[arg(long, value_name = "CALL_ID", conflicts_with = "after")]
    pub(crate) before: Option<String>,

    /// The calls after this one: the page before
    #[arg(long, value_name = "CALL_ID")]
    pub(crate) after: Option<String>,

    /// Times in UTC instead of ages
    #[arg(long)]
    pub(crate) utc: bool,

    /// These columns, separated by commas, however wide: age, to, model, client, outcome, tokens,
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

/// Which calls. All conditions have to hold.
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

    /// Only those through this MCP tool, or of this tool of an upstream server
    #[arg(long, value_name = "NAME")]
    pub(crate) tool: Option<String>,

    /// Only those of this upstream server
    #[arg(long, value_name = "NAME")]
    pub(crate) server: Option<String>,

    /// Only those of this kind: chat, probe and sample are of connections, the others of upstream servers
    #[arg(long, value_parser = one_of(kinds(), |kind| kind.into()))]
    pub(crate) kind: Option<&'static str>,

    /// Only those that ended so
    #[arg(long, value_parser = one_of(Outcome::ALL, |outcome| outcome.as_str().into()))]
    pub(crate) outcome: Option<Outcome>,

    /// Only those with this error code
    #[arg(long, value_name = "CODE")]
    pub(crate) code: Option<String>,

    /// Only those that began at WHEN or later: 2026-11-01, 30d, 24h, this-month, …
    #[arg(long, value_name = "WHEN")]
    pub(crate) since: Option<String>,

    /// Only those that began before WHEN
    #[arg(long, value_name = "WHEN")]
    pub(crate) until: Option<String>,

    /// Only those whose recorded prompt or answer has all these words
    #[arg(long, value_name = "WORDS")]
    pub(crate) text: Option<String>,

    /// A condition on any column, such as http_status>=500; may be given several times
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
    /// The format; when left out, that of the file's ending, or jsonl without one
    #[arg(long, value_parser = one_of(Format::ALL, |format| format.as_str().into()))]
    pub(crate) format: Option<Format>,

    /// Write this file, as a whole or not at all, instead of stdout
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Add to a dataset of many machines what it does not have yet of this one, all of it
    #[arg(long, value_name = "DIR", conflicts_with_all = NOT_WITH_DATASET)]
    pub(crate) dataset: Option<PathBuf>,

    /// With --dataset: call this machine NAME there, from now on; a random id when never given
    #[arg(long, value_name = "NAME", requires = "dataset")]
    pub(crate) machine: Option<String>,

    /// With --dataset: recorded prompts and answers too, as far as connections record them
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
Rows are read in pages, so that the memory taken does not grow with them. Unknown is null, or an \
empty cell in CSV. In CSV, a text that a spreadsheet would take for a formula gets a `'` in front.

--dataset writes Parquet files into DIR/machine=…/month=YYYY-MM, only of calls that have ended and are not there yet, \
each file as a whole. Any number of machines may write into one directory. Nothing there is ever changed or removed: \
not by an export, not by a purge here.

Examples:
  synapse history export --output calls.parquet
  synapse history export --dataset /mnt/team/synapse --machine work-laptop
  synapse history export --format csv --since 2026-11 > november.csv
  synapse history export --connection work | jq .cost";

const VERIFY_HELP: &str = "\
Each row is sealed with a hash over its content and the seal before it. When all is well, the last \
seal is printed: whoever notes it elsewhere can tell later that nothing before it was changed. When \
not, what is wrong is printed, and the exit code is 13.

Examples:
  synapse history verify
  synapse history verify --json";

const REPAIR_HELP: &str = "\
Does nothing to a sound ledger. Refuses while another process writes. What is lost is named: its \
places in the chain of seals, and the calls as far as an index still knows them. What lost calls \
counted against limits stays counted, as far as the daily sums can be read. Rows whose content is \
no longer what was sealed are kept as they are now, and named.

Examples:
  synapse history repair
  synapse history repair --json";
