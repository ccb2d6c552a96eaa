//! The sealed form of the local vault: an armored age file, compatible with the age program.
//! Independent of file and plaintext.

use std::io::{ErrorKind, Read as _, Write as _};

use age::armor::{ArmoredReader, ArmoredWriter, Format};
use age::{DecryptError, Decryptor, EncryptError, Encryptor, Identity, Recipient, scrypt};
use secrecy::zeroize::Zeroizing;
use synapse_core::{Code, Failure};

use super::key::Key;

/// The kind of key of a sealed vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SealKind {
    /// A key file.
    KeyFile,
    /// A passphrase.
    Passphrase,
}

/// A sealed vault with a parsed header.
pub(super) struct Sealed<'a> {
    sealed: &'a [u8],
    decryptor: Decryptor<ArmoredReader<std::io::BufReader<&'a [u8]>>>,
    length: usize,
}

impl<'a> Sealed<'a> {
    /// Parses the header of a file's content.
    ///
    /// # Errors
    /// `credential.vault-truncated`, `credential.vault-newer-format`, `credential.vault-tampered`.
    pub(super) fn parse(sealed: &'a [u8]) -> Result<Self, Failure> {
        let text = sealed.trim_ascii();
        let begun = |beginning: &[u8]| beginning.starts_with(text) || text.starts_with(beginning);
        if !begun(BEGIN) && !begun(INTRODUCTION) {
            return Err(tampered("it is not an age file"));
        }
        if BEGIN.starts_with(text) || (text.starts_with(BEGIN) && !text.ends_with(END)) {
            return Err(truncated());
        }
        let decryptor =
            Decryptor::new(ArmoredReader::new(sealed)).map_err(|error| match error {
                // age reports this for every header it cannot read, also for one of its own
                // version.
                DecryptError::UnknownFormat if !is_newer(sealed) => {
                    judge(DecryptError::InvalidHeader)
                }
                error => judge(error),
            })?;
        Ok(Self {
            sealed,
            decryptor,
            length: sealed.len(),
        })
    }

    /// The kind of key that opens it.
    pub(super) fn lid(&self) -> SealKind {
        if self.decryptor.is_scrypt() {
            SealKind::Passphrase
        } else {
            SealKind::KeyFile
        }
    }

    /// The kind of key that opens it, if the armor is complete as well. The content cannot be
    /// checked without the key.
    ///
    /// # Errors
    /// `credential.vault-tampered`, `credential.vault-truncated`.
    pub(super) fn whole(self) -> Result<SealKind, Failure> {
        let lid = self.lid();
        let mut armor = ArmoredReader::new(self.sealed);
        match std::io::copy(&mut armor, &mut std::io::sink()) {
            Ok(_) => Ok(lid),
            Err(error) => Err(judge(DecryptError::Io(error))),
        }
    }

    /// Decrypts its content.
    ///
    /// # Errors
    /// `credential.vault-wrong-key`, `credential.vault-tampered`, `credential.vault-truncated`.
    pub(super) fn open(self, key: &Key) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let opened = match key {
            Key::Identity(identity) => {
                let identity: &dyn Identity = identity;
                self.decryptor.decrypt(std::iter::once(identity))
            }
            Key::Passphrase(passphrase) => {
                let mut identity = scrypt::Identity::new(passphrase.clone());
                identity.set_max_work_factor(MAX_WORK_FACTOR);
                let identity: &dyn Identity = &identity;
                self.decryptor.decrypt(std::iter::once(identity))
            }
        };
        // The plaintext is shorter than the sealed text: the vector never grows.
        let mut plain = Zeroizing::new(Vec::with_capacity(self.length + SPARE));
        opened
            .map_err(judge)?
            .read_to_end(&mut plain)
            .map_err(|error| judge(DecryptError::Io(error)))?;
        Ok(plain)
    }
}

