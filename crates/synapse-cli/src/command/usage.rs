//! `synapse usage`: sums over the ledger, with unknown values counted separately.

use synapse_core::engine::Engine;
use synapse_core::ledger::{UsageKey, UsageLine, UsageQuery, UsageReport, shown_sum};
use synapse_core::money::dollars;
use synapse_core::redact::printable;
use synapse_documents::{UsageDocument, UsageLineView};

use super::time_flag::{maybe_when, since};
use super::{CommandError, Context};
use crate::args::UsageArguments;
use crate::output::{Column, Printer, bar, listing};

pub(super) async fn run(
    context: &Context,
    engine: &Engine,
    arguments: &UsageArguments,
) -> Result<(), CommandError> {
    let now = engine.ports().clock.now();
    let query = UsageQuery {
        by: arguments.by,
        since: since(arguments.since.as_deref(), now)?,
        until: maybe_when("--until", arguments.until.as_deref(), now)?,
        connection: arguments.connection.clone(),
    };
    let report = engine.usage(query.clone()).await?;
    let printer = &context.printer;
    if let Some(warning) = report.waiting.failure() {
        printer.warning(&warning);
    }
    if printer.is_json() {
        printer.document(&UsageDocument::new(&query, &report));
        return Ok(());
    }
    if arguments.csv {
        printer.exactly(&csv(query.by, &report));
        return Ok(());
    }
    if report.lines.is_empty() {
        printer.note(if query == UsageQuery::by(query.by) {
            "no calls yet"
        } else {
            "no such calls"
        });
        return Ok(());
    }
    print(printer, &query, &report);
    Ok(())
}

fn print(printer: &Printer, query: &UsageQuery, report: &UsageReport) {
    let key = query.by.as_str().to_uppercase();
    let mut columns = vec![Column::new(&key).cut(10)];
    columns.extend(COLUMNS);
    let mut rows: Vec<Vec<String>> = report
        .lines
        .iter()
        .chain([&report.total])
        .map(|line| row(query.by, line))
        .collect();
    if Printer::stdout_is_terminal() {
        let share = Share::of(&report.total);
        columns.push(Column::new(share.header()).drop(10));
        for (row, line) in rows.iter_mut().zip(&report.lines) {
            row.push(share.bar(line));
        }
        // The total is always 100 %, so it has no bar.
        if let Some(total) = rows.last_mut() {
            total.push(String::new());
        }
    }
    printer.line(&listing(&columns, rows));
    if let Some(left_out) = left_out(&report.total) {
        printer.prose(&left_out);
    }
}

/// A note on what the sums do not cover, if anything.
fn left_out(total: &UsageLine) -> Option<String> {
    let of = |what: &str, calls: u64| match calls {
        0 => None,
        1 => Some(format!("the {what} of 1 call")),
        _ => Some(format!("the {what} of {calls} calls")),
    };
    let parts = [
        of("cost", total.unknown_cost),
        of("tokens", total.unknown_tokens),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| format!("unknown, and left out of the sums: {}", parts.join(", ")))
}

fn row(by: UsageKey, line: &UsageLine) -> Vec<String> {
    let count = |sum: u64| sum.to_string();
    // Rows of the hub have neither tokens nor cost.
    let known = |sum, unknown, text: fn(u64) -> String| {
        if by.is_of_hub() {
            "-".to_owned()
        } else {
            shown_sum(sum, unknown, text)
        }
    };
    let unknown_cost = if by.is_of_hub() {
        "-".to_owned()
    } else {
        line.unknown_cost.to_string()
    };
    let maybe = |value: Option<u64>| value.map_or_else(|| "-".to_owned(), count);
    vec![
        printable(&line.key),
        line.calls.to_string(),
        line.ok.to_string(),
        line.failed.to_string(),
        line.refused.to_string(),
        line.success_rate().map_or_else(|| "-".to_owned(), percent),
        known(line.prompt_tokens, line.unknown_tokens, count),
        known(line.completion_tokens, line.unknown_tokens, count),
        known(line.cost_nano_usd, line.unknown_cost, |sum| {
            format!("${}", dollars(sum))
        }),
        unknown_cost,
        maybe(line.p50_latency_ms),
        maybe(line.p95_latency_ms),
    ]
}

