//! `cargo xtask man DIR`: a man page for each command, for packages to ship.

use std::path::Path;

use crate::command::Invocation;
use crate::failure::Failure;
use crate::generate;
use crate::repository::{self, Repository};

/// Writes the pages into `directory`, which is made when it is missing.
///
/// # Errors
/// When the product cannot be built, or a page cannot be made or written.
pub(crate) fn run(repository: &Repository, directory: &Path) -> Result<(), Failure> {
    let program = generate::program(repository)?;
    repository::create_directory(directory)?;
    let names = Invocation::new(repository, &program)
        .args(["reference", "commands"])
        .capture()?;
    for name in names.lines() {
        let words = name.split_whitespace();
        let page = Invocation::new(repository, &program)
            .args(["help", "--man"])
            .args(words)
            .capture()?;
        repository::write(&directory.join(file_name(name)), &page)?;
    }
    println!("{}: {} pages", directory.display(), names.lines().count());
    Ok(())
}

/// The file of the page of a command, the program itself for no words.
fn file_name(command: &str) -> String {
    let words = std::iter::once("synapse").chain(command.split_whitespace());
    words.collect::<Vec<_>>().join("-") + ".1"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_the_name_that_man_looks_for() {
        assert_eq!(file_name(""), "synapse.1");
        assert_eq!(
            file_name("connection create"),
            "synapse-connection-create.1"
        );
    }
}
