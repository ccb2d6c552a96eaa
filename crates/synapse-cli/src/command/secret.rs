//! `synapse secret`: stores, checks, lists, replaces and removes secrets. A value comes from a
//! hidden prompt or from stdin, goes to its store, and is never shown.

use secrecy::{ExposeSecret as _, SecretString};
use synapse_core::credential::CredentialRef;
use synapse_core::engine::SecretUses;
use synapse_core::error::Failure;
use synapse_core::gate::NetworkGate;
use synapse_core::ports::{
    ConnectionStore as _, SecretResolver, SecretWriter as _, Shelf, Writing,
};
use synapse_core::redact::holds_token;
use synapse_documents::{SecretDocument, SecretView, SecretsDocument};
use synapse_secrets::{NewKey, Secrets};
use synapse_store::TomlConnections;

use super::{CommandError, Context};
use crate::args::SecretCommand;
use crate::output::{Column, CommandLines, Printer, listing};
use crate::runtime::Runtime;
use crate::secret_tracking::Remembering;
use crate::{compose, prompt};

pub(super) fn run(context: &Context, command: SecretCommand) -> Result<(), CommandError> {
    let secrets = compose::secrets(context)?;
    let connections = compose::connections(context)?;
    let command = Secret {
        context,
        secrets,
        connections,
    }
    .prepare(command)?;
    let Some(command) = command else {
        context.printer.note("nothing was removed");
        return Ok(());
    };
    // The prompt comes before this: it blocks, and Ctrl-C must end it.
    Ok(Runtime::start()?.block_on(command.run())?)
}

struct Secret<'a> {
    context: &'a Context,
    secrets: Secrets,
    connections: TomlConnections,
}

/// A command with everything it needs from its caller.
struct PreparedSecret<'a> {
    secret: Secret<'a>,
    work: SecretWork,
}

enum SecretWork {
    Keep(CredentialRef, SecretString, Writing),
    Check(CredentialRef),
    List,
    Remove(CredentialRef),
    Rekey(NewKey),
}

impl<'a> Secret<'a> {
    /// `None` when the user declines.
    fn prepare(self, command: SecretCommand) -> Result<Option<PreparedSecret<'a>>, Failure> {
        let work = match command {
            SecretCommand::Set { reference } => self.keep(&reference, Writing::Create)?,
            SecretCommand::Rotate { reference } => self.keep(&reference, Writing::Replace)?,
            SecretCommand::Check { reference } => SecretWork::Check(reference.parse()?),
            SecretCommand::List => SecretWork::List,
            SecretCommand::Remove {
                reference,
                force,
                yes,
            } => {
                let reference = reference.parse()?;
                if !force {
                    self.uses().require_unused(&reference)?;
                }
                let place = self.secrets.place(&reference);
                let question = format!("Remove the secret from {place} permanently?");
                if !yes && !prompt::confirmed(&self.context.printer, &question) {
                    return Ok(None);
                }
                SecretWork::Remove(reference)
            }
            SecretCommand::Rekey { key_file } => {
                SecretWork::Rekey(key_file.map_or(NewKey::Passphrase, NewKey::KeyFile))
            }
        };
        Ok(Some(PreparedSecret { secret: self, work }))
    }

    fn keep(&self, reference: &str, writing: Writing) -> Result<SecretWork, Failure> {
        let reference: CredentialRef = reference.parse()?;
        self.secrets.writable(&reference)?;
        if writing == Writing::Create {
            self.expect_none(&reference)?;
        }
        let value = prompt::value(&reference)?;
        self.context.seen.remember(&value);
        Ok(SecretWork::Keep(reference, value, writing))
    }

    /// Checks that no secret exists before asking for one. Opens the local vault, so that its
    /// passphrase is requested before the value.
    fn expect_none(&self, reference: &CredentialRef) -> Result<(), Failure> {
        Runtime::start()?.block_on(self.secrets.expect_none(reference))
    }

    /// The users of every secret; none if the file of connections cannot be read.
    fn uses(&self) -> SecretUses {
        SecretUses::of(&self.connections.load().unwrap_or_default())
    }

    /// The connections that use `reference`.
    fn used_by(&self, reference: &CredentialRef) -> Vec<String> {
        self.uses().of_secret(reference).to_vec()
    }
}

