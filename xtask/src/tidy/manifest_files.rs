//! Repository files: a committed and current lock file, a changelog open for the next release, and
//! docs.rs settings in the libraries' manifests.

use crate::command::Invocation;
use crate::failure::Failure;
use crate::repository::{Repository, TextFile};
use crate::violation::Violation;

const LOCK: &str = "Cargo.lock";
const CHANGELOG: &str = "CHANGELOG.md";
const UNRELEASED: &str = "## [Unreleased]";
const DOCS_RS: &str = "[package.metadata.docs.rs]";

/// Checks both.
///
/// # Errors
/// `File` when an existing one cannot be read.
pub(crate) fn check(repository: &Repository) -> Result<Vec<Violation>, Failure> {
    let mut violations = Vec::new();
    violations.extend(changelog(repository.read(CHANGELOG)?.as_deref()));
    violations.extend(ignored(
        repository
            .read(".gitignore")?
            .as_deref()
            .unwrap_or_default(),
    ));
    if repository.read(LOCK)?.is_none() {
        violations.push(Violation::of(
            LOCK,
            "is missing; builds must be reproducible: commit it",
        ));
    }
    let metadata = Invocation::cargo(repository)
        .args(["metadata", "--locked", "--format-version", "1"])
        .capture();
    if let Err(failure) = metadata {
        violations.push(Violation::of(LOCK, format!("is not up to date: {failure}")));
    }
    Ok(violations)
}

/// Finds libraries that docs.rs would document without their features.
pub(crate) fn undocumented(files: &[TextFile]) -> Vec<Violation> {
    let is_library = |file: &&TextFile| {
        let parts: Vec<&str> = file.path.split('/').collect();
        matches!(parts.as_slice(), ["crates", _, "Cargo.toml"]) && !file.path.contains("testkit")
    };
    let manifests = files.iter().filter(is_library);
    manifests
        .filter(|file| !file.text.contains(DOCS_RS))
        .map(|file| Violation::of(&file.path, format!("has no `{DOCS_RS}`")))
        .collect()
}

fn changelog(text: Option<&str>) -> Option<Violation> {
    let Some(text) = text else {
        return Some(Violation::of(CHANGELOG, "is missing"));
    };
    let open = text.lines().any(|line| line.trim_end() == UNRELEASED);
    (!open).then(|| Violation::of(CHANGELOG, format!("has no `{UNRELEASED}` section")))
}

fn ignored(gitignore: &str) -> Option<Violation> {
    let (index, _) = gitignore
        .lines()
        .enumerate()
        .find(|(_, line)| line.trim().trim_start_matches('/') == LOCK)?;
    Some(Violation::at(
        ".gitignore",
        index + 1,
        "ignores Cargo.lock, which must be committed",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changelog_is_open_for_the_next_release() {
        assert_eq!(changelog(Some("# Changelog\n\n## [Unreleased]\n")), None);
        assert!(changelog(Some("# Changelog\n\n## [0.1.0]\n")).is_some());
        assert!(changelog(Some("see ## [Unreleased]\n")).is_some());
        assert!(changelog(None).is_some());
    }

    #[test]
    fn a_library_says_how_docs_rs_builds_it() {
        let file = |path: &str, text: &str| TextFile {
            path: path.to_owned(),
            text: text.to_owned(),
        };
        let found = undocumented(&[
            file("crates/synapse-a/Cargo.toml", "[package]\n"),
            file("crates/synapse-b/Cargo.toml", DOCS_RS),
            file("crates/synapse-testkit/Cargo.toml", "[package]\n"),
            file("tests/Cargo.toml", "[package]\n"),
        ]);
        let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(
            lines,
            ["crates/synapse-a/Cargo.toml: error: has no `[package.metadata.docs.rs]`"]
        );
    }

    #[test]
    fn the_lock_file_is_not_ignored() {
        assert_eq!(ignored("/target\n"), None);
        let found = ignored("/target\n/Cargo.lock\n").map(|violation| violation.to_string());
        let expected = ".gitignore:2: error: ignores Cargo.lock, which must be committed";
        assert_eq!(found.as_deref(), Some(expected));
    }
}
