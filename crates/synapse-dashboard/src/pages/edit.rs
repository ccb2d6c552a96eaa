//! The form of a connection, generated from core's table of fields, beside the check results.

use axum::body::Body;
use axum::http::{Response, StatusCode};
use maud::{Markup, html};
use synapse_core::connection::fields::{FIELDS, FieldEntry, FieldKind, ON, flags};
use synapse_core::connection::{Draft, already_exists};
use synapse_core::credential::CredentialRef;
use synapse_core::error::{Code, Failure};
use synapse_core::name::ConnectionName;
use synapse_core::preflight::Reach;
use synapse_core::provider::{ProviderKind, ProviderProfile, TokenNeed};
use synapse_core::redact::{holds_token, is_opaque};
use synapse_documents::{ConnectionDocument, ErrorDocument, ProvidersDocument};

use super::digest::digest;
use super::show::show;
use super::start::start;
use crate::app::App;
use crate::ask::{Ask, link};
use crate::form::wrong;
use crate::hub::Tone;
use crate::icon::Icon;
use crate::page::{Nav, Page, csrf};
use crate::response::redirect;
use crate::running::{Order, Purpose};
use crate::text::foreign;
use crate::view::{note, panel};

/// A form with its values and its error.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filled {
    pub(crate) name: String,
    /// The name of the edited connection.
    pub(crate) editing: Option<String>,
    /// The digest of the draft the form started with.
    pub(crate) digest: String,
    pub(crate) draft: Draft,
    pub(crate) failure: Option<Failure>,
}

/// `connections/new`
pub(crate) fn new(app: &App, ask: &Ask) -> Result<Page, Failure> {
    let mut filled = Filled::default();
    filled.draft.provider = "openai".to_owned();
    if let Some(kind) = ask
        .get("provider")
        .and_then(|word| word.parse::<ProviderKind>().ok())
    {
        filled.draft.provider = kind.as_str().to_owned();
    }
    if let Some(reference) = ask.get("credential").filter(|text| !holds_token(text)) {
        filled.draft.credential = Some(reference.to_owned());
    }
    Ok(page(app, ask, &filled, &explained()).document(&ProvidersDocument::new(&ProviderKind::ALL)))
}

/// `connections/NAME/edit`
pub(crate) fn edit(app: &App, ask: &Ask, name: &str) -> Result<Page, Failure> {
    let stored = app.engine.stored(name)?;
    let mut filled = Filled {
        name: name.to_owned(),
        editing: Some(name.to_owned()),
        digest: digest(&stored.draft),
        draft: stored.draft.clone(),
        failure: stored.connection.as_ref().err().cloned(),
    };
    if ask.get("network") == Some(ON) {
        filled.draft.gate = synapse_core::gate::NetworkGate::Open;
    }
    Ok(page(app, ask, &filled, &explained())
        .document(&ConnectionDocument::new(&stored, app.remedies())))
}

/// `POST connections`: starts a check that saves if it passes.
pub(crate) fn submit(app: &App, ask: &Ask) -> Result<Response<Body>, Failure> {
    let mut names = vec!["name", "editing", "digest", "do"];
    names.extend(FIELDS.iter().map(|field| field.key));
    ask.form.only(&names)?;
    let name = ask.form.need("name")?;
    let reach = match ask.form.need("do")? {
        "check" => Reach::Free,
        "check-live" => Reach::Live,
        "save-offline" => Reach::Offline,
        _ => return Err(wrong("`do` is none of its buttons")),
    };
    let editing = ask.form.get("editing").filter(|name| !name.is_empty());
    let mut filled = Filled {
        name: name.to_owned(),
        editing: editing.map(str::to_owned),
        digest: ask.form.get("digest").unwrap_or_default().to_owned(),
        draft: Draft::default(),
        failure: None,
    };
    for field in FIELDS {
        if let Err(failure) = field.set(
            &mut filled.draft,
            ask.form.get(field.key).unwrap_or_default(),
        ) {
            filled.failure.get_or_insert(failure);
        }
    }
    if filled.failure.is_none() {
        filled.failure = fault(app, &filled)?;
    }
    if filled.failure.is_some() {
        let failure = filled.failure.clone();
        let mut page =
            page(app, ask, &filled, &explained()).status(StatusCode::UNPROCESSABLE_ENTITY);
        if let Some(failure) = failure {
            page = page.status(match failure.code() {
                Code::ConfigChanged | Code::ConfigDuplicateName => StatusCode::CONFLICT,
                _ => StatusCode::UNPROCESSABLE_ENTITY,
            });
            page = page.document(&ErrorDocument::new(&failure, app.remedies()));
        }
        return Ok(show(app, ask, Ok(page)));
    }
    let purpose = match &filled.editing {
        Some(_) => Purpose::Edit(filled.digest.clone()),
        None => Purpose::Create,
    };
    let id = start(
        app,
        Order {
            purpose,
            name: filled.name,
            draft: filled.draft,
            reach,
            started_at: app.now(),
        },
    )?;
    Ok(redirect(&app.to(&format!("checks/{id}"))))
}

