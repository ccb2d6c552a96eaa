//! Opens files for reading without blocking on a named pipe, and describes anything else found in
//! place of a regular file.

use std::fs::{File, FileType, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read as _};
use std::path::Path;

use crate::error::FileError;

/// The kind of a resolved path.
#[derive(Debug)]
pub enum Found {
    /// A regular file, open for reading, with its metadata.
    Regular(File, Metadata),
    /// Something else, described with an article.
    Other(&'static str),
}

/// Opens the regular file at `path`, following symbolic links.
///
/// Never blocks: the type is checked before opening, so that no device is touched, and again after
/// a non-blocking open, because the file may have been swapped in between.
///
/// # Errors
/// The system's error.
pub fn open(path: &Path) -> io::Result<Found> {
    let seen = std::fs::metadata(path)?;
    if !seen.is_file() {
        return Ok(Found::Other(describe(seen.file_type())));
    }
    let file = non_blocking().read(true).open(path)?;
    let opened = file.metadata()?;
    if !opened.is_file() {
        return Ok(Found::Other(describe(opened.file_type())));
    }
    Ok(Found::Regular(file, opened))
}

/// Reads the file at `path`, following symbolic links, up to `limit` bytes; `None` if it does not
/// exist or its link dangles.
///
/// # Errors
/// `NotAFile`, `TooLarge`, `Read`.
pub fn read(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, FileError> {
    let failed = |source: io::Error| FileError::Read {
        path: path.to_owned(),
        source,
    };
    let (file, metadata) = match open(path) {
        Ok(Found::Regular(file, metadata)) => (file, metadata),
        Ok(Found::Other(what)) => {
            return Err(FileError::NotAFile {
                path: path.to_owned(),
                what,
            });
        }
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let too_large = || FileError::TooLarge {
        path: path.to_owned(),
        limit,
    };
    if metadata.len() > limit {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    file.take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    // Some file systems generate content on read, so metadata may understate the size.
    if bytes.len() as u64 > limit {
        return Err(too_large());
    }
    Ok(Some(bytes))
}

#[cfg(unix)]
fn non_blocking() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;

    use rustix::fs::OFlags;

    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let mut options = OpenOptions::new();
    options.custom_flags(flags.bits().cast_signed());
    options
}

#[cfg(not(unix))]
fn non_blocking() -> OpenOptions {
    OpenOptions::new()
}

/// Describes something that is not a regular file, with an article.
#[cfg(unix)]
#[must_use]
pub fn describe(kind: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt as _;

    if kind.is_dir() {
        "a directory"
    } else if kind.is_fifo() {
        "a named pipe"
    } else if kind.is_socket() {
        "a socket"
    } else if kind.is_block_device() || kind.is_char_device() {
        "a device"
    } else {
        "no regular file"
    }
}

/// Describes something that is not a regular file, with an article.
#[cfg(not(unix))]
#[must_use]
pub fn describe(kind: FileType) -> &'static str {
    if kind.is_dir() {
        "a directory"
    } else {
        "no regular file"
    }
}
