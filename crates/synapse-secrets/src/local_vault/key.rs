//! The key of the local vault: an age identity in its own file, or a passphrase.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};
use synapse_core::{Code, Failure};
use synapse_home::atomic;
use synapse_home::atomic::create_directory;
use synapse_home::failure::shown;

use super::super::file::{self, Modes};

/// Opens and seals the vault.
pub(super) enum Key {
    Identity(age::x25519::Identity),
    Passphrase(SecretString),
}

/// Expands the path in the variable.
pub(super) fn path(written: &OsStr, user_home: Option<&Path>) -> Result<PathBuf, Failure> {
    let path = match written.to_str() {
        Some(text) => file::expand(text, user_home)?,
        None => PathBuf::from(written),
    };
    if path.is_absolute() {
        return Ok(path);
    }
    Err(invalid(
        &path,
        "the key file of the local vault needs an absolute path",
    )
    .cause("an IDE starts Synapse in a directory of its own choice"))
}

/// Reads the key file at `path`, with the rules of a credential file except for its format: that of
/// `age-keygen`, one identity and lines that begin with `#`.
pub(super) fn read(path: &Path) -> Result<Key, Failure> {
    let (bytes, _) =
        file::read_bytes(path, Modes::OwnerOnly).map_err(|failure| unusable(path, failure))?;
    let text = str::from_utf8(&bytes).map_err(|_| not_a_key(path))?;
    let mut lines = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let (Some(line), None) = (lines.next(), lines.next()) else {
        return Err(not_a_key(path));
    };
    line.parse().map(Key::Identity).map_err(|_| not_a_key(path))
}

/// Checks that the key file at `path` exists and is private, without reading it.
pub(super) fn look(path: &Path) -> Result<(), Failure> {
    file::look(path, Modes::OwnerOnly)
        .map(drop)
        .map_err(|failure| unusable(path, failure))
}

fn unusable(path: &Path, failure: Failure) -> Failure {
    let wrapped =
        invalid(path, "the key file of the local vault cannot be used").caused_by(&failure);
    // What makes a credential file is not what makes a key file.
    if failure.code() == Code::CredentialMissing {
        return wrapped.hint("point SYNAPSE_VAULT_KEY_FILE at the file, or restore it");
    }
    wrapped.with_hints(failure.hints().to_vec())
}

/// Creates a key file at `path` unless there is one; returns whether it did.
pub(super) fn make(path: &Path) -> Result<bool, Failure> {
    if path.symlink_metadata().is_ok() {
        return Ok(false);
    }
    if let Some(parent) = path.parent() {
        create_directory(parent)?;
    }
    let identity = age::x25519::Identity::generate();
    let secret = identity.to_string();
    let mut content = Zeroizing::new(Vec::with_capacity(CAPACITY));
    for part in [
        "# The key of a local vault of Synapse; it opens with age -d -i too.\n# public key: ",
        &identity.to_public().to_string(),
        "\n",
        secret.expose_secret(),
        "\n",
    ] {
        content.extend_from_slice(part.as_bytes());
    }
    atomic::create(path, &content)
}

fn not_a_key(path: &Path) -> Failure {
    invalid(path, "the key file of the local vault holds no age key")
        .cause("it has one line with an identity, and perhaps lines that begin with `#`")
        .hint("use a file that Synapse or age-keygen made; its content is not shown here")
}

fn invalid(path: &Path, message: &str) -> Failure {
    Failure::new(Code::CredentialVaultKeyInvalid, message).with("key_file", shown(path))
}

/// More than the longest content.
const CAPACITY: usize = 512;
