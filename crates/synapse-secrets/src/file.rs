//! `file:` references: one line of a regular file that only its owner can read. Writes such files
//! atomically.

use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};
use synapse_core::credential::CredentialRef;
use synapse_core::ports::{ResolvedSecret, Writing};
use synapse_core::shell::quote;
use synapse_core::{Code, Failure, Remedy};
#[cfg(unix)]
use synapse_files::ModeSupport;
use synapse_files::{self as file, Found, same_file};
use synapse_home::Home;
use synapse_home::atomic;
use synapse_home::atomic::create_directory;
use synapse_home::failure::{rely_on, shown, writing as writing_failure};

use super::Secrets;
use super::bounded::bounded;
use super::content::{self, MAX_LENGTH};

/// Reads the credential file at `written`, where a leading `~/` is the user's home.
pub(super) async fn resolve(secrets: &Secrets, written: &str) -> Result<ResolvedSecret, Failure> {
    let path = expand(written, secrets.user_home.as_deref())?;
    if let Some(home) = &secrets.home {
        guarded(home, &path)?;
    }
    read(secrets, path, Modes::OwnerOnly).await
}

/// Refuses a file in our own directory when other users can replace it.
pub(super) fn guarded(home: &Home, path: &Path) -> Result<(), Failure> {
    let Some(parent) = path.parent() else {
        return Ok(());
    };
    let in_secrets = same_file(parent, &home.secrets());
    if in_secrets {
        rely_on(home, parent)?;
    } else if !same_file(parent, home.directory()) {
        return Ok(());
    }
    let Err(refusal) = rely_on(home, path) else {
        return Ok(());
    };
    // For the file alone, the mode that a secret needs is the whole remedy.
    rely_on(home, home.directory())?;
    match std::fs::metadata(path) {
        Ok(found) if found.is_file() => check_mode(path, &found).and(Err(refusal)),
        _ => Err(refusal),
    }
}

/// The party responsible for the mode of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Modes {
    /// It must exclude all other users.
    OwnerOnly,
    /// The creator of the file protects the directory.
    OfTheSystem,
}

/// Writes `value` to the file at `written`, readable only by its owner.
pub(super) fn keep(
    written: &str,
    user_home: Option<&Path>,
    value: &SecretString,
    writing: Writing,
) -> Result<(), Failure> {
    let path = expand(written, user_home)?;
    let mut content = Zeroizing::new(Vec::with_capacity(MAX_LENGTH + 1));
    content.extend_from_slice(value.expose_secret().as_bytes());
    content.push(b'\n');
    match writing {
        Writing::Create => {
            if let Some(parent) = path.parent() {
                create_directory(parent)?;
            }
            if atomic::create(&path, &content)? {
                return Ok(());
            }
            Err(exists(written, &path))
        }
        Writing::Replace => {
            existing(&path)?;
            atomic::replace(&path, &content)
        }
    }
}

/// Fails when `written` exists, including as a dangling link.
pub(super) fn expect_none(written: &str, user_home: Option<&Path>) -> Result<(), Failure> {
    let path = expand(written, user_home)?;
    match path.symlink_metadata() {
        Ok(_) => Err(exists(written, &path)),
        Err(_) => Ok(()),
    }
}

fn exists(written: &str, path: &Path) -> Failure {
    super::exists(
        &format!("a file {}", shown(path)),
        CredentialRef::File(written.to_owned()),
    )
    .with("file", shown(path))
}

/// Removes the file at `written`; for a symbolic link, the link and its target.
pub(super) fn remove(written: &str, user_home: Option<&Path>) -> Result<(), Failure> {
    let path = expand(written, user_home)?;
    existing(&path)?;
    let failed = |error: io::Error| writing_failure(&path, &error);
    let target = std::fs::canonicalize(&path).map_err(failed)?;
    std::fs::remove_file(&target).map_err(failed)?;
    if path.is_symlink() {
        std::fs::remove_file(&path).map_err(failed)?;
    }
    Ok(())
}

/// Checks that there is a regular file, whatever its content.
fn existing(path: &Path) -> Result<(), Failure> {
    match std::fs::metadata(path) {
        Ok(found) if found.is_file() => Ok(()),
        Ok(found) => Err(not_a_file(path, file::describe(found.file_type()))),
        Err(error) if is_missing(&error) => Err(missing(path)),
        Err(error) => Err(unreadable(path, &error)),
    }
}

/// Reads the single line of the file at `path`. Usually takes microseconds; on a network file
/// system without its server it never ends.
pub(super) async fn read(
    secrets: &Secrets,
    path: PathBuf,
    modes: Modes,
) -> Result<ResolvedSecret, Failure> {
    let shown_path = shown(&path);
    let store = format!("the file system of {shown_path}");
    bounded(secrets.deadline, &store, move || read_now(&path, modes))
        .await
        .map_err(|failure| failure.with("file", shown_path))
}

fn read_now(path: &Path, modes: Modes) -> Result<ResolvedSecret, Failure> {
    let (bytes, mode) = read_bytes(path, modes)?;
    let value = content::check(&bytes)
        .map_err(|flaw| flaw.failure(&format!("the credential file {}", shown(path))))?;
    Ok(ResolvedSecret {
        value,
        found: format!("regular file, {mode}one line"),
    })
}

