//! The overview: attention needed, cost, health, and distribution.

use std::sync::Arc;

use axum::body::Body;
use axum::http::Response;
use maud::{Markup, html};
use serde_json::json;
use synapse_core::error::Failure;
use synapse_core::ledger::{
    Entry, HistoryQuery, Overview, OverviewSpans, UsageKey, UsageLine, UsageQuery, UsageReport,
};
use synapse_core::ports::StoredConnection;
use synapse_core::time::Timestamp;
use synapse_documents::{
    ConnectionsDocument, ErrorDocument, HistoryDocument, Pages, UsageDocument,
};

use super::needs::needs;
use super::seen::OverviewData;
use super::show::show;
use super::standing::{Lately, limit, today};
use crate::app::App;
use crate::ask::{Ask, link, segment};
use crate::chart::{self, ChartColumn};
use crate::icon::Icon;
use crate::page::{Nav, Page};
use crate::response::answered_in_parts;
use crate::text::{foreign, prose};
use crate::view::{code, icon, meaning_of, panel, remedy_of, said, scrolling, state};
use crate::words::{
    self, clock, count, maybe, money, month, percent, rest_of_day, several, span, sum, unknown,
};

/// `/`: its frame is sent before the ledger is read. Failures are shown within, so that the status
/// is known by then.
pub(crate) async fn answer(app: &Arc<App>, ask: &Ask) -> Response<Body> {
    let connections = app.engine.connections();
    // Without connections it may be the page of the first steps.
    if ask.wants("json") || connections.as_ref().is_ok_and(Vec::is_empty) {
        return show(app, ask, whole(app, ask, connections).await);
    }
    match streamed(app, ask, connections) {
        Ok(response) => response,
        Err(failure) => show(app, ask, Err(failure)),
    }
}

fn streamed(
    app: &Arc<App>,
    ask: &Ask,
    connections: Result<Vec<StoredConnection>, Failure>,
) -> Result<Response<Body>, Failure> {
    // Random, so foreign text cannot contain it.
    let marker = app.sessions.random::<16>()?;
    let html = frame(app, ask, html! { (marker) }).html(app, ask);
    let (begin, end) = html.split_once(&marker).unwrap_or((&html, ""));
    let (end, app, ask) = (end.to_owned(), Arc::clone(app), ask.clone());
    let rest = async move {
        let seen = OverviewData::of(&app, connections).await;
        format!("{}{end}", body(&app, &ask, &seen).into_string())
    };
    Ok(answered_in_parts(begin.to_owned(), rest))
}

async fn whole(
    app: &App,
    ask: &Ask,
    connections: Result<Vec<StoredConnection>, Failure>,
) -> Result<Page, Failure> {
    let is_empty = connections.as_ref().is_ok_and(Vec::is_empty);
    let seen = OverviewData::of(app, connections).await;
    if is_empty
        && seen
            .ledger
            .as_ref()
            .is_ok_and(|ledger| ledger.newest.is_empty())
        && ask.get("done").is_none()
    {
        return super::welcome::page(app, ask).await;
    }
    if ask.wants("json") {
        let reader = &app.engine.ports().reader;
        let days = app.engine.usage(days_query(seen.now)).await;
        let newest = reader.history(HistoryQuery::newest(Overview::NEWEST)).await;
        let document = document(app, &seen, days, newest);
        return Ok(frame(app, ask, html! {}).document(ask, || document));
    }
    Ok(frame(app, ask, body(app, ask, &seen)))
}

fn frame(app: &App, ask: &Ask, body: Markup) -> Page {
    let now = app.now();
    Page::new(Nav::Overview, "Overview", body)
        .beside(html! {
            span { (words::moment(now)) " · the day ends in " (rest_of_day(now)) }
            a .btn.sm href=(app.to("")) { (Icon::Refresh.small()) "Refresh" }
        })
        .command("synapse usage --by day --since 30d")
        .document(ask, || ())
}

