//! PyPI packages at pinned versions, each set in its own virtual environment.

use std::path::{Path, PathBuf};

use crate::apt;
use crate::command::Invocation;
use crate::failure::Failure;
use crate::repository::{self, Repository};
use crate::third_party::trusting_this_machine;

/// A copy of the pins, written last to mark a finished installation.
const STAMP: &str = "installed.txt";
const PYTHON: &str = "bin/python";

/// Installs the pins of `tests/third-party/NAME/requirements.txt` into `target/third-party/NAME` if
/// missing, and returns the Python that can import `module`.
///
/// # Errors
/// Same as [`environment`].
pub(crate) fn install(
    repository: &Repository,
    name: &str,
    module: &str,
) -> Result<PathBuf, Failure> {
    let directory = environment(repository, name, |directory| {
        Invocation::new(repository, directory.join(PYTHON))
            .args(["-c", &format!("import {module}")])
            .capture()
            .map(drop)
    })?;
    let python = directory.join(PYTHON);
    eprintln!("{name}: {}", python.display());
    Ok(python)
}

/// Installs the pins of `tests/third-party/NAME/requirements.txt` into `target/third-party/NAME` if
/// missing, and returns that directory. `proof` runs once after an installation.
///
/// # Errors
/// `File` when the pin cannot be read, `Exit` when pip fails, and errors of `proof`.
pub(crate) fn environment(
    repository: &Repository,
    name: &str,
    proof: impl FnOnce(&Path) -> Result<(), Failure>,
) -> Result<PathBuf, Failure> {
    let pinned = pin(repository, name);
    let directory = repository.target(&format!("third-party/{name}"))?;
    let python = directory.join(PYTHON);
    let stamp = directory.join(STAMP);
    let versions = repository::read(&pinned)?;
    let installed = stamp.exists() && repository::read(&stamp)? == versions;
    if !installed || !python.is_file() {
        create_environment(repository, &directory).or_else(|_no_venv| {
            apt::install(repository, &["python3-venv"])?;
            create_environment(repository, &directory)
        })?;
        // The pins are complete, and no package is built from source.
        trusting_this_machine(Invocation::new(repository, &python))
            .args(["-m", "pip", "install", "--quiet", "--no-input", "--no-deps"])
            .args(["--only-binary", ":all:", "--requirement"])
            .arg(&pinned)
            .run_aside()?;
        proof(&directory)?;
        repository::write(&stamp, &versions)?;
    }
    Ok(directory)
}

/// Returns the path of an environment's requirements file.
pub(crate) fn pin(repository: &Repository, name: &str) -> PathBuf {
    repository.path(&format!("tests/third-party/{name}/requirements.txt"))
}

fn create_environment(repository: &Repository, directory: &Path) -> Result<(), Failure> {
    Invocation::new(repository, "python3")
        .args(["-m", "venv", "--clear"])
        .arg(directory)
        .run_aside()
}