/// Errors found without a check: an invalid or used name, an invalid field, a connection changed
/// meanwhile.
fn fault(app: &App, filled: &Filled) -> Result<Option<Failure>, Failure> {
    let name: ConnectionName = match filled.name.parse() {
        Ok(name) => name,
        Err(failure) => return Ok(Some(failure.in_field("name"))),
    };
    match &filled.editing {
        None => {
            let taken = app
                .engine
                .connections()?
                .iter()
                .any(|stored| stored.name == name);
            if taken {
                return Ok(Some(already_exists(&name).in_field("name")));
            }
        }
        Some(editing) => {
            let stored = app.engine.stored(editing)?;
            if digest(&stored.draft) != filled.digest {
                return Ok(Some(changed(editing, &stored.draft, &filled.draft)));
            }
        }
    }
    Ok(filled.draft.parse(name).err().map(|wrong| wrong.failure))
}

/// The differences between stored and submitted values.
fn changed(name: &str, stored: &Draft, submitted: &Draft) -> Failure {
    let mut failure = Failure::new(
        Code::ConfigChanged,
        format!("the connection `{name}` was changed meanwhile"),
    )
    .hint("load the form again to begin with what is stored now");
    for field in FIELDS {
        let (now, yours) = (field.value(stored), field.value(submitted));
        if now != yours {
            let quoted = |text: &str| {
                if text.is_empty() {
                    "nothing".to_owned()
                } else {
                    format!("`{text}`")
                }
            };
            failure = failure.cause(format!(
                "{}: stored is {}, yours is {}",
                field.key,
                quoted(&now),
                quoted(&yours)
            ));
        }
    }
    failure
}

