//! The tool `usage`, and the same sums for the resource `synapse://usage/{by}`.

use synapse_core::document::UsageDocument;
use synapse_core::error::Failure;
use synapse_core::ledger::{UsageKey, UsageLine, UsageQuery, UsageReport};
use synapse_core::time::Timestamp;

use super::arguments::{Arguments, invalid};
use super::{schema, value};
use crate::host::{ToolCall, ToolResult};
use crate::view::View;

/// Sums over the ledger; sends nothing.
pub(super) async fn call(view: &View, call: ToolCall) -> Result<ToolResult, Failure> {
    let mut arguments = Arguments::new(schema::USAGE, call.arguments);
    let by: Option<String> = arguments.take("by")?;
    let since: Option<String> = arguments.take("since")?;
    arguments.finish()?;
    let by = match by {
        Some(word) => key(&word).ok_or_else(|| {
            let words = UsageKey::ALL.map(UsageKey::as_str).join(", ");
            invalid("by is none of the keys")
                .cause(format!("it takes {words}"))
                .with("argument", "by")
        })?,
        None => UsageKey::Connection,
    };
    let now = view.engine().ports().clock.now();
    let since = since.map(|text| point(&text, now)).transpose()?;
    let (query, report) = sums(view, by, since).await?;
    let document = UsageDocument::new(&query, &report);
    Ok(ToolResult::text(text(&report)).with_structured_content(value(&document)))
}

/// The key of that word.
pub(crate) fn key(word: &str) -> Option<UsageKey> {
    UsageKey::ALL.into_iter().find(|key| key.as_str() == word)
}

/// The sums that a server of this scope may tell.
///
/// # Errors
/// `storage.*`; `usage.invalid-arguments` for sums over connections out of scope.
pub(crate) async fn sums(
    view: &View,
    by: UsageKey,
    since: Option<Timestamp>,
) -> Result<(UsageQuery, UsageReport), Failure> {
    if view.scope().is_some() && by != UsageKey::Connection {
        return Err(invalid("this server serves one connection only")
            .cause("other sums would tell about other connections")
            .hint("sum by connection")
            .with("argument", "by"));
    }
    let until = None;
    let query = UsageQuery { by, since, until };
    view.settled().await?;
    let mut report = view.engine().usage(query.clone()).await?;
    if let Some(name) = view.scope() {
        report.lines.retain(|line| line.key == name);
        report.total = UsageLine {
            key: report.total.key,
            ..report.lines.first().cloned().unwrap_or_default()
        };
    }
    Ok((query, report))
}

fn text(report: &UsageReport) -> String {
    let UsageReport { lines, total } = report;
    if lines.is_empty() {
        return "no calls yet".to_owned();
    }
    let each = lines.iter().chain([total]).map(|line| {
        format!(
            "{}: {} calls ({} ok, {} failed, {} refused), {}+{} tokens, {}",
            line.key,
            line.calls,
            line.ok,
            line.failed,
            line.refused,
            line.prompt_tokens,
            line.completion_tokens,
            dollars(line.cost_nano_usd),
        )
    });
    let mut lines: Vec<String> = each.collect();
    if total.unknown_tokens > 0 || total.unknown_cost > 0 {
        lines.push(format!(
            "left out because unknown: the tokens of {} calls, the cost of {}",
            total.unknown_tokens, total.unknown_cost
        ));
    }
    lines.join("\n")
}

fn dollars(nano_usd: u64) -> String {
    let digits = format!("{:09}", nano_usd % NANO);
    format!("${}.{:0<2}", nano_usd / NANO, digits.trim_end_matches('0'))
}

/// A point in time: RFC 3339, a day, or an age such as `30d` or `12h`.
fn point(text: &str, now: Timestamp) -> Result<Timestamp, Failure> {
    let age = |digits: &str, unit: i64| {
        let count: i64 = digits.parse().ok().filter(|count| *count >= 0)?;
        let millis = now.as_millis().saturating_sub(count.saturating_mul(unit));
        Some(Timestamp::from_millis(millis))
    };
    let parsed = if let Some(days) = text.strip_suffix('d') {
        age(days, DAY)
    } else if let Some(hours) = text.strip_suffix('h') {
        age(hours, HOUR)
    } else {
        let day = || format!("{text}T00:00:00Z").parse().ok();
        text.parse().ok().or_else(day)
    };
    parsed.ok_or_else(|| {
        invalid("since is no point in time")
            .cause("it takes 30d, 12h, 2026-11-01 or 2026-11-01T08:00:00Z")
            .with("argument", "since")
    })
}

const NANO: u64 = 1_000_000_000;
const HOUR: i64 = 60 * 60 * 1000;
const DAY: i64 = 24 * HOUR;
