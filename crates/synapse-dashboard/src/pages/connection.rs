//! Actions on a connection: turn network access off, start a check, remove.

use axum::body::Body;
use axum::http::Response;
use synapse_core::engine::Naming;
use synapse_core::error::{Code, Failure};
use synapse_core::gate::NetworkGate;
use synapse_core::preflight::Reach;

use super::digest::digest;
use super::start::start;
use crate::app::App;
use crate::ask::{Ask, segment};
use crate::form::wrong;
use crate::hub::Tone;
use crate::response::redirect;
use crate::running::{CheckOrder, Purpose};

/// Turns network access off, which always works. Turning it on uses the form, which names hosts.
pub(crate) async fn gate(app: &App, ask: &Ask, name: &str) -> Result<Response<Body>, Failure> {
    ask.form.only(&["to"])?;
    if ask.form.need("to")? != "closed" {
        return Err(wrong("a gate is opened in the form of its connection"));
    }
    let saved = app
        .engine
        .edit(
            name,
            |draft| draft.gate = NetworkGate::Closed,
            Naming::default(),
            Reach::Offline,
        )
        .await?;
    saved.result?;
    let said = format!("The gate of {name} is closed: no socket, no key read.");
    app.done(
        &format!("connections?show={}", segment(name)),
        Tone::Good,
        &said,
    )
}

/// Starts a check of a saved connection.
pub(crate) fn check(app: &App, ask: &Ask, name: &str) -> Result<Response<Body>, Failure> {
    ask.form.only(&["live"])?;
    let stored = app.engine.stored(name)?;
    let reach = match ask.form.get("live") {
        None => Reach::Free,
        Some("yes") => Reach::Live,
        Some(_) => return Err(wrong("`live` is `yes` or left out")),
    };
    let order = CheckOrder {
        purpose: Purpose::Look,
        name: name.to_owned(),
        draft: stored.draft,
        reach,
        started_at: app.now(),
    };
    let id = start(app, order)?;
    Ok(redirect(&app.to(&format!("checks/{id}"))))
}

/// Removes a connection that is unchanged since it was displayed.
pub(crate) fn remove(app: &App, ask: &Ask, name: &str) -> Result<Response<Body>, Failure> {
    ask.form.only(&["digest"])?;
    let shown = ask.form.need("digest")?;
    let stored = app.engine.stored(name)?;
    if digest(&stored.draft) != shown {
        return Err(Failure::new(
            Code::ConfigChanged,
            format!("the connection `{name}` was changed meanwhile"),
        )
        .cause("it was not removed")
        .hint("look at it again, then decide"));
    }
    app.engine.remove(name)?;
    app.done(
        "connections",
        Tone::Good,
        &format!("{name} is removed; its history stays."),
    )
}
