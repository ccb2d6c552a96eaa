//! `cargo xtask man DIR`: writes a man page per command, for packages.

use std::path::Path;

use crate::command::Invocation;
use crate::failure::Failure;
use crate::generate;
use crate::repository::{self, Repository};

/// Writes the pages to `directory`, creating it if missing.
///
/// # Errors
/// When the product cannot be built, or a page cannot be generated or written.
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

/// The file name of a command's page; the program itself for an empty command.
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
