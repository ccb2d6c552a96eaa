//! Sums by any key over any range, as a chart, a table, CSV and JSON of the displayed data.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use maud::{Markup, html};
use synapse_core::error::{Code, Failure};
use synapse_core::ledger::{
    PeriodUsage, UsageKey, UsageLine, UsageOverTime, UsageQuery, UsageReport,
};
use synapse_core::shell::quote_text;
use synapse_core::time::Timestamp;
use synapse_documents::{UsageDocument, UsageLineView};

use crate::app::App;
use crate::ask::Ask;
use crate::chart::{self, ChartColumn, colour};
use crate::page::{Nav, Page};
use crate::response::answer;
use crate::text::foreign;
use crate::view::{panel, scrolling};
use crate::words::{count, date, maybe, money, percent, several, span, sum, verb};

/// `usage`
pub(crate) async fn page(app: &App, ask: &Ask) -> Result<Page, Failure> {
    let (query, shown) = query(app, ask)?;
    let reader = &app.engine.ports().reader;
    let UsageOverTime { report, periods } = reader.usage_over_time(query.clone()).await?;
    let body = html! {
        (filters(ask, &query, &shown))
        (figures(&report.total))
        (chart(&query, periods))
        (table(&query, &report))
        @if report.waiting.calls > 0 { p .sub { (several(report.waiting.calls, "call")) " " (verb(report.waiting.calls, "waits", "wait")) " next to the ledger and not yet in the sums." } }
    };
    Ok(Page::new(Nav::Usage, "Usage", body)
        .beside(html! {
            a .btn.sm href=(ask.with("format", "csv")) { (crate::icon::Icon::Download.small()) "CSV" }
        })
        .command(command(&query, &shown))
        .document(ask, || UsageDocument::new(&query, &report)))
}

/// `usage?format=csv`
pub(crate) async fn csv(app: &App, ask: &Ask) -> Result<Response<Body>, Failure> {
    let (query, _) = query(app, ask)?;
    let by = query.by;
    let report = app.engine.usage(query).await?;
    let mut text = record(&UsageLineView::NAMES.map(str::to_owned));
    for line in &report.lines {
        text.push_str(&record(&UsageLineView::of(by, line).cells()));
    }
    let mut response = answer(StatusCode::OK, "text/csv; charset=utf-8", text);
    response.headers_mut().insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_static("attachment; filename=\"synapse-usage.csv\""),
    );
    Ok(response)
}

/// A line of CSV. Formulas are neutralised.
fn record(cells: &[String]) -> String {
    let cells: Vec<String> = cells
        .iter()
        .map(|cell| {
            let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
            let cell = if is_formula {
                format!("'{cell}")
            } else {
                cell.clone()
            };
            if cell.contains([',', '"', '\n', '\r']) {
                format!("\"{}\"", cell.replace('"', "\"\""))
            } else {
                cell
            }
        })
        .collect();
    format!("{}\r\n", cells.join(","))
}

/// The filter's values.
#[derive(Debug, Default)]
struct Shown {
    since: String,
    until: String,
}

fn query(app: &App, ask: &Ask) -> Result<(UsageQuery, Shown), Failure> {
    let now = app.now();
    let by = match ask.get("by") {
        None => UsageKey::Model,
        Some(word) => UsageKey::ALL
            .into_iter()
            .find(|key| key.as_str() == word)
            .ok_or_else(|| {
                let words: Vec<&str> = UsageKey::ALL.iter().map(|key| key.as_str()).collect();
                Failure::new(Code::UsageInvalidArguments, "that is not a key of usage")
                    .cause(format!("keys: {}", words.join(", ")))
            })?,
    };
    let shown = Shown {
        since: ask.get("since").unwrap_or("this-month").to_owned(),
        until: ask.get("until").unwrap_or_default().to_owned(),
    };
    let since = match ask.get("since") {
        None => Some(now.month_start()),
        Some("all") => None,
        Some(_) => ask.time("since", now)?,
    };
    let query = UsageQuery {
        by,
        since,
        until: ask.time("until", now)?,
        connection: ask.get("connection").map(str::to_owned),
    };
    Ok((query, shown))
}

fn command(query: &UsageQuery, shown: &Shown) -> String {
    let mut command = format!("synapse usage --by {}", query.by.as_str());
    if query.since.is_some() {
        command.push_str(&format!(" --since {}", quote_text(&shown.since)));
    }
    if query.until.is_some() {
        command.push_str(&format!(" --until {}", quote_text(&shown.until)));
    }
    if let Some(connection) = &query.connection {
        command.push_str(&format!(" --connection {}", quote_text(connection)));
    }
    command
}

