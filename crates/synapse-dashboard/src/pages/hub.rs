//! Upstream servers with state, tools and budget, and pending approvals in full. A form carries the
//! digest of the displayed content; on a mismatch it is displayed again.

use axum::body::Body;
use axum::http::{Response, StatusCode};
use maud::{Markup, html};
use serde_json::json;
use synapse_core::error::{Code, Failure};
use synapse_core::shell::quote_text;

use super::login;
use super::show::show;
use crate::app::App;
use crate::ask::{Ask, segment};
use crate::chart;
use crate::form::wrong;
use crate::hub::{
    Approval, Difference, HubAction, HubVerb, HubView, Next, Piece, ServerView, Stage, Tone,
    ToolView,
};
use crate::icon::Icon;
use crate::page::{Nav, Page, csrf};
use crate::session::same;
use crate::text::{foreign, foreign_block, prose};
use crate::view::{button, icon, note, panel, plain, said, scrolling, state};
use crate::words::{ago, count, maybe, moment, several, unknown, verb};

/// `hub`
pub(crate) async fn page(app: &App, ask: &Ask) -> Result<Page, Failure> {
    let hub = app.program.hub().await?;
    let document = if ask.wants("json") {
        app.program.hub_document().await?
    } else {
        serde_json::Value::Null
    };
    let waiting = app.program.approvals().await?;
    let number = u64::try_from(waiting.len()).unwrap_or(u64::MAX);
    let body = html! {
        (said(app, ask))
        @if hub.servers.is_empty() {
            section .panel { div .pad.stack {
                p { b { "No upstream servers configured." } }
                p { "An upstream server is an MCP server of yours that Synapse offers to every IDE through its one entry. It does not run before you approve its complete command." }
                p .sub { "Servers are named in " code { (foreign(if hub.file.is_empty() { "mcp-servers.json" } else { &hub.file })) } "." }
            } }
        } @else {
            @if !waiting.is_empty() { (note(Tone::Look, None, &html! { p { b { (several(number, "change")) " " (verb(number, "waits", "wait")) " for your approval. " } a href=(app.to("hub/approvals")) { "Review" } } })) }
            div .cols {
                div .stack.w8 { (panel("servers", "", "Servers", &html! { "of " code { (foreign(&hub.file)) } }, &html! { @for server in &hub.servers { (one(app, ask, server)) } })) }
                div .stack.w4 { (budget(&hub)) (running(app, &hub)) }
            }
            (tools(app, ask, &hub))
        }
        (add(app, ask))
    };
    Ok(Page::new(Nav::Hub, "Hub", body)
        .beside(html! { span { "nothing was started or contacted to show this" } })
        .command("synapse hub status")
        .document(ask, || document))
}

fn one(app: &App, ask: &Ask, server: &ServerView) -> Markup {
    html! {
        article id=(server.name) class=(format!("srv {}", match server.tone { Tone::Bad => "bad", Tone::Look => "warn", _ => "" })) data-server=(server.name) data-state=(server.state) {
            h3 { (foreign(&server.name)) " " (state(server.tone, icon(server.tone), &foreign(&server.state))) }
            div .row { @for verb in &server.verbs { (verb_button(app, ask, *verb, &server.name, None)) } }
            div .body {
                p .sub { code { (foreign(&server.address)) } @if let Some((client, at)) = &server.asked_by { " · asked by " (foreign(client)) " " (ago(*at, app.now())) } @if let Some(code) = server.exit_code { " · ended with code " (code) } }
                @for note in &server.notes { p { (prose(note)) } }
                @if let Some(command) = &server.command { p { "At a terminal: " code .cmd data-copy { (foreign(command)) } } }
                @if !server.stderr.is_empty() { pre .term tabindex="0" role="region" aria-label=(format!("Last lines that {} wrote to stderr", server.name)) { @for line in &server.stderr { (foreign(line)) "\n" } } }
                @if !server.stderr.is_empty() { p .sub { "The whole log: " code .cmd data-copy { "synapse hub log " (foreign(&quote_text(&server.name))) } } }
            }
        }
    }
}

fn verb_button(app: &App, ask: &Ask, verb: HubVerb, server: &str, tool: Option<&str>) -> Markup {
    let action = format!("hub/{}/{}", segment(server), verb.as_str());
    let fields: Vec<(&str, &str)> = tool.map(|tool| ("tool", tool)).into_iter().collect();
    html! {
        @if verb == HubVerb::Approve { a .btn.sm href=(app.to("hub/approvals")) { "Review" } }
        @else { (button(app, ask, &action, "sm", &html! { (verb.label()) span .vh { " " (foreign(tool.unwrap_or(server))) } }, &fields)) }
    }
}

