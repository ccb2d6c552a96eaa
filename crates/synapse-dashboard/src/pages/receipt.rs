//! One call in full: every receipt key, the reason for an unknown cost, and recorded texts.

use maud::{Markup, html};
use synapse_core::call::CallId;
use synapse_core::error::Failure;
use synapse_core::ledger::{Entry, HubFacts, Outcome, RecordedEntry, RecordedText, RowSeal};
use synapse_core::money::CostSource;
use synapse_core::shell::quote_text;
use synapse_documents::EntryDocument;

use super::history::outcome;
use crate::app::App;
use crate::ask::{Ask, link, segment};
use crate::chart;
use crate::hub::Tone;
use crate::page::{Nav, Page};
use crate::text::{foreign, foreign_block, prose};
use crate::view::{code, note, panel, remedy_of};
use crate::words::{count, maybe, moment, money, span, unknown};

/// `history/CALL`
pub(crate) async fn page(app: &App, ask: &Ask, call: &str) -> Result<Page, Failure> {
    let gone = || {
        Ok(super::error::missing(
            app,
            ask,
            "There is no such call any more",
            &[],
        ))
    };
    let Ok(call_id) = call.parse::<CallId>() else {
        return gone();
    };
    let reader = &app.engine.ports().reader;
    let Some(RecordedEntry { entry, text, seal }) = reader.recorded(call_id).await? else {
        return gone();
    };
    let body = html! {
        div .cols {
            div .w5 { @match &entry.hub { Some(facts) => (slip_of_hub(&entry, facts)), None => (slip(&entry)) } }
            div .stack.w7 { (why(app, &entry)) (time(&entry)) (this_call(app, &entry, seal.as_ref())) @if entry.hub.is_none() { (texts(text.as_ref(), &entry)) } }
        }
    };
    Ok(Page::new(
        Nav::History,
        format!("Receipt of {}", moment(entry.started_at)),
        body,
    )
    .below(app.to("history"), "History")
    .command(format!("synapse history show {call_id}"))
    .document(ask, || EntryDocument::new(&entry, text.as_ref())))
}

fn line(name: &str, value: Option<Markup>, class: &str) -> Markup {
    html! {
        div class=(class) { dt { (name) } @match &value { Some(value) => dd { (value) }, None => dd .unk { "unknown" } } }
    }
}

fn number(number: Option<u64>) -> Option<Markup> {
    number.map(|number| html! { (count(number)) })
}

/// An event of the hub has neither model nor tokens nor cost.
fn slip_of_hub(entry: &Entry, facts: &HubFacts) -> Markup {
    let receipt = &entry.receipt;
    let exchange = &receipt.exchange;
    let text = |text: &Option<String>| text.as_deref().map(foreign);
    let of_login = facts.issuer.is_some() || facts.requests.is_some();
    html! {
        div .slipwrap { section .slip aria-labelledby="slip" {
            div .cap {
                h2 #slip { (foreign(&facts.server)) @if let Some(tool) = &entry.caller.tool { " · " (foreign(tool)) } }
                p .sub { "upstream server, " (foreign(&entry.operation)) }
                p { (outcome(entry)) }
            }
            dl .lead {
                (line("transport", text(&facts.transport), ""))
                (line("protocol version", text(&facts.era), ""))
                (line("approved catalogue", facts.catalogue.as_deref().map(|hash| html! { code { (foreign(hash)) } }), ""))
                (line("may have run", Some(html! { (if facts.may_have_run { "yes" } else { "no" }) }), ""))
            }
            dl .lead {
                (line("requests sent", Some(html! { (exchange.attempts) }), ""))
                (line("status", exchange.http_status.map(|status| html! { (status) }), ""))
                (line("sent", Some(html! { (count(exchange.bytes_out)) " bytes" }), ""))
                (line("received", Some(html! { (count(exchange.bytes_in)) " bytes" }), ""))
                (line("whole answer", receipt.latency_ms.map(|took| html! { (span(took)) }), ""))
            }
            @if of_login { dl .lead {
                (line("authorization server", text(&facts.issuer), ""))
                (line("client", text(&facts.client_kind), ""))
                (line("scopes", text(&facts.scopes), ""))
                (line("token generation", number(facts.generation), ""))
                (line("requests of the login", number(facts.requests), ""))
            } }
        } }
    }
}

