//! `cargo xtask package`: builds release packages from a built program. Reproducible: the same
//! program and version give the same bytes.

mod archive;
mod debian;
mod mcpb;
mod npm;
mod platform;
mod registry;
mod wheel;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use self::archive::{ArchiveEntry, Effort};
use self::platform::Platform;
use crate::failure::Failure;
use crate::repository::{self, Repository};

/// Which packages to build, from which program, and where to.
#[derive(Debug, Args)]
pub(crate) struct PackageArguments {
    /// The packages; by default all that the platform supports
    #[arg(value_enum)]
    kinds: Vec<PackageKind>,
    /// The program to package; not needed for `registry`
    #[arg(long, value_name = "PATH", required_unless_present = "kinds")]
    binary: Option<PathBuf>,
    /// The directory for the packages
    #[arg(long, value_name = "DIRECTORY")]
    out: PathBuf,
    /// The program's platform; by default this one
    #[arg(long, value_name = "TRIPLE")]
    target: Option<String>,
    /// Skip compression, for fast tests
    #[arg(long)]
    store: bool,
}

/// A kind of package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PackageKind {
    /// Two npm packages: the platform's, and the one that starts it
    Npm,
    /// A PyPI wheel
    Wheel,
    /// An MCP bundle
    Mcpb,
    /// A Debian package
    Deb,
    /// server.json for the MCP registry, with the bundles in the output directory
    Registry,
}

/// A written package.
#[derive(Debug)]
struct Product {
    path: PathBuf,
}

/// Shared by the packages of one run.
#[derive(Debug)]
struct Making<'a> {
    repository: &'a Repository,
    platform: &'a Platform,
    version: &'a str,
    binary: &'a Path,
    bytes: Vec<u8>,
    directory: &'a Path,
    effort: Effort,
}

/// Builds the packages and prints their paths.
///
/// # Errors
/// `Unknown` for an unsupported platform, `File` when a file cannot be read or written, and errors
/// of the packages.
pub(crate) fn run(repository: &Repository, arguments: &PackageArguments) -> Result<(), Failure> {
    let triple = arguments.target.clone().unwrap_or_else(Platform::host);
    let platform = Platform::named(&triple)?;
    let kinds = kinds(&arguments.kinds, &platform);
    let binary = program(&kinds, arguments.binary.as_deref())?;
    repository::create_directory(&arguments.out)?;
    let making = Making {
        repository,
        platform: &platform,
        version: env!("CARGO_PKG_VERSION"),
        bytes: match &binary {
            Some(path) => repository::read_bytes(path)?,
            None => Vec::new(),
        },
        binary: binary.as_deref().unwrap_or(Path::new("")),
        directory: &arguments.out,
        effort: if arguments.store {
            Effort::Store
        } else {
            Effort::Best
        },
    };
    for kind in kinds {
        let products = match kind {
            PackageKind::Npm => npm::make(&making)?,
            PackageKind::Wheel => wheel::make(&making)?,
            PackageKind::Mcpb => mcpb::make(&making)?,
            PackageKind::Deb => debian::make(&making)?,
            PackageKind::Registry => registry::make(&making)?,
        };
        for product in products {
            println!("{}", product.path.display());
        }
    }
    Ok(())
}

/// The absolute path of the program, since it is run from another directory; `None` if no package
/// needs it.
fn program(kinds: &[PackageKind], named: Option<&Path>) -> Result<Option<PathBuf>, Failure> {
    let Some(path) = named else {
        return match kinds {
            [PackageKind::Registry] => Ok(None),
            _ => Err(Failure::Missing {
                part: "the program to pack".to_owned(),
                remedy: "name it with --binary".to_owned(),
            }),
        };
    };
    let absolute = std::path::absolute(path).map_err(|source| Failure::File {
        path: path.to_owned(),
        action: "found",
        source,
    })?;
    Ok(Some(absolute))
}

/// `server.json` comes last, since it refers to a bundle.
fn kinds(named: &[PackageKind], platform: &Platform) -> Vec<PackageKind> {
    let mut kinds = named.to_vec();
    if kinds.is_empty() {
        kinds = PackageKind::value_variants().to_vec();
        kinds.retain(|kind| *kind != PackageKind::Deb || platform.debian.is_some());
    }
    kinds.sort_by_key(|kind| *kind == PackageKind::Registry);
    kinds
}

