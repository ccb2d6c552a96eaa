//! Sums over rows, written as plainly as possible: the reference for the real ledger's sums.

use std::collections::BTreeMap;

use synapse_core::ledger::{
    Entry, FailureGroup, Outcome, PeriodUsage, UsageKey, UsageLine, UsageQuery, UsageReport,
};
use synapse_core::limits::{Grant, Spent};
use synapse_core::time::Timestamp;

/// The report over `rows`, with exact latencies.
pub(super) fn report(rows: &[Entry], query: &UsageQuery) -> UsageReport {
    let mut lines: BTreeMap<String, (UsageLine, Vec<u64>)> = BTreeMap::new();
    let mut total = (UsageLine::default(), Vec::new());
    for row in rows {
        let asked = is_summed(row, query.by)
            && query.since.is_none_or(|since| row.started_at >= since)
            && query.until.is_none_or(|until| row.started_at < until)
            && query
                .connection
                .as_ref()
                .is_none_or(|name| row.receipt.connection == *name);
        if asked {
            add(lines.entry(key_of(row, query.by)).or_default(), row);
            add(&mut total, row);
        }
    }
    UsageReport {
        lines: lines
            .into_iter()
            .map(|(key, line)| finish(key, line))
            .collect(),
        total: finish("total".to_owned(), total),
        ..UsageReport::default()
    }
}

/// Whether a key counts a row: hub rows or all others.
fn is_summed(row: &Entry, by: UsageKey) -> bool {
    match by {
        UsageKey::Tool => row.hub.is_some() && row.caller.tool.is_some(),
        by => row.hub.is_some() == by.is_of_hub(),
    }
}

/// The reports per period.
pub(super) fn per(rows: &[Entry], per: UsageKey, query: &UsageQuery) -> Vec<PeriodUsage> {
    let mut periods: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    for row in rows {
        let period = per.period(row.started_at).unwrap_or_default();
        periods.entry(period).or_default().push(row.clone());
    }
    periods
        .into_iter()
        .map(|(period, rows)| PeriodUsage {
            period,
            lines: report(&rows, query)
                .lines
                .into_iter()
                .map(|line| UsageLine {
                    p50_latency_ms: None,
                    p95_latency_ms: None,
                    ..line
                })
                .collect(),
        })
        .filter(|usage| !usage.lines.is_empty())
        .collect()
}

/// The failed rows since `since`, grouped, latest first.
pub(super) fn failures(rows: &[Entry], since: Timestamp) -> Vec<FailureGroup> {
    let mut groups: Vec<FailureGroup> = Vec::new();
    let failed = [Outcome::Error, Outcome::Refused, Outcome::Interrupted];
    for row in rows
        .iter()
        .filter(|row| row.hub.is_none() && row.started_at >= since && failed.contains(&row.outcome))
    {
        let (at, call_id) = (row.started_at, row.receipt.call_id);
        let same = groups.iter_mut().find(|group| {
            group.connection == row.receipt.connection
                && group.outcome == row.outcome
                && group.error_code == row.error_code
        });
        match same {
            Some(group) => {
                group.times += 1;
                group.first_at = group.first_at.min(at);
                group.last_at = group.last_at.max(at);
                group.last_call = group.last_call.max(call_id);
            }
            None => groups.push(FailureGroup {
                connection: row.receipt.connection.clone(),
                outcome: row.outcome,
                error_code: row.error_code.clone(),
                times: 1,
                first_at: at,
                last_at: at,
                last_call: call_id,
            }),
        }
    }
    groups.sort_by_key(|group| std::cmp::Reverse((group.last_at, group.last_call)));
    groups
}

/// Adds the amounts of a row that count against limits, seen from the time `at`.
pub(super) fn spend(spent: &mut Spent, row: &Entry, reserved: &Grant, at: Timestamp) {
    let usage = &row.receipt.usage;
    let pending = row.outcome == Outcome::Open || row.receipt.exchange.maybe_billed;
    let or_reserved = |told: Option<u64>, reserved: u64| match told {
        Some(told) => told,
        None if pending => reserved,
        None => 0,
    };
    let told = usage
        .prompt_tokens
        .zip(usage.completion_tokens)
        .map(|(prompt, completion)| prompt + completion);
    let tokens = or_reserved(told, reserved.tokens);
    let nano_usd = or_reserved(
        row.receipt.cost.amount_nano_usd,
        reserved.nano_usd.unwrap_or_default(),
    );
    let month = |time| UsageKey::Month.period(time);
    let periods = [
        (row.started_at.day() == at.day(), &mut spent.day),
        (month(row.started_at) == month(at), &mut spent.month),
    ];
    for (counts, sums) in periods {
        if counts {
            sums.tokens += tokens;
            sums.nano_usd += nano_usd;
        }
    }
}

fn key_of(row: &Entry, by: UsageKey) -> String {
    if let Some(period) = by.period(row.started_at) {
        return period;
    }
    let receipt = &row.receipt;
    let server = row.hub.as_ref().map(|facts| facts.server.as_str());
    match by {
        UsageKey::Server => server.unwrap_or_default().to_owned(),
        UsageKey::Tool => format!(
            "{}/{}",
            server.unwrap_or_default(),
            row.caller.tool.as_deref().unwrap_or_default()
        ),
        UsageKey::Connection => receipt.connection.clone(),
        UsageKey::Provider => receipt.provider.clone(),
        UsageKey::Client => row
            .caller
            .client_name
            .clone()
            .unwrap_or_else(|| UsageKey::TERMINAL.to_owned()),
        // The enum is non-exhaustive; by model is the finest known key.
        _ => receipt
            .model_served
            .clone()
            .unwrap_or_else(|| receipt.model_requested.clone()),
    }
}

fn add((line, latencies): &mut (UsageLine, Vec<u64>), row: &Entry) {
    let receipt = &row.receipt;
    line.calls += 1;
    match row.outcome {
        Outcome::Ok => line.ok += 1,
        Outcome::Error | Outcome::Cancelled | Outcome::Interrupted => line.failed += 1,
        Outcome::Refused => line.refused += 1,
        _ => {}
    }
    let usage = &receipt.usage;
    line.prompt_tokens += usage.prompt_tokens.unwrap_or_default();
    line.completion_tokens += usage.completion_tokens.unwrap_or_default();
    line.cached_tokens += usage.cached_tokens.unwrap_or_default();
    line.reasoning_tokens += usage.reasoning_tokens.unwrap_or_default();
    line.cost_nano_usd += receipt.cost.amount_nano_usd.unwrap_or_default();
    if receipt.exchange.maybe_billed {
        let tokens_told = usage.prompt_tokens.is_some() && usage.completion_tokens.is_some();
        line.unknown_tokens += u64::from(!tokens_told);
        line.unknown_cost += u64::from(receipt.cost.amount_nano_usd.is_none());
    }
    if row.outcome == Outcome::Ok {
        latencies.extend(receipt.latency_ms);
    }
}

fn finish(key: String, (mut line, mut latencies): (UsageLine, Vec<u64>)) -> UsageLine {
    latencies.sort_unstable();
    // Nearest-rank percentile.
    let percentile = |percent: usize| {
        let rank = (latencies.len() * percent).div_ceil(100).checked_sub(1)?;
        latencies.get(rank).copied()
    };
    line.p50_latency_ms = percentile(50);
    line.p95_latency_ms = percentile(95);
    line.key = key;
    line
}
