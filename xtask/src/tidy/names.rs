//! One name, one type: a crate defines the name of a type once, and at most two crates define it.
//!
//! Only items at the top level of shipped files count; two definitions in one file are those of two
//! platforms.

use std::collections::{BTreeMap, BTreeSet};

use crate::masking::{Hidden, is_word, mask};
use crate::repository::TextFile;
use crate::violation::Violation;

use super::codes::{is_shipped, shipped_part};

/// Finds the names that too many types have.
pub(crate) fn check(files: &[TextFile]) -> Vec<Violation> {
    let mut places: BTreeMap<String, Vec<(&str, usize)>> = BTreeMap::new();
    for file in files {
        if file.is_rust() && is_shipped(&file.path) {
            for (line, name) in types(shipped_part(&file.text)) {
                places.entry(name).or_default().push((&file.path, line));
            }
        }
    }
    places
        .iter()
        .flat_map(|(name, places)| of_one_name(name, places))
        .collect()
}

fn of_one_name(name: &str, places: &[(&str, usize)]) -> Vec<Violation> {
    let in_crate = |path: &str| path.split("/src/").next().unwrap_or(path).to_owned();
    let mut firsts: BTreeMap<String, &str> = BTreeMap::new();
    let mut violations = Vec::new();
    for (path, line) in places {
        match firsts.get(&in_crate(path)) {
            Some(first) if first == path => {}
            Some(first) => {
                let message =
                    format!("defines `{name}`, as {first} does; give it a name of its own");
                violations.push(Violation::at(path, *line, message));
            }
            None => {
                firsts.insert(in_crate(path), path);
            }
        }
    }
    if firsts.len() > MOST_CRATES {
        let others: BTreeSet<&str> = firsts.values().copied().collect();
        let others: Vec<&str> = others.into_iter().collect();
        let message = format!(
            "`{name}` is a type of {} crates, at most {MOST_CRATES} may share a name: {}",
            firsts.len(),
            others.join(", ")
        );
        let (path, line) = places.first().copied().unwrap_or_default();
        violations.push(Violation::at(path, line, message));
    }
    violations
}

/// The names of the types that a file defines at its top level, each with its line. Items of doc
/// tests and of tests are left out.
fn types(text: &str) -> Vec<(usize, String)> {
    let code = mask(text, Hidden::LiteralsAndComments);
    let mut of_tests = false;
    let mut found = Vec::new();
    for (index, line) in code.lines().enumerate() {
        if line.starts_with("#[") {
            of_tests |= line.starts_with("#[cfg(test)]") || line.starts_with("#[cfg(doctest)]");
        } else if !line.trim().is_empty() {
            if let Some(name) = defined(line).filter(|_| !of_tests) {
                found.push((index + 1, name.to_owned()));
            }
            of_tests = false;
        }
    }
    found
}

/// The name of the type that a line begins to define.
fn defined(line: &str) -> Option<&str> {
    let line = match line.strip_prefix("pub") {
        Some(rest) if rest.starts_with('(') => rest.split_once(") ")?.1,
        Some(rest) => rest.trim_start(),
        None => line,
    };
    let rest = KEYWORDS.iter().find_map(|word| line.strip_prefix(word))?;
    let end = rest.find(|character| !is_word(character));
    rest.get(..end.unwrap_or(rest.len()))
}

const MOST_CRATES: usize = 2;
const KEYWORDS: [&str; 5] = ["struct ", "enum ", "trait ", "type ", "union "];

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let files: Vec<TextFile> = files
            .iter()
            .map(|(path, text)| TextFile {
                path: format!("crates/{path}"),
                text: (*text).to_owned(),
            })
            .collect();
        check(&files).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn two_crates_may_share_a_name_and_three_may_not() {
        let all = [
            ("a/src/x.rs", "pub(crate) struct Row<'a> {\n"),
            ("b/src/x.rs", "enum Row {\n"),
            ("c/src/x.rs", "pub trait Row: Send {\n"),
        ];
        assert_eq!(found(&all[..2]), [""; 0]);
        let three = found(&all);
        assert_eq!(three.len(), 1, "{three:?}");
        assert!(
            three[0].contains("`Row` is a type of 3 crates"),
            "{three:?}"
        );
    }

    #[test]
    fn one_crate_defines_a_name_once() {
        let twice = found(&[
            ("a/src/x.rs", "struct Row;\n"),
            ("a/src/y.rs", "//! Y.\n\npub type Row = u8;\n"),
        ]);
        assert_eq!(twice.len(), 1, "{twice:?}");
        assert!(
            twice[0].starts_with("crates/a/src/y.rs:3: error"),
            "{twice:?}"
        );
    }

    #[test]
    fn platforms_tests_doc_tests_and_inner_items_are_free() {
        let free = found(&[
            (
                "a/src/x.rs",
                "#[cfg(unix)]\nstruct Row;\n#[cfg(windows)]\nstruct Row;\n",
            ),
            (
                "a/src/y.rs",
                "#[cfg(doctest)]\nstruct Row;\nfn f() {\n    struct Row;\n}\n",
            ),
            (
                "a/src/z.rs",
                "// struct Row;\n\n#[cfg(test)]\nmod tests {\nstruct Row;\n}\n",
            ),
            ("a/tests/x.rs", "struct Row;\n"),
            ("a/src/w.rs", "impl Row {\n    type Row = u8;\n}\n"),
        ]);
        assert_eq!(free, [""; 0]);
    }
}
