//! The state of a key, as far as it is visible without reading it.

use std::path::{Path, PathBuf};

use synapse_core::NetworkGate;
use synapse_core::checklist::KeyFact;
use synapse_core::credential::CredentialRef;
use synapse_core::ports::SecretWriter as _;

use super::{Secrets, file};

impl Secrets {
    /// The file that `reference` names, if it names one.
    #[must_use]
    pub fn file(&self, reference: &CredentialRef) -> Option<PathBuf> {
        match reference {
            CredentialRef::File(written) => file::expand(written, self.user_home.as_deref()).ok(),
            _ => None,
        }
    }

    /// The state of the key at `reference`. Reads no key: a file is only examined, and a variable is
    /// only looked up if the gate is open.
    #[must_use]
    pub fn seen(&self, reference: Option<&CredentialRef>, gate: NetworkGate) -> KeyFact {
        let Some(reference) = reference else {
            return KeyFact::NotNeeded;
        };
        if let Some(file) = self.file(reference) {
            return of_file(&file);
        }
        match (reference, gate) {
            (CredentialRef::Env(name), NetworkGate::Open) if (self.environment)(name).is_none() => {
                KeyFact::Unusable("not set".to_owned())
            }
            _ => KeyFact::Unseen(format!("{}; not read", self.place(reference))),
        }
    }
}

fn of_file(file: &Path) -> KeyFact {
    match std::fs::metadata(file) {
        Ok(found) if !found.is_file() => KeyFact::Unusable("that is not a file".to_owned()),
        Ok(found) if found.len() == 0 => KeyFact::Unusable("the file is empty".to_owned()),
        Ok(found) if is_open_to_others(&found) => {
            KeyFact::Unusable("other users may read it".to_owned())
        }
        Ok(_) => KeyFact::There("a file that only you can read".to_owned()),
        Err(error) => KeyFact::Unusable(error.kind().to_string()),
    }
}

#[cfg(unix)]
fn is_open_to_others(found: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;

    found.permissions().mode() & 0o077 != 0
}

#[cfg(not(unix))]
fn is_open_to_others(_found: &std::fs::Metadata) -> bool {
    false
}
