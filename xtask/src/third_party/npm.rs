//! npm packages at the versions and checksums of a committed lock file.

use std::path::PathBuf;

use crate::failure::Failure;
use crate::repository::{self, Repository};
use crate::third_party::node::Node;

const FILES: [&str; 2] = ["package.json", "package-lock.json"];
/// A copy of the lock file, written last to mark a finished installation.
const STAMP: &str = "installed.lock";

/// Installs the pins of `tests/third-party/NAME` into `target/third-party/NAME` if missing, and
/// returns that directory. Each of `scripts`, a path in it, is run once with `--help`.
///
/// `File` when the pin cannot be read, `Exit` when npm fails, `Refused` when an installed script
/// does not run.
/// `File` when the pin cannot be read, `Exit` when npm fails, `Refused` when what was installed
/// does not run.
pub(crate) fn install(
    repository: &Repository,
    node: &Node,
    name: &str,
    scripts: &[&str],
) -> Result<PathBuf, Failure> {
    let pinned = repository.path(&format!("tests/third-party/{name}"));
    let directory = repository.target(&format!("third-party/{name}"))?;
    let stamp = directory.join(STAMP);
    let lock = repository::read(&pinned.join("package-lock.json"))?;
    let installed = stamp.exists() && repository::read(&stamp)? == lock;
    if !installed
        || scripts
            .iter()
            .any(|script| !directory.join(script).is_file())
    {
        repository::remove_directory(&directory)?;
        repository::create_directory(&directory)?;
        for file in FILES {
            repository::write(
                &directory.join(file),
                &repository::read(&pinned.join(file))?,
            )?;
        }
        // No package here needs an install script, so none is run.
        node.npm(repository)
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
            .in_directory(&directory)
            .run_aside()?;
        for script in scripts {
            node.run(repository)
                .arg(directory.join(script))
                .arg("--help")
                .capture()?;
        }
        repository::write(&stamp, &lock)?;
    }
    eprintln!("{name}: {}", directory.display());
    Ok(directory)
}
