//! A running check: the page is streamed, form first, then one check at a time; the verdict comes
//! last in the stream and first on the page.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use axum::body::Body;
use axum::http::{Response, StatusCode};
use bytes::Bytes;
use http_body::Frame;
use maud::{Markup, html};
use synapse_core::engine::{Engine, Naming, PreflightCall};
use synapse_core::error::{Code, Failure};
use synapse_core::preflight::{Check, PreflightReport, Reach};
use synapse_documents::PreflightDocument;
use tokio::sync::mpsc;

use super::edit::{self, Filled, digest};
use crate::app::{App, Kept, answer, json};
use crate::ask::{Ask, link};
use crate::climb::{Climb, Ended, Order, Purpose, Watcher};
use crate::hub::Tone;
use crate::text::foreign;
use crate::view::{note, rung};
use crate::words::moment;

/// Starts a check in the background; returns the id of its page.
///
/// # Errors
/// `internal.invariant` if the system provides no randomness.
pub(crate) fn begin(app: &App, order: Order) -> Result<String, Failure> {
    let climb = Climb::new(order);
    let id = app.keep(Kept::Climb(Arc::clone(&climb)))?;
    let engine = app.engine.clone();
    let work = Arc::clone(&climb);
    let task = tokio::spawn(async move {
        let ended = run(&engine, &work).await;
        work.end(ended);
    });
    climb.done_by(task.abort_handle());
    Ok(id)
}

async fn run(engine: &Engine, climb: &Arc<Climb>) -> Ended {
    let clock = Arc::clone(&engine.ports().clock);
    let last = Mutex::new(clock.monotonic());
    let mut observe = |check: &Check| {
        let now = clock.monotonic();
        let mut last = last
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let took = now.saturating_sub(*last).as_millis();
        *last = now;
        climb.tell(check, u64::try_from(took).unwrap_or(u64::MAX));
    };
    let order = &climb.order;
    match &order.purpose {
        Purpose::Create => {
            let name = match order.name.parse() {
                Ok(name) => name,
                Err(failure) => return Ended::Refused(failure),
            };
            engine
                .create_observed(name, order.draft.clone(), order.reach, &mut observe)
                .await
                .into()
        }
        Purpose::Edit(shown) => {
            let stored = match engine.stored(&order.name) {
                Ok(stored) => stored,
                Err(failure) => return Ended::Refused(failure),
            };
            if digest(&stored.draft) != *shown {
                let said = format!("the connection `{}` was changed meanwhile", order.name);
                return Ended::Refused(Failure::new(Code::ConfigChanged, said));
            }
            let draft = order.draft.clone();
            // The form displays both, so submitting it confirms them.
            let naming = Naming {
                base_url: true,
                proxy: true,
            };
            engine
                .edit_observed(
                    &stored,
                    |stored| *stored = draft,
                    naming,
                    order.reach,
                    &mut observe,
                )
                .await
                .into()
        }
        Purpose::Look => match engine.stored(&order.name) {
            Ok(stored) => {
                let call = PreflightCall::saved(stored, order.reach);
                let report = engine.preflight_observed(call, &mut observe).await;
                Ended::ProbeResult(Box::new(report), Ok(()))
            }
            Err(failure) => Ended::Refused(failure),
        },
    }
}

/// `checks/ID`
pub(crate) fn page(app: &Arc<App>, ask: &Ask, id: &str) -> Result<Response<Body>, Failure> {
    let Some(Kept::Climb(climb)) = app.kept(id) else {
        let page = super::error::missing(app, ask, "That check is not kept any more", &[]);
        return Ok(app.show(ask, Ok(page)));
    };
    if ask.wants("json") {
        return Ok(document(app, &climb));
    }
    // The split marker is random, so foreign text cannot contain it.
    let marker = app.sessions.random::<16>()?;
    let html = frame(app, ask, &climb, &marker);
    let mut pieces = html
        .splitn(3, marker.as_str())
        .map(|piece| Bytes::from(piece.to_owned()));
    let (Some(begin), Some(middle), Some(end)) = (pieces.next(), pieces.next(), pieces.next())
    else {
        return Err(Failure::new(
            Code::InternalInvariant,
            "the page of a check has no place for its rungs",
        ));
    };
    let (sender, receiver) = mpsc::channel(4);
    let watcher = climb.watch();
    let (app, climb) = (Arc::clone(app), Arc::clone(&climb));
    tokio::spawn(async move {
        // Ends when the reader is gone; the viewer is then dropped.
        drop(feed(&app, &climb, [begin, middle, end], &sender).await);
    });
    let body = Body::new(Streamed {
        receiver,
        _watcher: watcher,
    });
    Ok(answer(StatusCode::OK, "text/html; charset=utf-8", body))
}