/// Checks that [`read_bytes`] may read the file, without reading it. Returns its mode as text,
/// followed by a comma.
pub(super) fn look(path: &Path, modes: Modes) -> Result<String, Failure> {
    let metadata = match file::open(path) {
        Ok(Found::Regular(_, metadata)) => metadata,
        Ok(Found::Other(what)) => return Err(not_a_file(path, what)),
        Err(error) if is_missing(&error) => return Err(missing(path)),
        Err(error) => return Err(unreadable(path, &error)),
    };
    if metadata.len() == 0 && modes == Modes::OwnerOnly {
        let place = format!("the credential file {}", shown(path));
        return Err(content::CredentialFlaw::Empty.failure(&place));
    }
    match modes {
        Modes::OwnerOnly => check_mode(path, &metadata),
        Modes::OfTheSystem => Ok(String::new()),
    }
}

/// Reads a small regular file with the rules of a credential file, except those on its content.
/// Returns its mode as text, followed by a comma.
pub(super) fn read_bytes(
    path: &Path,
    modes: Modes,
) -> Result<(Zeroizing<Vec<u8>>, String), Failure> {
    let (file, metadata) = match file::open(path) {
        Ok(Found::Regular(file, metadata)) => (file, metadata),
        Ok(Found::Other(what)) => return Err(not_a_file(path, what)),
        Err(error) if is_missing(&error) => return Err(missing(path)),
        Err(error) => return Err(unreadable(path, &error)),
    };
    let mode = match modes {
        Modes::OwnerOnly => check_mode(path, &metadata)?,
        Modes::OfTheSystem => String::new(),
    };
    let bytes = read_all(file, &metadata).map_err(|error| unreadable(path, &error))?;
    Ok((bytes, mode))
}

/// Expands `written` to a path.
pub(super) fn expand(written: &str, user_home: Option<&Path>) -> Result<PathBuf, Failure> {
    let Some(rest) = written.strip_prefix("~/") else {
        return Ok(PathBuf::from(written));
    };
    // Component by component, because the system may have another separator.
    let rest: PathBuf = Path::new(rest).components().collect();
    user_home.map(|home| home.join(rest)).ok_or_else(|| {
        Failure::new(
            Code::CredentialMissing,
            "the credential file is under `~`, and there is no home directory",
        )
        .cause("the environment has no home directory")
        .hint("write the reference with an absolute path, file:/absolute/path")
    })
}

/// Reads one byte beyond the limit, so that a longer file is detected instead of truncated.
fn read_all(file: File, metadata: &Metadata) -> io::Result<Zeroizing<Vec<u8>>> {
    let most = MAX_LENGTH + "\r\n".len() + 1;
    let length = match usize::try_from(metadata.len()) {
        // Some file systems generate a file's content when it is read.
        Ok(0) | Err(_) => most,
        Ok(length) => most.min(length),
    };
    // Large enough from the start, because a growing vector leaves its old buffer in memory; and no
    // larger, because all of it is wiped.
    let mut bytes = Zeroizing::new(Vec::with_capacity(length + READ_AHEAD));
    file.take(u64::try_from(length + 1).unwrap_or(u64::MAX))
        .read_to_end(&mut bytes)?;
    if bytes.len() > length && length < most {
        Err(io::Error::other("it grew while it was read"))
    } else {
        Ok(bytes)
    }
}

fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

fn missing(path: &Path) -> Failure {
    let failure = Failure::new(
        Code::CredentialMissing,
        format!("there is no credential file {}", shown(path)),
    );
    let failure = if path.is_symlink() {
        failure.cause("there is a symbolic link, but its target does not exist")
    } else {
        failure
    };
    failure.remedy(
        "create it; the token is asked for and not shown",
        &Remedy::StoreSecret {
            reference: CredentialRef::File(shown(path)),
        },
    )
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::new(
        Code::CredentialUnreadable,
        format!("the credential file {} cannot be read", shown(path)),
    )
    .caused_by(error)
    .shell(
        "check owner and permissions of the file and of every directory above it",
        format!("ls -ld {}", quote(path)),
    )
}

fn not_a_file(path: &Path, what: &str) -> Failure {
    Failure::new(
        Code::CredentialNotAFile,
        format!("{} is {what} and not a credential file", shown(path)),
    )
    .hint("point the reference at a regular file; a symbolic link to one is fine")
    .with("found", what)
}

/// The mode as text, followed by a comma.
#[cfg(unix)]
fn check_mode(path: &Path, metadata: &Metadata) -> Result<String, Failure> {
    use std::os::unix::fs::PermissionsExt as _;

    let mode = metadata.permissions().mode() & 0o7777;
    if mode & GROUP_AND_OTHERS == 0 {
        return Ok(format!("mode {mode:04o}, "));
    }
    if ModeSupport::of(path) == ModeSupport::Ignored {
        return Ok("on a file system that keeps no modes, ".to_owned());
    }
    let failure = Failure::new(
        Code::CredentialModeTooOpen,
        format!(
            "other users of this machine may use the credential file {}",
            shown(path)
        ),
    )
    .cause(format!("its mode is {mode:04o}; it was not read"))
    .shell(
        "let only its owner read and write it",
        format!("chmod 600 {}", quote(path)),
    )
    .with("mode", format!("{mode:04o}"));
    Err(failure)
}

#[cfg(not(unix))]
fn check_mode(_path: &Path, _metadata: &Metadata) -> Result<String, Failure> {
    Ok(String::new())
}

#[cfg(unix)]
const GROUP_AND_OTHERS: u32 = 0o077;
/// `read_to_end` needs a spare 32 bytes to detect the end.
const READ_AHEAD: usize = 64;