fn filters(ask: &Ask, query: &UsageQuery, shown: &Shown) -> Markup {
    html! {
        nav .seg aria-label="Grouping" {
            @for key in UsageKey::ALL {
                a href=(ask.with_all(&[("by", key.as_str()), ("format", "")])) aria-current=[(key == query.by).then_some("true")] { (key.as_str()) }
            }
        }
        form .filters method="get" aria-label="Range" {
            input type="hidden" name="by" value=(query.by.as_str());
            div .f { label for="since" { "Since" } input type="text" id="since" name="since" value=(shown.since) aria-describedby="when"; }
            div .f { label for="until" { "Until, not included" } input type="text" id="until" name="until" value=(shown.until) aria-describedby="when"; }
            div .f { label for="connection" { "Connection" } input type="text" id="connection" name="connection" value=(query.connection.as_deref().unwrap_or_default()); }
            button .btn { "Show" }
        }
        p .hint #when { "Times are UTC: " (Timestamp::NAMES) ", or " code { "all" } "." }
    }
}

fn figures(total: &UsageLine) -> Markup {
    html! {
        section .panel.strip aria-label="Figures" {
            div { h2 { "Cost" } p .fig { (sum(total.cost_nano_usd, total.unknown_cost, money)) } p .sub { @if total.unknown_cost > 0 { "unknown for " (several(total.unknown_cost, "call")) } @else { "all of it known" } } }
            div { h2 { "Calls" } p .fig { (count(total.calls)) } p .sub { (count(total.ok)) " answered, " (count(total.failed)) " failed, " (count(total.refused)) " refused" } }
            div { h2 { "Answered part" } p .fig { @match total.success_rate() { Some(rate) => (percent(rate)), None => small { "none was sent" } } } p .sub { "of the calls that were sent" } }
            div { h2 { "Tokens in" } p .fig { (sum(total.prompt_tokens, total.unknown_tokens, count)) } p .sub { "from a cache " (maybe(total.told_cached_tokens(), count)) } }
            div { h2 { "Tokens out" } p .fig { (sum(total.completion_tokens, total.unknown_tokens, count)) } p .sub { "reasoning " (maybe(total.told_reasoning_tokens(), count)) } }
        }
    }
}

/// The chart of days, split by the key.
fn chart(query: &UsageQuery, mut periods: Vec<PeriodUsage>) -> Markup {
    let (per, by) = query.split();
    let left_out = periods.len().saturating_sub(MOST_COLUMNS);
    periods.drain(..left_out);
    let keys = largest(&periods);
    let columns: Vec<ChartColumn> = periods
        .iter()
        .enumerate()
        .map(|(index, period)| column(period, &keys, index, periods.len()))
        .collect();
    html! {
        @if !columns.is_empty() {
            (panel("chart", "", &format!("Cost per {}, by {}", per.as_str(), by.as_str()), &html! {}, &html! {
                figure .pad {
                    p .legend.top { @for (place, key) in keys.iter().enumerate() { span { span class=(format!("swatch c{}", place + 1)) {} (foreign(key)) } } @if columns.iter().any(has_rest) { span { span .swatch.c5 {} "the rest" } } span { span .swatch.h {} "a cost is unknown" } }
                    (chart::costs(&format!("Cost per {}", per.as_str()), &columns))
                    figcaption { "UTC." @if left_out > 0 { " The oldest " (left_out) " are not drawn." } }
                    details { summary { "The same as a table" } (drawn(&periods, &keys, &columns)) }
                }
            }))
        }
    }
}

/// Whether a column has a cost of keys without a colour of their own.
fn has_rest(column: &ChartColumn) -> bool {
    column.parts.get(SERIES).is_some_and(|rest| *rest > 0)
}

