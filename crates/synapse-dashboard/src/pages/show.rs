//! The response for a page or its failure.

use axum::body::Body;
use axum::http::Response;
use synapse_core::error::Failure;
use synapse_documents::ErrorDocument;

use super::error;
use crate::app::App;
use crate::ask::Ask;
use crate::page::Page;
use crate::response::{answer, json};

/// The response for a page or its failure, as HTML or JSON.
pub(crate) fn show(app: &App, ask: &Ask, page: Result<Page, Failure>) -> Response<Body> {
    let page = match page {
        Ok(page) => page,
        Err(failure) if ask.wants("json") => {
            let status = error::status(&failure);
            return json(status, &ErrorDocument::new(&failure, app.remedies()));
        }
        Err(failure) => error::page(app, ask, &failure),
    };
    match &page.document {
        Some(document) if ask.wants("json") => json(page.status, document),
        _ => answer(page.status, "text/html; charset=utf-8", page.html(app, ask)),
    }
}
