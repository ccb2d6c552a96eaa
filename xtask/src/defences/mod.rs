//! `cargo xtask defences`: removes each defence of the dashboard once, and expects a test to fail.
//! The sources are always restored; a killed run leaves a change that `git diff` shows.

mod table;

use std::path::PathBuf;

use self::table::{DEFENCES, Defence};
use crate::command::Invocation;
use crate::failure::Failure;
use crate::repository::{self, Repository};

/// Removes the defences whose names contain `filter`, one after the other.
///
/// # Errors
/// `Survived` if the tests pass without one of them.
pub(crate) fn run(repository: &Repository, filter: &str) -> Result<(), Failure> {
    let chosen = || DEFENCES.iter().filter(|each| each.name.contains(filter));
    tests(repository).run()?;
    let mut survivors = Vec::new();
    for defence in chosen() {
        let removed = Removed::of(repository, defence)?;
        compiled(repository).run()?;
        let failed = tests(repository).capture().is_err();
        drop(removed);
        println!(
            "{} {}",
            if failed { "caught  " } else { "SURVIVED" },
            defence.name
        );
        if !failed {
            survivors.push(defence.name);
        }
    }
    println!(
        "{} defences removed, {} unnoticed",
        chosen().count(),
        survivors.len()
    );
    match survivors.as_slice() {
        [] => Ok(()),
        names => Err(Failure::Survived {
            names: names.join(", "),
        }),
    }
}

fn tests(repository: &Repository) -> Invocation {
    Invocation::cargo(repository).args(["test", "--quiet", "--package", PACKAGE, "--tests"])
}

/// A removal that does not compile would look like a detected one.
fn compiled(repository: &Repository) -> Invocation {
    Invocation::cargo(repository).args([
        "test",
        "--quiet",
        "--no-run",
        "--package",
        PACKAGE,
        "--tests",
    ])
}

/// A source without a defence, until dropped.
struct Removed {
    path: PathBuf,
    whole: String,
}

impl Removed {
    fn of(repository: &Repository, defence: &Defence) -> Result<Self, Failure> {
        let path = repository.path(&format!("{SOURCES}/{}", defence.file));
        let whole = repository::read(&path)?;
        repository::write(&path, &whole.replace(defence.kept, defence.removed))?;
        Ok(Self { path, whole })
    }
}

impl Drop for Removed {
    fn drop(&mut self) {
        if let Err(failure) = repository::write(&self.path, &self.whole) {
            println!("put {} back by hand: {failure}", self.path.display());
        }
    }
}

const PACKAGE: &str = "synapse-dashboard";
const SOURCES: &str = "crates/synapse-dashboard/src";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_defence_is_where_the_table_says() {
        let repository = Repository::locate();
        for defence in DEFENCES {
            let path = repository.path(&format!("{SOURCES}/{}", defence.file));
            let text = repository::read(&path).unwrap();
            assert_eq!(text.matches(defence.kept).count(), 1, "{}", defence.name);
            assert_ne!(defence.kept, defence.removed, "{}", defence.name);
        }
    }
}
