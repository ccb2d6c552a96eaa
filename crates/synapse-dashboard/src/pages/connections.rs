//! The list of connections, with the details of one below.

use std::collections::BTreeMap;

use maud::{Markup, html};
use synapse_core::check::CheckOutcome;
use synapse_core::error::Failure;
use synapse_core::gate::NetworkGate;
use synapse_core::ledger::{
    Column, Entry, Filter, HistoryQuery, LatestCall, LimitUsage, UsageKey, UsageLine, UsageQuery,
};
use synapse_core::ports::StoredConnection;
use synapse_core::time::Timestamp;
use synapse_documents::{ConnectionDocument, ConnectionsDocument};

use super::digest::digest;
use super::history::{self, Columns};
use super::standing::{Lately, limit, today};
use crate::app::App;
use crate::ask::{Ask, link, segment};
use crate::hub::Tone;
use crate::icon::Icon;
use crate::page::{Nav, Page, csrf};
use crate::text::foreign;
use crate::view::{button, note, panel, pips, plain, said, scrolling, snippet};
use crate::words::{ago, count, moment, money, month, sum};

/// `connections`, with `?show=NAME`
pub(crate) async fn page(app: &App, ask: &Ask) -> Result<Page, Failure> {
    let all = app.engine.connections()?;
    let shown = match ask.get("show") {
        None => None,
        Some(name) => match all.iter().find(|stored| stored.name.as_str() == name) {
            Some(stored) => Some(stored),
            None => {
                let known: Vec<String> = all
                    .iter()
                    .map(|stored| format!("connections?show={}", stored.name))
                    .collect();
                return Ok(super::error::missing(
                    app,
                    ask,
                    "There is no such connection",
                    &known,
                ));
            }
        },
    };
    let now = app.now();
    let reader = &app.engine.ports().reader;
    // An unreadable ledger only affects its own columns.
    let rows = reader.history(HistoryQuery::newest(200)).await;
    let standings = reader.standings(now).await.unwrap_or_default();
    let this_month = UsageQuery {
        since: Some(now.month_start()),
        ..UsageQuery::by(UsageKey::Connection)
    };
    // By period, because that leaves out the latencies.
    let months = reader.usage_per(UsageKey::Month, this_month).await;
    let months = months.unwrap_or_default();
    let mut usage: BTreeMap<&str, UsageLine> = BTreeMap::new();
    for line in months.iter().flat_map(|month| &month.lines) {
        usage.entry(&line.key).or_default().merge(line);
    }
    let newest: Vec<LatestCall> = rows.iter().flatten().map(LatestCall::from).collect();
    let table = html! { table .wrap {
        thead { tr {
            th scope="col" { "Name" } th scope="col" .p2 { "Provider, model" } th scope="col" { "Gate" }
            th scope="col" .p2 { "Preflight proved" } th scope="col" .p3 { "Credential" } th scope="col" { "State" }
            th scope="col" .n.p2 { "Limit of today" } th scope="col" .n.p2 { (month(now)) }
        } }
        tbody { @for stored in &all {
            @let name = stored.name.as_str();
            @let lately = Lately::of(stored, &newest);
            @let here = shown.is_some_and(|shown| shown.name == stored.name);
            tr class=[if here { Some("here") } else { lately.row_class() }] {
                th scope="row" {
                    a .rl href=(format!("{}#shown", link(&app.to("connections"), &[("show", name)]))) aria-current=[here.then_some("true")] { (foreign(name)) }
                    span .sub.narrow { (foreign(&stored.draft.provider)) " · " (foreign(&stored.draft.model)) }
                }
                td .p2 { (foreign(&stored.draft.provider)) br; span .sub { (foreign(&stored.draft.model)) } }
                td { (gate_switch(app, ask, stored)) }
                td .p2 { @match &stored.preflight {
                    Some(record) => { (pips(&record.proven)) " " span .sub.nw { (ago(record.checked_at, now)) } }
                    None => span .unk { "never checked" },
                } }
                td .p3 { (credential(stored)) }
                td { (lately.show(now)) }
                td .n.p2.sub { (day_limit(stored, standings.get(name))) }
                td .n.p2 { @match usage.get(name) {
                    Some(line) => (sum(line.cost_nano_usd, line.unknown_cost, money)),
                    None => span .dim { "–" },
                } }
            }
        } }
    } };
    let body = html! {
        (said(app, ask))
        @if let Err(failure) = &rows { (super::error::head(app, failure)) }
        @if all.is_empty() {
            section .panel { div .pad.stack {
                p { "There is no connection yet. A connection is a provider, a model, and where the key is." }
                div .row { a .btn.pri href=(app.to("connections/new")) { (Icon::Add.small()) "New connection" } a .btn href=(app.to("welcome")) { "First steps" } }
            } }
        } @else { section .panel aria-label="Connections" { (scrolling("Table of connections", &table)) } }
        @if let Some(stored) = shown { (one(app, ask, stored, standings.get(stored.name.as_str()), now).await) }
    };
    let page = Page::new(Nav::Connections, "Connections", body).beside(html! {
        a .btn.pri href=(app.to("connections/new")) { (Icon::Add.small()) "New connection" }
    });
    Ok(match shown {
        Some(stored) => page
            .command(format!("synapse connection show {}", stored.name))
            .document(ask, || ConnectionDocument::new(stored, app.remedies())),
        None => page
            .command("synapse connection list")
            .document(ask, || ConnectionsDocument::new(&all, app.remedies())),
    })
}