fn budget(hub: &HubView) -> Markup {
    let known: Vec<(&str, u64)> = hub
        .servers
        .iter()
        .filter(|server| server.tone != Tone::Off)
        .filter_map(|server| Some((server.name.as_str(), server.tokens?)))
        .collect();
    let own = hub.own_tokens.unwrap_or(0);
    let whole = known
        .iter()
        .map(|(_, tokens)| tokens)
        .fold(own, |sum, tokens| sum.saturating_add(*tokens));
    let unknown_of = hub
        .servers
        .iter()
        .filter(|server| server.tokens.is_none() && server.tone != Tone::Off)
        .count();
    let mut amounts: Vec<u64> = known.iter().map(|(_, tokens)| *tokens).collect();
    amounts.push(own);
    panel(
        "budget",
        "",
        "The cost of every conversation",
        &html! { "estimated" },
        &html! { div .pad.stack {
            p .fig { @if unknown_of > 0 { span .ge { "≥ " } } @else { "≈ " } (count(whole)) " " small { "tokens" @if let Some(most) = hub.budget { " of " (count(most)) " that stay usable" } } }
            (chart::parts(&amounts, hub.budget.unwrap_or(whole).max(whole)))
            p .legend { @for (place, (name, tokens)) in known.iter().enumerate() { span { span class=(format!("swatch c{}", (place + 1).min(5))) {} (foreign(name)) " " (count(*tokens)) } } @if own > 0 { span { "Synapse " (count(own)) } } }
            p .sub { "Beyond that, " code { "--hub-mode search" } " in the IDE's entry carries a few tools in place of all." }
            @if unknown_of > 0 { p .sub { "What " (several(u64::try_from(unknown_of).unwrap_or(u64::MAX), "server")) " would add is " (unknown()) "." } }
        } },
    )
}

fn running(app: &App, hub: &HubView) -> Markup {
    panel(
        "running",
        "",
        "Running now",
        &html! { (several(u64::try_from(hub.running.len()).unwrap_or(u64::MAX), "program")) },
        &html! {
            @if hub.running.is_empty() { p .pad.sub { "No upstream program runs. One starts with the first call that needs it." } }
            @else { div .tw { table { thead .vh { tr { th scope="col" { "Server" } th scope="col" { "Process" } th scope="col" { "Since" } } } tbody { @for each in &hub.running { tr { th scope="row" { (foreign(&each.server)) } td .sub { "process " (each.process) " of " (each.owner) } td .n.sub { @match each.since { Some(since) => (ago(since, app.now())), None => (unknown()) } } } } } } } }
        },
    )
}

fn tools(app: &App, ask: &Ask, hub: &HubView) -> Markup {
    let named = ask.get("tool").unwrap_or_default().to_lowercase();
    let fits = |tool: &&ToolView| {
        tool.offered_as.to_lowercase().contains(&named)
            && ask.get("server").is_none_or(|server| tool.server == server)
    };
    let shown: Vec<&ToolView> = hub.tools.iter().filter(fits).collect();
    let most = hub
        .tools
        .iter()
        .filter_map(|tool| tool.tokens)
        .max()
        .unwrap_or(0);
    panel(
        "tools",
        "",
        "Tools",
        &html! { (several(u64::try_from(shown.len()).unwrap_or(u64::MAX), "tool")) },
        &html! {
            form .filters.pad method="get" aria-label="Filter of tools" {
                div .f.wide { label for="tool" { "Name has" } input type="text" id="tool" name="tool" value=(ask.get("tool").unwrap_or_default()); }
                div .f { label for="server" { "Server" } select id="server" name="server" { option value="" { "all" } @for server in &hub.servers { option value=(server.name) selected[ask.get("server") == Some(&server.name)] { (foreign(&server.name)) } } } }
                button .btn { "Show" }
            }
            (scrolling("Table of tools", &html! { table .wrap {
                thead { tr { th scope="col" { "Tool" } th scope="col" .p3 { "What it says" } th scope="col" { "State" } th scope="col" .p2 { "Its claim" } th scope="col" .n.p2 { "Tokens ≈" } th scope="col" { span .vh { "Change" } } } }
                tbody { @for tool in shown { tr class=[(tool.tone == Tone::Look).then_some("warn")] {
                    th scope="row" { code { (foreign(&tool.offered_as)) } }
                    td .p3.sub { (foreign(&tool.says)) }
                    td { (state(tool.tone, icon(tool.tone), &foreign(&tool.state))) }
                    td .p2 { @match &tool.claim { Some(claim) => { "says: " (foreign(claim)) }, None => span .dim { "claims nothing" } } }
                    td .n.p2 { (chart::bar(tool.tokens.unwrap_or(0), most, "t", "b1")) (maybe(tool.tokens, count)) }
                    td .n { div .row { @for verb in &tool.verbs { (verb_button(app, ask, *verb, &tool.server, Some(&tool.tool))) } } }
                } } }
            } }))
        },
    )
}

