//! Windows and macOS, as far as Linux can check them: both are linted in every run of the suite, and
//! `cargo xtask windows` runs the program and its tests under Wine.

use std::path::{Path, PathBuf};

use crate::apt;
use crate::command::Invocation;
use crate::failure::Failure;
use crate::repository::{self, Repository};
use crate::steps::Steps;

/// Lints the crates that are shipped for a system whose C compiler is not here. Nothing is linked, so
/// that empty objects are enough.
///
/// # Errors
/// `Missing` when the standard library could not be installed; `Exit` when clippy warns.
pub(crate) fn lint(repository: &Repository, target: &str) -> Result<(), Failure> {
    standard_library(repository, target)?;
    let compiler = repository.target("xtask")?.join("no-objects");
    repository::write_script(&compiler, NO_OBJECTS)?;
    let variable = |name: &str| format!("{name}_{}", target.replace('-', "_"));
    Invocation::cargo(repository)
        .args(["clippy", "--workspace", "--lib", "--bins"])
        .args(["--exclude", "synapse-tests", "--exclude", "xtask"])
        .args(["--target", target, "--", "-D", "warnings"])
        .env(variable("CC"), &compiler)
        .env(variable("AR"), "ar")
        // Otherwise the one of Xcode would be asked for.
        .env("SDKROOT", "/")
        .run()
}

/// Builds for Windows and runs what can run under Wine.
///
/// # Errors
/// `Missing` when a part could not be installed; `Steps`, naming those that failed.
pub(crate) fn windows(repository: &Repository) -> Result<(), Failure> {
    let mut steps = Steps::start("windows");
    let wine = steps.run("parts", || Wine::prepare(repository));
    if let Some(wine) = wine {
        steps.run("tests", || {
            let packages = PACKAGES.iter().flat_map(|name| ["--package", name]);
            wine.cargo(repository, "test")
                .arg("--no-fail-fast")
                .args(packages)
                .run()
        });
        steps.run("unit tests", || {
            wine.cargo(repository, "test")
                .args(["--no-fail-fast", "--lib"])
                .args(["--package", "synapse-providers", "--package", "synapse-hub"])
                .run()
        });
        steps.run("product", || {
            wine.cargo(repository, "test")
                .args(["--package", "synapse-cli", "--test", "windows"])
                .run()
        });
        steps.run("demo", || {
            wine.cargo(repository, "run")
                .args(["--package", "synapse-cli", "--", "demo"])
                .run()
        });
    }
    steps.finish()
}

fn standard_library(repository: &Repository, target: &str) -> Result<(), Failure> {
    Invocation::new(repository, "rustup")
        .args(["target", "add", target])
        .run()
        .map_err(|failure| Failure::Missing {
            part: format!("the standard library for {target}"),
            remedy: format!("{failure}; run `rustup target add {target}`"),
        })
}

/// Wine, with a home of its own.
struct Wine {
    /// Starts a Windows program.
    runner: PathBuf,
}

impl Wine {
    fn prepare(repository: &Repository) -> Result<Self, Failure> {
        standard_library(repository, WINDOWS)?;
        let compiler_works = Invocation::new(repository, MINGW)
            .arg("--version")
            .capture();
        if compiler_works.is_err() || loader(repository).is_none() {
            apt::install(repository, &["gcc-mingw-w64-x86-64", "wine64"])?;
        }
        let loader = loader(repository).ok_or_else(|| Failure::Missing {
            part: "wine".to_owned(),
            remedy: "install wine64 with the package manager of this system".to_owned(),
        })?;
        let directory = repository.target("wine")?;
        let prefix = directory.join("prefix");
        let runner = directory.join("run");
        let script = RUNNER
            .replace("@PREFIX@", &prefix.display().to_string())
            .replace("@LOADER@", loader);
        repository::write_script(&runner, &script)?;
        Invocation::new(repository, &runner)
            .args(["wineboot", "--init"])
            .run()?;
        random_numbers(repository, &prefix.join("drive_c/windows/system32"))?;
        Ok(Self { runner })
    }

    fn cargo(&self, repository: &Repository, command: &str) -> Invocation {
        Invocation::cargo(repository)
            .args([command, "--target", WINDOWS])
            .env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER", &self.runner)
    }
}

/// The program that starts others; Debian keeps it off PATH.
fn loader(repository: &Repository) -> Option<&'static str> {
    ["wine64", "wine", "/usr/lib/wine/wine64"]
        .into_iter()
        .find(|loader| {
            let version = Invocation::new(repository, loader)
                .arg("--version")
                .capture();
            version.is_ok()
        })
}

/// Builds the library in which Rust's standard library looks for random numbers: Wine has it from
/// version 9 on.
fn random_numbers(repository: &Repository, system: &Path) -> Result<(), Failure> {
    let library = system.join("bcryptprimitives.dll");
    if library.exists() {
        return Ok(());
    }
    let source = repository.target("wine")?.join("bcryptprimitives.c");
    repository::write(&source, RANDOM_NUMBERS)?;
    Invocation::new(repository, MINGW)
        .arg("-shared")
        .arg("-o")
        .arg(&library)
        .arg(&source)
        .arg("-ladvapi32")
        .run()
}

pub(crate) const WINDOWS: &str = "x86_64-pc-windows-gnu";
pub(crate) const MACOS: &str = "aarch64-apple-darwin";

const MINGW: &str = "x86_64-w64-mingw32-gcc";

/// Crates whose tests all run under Wine. Those with raw sockets do not: Wine delays resets and the
/// closing of listeners.
const PACKAGES: &[&str] = &[
    "synapse-core",
    "synapse-documents",
    "synapse-export",
    "synapse-files",
    "synapse-home",
    "synapse-mcp",
    "synapse-process",
    "synapse-redact",
    "synapse-tools",
];

/// A C compiler that compiles nothing; only its preprocessor is real, which build scripts ask about
/// the compiler.
const NO_OBJECTS: &str = r#"#!/bin/sh
case "$*" in
    *-E* | *detect_compiler_family*) exec cc "$@" ;;
    *-\?*) exit 1 ;;
esac
while [ $# -gt 0 ]; do
    case "$1" in -o) : >"$2" && exit ;; esac
    shift
done
"#;

const RUNNER: &str = r#"#!/bin/sh
export WINEPREFIX="@PREFIX@" WINEDEBUG=-all
exec @LOADER@ "$@"
"#;

const RANDOM_NUMBERS: &str = "\
#include <windows.h>
#include <ntsecapi.h>
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T size) {
    return RtlGenRandom(data, (ULONG)size);
}
";
