//! Pinned crates.io programs that check the workspace; versions and checksums are in
//! `tests/third-party/cargo-tools`. PyPI provides binaries for the usual platforms; elsewhere they
//! are compiled, which takes minutes.

use std::path::{Path, PathBuf};

use crate::command::Invocation;
use crate::failure::Failure;
use crate::repository::{self, Repository};
use crate::third_party::python;

/// The installed programs.
#[derive(Debug)]
pub(crate) struct CargoTools {
    /// Rejects licences, crates, sources and known vulnerabilities not allowed by `deny.toml`.
    pub(crate) deny: PathBuf,
    /// Finds dependencies named by a manifest and used by no source.
    pub(crate) shear: PathBuf,
}

/// Installs the pinned versions if missing.
///
/// # Errors
/// `File` when the pin cannot be read, `Missing` when it does not name a tool, `Exit` when a tool
/// can be neither downloaded nor compiled.
pub(crate) fn install(repository: &Repository) -> Result<CargoTools, Failure> {
    let directory = match prebuilt(repository) {
        Ok(directory) => directory,
        Err(failure) => {
            eprintln!("no compiled {DENY} and {SHEAR} for this machine: {failure}");
            compiled(repository)?
        }
    };
    Ok(CargoTools {
        deny: directory.join("bin").join(DENY),
        shear: directory.join("bin").join(SHEAR),
    })
}

fn prebuilt(repository: &Repository) -> Result<PathBuf, Failure> {
    python::environment(repository, PINNED, |directory| {
        TOOLS.iter().try_for_each(|tool| {
            Invocation::new(repository, directory.join("bin").join(tool))
                .arg("--version")
                .capture()
                .map(drop)
        })
    })
}

/// Compiles unoptimised: each tool runs for a second.
fn compiled(repository: &Repository) -> Result<PathBuf, Failure> {
    let pin = repository::read(&python::pin(repository, PINNED))?;
    let directory = repository.target(&format!("third-party/{PINNED}-compiled"))?;
    for tool in TOOLS {
        let version = pinned_version(&pin, tool).ok_or_else(|| Failure::Missing {
            part: format!("the version of {tool}"),
            remedy: format!("pin it in tests/third-party/{PINNED}/requirements.txt"),
        })?;
        // cargo does nothing if this version is installed.
        compile(repository, tool, version, &directory)?;
    }
    repository::remove_directory(&directory.join("build"))?;
    Ok(directory)
}

fn compile(
    repository: &Repository,
    tool: &str,
    version: &str,
    directory: &Path,
) -> Result<(), Failure> {
    Invocation::cargo(repository)
        .args(["install", "--locked", "--profile", "dev", "--version"])
        .args([version, tool, "--root"])
        .arg(directory)
        .env("CARGO_TARGET_DIR", directory.join("build"))
        // Debug information would double the disk usage.
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .run()
}

/// Parses the version of `PREFIX-TOOL==VERSION`, the format of pip requirements.
fn pinned_version<'pin>(pin: &'pin str, tool: &str) -> Option<&'pin str> {
    pin.lines().find_map(|line| {
        let (package, rest) = line.split_once("==")?;
        package
            .ends_with(&format!("-{tool}"))
            .then(|| rest.split_whitespace().next())?
    })
}

const PINNED: &str = "cargo-tools";
const DENY: &str = "cargo-deny";
const SHEAR: &str = "cargo-shear";
const TOOLS: [&str; 2] = [DENY, SHEAR];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_the_pin() {
        let pin =
            "prefix-cargo-deny==0.20.2 \\\n    --hash=sha256:00\nprefix-cargo-shear==1.14.0\n";
        assert_eq!(pinned_version(pin, DENY), Some("0.20.2"));
        assert_eq!(pinned_version(pin, SHEAR), Some("1.14.0"));
        assert_eq!(pinned_version(pin, "cargo-vet"), None);
    }

    #[test]
    fn the_committed_pin_names_each_tool() {
        let pin = include_str!("../../tests/third-party/cargo-tools/requirements.txt");
        for tool in TOOLS {
            assert!(pinned_version(pin, tool).is_some(), "{tool}");
        }
    }
}