fn add(app: &App, ask: &Ask) -> Markup {
    panel(
        "add",
        "",
        "Add a server",
        &html! { "it runs only after you approve it" },
        &html! {
            form .pad.stack method="post" action=(app.to("hub/add")) {
                (csrf(ask))
                div .f { label for="name" { "Name" } input type="text" id="name" name="name" required autocomplete="off" spellcheck="false"; }
                div .f { label for="declaration" { "Address, or command" } textarea .mono id="declaration" name="declaration" rows="4" required spellcheck="false" aria-describedby="declaration-hint" {} p .hint #declaration-hint { "An https address, or a program and its arguments, one a line. Secrets are references, such as " code { "${keyring:NAME}" } ", never values." } }
                div .row { button .btn { (Icon::Add.small()) "Add" } }
            }
        },
    )
}

/// `hub/approvals`
pub(crate) async fn approvals(app: &App, ask: &Ask) -> Result<Page, Failure> {
    let all = app.program.approvals().await?;
    let body = html! {
        (said(app, ask))
        @if all.is_empty() { p .lede { "A server that was added or changed is shown here with its whole command, and a changed tool as a diff." } }
        @else { p .lede { "Nothing below runs or is offered until you approve it. Your approval covers exactly these bytes; any later change needs a new one." } }
        @for (index, approval) in all.iter().enumerate() { (approval_panel(app, ask, approval, index)) }
    };
    let items: Vec<serde_json::Value> = all
        .iter()
        .map(|each| json!({"server": each.server, "tool": each.tool, "digest": each.digest, "stage": match each.stage { Stage::Target => "target", Stage::Offer => "offer" }, "reason": each.reason, "argv": each.argv.iter().filter(|piece| piece.change != Difference::Gone).map(|piece| &piece.text).collect::<Vec<_>>()}))
        .collect();
    let title = match u64::try_from(all.len()).unwrap_or(u64::MAX) {
        0 => "Nothing to approve".to_owned(),
        number => format!("{} to approve", several(number, "change")),
    };
    Ok(Page::new(Nav::Hub, title, body)
        .below(app.to("hub"), "Hub")
        .command("synapse hub approve SERVER")
        .document(
            ask,
            || json!({"schema": "synapse.approvals/1", "ok": true, "approvals": items}),
        ))
}

fn approval_panel(app: &App, ask: &Ask, approval: &Approval, index: usize) -> Markup {
    let id = format!("approval-{index}");
    let act = |verb: HubVerb| format!("hub/{}/{}", segment(&approval.server), verb.as_str());
    let mut fields = vec![("digest", approval.digest.as_str())];
    fields.extend(approval.tool.as_deref().map(|tool| ("tool", tool)));
    html! {
        section .panel aria-labelledby=(id) {
            div .ph { h2 id=(id) { (foreign(&approval.server)) ": " @if let Some(tool) = &approval.tool { code { (foreign(tool)) } " " } (foreign(&approval.reason)) } span .end { @if let Some((client, at)) = &approval.asked_by { "asked by " (foreign(client)) " at " (moment(*at)) } } }
            div .pad.cols {
                div .stack.w7 {
                    @if !approval.argv.is_empty() {
                        ol .argv aria-label="The whole command, one argument a line" { @for piece in &approval.argv { (argument(piece)) } }
                        p .sub { (several(u64::try_from(approval.argv.iter().filter(|piece| piece.change != Difference::Gone).count()).unwrap_or(u64::MAX), "argument")) ", none shortened." }
                    }
                    @if !approval.diff.is_empty() { div .diff tabindex="0" role="region" aria-label="Change of the definition" { ol { @for piece in &approval.diff { li class=[match piece.change { Difference::Same => None, Difference::New => Some("add"), Difference::Gone => Some("del") }] { span { (foreign_block(&piece.text)) } } } } } }
                }
                div .stack.w5 {
                    dl .kv {
                        @if let Some(program) = &approval.program { dt { "Runs" } dd { code { (foreign(program)) } } }
                        @if let Some(directory) = &approval.directory { dt { "In" } dd { code { (foreign(directory)) } } }
                        @if !approval.variables.is_empty() { dt { @if approval.program.is_some() { "Variables" } @else { "Headers" } } dd { @for (name, reference) in &approval.variables { @if name.change == Difference::New { span .tag.warn { "new" } " " } code { (foreign(&name.text)) } @if let Some(reference) = reference { " = " code { (foreign(reference)) } } br; } } }
                    }
                    @for said in &approval.notes { (note(Tone::Look, None, &html! { p { (foreign(said)) } })) }
                }
            }
            div .pager {
                (button(app, ask, &act(HubVerb::Approve), "", &plain(yes(approval)), &fields))
                a .btn.pri href=(app.to("hub")) { "Keep it withheld" }
                @if approval.tool.is_some() { (button(app, ask, &act(HubVerb::Deny), "ghost", &plain("Deny this tool for good"), &fields)) }
            }
        }
    }
}

fn yes(approval: &Approval) -> &'static str {
    match (approval.stage, &approval.tool, &approval.program) {
        (Stage::Target, _, Some(_)) => "Start it once, to see what it offers",
        (Stage::Target, _, None) => "Connect to it once, to see what it offers",
        (Stage::Offer, Some(_), _) => "Approve this definition",
        (Stage::Offer, None, _) => "Approve all of this",
    }
}

