//! Generated files: the command that makes each, `cargo xtask generate` to write them, and the tidy
//! rule that none is stale. To add one, add a row to `GENERATED`.

use std::path::{Path, PathBuf};

use cargo_metadata::Message;

use crate::command::Invocation;
use crate::failure::Failure;
use crate::picture;
use crate::repository::{self, Repository};
use crate::violation::Violation;

/// A committed file generated from program output.
#[derive(Debug)]
struct Generated {
    path: &'static str,
    arguments: &'static [&'static str],
    /// Converts the output to the file's content.
    form: fn(&str) -> String,
}

const GENERATED: &[Generated] = &[
    Generated {
        path: "docs/reference/errors.md",
        arguments: &["reference", "errors"],
        form: str::to_owned,
    },
    Generated {
        path: "docs/reference/cli.md",
        arguments: &["reference", "cli"],
        form: str::to_owned,
    },
    Generated {
        path: "docs/reference/providers.md",
        arguments: &["reference", "providers"],
        form: str::to_owned,
    },
    Generated {
        path: "docs/images/demo.svg",
        arguments: &["--color", "always", "demo"],
        form: picture::of_demo,
    },
];

/// Rewrites every stale generated file.
///
/// # Errors
/// When a generator fails or a file cannot be written; earlier files are already written.
pub(crate) fn run(repository: &Repository) -> Result<(), Failure> {
    let program = program(repository)?;
    for generated in GENERATED {
        let expected = generated.produce(repository, &program)?;
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

/// Finds generated files that are missing or stale, or whose generator fails.
///
/// # Errors
/// `Refused` when the product cannot be built, `File` when an existing page cannot be read.
pub(crate) fn stale(repository: &Repository) -> Result<Vec<Violation>, Failure> {
    let program = program(repository)?;
    let mut violations = Vec::new();
    for generated in GENERATED {
        match generated.produce(repository, &program) {
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
    fn produce(&self, repository: &Repository, program: &Path) -> Result<String, Failure> {
        let printed = Invocation::new(repository, program)
            .args(self.arguments)
            .capture()?;
        Ok((self.form)(&printed))
    }
}

/// Builds the product and returns its path. Names the whole workspace and its examples, so that
/// cargo resolves the same features as for tests: `cargo run` would compile the product and its
/// dependencies again.
///
/// # Errors
/// `Refused` when the build fails.
pub(crate) fn program(repository: &Repository) -> Result<PathBuf, Failure> {
    let messages = Invocation::cargo(repository)
        .args(["build", "--workspace", "--bin", PROGRAM, "--examples"])
        .args(["--quiet", "--message-format", "json"])
        .capture()?;
    executable(&messages).ok_or_else(|| Failure::Missing {
        part: format!("the program {PROGRAM}"),
        remedy: format!("`cargo build --bin {PROGRAM}` should have made it"),
    })
}

/// Extracts the program's path from cargo's build messages.
fn executable(messages: &str) -> Option<PathBuf> {
    Message::parse_stream(messages.as_bytes()).find_map(|message| match message {
        Ok(Message::CompilerArtifact(artifact)) if artifact.target.name == PROGRAM => {
            artifact.executable.map(PathBuf::from)
        }
        _ => None,
    })
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

const PROGRAM: &str = "synapse";
const REMEDY: &str = "run `cargo xtask generate`";

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(expected: &str, found: Option<&str>) -> Option<String> {
        compare("a.md", expected, found).map(|violation| violation.to_string())
    }

    #[test]
    fn the_program_is_taken_from_what_cargo_wrote() {
        let artifact = |name: &str, executable: &str| {
            format!(
                r#"{{"reason":"compiler-artifact","package_id":"p","manifest_path":"/p/Cargo.toml",
                "target":{{"name":"{name}","kind":["bin"],"crate_types":["bin"],"src_path":"/p/main.rs"}},
                "profile":{{"opt_level":"0","debuginfo":0,"debug_assertions":true,
                "overflow_checks":true,"test":false}},
                "features":[],"filenames":[],"executable":{executable},"fresh":true}}"#
            )
            .replace('\n', "")
        };
        let library = artifact("synapse-core", "null");
        let program = artifact(PROGRAM, r#""/target/debug/synapse""#);
        assert_eq!(
            executable(&format!("{library}\n{program}\n")),
            Some(PathBuf::from("/target/debug/synapse"))
        );
        assert_eq!(executable(&library), None);
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
