//! The key: a stored one, a typed one, an environment variable, or a reference. A typed key is held
//! in memory until it is proven; only a reference goes into the connection.

use secrecy::{ExposeSecret as _, SecretString};
use synapse_core::connection::Draft;
use synapse_core::credential::CredentialRef;
use synapse_core::error::{Code, Failure};
use synapse_core::ports::{SecretWriter as _, Shelf};
use synapse_core::provider::{ProviderKind, TokenNeed};

use super::connect::NextStep;
use super::provider::variable;
use super::{Setup, Stop, flag, missing};
use crate::prompt;

/// A way to provide a key.
enum KeyInput {
    /// No key: nothing is read and nothing is sent.
    None,
    /// An already stored key.
    Kept(CredentialRef),
    /// A typed key.
    Typed,
    /// The variable, in every environment that Synapse runs in.
    Variable(&'static str),
    /// The variable's value, copied to a store.
    Copied(&'static str),
    /// A reference to any store.
    Elsewhere,
}

impl Setup<'_> {
    /// Decides the credential of the draft.
    pub(super) fn key(&mut self, kind: ProviderKind, draft: &mut Draft) -> Result<NextStep, Stop> {
        self.step = "the key";
        if let Some(reference) = &draft.credential {
            if self.given.key_stdin {
                let reference: CredentialRef = reference.parse()?;
                self.secrets.writable(&reference)?;
                let value = prompt::value(&reference)?;
                self.hold(reference, value);
            }
            return Ok(NextStep::Gate);
        }
        let profile = kind.profile();
        if self.asker.is_none() {
            return match profile.token {
                TokenNeed::Required => Err(missing("--credential")),
                TokenNeed::Optional => Ok(NextStep::Gate),
            };
        }
        self.note("");
        if profile.token == TokenNeed::Required {
            self.note(&format!(
                "A key of {}: {}",
                profile.title, profile.token_page
            ));
        }
        let kept = self.wait(self.kept(kind))?;
        let ways = self.ways(kind, kept);
        let options: Vec<String> = ways.iter().map(described).collect();
        let Some(asker) = &self.asker else {
            return Err(missing("--credential"));
        };
        let chosen = asker.one_of("Which key?", &options, 0)?;
        let question = format!("Key of {}", profile.title);
        let reference = match ways.get(chosen) {
            None | Some(KeyInput::None) => return Ok(NextStep::Gate),
            Some(KeyInput::Kept(reference)) => reference.clone(),
            Some(KeyInput::Variable(name)) => CredentialRef::Env((*name).to_owned()),
            Some(KeyInput::Typed) => {
                let value = loop {
                    let typed = asker.secret(&question)?;
                    if !typed.expose_secret().trim().is_empty() {
                        break typed;
                    }
                    self.note("nothing was typed");
                };
                self.placed(kind, value)?
            }
            Some(KeyInput::Copied(name)) => self.placed(kind, self.copied(name)?)?,
            Some(KeyInput::Elsewhere) => {
                let text =
                    asker.text("Reference, such as op://VAULT/ITEM/FIELD or pass:PATH:", "")?;
                match text.parse() {
                    Ok(reference) => reference,
                    Err(failure) => {
                        self.printer().failure(&failure);
                        return Ok(NextStep::Key);
                    }
                }
            }
        };
        let reference = reference.to_string();
        let credential = flag("--credential", Some(&reference));
        self.same_as(&format!("synapse connection create …{credential}"));
        draft.credential = Some(reference);
        Ok(NextStep::Gate)
    }

    fn ways(&self, kind: ProviderKind, kept: Vec<CredentialRef>) -> Vec<KeyInput> {
        let mut ways: Vec<KeyInput> = kept.into_iter().map(KeyInput::Kept).collect();
        if kind.profile().token == TokenNeed::Optional {
            ways.insert(0, KeyInput::None);
        }
        ways.push(KeyInput::Typed);
        if let Some(name) = variable(kind).filter(|name| self.is_there(name)) {
            ways.extend([KeyInput::Copied(name), KeyInput::Variable(name)]);
        }
        ways.push(KeyInput::Elsewhere);
        ways
    }

    fn is_there(&self, name: &str) -> bool {
        self.context.environment.variable(name).is_some()
    }

    /// The value of a variable that the user wants to store.
    fn copied(&self, name: &str) -> Result<SecretString, Failure> {
        let value = self.context.environment.variable(name);
        let value = value.and_then(|value| value.into_string().ok());
        value.map(SecretString::from).ok_or_else(|| {
            Failure::new(
                Code::CredentialMalformed,
                format!("{name} does not hold a token"),
            )
            .cause("it is not UTF-8 text")
        })
    }

    /// The usual references of this provider's key that exist already. The local vault is excluded,
    /// because checking it would ask for its passphrase.
    async fn kept(&self, kind: ProviderKind) -> Vec<CredentialRef> {
        let mut kept = Vec::new();
        let name = kind.as_str();
        if let Ok(listed) = self.secrets.list(Shelf::Keyring).await {
            let account = |each: &CredentialRef| matches!(each, CredentialRef::Keyring(account) if account == name);
            kept.extend(listed.into_iter().filter(account));
        }
        if let Ok(file) = self.file(name)
            && let Err(failure) = self.secrets.expect_none(&file).await
            && failure.code() == Code::CredentialExists
        {
            kept.push(file);
        }
        kept
    }

    /// Asks where to store `value`, and holds it for that reference.
    fn placed(&self, kind: ProviderKind, value: SecretString) -> Result<CredentialRef, Stop> {
        let Some(asker) = &self.asker else {
            return Err(missing("--credential"));
        };
        let places = self.wait(self.places(kind))??;
        let options: Vec<String> = places
            .iter()
            .map(|place| {
                let reference = place.to_string();
                format!("{reference:<30}  {}", kind_of(place))
            })
            .collect();
        let chosen = asker.one_of("Where is it kept?", &options, 0)?;
        let place = places.get(chosen).or_else(|| places.first());
        let place = place.ok_or_else(|| missing("--credential"))?.clone();
        // Opens the vault now, so that nothing interrupts once the key is proven.
        self.wait(self.secrets.expect_none(&place))??;
        self.hold(place.clone(), value);
        self.same_as(&format!(
            "synapse secret set {}",
            super::quote_text(&place.to_string())
        ));
        Ok(place)
    }

    /// Where a new key can be stored: the keyring if available, then a file, then the vault.
    async fn places(&self, kind: ProviderKind) -> Result<Vec<CredentialRef>, Failure> {
        let base = kind.as_str();
        let keyring = self.secrets.list(Shelf::Keyring).await.ok();
        let mut name = base.to_owned();
        for number in 2.. {
            let listed = keyring.iter().flatten();
            let in_keyring = listed
                .into_iter()
                .any(|each| matches!(each, CredentialRef::Keyring(account) if *account == name));
            let file = self.file(&name)?;
            if !in_keyring && self.secrets.expect_none(&file).await.is_ok() {
                break;
            }
            name = format!("{base}-{number}");
        }
        let mut places = Vec::new();
        if keyring.is_some() {
            places.push(CredentialRef::Keyring(name.clone()));
        }
        places.push(self.file(&name)?);
        places.push(CredentialRef::LocalVault(name));
        Ok(places)
    }

    /// The file for a key of that name, in Synapse's directory.
    fn file(&self, name: &str) -> Result<CredentialRef, Failure> {
        let environment = &self.context.environment;
        let directory = if environment.has_own_home() {
            environment.synapse_home()?.display().to_string()
        } else {
            "~/.synapse".to_owned()
        };
        format!("file:{directory}/{name}.token").parse()
    }

    /// Holds a value until it is proven; from now on it is kept out of all output.
    fn hold(&self, reference: CredentialRef, value: SecretString) {
        let trimmed = SecretString::from(value.expose_secret().trim());
        self.context.seen.remember(&trimmed);
        self.pending.hold(reference, trimmed);
    }
}

fn kind_of(place: &CredentialRef) -> &'static str {
    match place {
        CredentialRef::Keyring(_) => "this system's keyring",
        CredentialRef::File(_) => "a file that only you can read",
        _ => "Synapse's own encrypted vault",
    }
}

fn described(way: &KeyInput) -> String {
    match way {
        KeyInput::None => "None: this server takes none".to_owned(),
        KeyInput::Kept(reference) => format!("The one that is kept: {reference}"),
        KeyInput::Typed => "Paste one; it is not shown".to_owned(),
        KeyInput::Variable(name) => {
            format!("The variable {name}, wherever it is set; an IDE may not have it")
        }
        KeyInput::Copied(name) => format!("Keep a copy of the variable {name}"),
        KeyInput::Elsewhere => "Refer to one elsewhere: op://, pass:, vault:, cmd:, …".to_owned(),
    }
}
