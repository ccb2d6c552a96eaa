//! Maps operating system and SQLite errors to `storage.*` codes, with the path.

use std::io::{self, ErrorKind, Write as _};
use std::path::Path;

use rusqlite::ErrorCode;
use synapse_core::redact::printable;
use synapse_core::shell::quote;
use synapse_core::{Code, Failure, Remedy};
use synapse_files::{Distrust, FileError, Flaw, Home, ModeSupport};

/// A path for messages.
pub(crate) fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy())
}

/// The failure for a file error.
pub(crate) fn of_file(error: FileError) -> Failure {
    match error {
        FileError::Read { path, source } => reading(&path, &source),
        FileError::Write { path, source } => writing(&path, &source),
        FileError::NotAFile { path, what } => not_a_file(&path, what),
        FileError::NotADirectory { path } => no_directory(&path),
        FileError::Locked { path } => locked(&path),
        FileError::Circle { ref path } => {
            unusable(path, &error).hint("let the link lead to a file")
        }
        FileError::MountPoint { ref path } => unusable(path, &error)
            .hint("mount the directory around it: a file that is a mount point cannot be replaced"),
        FileError::Changed { ref path } | FileError::TooLarge { ref path, .. } => {
            unusable(path, &error)
        }
        error => unusable(Path::new(""), &error),
    }
}

/// Refuses `file`, in `home`, if others can change it or the directory. A file system without modes
/// is accepted, since there is no fix; `synapse doctor` warns.
pub(crate) fn rely_on(home: &Home, file: &Path) -> Result<(), Failure> {
    refuse(home.rely_on(file))
}

