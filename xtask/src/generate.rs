//! Generated files: which command makes each, `cargo xtask generate` to write them, and the tidy
//! rule that none is stale. To add one, add a line to `GENERATED`.

use crate::command::Invocation;
use crate::failure::Failure;
use crate::repository::{self, Repository};
use crate::violation::Violation;

/// A committed page of `docs/reference` that `synapse reference` prints.
#[derive(Debug)]
struct Generated {
    path: &'static str,
    /// The word after `reference`.
    page: &'static str,
}

const GENERATED: &[Generated] = &[
    Generated {
        path: "docs/reference/errors.md",
        page: "errors",
    },
    Generated {
        path: "docs/reference/cli.md",
        page: "cli",
    },
    Generated {
        path: "docs/reference/providers.md",
        page: "providers",
    },
];

/// Rewrites every generated file that is stale.
///
/// # Errors
/// When a generator fails or a file cannot be written; files before it are already written.
pub(crate) fn run(repository: &Repository) -> Result<(), Failure> {
    for generated in GENERATED {
        let expected = generated.produce(repository)?;
        let found = repository.read(generated.path)?;
        if compare(generated.path, &expected, found.as_deref()).is_none() {
            println!("{}: up to date", generated.path);
            continue;
        }
        let path = repository.path(generated.path);
        if let Some(directory) = path.parent() {
            repository::create_directory(directory)?;
        }
        repository::write(&path, &expected)?;
        println!("{}: written", generated.path);
    }
    Ok(())
}

/// Finds the generated files that are missing, stale, or whose generator fails.
///
/// # Errors
/// `File` when one exists and cannot be read.
pub(crate) fn stale(repository: &Repository) -> Result<Vec<Violation>, Failure> {
    let mut violations = Vec::new();
    for generated in GENERATED {
        match generated.produce(repository) {
            Ok(expected) => {
                let found = repository.read(generated.path)?;
                violations.extend(compare(generated.path, &expected, found.as_deref()));
            }
            Err(failure) => violations.push(Violation::of(
                generated.path,
                format!("cannot be compared, because its generator failed: {failure}"),
            )),
        }
    }
    Ok(violations)
}

impl Generated {
    fn produce(&self, repository: &Repository) -> Result<String, Failure> {
        Invocation::cargo(repository)
            .args(REFERENCE)
            .args([self.page])
            .capture()
    }
}

fn compare(path: &str, expected: &str, found: Option<&str>) -> Option<Violation> {
    let Some(found) = found else {
        return Some(Violation::of(path, format!("is missing; {REMEDY}")));
    };
    if found == expected {
        return None;
    }
    let same = found
        .lines()
        .zip(expected.lines())
        .take_while(|(old, new)| old == new)
        .count();
    Some(Violation::at(
        path,
        same + 1,
        format!("is stale from here on; {REMEDY}"),
    ))
}

/// The cargo command that prints a page, but for the page.
const REFERENCE: &[&str] = &[
    "run",
    "--quiet",
    "--package",
    "synapse-cli",
    "--",
    "reference",
];
const REMEDY: &str = "run `cargo xtask generate`";

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(expected: &str, found: Option<&str>) -> Option<String> {
        compare("a.md", expected, found).map(|violation| violation.to_string())
    }

    #[test]
    fn a_fresh_file_is_accepted() {
        assert_eq!(compared("one\n", Some("one\n")), None);
    }

    #[test]
    fn a_missing_file_is_reported() {
        let expected = "a.md: error: is missing; run `cargo xtask generate`";
        assert_eq!(compared("one\n", None).as_deref(), Some(expected));
    }

    #[test]
    fn a_stale_file_is_reported_at_its_first_difference() {
        let expected = "a.md:2: error: is stale from here on; run `cargo xtask generate`";
        assert_eq!(
            compared("one\ntwo\n", Some("one\n2\n")).as_deref(),
            Some(expected)
        );
        assert_eq!(
            compared("one\ntwo\n", Some("one\n")).as_deref(),
            Some(expected)
        );
        assert_eq!(
            compared("one\n", Some("one\ntwo\n")).as_deref(),
            Some(expected)
        );
    }
}
