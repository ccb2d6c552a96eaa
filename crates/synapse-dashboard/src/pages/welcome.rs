//! The first run: six steps to an answer in an IDE, each with its state.

use maud::{Markup, html};
use serde_json::json;
use synapse_core::error::Failure;
use synapse_core::ledger::{Column, Filter, HistoryQuery, Outcome, Test};
use synapse_core::provider::{ProviderKind, TokenNeed};
use synapse_core::shell::quote_text;

use crate::app::App;
use crate::ask::{Ask, link};
use crate::icon::Icon;
use crate::page::{Nav, Page};
use crate::program::SecretStoreState;
use crate::text::foreign;
use crate::view::panel;

/// The state of each step, from files and rows only.
struct Steps {
    connected: bool,
    key: bool,
    proven: bool,
    ide: bool,
    answered: bool,
    /// A connection, to show its entry for an IDE.
    first: Option<String>,
}

/// `welcome`, and the overview while there is no data.
pub(crate) async fn page(app: &App, ask: &Ask) -> Result<Page, Failure> {
    let steps = steps(app).await;
    let done = [
        true,
        steps.connected,
        steps.key,
        steps.proven,
        steps.ide,
        steps.answered,
    ];
    let next = done.iter().position(|done| !done);
    let class = |step: usize| match (done.get(step), next) {
        (Some(true), _) => "done",
        (_, Some(next)) if next == step => "now",
        _ => "later",
    };
    let ides: Vec<(&str, &str)> = app
        .program
        .ides()
        .unwrap_or_default()
        .iter()
        .filter(|ide| ide.detected)
        .map(|ide| (ide.client, ide.title))
        .collect();
    let titles: Vec<&str> = ides.iter().map(|(_, title)| *title).collect();
    let prompt = format!(
        "synapse chat {} 'Say hello'",
        quote_text(steps.first.as_deref().unwrap_or("NAME"))
    );
    let count = done.iter().filter(|done| **done).count();
    let body = html! {
        p .lede { "Six steps from here to an answer in your IDE. " (count) " of 6 " (if count == 1 { "is" } else { "are" }) " done." }
        div .cols {
            div .w8 { ol .steps.panel {
                li class=(class(0)) { h2 { "Synapse runs here" } p { "On 127.0.0.1 and ::1 alone, with its home at " code { (foreign(&app.program.about().home)) } ". Nothing is reported to anybody." } }
                li class=(class(1)) { h2 { "Choose who answers" } p { "You keep your own account and pay there. With a model on this machine you need neither key nor network." } (providers(app)) }
                li class=(class(2)) { h2 { "Say where the key is" } p { "Synapse keeps a reference, never the key. Put it into a file that only you can read, the keyring, or a vault; or paste it on the page that keeps it there." } div .row { a .btn.sm href=(app.to("secrets")) { (Icon::Secrets.small()) "Put a key somewhere safe" } } }
                li class=(class(3)) { h2 { "Let preflight prove it" } p { "Eight checks, from the spelling to the permission to chat; seven are free. Each shows its proof or, if it fails, its remedy. Nothing is saved before they pass." } div .row { a .btn.sm href=(app.to("connections/new")) { (Icon::Add.small()) "New connection" } } }
                li class=(class(4)) { h2 { "Join your IDE" } p { @if ides.is_empty() { "No IDE was found on this machine. " } @else { "Found on this machine: " (foreign(&titles.join(", "))) ". " } "One command adds the entry, and " code { "synapse ide remove" } " removes it. Then restart the IDE." } div .row { @for (client, _) in &ides { code .cmd data-copy { "synapse ide install " (client) } } @if ides.is_empty() { code .cmd data-copy { "synapse ide install CLIENT" } } @if let Some(name) = &steps.first { a .btn.sm href=(link(&app.to("connections"), &[("show", name)])) { "The entry to paste" } } } }
                li class=(class(5)) { h2 { "Ask something" } p { "In the IDE, or in a terminal. Each answer has its receipt in the history: requested and served model, tokens, cost, time. Missing values are shown as unknown." } div .row { code .cmd data-copy { (prompt) } a .btn.sm href=(app.to("history")) { (Icon::History.small()) "History" } } }
            } }
            div .w4 { div .stack {
                (panel("looking", "", "Only looking?", &html! {}, &html! { div .pad.stack { p { "The demo runs the whole path with a built-in provider: no key, no network." } div .row { code .cmd data-copy { "synapse demo" } } } }))
                (panel("promises", "", "What holds from the start", &html! {}, &html! { div .pad { ul .stack.tight.iconed {
                    li { (Icon::Lock.small()) span { "The network gate is closed until you open it." } }
                    li { (Icon::Tick.small()) span { "One prompt is at most one request. No retry, no fallback." } }
                    li { (Icon::Tick.small()) span { "The prompt sent is the prompt given." } }
                    li { (Icon::Shield.small()) span { "Keys go to the host you confirmed, and nowhere else." } }
                } } }))
            } }
        }
    };
    let document = json!({
        "schema": "synapse.welcome/1",
        "ok": true,
        "steps": [
            {"id": "runs", "done": true},
            {"id": "provider", "done": steps.connected},
            {"id": "key", "done": steps.key},
            {"id": "preflight", "done": steps.proven},
            {"id": "ide", "done": steps.ide},
            {"id": "prompt", "done": steps.answered},
        ],
    });
    Ok(Page::new(Nav::Overview, "Welcome", body)
        .command("synapse connection create NAME --provider PROVIDER --model MODEL --credential REFERENCE --allow-network")
        .document(ask, || document))
}

async fn steps(app: &App) -> Steps {
    let connections = app.engine.connections().unwrap_or_default();
    let has_key = |reference| !matches!(app.program.seen(reference), SecretStoreState::Missing(_));
    let proven = |id: &str| {
        connections.iter().any(|stored| {
            stored
                .preflight
                .as_ref()
                .is_some_and(|record| record.proven.iter().any(|known| known == id))
        })
    };
    let answered = HistoryQuery {
        outcome: Some(Outcome::Ok),
        // Events of the hub have none.
        filters: vec![Filter {
            column: Column::Connection,
            test: Test::Known,
        }],
        ..HistoryQuery::newest(1)
    };
    let ides = app.program.ides().unwrap_or_default();
    Steps {
        connected: !connections.is_empty(),
        key: connections
            .iter()
            .filter_map(|stored| stored.connection.as_ref().ok())
            .any(|connection| connection.credential.as_ref().is_none_or(has_key)),
        proven: proven("reach"),
        ide: ides
            .iter()
            .flat_map(|ide| &ide.files)
            .any(|file| file.state == "current"),
        answered: app
            .engine
            .history(answered)
            .await
            .is_ok_and(|rows| !rows.is_empty()),
        first: connections.first().map(|stored| stored.name.to_string()),
    }
}

fn providers(app: &App) -> Markup {
    html! { div .prov { @for kind in ProviderKind::ALL {
        @let profile = kind.profile();
        a href=(link(&app.to("connections/new"), &[("provider", kind.as_str())])) { (profile.title) small { @if profile.start.is_some() { "on this machine" } @else if profile.token == TokenNeed::Required { "needs a key" } @else { "key optional" } } }
    } } }
}