pub(crate) fn refuse(examined: Result<(), Distrust>) -> Result<(), Failure> {
    match examined {
        Err(distrust) if distrust.keeping == ModeSupport::Kept => Err(distrusted(&distrust)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// The failure of a file or directory that others can change.
pub(crate) fn distrusted(distrust: &Distrust) -> Failure {
    let path = &distrust.path;
    let failure = Failure::new(
        Code::StorageModeTooOpen,
        format!("other users of this machine may change {}", shown(path)),
    )
    .cause(distrust.flaw.to_string());
    let failure = match (distrust.keeping, distrust.flaw) {
        (ModeSupport::Ignored, _) => failure
            .cause("its file system keeps no modes, so that nothing can be protected there")
            .hint("set SYNAPSE_HOME to a directory on another file system"),
        (ModeSupport::Kept, Flaw::Foreign { user, .. }) => failure.shell(
            "make it yours, if nobody else should use it; or set SYNAPSE_HOME to a directory of \
             your own",
            match distrust.is_directory {
                true => format!("sudo chown -R {user} {}", quote(path)),
                false => format!("sudo chown {user} {}", quote(path)),
            },
        ),
        (ModeSupport::Kept, _) => failure.shell(
            "let only yourself change it, and look whether somebody did",
            format!("chmod go-w {}", quote(path)),
        ),
    };
    failure.with("file", shown(path))
}

fn unusable(path: &Path, error: &FileError) -> Failure {
    Failure::new(
        Code::StorageUnavailable,
        format!("{} cannot be used", shown(path)),
    )
    .cause(printable(&error.to_string()))
    .with("file", shown(path))
}

fn no_directory(path: &Path) -> Failure {
    Failure::new(
        Code::StorageUnavailable,
        format!("{} is not a directory", shown(path)),
    )
    .hint("move it away, or set SYNAPSE_HOME to another directory")
    .with("file", shown(path))
}

/// The failure of an unreadable path.
pub(crate) fn reading(path: &Path, error: &io::Error) -> Failure {
    Failure::new(
        Code::StorageUnavailable,
        format!("{} cannot be read", shown(path)),
    )
    .caused_by(error)
    .hint("check owner and permissions of the file and of every directory above it")
    .with("file", shown(path))
}

/// The failure of a token record that others can read.
pub(crate) fn open_to_others(path: &Path) -> Failure {
    Failure::new(
        Code::OauthStoreUnavailable,
        format!("other users of this machine may read {}", shown(path)),
    )
    .cause("it holds tokens and was not read")
    .shell(
        "close it, and log in again if somebody may have read it",
        format!("chmod 600 {}", quote(path)),
    )
    .with("file", shown(path))
}

/// The failure of something other than a regular file; `what` has an article.
pub(crate) fn not_a_file(path: &Path, what: &str) -> Failure {
    Failure::new(
        Code::StorageUnavailable,
        format!("{} is {what}, a regular file is needed", shown(path)),
    )
    .hint("move it away, or set SYNAPSE_HOME to another directory")
    .with("file", shown(path))
}

/// The failure of an unwritable path.
pub(crate) fn writing(path: &Path, error: &io::Error) -> Failure {
    let code = match error.kind() {
        ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => Code::StorageReadOnly,
        kind if is_of_room(kind) => Code::StorageDiskFull,
        _ => Code::StorageUnavailable,
    };
    unwritable(code, path).caused_by(error)
}

/// Whether space ran out: on the disk, in a quota, or for one file (`ulimit -f`).
#[must_use]
pub const fn is_of_room(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge
    )
}

/// Writes, syncs and removes a small file in the directory of `home`.
///
/// # Errors
/// `storage.read-only`, `storage.disk-full`, `storage.unavailable`.
pub fn try_write(home: &Home) -> Result<(), Failure> {
    let directory = home.directory();
    try_write_in(directory).map_err(|error| writing(directory, &error))
}

fn try_write_in(directory: &Path) -> io::Result<()> {
    let mut file = tempfile::tempfile_in(directory)?;
    file.write_all(&[0; TRIAL])?;
    file.sync_all()
}

/// About the size of a call's writes.
const TRIAL: usize = 16 * 1024;

/// The failure of a thread that could not be started or ended early.
pub(crate) fn no_thread(path: &Path, error: &dyn std::error::Error) -> Failure {
    Failure::new(
        Code::StorageUnavailable,
        format!("no thread serves {}", shown(path)),
    )
    .caused_by(error)
    .with("file", shown(path))
}

/// The failure for an SQLite error of the database at `path`.
pub(crate) fn sqlite(path: &Path, error: &rusqlite::Error) -> Failure {
    if is_of_damage(error) {
        return corrupt(path, error);
    }
    let failure = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => locked(path),
        Some(ErrorCode::DiskFull) => unwritable(Code::StorageDiskFull, path),
        Some(ErrorCode::ReadOnly) => unwritable(Code::StorageReadOnly, path),
        // SQLite does not say why: the operating system's error for a file beside it may.
        Some(ErrorCode::CannotOpen | ErrorCode::SystemIoFailure) => match probe(path) {
            Err(error) => return writing(path, &error),
            Ok(()) if files_are_capped() => unwritable(Code::StorageDiskFull, path),
            Ok(()) => unwritable(Code::StorageUnavailable, path),
        },
        _ => Failure::new(
            Code::StorageUnavailable,
            format!("the ledger {} cannot be used", shown(path)),
        )
        .with("file", shown(path)),
    };
    // Omits the source, which repeats the same text.
    failure.cause(error.to_string())
}

/// Whether the file's content is the problem: malformed, wrong tables, or invalid values.
fn is_of_damage(error: &rusqlite::Error) -> bool {
    match error {
        rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::Utf8Error(..)
        | rusqlite::Error::SqlInputError { .. }
        | rusqlite::Error::QueryReturnedNoRows => true,
        error => matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::Unknown)
        ),
    }
}

/// The failure of a lock timeout.
pub(crate) fn locked(path: &Path) -> Failure {
    Failure::new(
        Code::StorageLocked,
        format!("another process holds {}", shown(path)),
    )
    .hint("look for a hanging synapse process, then try again")
    .with("file", shown(path))
}

/// The failure of a damaged database.
pub(crate) fn corrupt(path: &Path, error: &dyn std::error::Error) -> Failure {
    let directory = path.parent().unwrap_or(path);
    let aside = quote(&directory.join("damaged"));
    // The `-wal` file belongs to the damaged database: if it stayed, it would be replayed into the
    // new one.
    Failure::new(
        Code::StorageCorrupt,
        format!("the ledger {} is damaged", shown(path)),
    )
    .cause(error.to_string())
    .cause("it was left as it is")
    .remedy(
        "save what can still be read; the damaged file is kept",
        &Remedy::RepairLedger,
    )
    .shell(
        "or move it away to start a new one, in which limits begin at zero",
        format!("mkdir -p {aside} && mv {}* {aside}/", quote(path)),
    )
    .with("file", shown(path))
}

