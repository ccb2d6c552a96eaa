//! A login to an upstream server: the user accepts the authorization server, follows the exact
//! authorization URL, and returns to the resulting state. Viewing a page does nothing; a form must
//! not lead to another origin, so the address is a link.

use std::sync::Arc;

use axum::body::Body;
use axum::http::Response;
use maud::{Markup, html};
use serde_json::{Value, json};
use synapse_core::error::{Code, Failure, Remedy};
use synapse_core::shell::quote_text;
use synapse_documents::ErrorDocument;

use super::show::show;
use crate::app::{App, KeptResult};
use crate::ask::{Ask, segment};
use crate::form::wrong;
use crate::hub::{HubVerb, Tone};
use crate::login::{
    AfterLogin, LoginAnswer, LoginDesk, LoginEnd, LoginOrder, LoginProposal, LoginStage,
    Registering,
};
use crate::page::{Nav, Page, csrf};
use crate::response::redirect;
use crate::text::{foreign, to_log_in};
use crate::view::{button, note, panel, plain, remedies};
use crate::words::moment;

/// `POST hub/SERVER/login`: one login of a server at a time; a second request leads to the first.
pub(crate) async fn begin(app: &App, ask: &Ask, server: &str) -> Result<Response<Body>, Failure> {
    ask.form.only(&[REGISTER])?;
    let registering = match ask.form.get(REGISTER) {
        None => Registering::Refused,
        Some("on") => Registering::Allowed,
        Some(_) => return Err(wrong("`register` is on or left out")),
    };
    if let Some((id, desk)) = under_way(app, server) {
        desk.settled().await;
        return Ok(redirect(&app.to(&format!("logins/{id}"))));
    }
    let desk = LoginDesk::new(LoginOrder {
        server: server.to_owned(),
        registering,
    });
    let id = app.keep(KeptResult::Login(Arc::clone(&desk)))?;
    let program = Arc::clone(&app.program);
    let work = Arc::clone(&desk);
    let task = tokio::spawn(async move {
        let ended = program.log_in(&work.order, &work).await;
        work.end(ended);
    });
    desk.done_by(task.abort_handle());
    desk.settled().await;
    Ok(redirect(&app.to(&format!("logins/{id}"))))
}

fn under_way(app: &App, server: &str) -> Option<(String, Arc<LoginDesk>)> {
    app.newest_with_id(|kept| match kept {
        KeptResult::Login(desk) if desk.order.server == server && !desk.is_over() => {
            Some(Arc::clone(desk))
        }
        _ => None,
    })
}

/// `POST logins/ID`
pub(crate) async fn answer(app: &App, ask: &Ask, id: &str) -> Result<Response<Body>, Failure> {
    ask.form.only(&["do"])?;
    let said = ask.form.need("do")?;
    let Some(KeptResult::Login(desk)) = app.kept(id) else {
        return Ok(show(app, ask, Ok(gone(app, ask))));
    };
    match said {
        "agree" => desk.answer(LoginAnswer::Agreed),
        "decline" => desk.answer(LoginAnswer::Declined),
        "cancel" => desk.cancel(
            Failure::new(Code::OauthDenied, "you ended the login")
                .cause("nothing was stored; the address opens no login any more"),
        ),
        _ => return Err(wrong("`do` names no button of this page")),
    }
    desk.settled().await;
    Ok(redirect(&app.to(&format!("logins/{id}"))))
}

fn gone(app: &App, ask: &Ask) -> Page {
    super::error::missing(app, ask, "That login is not kept any more", &[])
}

/// `logins/ID`
pub(crate) fn page(app: &App, ask: &Ask, id: &str) -> Page {
    let Some(KeptResult::Login(desk)) = app.kept(id) else {
        return gone(app, ask);
    };
    let server = &desk.order.server;
    let stage = desk.stage();
    let (notes, warnings) = desk.notes();
    let action = format!("logins/{id}");
    let answer = |word: &str, class: &str, label: &str| {
        button(app, ask, &action, class, &plain(label), &[("do", word)])
    };
    let again = || html! { a .btn.pri href=(app.to(&action)) { "See what state it reached" } };
    let body = html! {
        @match &stage {
            LoginStage::Looking => (panel("login", "", "Under way", &html! {}, &html! { div .pad.stack {
                p { "The server is asked who logs in people for it." }
                div .row { (again()) (answer("cancel", "ghost", "End this login")) }
            } })),
            LoginStage::Confirm(proposal) => (confirm(proposal, &html! { div .row {
                (answer("agree", "pri", "Log in there"))
                (answer("decline", "", "Send nothing there"))
            } })),
            LoginStage::Visit { address, redirect } => (visit(address, redirect, &html! { div .row {
                (again()) (answer("cancel", "ghost", "End this login"))
            } })),
            LoginStage::Done(end) => (done(app, ask, server, end)),
            LoginStage::Failed(failure) => (failed(app, ask, server, failure)),
        }
        @if !(notes.is_empty() && warnings.is_empty()) {
            (panel("notes", "", "On the way", &html! {}, &html! { div .pad.stack {
                @for text in &notes { p { (foreign(text)) } }
                @for warning in &warnings { (note(Tone::Look, None, &html! {
                    p { (foreign(warning.message())) }
                    @if !warning.hints().is_empty() { (remedies(app, warning.hints())) }
                })) }
            } }))
        }
    };
    Page::new(Nav::Hub, format!("Log in to {server}"), body)
        .below(app.to("hub"), "Hub")
        .beside(
            html! { span data-login=(word(&stage)) { (word(&stage)) " at " (moment(app.now())) } },
        )
        .command(command(&desk.order))
        .document(ask, || document(app, server, &stage))
}

