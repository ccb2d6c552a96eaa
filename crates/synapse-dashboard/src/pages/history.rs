//! Ledger rows: filters, counts by outcome, and keyset pagination.

use maud::{Markup, html};
use synapse_core::call::CallId;
use synapse_core::error::{Code, Failure};
use synapse_core::ledger::{Entry, Filter, HistoryQuery, Order, Outcome, OutcomeCounts};
use synapse_core::shell::quote_text;
use synapse_core::time::Timestamp;
use synapse_documents::{HistoryDocument, Pages};

use crate::app::App;
use crate::ask::{Ask, segment};
use crate::hub::Tone;
use crate::icon::Icon;
use crate::page::{Nav, Page};
use crate::text::foreign;
use crate::view::{code, plain, scrolling, state};
use crate::words::{clock, count, date, maybe, money, several, span};

/// `history`
pub(crate) async fn page(app: &App, ask: &Ask) -> Result<Page, Failure> {
    let now = app.now();
    let query = query(ask, now)?;
    let reader = &app.engine.ports().reader;
    let counts = reader.outcomes(query.clone()).await?;
    let mut rows = app.engine.history(query.clone()).await?;
    if query.order == Order::OldestFirst {
        rows.reverse();
    }
    let pages = Pages::around(&rows, &query);
    let body = html! {
        (filters(ask, &query))
        (outcomes(ask, &query, &counts))
        section .panel aria-label="Calls" {
            @if rows.is_empty() {
                p .pad { @if counts.total() == 0 && query == HistoryQuery::newest(PAGE) { "No call yet. Each call and each refusal of one is a row here." } @else { "No call is like that." } }
            } @else { (scrolling("Table of calls", &table(app, &rows, now, Columns::All))) }
            nav .pager aria-label="Pages of calls" {
                @if let Some(key) = &pages.newer { a .btn.sm href=(ask.with_all(&[("after", key), ("before", ""), ("format", "")])) { (Icon::Left.small()) "Newer" } }
                @if let Some(key) = &pages.older { a .btn.sm href=(ask.with_all(&[("before", key), ("after", ""), ("format", "")])) { "Older" (Icon::Right.small()) } }
                span { (several(counts.total(), "call")) " in all, " (PAGE) " a page" }
            }
        }
    };
    Ok(Page::new(Nav::History, "History", body)
        .beside(html! { span { "times are UTC" } })
        .command(command(ask))
        .document(ask, || HistoryDocument::new(&rows, &pages)))
}

fn query(ask: &Ask, now: Timestamp) -> Result<HistoryQuery, Failure> {
    let invalid = |message: &str, cause: String| {
        Failure::new(Code::UsageInvalidArguments, message).cause(cause)
    };
    let key = |name: &str| match ask.get(name) {
        None => Ok(None),
        Some(text) => text.parse::<CallId>().map(Some).map_err(|_| {
            invalid(
                "that is not a call id",
                format!("`{name}` takes the id of a call"),
            )
        }),
    };
    let outcome = match ask.get("outcome") {
        None => None,
        Some(word) => Some(Outcome::parse(word).ok_or_else(|| {
            let words: Vec<&str> = Outcome::ALL
                .iter()
                .map(|outcome| outcome.as_str())
                .collect();
            invalid(
                "that is not an outcome",
                format!("outcomes: {}", words.join(", ")),
            )
        })?),
    };
    let filters = match ask.get("where") {
        None => Vec::new(),
        Some(conditions) => conditions
            .split(" and ")
            .map(|condition| condition.trim().parse::<Filter>())
            .collect::<Result<Vec<Filter>, Failure>>()?,
    };
    let (older, newer) = (key("before")?, key("after")?);
    let (order, after) = match newer {
        Some(newer) => (Order::OldestFirst, Some(newer)),
        None => (Order::NewestFirst, older),
    };
    Ok(HistoryQuery {
        order,
        after,
        since: ask.time("since", now)?,
        until: ask.time("until", now)?,
        outcome,
        filters,
        text: ask.get("words").map(str::to_owned),
        ..HistoryQuery::newest(PAGE)
    })
}

fn command(ask: &Ask) -> String {
    let mut command = "synapse history list".to_owned();
    for (name, flag) in [
        ("since", "--since"),
        ("until", "--until"),
        ("outcome", "--outcome"),
        ("words", "--text"),
    ] {
        if let Some(value) = ask.get(name) {
            command.push_str(&format!(" {flag} {}", quote_text(value)));
        }
    }
    for condition in ask
        .get("where")
        .into_iter()
        .flat_map(|all| all.split(" and "))
    {
        command.push_str(&format!(" --where {}", quote_text(condition.trim())));
    }
    command
}

fn filters(ask: &Ask, query: &HistoryQuery) -> Markup {
    let field = |name: &'static str, label: &'static str, class: &'static str| {
        html! {
            div class=(format!("f {class}")) { label for=(name) { (label) } input type="text" id=(name) name=(name) value=(ask.get(name).unwrap_or_default()) spellcheck="false"; }
        }
    };
    html! {
        form .filters method="get" aria-label="Filter of calls" {
            (field("since", "Since", "")) (field("until", "Until", ""))
            (field("where", "Condition, such as latency_ms>=1000", "wide"))
            (field("words", "Words of a recorded text", "wide"))
            @if let Some(outcome) = query.outcome { input type="hidden" name="outcome" value=(outcome.as_str()); }
            button .btn { "Show" }
            @if !ask.query.is_empty() { a .btn.ghost href="?" { "Everything" } }
        }
        details { summary { "Columns for conditions" } p .hint {
            "Write " code { "COLUMN=VALUE" } ", " code { "!=" } ", " code { ">=" } ", " code { "<=" } " or " code { "COLUMN=unknown" } "; several are joined by " code { " and " } ". Columns: "
            @for column in synapse_core::ledger::Column::ALL { code { (column.as_str()) } " " }
        } }
    }
}

