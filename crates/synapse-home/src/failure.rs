//! Maps operating system errors to `storage.*` codes, with the path.

use std::io::{self, ErrorKind, Write as _};
use std::path::Path;

use synapse_core::redact::printable;
use synapse_core::shell::quote;
use synapse_core::{Code, Failure};
pub use synapse_files::is_of_room;
use synapse_files::{Distrust, FileError, ModeSupport, TrustFlaw};

use crate::Home;

/// A path for messages.
#[must_use]
pub fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy())
}

/// The failure for a file error.
#[must_use]
pub fn of_file(error: FileError) -> Failure {
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
///
/// # Errors
/// `storage.mode-too-open`.
pub fn rely_on(home: &Home, file: &Path) -> Result<(), Failure> {
    refuse(home.rely_on(file))
}

/// Refuses what `examined` found, if the file system keeps modes.
///
/// # Errors
/// `storage.mode-too-open`.
pub fn refuse(examined: Result<(), Distrust>) -> Result<(), Failure> {
    match examined {
        Err(distrust) if distrust.keeping == ModeSupport::Kept => Err(distrusted(&distrust)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// The failure of a file or directory that others can change.
#[must_use]
pub fn distrusted(distrust: &Distrust) -> Failure {
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
        (ModeSupport::Kept, TrustFlaw::Foreign { user, .. }) => failure.shell(
            "make it yours, if nobody else should use it; or set SYNAPSE_HOME to a directory of \
             your own",
            if distrust.is_directory {
                format!("sudo chown -R {user} {}", quote(path))
            } else {
                format!("sudo chown {user} {}", quote(path))
            },
        ),
        (ModeSupport::Kept, _) => failure.shell(
            "remove the others' write access, and check whether it was changed",
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
#[must_use]
pub fn reading(path: &Path, error: &io::Error) -> Failure {
    Failure::new(
        Code::StorageUnavailable,
        format!("{} cannot be read", shown(path)),
    )
    .caused_by(error)
    .hint("check owner and permissions of the file and of every directory above it")
    .with("file", shown(path))
}

/// The failure of something other than a regular file; `what` has an article.
#[must_use]
pub fn not_a_file(path: &Path, what: &str) -> Failure {
    Failure::new(
        Code::StorageUnavailable,
        format!("{} is {what}, a regular file is needed", shown(path)),
    )
    .hint("move it away, or set SYNAPSE_HOME to another directory")
    .with("file", shown(path))
}

/// The failure of an unwritable path.
#[must_use]
pub fn writing(path: &Path, error: &io::Error) -> Failure {
    let code = match error.kind() {
        ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => Code::StorageReadOnly,
        kind if is_of_room(kind) => Code::StorageDiskFull,
        _ => Code::StorageUnavailable,
    };
    unwritable(code, path).caused_by(error)
}

/// Writes, syncs and removes a small file in the directory of `home`.
///
/// # Errors
/// `storage.read-only`, `storage.disk-full`, `storage.unavailable`.
pub fn try_write(home: &Home) -> Result<(), Failure> {
    let directory = home.directory();
    try_write_in(directory).map_err(|error| writing(directory, &error))
}

/// Writes, syncs and removes a small file in `directory`.
///
/// # Errors
/// Those of the system.
pub fn try_write_in(directory: &Path) -> io::Result<()> {
    let mut file = tempfile::tempfile_in(directory)?;
    file.write_all(&[0; TRIAL])?;
    file.sync_all()
}

/// About the size of a call's writes.
const TRIAL: usize = 16 * 1024;

/// The failure of a thread that could not be started or ended early.
#[must_use]
pub fn no_thread(path: &Path, error: &dyn std::error::Error) -> Failure {
    Failure::new(
        Code::StorageUnavailable,
        format!("no thread serves {}", shown(path)),
    )
    .caused_by(error)
    .with("file", shown(path))
}

/// The failure of a lock timeout.
#[must_use]
pub fn locked(path: &Path) -> Failure {
    Failure::new(
        Code::StorageLocked,
        format!("another process holds {}", shown(path)),
    )
    .hint("look for a hanging synapse process, then try again")
    .with("file", shown(path))
}

/// The failure of an unwritable path, with a code for the reason.
#[must_use]
pub fn unwritable(code: Code, path: &Path) -> Failure {
    let failure = Failure::new(code, format!("{} cannot be written", shown(path)));
    match code {
        Code::StorageDiskFull => failure.hint("free some space on that file system"),
        _ => failure.hint("make its directory writable, or set SYNAPSE_HOME to another one"),
    }
    .with("file", shown(path))
}

#[cfg(test)]
mod tests {
    use synapse_core::Remedy;

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
        let foreign = TrustFlaw::Foreign {
            owner: 1001,
            user: 1000,
        };
        for (flaw, command) in [
            (
                TrustFlaw::Writable { mode: 0o777 },
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
}