/// The figures of the chart, a line a column.
fn drawn(periods: &[PeriodUsage], keys: &[String], columns: &[ChartColumn]) -> Markup {
    let with_rest = columns.iter().any(has_rest);
    let parts = if with_rest { SERIES + 1 } else { keys.len() };
    let unknown = |period: &PeriodUsage, key: Option<&String>| -> u64 {
        let lines = period.lines.iter();
        let own = lines
            .filter(|line| key.map_or_else(|| !keys.contains(&line.key), |key| line.key == *key));
        own.map(|line| line.unknown_cost).sum()
    };
    scrolling(
        "Table of the chart",
        &html! { table {
            thead { tr {
                th scope="col" { "UTC" }
                @for key in keys { th scope="col" .n { (foreign(key)) } }
                @if with_rest { th scope="col" .n { "the rest" } }
                th scope="col" .n { "Together" }
            } }
            tbody { @for (period, column) in periods.iter().zip(columns) { tr {
                th scope="row" .nw { (period.period) }
                @for (place, cost) in column.parts.iter().take(parts).enumerate() {
                    td .n { (sum(*cost, unknown(period, keys.get(place)), money)) }
                }
                td .n { (sum(column.parts.iter().sum(), period.lines.iter().map(|line| line.unknown_cost).sum(), money)) }
            } } }
        } },
    )
}

/// The most expensive keys, one per colour.
fn largest(periods: &[PeriodUsage]) -> Vec<String> {
    let mut sums: BTreeMap<&str, u64> = BTreeMap::new();
    for line in periods.iter().flat_map(|period| &period.lines) {
        let sum = sums.entry(&line.key).or_default();
        *sum = sum.saturating_add(line.cost_nano_usd);
    }
    let mut keys: Vec<(&str, u64)> = sums.into_iter().collect();
    keys.sort_by_key(|(_, sum)| std::cmp::Reverse(*sum));
    keys.into_iter()
        .take(SERIES)
        .map(|(key, _)| key.to_owned())
        .collect()
}

fn column(period: &PeriodUsage, keys: &[String], index: usize, of: usize) -> ChartColumn {
    let cost = |key: &String| {
        period
            .lines
            .iter()
            .find(|line| line.key == *key)
            .map_or(0, |line| line.cost_nano_usd)
    };
    let mut parts: Vec<u64> = keys.iter().map(cost).collect();
    let whole: u64 = period
        .lines
        .iter()
        .map(|line| line.cost_nano_usd)
        .fold(0, u64::saturating_add);
    let rest = whole.saturating_sub(parts.iter().sum());
    parts.push(rest);
    let unknown: u64 = period.lines.iter().map(|line| line.unknown_cost).sum();
    let at_least = if unknown > 0 { "at least " } else { "" };
    let calls: u64 = period.lines.iter().map(|line| line.calls).sum();
    let every = of.div_ceil(8).max(1);
    ChartColumn {
        title: format!(
            "{}: {at_least}{}, {}",
            period.period,
            money(whole),
            several(calls, "call")
        ),
        parts,
        unknown: unknown > 0,
        link: None,
        label: index
            .is_multiple_of(every)
            .then(|| period.period.chars().skip(5).collect()),
    }
}

fn table(query: &UsageQuery, report: &UsageReport) -> Markup {
    let whole = report.total.cost_nano_usd;
    let row = |line: &UsageLine, place: Option<usize>| {
        html! {
            th scope="row" { (foreign(&line.key)) }
            td .p2 { @if place.is_some() { (chart::bar(line.cost_nano_usd, whole, "full", colour(0))) } }
            td .n { (sum(line.cost_nano_usd, line.unknown_cost, money)) }
            td .n { (count(line.unknown_cost)) }
            td .n { (count(line.calls)) }
            td .n.p2 { (count(line.failed)) }
            td .n.p2 { (count(line.refused)) }
            td .n.p2 { @match line.success_rate() { Some(rate) => (percent(rate)), None => "–" } }
            td .n.p2 { (sum(line.prompt_tokens, line.unknown_tokens, count)) }
            td .n.p3 { (maybe(line.told_cached_tokens(), count)) }
            td .n.p2 { (sum(line.completion_tokens, line.unknown_tokens, count)) }
            td .n.p3 { (maybe(line.told_reasoning_tokens(), count)) }
            td .n.p3 { @match line.p50_latency_ms { Some(half) => (span(half)), None => "–" } }
            td .n.p3 { @match line.p95_latency_ms { Some(most) => (span(most)), None => "–" } }
        }
    };
    let (lines, kept) = shown_lines(query.by, &report.lines);
    let left_out = count_of(report.lines.len() - lines.len());
    let range = match (query.since, query.until) {
        (None, None) => "everything".to_owned(),
        (Some(since), None) => format!("since {} UTC", date(since)),
        (None, Some(until)) => format!("until {} UTC", date(until)),
        (Some(since), Some(until)) => format!("{} to {} UTC", date(since), date(until)),
    };
    panel(
        "table",
        "",
        &format!("By {}", query.by.as_str()),
        &html! { (range) },
        &html! {
            @if report.lines.is_empty() { p .pad.sub { "No call in this range: cost $0.00, and that is known." } }
            @else { (scrolling("Table of usage", &html! { table {
                thead { tr {
                    th scope="col" { (query.by.as_str()) } th scope="col" .p2 { span .vh { "Part of the cost" } } th scope="col" .n { "Cost" } th scope="col" .n { "Unknown" }
                    th scope="col" .n { "Calls" } th scope="col" .n.p2 { "Failed" } th scope="col" .n.p2 { "Refused" } th scope="col" .n.p2 { "Answered" }
                    th scope="col" .n.p2 { "In" } th scope="col" .n.p3 { "Cached" } th scope="col" .n.p2 { "Out" } th scope="col" .n.p3 { "Reasoning" }
                    th scope="col" .n.p3 { "p50" } th scope="col" .n.p3 { "p95" }
                } }
                tbody { @for (place, line) in lines.iter().enumerate() { tr { (row(line, Some(place))) } } }
                tfoot { tr { (row(&report.total, None)) } }
            } }))
            @if left_out > 0 { p .pad.sub { (several(left_out, "line")) " more: " (kept) " are shown. All of them are in the CSV and in the JSON." } } }
        },
    )
}

