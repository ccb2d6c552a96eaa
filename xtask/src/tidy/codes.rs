//! Every error code of the catalogue is used: a code that nothing can return is an empty promise.

use crate::masking::{Hidden, is_word, mask};
use crate::repository::TextFile;
use crate::violation::Violation;

/// Finds codes that no crate uses.
pub(crate) fn check(files: &[TextFile]) -> Vec<Violation> {
    let Some(catalogue) = files.iter().find(|file| file.path == CATALOGUE) else {
        return vec![Violation::of(
            CATALOGUE,
            "is missing; the rule on error codes reads it",
        )];
    };
    let sources: Vec<String> = files
        .iter()
        .filter(|file| file.is_rust() && file.path != CATALOGUE && is_shipped(&file.path))
        .map(|file| mask(shipped_part(&file.text), Hidden::LiteralsAndComments))
        .collect();
    let mut violations = Vec::new();
    for (index, line) in catalogue.text.lines().enumerate() {
        let Some(variant) = variant(line) else {
            continue;
        };
        let made = format!("Code::{variant}");
        if !sources.iter().any(|text| names(text, &made)) {
            violations.push(Violation::at(
                CATALOGUE,
                index + 1,
                format!("`{variant}` is never made: no source outside the catalogue names it"),
            ));
        }
    }
    violations
}

/// The variant at the start of a catalogue row: `    Variant "class.code" Class`.
fn variant(line: &str) -> Option<&str> {
    let mut words = line.strip_prefix("    ")?.split(' ');
    let variant = words.next()?;
    let name = words.next()?;
    let fits = variant.starts_with(|first: char| first.is_ascii_uppercase())
        && name.starts_with('"')
        && name.contains('.');
    fits.then_some(variant)
}

/// Whether `text` contains `name` as a whole word.
fn names(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(start, _)| {
        text.get(start + name.len()..)
            .is_some_and(|rest| !rest.starts_with(is_word))
    })
}

/// Whether the file is shipped; a code that only tests use does not count.
pub(super) fn is_shipped(path: &str) -> bool {
    path.starts_with("crates/")
        && path.contains("/src/")
        && !path.starts_with("crates/synapse-testkit/")
        && !["/tests.rs", "/tests/", "/any_bytes.rs", "/any_bytes/"]
            .iter()
            .any(|of_tests| path.contains(of_tests))
}

/// The text before the inline tests, which always end a file.
pub(super) fn shipped_part(text: &str) -> &str {
    text.split("\n#[cfg(test)]\nmod tests {")
        .next()
        .unwrap_or(text)
}

const CATALOGUE: &str = "crates/synapse-core/src/error/catalogue.rs";

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> TextFile {
        TextFile {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    fn lines(source: &str) -> Vec<String> {
        let catalogue = "catalogue! {\n    GateShut \"gate.shut\" Gate\n        means \"x\"\n}";
        let files = [
            file(CATALOGUE, catalogue),
            file("crates/synapse-core/src/gate.rs", source),
            file("crates/synapse-core/tests/gate.rs", "Code::GateShut"),
        ];
        check(&files).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_code_that_only_tests_and_comments_name_is_found() {
        assert_eq!(lines("fn x() -> Code { Code::GateShut }"), [""; 0]);
        for unmade in [
            "// Code::GateShut",
            "fn x() -> Code { Code::GateShutter }",
            "fn x() {}\n\n#[cfg(test)]\nmod tests { const X: Code = Code::GateShut; }",
        ] {
            let found = lines(unmade);
            assert_eq!(found.len(), 1, "{unmade}: {found:?}");
            assert!(
                found
                    .iter()
                    .all(|line| line.contains(":2: error: `GateShut`")),
                "{found:?}"
            );
        }
    }

    #[test]
    fn a_missing_catalogue_is_a_violation() {
        assert_eq!(check(&[]).len(), 1);
    }
}
