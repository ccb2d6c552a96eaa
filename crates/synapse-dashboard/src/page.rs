//! The layout of every page: head, navigation, heading, equivalent command.

use axum::http::StatusCode;
use maud::{DOCTYPE, Markup, html};
use serde_json::Value;

use crate::app::App;
use crate::ask::{Ask, Theme};
use crate::form::CSRF;
use crate::icon::Icon;
use crate::text::foreign;

/// A navigation entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nav {
    Overview,
    Connections,
    Usage,
    History,
    Hub,
    Secrets,
    Doctor,
}

impl Nav {
    const ALL: [(Self, &'static str, &'static str, Icon); 7] = [
        (Self::Overview, "", "Overview", Icon::Overview),
        (
            Self::Connections,
            "connections",
            "Connections",
            Icon::Connections,
        ),
        (Self::Usage, "usage", "Usage", Icon::Usage),
        (Self::History, "history", "History", Icon::History),
        (Self::Hub, "hub", "Hub", Icon::Hub),
        (Self::Secrets, "secrets", "Secrets", Icon::Secrets),
        (Self::Doctor, "doctor", "Doctor", Icon::Doctor),
    ];
}

/// A page, and its document.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) nav: Option<Nav>,
    pub(crate) title: String,
    /// The parent page: path and name.
    pub(crate) above: Option<(String, &'static str)>,
    /// Content beside the heading.
    pub(crate) beside: Markup,
    pub(crate) body: Markup,
    /// The equivalent command.
    pub(crate) command: Option<String>,
    /// The document for `?format=json`; null unless that is asked for.
    pub(crate) document: Option<Value>,
}

impl Page {
    pub(crate) fn new(nav: Nav, title: impl Into<String>, body: Markup) -> Self {
        Self {
            status: StatusCode::OK,
            nav: Some(nav),
            title: title.into(),
            above: None,
            beside: html! {},
            body,
            command: None,
            document: None,
        }
    }

    pub(crate) fn below(self, path: String, name: &'static str) -> Self {
        Self {
            above: Some((path, name)),
            ..self
        }
    }

    pub(crate) fn beside(self, beside: Markup) -> Self {
        Self { beside, ..self }
    }

    pub(crate) fn command(self, command: impl Into<String>) -> Self {
        Self {
            command: Some(command.into()),
            ..self
        }
    }

    /// The document is made only if it is asked for: it may be larger than the page.
    pub(crate) fn document<D: serde::Serialize>(
        self,
        ask: &Ask,
        document: impl FnOnce() -> D,
    ) -> Self {
        let made = if ask.wants("json") {
            serde_json::to_value(document()).ok()
        } else {
            Some(Value::Null)
        };
        Self {
            document: made,
            ..self
        }
    }

    pub(crate) fn status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// The whole page as HTML.
    pub(crate) fn html(&self, app: &App, ask: &Ask) -> String {
        let about = app.program.about();
        let markup = html! {
            (DOCTYPE)
            html lang="en" data-theme=[ask.theme.word()] {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    // Other sites get no referrer either way; with `no-referrer`, browsers would
                    // send `Origin: null` with this page's forms.
                    meta name="referrer" content="same-origin";
                    title { (foreign(&self.title)) " · Synapse" }
                    link rel="icon" href=(ICON);
                    link rel="stylesheet" href=(app.to("style.css"));
                    script src=(app.to("copy.js")) defer {}
                }
                body {
                    a .skiplink href="#main" { "Skip to the content" }
                    header .side {
                        a .brand href=(app.to("")) { (mark()) "Synapse" }
                        nav .nav aria-label="Pages" {
                            @for (nav, path, name, icon) in Nav::ALL {
                                a href=(app.to(path)) aria-current=[(self.nav == Some(nav)).then_some("page")] {
                                    (icon.show()) (name)
                                }
                            }
                        }
                        div .foot {
                            form .theme method="post" action=(app.to("theme")) {
                                (csrf(ask))
                                input type="hidden" name="back" value=(ask.path);
                                @for (theme, icon, label) in THEMES {
                                    button name="theme" value=(theme.value()) title=(label) aria-pressed=(if ask.theme == theme { "true" } else { "false" }) {
                                        (icon.small()) span .vh { (label) }
                                    }
                                }
                            }
                            dl {
                                div { dt { "on" } dd { "127.0.0.1:" (app.port) } }
                                div { dt { "home" } dd title=(about.home) { (foreign(&short(&about.home))) } }
                                div { dt { "version" } dd { (about.version) } }
                            }
                            form method="post" action=(app.to("leave")) {
                                (csrf(ask))
                                button .btn.sm.ghost { "Leave" }
                            }
                        }
                    }
                    main #main tabindex="-1" {
                        div .head {
                            div .grow {
                                @if let Some((path, name)) = &self.above {
                                    p .crumb { a href=(path) { (name) } }
                                }
                                h1 { (foreign(&self.title)) }
                            }
                            div .asof { (self.beside) }
                        }
                        (self.body)
                        @if self.command.is_some() || self.document.is_some() {
                            div .same {
                                @if let Some(command) = &self.command {
                                    span { "The same in a terminal" }
                                    code .cmd data-copy { (foreign(command)) }
                                }
                                span .grow {}
                                @if self.document.is_some() {
                                    a href=(ask.with("format", "json")) { "this page as JSON" }
                                }
                            }
                        }
                    }
                }
            }
        };
        markup.into_string()
    }
}

/// The hidden CSRF field of every form.
pub(crate) fn csrf(ask: &Ask) -> Markup {
    html! { input type="hidden" name=(CSRF) value=(ask.csrf); }
}

/// The end of a long path.
fn short(path: &str) -> String {
    let parts: Vec<&str> = path.rsplitn(3, '/').collect();
    match parts.as_slice() {
        [name, above, rest] if !rest.is_empty() => format!("…/{above}/{name}"),
        _ => path.to_owned(),
    }
}

fn mark() -> Markup {
    html! {
        svg viewBox="0 0 24 24" aria-hidden="true" {
            path d="M2.5 12H6M6.2 6.6a5.6 5.6 0 0 1 0 10.8M21.5 12H18M17.8 6.6a5.6 5.6 0 0 0 0 10.8" {}
            circle .dot cx="12" cy="12" r="1.9" {}
        }
    }
}

const THEMES: [(Theme, Icon, &str); 3] = [
    (Theme::System, Icon::System, "As the system"),
    (Theme::Light, Icon::Light, "Light"),
    (Theme::Dark, Icon::Dark, "Dark"),
];

const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24' fill='none' stroke='%2317739a' stroke-width='2.4' stroke-linecap='round'%3E%3Cpath d='M2.5 12H6M6.2 6.6a5.6 5.6 0 0 1 0 10.8M21.5 12H18M17.8 6.6a5.6 5.6 0 0 0 0 10.8'/%3E%3Ccircle cx='12' cy='12' r='2' fill='%23c5862a' stroke='none'/%3E%3C/svg%3E";
