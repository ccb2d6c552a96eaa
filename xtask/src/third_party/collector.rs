//! Rotel, an OpenTelemetry collector. Its PyPI package contains the program.

use std::path::{Path, PathBuf};

use crate::command::Invocation;
use crate::failure::Failure;
use crate::repository::Repository;
use crate::third_party::python;

/// Installs the collector if missing and returns the path of its program.
///
/// # Errors
/// Same as [`python::environment`], and `Missing` when the package contains no program.
pub(crate) fn install(repository: &Repository) -> Result<PathBuf, Failure> {
    let directory = python::environment(repository, "collector", |directory| {
        Invocation::new(repository, program(directory)?)
            .arg("version")
            .capture()
            .map(drop)
    })?;
    let program = program(&directory)?;
    eprintln!("collector: {}", program.display());
    Ok(program)
}

/// Finds the program in the one `lib/pythonX.Y` of a virtual environment.
fn program(environment: &Path) -> Result<PathBuf, Failure> {
    let versions = std::fs::read_dir(environment.join("lib"))
        .into_iter()
        .flatten()
        .flatten();
    versions
        .map(|version| version.path().join("site-packages/rotel/rotel-agent"))
        .find(|program| program.is_file())
        .ok_or_else(|| Failure::Missing {
            part: "the program in the package `rotel`".to_owned(),
            remedy: format!("remove {} and run this again", environment.display()),
        })
}
