//! The base of the container image: a minimal Debian from its own archive. The test of the image thus
//! needs no registry.

use std::path::PathBuf;

use crate::command::Invocation;
use crate::failure::Failure;
use crate::repository::Repository;

/// Builds the archive of the base if missing and returns its path.
///
/// # Errors
/// Same as [`Invocation::run_aside`]; `File` when a file or directory cannot be created.
pub(super) fn install(repository: &Repository) -> Result<PathBuf, Failure> {
    let directory = repository.target("third-party/container")?;
    let archive = directory.join("base.tar");
    // The test of the image is Linux only.
    if !cfg!(target_os = "linux") || archive.is_file() {
        return Ok(archive);
    }
    let partial = directory.join("partial.tar");
    Invocation::new(repository, "mmdebstrap")
        .args(["--variant=minbase", SUITE])
        .arg(&partial)
        .run_aside()?;
    std::fs::rename(&partial, &archive).map_err(|source| Failure::File {
        path: archive.clone(),
        action: "created",
        source,
    })?;
    eprintln!("container base: {}", archive.display());
    Ok(archive)
}

/// The release that `packaging/docker/Dockerfile` names.
const SUITE: &str = "bookworm";
