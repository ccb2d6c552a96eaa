//! The fields of a connection's form, generated from core's table of fields, and the preflight
//! panel before any check.

use maud::{Markup, html};
use synapse_core::connection::Draft;
use synapse_core::connection::fields::{FIELDS, FieldEntry, FieldKind, ON};
use synapse_core::credential::CredentialRef;
use synapse_core::error::Failure;
use synapse_core::provider::{ProviderKind, ProviderProfile, TokenNeed};
use synapse_core::redact::{holds_token, is_opaque};

use crate::app::App;
use crate::ask::{Ask, link};
use crate::filled::Filled;
use crate::icon::Icon;
use crate::page::csrf;
use crate::text::{foreign, prose};
use crate::view::panel;

/// The whole form.
pub(crate) fn form(app: &App, ask: &Ask, filled: &Filled) -> Markup {
    let failure = filled.failure.as_ref();
    let at = |key: &str| failure.filter(|failure| failure.field() == Some(key));
    let is_first = |field: &&FieldEntry| FIRST.contains(&field.key);
    // Asking for the model list takes the key and the open gate, so the model comes last.
    let first = FIRST
        .iter()
        .filter_map(|key| FIELDS.iter().find(|field| field.key == *key));
    let uses_more = FIELDS.iter().filter(|field| !is_first(field)).any(|field| {
        let is_filled = !field.value(&filled.draft).is_empty();
        is_filled || at(field.key).is_some() || is_needed(field, &filled.draft)
    });
    html! {
        form .stack action=(app.to("connections")) method="post" aria-describedby="result" {
            (csrf(ask))
            // The first button is the one that Enter presses.
            button .vh name="do" value="check" tabindex="-1" aria-hidden="true" { "Check and save" }
            @if let Some(editing) = &filled.editing {
                input type="hidden" name="editing" value=(editing);
                input type="hidden" name="digest" value=(filled.digest);
            }
            section .panel { div .pad.stack {
                div class=(if at("name").is_some() { "f wrong" } else { "f" }) {
                    label for="name" { "Name" }
                    input type="text" id="name" name="name" value=(filled.name) required autocomplete="off" spellcheck="false" readonly[filled.editing.is_some()] aria-invalid=[at("name").map(|_| "true")] aria-describedby="name-hint";
                    @match at("name") { Some(failure) => (error_line("name", failure)), None => (late_error("name")) }
                    p .hint #name-hint { "What your IDE will call it: letters, digits, " code { "." } " " code { "_" } " and " code { "-" } "." }
                }
                @for field in first { (input(app, field, filled, at(field.key))) }
                details open[uses_more] {
                    summary { "More: base URL, billing, time, tokens, limits, recording" }
                    div .grid2.pad { @for field in FIELDS.iter().filter(|field| !is_first(field)) { (input(app, field, filled, at(field.key))) } }
                }
            } }
            div .row {
                button .btn.pri name="do" value="check" { "Check and save" }
                button .btn name="do" value="save-offline" { "Save without the network checks" }
                span .grow {}
                a .btn.ghost href=(app.to("connections")) { "Cancel" }
            }
            p .hint { "It is saved when every check holds. Checks are free: no prompt is sent. " button .btn.sm.ghost name="do" value="check-live" { "Also send one small paid prompt" } }
        }
    }
}

fn input(app: &App, field: &FieldEntry, filled: &Filled, failure: Option<&Failure>) -> Markup {
    let draft = &filled.draft;
    let choice = filled.choice.as_ref().filter(|_| field.key == "model");
    let value = field.value(draft);
    // A token in place of a reference is refused and not displayed again. A reference is kept,
    // however long and random its path: otherwise the form would be resubmitted without it.
    let is_reference = field.key == "credential" && value.parse::<CredentialRef>().is_ok();
    let value = if holds_token(&value) || (is_opaque(&value) && !is_reference) {
        String::new()
    } else {
        value
    };
    let hint = format!("{}-hint", field.key);
    let wrong = failure.map(|_| "true");
    let class = if failure.is_some() { "f wrong" } else { "f" };
    html! {
        @match field.kind {
            FieldKind::Switch => div .check {
                input type="checkbox" id=(field.key) name=(field.key) value=(ON) checked[value == ON] aria-describedby=(hint);
                div {
                    label for=(field.key) { b { (field.label) } }
                    p .hint #(hint) { (prose(field.hint)) @if field.key == "network" { ". Calls and checks go to the host of the base URL if you give one, else to the host beside the provider's name, and nowhere else; while it is closed no socket is opened and no key is read" } "." }
                    @match failure { Some(failure) => (error_line(field.key, failure)), None => (late_error(field.key)) }
                }
            },
            kind => div class=(class) {
                label for=(field.key) { (field.label) @if !is_needed(field, draft) { " " span .opt { "optional" } } }
                @match kind {
                    FieldKind::Provider => select id=(field.key) name=(field.key) aria-invalid=[wrong] aria-describedby=(hint) {
                        @for kind in ProviderKind::ALL { option value=(kind.as_str()) selected[kind.as_str() == value] { (kind.profile().title) @if let Some(host) = host(kind) { " · " (host) } } }
                        @if value.parse::<ProviderKind>().is_err() && !value.is_empty() { option value=(value) selected { (foreign(&value)) } }
                    },
                    FieldKind::Choice(words) => select id=(field.key) name=(field.key) aria-describedby=(hint) {
                        option value="" { "as usual" }
                        @for word in words { option value=(word) selected[*word == value] { (word) } }
                    },
                    _ => input .mono[!matches!(kind, FieldKind::Text | FieldKind::Number | FieldKind::Cap | FieldKind::Money)] type="text" inputmode=[match kind { FieldKind::Number | FieldKind::Cap => Some("numeric"), FieldKind::Money => Some("decimal"), _ => None }]
                        id=(field.key) name=(field.key) value=(value) required[field.key == "model"] autocomplete="off" spellcheck="false" aria-invalid=[wrong] aria-describedby=(hint);,
                }
                @match failure { Some(failure) => (error_line(field.key, failure)), None => (late_error(field.key)) }
                p .hint #(hint) { (prose(field.hint)) @if !field.hint.ends_with('…') { "." } }
                @if let Some(choice) = choice { (choice.list()) (choice.sentence()) }
                @if field.key == "model" { (to_the_list(choice.is_some())) }
                @if field.key == "credential" && value.is_empty() { (to_a_key(app, draft)) }
            },
        }
    }
}

