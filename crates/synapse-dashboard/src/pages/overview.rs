//! The overview: attention needed, cost, health, and distribution.

use maud::{Markup, html};
use serde_json::json;
use synapse_core::error::Failure;
use synapse_core::ledger::{
    Entry, FailureGroup, HistoryQuery, LimitUsage, PeriodUsage, UsageKey, UsageLine, UsageQuery,
    UsageReport,
};
use synapse_core::ports::StoredConnection;
use synapse_core::time::Timestamp;
use synapse_documents::{
    ConnectionsDocument, ErrorDocument, HistoryDocument, Pages, UsageDocument,
};

use std::collections::BTreeMap;

use super::standing::{Lately, is_near, limit, today};
use crate::app::App;
use crate::ask::{Ask, link, segment};
use crate::chart::{self, Column};
use crate::hub::{HubView, Tone};
use crate::icon::Icon;
use crate::page::{Nav, Page};
use crate::text::foreign;
use crate::view::{code, icon, panel, remedy_of, said, scrolling, state};
use crate::words::{
    self, clock, count, maybe, money, month, percent, rest_of_day, several, span, sum, unknown,
};

/// The data of the page. An unreadable part is a failure of that part only.
struct Seen {
    now: Timestamp,
    connections: Result<Vec<StoredConnection>, Failure>,
    ledger: Result<Ledger, Failure>,
    hub: Result<HubView, Failure>,
    approvals: usize,
}

struct Ledger {
    days: UsageReport,
    month: UsageReport,
    before: UsageReport,
    clients: UsageReport,
    today: UsageReport,
    failures: Vec<FailureGroup>,
    standings: BTreeMap<String, LimitUsage>,
    newest: Vec<Entry>,
}

pub(crate) async fn page(app: &App, ask: &Ask) -> Result<Page, Failure> {
    let now = app.now();
    let connections = app.engine.connections();
    let is_empty = connections.as_ref().is_ok_and(Vec::is_empty);
    let ledger = read(app, now).await;
    if is_empty
        && ledger.as_ref().is_ok_and(|ledger| ledger.newest.is_empty())
        && ask.get("done").is_none()
    {
        return super::welcome::page(app, ask).await;
    }
    let seen = Seen {
        now,
        connections,
        ledger,
        hub: app.program.hub().await,
        approvals: app.program.approvals().await.map_or(0, |all| all.len()),
    };
    // The document has the latencies of each day too, which take longer to sum.
    let mut seen = seen;
    if ask.wants("json")
        && let Ok(ledger) = &mut seen.ledger
    {
        let query = UsageQuery {
            since: Some(Timestamp::of_day(now.day() - 29)),
            ..UsageQuery::by(UsageKey::Day)
        };
        ledger.days = app.engine.usage(query).await?;
    }
    let body = html! {
        (said(app, ask))
        (needs(app, &seen))
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
            (connections_table(app, &seen))
            (servers(app, &seen))
        }
        @if let Ok(ledger) = &seen.ledger { (failures(app, ledger, now)) }
    };
    Ok(Page::new(Nav::Overview, "Overview", body)
        .beside(html! {
            span { (words::moment(now)) " · the day ends in " (rest_of_day(now)) }
            a .btn.sm href=(app.to("")) { (Icon::Refresh.small()) "Refresh" }
        })
        .command("synapse usage --by day --since 30d")
        .document(&document(app, &seen)))
}

async fn read(app: &App, now: Timestamp) -> Result<Ledger, Failure> {
    let reader = &app.engine.ports().reader;
    let today = Timestamp::of_day(now.day());
    let month = now.month_start();
    let ask = |by, since: Timestamp, until: Option<Timestamp>| UsageQuery {
        since: Some(since),
        until,
        ..UsageQuery::by(by)
    };
    // The same span of the previous month, limited by its length.
    let before = Timestamp::of_day(month.day() - 1).month_start();
    let passed = now.as_millis().saturating_sub(month.as_millis());
    let until = Timestamp::from_millis(
        before
            .as_millis()
            .saturating_add(passed)
            .min(month.as_millis()),
    );
    let first = Timestamp::of_day(now.day() - 29);
    let days = reader
        .usage_per(UsageKey::Day, ask(UsageKey::Model, first.min(month), None))
        .await?;
    let before = reader
        .usage_per(UsageKey::Month, ask(UsageKey::Model, before, Some(until)))
        .await?;
    let clients = reader
        .usage_per(UsageKey::Month, ask(UsageKey::Client, month, None))
        .await?;
    // The names of days are in the order of time.
    let since = |from: Timestamp| {
        let from = UsageKey::Day.period(from).unwrap_or_default();
        days.iter().filter(move |day| day.period >= from)
    };
    Ok(Ledger {
        days: summed(since(first), |period, _| period.to_owned()),
        month: summed(since(month), |_, key| key.to_owned()),
        before: summed(before.iter(), |_, key| key.to_owned()),
        clients: summed(clients.iter(), |_, key| key.to_owned()),
        today: reader.usage(ask(UsageKey::Day, today, None)).await?,
        failures: reader.failures(today).await?,
        standings: reader.standings(now).await?,
        newest: reader.history(HistoryQuery::newest(LOOKED_AT)).await?,
    })
}

