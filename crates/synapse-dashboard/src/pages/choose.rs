//! Choosing a model from the provider's list, before a connection exists. One request, sent when its
//! owner asks for it; the form comes back with the list.

use std::sync::Arc;

use axum::body::Body;
use axum::http::Response;
use synapse_core::error::{Class, Failure};

use crate::app::{App, KeptResult};
use crate::ask::{Ask, link, segment};
use crate::filled::{Choice, Filled};
use crate::response::redirect;

/// Requests the list, and leads back to the form: with the list, or with the failure at its field.
pub(crate) async fn list(app: &App, filled: &Filled) -> Result<Response<Body>, Failure> {
    let models = match app.engine.models_of(&filled.draft).await {
        // A model that is not listed is typed again, so the whole list is of use.
        Err(failure) => return Err(at_field(failure)),
        Ok(models) => models,
    };
    let filled = Filled {
        choice: Some(Choice::of(&models, &filled.draft.model)),
        ..filled.clone()
    };
    let form = match &filled.editing {
        Some(name) => format!("connections/{}/edit", segment(name)),
        None => "connections/new".to_owned(),
    };
    let id = app.keep(KeptResult::Form(Arc::new(filled)))?;
    Ok(redirect(&link(&app.to(&form), &[("models", &id)])))
}

/// The form that the list was requested for, if it is still kept.
pub(crate) fn kept(app: &App, ask: &Ask, editing: Option<&str>) -> Option<Filled> {
    match app.kept(ask.get("models")?)? {
        KeptResult::Form(filled) if filled.editing.as_deref() == editing => Some((*filled).clone()),
        _ => None,
    }
}

/// Assigns the failure of the request to the form field that causes it.
fn at_field(failure: Failure) -> Failure {
    if failure.field().is_some() {
        return failure;
    }
    match failure.class() {
        Class::NetworkGate => failure.in_field("network"),
        Class::Credential => failure.in_field("credential"),
        Class::Endpoint | Class::Transport => failure.in_field("base_url"),
        _ => failure,
    }
}
