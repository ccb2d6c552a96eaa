//! A running check: the page is streamed, form first, then one check at a time; the verdict comes
//! last in the stream and first on the page.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::http::{Response, StatusCode};
use bytes::Bytes;
use http_body::Frame;
use maud::{Markup, html};
use synapse_core::error::{Code, Failure};
use synapse_core::preflight::{CheckId, Finding, PreflightReport, Reach};
use synapse_documents::PreflightDocument;
use tokio::sync::mpsc;

use super::digest::digest;
use super::edit;
use super::show::show;
use crate::app::{App, KeptResult};
use crate::ask::{Ask, link};
use crate::filled::Filled;
use crate::hub::Tone;
use crate::response::{answer, json};
use crate::running::{CheckEnd, Purpose, RunningCheck, Watcher};
use crate::text::{foreign, prose};
use crate::view::{check_row, note};
use crate::words::moment;

/// `checks/ID`
pub(crate) fn page(app: &Arc<App>, ask: &Ask, id: &str) -> Result<Response<Body>, Failure> {
    let Some(KeptResult::Check(running)) = app.kept(id) else {
        let page = super::error::missing(app, ask, "That check is not kept any more", &[]);
        return Ok(show(app, ask, Ok(page)));
    };
    if ask.wants("json") {
        return Ok(document(app, &running));
    }
    // The split marker is random, so foreign text cannot contain it.
    let marker = app.sessions.random::<16>()?;
    let html = frame(app, ask, &running, &marker);
    let mut pieces = html
        .splitn(3, marker.as_str())
        .map(|piece| Bytes::from(piece.to_owned()));
    let (Some(begin), Some(middle), Some(end)) = (pieces.next(), pieces.next(), pieces.next())
    else {
        return Err(Failure::new(
            Code::InternalInvariant,
            "the page of a check has no place for its checks",
        ));
    };
    let (sender, receiver) = mpsc::channel(4);
    let watcher = running.watch();
    let (app, running) = (Arc::clone(app), Arc::clone(&running));
    tokio::spawn(async move {
        // Ends when the reader is gone; the viewer is then dropped.
        drop(feed(&app, &running, [begin, middle, end], &sender).await);
    });
    let body = Body::new(Streamed {
        receiver,
        _watcher: watcher,
    });
    Ok(answer(StatusCode::OK, "text/html; charset=utf-8", body))
}

async fn feed(
    app: &App,
    running: &Arc<RunningCheck>,
    pieces: [Bytes; 3],
    sender: &mpsc::Sender<Bytes>,
) -> Result<(), mpsc::error::SendError<Bytes>> {
    let [begin, middle, end] = pieces;
    sender.send(begin).await?;
    let mut changes = running.changes();
    let mut known = 0;
    let ended = loop {
        let (new, ended) = running.since(known);
        known += new.len();
        for (check, took) in &new {
            let took = Some(*took).filter(|took| *took > 0);
            sender
                .send(Bytes::from(check_row(app, check, took).into_string()))
                .await?;
        }
        if let Some(ended) = ended {
            break ended;
        }
        if changes.changed().await.is_err() {
            return Ok(());
        }
    };
    sender.send(middle).await?;
    sender
        .send(Bytes::from(verdict(app, running, &ended).into_string()))
        .await?;
    sender.send(end).await
}

/// The page with markers for the checks and the verdict.
fn frame(app: &App, ask: &Ask, running: &RunningCheck, marker: &str) -> String {
    let order = &running.order;
    let failure = match running.since(usize::MAX).1 {
        Some(CheckEnd::Completed(report, _)) => report
            .failure()
            .cloned()
            .map(|failure| at_field(failure, &report)),
        Some(CheckEnd::Refused(failure)) => Some(failure),
        _ => None,
    };
    let filled = Filled {
        name: order.name.clone(),
        editing: (order.purpose != Purpose::Create).then(|| order.name.clone()),
        digest: match &order.purpose {
            Purpose::Edit(digest) => digest.clone(),
            _ => digest(&order.draft),
        },
        draft: order.draft.clone(),
        failure: None,
        choice: None,
    };
    let ladder = html! {
        section .panel aria-labelledby="ladder" {
            div .ph { h2 #ladder { "Preflight" } span .end { "begun " (moment(order.started_at)) } }
            ol .ladder { (marker) }
        }
    };
    let shown = Filled { failure, ..filled };
    let mut page = edit::page(app, ask, &shown, &ladder);
    if order.purpose == Purpose::Look {
        page.title = format!("Check of {}", order.name);
        page.command = Some(format!("synapse preflight {}", order.name));
    }
    page.document = Some(serde_json::Value::Null);
    page.body = html! { (page.body) (marker) };
    page.html(app, ask)
}

/// Assigns a check's failure to the form field that causes it.
fn at_field(failure: Failure, report: &PreflightReport) -> Failure {
    if failure.field().is_some() {
        return failure;
    }
    let failed = report
        .checks
        .iter()
        .find(|check| matches!(check.finding, Finding::Fail(_)));
    match failed.and_then(|check| field_of(check.id)) {
        Some(field) => failure.in_field(field),
        None => failure,
    }
}

/// The field of the form that a check is about.
pub(super) const fn field_of(check: CheckId) -> Option<&'static str> {
    match check {
        CheckId::Endpoint | CheckId::Reach => Some("base_url"),
        CheckId::Gate => Some("network"),
        CheckId::Credential | CheckId::Token => Some("credential"),
        CheckId::Model => Some("model"),
        _ => None,
    }
}