fn body(app: &App, ask: &Ask, seen: &OverviewData) -> Markup {
    let now = seen.now;
    html! {
        (said(app, ask))
        (needs(app, seen))
        @match &seen.ledger {
            Ok(ledger) => {
                (figures(ledger, now))
                div .cols.fill {
                    (days(app, ledger))
                    div .stack.w4 { (by_model(app, ledger, now)) (by_client(app, ledger, now)) }
                }
            }
            Err(failure) => (super::error::head(app, failure)),
        }
        div .cols.fill {
            (connections_table(app, seen))
            (servers(app, seen))
        }
        @if let Ok(ledger) = &seen.ledger { (failures(app, ledger, now)) }
    }
}

fn days_query(now: Timestamp) -> UsageQuery {
    UsageQuery {
        since: Some(OverviewSpans::of(now).first),
        ..UsageQuery::by(UsageKey::Day)
    }
}

fn figures(ledger: &Overview, now: Timestamp) -> Markup {
    let (today, month, before) = (&ledger.today.total, &ledger.models.total, &ledger.before);
    let cost = |line: &UsageLine| sum(line.cost_nano_usd, line.unknown_cost, money);
    let left_out = |line: &UsageLine| {
        html! {
            @if line.unknown_cost > 0 { (unknown()) " for " (several(line.unknown_cost, "call")) } @else { "all of it known" }
        }
    };
    html! {
        section .panel.strip aria-label="Figures" {
            div { h2 { "Cost today" } p .fig { (cost(today)) } p .sub { (left_out(today)) } }
            div {
                h2 { (month_name(now)) } p .fig { (cost(month)) }
                p .sub { (left_out(month)) " · by this day of " (month_name(before_this_month(now))) ": " (cost(before)) }
            }
            div {
                h2 { "Calls today" } p .fig { (count(today.calls)) }
                p .sub {
                    @match today.success_rate() {
                        Some(rate) => { (percent(rate)) " of those sent were answered" }
                        None => "none was sent",
                    }
                    @if today.refused > 0 { " · " (count(today.refused)) " refused" }
                }
            }
            div {
                h2 { "Time to an answer" }
                p .fig { @match today.p50_latency_ms { Some(half) => (span(half)), None => small { "no answer yet" } } }
                p .sub { @if let Some(most) = today.p95_latency_ms { "95 of 100 took at most " (span(most)) } @else { "half of the answers today" } }
            }
            div {
                h2 { "Tokens today" }
                p .fig { (sum(today.prompt_tokens.saturating_add(today.completion_tokens), today.unknown_tokens, count)) }
                p .sub {
                    (sum(today.prompt_tokens, today.unknown_tokens, count)) " in, of which from a cache "
                    (maybe(today.told_cached_tokens(), count)) " · " (sum(today.completion_tokens, today.unknown_tokens, count)) " out"
                }
            }
        }
    }
}

fn month_name(time: Timestamp) -> String {
    month(time)
}

fn before_this_month(now: Timestamp) -> Timestamp {
    Timestamp::of_day(now.month_start().day() - 1)
}

fn days(app: &App, ledger: &Overview) -> Markup {
    let now = app.now();
    let of = |day: i64| {
        let key = words::date(Timestamp::of_day(day));
        let line = ledger.days.lines.iter().find(|line| line.key == key);
        (key, line.cloned().unwrap_or_default())
    };
    let first = now.day() - 29;
    let columns: Vec<(ChartColumn, ChartColumn)> = (first..=now.day())
        .map(|day| {
            let (key, line) = of(day);
            let at_least = if line.unknown_cost > 0 {
                "at least "
            } else {
                ""
            };
            let left_out = match line.unknown_cost {
                0 => String::new(),
                calls => format!(", cost unknown for {calls}"),
            };
            let title = format!(
                "{key}: {at_least}{}, {}, {} failed, {} refused{left_out}",
                money(line.cost_nano_usd),
                several(line.calls, "call"),
                line.failed,
                line.refused
            );
            let next = words::date(Timestamp::of_day(day + 1));
            let cost = ChartColumn {
                title,
                parts: vec![line.cost_nano_usd],
                unknown: line.unknown_cost > 0,
                link: Some(link(
                    &app.to("history"),
                    &[("since", &key), ("until", &next)],
                )),
                label: ((day - first) % 7 == 0).then(|| key.chars().skip(5).collect()),
            };
            let calls = ChartColumn {
                title: format!("{key}: {} answered, {} failed", line.ok, line.failed),
                parts: vec![line.ok, line.failed],
                ..ChartColumn::default()
            };
            (cost, calls)
        })
        .collect();
    let (costs, calls): (Vec<ChartColumn>, Vec<ChartColumn>) = columns.into_iter().unzip();
    panel(
        "cost",
        "w8",
        "30 days",
        &html! {
            span .legend { span { span .swatch {} "known cost" } span { span .swatch.h {} "a cost is unknown" } span { span .swatch.bad {} "failed" } }
        },
        &html! {
            figure .pad {
                (chart::costs("Cost of each day", &costs))
                (chart::calls("Calls of each day", &calls))
                figcaption .legend { "Days are UTC. " a href=(link(&app.to("usage"), &[("by", "day"), ("since", "30d")])) { "The same as a table" } }
            }
        },
    )
}