fn confirm(proposal: &LoginProposal, buttons: &Markup) -> Markup {
    panel(
        "login",
        "",
        "May it be contacted?",
        &html! { "nothing was sent there yet" },
        &html! { div .pad.stack {
            dl .kv {
                dt { "Authorization server" } dd { code { (foreign(&proposal.issuer)) } }
                dt { "Contacted" } dd { @for origin in &proposal.origins { code { (foreign(origin)) } br; } }
                @if let Some(previous) = &proposal.previous { dt { "Last login at" } dd { code { (foreign(previous)) } } }
            }
            @if proposal.previous.is_some() { (note(Tone::Look, Some("alert"), &html! { p { b { "This is another authorization server than at the last login." } " The server named it; anyone who controls the server can name any." } })) }
            (buttons)
        } },
    )
}

fn visit(address: &str, redirect: &str, buttons: &Markup) -> Markup {
    panel(
        "login",
        "",
        "Open this address and log in there",
        &html! { "waiting for your browser" },
        &html! { div .pad.stack {
            p { (to_log_in(address)) }
            p .sub { "The whole address:" }
            ol .argv { li { code { (foreign(address)) } } }
            p { "When you are done there, your browser comes back to " code { (foreign(redirect)) } " on this machine. Then:" }
            (buttons)
        } },
    )
}

fn done(app: &App, ask: &Ask, server: &str, end: &LoginEnd) -> Markup {
    let start = format!("hub/{}/{}", segment(server), HubVerb::Start.as_str());
    html! {
        (note(Tone::Good, Some("status"), &html! { p { b { "Logged in to " (foreign(server)) "." } } }))
        (panel("login", "", "The login", &html! {}, &html! { div .pad.stack {
            dl .kv { @for (name, value) in &end.facts { dt { (foreign(name)) } dd { (foreign(value)) } } }
            div .row {
                @if end.next == AfterLogin::Look { (button(app, ask, &start, "pri", &plain("Start it once, to see what it offers"), &[])) }
                a .btn href=(app.to("hub")) { "Hub" }
            }
        } }))
    }
}

fn failed(app: &App, ask: &Ask, server: &str, failure: &Failure) -> Markup {
    let again = format!("hub/{}/{}", segment(server), HubVerb::LogIn.as_str());
    let may_register = failure
        .hints()
        .iter()
        .any(|hint| matches!(hint.remedy, Some(Remedy::LogInAndRegister { .. })));
    html! {
        (super::error::head(app, failure))
        (panel("login", "", "What to do", &html! {}, &html! { div .pad.stack {
            @if !failure.hints().is_empty() { div .remedy.bare { (remedies(app, failure.hints())) } }
            div .row {
                @if may_register { form method="post" action=(app.to(&again)) {
                    (csrf(ask)) input type="hidden" name=(REGISTER) value="on";
                    button .btn.pri { "Log in, and register a client" }
                } }
                (button(app, ask, &again, "", &plain("Begin again"), &[]))
                a .btn.ghost href=(app.to("hub")) { "Hub" }
            }
        } }))
    }
}

const fn word(stage: &LoginStage) -> &'static str {
    match stage {
        LoginStage::Looking => "under way",
        LoginStage::Confirm(_) => "waits for your answer",
        LoginStage::Visit { .. } => "waits for your browser",
        LoginStage::Done(_) => "logged in",
        LoginStage::Failed(_) => "failed",
    }
}

fn command(order: &LoginOrder) -> String {
    let register = match order.registering {
        Registering::Allowed => " --register",
        Registering::Refused => "",
    };
    format!("synapse hub login {}{register}", quote_text(&order.server))
}

fn document(app: &App, server: &str, stage: &LoginStage) -> Value {
    let under_way = |state: &str, more: Value| {
        let mut document = json!({
            "schema": "synapse.login-progress/1",
            "ok": true,
            "server": server,
            "state": state,
            "authorization_server": null,
            "origins": [],
            "authorization_url": null,
            "redirect_uri": null,
        });
        if let (Some(document), Value::Object(more)) = (document.as_object_mut(), more) {
            document.extend(more);
        }
        document
    };
    match stage {
        LoginStage::Looking => under_way("under-way", Value::Null),
        LoginStage::Confirm(proposal) => under_way(
            "confirm",
            json!({"authorization_server": proposal.issuer, "origins": proposal.origins}),
        ),
        LoginStage::Visit { address, redirect } => under_way(
            "visit",
            json!({"authorization_url": address, "redirect_uri": redirect}),
        ),
        LoginStage::Done(end) => end.document.clone(),
        LoginStage::Failed(failure) => {
            serde_json::to_value(ErrorDocument::new(failure, app.remedies())).unwrap_or_default()
        }
    }
}

const REGISTER: &str = "register";
