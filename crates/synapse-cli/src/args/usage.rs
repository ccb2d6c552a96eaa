//! Flags of `usage`.

use clap::Args;
use clap::builder::PossibleValue;
use synapse_core::ledger::UsageKey;

use super::one_of;

#[derive(Debug, Args)]
pub(crate) struct UsageArguments {
    /// The key that the lines sum by
    #[arg(long, value_parser = one_of(UsageKey::ALL, key), default_value = UsageKey::Connection.as_str())]
    pub(crate) by: UsageKey,

    /// Only calls that began at WHEN or later; `all` for every call
    #[arg(long, value_name = "WHEN")]
    pub(crate) since: Option<String>,

    /// Only calls that began before WHEN
    #[arg(long, value_name = "WHEN")]
    pub(crate) until: Option<String>,

    /// Only calls of this connection
    #[arg(long, value_name = "NAME")]
    pub(crate) connection: Option<String>,

    /// Print CSV: a header, then one line each, without the total
    #[arg(long, conflicts_with = "json")]
    pub(crate) csv: bool,
}

fn key(key: UsageKey) -> PossibleValue {
    PossibleValue::new(key.as_str()).help(key.meaning())
}

pub(crate) const USAGE_EXAMPLES: &str = "\
What did I spend on which model this month, and how much of it is unknown?

  synapse usage --by model --since this-month

COST is the sum of the costs that are known; `≥` says that calls are missing from it, and UNKNOWN \
how many: calls that may have been billed and whose cost is not known. The last line is the total.

SUCCESS is the part of the calls sent that were answered; refusals were not sent. P50 MS and P95 \
MS are the milliseconds that half, and 95 of 100, of the answered calls took at most; above 10,000 \
calls they are at most 0.8 % off. In a terminal, a bar shows each line's part of the known cost, or of the \
calls when no cost is known.

WHEN is a time (2026-11-01, 2026-11, 2026-11-01T08:00:00Z), an age (30d, 24h, 2w), or one of now, \
today, this-week, this-month. Days begin at midnight UTC.

Examples:
  synapse usage --by day --since 30d
  synapse usage --by model --since 2026-10 --until 2026-11  # all of October
  synapse usage --by client --since today --json
  synapse usage --by day --connection work
  synapse usage --by month --csv > usage.csv";
