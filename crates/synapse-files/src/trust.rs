//! Determines who may change a file or directory, judged like sshd's `StrictModes`: only its owner,
//! who is the user or root.

use std::fmt;
use std::path::{Path, PathBuf};

/// A file or directory that others can change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Distrust {
    /// The path as it was given.
    pub path: PathBuf,
    /// The reason.
    pub flaw: TrustFlaw,
    /// Whether it is a directory.
    pub is_directory: bool,
    /// Whether its file system stores modes. If not, there is no fix.
    pub keeping: ModeSupport,
}

/// The flaw of a file or directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrustFlaw {
    /// Its group, or everybody, may write it.
    Writable {
        /// All its permission bits.
        mode: u32,
    },
    /// It belongs to another user, who is not root.
    Foreign {
        /// The user id of its owner.
        owner: u32,
        /// The user id of this process.
        user: u32,
    },
}

/// Whether a file system stores owners and modes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModeSupport {
    /// It does.
    Kept,
    /// Setting a mode has no effect, as on vfat, exFAT, NTFS and some network and FUSE mounts.
    Ignored,
}

impl ModeSupport {
    /// Whether the file system of `path` stores owners and modes: probed with a temporary file or,
    /// where none can be created, by the kind of file system.
    #[cfg(unix)]
    #[must_use]
    pub fn of(path: &Path) -> Self {
        keeping(path, path.is_dir())
    }

    /// Windows has no modes.
    #[cfg(not(unix))]
    #[must_use]
    pub fn of(_path: &Path) -> Self {
        Self::Ignored
    }
}

impl fmt::Display for TrustFlaw {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Writable { mode } => write!(formatter, "its mode is {mode:04o}"),
            Self::Foreign { owner, user } => {
                write!(
                    formatter,
                    "it belongs to user {owner}, and this is user {user}"
                )
            }
        }
    }
}

/// Checks whether others can change the file `path` resolves to. A missing or unreadable file
/// passes: using it reports the error.
///
/// # Errors
/// The [`Distrust`].
#[cfg(unix)]
pub fn examine(path: &Path) -> Result<(), Distrust> {
    use std::os::unix::fs::MetadataExt as _;

    let Ok(found) = std::fs::metadata(path) else {
        return Ok(());
    };
    let user = rustix::process::geteuid().as_raw();
    let Some(flaw) = flaw(found.mode(), found.uid(), user) else {
        return Ok(());
    };
    Err(Distrust {
        path: path.to_owned(),
        flaw,
        is_directory: found.is_dir(),
        keeping: keeping(path, found.is_dir()),
    })
}

/// Windows has no modes.
#[cfg(not(unix))]
pub fn examine(_path: &Path) -> Result<(), Distrust> {
    Ok(())
}

#[cfg(unix)]
fn flaw(mode: u32, owner: u32, user: u32) -> Option<TrustFlaw> {
    if owner != user && owner != ROOT {
        return Some(TrustFlaw::Foreign { owner, user });
    }
    (mode & OTHERS_WRITE != 0).then_some(TrustFlaw::Writable {
        mode: mode & 0o7777,
    })
}

/// Probes with a temporary file; where none can be created, the kind of file system decides.
#[cfg(unix)]
fn keeping(path: &Path, is_directory: bool) -> ModeSupport {
    use std::os::unix::fs::MetadataExt as _;

    let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let directory = match path.parent() {
        Some(parent) if !is_directory => parent,
        _ => &path,
    };
    let user = rustix::process::geteuid().as_raw();
    let tried = tempfile::tempfile_in(directory).and_then(|file| {
        match file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600)) {
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => return Ok(false),
            other => other?,
        }
        let found = file.metadata()?;
        Ok(found.mode() & 0o777 == 0o600 && found.uid() == user)
    });
    match tried {
        Ok(true) => ModeSupport::Kept,
        Ok(false) => ModeSupport::Ignored,
        Err(_) if is_known_to_ignore(directory) => ModeSupport::Ignored,
        Err(_) => ModeSupport::Kept,
    }
}

/// Whether the file system is of a kind without modes.
#[cfg(target_os = "linux")]
fn is_known_to_ignore(directory: &Path) -> bool {
    // From linux/magic.h; exFAT, NTFS and CIFS from their own sources.
    const WITHOUT_MODES: &[u32] = &[
        0x4d44,      // vfat
        0x2011_bab0, // exfat
        0x5346_544e, // ntfs
        0x7366_746e, // ntfs3
        0xff53_4d42, // cifs
        0xfe53_4d42, // smb2
        0x517b,      // smb
    ];
    rustix::fs::statfs(directory).is_ok_and(|found| {
        let kind = u32::try_from(found.f_type & 0xffff_ffff);
        kind.is_ok_and(|kind| WITHOUT_MODES.contains(&kind))
    })
}

#[cfg(all(unix, not(target_os = "linux")))]
const fn is_known_to_ignore(_directory: &Path) -> bool {
    false
}

#[cfg(unix)]
const ROOT: u32 = 0;
#[cfg(unix)]
const OTHERS_WRITE: u32 = 0o022;

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn only_its_owner_may_write_and_that_is_us_or_root() {
        for (mode, owner, expected) in [
            (0o100_600, 1000, None),
            (0o100_644, 1000, None),
            (0o40_755, ROOT, None),
            (0o100_664, 1000, Some(TrustFlaw::Writable { mode: 0o664 })),
            (0o100_602, ROOT, Some(TrustFlaw::Writable { mode: 0o602 })),
            (0o41_777, 1000, Some(TrustFlaw::Writable { mode: 0o1777 })),
            (
                0o100_600,
                1001,
                Some(TrustFlaw::Foreign {
                    owner: 1001,
                    user: 1000,
                }),
            ),
        ] {
            assert_eq!(flaw(mode, owner, 1000), expected, "{mode:o} of {owner}");
        }
        assert!(flaw(0o600, 1000, ROOT).is_some());
    }
}