/// One report of several periods, by the name that `name` gives a line.
fn summed<'a>(
    periods: impl Iterator<Item = &'a PeriodUsage>,
    name: impl Fn(&'a str, &'a str) -> String,
) -> UsageReport {
    let mut lines: BTreeMap<String, UsageLine> = BTreeMap::new();
    let mut total = UsageLine {
        key: "total".to_owned(),
        ..UsageLine::default()
    };
    for period in periods {
        for line in &period.lines {
            let key = name(&period.period, &line.key);
            lines.entry(key).or_default().merge(line);
            total.merge(line);
        }
    }
    let lines = lines
        .into_iter()
        .map(|(key, line)| UsageLine { key, ..line })
        .collect();
    UsageReport {
        lines,
        total,
        ..UsageReport::default()
    }
}

fn needs(app: &App, seen: &Seen) -> Markup {
    let mut items: Vec<Markup> = Vec::new();
    let mut item = |tone: Tone, text: Markup, to: String, label: &str| {
        items.push(html! {
            li { (icon(tone).with_class(match tone { Tone::Bad => "i bad", _ => "i warn" })) div { (text) } a .btn.sm href=(to) { (label) } }
        });
    };
    match &seen.connections {
        Err(failure) => item(
            Tone::Bad,
            html! { b { "connections.toml" } " " (crate::view::failure_in_short(app, failure)) },
            app.to("connections"),
            "See where",
        ),
        Ok(all) => {
            for stored in all {
                let to = link(&app.to("connections"), &[("show", stored.name.as_str())]);
                let rows = seen
                    .ledger
                    .as_ref()
                    .map_or(&[][..], |ledger| &ledger.newest);
                match Lately::of(stored, rows) {
                    Lately::Broken(name) => item(
                        Tone::Bad,
                        html! { b { (foreign(stored.name.as_str())) } " cannot be understood: " (code(app, &name)) },
                        to.clone(),
                        "See why",
                    ),
                    Lately::Fails {
                        since,
                        times,
                        code: name,
                        call,
                    } => item(
                        Tone::Bad,
                        html! {
                            b { (foreign(stored.name.as_str())) } " failed its last " (several(times, "call")) ": "
                            @match &name {
                                Some(name) => (code(app, name)),
                                None => "interrupted",
                            }
                            " " span .sub { "since " (words::lately(since, seen.now)) }
                        },
                        app.to(&format!("history/{}", segment(&call))),
                        "See the last call",
                    ),
                    _ => {}
                }
                if stored
                    .usable()
                    .is_ok_and(|connection| !connection.is_bound())
                {
                    item(
                        Tone::Look,
                        html! { b { (foreign(stored.name.as_str())) } " has an unconfirmed host" },
                        app.to(&format!(
                            "connections/{}/edit",
                            segment(stored.name.as_str())
                        )),
                        "Confirm it",
                    );
                }
                let standing = seen
                    .ledger
                    .as_ref()
                    .ok()
                    .and_then(|ledger| ledger.standings.get(stored.name.as_str()));
                if let (Ok(connection), Some(standing)) = (&stored.connection, standing)
                    && let Some(limits) = &connection.limits
                    && [
                        (limits.day.nano_usd, standing.spent.day.nano_usd),
                        (limits.day.tokens, standing.spent.day.tokens),
                        (limits.month.nano_usd, standing.spent.month.nano_usd),
                        (limits.month.tokens, standing.spent.month.tokens),
                    ]
                    .iter()
                    .any(|(most, used)| most.is_some_and(|most| is_near(*used, most)))
                {
                    item(
                        Tone::Look,
                        html! { b { (foreign(stored.name.as_str())) } " is near a limit" },
                        to,
                        "See its limits",
                    );
                }
            }
        }
    }
    if let Err(failure) = &seen.ledger {
        item(
            Tone::Bad,
            html! { b { "The ledger" } " " (crate::view::failure_in_short(app, failure)) },
            app.to("doctor"),
            "Ask doctor",
        );
    }
    if let Ok(ledger) = &seen.ledger
        && ledger.today.waiting.calls > 0
    {
        item(
            Tone::Look,
            html! { (several(ledger.today.waiting.calls, "call")) " " (words::verb(ledger.today.waiting.calls, "waits", "wait")) " next to the ledger, not yet in the sums" },
            app.to("doctor"),
            "Ask doctor",
        );
    }
    match &seen.hub {
        Err(failure) => item(
            Tone::Bad,
            html! { b { "The hub" } " " (crate::view::failure_in_short(app, failure)) },
            app.to("hub"),
            "See where",
        ),
        Ok(hub) => {
            for server in hub
                .servers
                .iter()
                .filter(|server| matches!(server.tone, Tone::Bad | Tone::Look))
            {
                item(
                    server.tone,
                    html! { b { (foreign(&server.name)) } " " (foreign(&server.state)) },
                    format!("{}#{}", app.to("hub"), segment(&server.name)),
                    "See it",
                );
            }
        }
    }
    if seen.approvals > 0 {
        let number = u64::try_from(seen.approvals).unwrap_or(u64::MAX);
        item(
            Tone::Look,
            html! { (several(number, "change")) " of upstream servers " (words::verb(number, "waits", "wait")) " for your approval" },
            app.to("hub/approvals"),
            "Review",
        );
    }
    let number = u64::try_from(items.len()).unwrap_or(u64::MAX);
    html! {
        @if items.is_empty() {
            p .quiet { (state(Tone::Good, Icon::Tick, &html! { "Nothing needs you." })) }
        } @else {
            (panel("todo", "", "Needs you", &html! { (several(number, "thing")) }, &html! { ul .todo { @for item in &items { (item) } } }))
        }
    }
}