/// The failure of a database written by a newer Synapse.
pub(crate) fn newer_ledger(path: &Path, version: i64, known: i64) -> Failure {
    Failure::new(
        Code::StorageNewerFormat,
        format!("the ledger {} was written by a newer Synapse", shown(path)),
    )
    .cause(format!(
        "its format is {version}, this version knows up to {known}; it was not changed"
    ))
    .hint("use the newer Synapse, or set SYNAPSE_HOME to another directory")
    .with("file", shown(path))
    .with("format", version)
}

fn unwritable(code: Code, path: &Path) -> Failure {
    let failure = Failure::new(code, format!("{} cannot be written", shown(path)));
    match code {
        Code::StorageDiskFull => failure.hint("free some space on that file system"),
        _ => failure.hint("make its directory writable, or set SYNAPSE_HOME to another one"),
    }
    .with("file", shown(path))
}

/// Tries to write a file beside `path`.
fn probe(path: &Path) -> io::Result<()> {
    try_write_in(path.parent().unwrap_or(path))
}

/// Whether this process has a file size limit.
#[cfg(unix)]
fn files_are_capped() -> bool {
    rustix::process::getrlimit(rustix::process::Resource::Fsize)
        .current
        .is_some()
}

#[cfg(not(unix))]
const fn files_are_capped() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &str = "/home/a b/.synapse/ledger.db";

    #[test]
    fn writing_tells_read_only_from_full_from_anything_else() {
        for (kind, code) in [
            (ErrorKind::PermissionDenied, Code::StorageReadOnly),
            (ErrorKind::ReadOnlyFilesystem, Code::StorageReadOnly),
            (ErrorKind::StorageFull, Code::StorageDiskFull),
            (ErrorKind::QuotaExceeded, Code::StorageDiskFull),
            (ErrorKind::FileTooLarge, Code::StorageDiskFull),
            (ErrorKind::NotADirectory, Code::StorageUnavailable),
        ] {
            let failure = writing(Path::new(PATH), &io::Error::from(kind));
            assert_eq!(failure.code(), code, "{kind:?}");
            assert_eq!(failure.context().get("file").unwrap(), PATH);
        }
    }

    #[test]
    fn what_others_may_change_is_refused_unless_nothing_can_be_mended() {
        let distrust = |flaw, keeping| Distrust {
            path: "/home/a b/.synapse".into(),
            flaw,
            is_directory: true,
            keeping,
        };
        let foreign = Flaw::Foreign {
            owner: 1001,
            user: 1000,
        };
        for (flaw, command) in [
            (
                Flaw::Writable { mode: 0o777 },
                "chmod go-w '/home/a b/.synapse'",
            ),
            (foreign, "sudo chown -R 1000 '/home/a b/.synapse'"),
        ] {
            let failure = refuse(Err(distrust(flaw, ModeSupport::Kept))).unwrap_err();
            assert_eq!(failure.code(), Code::StorageModeTooOpen);
            assert_eq!(failure.hints()[0].remedy, Some(Remedy::shell(command)));
            // vfat, NTFS, drvfs: accepted, and doctor suggests moving the home.
            let ignored = distrust(flaw, ModeSupport::Ignored);
            assert_eq!(refuse(Err(ignored.clone())), Ok(()));
            let doubt = distrusted(&ignored);
            assert!(doubt.hints()[0].text.contains("SYNAPSE_HOME"), "{doubt}");
        }
        assert_eq!(refuse(Ok(())), Ok(()));
    }

    #[test]
    fn a_full_database_is_a_full_disk() {
        let database = rusqlite::Connection::open_in_memory().unwrap();
        database.execute_batch("CREATE TABLE t (x)").unwrap();
        let pages: i64 = database
            .pragma_update_and_check(None, "max_page_count", 2, |row| row.get(0))
            .unwrap();
        assert_eq!(pages, 2);
        let error = database
            .execute("INSERT INTO t VALUES (zeroblob(100000))", [])
            .unwrap_err();
        let failure = sqlite(Path::new(PATH), &error);
        assert_eq!(failure.code(), Code::StorageDiskFull, "{error}");
    }

    #[test]
    fn a_damaged_ledger_comes_with_the_command_that_moves_all_of_it() {
        let failure = corrupt(Path::new(PATH), &io::Error::other("x"));
        assert_eq!(
            failure.hints()[1].remedy,
            Some(Remedy::shell(
                "mkdir -p '/home/a b/.synapse/damaged' && \
                 mv '/home/a b/.synapse/ledger.db'* '/home/a b/.synapse/damaged'/"
            ))
        );
    }
}