fn verdict(app: &App, running: &RunningCheck, ended: &CheckEnd) -> Markup {
    let order = &running.order;
    let show = link(&app.to("connections"), &[("show", &order.name)]);
    let (tone, said) = match ended {
        CheckEnd::Cancelled => (
            Tone::Look,
            html! { p { b { "Cancelled: the page was closed." } } p .sub { "Nothing was saved." } },
        ),
        CheckEnd::Refused(failure) => (
            Tone::Bad,
            html! {
                p data-code=(failure.code().as_str()) { b { "Not saved: " (prose(failure.message())) } }
                @for cause in failure.causes() { p { (prose(cause)) } }
            },
        ),
        CheckEnd::Completed(report, result) => {
            match (report.failure().or(result.as_ref().err()), &order.purpose) {
                (Some(failure), purpose) => (
                    Tone::Bad,
                    html! {
                        p data-code=(failure.code().as_str()) { b { (if *purpose == Purpose::Look { "It does not work: " } else { "Not saved: " }) (prose(failure.message())) } }
                        @for cause in further(report, result) { p { (prose(cause)) } }
                        p .sub { "Checked at " (moment(report.checked_at)) ". " (contacted(report)) }
                    },
                ),
                (None, Purpose::Look) => (
                    Tone::Good,
                    html! {
                        p { b { "Every check that was made holds." } }
                        p .sub { "Checked at " (moment(report.checked_at)) ". " (contacted(report)) " " a href=(show) { "Back to " (foreign(&order.name)) } }
                    },
                ),
                (None, _) => (
                    Tone::Good,
                    html! {
                        p { b { "Saved " (foreign(&order.name)) (if report.reach == Reach::Offline { " without network checks." } else { "." }) } }
                        p .sub { "Checked at " (moment(report.checked_at)) ". " (contacted(report)) " " a href=(show) { "See " (foreign(&order.name)) " and the entry for your IDE" } }
                    },
                ),
            }
        }
    };
    // The form is already sent: a style marks the field that the verdict names.
    let named = match ended {
        CheckEnd::Completed(report, result) => report
            .failure()
            .or(result.as_ref().err())
            .map(|failure| at_field(failure.clone(), report)),
        CheckEnd::Refused(failure) => Some(failure.clone()),
        CheckEnd::Cancelled => None,
    };
    let field = named.as_ref().and_then(Failure::field);
    let way = html! { (said) @if let Some(field) = field { p .sub { a href=(format!("#{field}")) { "Go to the field" } } } };
    html! { div .verdict data-field=[field] { (note(tone, Some("alert"), &way)) } }
}

/// The causes that were found after the check, such as the nearest models.
fn further<'a>(report: &PreflightReport, result: &'a Result<(), Failure>) -> Vec<&'a str> {
    let known = report.failure().map(Failure::causes).unwrap_or_default();
    let mut causes = result
        .as_ref()
        .err()
        .map(Failure::causes)
        .unwrap_or_default();
    causes.retain(|cause| !known.contains(cause));
    causes
}

fn contacted(report: &PreflightReport) -> Markup {
    html! {
        @if report.reach == Reach::Offline || report.hosts.is_empty() { "Nothing was contacted." }
        @else { "Hosts: " (foreign(&report.hosts.join(", "))) "." }
    }
}

fn document(app: &App, running: &RunningCheck) -> Response<Body> {
    match running.since(0).1 {
        Some(CheckEnd::Completed(report, _)) => json(
            StatusCode::OK,
            &PreflightDocument::new(Some(&running.order.name), &report, app.remedies()),
        ),
        Some(CheckEnd::Refused(failure)) => json(
            super::error::status(&failure),
            &synapse_documents::ErrorDocument::new(&failure, app.remedies()),
        ),
        Some(CheckEnd::Cancelled) => json(
            StatusCode::GONE,
            &serde_json::json!({"schema": "synapse.preflight/1", "ok": false, "state": "cancelled"}),
        ),
        None => json(
            StatusCode::ACCEPTED,
            &serde_json::json!({"schema": "synapse.preflight/1", "ok": false, "state": "under way"}),
        ),
    }
}

/// A body fed while it is sent.
struct Streamed {
    receiver: mpsc::Receiver<Bytes>,
    _watcher: Watcher,
}

impl http_body::Body for Streamed {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.receiver
            .poll_recv(context)
            .map(|next| next.map(|bytes| Ok(Frame::data(bytes))))
    }
}
