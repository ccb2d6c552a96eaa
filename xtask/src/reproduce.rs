//! `cargo xtask reproduce`: builds a program twice, in two directories, and compares the bytes.
//! Local paths are remapped to neutral ones, so that the build location leaves no trace.

use std::path::{Path, PathBuf};

use clap::Args;
use sha2::{Digest as _, Sha256};

use crate::command::Invocation;
use crate::failure::Failure;
use crate::repository::{self, Repository};

/// A build to compare.
#[derive(Debug, Args)]
pub(crate) struct ReproduceArguments {
    /// The package
    #[arg(long, default_value = "synapse-cli")]
    package: String,
    /// Its program
    #[arg(long, default_value = "synapse")]
    program: String,
    /// The profile; `dist` is the shipped one
    #[arg(long, default_value = "dist")]
    profile: String,
}

/// Builds twice and compares.
///
/// # Errors
/// `Exit` when a build fails, `File` when a program cannot be read, `Different` when the two
/// differ.
pub(crate) fn run(repository: &Repository, arguments: &ReproduceArguments) -> Result<(), Failure> {
    let [first, second] = ["first", "second"].map(|name| build(repository, arguments, name));
    let (first, second) = (first?, second?);
    let [one, other] = [&first, &second].map(|path| repository::read_bytes(path));
    let (one, other) = (one?, other?);
    if one != other {
        return Err(Failure::Different { first, second });
    }
    let digest = Sha256::digest(&one);
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    println!(
        "{digest}  {} (built twice, {} bytes)",
        arguments.program,
        one.len()
    );
    Ok(())
}

/// Copies the tracked files to a directory of that name and builds there.
fn build(
    repository: &Repository,
    arguments: &ReproduceArguments,
    name: &str,
) -> Result<PathBuf, Failure> {
    let directory = repository.target("reproduce")?.join(name);
    repository::remove_directory(&directory)?;
    let source = directory.join("source");
    repository::create_directory(&source)?;
    let listed = Invocation::new(repository, "git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .capture()?;
    for path in listed.lines() {
        let from = repository.path(path);
        // A tracked file without a copy on disk has an uncommitted removal.
        if !from.is_file() {
            continue;
        }
        let to = source.join(path);
        if let Some(parent) = to.parent() {
            repository::create_directory(parent)?;
        }
        repository::write_bytes(&to, &repository::read_bytes(&from)?)?;
    }
    let target = directory.join("target");
    Invocation::cargo(repository)
        .args(["build", "--locked", "--package", &arguments.package])
        .args(["--bin", &arguments.program, "--profile", &arguments.profile])
        .in_directory(&source)
        .env("CARGO_TARGET_DIR", &target)
        .env("CARGO_INCREMENTAL", "0")
        .env("CARGO_ENCODED_RUSTFLAGS", neutral_paths(&source, &target))
        .run()?;
    let folder = match arguments.profile.as_str() {
        "dev" => "debug",
        other => other,
    };
    Ok(target.join(folder).join(&arguments.program))
}

/// Flags that remap the paths of sources, crates and build directories.
fn neutral_paths(source: &Path, target: &Path) -> String {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(std::env::home_dir()?.join(".cargo")));
    let places = [
        (Some(source), "/source"),
        (Some(target), "/target"),
        (home.as_deref(), "/cargo"),
    ];
    let flags = places.iter().filter_map(|(place, neutral)| {
        Some(format!(
            "--remap-path-prefix={}={neutral}",
            (*place)?.display()
        ))
    });
    flags.collect::<Vec<_>>().join("\u{1f}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_written_as_neutral_paths() {
        let flags = neutral_paths(Path::new("/a"), Path::new("/b"));
        let flags: Vec<_> = flags.split('\u{1f}').collect();
        assert_eq!(flags[0], "--remap-path-prefix=/a=/source");
        assert_eq!(flags[1], "--remap-path-prefix=/b=/target");
    }
}
