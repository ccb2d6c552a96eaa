//! Programs of crates.io that check the workspace, installed under `target/third-party` at pinned
//! versions. They are compiled without optimisation: each runs for a second, and CI builds it.

use std::path::PathBuf;

use crate::command::Invocation;
use crate::failure::Failure;
use crate::repository::Repository;

/// A cargo subcommand at a version.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CargoTool {
    name: &'static str,
    version: &'static str,
}

/// Refuses licences, crates, sources and known vulnerabilities that `deny.toml` does not allow.
pub(crate) const DENY: CargoTool = CargoTool {
    name: "cargo-deny",
    version: "0.20.2",
};

/// Finds dependencies that a manifest names and no source uses.
pub(crate) const SHEAR: CargoTool = CargoTool {
    name: "cargo-shear",
    version: "1.14.0",
};

impl CargoTool {
    /// Installs the tool unless this version is there, and returns its program.
    ///
    /// # Errors
    /// `Exit` when it cannot be compiled, `File` when its directory cannot be made.
    pub(crate) fn provide(self, repository: &Repository) -> Result<PathBuf, Failure> {
        let root = repository.target(&format!("third-party/{}-{}", self.name, self.version))?;
        let program = root.join("bin").join(self.name);
        // cargo writes the program last, so one that is there is whole.
        if !program.is_file() {
            Invocation::cargo(repository)
                .args(["install", "--locked", "--profile", "dev", "--version"])
                .args([self.version, self.name, "--root"])
                .arg(&root)
                .env("CARGO_TARGET_DIR", root.join("build"))
                // A backtrace of somebody else's tool is not worth twice the disk.
                .env("CARGO_PROFILE_DEV_DEBUG", "0")
                .run()?;
            crate::repository::remove_directory(&root.join("build"))?;
        }
        Ok(program)
    }
}