impl Making<'_> {
    /// The text of a file of the repository.
    fn part(&self, path: &str) -> Result<String, Failure> {
        repository::read(&self.repository.path(path))
    }

    fn json(&self, path: &str) -> Result<Value, Failure> {
        serde_json::from_str(&self.part(path)?).map_err(|source| Failure::Unreadable {
            path: self.repository.path(path),
            source: Box::new(source),
        })
    }

    /// Both licence texts, in a directory of the package.
    fn licences(&self, directory: &str) -> Result<Vec<ArchiveEntry>, Failure> {
        let names = ["LICENSE-APACHE", "LICENSE-MIT"];
        let texts = names.map(|name| {
            Ok(ArchiveEntry::data(
                format!("{directory}{name}"),
                self.part(name)?,
            ))
        });
        texts.into_iter().collect()
    }

    /// Converts an archive error to a failure of its program.
    fn archived<T>(&self, archive: std::io::Result<T>) -> Result<T, Failure> {
        archive.map_err(|source| Failure::File {
            path: self.binary.to_owned(),
            action: "packed",
            source,
        })
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<Product, Failure> {
        let path = self.directory.join(name);
        repository::write_bytes(&path, bytes)?;
        Ok(Product { path })
    }
}

/// Sets an existing member of a committed file, addressed per RFC 6901.
///
/// # Errors
/// `Missing` when the file has no such member.
fn put(document: &mut Value, pointer: &str, value: impl Into<Value>) -> Result<(), Failure> {
    let member = document
        .pointer_mut(pointer)
        .ok_or_else(|| Failure::Missing {
            part: format!("the member {pointer}"),
            remedy: "write it into the file below packaging/".to_owned(),
        })?;
    *member = value.into();
    Ok(())
}

fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

const SUMMARY: &str = "Local, bring-your-own-key runtime between MCP clients and models";
const LICENCE: &str = "MIT OR Apache-2.0";
const HOMEPAGE: &str = "https://github.com/synapse-runtime/synapse";
/// The name in the MCP registry, repeated in each package as proof of ownership.
const REGISTRY_NAME: &str = "io.github.synapse-runtime/synapse";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_made_when_none_is_named_and_the_registry_last() {
        let debian = Platform::named("x86_64-unknown-linux-gnu").unwrap();
        let all = [
            PackageKind::Npm,
            PackageKind::Wheel,
            PackageKind::Mcpb,
            PackageKind::Deb,
            PackageKind::Registry,
        ];
        assert_eq!(kinds(&[], &debian), all);
        let other = Platform::named("aarch64-apple-darwin").unwrap();
        assert_eq!(kinds(&[], &other).len(), 4);
        let named = kinds(&[PackageKind::Registry, PackageKind::Mcpb], &debian);
        assert_eq!(named, [PackageKind::Mcpb, PackageKind::Registry]);
    }

    #[test]
    fn only_the_registry_needs_no_program() {
        assert_eq!(program(&[PackageKind::Registry], None).unwrap(), None);
        assert!(program(&[PackageKind::Registry, PackageKind::Npm], None).is_err());
        let path = program(&[PackageKind::Npm], Some(Path::new("/a"))).unwrap();
        assert_eq!(path.as_deref(), Some(Path::new("/a")));
    }

    #[test]
    fn the_committed_server_has_the_version_of_the_workspace() {
        let server: Value =
            serde_json::from_str(include_str!("../../../packaging/server.json")).unwrap();
        let mut versions = vec![&server["version"]];
        let packages = server["packages"].as_array().unwrap();
        versions.extend(packages.iter().map(|package| &package["version"]));
        assert!(
            versions
                .iter()
                .all(|version| *version == env!("CARGO_PKG_VERSION")),
            "{versions:?}"
        );
        assert_eq!(server["name"], REGISTRY_NAME);
        let names: Vec<_> = packages
            .iter()
            .map(|package| &package["identifier"])
            .collect();
        assert_eq!(names, [npm::NAME, wheel::NAME]);
    }
}