fn outcomes(ask: &Ask, query: &HistoryQuery, counts: &OutcomeCounts) -> Markup {
    let to = |outcome: &str| {
        ask.with_all(&[
            ("outcome", outcome),
            ("before", ""),
            ("after", ""),
            ("format", ""),
        ])
    };
    html! {
        nav .seg aria-label="How calls ended" {
            a href=(to("")) aria-current=[query.outcome.is_none().then_some("true")] { "all" span .n { (count(counts.total())) } }
            @for outcome in Outcome::ALL {
                @let rows = counts.of(outcome);
                @if rows > 0 || query.outcome == Some(outcome) {
                    a href=(to(outcome.as_str())) aria-current=[(query.outcome == Some(outcome)).then_some("true")] { (outcome.as_str()) span .n { (count(rows)) } }
                }
            }
        }
    }
}

/// Number of columns to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Columns {
    /// On a connection's page.
    Few,
    /// On a separate page.
    All,
}

/// Rows, newest first, with a heading per day.
pub(crate) fn table(app: &App, rows: &[Entry], now: Timestamp, columns: Columns) -> Markup {
    let all = columns == Columns::All;
    let mut day = i64::MIN;
    let mut begins = |row: &Entry| {
        let new = row.started_at.day() != day;
        day = row.started_at.day();
        new
    };
    let width = if all { "9" } else { "5" };
    html! { table .wrap {
        thead { tr {
            th scope="col" { "Time" } @if all { th scope="col" { "Connection" } } th scope="col" { "Outcome" } @if all { th scope="col" .p2 { "Model" } }
            th scope="col" .p2 { "Asked by" } @if all { th scope="col" .n.p3 { "In" } th scope="col" .n.p3 { "Out" } } th scope="col" .n.p2[all] { "Took" } th scope="col" .n { "Cost" }
        } }
        tbody { @for row in rows {
            @let receipt = &row.receipt;
            @if begins(row) { tr .sep { th scope="colgroup" colspan=(width) { (date(row.started_at)) @if row.started_at.day() == now.day() { " " span .sub { "today, UTC" } } } } }
            tr class=[matches!(row.outcome, Outcome::Error).then_some("bad")] {
                td .nw { a href=(app.to(&format!("history/{}", segment(&receipt.call_id.to_string())))) { (clock(row.started_at)) span .vh { " receipt" } } }
                @if all { th scope="row" { @match &row.hub { Some(facts) => { (foreign(&facts.server)) " " span .sub { "hub" } }, None => (foreign(&receipt.connection)) } } }
                td { (outcome(row)) @if row.error_code.is_some() { span .sub { " " (short_code(app, row.error_code.as_deref())) } } }
                @if all { td .p2.sub { @match &row.hub { Some(_) => (foreign(row.caller.tool.as_deref().unwrap_or(&row.operation))), None => (foreign(receipt.model_served.as_deref().unwrap_or(&receipt.model_requested))) } } }
                td .p2.sub { (foreign(row.caller.client_name.as_deref().unwrap_or("terminal"))) }
                @if all { td .n.p3 { (tokens(row, receipt.usage.prompt_tokens)) } td .n.p3 { (tokens(row, receipt.usage.completion_tokens)) } }
                td .n.p2[all] { @match receipt.latency_ms { Some(took) => (span(took)), None => span .dim { "–" } } }
                td .n { @if receipt.exchange.maybe_billed || receipt.cost.amount_nano_usd.is_some() { (maybe(receipt.cost.amount_nano_usd, money)) } @else { span .dim { (if row.hub.is_some() { "–" } else { "not sent" }) } } }
            }
        } }
    } }
}

/// Tokens of a call; not applicable to a call that was not sent.
fn tokens(row: &Entry, tokens: Option<u64>) -> Markup {
    html! {
        @if tokens.is_none() && !row.receipt.exchange.maybe_billed { span .dim { "–" } }
        @else { (maybe(tokens, count)) }
    }
}

/// A code as a short word for tables.
pub(crate) fn short_code(app: &App, name: Option<&str>) -> Markup {
    html! { @if let Some(name) = name { (code(app, name)) } }
}

/// The outcome of a row.
pub(crate) fn outcome(row: &Entry) -> Markup {
    use synapse_core::ledger::Outcome;
    let (tone, icon, words) = match row.outcome {
        Outcome::Ok => (Tone::Good, Icon::Tick, "answered"),
        Outcome::Open => (Tone::Off, Icon::Clock, "under way"),
        Outcome::Error => (Tone::Bad, Icon::Failed, "failed"),
        Outcome::Refused => (Tone::Look, Icon::Denied, "refused"),
        Outcome::Cancelled => (Tone::Off, Icon::Cross, "cancelled"),
        Outcome::Interrupted => (Tone::Look, Icon::Warning, "interrupted"),
        _ => (Tone::Off, Icon::None, "ended"),
    };
    state(tone, icon, &plain(words))
}

const PAGE: u32 = 50;