async fn feed(
    app: &App,
    climb: &Arc<Climb>,
    pieces: [Bytes; 3],
    sender: &mpsc::Sender<Bytes>,
) -> Result<(), mpsc::error::SendError<Bytes>> {
    let [begin, middle, end] = pieces;
    sender.send(begin).await?;
    let mut changes = climb.changes();
    let mut known = 0;
    let ended = loop {
        let (new, ended) = climb.since(known);
        known += new.len();
        for (check, took) in &new {
            let took = Some(*took).filter(|took| *took > 0);
            sender
                .send(Bytes::from(rung(app, check, took).into_string()))
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
        .send(Bytes::from(verdict(app, climb, &ended).into_string()))
        .await?;
    sender.send(end).await
}

/// The page with markers for the checks and the verdict.
fn frame(app: &App, ask: &Ask, climb: &Climb, marker: &str) -> String {
    let order = &climb.order;
    let failure = match climb.since(usize::MAX).1 {
        Some(Ended::ProbeResult(report, _)) => report
            .failure()
            .cloned()
            .map(|failure| at_field(failure, &report)),
        Some(Ended::Refused(failure)) => Some(failure),
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
    use synapse_core::preflight::{CheckId, Finding};
    if failure.field().is_some() {
        return failure;
    }
    let failed = report
        .checks
        .iter()
        .find(|check| matches!(check.finding, Finding::Fail(_)));
    let field = match failed.map(|check| check.id) {
        Some(CheckId::Endpoint | CheckId::Reach) => "base_url",
        Some(CheckId::Gate) => "network",
        Some(CheckId::Credential | CheckId::Token) => "credential",
        Some(CheckId::Model) => "model",
        _ => return failure,
    };
    failure.in_field(field)
}

fn verdict(app: &App, climb: &Climb, ended: &Ended) -> Markup {
    let order = &climb.order;
    let show = link(&app.to("connections"), &[("show", &order.name)]);
    let (tone, said) = match ended {
        Ended::Cancelled => (
            Tone::Look,
            html! { p { b { "Cancelled: the page was closed." } } p .sub { "Nothing was saved." } },
        ),
        Ended::Refused(failure) => (
            Tone::Bad,
            html! {
                p data-code=(failure.code().as_str()) { b { "Not saved: " (foreign(failure.message())) } }
                @for cause in failure.causes() { p { (foreign(cause)) } }
            },
        ),
        Ended::ProbeResult(report, result) => {
            match (report.failure().or(result.as_ref().err()), &order.purpose) {
                (Some(failure), purpose) => (
                    Tone::Bad,
                    html! {
                        p data-code=(failure.code().as_str()) { b { (if *purpose == Purpose::Look { "It does not work: " } else { "Not saved: " }) (foreign(failure.message())) } }
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
    html! { div .verdict { (note(tone, Some("alert"), &said)) } }
}

fn contacted(report: &PreflightReport) -> Markup {
    html! {
        @if report.reach == Reach::Offline || report.hosts.is_empty() { "Nothing was contacted." }
        @else { "Hosts: " (foreign(&report.hosts.join(", "))) "." }
    }
}

fn document(app: &App, climb: &Climb) -> Response<Body> {
    match climb.since(0).1 {
        Some(Ended::ProbeResult(report, _)) => json(
            StatusCode::OK,
            &PreflightDocument::new(Some(&climb.order.name), &report, app.remedies()),
        ),
        Some(Ended::Refused(failure)) => json(
            super::error::status(&failure),
            &synapse_documents::ErrorDocument::new(&failure, app.remedies()),
        ),
        Some(Ended::Cancelled) => json(
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
