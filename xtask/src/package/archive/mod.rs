//! Zip, tar and ar archives for packages, written directly in their formats. Reproducible: entries
//! keep their order, belong to root, and have a fixed date.

mod ar;
mod tar;
mod zip;

use std::io::Write as _;

use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};

pub(super) use ar::ar;
pub(super) use tar::tar;
pub(super) use zip::zip;

/// A file of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ArchiveEntry {
    /// Its path within the package, with `/`.
    path: String,
    kind: Permissions,
    bytes: Vec<u8>,
}

/// The permissions of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Permissions {
    Program,
    Data,
}

/// The compression level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effort {
    /// Maximum, for releases.
    Best,
    /// None, for tests of a debug build.
    Store,
}

impl ArchiveEntry {
    pub(super) fn program(path: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            path: path.into(),
            kind: Permissions::Program,
            bytes: bytes.into(),
        }
    }

    pub(super) fn data(path: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            path: path.into(),
            kind: Permissions::Data,
            bytes: bytes.into(),
        }
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    const fn mode(&self) -> u32 {
        match self.kind {
            Permissions::Program => 0o755,
            Permissions::Data => 0o644,
        }
    }
}

impl Effort {
    const fn level(self) -> Compression {
        match self {
            Self::Best => Compression::best(),
            Self::Store => Compression::none(),
        }
    }
}

/// Compresses in gzip format, without name and date.
///
/// # Errors
/// On memory exhaustion.
pub(super) fn gzip(bytes: &[u8], effort: Effort) -> std::io::Result<Vec<u8>> {
    let mut encoder: GzEncoder<Vec<u8>> = GzBuilder::new().write(Vec::new(), effort.level());
    encoder.write_all(bytes)?;
    encoder.finish()
}