/// The form and, beside it, `result`.
pub(crate) fn page(app: &App, ask: &Ask, filled: &Filled, result: &Markup) -> Page {
    let title = match &filled.editing {
        Some(name) => format!("Edit {name}"),
        None => "New connection".to_owned(),
    };
    let verb = if filled.editing.is_some() {
        "edit"
    } else {
        "create"
    };
    let name = if filled.name.is_empty() {
        "NAME"
    } else {
        &filled.name
    };
    let body = html! {
        @if let Some(failure) = &filled.failure { (summary(app, failure)) }
        div .cols { div .w6 { (form(app, ask, filled)) } div .w6 { div .stack #result { (result) } } }
    };
    Page::new(Nav::Connections, title, body)
        .below(app.to("connections"), "Connections")
        .command(command(verb, name, &filled.draft))
}

/// The failure above a form, with a link to its field.
pub(crate) fn summary(app: &App, failure: &Failure) -> Markup {
    let field = failure.field();
    note(
        Tone::Bad,
        Some("alert"),
        &html! {
            p data-code=(failure.code().as_str()) { b { "Not saved: " (foreign(failure.message())) } }
            @for cause in failure.causes() { p { (foreign(cause)) } }
            @for hint in failure.hints() { p .sub { (foreign(&hint.text)) @if let Some(command) = hint.command(app.remedies()) { " " code .cmd { (foreign(&command)) } } } }
            p .sub { (crate::view::code(app, failure.code().as_str())) @if let Some(field) = field { " · " a href=(format!("#{field}")) { "Go to the field" } } }
        },
    )
}

fn form(app: &App, ask: &Ask, filled: &Filled) -> Markup {
    let failure = filled.failure.as_ref();
    let at = |key: &str| failure.filter(|failure| failure.field() == Some(key));
    let is_first =
        |field: &&FieldEntry| matches!(field.key, "provider" | "model" | "credential" | "network");
    let uses_more = FIELDS.iter().filter(|field| !is_first(field)).any(|field| {
        let is_filled = !field.value(&filled.draft).is_empty();
        is_filled || at(field.key).is_some() || is_needed(field, &filled.draft)
    });
    let hosts = hosts(&filled.draft);
    html! {
        form .stack action=(app.to("connections")) method="post" aria-describedby="result" {
            (csrf(ask))
            @if let Some(editing) = &filled.editing {
                input type="hidden" name="editing" value=(editing);
                input type="hidden" name="digest" value=(filled.digest);
            }
            section .panel { div .pad.stack {
                div class=(if at("name").is_some() { "f wrong" } else { "f" }) {
                    label for="name" { "Name" }
                    input type="text" id="name" name="name" value=(filled.name) required autocomplete="off" spellcheck="false" readonly[filled.editing.is_some()] aria-invalid=[at("name").map(|_| "true")] aria-describedby="name-hint";
                    @if let Some(failure) = at("name") { (error_line("name", failure)) }
                    p .hint #name-hint { "What your IDE will call it: letters, digits, " code { "." } " " code { "_" } " and " code { "-" } "." }
                }
                @for field in FIELDS.iter().filter(is_first) { (input(app, field, &filled.draft, at(field.key), &hosts)) }
                details open[uses_more] {
                    summary { "More: base URL, billing, time, tokens, limits, recording" }
                    div .grid2.pad { @for field in FIELDS.iter().filter(|field| !is_first(field)) { (input(app, field, &filled.draft, at(field.key), &hosts)) } }
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

fn input(
    app: &App,
    field: &FieldEntry,
    draft: &Draft,
    failure: Option<&Failure>,
    hosts: &str,
) -> Markup {
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
                    p .hint #(hint) { (field.hint) @if field.key == "network" { ". Calls and checks go to " b { (foreign(hosts)) } " and nowhere else; while it is closed no socket is opened and no key is read" } "." }
                    @if let Some(failure) = failure { (error_line(field.key, failure)) }
                }
            },
            kind => div class=(class) {
                label for=(field.key) { (field.label) @if !is_needed(field, draft) { " " span .opt { "optional" } } }
                @match kind {
                    FieldKind::Provider => select id=(field.key) name=(field.key) aria-invalid=[wrong] aria-describedby=(hint) {
                        @for kind in ProviderKind::ALL { option value=(kind.as_str()) selected[kind.as_str() == value] { (kind.profile().title) } }
                        @if value.parse::<ProviderKind>().is_err() && !value.is_empty() { option value=(value) selected { (foreign(&value)) } }
                    },
                    FieldKind::Choice(words) => select id=(field.key) name=(field.key) aria-describedby=(hint) {
                        option value="" { "as usual" }
                        @for word in words { option value=(word) selected[*word == value] { (word) } }
                    },
                    _ => input .mono[!matches!(kind, FieldKind::Text | FieldKind::Number | FieldKind::Money)] type="text" inputmode=[match kind { FieldKind::Number => Some("numeric"), FieldKind::Money => Some("decimal"), _ => None }]
                        id=(field.key) name=(field.key) value=(value) required[field.key == "model"] autocomplete="off" spellcheck="false" aria-invalid=[wrong] aria-describedby=(hint);,
                }
                @if let Some(failure) = failure { (error_line(field.key, failure)) }
                p .hint #(hint) { (field.hint) @if !field.hint.ends_with('…') { "." } }
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
    html! { p .err id=(format!("{key}-error")) { (Icon::Failed.small()) span { (foreign(failure.message())) @if let Some(cause) = failure.first_cause() { ": " (foreign(cause)) } } } }
}

/// The hosts of a draft, as far as its URL shows them.
fn hosts(draft: &Draft) -> String {
    let kind = draft.provider.parse::<ProviderKind>().ok();
    let url = draft
        .base_url
        .as_deref()
        .or_else(|| kind?.profile().base_url);
    let host = url
        .and_then(|url| url::Url::parse(url).ok())
        .and_then(|url| url.host_str().map(str::to_owned));
    host.unwrap_or_else(|| "the host of its base URL".to_owned())
}

fn explained() -> Markup {
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

/// The equivalent command.
pub(crate) fn command(verb: &str, name: &str, draft: &Draft) -> String {
    let mut command = format!("synapse connection {verb} {}", quoted(name));
    for (flag, value) in flags(draft) {
        command.push(' ');
        command.push_str(flag);
        if let Some(value) = value {
            command.push(' ');
            command.push_str(&quoted(&value));
        }
    }
    command
}

/// Quotes for a shell.
fn quoted(text: &str) -> String {
    let is_plain =
        |character: char| character.is_ascii_alphanumeric() || "-_./:~@=+,%".contains(character);
    if !text.is_empty() && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_is_what_a_shell_takes() {
        let draft = Draft {
            provider: "openai".into(),
            model: "it's $HOME".into(),
            ..Draft::default()
        };
        assert_eq!(
            command("create", "a b", &draft),
            r"synapse connection create 'a b' --provider openai --model 'it'\''s $HOME'"
        );
    }

    #[test]
    fn a_digest_is_another_one_when_any_field_is() {
        let base = digest(&Draft::default());
        for field in FIELDS {
            let mut draft = Draft::default();
            let value = match field.kind {
                FieldKind::Switch => ON,
                FieldKind::Choice(words) => words[0],
                _ => "7",
            };
            field.set(&mut draft, value).unwrap();
            assert_ne!(digest(&draft), base, "{}", field.key);
        }
    }
}