fn by_model(app: &App, ledger: &Overview, now: Timestamp) -> Markup {
    panel(
        "models",
        "",
        &format!("{} by model", month(now)),
        &html! {},
        &shares(app, &ledger.models, "model_served", "Model"),
    )
}

fn by_client(app: &App, ledger: &Overview, now: Timestamp) -> Markup {
    panel(
        "clients",
        "grow",
        &format!("{} by IDE", month(now)),
        &html! {},
        &shares(app, &ledger.clients, "client_name", "IDE"),
    )
}

fn shares(app: &App, report: &UsageReport, column: &str, heading: &str) -> Markup {
    let mut lines: Vec<&UsageLine> = report.lines.iter().collect();
    lines.sort_by_key(|line| std::cmp::Reverse((line.cost_nano_usd, line.calls)));
    html! {
        @if lines.is_empty() { p .pad.sub { "No call this month." } }
        @else {
            div .tw { table {
                thead { tr { th scope="col" { (heading) } th scope="col" .p2 { span .vh { "Part of the cost" } } th scope="col" .n { "Cost" } th scope="col" .n { "Calls" } } }
                tbody {
                    @for line in lines.iter().take(6) {
                        @let condition = match line.key.as_str() {
                            UsageKey::TERMINAL if column == "client_name" => format!("{column}=unknown"),
                            key => format!("{column}={key}"),
                        };
                        tr {
                            th scope="row" { a .rl href=(link(&app.to("history"), &[("where", &condition)])) { (foreign(&line.key)) } }
                            td .p2 { (chart::bar(line.cost_nano_usd, report.total.cost_nano_usd, "full", "b1")) }
                            td .n { (sum(line.cost_nano_usd, line.unknown_cost, money)) }
                            td .n.dim { (count(line.calls)) }
                        }
                    }
                }
            } }
        }
    }
}

fn connections_table(app: &App, seen: &OverviewData) -> Markup {
    let rows = seen
        .ledger
        .as_ref()
        .map_or(&[][..], |ledger| &ledger.newest);
    let all = seen.connections.as_ref().map_or(&[][..], Vec::as_slice);
    let number = u64::try_from(all.len()).unwrap_or(u64::MAX);
    panel(
        "connections",
        "w7",
        "Connections",
        &html! { a href=(app.to("connections")) { "all " (number) } },
        &html! {
            @if all.is_empty() { p .pad.sub { "None can be shown. " a href=(app.to("connections")) { "See why" } } }
            @else { (scrolling("Table of connections", &html! { table .wrap {
                thead { tr { th scope="col" { "Name" } th scope="col" .p2 { "Provider and model" } th scope="col" { "State" } th scope="col" .n.p2 { "Limit of today" } } }
                tbody {
                    @for stored in all {
                        @let lately = Lately::of(stored, rows);
                        @let standing = seen.ledger.as_ref().ok().and_then(|ledger| ledger.standings.get(stored.name.as_str()));
                        @let what = format!("{} · {}", stored.draft.provider, stored.draft.model);
                        tr class=[lately.row_class()] {
                            th scope="row" { a .rl href=(link(&app.to("connections"), &[("show", stored.name.as_str())])) { (foreign(stored.name.as_str())) } span .sub.narrow { (foreign(&what)) } }
                            td .sub.p2 { (foreign(&what)) }
                            td { (lately.show(seen.now)) }
                            td .n.p2.sub {
                                @let limits = stored.connection.as_ref().ok().and_then(|connection| connection.limits.as_ref());
                                @let (spent, aside) = today(standing);
                                @match limits { Some(limits) => (limit(&limits.day, spent, aside)), None => "no limit" }
                            }
                        }
                    }
                }
            } })) }
        },
    )
}