/// The lines that a page has room for: the latest periods, or the most expensive keys, in their order.
fn shown_lines(by: UsageKey, lines: &[UsageLine]) -> (Vec<&UsageLine>, &'static str) {
    let is_time = matches!(
        by,
        UsageKey::Hour | UsageKey::Day | UsageKey::Week | UsageKey::Month
    );
    if is_time {
        let first = lines.len().saturating_sub(MOST_ROWS);
        return (lines.iter().skip(first).collect(), "the latest");
    }
    let mut shown: Vec<&UsageLine> = lines.iter().collect();
    shown.sort_by_key(|line| std::cmp::Reverse((line.cost_nano_usd, line.calls)));
    shown.truncate(MOST_ROWS);
    shown.sort_by(|one, other| one.key.cmp(&other.key));
    (shown, "the most expensive")
}

fn count_of(lines: usize) -> u64 {
    u64::try_from(lines).unwrap_or(u64::MAX)
}

/// Number of keys with their own colour; the rest is combined.
const SERIES: usize = 4;
const MOST_COLUMNS: usize = 62;
/// Maximum table rows, which keeps a page below 150 kB.
const MOST_ROWS: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_quoted_where_it_must_be_and_is_never_a_formula() {
        let cells = ["=1+1", "a,b", "say \"x\"", "7"].map(str::to_owned);
        assert_eq!(record(&cells), "'=1+1,\"a,b\",\"say \"\"x\"\"\",7\r\n");
    }

    #[test]
    fn a_page_has_the_latest_periods_or_the_most_expensive_keys() {
        let lines: Vec<UsageLine> = (0..250)
            .map(|number: u64| UsageLine {
                key: format!("{number:03}"),
                cost_nano_usd: 250 - number,
                ..UsageLine::default()
            })
            .collect();
        let ends = |by: UsageKey| {
            let (shown, _) = shown_lines(by, &lines);
            let key = |line: Option<&&UsageLine>| line.map(|line| line.key.clone());
            (shown.len(), key(shown.first()), key(shown.last()))
        };
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(ends(UsageKey::Day), (MOST_ROWS, text("150"), text("249")));
        assert_eq!(ends(UsageKey::Model), (MOST_ROWS, text("000"), text("099")));
    }

    #[test]
    fn the_parts_of_a_column_are_its_whole() {
        let line = |key: &str, cost: u64| UsageLine {
            key: key.into(),
            cost_nano_usd: cost,
            calls: 1,
            ..UsageLine::default()
        };
        let period = PeriodUsage {
            period: "2026-11-20".into(),
            lines: (0..7)
                .map(|number| line(&number.to_string(), number))
                .collect(),
        };
        let keys = largest(std::slice::from_ref(&period));
        assert_eq!(keys, ["6", "5", "4", "3"]);
        assert_eq!(column(&period, &keys, 0, 1).parts, [6, 5, 4, 3, 3]);
    }
}