fn argument(piece: &Piece) -> Markup {
    html! {
        li class=[(piece.change == Difference::Gone).then_some("gone")] {
            @match piece.change {
                Difference::Same => code { (foreign(&piece.text)) },
                Difference::New => code .new { span .vh { "new: " } (foreign(&piece.text)) },
                Difference::Gone => code .old { span .vh { "removed: " } (foreign(&piece.text)) },
            }
        }
    }
}

/// `POST hub/SERVER/VERB`
pub(crate) async fn act(
    app: &App,
    ask: &Ask,
    server: &str,
    verb: &str,
) -> Result<Response<Body>, Failure> {
    let verb = HubVerb::ALL
        .into_iter()
        .find(|known| known.as_str() == verb && *known != HubVerb::Add)
        .ok_or_else(|| wrong("that is nothing that can be done"))?;
    if verb == HubVerb::LogIn {
        return login::begin(app, ask, server).await;
    }
    ask.form.only(&["tool", "digest"])?;
    let action = HubAction {
        verb,
        server: server.to_owned(),
        tool: ask.form.get("tool").map(str::to_owned),
        digest: ask.form.get("digest").map(str::to_owned),
        declaration: None,
    };
    if verb == HubVerb::Approve {
        let shown = ask.form.need("digest")?;
        let all = app.program.approvals().await?;
        let current = all
            .iter()
            .find(|each| each.server == action.server && each.tool == action.tool);
        if !current.is_some_and(|current| same(&current.digest, shown)) {
            let failure = Failure::new(
                Code::ConfigChanged,
                "it changed after it was shown; nothing was approved",
            )
            .hint("review its present form, then decide");
            let mut page = approvals(app, ask).await?;
            page.body = html! { (super::error::head(app, &failure)) (page.body) };
            let document = synapse_documents::ErrorDocument::new(&failure, app.remedies());
            return Ok(show(
                app,
                ask,
                Ok(page.status(StatusCode::CONFLICT).document(ask, || document)),
            ));
        }
    }
    finish(app, action).await
}

/// `POST hub/add`
pub(crate) async fn add_server(app: &App, ask: &Ask) -> Result<Response<Body>, Failure> {
    ask.form.only(&["name", "declaration"])?;
    finish(
        app,
        HubAction {
            verb: HubVerb::Add,
            server: ask.form.need("name")?.to_owned(),
            tool: None,
            digest: None,
            declaration: Some(ask.form.need("declaration")?.to_owned()),
        },
    )
    .await
}

async fn finish(app: &App, action: HubAction) -> Result<Response<Body>, Failure> {
    let done = app.program.act(action).await?;
    let to = match done.next {
        Next::Servers => "hub",
        Next::Approvals => "hub/approvals",
    };
    app.done(to, Tone::Good, &done.said)
}