fn servers(app: &App, seen: &OverviewData) -> Markup {
    panel(
        "servers",
        "w5",
        "Upstream servers",
        &html! { a href=(app.to("hub")) { "hub" } },
        &match &seen.hub {
            Err(failure) => html! { div .pad { (crate::view::failure_in_short(app, failure)) } },
            Ok(hub) if hub.servers.is_empty() => {
                html! { p .pad.sub { "No upstream servers configured. " a href=(app.to("hub")) { "What they are for" } } }
            }
            Ok(hub) => scrolling(
                "Table of upstream servers",
                &html! { table .wrap {
                    thead { tr { th scope="col" { "Server" } th scope="col" { "State" } th scope="col" .n { "Tools" } th scope="col" .n.p2 { "Tokens ≈" } } }
                    tbody { @for server in &hub.servers { tr {
                        th scope="row" { a .rl href=(format!("{}#{}", app.to("hub"), segment(&server.name))) { (foreign(&server.name)) } }
                        td { (state(server.tone, icon(server.tone), &foreign(&server.state))) }
                        td .n { (maybe(server.tools, count)) }
                        td .n.p2 { (maybe(server.tokens, count)) }
                    } } }
                } },
            ),
        },
    )
}

fn failures(app: &App, ledger: &Overview, now: Timestamp) -> Markup {
    html! {
        @if !ledger.failures.is_empty() {
            (panel("failed", "", "Failed today, and what to do", &html! { a href=(link(&app.to("history"), &[("since", &words::date(now))])) { "all calls of today" } }, &scrolling("Table of failures", &html! { table .wrap {
                thead { tr { th scope="col" { "Last" } th scope="col" .n.p2 { "Times" } th scope="col" .p2 { "Connection" } th scope="col" { "What happened" } th scope="col" .p2 { "What to do" } } }
                tbody { @for group in &ledger.failures { tr {
                    @let calls = link(&app.to("history"), &[("where", &format!("connection={}", group.connection))]);
                    @let known = group.error_code.as_deref();
                    @let remedy = known.and_then(|code| remedy_of(app, code)).unwrap_or_else(|| "Nothing: its process ended during the call.".to_owned());
                    td .nw { a href=(app.to(&format!("history/{}", segment(&group.last_call.to_string())))) { (clock(group.last_at)) } span .sub.narrow { (several(group.times, "time")) } }
                    td .n.p2 { (count(group.times)) }
                    th scope="row" .p2 { a .rl href=(calls) { (foreign(&group.connection)) } }
                    td {
                        b .narrow { a .rl href=(calls) { (foreign(&group.connection)) } }
                        @match known { Some(name) => { (code(app, name)) " " span .sub { (meaning_of(name)) } }, None => (group.outcome.as_str()) }
                        span .narrow { (prose(&remedy)) }
                    }
                    td .p2 { (prose(&remedy)) }
                } } }
            } })))
        }
    }
}

/// The latencies of each day and whole rows, which only it has, take longer to read.
fn document(
    app: &App,
    seen: &OverviewData,
    days: Result<UsageReport, Failure>,
    newest: Result<Vec<Entry>, Failure>,
) -> serde_json::Value {
    let query = UsageQuery::by(UsageKey::Day);
    let pages = Pages::default();
    json!({
        "schema": "synapse.overview/1",
        "ok": seen.connections.is_ok() && seen.ledger.is_ok() && seen.hub.is_ok(),
        "at": seen.now.to_string(),
        "connections": match &seen.connections {
            Ok(all) => json!(ConnectionsDocument::new(all, app.remedies())),
            Err(failure) => json!(ErrorDocument::new(failure, app.remedies())),
        },
        "usage": match &days {
            Ok(days) => json!(UsageDocument::new(&query, days)),
            Err(failure) => json!(ErrorDocument::new(failure, app.remedies())),
        },
        "newest": match &newest {
            Ok(newest) => json!(HistoryDocument::new(newest, &pages)),
            Err(_) => serde_json::Value::Null,
        },
        "approvals": seen.approvals,
    })
}
