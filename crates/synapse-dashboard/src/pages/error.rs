//! Failure pages, explanations of codes, and suggestions for unknown URLs.

use axum::http::StatusCode;
use maud::{Markup, html};
use synapse_core::error::{Class, Code, Failure};
use synapse_core::nearest::nearest;
use synapse_documents::{CodeDocument, ErrorDocument};

use crate::app::App;
use crate::ask::Ask;
use crate::hub::Tone;
use crate::page::Page;
use crate::text::{foreign, prose};
use crate::view::{note, panel, remedies};

/// The page of a failure.
pub(crate) fn page(app: &App, ask: &Ask, failure: &Failure) -> Page {
    let entry = failure.code().entry();
    let body = html! {
        (head(app, failure))
        div .cols {
            (panel("todo", "w7", "What to do", &html! {}, &html! {
                div .pad.stack {
                    div .remedy.bare {
                        @if failure.hints().is_empty() {
                            p { (prose(&entry.map_or_else(|| "Load the page again.".to_owned(), |entry| entry.remedy(app.remedies())))) }
                        } @else { (remedies(app, failure.hints())) }
                    }
                    div .row {
                        a .btn.pri href=(ask.path) { "Read it again" }
                        a .btn href=(app.to("")) { "Overview" }
                    }
                }
            }))
            @if let Some(entry) = entry {
                (panel("about", "w5", "About it", &html! {}, &html! {
                    div .pad { dl .kv {
                        dt { "Means" } dd { (prose(entry.meaning)) }
                        dt { "Detected" } dd { (prose(&entry.detected(app.remedies()))) }
                        @for (key, value) in failure.context() { dt { (key) } dd { code { (foreign(value)) } } }
                    } }
                }))
            }
        }
    };
    let mut page = Page::new(crate::page::Nav::Overview, title(failure), body)
        .status(status(failure))
        .command(format!("synapse explain {}", failure.code()))
        .document(ask, || ErrorDocument::new(failure, app.remedies()));
    page.nav = None;
    page
}

/// The failure with its causes.
pub(crate) fn head(app: &App, failure: &Failure) -> Markup {
    note(
        Tone::Bad,
        Some("alert"),
        &html! {
            p data-code=(failure.code().as_str()) { b { (prose(failure.message())) } }
            @for cause in failure.causes() { p { (prose(cause)) } }
            p .sub {
                (crate::view::code(app, failure.code().as_str()))
                " · class " (failure.class().as_str()) " · exit code " (failure.class().exit_code())
            }
        },
    )
}

const fn title(failure: &Failure) -> &'static str {
    match failure.code().class() {
        Class::Usage => "That cannot be answered",
        Class::Config => "The configuration needs you",
        Class::Credential => "A credential needs you",
        Class::Storage => "The ledger cannot be read",
        _ => "That did not work",
    }
}

/// The HTTP status for a failure.
pub(crate) const fn status(failure: &Failure) -> StatusCode {
    match failure.code() {
        Code::ConfigNotFound => StatusCode::NOT_FOUND,
        Code::ConfigDuplicateName | Code::ConfigChanged => StatusCode::CONFLICT,
        Code::UsageInvalidArguments => StatusCode::BAD_REQUEST,
        Code::InternalInvariant => StatusCode::INTERNAL_SERVER_ERROR,
        _ => match failure.code().class() {
            Class::Storage => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        },
    }
}

/// `explain/CODE`
pub(crate) fn explain(app: &App, ask: &Ask, name: &str) -> Result<Page, Failure> {
    let found = name.parse::<Code>().ok().and_then(Code::entry);
    let Some(entry) = found else {
        return Ok(missing(app, ask, "There is no such code", &[]));
    };
    let body = html! {
        (panel("means", "", entry.name, &html! { "class " (entry.class.as_str()) " · exit code " (entry.class.exit_code()) }, &html! {
            div .pad { dl .kv {
                dt { "Means" } dd { (prose(entry.meaning)) }
                dt { "Detected" } dd { (prose(&entry.detected(app.remedies()))) }
                dt { "What to do" } dd { (prose(&entry.remedy(app.remedies()))) }
                dt { "Its calls" } dd { a href=(crate::ask::link(&app.to("history"), &[("where", &format!("error_code={}", entry.name))])) { "those that ended with it" } }
            } }
        }))
    };
    let mut page = Page::new(
        crate::page::Nav::Overview,
        format!("Code {}", entry.name),
        body,
    )
    .command(format!("synapse explain {}", entry.name))
    .document(ask, || CodeDocument::new(entry, app.remedies()));
    page.nav = None;
    Ok(page)
}

/// The page for an unknown URL, with suggestions.
pub(crate) fn missing(app: &App, ask: &Ask, said: &str, known: &[String]) -> Page {
    let path = ask.path.strip_prefix(&app.base).unwrap_or_default();
    let near = nearest(
        path,
        PAGES
            .iter()
            .copied()
            .chain(known.iter().map(String::as_str)),
    );
    let failure = Failure::new(Code::ConfigNotFound, said);
    let body = html! {
        (note(Tone::Look, Some("alert"), &html! {
            p { b { (said) } }
            p .sub { "It may have been removed or renamed meanwhile, or the address has a typo." }
        }))
        div .row {
            @if let Some(near) = near { a .btn.pri href=(app.to(near)) { "Did you mean " (foreign(near)) "?" } }
            a .btn href=(app.to("")) { "Overview" }
            a .btn href=(app.to("connections")) { "Connections" }
            a .btn href=(app.to("history")) { "History" }
        }
    };
    let mut page = Page::new(crate::page::Nav::Overview, said, body)
        .status(StatusCode::NOT_FOUND)
        .command(format!("synapse explain {}", failure.code()))
        .document(ask, || ErrorDocument::new(&failure, app.remedies()));
    page.nav = None;
    page
}

const PAGES: [&str; 9] = [
    "connections",
    "connections/new",
    "usage",
    "history",
    "hub",
    "hub/approvals",
    "secrets",
    "doctor",
    "welcome",
];
