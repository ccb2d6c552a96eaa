//! The part of the overview that names everything that needs its owner, each with one action.

use maud::{Markup, html};
use synapse_core::limits::LimitMode;

use super::seen::OverviewData;
use super::standing::{Lately, nearest};
use crate::app::App;
use crate::ask::{link, segment};
use crate::hub::Tone;
use crate::icon::Icon;
use crate::text::foreign;
use crate::view::{code, icon, panel, state};
use crate::words::{self, several};

pub(super) fn needs(app: &App, seen: &OverviewData) -> Markup {
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
                    && let Some((span, part, amount)) = nearest(limits, standing)
                {
                    item(
                        Tone::Look,
                        html! {
                            b { (foreign(stored.name.as_str())) } " has used " (part) " % of its limit of " (span) ", " (amount) " "
                            span .sub { (match limits.mode { LimitMode::Block => "calls beyond it are refused", LimitMode::Warn => "calls beyond it are sent with a warning" }) }
                        },
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