/// Seals `plain`.
///
/// # Errors
/// `internal.invariant` when age refuses, which it does not for one recipient.
pub(super) fn seal(key: &Key, plain: &[u8]) -> Result<Vec<u8>, Failure> {
    match key {
        Key::Identity(identity) => seal_to(&identity.to_public(), plain),
        Key::Passphrase(passphrase) => {
            let mut recipient = scrypt::Recipient::new(passphrase.clone());
            recipient.set_work_factor(WORK_FACTOR);
            seal_to(&recipient, plain)
        }
    }
    // age's messages include all of its translations, a tenth of this program; they would add
    // nothing, because writing to memory for one recipient never fails.
    .map_err(|_| {
        Failure::new(
            Code::InternalInvariant,
            "the local vault could not be sealed; nothing was written",
        )
    })
}

fn seal_to(recipient: &dyn Recipient, plain: &[u8]) -> Result<Vec<u8>, EncryptError> {
    let armor = ArmoredWriter::wrap_output(Vec::new(), Format::AsciiArmor)?;
    let encryptor = Encryptor::with_recipients(std::iter::once(recipient))?;
    let mut writer = encryptor.wrap_output(armor)?;
    writer.write_all(plain)?;
    Ok(writer.finish()?.finish()?)
}

/// Whether the first line names a newer version of age.
fn is_newer(sealed: &[u8]) -> bool {
    let mut line = Vec::new();
    // Unreadable bytes are not a version.
    drop(
        ArmoredReader::new(sealed)
            .take(VERSION_LINE)
            .read_to_end(&mut line),
    );
    let version = line.strip_prefix(b"age-encryption.org/v");
    version.is_some_and(|version| !version.starts_with(b"1\n"))
}

fn judge(error: DecryptError) -> Failure {
    match error {
        DecryptError::NoMatchingKeys
        | DecryptError::KeyDecryptionFailed
        | DecryptError::DecryptionFailed => Failure::new(
            Code::CredentialVaultWrongKey,
            "the key does not open the local vault",
        )
        .cause("it was sealed under another key or passphrase")
        .hint("give the key that it was sealed with; it cannot be opened otherwise"),
        DecryptError::UnknownFormat => Failure::new(
            Code::CredentialVaultNewerFormat,
            "the local vault is sealed in a newer format",
        )
        .cause("its age version is not known here; it was not changed")
        .hint("use the newer Synapse"),
        DecryptError::Io(error) if error.kind() == ErrorKind::UnexpectedEof => truncated(),
        DecryptError::ExcessiveWork { .. } => {
            tampered("its passphrase has a higher work factor than Synapse uses")
        }
        DecryptError::InvalidMac => tampered("the authentication of its header fails"),
        DecryptError::InvalidHeader => tampered("its header is not that of an age file"),
        _ => tampered("the authentication of its content fails"),
    }
}

fn truncated() -> Failure {
    Failure::new(Code::CredentialVaultTruncated, "the local vault is cut off")
        .cause("the end of the file is missing; it was not changed")
        .hint("restore it from a backup")
}

fn tampered(cause: &str) -> Failure {
    Failure::new(
        Code::CredentialVaultTampered,
        "the local vault was changed by something other than Synapse",
    )
    .cause(cause)
    .cause("it was not changed now")
    .hint("restore it from a backup, and find out who wrote to it")
}

/// The beginning of an unarmored age file.
const INTRODUCTION: &[u8] = b"age-encryption.org/";
const BEGIN: &[u8] = b"-----BEGIN AGE ENCRYPTED FILE-----";
const END: &[u8] = b"-----END AGE ENCRYPTED FILE-----";
/// The default of the age program: about a second and 256 MiB on a current desktop. Fixed rather
/// than measured, so that a busy machine does not seal more weakly.
const WORK_FACTOR: u8 = 18;
/// Four times the work. A file that requires more is an attempt to keep this machine busy.
const MAX_WORK_FACTOR: u8 = 20;
/// More than the first line of any version.
const VERSION_LINE: u64 = 32;
/// `read_to_end` needs spare room to detect the end.
const SPARE: usize = 64;
