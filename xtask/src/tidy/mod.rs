//! `cargo xtask tidy`: project rules beyond the compiler. Every rule reports all findings with file
//! and line; a rule that cannot be checked is a failure.

mod book;
mod circles;
mod codes;
mod command_lines;
mod core_purity;
mod english;
mod layering;
mod links;
mod manifest_files;
mod names;
mod paths;
mod proofs;
mod rooms;
mod sources;
mod tokens;

use crate::failure::Failure;
use crate::generate;
use crate::repository::Repository;
use crate::violation::{self, Violation};

/// Checks every rule and prints the findings.
///
/// # Errors
/// `Violations` when a rule is broken, and any other failure when one could not be checked.
pub(crate) fn run(repository: &Repository) -> Result<(), Failure> {
    violation::report(check(repository)?)
}

fn check(repository: &Repository) -> Result<Vec<Violation>, Failure> {
    let files = repository.text_files()?;
    // First, because describing the workspace for the layering rule would update a stale lock file.
    let mut violations = manifest_files::check(repository)?;
    violations.extend(layering::check(repository, &files)?);
    violations.extend(book::check(&files));
    violations.extend(circles::check(&files));
    violations.extend(codes::check(&files));
    violations.extend(proofs::check(&files));
    violations.extend(command_lines::check(&files));
    violations.extend(paths::check(&files));
    violations.extend(rooms::check(&files));
    violations.extend(manifest_files::undocumented(&files));
    violations.extend(names::check(&files));
    for file in &files {
        violations.extend(tokens::check(file));
        violations.extend(english::check(file));
        if file.is_rust() {
            violations.extend(sources::check(file));
            violations.extend(core_purity::check(file));
        }
        if file.is_markdown() {
            violations.extend(links::check(file, &files, |target| {
                repository.path(target).exists()
            }));
        }
    }
    violations.extend(generate::stale(repository)?);
    Ok(violations)
}
