//! References with their places and users; and a write-only form. No secret is read.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{Response, StatusCode};
use maud::{Markup, html};
use synapse_core::credential::CredentialRef;
use synapse_core::error::{Code, Failure, Hint};
use synapse_core::ports::Writing;
use synapse_core::redact::{holds_token, is_opaque};
use synapse_documents::{SecretView, SecretsDocument};

use super::show::show;
use crate::app::App;
use crate::ask::{Ask, link};
use crate::form::{SECRET, wrong};
use crate::hub::Tone;
use crate::icon::Icon;
use crate::page::{Nav, Page, csrf};
use crate::program::SecretStoreState;
use crate::text::foreign;
use crate::view::{note, panel, said, scrolling, state};

/// A user of a reference, and its permitted hosts.
#[derive(Debug, Default)]
struct ReferenceUse {
    names: Vec<String>,
    hosts: Vec<String>,
}

/// A reference used by connections.
struct KnownSecret {
    reference: CredentialRef,
    usage: ReferenceUse,
}

/// The reference of a key that was just stored.
fn stored(ask: &Ask) -> Option<String> {
    let reference: CredentialRef = ask.get("stored")?.parse().ok()?;
    Some(reference.to_string())
}

/// `secrets`
pub(crate) fn page(app: &App, ask: &Ask, failure: Option<&Failure>) -> Page {
    let loaded = app.engine.connections();
    let known: Vec<KnownSecret> = uses(app)
        .into_iter()
        .filter_map(|(reference, usage)| {
            Some(KnownSecret {
                reference: reference.parse().ok()?,
                usage,
            })
        })
        .collect();
    let body = html! {
        (said(app, ask))
        @if let Some(reference) = stored(ask) {
            p { a .btn href=(link(&app.to("connections/new"), &[("credential", &reference)])) { "New connection with this key" } }
        }
        @if let Some(failure) = failure { (super::error::head(app, failure)) }
        @if let Err(failure) = &loaded { (super::error::head(app, failure)) }
        (note(Tone::Off, None, &html! { p { b { "This page contains no secrets. " } span .sub { "It shows references, stores and their connections. A key that you enter is stored and then dropped; not even its length is shown." } } }))
        (panel("references", "", "References", &html! { "checked without reading them" }, &html! {
            @if known.is_empty() { p .pad.sub { "No connection refers to a secret yet." } }
            @else { (scrolling("Table of references", &table(app, &known))) }
        }))
        div .cols { (put(app, ask)) (replace(app, ask, &known)) }
    };
    let views = known
        .iter()
        .map(|known| {
            let place = app.program.place(&known.reference);
            SecretView::new(&known.reference, place, known.usage.names.clone())
        })
        .collect();
    let warnings: Vec<Failure> = loaded.err().into_iter().collect();
    Page::new(Nav::Secrets, "Secrets", body)
        .command("synapse secret list")
        .document(ask, || {
            SecretsDocument::new(views, &warnings, app.remedies())
        })
}

fn uses(app: &App) -> BTreeMap<String, ReferenceUse> {
    let mut uses: BTreeMap<String, ReferenceUse> = BTreeMap::new();
    for stored in app.engine.connections().unwrap_or_default() {
        if let Ok(connection) = stored.usable()
            && let Some(reference) = &connection.credential
        {
            let usage = uses.entry(reference.to_string()).or_default();
            usage.names.push(stored.name.to_string());
            let hosts = connection.bound_to.iter();
            for host in hosts.map(|origin| origin.host().to_owned()) {
                if !usage.hosts.contains(&host) {
                    usage.hosts.push(host);
                }
            }
        }
    }
    uses
}

fn table(app: &App, known: &[KnownSecret]) -> Markup {
    html! { table .wrap {
        thead { tr { th scope="col" { "Reference" } th scope="col" .p2 { "Leads to" } th scope="col" { "Found" } th scope="col" .p2 { "Used by" } th scope="col" .p3 { "May go to" } } }
        tbody { @for KnownSecret { reference, usage } in known { tr {
            th scope="row" { code { (foreign(&reference.to_string())) } span .sub.narrow { (foreign(&usage.names.join(", "))) } }
            td .p2 { (foreign(&app.program.place(reference))) }
            td { @match app.program.seen(reference) {
                SecretStoreState::There(seen) => (state(Tone::Good, Icon::Tick, &foreign(&seen))),
                SecretStoreState::Missing(why) => (state(Tone::Bad, Icon::Failed, &foreign(&why))),
                SecretStoreState::Unseen(why) => (state(Tone::Off, Icon::None, &foreign(&why))),
            } }
            td .p2 { @for name in &usage.names { a href=(link(&app.to("connections"), &[("show", name)])) { (foreign(name)) } " " } }
            td .p3.sub { @if usage.hosts.is_empty() { "nowhere yet" } @else { (foreign(&usage.hosts.join(", "))) } }
        } } }
    } }
}

