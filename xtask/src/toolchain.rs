//! Build prerequisites: clippy, rustfmt and a C compiler for SQLite. Installs what is missing.

use crate::apt;
use crate::command::Invocation;
use crate::failure::Failure;
use crate::repository::{self, Repository};

/// Ensures that checks and build can run.
///
/// # Errors
/// `Missing`, with the command to run, when a part could not be installed.
pub(crate) fn prepare(repository: &Repository) -> Result<(), Failure> {
    components(repository)?;
    c_compiler(repository)
}

fn components(repository: &Repository) -> Result<(), Failure> {
    for (component, subcommand) in [("clippy", "clippy"), ("rustfmt", "fmt")] {
        let present = || {
            Invocation::cargo(repository)
                .args([subcommand, "--version"])
                .capture()
        };
        if present().is_ok() {
            continue;
        }
        let added = Invocation::new(repository, "rustup")
            .args(["component", "add", component])
            .run();
        if added.is_err() || present().is_err() {
            return Err(Failure::Missing {
                part: format!("the Rust component {component}"),
                remedy: format!("run `rustup component add {component}`"),
            });
        }
    }
    Ok(())
}

fn c_compiler(repository: &Repository) -> Result<(), Failure> {
    let Err(missing) = compile(repository) else {
        return Ok(());
    };
    eprintln!("no working C compiler: {missing}");
    apt::install(repository, &["build-essential"])?;
    compile(repository)
}

/// Compiles a file that includes C library headers, as SQLite does.
fn compile(repository: &Repository) -> Result<(), Failure> {
    let directory = repository.target("xtask")?;
    let source = directory.join("probe.c");
    repository::write(&source, PROBE)?;
    let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
    Invocation::new(repository, compiler)
        .arg("-c")
        .arg(&source)
        .arg("-o")
        .arg(directory.join("probe.o"))
        .capture()
        .map(drop)
}

const PROBE: &str = "#include <stdio.h>\nint probe(void) { return puts(\"\"); }\n";
