//! The form of a connection, generated from core's table of fields, beside the check results.

use axum::body::Body;
use axum::http::{Response, StatusCode};
use maud::{Markup, html};
use synapse_core::connection::fields::{FIELDS, ON, flags};
use synapse_core::connection::{Draft, already_exists};
use synapse_core::error::{Code, Failure};
use synapse_core::name::ConnectionName;
use synapse_core::preflight::Reach;
use synapse_core::provider::ProviderKind;
use synapse_core::redact::holds_token;
use synapse_core::shell::quote_text;
use synapse_documents::{ConnectionDocument, ErrorDocument, ProvidersDocument};

use super::choose;
use super::digest::digest;
use super::fields::{explained, form};
use super::show::show;
use super::start::start;
use crate::app::App;
use crate::ask::Ask;
use crate::filled::{Filled, LISTED};
use crate::form::wrong;
use crate::hub::Tone;
use crate::page::{Nav, Page};
use crate::response::redirect;
use crate::running::{CheckOrder, Purpose};
use crate::text::{foreign, prose};
use crate::view::note;

/// `connections/new`
pub(crate) fn new(app: &App, ask: &Ask) -> Result<Page, Failure> {
    let filled = choose::kept(app, ask, None).unwrap_or_else(|| begun(ask));
    Ok(page(app, ask, &filled, &explained())
        .document(ask, || ProvidersDocument::new(&ProviderKind::ALL)))
}

/// A new form, filled with the parameters of its link.
fn begun(ask: &Ask) -> Filled {
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
    filled
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
        choice: None,
    };
    if let Some(kept) = choose::kept(app, ask, Some(name)) {
        filled = kept;
    }
    if ask.get("network") == Some(ON) {
        filled.draft.gate = synapse_core::gate::NetworkGate::Open;
    }
    Ok(page(app, ask, &filled, &explained())
        .document(ask, || ConnectionDocument::new(&stored, app.remedies())))
}

/// `POST connections`: starts a check that saves if it passes, or lists the provider's models.
pub(crate) async fn submit(app: &App, ask: &Ask) -> Result<Response<Body>, Failure> {
    let mut names = vec!["name", "editing", "digest", "do", LISTED];
    names.extend(FIELDS.iter().map(|field| field.key));
    ask.form.only(&names)?;
    let name = ask.form.need("name")?;
    let reach = match ask.form.need("do")? {
        "check" => Some(Reach::Free),
        "check-live" => Some(Reach::Live),
        "save-offline" => Some(Reach::Offline),
        "models" => None,
        _ => return Err(wrong("`do` names no button of this page")),
    };
    let editing = ask.form.get("editing").filter(|name| !name.is_empty());
    let mut filled = Filled {
        name: name.to_owned(),
        editing: editing.map(str::to_owned),
        digest: ask.form.get("digest").unwrap_or_default().to_owned(),
        ..Filled::default()
    };
    let listed = ask.form.get(LISTED).filter(|model| !model.is_empty());
    for field in FIELDS {
        let given = ask.form.get(field.key);
        let given = listed.filter(|_| field.key == "model").or(given);
        if let Err(failure) = field.set(&mut filled.draft, given.unwrap_or_default()) {
            filled.failure.get_or_insert(failure);
        }
    }
    let Some(reach) = reach else {
        if filled.failure.is_none() {
            match choose::list(app, &filled).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => filled.failure = Some(failure),
            }
        }
        return Ok(again(app, ask, &filled));
    };
    if filled.failure.is_none() {
        filled.failure = fault(app, &filled)?;
    }
    if filled.failure.is_some() {
        return Ok(again(app, ask, &filled));
    }
    let purpose = match &filled.editing {
        Some(_) => Purpose::Edit(filled.digest.clone()),
        None => Purpose::Create,
    };
    let id = start(
        app,
        CheckOrder {
            purpose,
            name: filled.name,
            draft: filled.draft,
            reach,
            started_at: app.now(),
        },
    )?;
    Ok(redirect(&app.to(&format!("checks/{id}"))))
}

/// The form with its failure.
fn again(app: &App, ask: &Ask, filled: &Filled) -> Response<Body> {
    let mut page = page(app, ask, filled, &explained()).status(StatusCode::UNPROCESSABLE_ENTITY);
    if let Some(failure) = &filled.failure {
        page = page.status(match failure.code() {
            Code::ConfigChanged | Code::ConfigDuplicateName => StatusCode::CONFLICT,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        });
        page = page.document(ask, || ErrorDocument::new(failure, app.remedies()));
    }
    show(app, ask, Ok(page))
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
            p data-code=(failure.code().as_str()) { b { "Not saved: " (prose(failure.message())) } }
            @for cause in failure.causes() { p { (prose(cause)) } }
            @for hint in failure.hints() { p .sub { (prose(&hint.text)) @if let Some(command) = hint.command(app.remedies()) { " " code .cmd { (foreign(&command)) } } } }
            p .sub { (crate::view::code(app, failure.code().as_str())) @if let Some(field) = field { " · " a href=(format!("#{field}")) { "Go to the field" } } }
        },
    )
}

/// The equivalent command.
pub(crate) fn command(verb: &str, name: &str, draft: &Draft) -> String {
    let mut command = format!("synapse connection {verb} {}", quote_text(name));
    for (flag, value) in flags(draft) {
        command.push(' ');
        command.push_str(flag);
        if let Some(value) = value {
            command.push(' ');
            command.push_str(&quote_text(&value));
        }
    }
    command
}

#[cfg(test)]
mod tests {
    use synapse_core::connection::fields::FieldKind;

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
