//! `synapse usage`: sums over the ledger, unknowns counted beside them.

use synapse_core::document::UsageDocument;
use synapse_core::engine::Engine;
use synapse_core::error::{Code, Failure};
use synapse_core::ledger::{UsageLine, UsageQuery};
use synapse_core::redact::printable;
use synapse_core::time::Timestamp;

use super::{CommandError, Context};
use crate::args::UsageArguments;
use crate::output::{amount_text, table};

pub(super) async fn run(
    context: &Context,
    engine: &Engine,
    arguments: &UsageArguments,
) -> Result<(), CommandError> {
    let now = engine.ports().clock.now();
    let since = arguments
        .since
        .as_deref()
        .map(|text| since(text, now))
        .transpose()?;
    let query = UsageQuery {
        by: arguments.by.into(),
        since,
        until: None,
    };
    let report = engine.usage(query.clone()).await?;
    let printer = &context.printer;
    if printer.is_json() {
        printer.document(&UsageDocument::new(&query, &report));
        return Ok(());
    }
    if report.lines.is_empty() {
        printer.note("no calls yet");
        return Ok(());
    }
    let total = &report.total;
    let key = query.by.as_str().to_uppercase();
    let rows = report.lines.iter().chain([total]).map(row).collect();
    printer.line(&table(
        &[
            &key,
            "CALLS",
            "OK",
            "FAILED",
            "REFUSED",
            "PROMPT",
            "COMPLETION",
            "COST",
        ],
        &[1, 2, 3, 4, 5, 6, 7],
        rows,
    ));
    if total.unknown_cost > 0 || total.unknown_tokens > 0 {
        printer.note(&format!(
            "the cost of {} calls and the tokens of {} are unknown; the sums leave them out",
            total.unknown_cost, total.unknown_tokens
        ));
    }
    Ok(())
}

fn row(line: &UsageLine) -> Vec<String> {
    vec![
        printable(&line.key),
        line.calls.to_string(),
        line.ok.to_string(),
        line.failed.to_string(),
        line.refused.to_string(),
        known(line.prompt_tokens, line.unknown_tokens, |sum| {
            sum.to_string()
        }),
        known(line.completion_tokens, line.unknown_tokens, |sum| {
            sum.to_string()
        }),
        known(line.cost_nano_usd, line.unknown_cost, amount_text),
    ]
}

/// A sum, honest about what it leaves out: `unknown` when it covers nothing, `≥` when it is only
/// a part.
fn known(sum: u64, unknown: u64, text: impl Fn(u64) -> String) -> String {
    match (sum, unknown) {
        (sum, 0) => text(sum),
        (0, _) => "unknown".to_owned(),
        (sum, _) => format!("≥ {}", text(sum)),
    }
}

/// A point in time: RFC 3339, a day, or an age such as `30d` or `12h`.
fn since(text: &str, now: Timestamp) -> Result<Timestamp, Failure> {
    let age = |digits: &str, unit: i64| {
        let count: i64 = digits.parse().ok().filter(|count| *count >= 0)?;
        Some(Timestamp::from_millis(
            now.as_millis().saturating_sub(count.saturating_mul(unit)),
        ))
    };
    let parsed = match text.strip_suffix('d') {
        Some(days) => age(days, DAY),
        None => match text.strip_suffix('h') {
            Some(hours) => age(hours, HOUR),
            None => text
                .parse()
                .ok()
                .or_else(|| format!("{text}T00:00:00Z").parse().ok()),
        },
    };
    parsed.ok_or_else(|| {
        Failure::new(Code::UsageInvalidArguments, "that is no point in time")
            .cause("--since takes 30d, 12h, 2026-11-01 or 2026-11-01T08:00:00Z")
    })
}

const HOUR: i64 = 60 * 60 * 1000;
const DAY: i64 = 24 * HOUR;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_in_time_are_absolute_or_an_age() {
        let now: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        let shown = |text: &str| since(text, now).map(|time| time.to_string()).ok();
        assert_eq!(shown("30d").as_deref(), Some("2026-10-21T12:00:00.000Z"));
        assert_eq!(shown("12h").as_deref(), Some("2026-11-20T00:00:00.000Z"));
        assert_eq!(
            shown("2026-11-01").as_deref(),
            Some("2026-11-01T00:00:00.000Z")
        );
        assert_eq!(
            shown("2026-11-01T08:00:00+01:00").as_deref(),
            Some("2026-11-01T07:00:00.000Z")
        );
        for bad in ["", "d", "-1d", "yesterday", "2026-13-01"] {
            assert_eq!(shown(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_sum_says_what_it_leaves_out() {
        let text = |sum: u64| sum.to_string();
        assert_eq!(known(5, 0, text), "5");
        assert_eq!(known(5, 1, text), "≥ 5");
        assert_eq!(known(0, 2, text), "unknown");
        assert_eq!(known(0, 0, text), "0");
    }
}