fn put(app: &App, ask: &Ask) -> Markup {
    let asked = ask
        .get("reference")
        .or(ask.form.get("reference"))
        .unwrap_or("file:~/.synapse/");
    // A mistaken input may be the key itself.
    let shown = if holds_token(asked) || is_opaque(asked) {
        ""
    } else {
        asked
    };
    panel(
        "put",
        "w6",
        "Put a key somewhere safe",
        &html! {},
        &html! {
            form .pad.stack method="post" action=(app.to("secrets/set")) autocomplete="off" {
                (csrf(ask))
                div .f { label for="reference" { "Reference" } input .mono type="text" id="reference" name="reference" value=(shown) required spellcheck="false" aria-describedby="reference-hint"; p .hint #reference-hint { "Synapse writes to " code { "file:" } " " code { "keyring:" } " and " code { "vault:local/" } "; other stores are filled by their own programs." } }
                (value_field("value"))
                div .row { button .btn.pri { "Keep it there" } }
            }
        },
    )
}

fn replace(app: &App, ask: &Ask, known: &[KnownSecret]) -> Markup {
    let writable: Vec<&KnownSecret> = known
        .iter()
        .filter(|known| {
            matches!(
                known.reference,
                CredentialRef::File(_) | CredentialRef::Keyring(_) | CredentialRef::LocalVault(_)
            )
        })
        .collect();
    html! {
        @if !writable.is_empty() {
            (panel("replace", "w6", "Replace an existing one", &html! {}, &html! {
                div .pad.stack { @for (index, known) in writable.iter().enumerate() {
                    @let text = known.reference.to_string();
                    details { summary { code { (foreign(&text)) } }
                        form .stack.pad method="post" action=(app.to("secrets/rotate")) autocomplete="off" { (csrf(ask)) input type="hidden" name="reference" value=(text); (value_field(&format!("value-{index}"))) div .row { button .btn { "Replace it" } } }
                    }
                } }
            }))
        }
    }
}

fn value_field(id: &str) -> Markup {
    html! { div .f { label for=(id) { "Key" } input .mono type="password" id=(id) name=(SECRET) required autocomplete="off" spellcheck="false" aria-describedby=(format!("{id}-hint")); p .hint id=(format!("{id}-hint")) { "One line. Shown nowhere, kept out of the address, the log and this page." } } }
}

/// `POST secrets/set` and `secrets/rotate`
pub(crate) async fn keep(
    app: &App,
    ask: &Ask,
    writing: Writing,
) -> Result<Response<Body>, Failure> {
    ask.form.only(&["reference", SECRET])?;
    let value = ask
        .form
        .secret()
        .cloned()
        .ok_or_else(|| wrong("the key is missing"))?;
    let kept = match ask.form.need("reference")?.parse::<CredentialRef>() {
        Ok(reference) => app
            .program
            .keep(&reference, value, writing)
            .await
            .map(|kept| (reference, kept)),
        Err(failure) => Err(failure),
    };
    match kept {
        Ok((reference, kept)) => {
            let notes: String = kept.notes.iter().map(|note| format!(" {note}.")).collect();
            app.done(
                &link("secrets", &[("stored", &reference.to_string())]),
                Tone::Good,
                &format!("Kept in {}. Use it as {reference}.{notes}", kept.place),
            )
        }
        Err(failure) => {
            let failure = match failure.code() {
                Code::CredentialExists => {
                    let hint = Hint::new("replace it on this page instead");
                    failure.with_hints(vec![hint])
                }
                _ => failure,
            };
            let page = page(app, ask, Some(&failure)).status(StatusCode::UNPROCESSABLE_ENTITY);
            Ok(show(
                app,
                ask,
                Ok(page.document(ask, || {
                    synapse_documents::ErrorDocument::new(&failure, app.remedies())
                })),
            ))
        }
    }
}

/// `POST secrets/remove`
pub(crate) async fn remove(app: &App, ask: &Ask) -> Result<Response<Body>, Failure> {
    ask.form.only(&["reference"])?;
    let reference: CredentialRef = ask.form.need("reference")?.parse()?;
    if let Some(usage) = uses(app).get(&reference.to_string()) {
        return Err(Failure::new(
            Code::UsageInvalidArguments,
            "a connection uses this secret; it was not removed",
        )
        .cause(format!("used by: {}", usage.names.join(", "))));
    }
    app.program.forget(&reference).await?;
    app.done("secrets", Tone::Good, &format!("{reference} is removed."))
}