/// Whether a connection of this provider needs the field.
fn is_needed(field: &FieldEntry, draft: &Draft) -> bool {
    match field.key {
        "provider" | "model" => true,
        "credential" => profile(draft).is_some_and(|each| each.token == TokenNeed::Required),
        "base_url" => profile(draft).is_some_and(|each| each.base_url.is_none()),
        _ => false,
    }
}

fn profile(draft: &Draft) -> Option<&'static ProviderProfile> {
    let kind: ProviderKind = draft.provider.parse().ok()?;
    Some(kind.profile())
}

/// Where a key comes from, and the page that stores it.
fn to_a_key(app: &App, draft: &Draft) -> Markup {
    let Some(profile) = profile(draft).filter(|each| each.token == TokenNeed::Required) else {
        return html! {};
    };
    let reference = format!("file:~/.synapse/{}.token", draft.provider);
    let store = link(&app.to("secrets"), &[("reference", &reference)]);
    html! { p .hint {
        "No key here yet? Create one at " a href=(profile.token_page) rel="noreferrer" { (profile.token_page.split(['?', '#']).next().unwrap_or_default()) }
        ", and " a href=(store) { "store it" } " as " code { (reference) } "."
    } }
}

fn error_line(key: &str, failure: &Failure) -> Markup {
    html! { p .err id=(format!("{key}-error")) { (Icon::Failed.small()) span { (prose(failure.message())) @if let Some(cause) = failure.first_cause() { ": " (prose(cause)) } } } }
}

/// The error of a check that had not ended when the form was sent. The style sheet shows it once
/// the verdict names this field.
fn late_error(key: &str) -> Markup {
    html! {
        @if LATE.contains(&key) {
            p .err.late data-at=(key) { (Icon::Failed.small()) span { "The check failed here: see the top of the page, and the remedy at the check." } }
        }
    }
}

/// The host of a provider, unless its owner names one.
fn host(kind: ProviderKind) -> Option<String> {
    let url = url::Url::parse(kind.profile().base_url?).ok()?;
    url.host_str().map(str::to_owned)
}

/// The button that requests the list of models.
fn to_the_list(is_listed: bool) -> Markup {
    html! {
        p .hint {
            button .btn.sm name="do" value="models" formnovalidate { (if is_listed { "List the models again" } else { "List the models" }) }
            " asks the provider for the ids that this key may use, with the gate open. It is free and sends no prompt."
        }
    }
}

/// The preflight panel before any check.
pub(crate) fn explained() -> Markup {
    panel(
        "ladder",
        "",
        "Preflight",
        &html! { "nothing was sent yet" },
        &html! {
            ol .ladder { @for id in crate::view::CHECK_ROWS { li .skip data-rung=(id.as_str()) data-outcome="none" { span .d { span .vh { "not made" } } span .rung { (id.as_str()) } span .what { (meaning(id)) } span .ms {} } } }
            div .pad { p .sub { "Each check shows its proof or, if it fails, its remedy. Seven are free; the last, one small paid prompt, is only sent on request." } }
        },
    )
}

const fn meaning(id: synapse_core::preflight::CheckId) -> &'static str {
    use synapse_core::preflight::CheckId;
    match id {
        CheckId::Config => "provider, model and settings can be understood",
        CheckId::Endpoint => "the base URL can be right",
        CheckId::Gate => "the network gate is open",
        CheckId::Credential => "the key is where the reference says",
        CheckId::Reach => "the API answers there",
        CheckId::Token => "the provider accepts the key",
        CheckId::Model => "the provider knows the model",
        CheckId::Live => "one small paid prompt is answered",
        _ => "",
    }
}

/// The fields to which a check assigns its failure.
const LATE: [&str; 5] = ["name", "base_url", "network", "credential", "model"];
/// The fields that are always shown, in this order.
const FIRST: [&str; 4] = ["provider", "credential", "network", "model"];

#[cfg(test)]
mod tests {
    use synapse_core::preflight::CheckId;

    use super::*;
    use crate::pages::check::field_of;
    use crate::routes::STYLE;

    #[test]
    fn each_field_of_a_check_has_an_error_that_the_style_shows() {
        for field in CheckId::ALL.iter().copied().filter_map(field_of) {
            assert!(LATE.contains(&field), "{field}");
        }
        for field in LATE {
            let verdict = format!("main:has(> .verdict[data-field=\"{field}\"])");
            for shown in [format!(".late[data-at=\"{field}\"]"), format!("#{field}")] {
                let selector = format!("{verdict} {shown}");
                let mut after = STYLE.split(&selector).skip(1);
                assert!(after.any(|rest| rest.starts_with([',', ' '])), "{selector}");
            }
        }
    }
}