/// A rate in percent that is 100 only if it is complete.
fn percent(rate: f64) -> String {
    let rounded = (rate * 1000.0).round() / 10.0;
    let shown = match rate {
        rate if rate < 1.0 => rounded.min(99.9),
        _ => rounded,
    };
    format!("{shown:.1}%")
}

/// The measure of the chart: each line's share of the known cost, otherwise of the calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Share {
    Cost(u64),
    Calls(u64),
}

impl Share {
    const fn of(total: &UsageLine) -> Self {
        match total.cost_nano_usd {
            0 => Self::Calls(total.calls),
            cost => Self::Cost(cost),
        }
    }

    const fn header(self) -> &'static str {
        match self {
            Self::Cost(_) => "OF COST",
            Self::Calls(_) => "OF CALLS",
        }
    }

    fn bar(self, line: &UsageLine) -> String {
        match self {
            Self::Cost(whole) => bar(line.cost_nano_usd, whole),
            Self::Calls(whole) => bar(line.calls, whole),
        }
    }
}

fn csv(by: UsageKey, report: &UsageReport) -> String {
    let mut text = synapse_export::record(UsageLineView::NAMES);
    for line in &report.lines {
        text.push_str(&synapse_export::record(UsageLineView::of(by, line).cells()));
    }
    text
}

const COLUMNS: [Column<'static>; 11] = [
    Column::new("CALLS").right(),
    Column::new("OK").right().drop(6),
    Column::new("FAILED").right().drop(3),
    Column::new("REFUSED").right().drop(7),
    Column::new("SUCCESS").right().drop(4),
    Column::new("TOKENS IN").right().drop(1),
    Column::new("TOKENS OUT").right().drop(2),
    Column::new("COST").right(),
    Column::new("UNKNOWN").right().drop(8),
    Column::new("P50 MS").right().drop(5),
    Column::new("P95 MS").right().drop(9),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_says_what_it_leaves_out() {
        let text = |sum: u64| sum.to_string();
        assert_eq!(shown_sum(5, 0, text), "5");
        assert_eq!(shown_sum(5, 1, text), "≥ 5");
        assert_eq!(shown_sum(0, 2, text), "unknown");
        assert_eq!(shown_sum(0, 0, text), "0");
    }

    #[test]
    fn rows_without_tokens_and_cost_have_no_sums_of_them() {
        let line = UsageLine {
            calls: 3,
            ok: 3,
            ..UsageLine::default()
        };
        let of_hub = row(UsageKey::Server, &line);
        assert_eq!(of_hub[6..10], ["-"; 4]);
        assert_eq!(row(UsageKey::Model, &line)[6..10], ["0", "0", "$0.00", "0"]);
        let told = UsageReport {
            lines: vec![line],
            ..UsageReport::default()
        };
        assert!(csv(UsageKey::Tool, &told).contains(",,,0,,0,"));
    }

    #[test]
    fn only_what_is_left_out_is_said_to_be() {
        let said = |unknown_cost, unknown_tokens| {
            left_out(&UsageLine {
                unknown_cost,
                unknown_tokens,
                ..UsageLine::default()
            })
        };
        assert_eq!(said(0, 0), None);
        let one = "unknown, and left out of the sums: the cost of 1 call";
        assert_eq!(said(1, 0).as_deref(), Some(one));
        let both = "unknown, and left out of the sums: the cost of 2 calls, the tokens of 1 call";
        assert_eq!(said(2, 1).as_deref(), Some(both));
    }

    #[test]
    fn all_but_one_is_not_all() {
        assert_eq!(percent(1.0), "100.0%");
        assert_eq!(percent(0.999_999), "99.9%");
        assert_eq!(percent(0.5), "50.0%");
        assert_eq!(percent(0.0), "0.0%");
    }

    #[test]
    fn the_chart_is_of_calls_when_no_cost_is_known() {
        let line = UsageLine {
            calls: 4,
            unknown_cost: 4,
            ..UsageLine::default()
        };
        assert_eq!(Share::of(&line), Share::Calls(4));
        let paid = UsageLine {
            cost_nano_usd: 9,
            ..line
        };
        assert_eq!(Share::of(&paid), Share::Cost(9));
    }
}