/// The network access switch. Turning it on is confirmed on a page that names the hosts.
fn gate_switch(app: &App, ask: &Ask, stored: &StoredConnection) -> Markup {
    let name = stored.name.as_str();
    let is_open = stored.draft.gate == NetworkGate::Open;
    let words = html! { span .k {} span .vh { "network gate of " (foreign(name)) ": " } (stored.draft.gate.as_str()) };
    html! {
        @if is_open {
            form method="post" action=(app.to(&format!("connections/{}/gate", segment(name)))) {
                (csrf(ask)) input type="hidden" name="to" value="closed";
                button .switch role="switch" aria-checked="true" { (words) }
            }
        } @else {
            a .switch href=(app.to(&format!("connections/{}/edit?network=on", segment(name)))) { (words) }
        }
    }
}

fn credential(stored: &StoredConnection) -> Markup {
    html! {
        @match &stored.connection {
            Ok(connection) => @match &connection.credential {
                Some(reference) => code { (foreign(&reference.to_string())) },
                None => span .dim { "none, none needed" },
            },
            // An invalid connection may contain a token.
            Err(_) => span .dim { "not shown" },
        }
    }
}

fn day_limit(stored: &StoredConnection, standing: Option<&LimitUsage>) -> Markup {
    let limits = stored
        .connection
        .as_ref()
        .ok()
        .and_then(|connection| connection.limits.as_ref());
    let (spent, aside) = today(standing);
    html! { @match limits { Some(limits) => (limit(&limits.day, spent, aside)), None => span .dim { "none" } } }
}

async fn one(
    app: &App,
    ask: &Ask,
    stored: &StoredConnection,
    standing: Option<&LimitUsage>,
    now: Timestamp,
) -> Markup {
    let name = stored.name.as_str();
    let own = |path: &str| app.to(&format!("connections/{}/{path}", segment(name)));
    let calls = HistoryQuery {
        filters: vec![Filter::is(Column::Connection, name)],
        ..HistoryQuery::newest(8)
    };
    let calls = app.engine.history(calls).await;
    let checklist = app.program.checklist(stored).await;
    let snippets = app.program.snippets();
    html! {
        div .row.between {
            h2 #shown { (foreign(name)) " " span .sub { (foreign(&stored.draft.provider)) " · " (foreign(&stored.draft.model)) (sends_to(stored)) } }
            div .row {
                (button(app, ask, &format!("connections/{}/check", segment(name)), "sm", &html! { (Icon::Doctor.small()) "Check now" }, &[]))
                a .btn.sm href=(own("edit")) { (Icon::Edit.small()) "Edit" }
                a .btn.sm href=(link(&app.to("history"), &[("where", &format!("connection={name}"))])) { (Icon::History.small()) "Its calls" }
                a .btn.sm.ghost.bad href=(own("remove")) { (Icon::Remove.small()) "Remove…" }
            }
        }
        @if let Err(failure) = &stored.connection { (super::error::head(app, failure)) }
        div .cols {
            div .stack.w7 {
                (panel("checklist", "", "From the key to an answer in your IDE", &html! {}, &html! {
                    @match &checklist {
                        Ok(items) => ul .checklist { @for item in items {
                            @let (class, icon) = match item.outcome() { CheckOutcome::Ok => ("ok", Icon::Ok), CheckOutcome::Warn | CheckOutcome::Skip => ("warn", Icon::Warning), CheckOutcome::Missing | CheckOutcome::Fail => ("miss", Icon::Failed) };
                            li class=(class) {
                                (icon.show()) b { (item.id.as_str()) }
                                span .what { (foreign(&item.what())) @if let Some(next) = item.remedy() { br; span .sub { (foreign(&next.text)) @if let Some(command) = next.command(app.remedies()) { " " code .cmd data-copy { (foreign(&command)) } } } } }
                                span .vh { (item.outcome().as_str()) }
                            }
                        } },
                        Err(failure) => div .pad { (crate::view::failure_in_short(app, failure)) },
                    }
                }))
                (panel("calls", "", "Last calls", &html! {}, &match &calls {
                    Ok(rows) => last_calls(app, rows, now),
                    Err(failure) => html! { div .pad { (crate::view::failure_in_short(app, failure)) } },
                }))
            }
            div .stack.w5 {
                (limits_panel(app, stored, standing))
                (panel("snippets", "", "The entry for your IDE", &html! {}, &html! { div .pad.stack {
                    @match &snippets {
                        Ok(all) => {
                            @for (place, entry) in all.iter().enumerate() { details open[place == 0] {
                                summary { (foreign(&entry.title)) @if let Some(file) = &entry.file { " · " code { (foreign(file)) } } }
                                (snippet(&entry.text, &format!("Entry for {}", entry.title)))
                                @if entry.client != "all" { p .sub { "or let Synapse write it: " code .cmd data-copy { "synapse ide install " (foreign(&entry.client)) } } }
                            } }
                            p .sub { "It holds no key, and offers every connection and the hub. Restart the IDE after a change. For this connection alone, without the hub: " code .cmd data-copy { "synapse ide snippet --connection " (foreign(name)) } }
                        },
                        Err(failure) => (crate::view::failure_in_short(app, failure)),
                    }
                } }))
            }
        }
    }
}