fn slip(entry: &Entry) -> Markup {
    let receipt = &entry.receipt;
    let (exchange, usage, cost) = (&receipt.exchange, &receipt.usage, &receipt.cost);
    let text = |text: Option<&str>| text.map(foreign);
    html! {
        div .slipwrap { section .slip aria-labelledby="slip" {
            div .cap {
                h2 #slip { (foreign(receipt.model_served.as_deref().unwrap_or(&receipt.model_requested))) }
                p .sub { @if let Some(by) = &exchange.served_by { "served by " (foreign(by)) " " } "through " (foreign(&exchange.host)) }
                p { (outcome(entry)) }
            }
            dl .lead {
                (line("asked for", Some(foreign(&receipt.model_requested)), ""))
                (line("served", text(receipt.model_served.as_deref()), ""))
                (line("sub-provider", text(exchange.served_by.as_deref()), ""))
                (line("stopped because", text(receipt.finish_reason.as_deref()), ""))
            }
            dl .lead {
                (line("tokens in", number(usage.prompt_tokens), ""))
                (line("from a cache", number(usage.cached_tokens), "part"))
                (line("into a cache", number(usage.cache_write_tokens), "part"))
                (line("tokens out", number(usage.completion_tokens), ""))
                (line("reasoning", number(usage.reasoning_tokens), "part"))
            }
            dl .lead {
                (line("requests sent", Some(html! { (exchange.attempts) }), ""))
                (line("status", exchange.http_status.map(|status| html! { (status) }), ""))
                (line("sent", Some(html! { (count(exchange.bytes_out)) " bytes" }), ""))
                (line("received", Some(html! { (count(exchange.bytes_in)) " bytes" }), ""))
                (line("first headers", exchange.headers_ms.map(|took| html! { (span(took)) }), ""))
                (line("whole answer", receipt.latency_ms.map(|took| html! { (span(took)) }), ""))
            }
            dl .lead {
                (line("cost", cost.amount_nano_usd.map(|amount| html! { (money(amount)) }), "sum"))
                (line("source", Some(html! { (cost.source.as_str()) }), ""))
                (line("prices of", cost.priced_at.map(|at| html! { (moment(at)) }), ""))
                (line("may have been billed", Some(html! { (if exchange.maybe_billed { "yes" } else { "no" }) }), ""))
            }
        } }
    }
}

fn why(app: &App, entry: &Entry) -> Markup {
    let receipt = &entry.receipt;
    let is_unknown = receipt.cost.source == CostSource::Unknown && receipt.exchange.maybe_billed;
    html! {
        @if let Some(name) = &entry.error_code {
            (note(if entry.outcome == Outcome::Refused { Tone::Look } else { Tone::Bad }, None, &html! {
                p { b { @if entry.outcome == Outcome::Refused { "Refused before anything was sent" } @else { "It failed" } } " " (code(app, name)) }
                @if let Some(remedy) = remedy_of(app, name) { p { (prose(&remedy)) } }
            }))
        }
        @if is_unknown {
            (note(Tone::Off, None, &html! {
                p { b { "Why is the cost unknown?" } }
                p { (reason(entry)) }
                p .sub { "Synapse never uses the price of another model or provider. A preflight or the list of models stores prices for later calls: " code .cmd data-copy { "synapse models " (foreign(&quote_text(&receipt.connection))) } }
            }))
        }
    }
}

/// The reason for an unknown cost, as far as the row shows it.
fn reason(entry: &Entry) -> &'static str {
    let receipt = &entry.receipt;
    let usage = &receipt.usage;
    if entry.outcome == Outcome::Open {
        return "The call is still in progress.";
    }
    if entry.outcome != Outcome::Ok
        && (usage.prompt_tokens.is_none() || usage.completion_tokens.is_none())
    {
        return "The request was sent, but no complete answer came back, so the number of tokens is unknown.";
    }
    if usage.prompt_tokens.is_none() || usage.completion_tokens.is_none() {
        return "The answer has no token counts.";
    }
    "The answer has the tokens, but no price of that model was known then, or its service tier has no known price."
}