impl PreparedSecret<'_> {
    async fn run(self) -> Result<(), Failure> {
        let Self { secret, work } = self;
        let printer = &secret.context.printer;
        match work {
            SecretWork::Keep(reference, value, writing) => {
                let kept = secret.secrets.keep(&reference, value, writing).await?;
                let action = match writing {
                    Writing::Create => "set",
                    Writing::Replace => "rotate",
                };
                let document = SecretDocument::new(action, &reference, kept.place.clone())
                    .used_by(secret.used_by(&reference))
                    .notes(kept.notes.clone());
                tell(
                    printer,
                    &document,
                    &format!("kept in {}", kept.place),
                    &kept.notes,
                );
                if writing == Writing::Create && !printer.is_json() {
                    printer.note(&format!("use it with --credential {reference}"));
                }
                Ok(())
            }
            SecretWork::Check(reference) => check(&secret, &reference).await,
            SecretWork::List => list(&secret).await,
            SecretWork::Remove(reference) => {
                let place = secret.secrets.place(&reference);
                secret.secrets.remove(&reference).await?;
                let document = SecretDocument::new("remove", &reference, place.clone())
                    .used_by(secret.used_by(&reference));
                tell(printer, &document, &format!("removed from {place}"), &[]);
                Ok(())
            }
            SecretWork::Rekey(key) => {
                let notes = secret.secrets.rekey(key).await?;
                let vault = CredentialRef::LocalVault("*".to_owned());
                let place = "the local vault".to_owned();
                let document = SecretDocument::new("rekey", &vault, place).notes(notes.clone());
                tell(
                    printer,
                    &document,
                    "the local vault has another key",
                    &notes,
                );
                Ok(())
            }
        }
    }
}

/// Reads the secret, at the user's request, and drops it.
async fn check(secret: &Secret<'_>, reference: &CredentialRef) -> Result<(), Failure> {
    let printer = &secret.context.printer;
    let place = secret.secrets.place(reference);
    let used_by = secret.used_by(reference);
    // The user's command is the consent; nothing goes to a provider.
    let permit = NetworkGate::Open.permit([])?;
    let resolver = Remembering::new(
        std::sync::Arc::new(secret.secrets.clone()),
        secret.context.seen.clone(),
        secret.context.resolved,
    );
    let resolved = resolver
        .resolve(&permit, reference)
        .await
        .map_err(|failure| failure.cause(format!("checked {place} only")))?;
    let shape = if holds_token(resolved.value.expose_secret()) {
        "looks like a vendor's token"
    } else {
        "does not look like a known vendor's token"
    };
    let found = format!("{}, {shape}", resolved.found);
    drop(resolved);
    let flaws = resolver.inspect(reference).await;
    if printer.is_json() {
        let document =
            SecretDocument::new("check", reference, place).warnings(&flaws, &CommandLines);
        printer.document(&document.found(found).used_by(used_by));
        return Ok(());
    }
    printer.line(&format!("{:<10}{reference}", "reference"));
    printer.wrapped(&format!("{:<10}{place}", "place"));
    printer.wrapped(&format!("{:<10}{found}", "found"));
    printer.line(&format!("{:<10}{}", "used by", or_nobody(&used_by)));
    for flaw in &flaws {
        printer.warning(flaw);
    }
    Ok(())
}

/// Lists the references of connections, and the other entries of stores that can be listed.
async fn list(secret: &Secret<'_>) -> Result<(), Failure> {
    let printer = &secret.context.printer;
    let mut uses = secret.uses();
    let mut warnings = Vec::new();
    // A broken file of connections is reported, and does not hide the stored secrets.
    warnings.extend(secret.connections.load().err());
    for shelf in [Shelf::LocalVault, Shelf::Keyring] {
        match secret.secrets.list(shelf).await {
            Ok(references) => uses = uses.with(&references),
            Err(failure) => warnings.push(failure),
        }
    }
    let known = uses.all();
    let place = |reference: &CredentialRef| secret.secrets.place(reference);
    if printer.is_json() {
        let views = known
            .iter()
            .map(|(reference, used_by)| {
                SecretView::new(reference, place(reference), used_by.clone())
            })
            .collect();
        printer.document(&SecretsDocument::new(views, &warnings, &CommandLines));
        return Ok(());
    }
    if known.is_empty() {
        printer.note("no connection refers to a secret, and no store that can be listed holds one");
    } else {
        let rows = known
            .iter()
            .map(|(reference, used_by)| {
                vec![reference.to_string(), or_nobody(used_by), place(reference)]
            })
            .collect();
        printer.line(&listing(&COLUMNS, rows));
    }
    for warning in &warnings {
        printer.warning(warning);
    }
    Ok(())
}

fn tell(printer: &Printer, document: &SecretDocument, done: &str, notes: &[String]) {
    if printer.is_json() {
        printer.document(document);
        return;
    }
    printer.line(done);
    for note in notes {
        printer.note(note);
    }
}

const COLUMNS: [Column<'static>; 3] = [
    Column::new("REFERENCE"),
    Column::new("USED BY").cut(8).drop(2),
    Column::new("PLACE").cut(12).drop(1),
];

fn or_nobody(used_by: &[String]) -> String {
    match used_by {
        [] => "nobody".to_owned(),
        names => names.join(", "),
    }
}
