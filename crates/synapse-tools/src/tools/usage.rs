//! The tool `usage`, and the same sums for the resource `synapse://usage/{by}`.

use synapse_core::error::Failure;
use synapse_core::ledger::{UsageKey, UsageLine, UsageQuery, UsageReport, shown_sum};
use synapse_core::money::dollars;
use synapse_core::time::{PeriodStart, Timestamp};
use synapse_documents::UsageDocument;
use synapse_mcp::host::{ToolCall, ToolResult};

use super::Tool;
use super::arguments::Arguments;
use super::refusal::invalid;
use crate::view::View;

/// Sums over the ledger; sends nothing.
pub(super) async fn call(view: &View, call: ToolCall) -> Result<ToolResult, Failure> {
    let mut arguments = Arguments::of(Tool::Usage, call).await?;
    let by: Option<String> = arguments.take("by")?;
    let since: Option<String> = arguments.take("since")?;
    arguments.finish()?;
    let by = match by {
        Some(word) => key(&word).ok_or_else(|| {
            let words = UsageKey::ALL.map(UsageKey::as_str).join(", ");
            invalid("by is not a valid key")
                .cause(format!("it takes {words}"))
                .with("argument", "by")
        })?,
        None => UsageKey::Connection,
    };
    let now = view.engine().ports().clock.now();
    let since = since.map(|text| {
        PeriodStart::named(&text, now).ok_or_else(|| {
            invalid("since is not a point in time")
                .cause(format!("it takes {}", PeriodStart::NAMES))
                .with("argument", "since")
        })
    });
    let since = since.transpose()?.and_then(PeriodStart::time);
    let (query, report) = sums(view, by, since).await?;
    let document = UsageDocument::new(&query, &report);
    Ok(ToolResult::text(text(query.by, &report)).with_document(&document))
}

/// Parses a key.
pub(crate) fn key(word: &str) -> Option<UsageKey> {
    UsageKey::ALL.into_iter().find(|key| key.as_str() == word)
}

/// The sums visible to a server of this scope: those of its connection, or of all.
///
/// # Errors
/// `storage.*`.
pub(crate) async fn sums(
    view: &View,
    by: UsageKey,
    since: Option<Timestamp>,
) -> Result<(UsageQuery, UsageReport), Failure> {
    let query = UsageQuery {
        since,
        connection: view.scope().map(str::to_owned),
        ..UsageQuery::by(by)
    };
    view.settled().await?;
    let report = view.engine().usage(query.clone()).await?;
    Ok((query, report))
}

fn text(by: UsageKey, report: &UsageReport) -> String {
    let UsageReport {
        lines,
        total,
        waiting,
    } = report;
    let not_entered = (waiting.calls > 0).then(|| {
        format!(
            "{} calls are not in the ledger yet and not in these sums",
            waiting.calls
        )
    });
    if lines.is_empty() {
        return not_entered.unwrap_or_else(|| "no calls yet".to_owned());
    }
    let each = lines.iter().chain([total]).map(|line| {
        let known = if by.is_of_hub() {
            // Rows of the hub have neither tokens nor cost.
            String::new()
        } else {
            tokens_and_cost(line)
        };
        format!(
            "{}: {} calls ({} ok, {} failed, {} refused){known}",
            line.key, line.calls, line.ok, line.failed, line.refused,
        )
    });
    let mut lines: Vec<String> = each.collect();
    if total.unknown_tokens > 0 || total.unknown_cost > 0 {
        lines.push(format!(
            "left out because unknown: the tokens of {} calls, the cost of {}",
            total.unknown_tokens, total.unknown_cost
        ));
    }
    lines.extend(not_entered);
    lines.join("\n")
}

fn tokens_and_cost(line: &UsageLine) -> String {
    let tokens = |sum| shown_sum(sum, line.unknown_tokens, |sum| sum.to_string());
    let cost = shown_sum(line.cost_nano_usd, line.unknown_cost, |sum| {
        format!("${}", dollars(sum))
    });
    format!(
        ", {}+{} tokens, {cost}",
        tokens(line.prompt_tokens),
        tokens(line.completion_tokens)
    )
}