fn time(entry: &Entry) -> Markup {
    let receipt = &entry.receipt;
    html! {
        @if let Some(whole) = receipt.latency_ms {
            @let headers = receipt.exchange.headers_ms;
            @let label = match headers {
                Some(headers) => format!("{} to the first headers, {} to the end", span(headers), span(whole)),
                None => format!("{} to the end; the first headers are unknown", span(whole)),
            };
            (panel("time", "", "Time", &html! { (label) }, &html! { div .pad { (chart::timing(headers, whole, &label)) } }))
        }
    }
}

fn this_call(app: &App, entry: &Entry, seal: Option<&RowSeal>) -> Markup {
    let receipt = &entry.receipt;
    let caller = &entry.caller;
    panel(
        "call",
        "",
        "This call",
        &html! {},
        &html! { div .pad { dl .kv {
            dt { "Call" } dd { code { (receipt.call_id.to_string()) } }
            @if let Some(facts) = &entry.hub { dt { "Server" } dd { a href=(format!("{}#{}", app.to("hub"), segment(&facts.server))) { (foreign(&facts.server)) } } }
            @else { dt { "Connection" } dd { a href=(link(&app.to("connections"), &[("show", &receipt.connection)])) { (foreign(&receipt.connection)) } " · " (foreign(&receipt.provider)) } }
            dt { "Asked by" } dd { @match &caller.client_name { Some(name) => { (foreign(name)) " " (foreign(caller.client_version.as_deref().unwrap_or_default())) }, None => "terminal" } @if let Some(tool) = &caller.tool { ", tool " code { (foreign(tool)) } } }
            @if !receipt.exchange.host.is_empty() { dt { "Host" } dd { code { (foreign(&receipt.exchange.host)) } } }
            @if entry.hub.is_none() { dt { "Request id" } dd { @match &receipt.exchange.request_id { Some(id) => code { (foreign(id)) }, None => (unknown()) } } }
            dt { "Operation" } dd { (foreign(&entry.operation)) }
            dt { "Began" } dd { (moment(entry.started_at)) }
            dt { "Ended" } dd { @match entry.ended_at { Some(at) => (moment(at)), None => (unknown()) } }
            dt { "Answered after" } dd { (maybe(receipt.latency_ms, span)) }
            dt { "Sealed as" } dd { @match seal {
                Some(seal) => { "row " (count(seal.sequence)) " of the chain, " code { (seal.hash) } " " span .sub { "checked by " code { "synapse history verify" } } },
                None => "not yet: the call is in progress",
            } }
            dt { "Near it" } dd { a href=(format!("{}?before={}", app.to("history"), segment(&receipt.call_id.to_string()))) { "older calls" } " · " a href=(format!("{}?after={}", app.to("history"), segment(&receipt.call_id.to_string()))) { "newer calls" } }
        } } },
    )
}

fn texts(text: Option<&RecordedText>, entry: &Entry) -> Markup {
    panel(
        "texts",
        "",
        "Prompt and answer",
        &html! { (if text.is_some() { "recorded" } else { "not recorded" }) },
        &match text {
            None => {
                html! { p .pad { "Texts are kept only for connections that ask for it, and never leave this machine. " span .sub { "For this call of " (foreign(&entry.receipt.connection)) " none is kept." } } }
            }
            Some(text) => html! { div .pad.stack {
                h3 { "Prompt" } pre .snip tabindex="0" role="region" aria-label="Prompt" { (foreign_block(&text.prompt)) }
                h3 { "Answer" }
                @match &text.reply { Some(reply) => pre .snip tabindex="0" role="region" aria-label="Answer" { (foreign_block(reply)) }, None => p { (unknown()) } }
            } },
        },
    )
}
