//! Every test named in the threat model exists, so that renaming or deleting a proof is noticed.

use std::collections::BTreeMap;

use crate::repository::TextFile;
use crate::violation::Violation;

/// Compares the threat model with the tests of all files.
pub(crate) fn check(files: &[TextFile]) -> Vec<Violation> {
    let Some(model) = files.iter().find(|file| file.path == MODEL) else {
        return vec![Violation::of(MODEL, "is not there")];
    };
    let tests = tests(files);
    let mut violations = Vec::new();
    for (index, line) in model.text.lines().enumerate() {
        for name in line
            .split('`')
            .skip(1)
            .step_by(2)
            .filter(|span| is_test(span))
        {
            let (place, function) = name.rsplit_once("::").unwrap_or(("", name));
            let files = tests.get(function).map(Vec::as_slice).unwrap_or_default();
            let is_there = files.iter().any(|path| {
                let mut modules = place.split("::").filter(|module| !module.is_empty());
                modules.all(|module| path.contains(module))
            });
            if !is_there {
                let message = format!("names the test `{name}`, which does not exist");
                violations.push(Violation::at(MODEL, index + 1, message));
            }
        }
    }
    violations
}

/// The names of all tests, each with its files.
fn tests(files: &[TextFile]) -> BTreeMap<&str, Vec<&str>> {
    let mut tests: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for file in files.iter().filter(|file| file.is_rust()) {
        let mut is_test = false;
        for line in file.text.lines().map(str::trim_start) {
            if line.starts_with("#[") {
                is_test |= line.contains("test]") || line.contains("test(");
                continue;
            }
            let line = line.strip_prefix("async ").unwrap_or(line);
            if let (true, Some(rest)) = (is_test, line.strip_prefix("fn ")) {
                let name = rest.split('(').next().unwrap_or_default();
                tests.entry(name).or_default().push(&file.path);
            }
            is_test &= line.starts_with("//");
        }
    }
    tests
}

/// Whether a code span is a test name: words joined by `_`, optionally with a module path.
fn is_test(span: &str) -> bool {
    let has_shape = span
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_:".contains(&byte));
    has_shape && (span.contains("::") || span.matches('_').count() >= 2)
}

const MODEL: &str = "docs/security/threat-model.md";

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> TextFile {
        TextFile {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    fn found(model: &str) -> Vec<String> {
        let tests = "//! T.\n#[test]\nfn a_b_c() {}\n/// Doc.\n#[tokio::test(start_paused = true)]\n\
                     // Why.\nasync fn short() {}\nfn no_test_here() {}\n";
        let files = [
            file(MODEL, model),
            file("crates/x/tests/it/faults.rs", tests),
        ];
        check(&files).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_test_that_is_there_passes() {
        let model =
            "| a | `a_b_c`, `faults::short` and `it::faults::a_b_c`; `not a test`, `file_a.rs` |";
        assert_eq!(found(model), [""; 0]);
    }

    #[test]
    fn a_test_that_is_not_there_is_named() {
        for (model, name) in [
            ("`a_b_d`", "a_b_d"),
            ("x\n`no_test_here`", "no_test_here"),
            ("`other::short`", "other::short"),
        ] {
            let found = found(model);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].contains(name), "{found:?}");
        }
    }

    #[test]
    fn a_model_that_is_gone_is_a_violation() {
        assert_eq!(check(&[]).len(), 1);
    }
}