fn figures(ledger: &Ledger, now: Timestamp) -> Markup {
    let (today, month, before) = (
        &ledger.today.total,
        &ledger.month.total,
        &ledger.before.total,
    );
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
                p .sub { (left_out(month)) " · " (cost(before)) " by then a month before" }
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

fn month_name(now: Timestamp) -> String {
    month(now)
}

fn days(app: &App, ledger: &Ledger) -> Markup {
    let now = app.now();
    let of = |day: i64| {
        let key = words::date(Timestamp::of_day(day));
        let line = ledger.days.lines.iter().find(|line| line.key == key);
        (key, line.cloned().unwrap_or_default())
    };
    let first = now.day() - 29;
    let columns: Vec<(Column, Column)> = (first..=now.day())
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
            let cost = Column {
                title,
                parts: vec![line.cost_nano_usd],
                unknown: line.unknown_cost > 0,
                link: Some(link(
                    &app.to("history"),
                    &[("since", &key), ("until", &next)],
                )),
                label: ((day - first) % 7 == 0).then(|| key.chars().skip(5).collect()),
            };
            let calls = Column {
                title: format!("{key}: {} answered, {} failed", line.ok, line.failed),
                parts: vec![line.ok, line.failed],
                ..Column::default()
            };
            (cost, calls)
        })
        .collect();
    let (costs, calls): (Vec<Column>, Vec<Column>) = columns.into_iter().unzip();
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

fn by_model(app: &App, ledger: &Ledger, now: Timestamp) -> Markup {
    panel(
        "models",
        "",
        &format!("{} by model", month(now)),
        &html! {},
        &shares(app, &ledger.month, "model_served", "Model"),
    )
}

fn by_client(app: &App, ledger: &Ledger, now: Timestamp) -> Markup {
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

fn connections_table(app: &App, seen: &Seen) -> Markup {
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

fn servers(app: &App, seen: &Seen) -> Markup {
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

fn failures(app: &App, ledger: &Ledger, now: Timestamp) -> Markup {
    html! {
        @if !ledger.failures.is_empty() {
            (panel("failed", "", "Failed today, and what to do", &html! { a href=(link(&app.to("history"), &[("since", &words::date(now))])) { "all calls of today" } }, &scrolling("Table of failures", &html! { table .wrap {
                thead { tr { th scope="col" { "Last" } th scope="col" .n { "Times" } th scope="col" { "Connection" } th scope="col" { "What happened" } th scope="col" .p2 { "What to do" } } }
                tbody { @for group in &ledger.failures { tr {
                    td .nw { a href=(app.to(&format!("history/{}", segment(&group.last_call.to_string())))) { (clock(group.last_at)) } }
                    td .n { (count(group.times)) }
                    th scope="row" { a .rl href=(link(&app.to("history"), &[("where", &format!("connection={}", group.connection))])) { (foreign(&group.connection)) } }
                    td { @match &group.error_code { Some(name) => (code(app, name)), None => (group.outcome.as_str()) } }
                    td .p2 { (group.error_code.as_deref().and_then(|code| remedy_of(app, code)).unwrap_or_else(|| "Nothing: its process ended during the call.".to_owned())) }
                } } }
            } })))
        }
    }
}

fn document(app: &App, seen: &Seen) -> serde_json::Value {
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
        "usage": match &seen.ledger {
            Ok(ledger) => json!(UsageDocument::new(&query, &ledger.days)),
            Err(failure) => json!(ErrorDocument::new(failure, app.remedies())),
        },
        "newest": match &seen.ledger {
            Ok(ledger) => json!(HistoryDocument::new(&ledger.newest, &pages)),
            Err(_) => serde_json::Value::Null,
        },
        "approvals": seen.approvals,
    })
}

/// Number of newest rows that determine a connection's health.
const LOOKED_AT: u32 = 200;