/// The host its calls go to, if known.
fn sends_to(stored: &StoredConnection) -> Markup {
    html! {
        @if let Ok(connection) = &stored.connection {
            " · sends to " (foreign(connection.base_url.origin().host()))
        }
    }
}

fn last_calls(app: &App, rows: &[Entry], now: Timestamp) -> Markup {
    html! {
        @if rows.is_empty() { p .pad.sub { "No call yet. The first one shows here, with its receipt." } }
        @else { (scrolling("Table of the last calls", &history::table(app, rows, now, Columns::Few))) }
    }
}

fn limits_panel(app: &App, stored: &StoredConnection, standing: Option<&LimitUsage>) -> Markup {
    let limits = stored
        .connection
        .as_ref()
        .ok()
        .and_then(|connection| connection.limits.as_ref());
    let standing = standing.copied().unwrap_or_default();
    panel(
        "limits",
        "",
        "Limits",
        &html! { "days and months are UTC" },
        &html! { div .pad { dl .kv {
            @match limits {
                None => { dt { "Set" } dd { "none; " a href=(app.to(&format!("connections/{}/edit", segment(stored.name.as_str())))) { "set one" } } }
                Some(limits) => {
                    dt { "Today" } dd { (limit(&limits.day, standing.spent.day, standing.set_aside.day)) }
                    dt { "This month" } dd { (limit(&limits.month, standing.spent.month, standing.set_aside.month)) }
                    dt { "At a limit" } dd { (limits.mode.as_str()) }
                }
            }
            dt { "Set aside" } dd { (count(standing.set_aside.day.tokens)) " tokens, " (money(standing.set_aside.day.nano_usd)) " for calls under way" }
            dt { "Texts" } dd { (if stored.draft.record_text { "prompts and answers are recorded" } else { "not recorded" }) }
            @if let Some(record) = &stored.preflight {
                dt { "Checked" } dd { (moment(record.checked_at)) }
                dt { "Key may go to" } dd { @match &record.bound_to { Some(origin) => (foreign(&origin.to_string())), None => "nowhere yet" } }
            }
        } } },
    )
}

/// `connections/NAME/remove`: the confirmation.
pub(crate) fn remove(app: &App, ask: &Ask, name: &str) -> Result<Page, Failure> {
    let stored = app.engine.stored(name)?;
    let at = format!("connections/{}/remove", segment(name));
    let body = html! {
        (note(Tone::Look, None, &html! {
            p { b { "Remove the connection " (foreign(name)) "?" } }
            p { "IDEs that use it get an error from then on. Its history, its receipts and its key stay." }
        }))
        div .row {
            (button(app, ask, &at, "bad", &plain("Remove it"), &[("digest", &digest(&stored.draft))]))
            a .btn href=(link(&app.to("connections"), &[("show", name)])) { "Keep it" }
        }
    };
    Ok(Page::new(Nav::Connections, format!("Remove {name}"), body)
        .below(app.to("connections"), "Connections")
        .command(format!("synapse connection remove {name}"))
        .document(ask, || ConnectionDocument::new(&stored, app.remedies())))
}
