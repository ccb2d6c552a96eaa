//! The shape of Rust files: a module doc, a limited length, no tabs, no unfinished code and no
//! disabled test.

use crate::masking::{Hidden, is_word, mask};
use crate::repository::TextFile;
use crate::violation::Violation;

/// A longer file is a failure.
const MOST_LINES: usize = 800;
/// A longer file is a warning: it usually has two responsibilities.
const COMFORTABLE_LINES: usize = 400;

/// Checks one Rust file.
pub(crate) fn check(file: &TextFile) -> Vec<Violation> {
    let path = &file.path;
    let mut violations = Vec::new();
    violations.extend(heading(file));
    violations.extend(length(file));
    let code = mask(&file.text, Hidden::LiteralsAndComments);
    let prose = mask(&file.text, Hidden::Literals);
    let lines = file
        .text
        .lines()
        .zip(code.lines().zip(prose.lines()))
        .enumerate();
    for (index, (line, (code, prose))) in lines {
        let mut find = |message: &str| violations.push(Violation::at(path, index + 1, message));
        if line.contains('\t') {
            find("has a tab; indent with spaces, and write \\t in a literal");
        }
        if ignores_a_test(code) {
            find("switches a test off; fix it, or delete it with a reason in the commit");
        }
        if has_word(code, concat!("to", "do")) && code.contains(concat!("to", "do!(")) {
            find("leaves something undone; finish it, or return an error that says so");
        }
        if has_word(prose, concat!("FIX", "ME")) {
            find("leaves something to fix; fix it, or open an issue and cite it");
        }
    }
    violations
}

fn heading(file: &TextFile) -> Option<Violation> {
    let mut lines = file.text.lines().enumerate();
    let (index, first) = lines
        .find(|(_, line)| !line.starts_with("#!/"))
        .unwrap_or((0, ""));
    (!first.starts_with("//!")).then(|| {
        Violation::at(
            &file.path,
            index + 1,
            "does not open with `//!`: say what the file owns and what it refuses to know",
        )
    })
}

fn length(file: &TextFile) -> Option<Violation> {
    let lines = file.text.lines().count();
    let message = format!("has {lines} lines; ");
    if lines > MOST_LINES {
        let message = format!("{message}more than {MOST_LINES} is two rooms: split it");
        return Some(Violation::at(&file.path, MOST_LINES + 1, message));
    }
    (lines > COMFORTABLE_LINES).then(|| {
        let message = format!("{message}around {COMFORTABLE_LINES} is a comfortable size");
        Violation::of(&file.path, message).into_warning()
    })
}

fn ignores_a_test(code: &str) -> bool {
    let attribute = code.contains(concat!("#[", "ignore")) || code.contains("cfg_attr(");
    attribute && has_word(code, concat!("ign", "ore"))
}

fn has_word(text: &str, word: &str) -> bool {
    text.split(|character| !is_word(character))
        .any(|found| found == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(text: &str) -> Vec<String> {
        let file = TextFile {
            path: "a.rs".to_owned(),
            text: text.to_owned(),
        };
        check(&file).iter().map(ToString::to_string).collect()
    }

    fn assert_found(text: &str, place: &str, message: &str) {
        let found = messages(text);
        let [only] = found.as_slice() else {
            panic!("expected one violation: {found:?}")
        };
        assert!(only.starts_with(place) && only.contains(message), "{only}");
    }

    #[test]
    fn a_well_shaped_file_passes() {
        assert_eq!(messages("//! What it owns.\n\nfn f() {}\n"), [""; 0]);
        assert_eq!(messages("#!/usr/bin/env run\n//! What it owns.\n"), [""; 0]);
    }

    #[test]
    fn a_file_opens_with_its_purpose() {
        assert_found("fn f() {}\n", "a.rs:1: error", "does not open with");
        assert_found("\n//! Late.\n", "a.rs:1: error", "does not open with");
        assert_found("", "a.rs:1: error", "does not open with");
        assert_found(
            "#!/bin/x\nfn f() {}\n",
            "a.rs:2: error",
            "does not open with",
        );
    }

    #[test]
    fn a_long_file_is_warned_of_and_a_longer_one_refused() {
        let lines = |count: usize| format!("//! Long.\n{}", "\n".repeat(count - 1));
        assert_eq!(messages(&lines(400)), [""; 0]);
        assert_found(&lines(401), "a.rs: warning", "has 401 lines");
        assert_found(&lines(800), "a.rs: warning", "has 800 lines");
        assert_found(&lines(801), "a.rs:801: error", "has 801 lines");
    }

    #[test]
    fn tabs_are_refused_even_in_literals() {
        assert_found("//! A.\nfn f() {\n\tg();\n}\n", "a.rs:3", "has a tab");
        assert_found("//! A.\nlet x = \"a\tb\";\n", "a.rs:2", "has a tab");
    }

    #[test]
    fn a_test_switched_off_is_refused() {
        assert_found("//! A.\n#[ignore]\n", "a.rs:2", "switches a test off");
        assert_found(
            "//! A.\n#[ignore = \"slow\"]\n",
            "a.rs:2",
            "switches a test off",
        );
        assert_found(
            "//! A.\n#[cfg_attr(unix, ignore)]\n",
            "a.rs:2",
            "switches a test off",
        );
        assert_eq!(
            messages("//! Not `#[ignore]`.\nlet x = \"#[ignore]\";\n"),
            [""; 0]
        );
    }

    #[test]
    fn undone_work_is_refused() {
        assert_found(
            "//! A.\nfn f() { todo!(\"x\") }\n",
            "a.rs:2",
            "leaves something undone",
        );
        assert_eq!(messages("//! A `todo!()` in prose.\n"), [""; 0]);
        let marked = format!("//! A.\n// {}: later\n", concat!("FIX", "ME"));
        assert_found(&marked, "a.rs:2", "leaves something to fix");
        let quoted = format!("//! A.\nlet x = \"{}\";\n", concat!("FIX", "ME"));
        assert_eq!(messages(&quoted), [""; 0]);
    }
}
