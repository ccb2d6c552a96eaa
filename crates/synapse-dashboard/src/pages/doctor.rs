//! Examines the whole installation. It may start `git`, so it runs on request and its result is
//! kept.

use std::sync::Arc;

use axum::body::Body;
use axum::http::Response;
use maud::{Markup, html};
use synapse_core::check::{Check, CheckOutcome, first_failure};
use synapse_core::error::Failure;
use synapse_core::time::Timestamp;
use synapse_documents::DoctorDocument;

use crate::app::{App, KeptResult};
use crate::ask::Ask;
use crate::hub::Tone;
use crate::icon::Icon;
use crate::page::{Nav, Page};
use crate::response::redirect;
use crate::text::{foreign, prose};
use crate::view::{button, failure_in_short, note, plain, remedies, said};
use crate::words::moment;

/// `doctor`: the latest stored result.
pub(crate) fn page(app: &App, ask: &Ask) -> Page {
    let found = app.newest(|kept| match kept {
        KeptResult::Doctor(checks, at) => Some((Arc::clone(checks), *at)),
        _ => None,
    });
    let look = |label: &str| {
        button(
            app,
            ask,
            "doctor",
            "sm",
            &html! { (Icon::Doctor.small()) (label) },
            &[],
        )
    };
    let about = app.program.about();
    let checks: &[Check] = found.as_ref().map_or(&[], |(checks, _)| checks);
    let body = html! {
        (said(app, ask))
        @match &found {
            None => section .panel { div .pad.stack {
                p { "No checks yet. Doctor checks the home directory, every connection, the ledger, the key stores, and files of IDEs and projects that might contain a token." }
                p .sub { "It opens no socket and reads no secret. It may start " code { "git" } " to see what is tracked." }
                div .row { (look("Look now")) }
            } },
            Some((checks, at)) => {
                (verdict(checks, *at))
                section .panel aria-label="Checks" { ul .checklist.wide { @for check in checks.iter() { (line(app, check)) } } }
                div .row { (look("Look again")) (button(app, ask, "doctor/bundle", "sm", &plain("Support bundle"), &[])) }
            }
        }
    };
    Page::new(Nav::Doctor, "Doctor", body)
        .command("synapse doctor")
        .document(ask, || {
            DoctorDocument::new(checks, &about.version, &about.system, app.remedies())
        })
}

fn verdict(checks: &[Check], at: Timestamp) -> Markup {
    let count = |outcome| {
        let went = |check: &&Check| check.outcome() == outcome;
        checks.iter().filter(went).count()
    };
    let failed = count(CheckOutcome::Fail);
    let warned = count(CheckOutcome::Warn);
    let (tone, words) = match (first_failure(checks), failed, warned) {
        (Some(_), 1, _) => (Tone::Bad, "1 check fails.".to_owned()),
        (Some(_), failed, _) => (Tone::Bad, format!("{failed} checks do not hold.")),
        (None, _, 0) => (Tone::Good, "Everything is in order.".to_owned()),
        (None, _, 1) => (
            Tone::Look,
            "Everything works; 1 thing deserves a look.".to_owned(),
        ),
        (None, _, warned) => (
            Tone::Look,
            format!("Everything works; {warned} things deserve a look."),
        ),
    };
    note(
        tone,
        Some("status"),
        &html! {
            p { b { (words) } }
            p .sub { "As it was at " (moment(at)) ". No socket was opened and no secret was read." }
        },
    )
}

fn line(app: &App, check: &Check) -> Markup {
    let (class, icon, word) = match check.outcome() {
        CheckOutcome::Ok => ("ok", Icon::Ok, "holds"),
        CheckOutcome::Warn => ("warn", Icon::Warning, "deserves a look"),
        CheckOutcome::Fail | CheckOutcome::Missing => ("miss", Icon::Failed, "does not hold"),
        CheckOutcome::Skip => ("skip", Icon::None, "not made"),
    };
    html! {
        li class=(class) {
            (icon.show())
            b { (check.id.as_str()) @if let Some(subject) = &check.subject { " " (foreign(subject)) } }
            span .what {
                @match check.failure() {
                    None => (prose(&check.what())),
                    Some(failure) => {
                        (failure_in_short(app, failure))
                        @if !failure.hints().is_empty() { div .remedy { (remedies(app, failure.hints())) } }
                    }
                }
            }
            span .vh { (word) }
        }
    }
}

/// `POST doctor`
pub(crate) async fn look(app: &App, ask: &Ask) -> Result<Response<Body>, Failure> {
    ask.form.only(&[])?;
    let checks = app.program.doctor().await;
    app.keep(KeptResult::Doctor(Arc::new(checks), app.now()))?;
    Ok(redirect(&app.to("doctor")))
}

/// `POST doctor/bundle`
pub(crate) async fn bundle(app: &App, ask: &Ask) -> Result<Response<Body>, Failure> {
    ask.form.only(&[])?;
    let checks = app.program.doctor().await;
    let path = app.program.bundle(&checks).await?;
    app.keep(KeptResult::Doctor(Arc::new(checks), app.now()))?;
    app.done(
        "doctor",
        Tone::Good,
        &format!("Wrote {path}: no secret was found in it; read it before you pass it on."),
    )
}
