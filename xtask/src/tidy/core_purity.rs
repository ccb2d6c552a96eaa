//! synapse-core, synapse-documents and synapse-redact do no I/O, have no clock and read no environment. The compiler
//! cannot enforce this, since `std` offers all of it; this rule searches the code with comments and
//! literals blanked.

use std::collections::BTreeSet;

use crate::masking::{Hidden, is_word, mask};
use crate::repository::TextFile;
use crate::violation::Violation;

/// A banned path, and the alternative.
const BANNED: &[(&str, &str)] = &[
    ("std::fs", "files belong behind a port, in synapse-store"),
    (
        "std::net",
        "sockets belong in synapse-http; `core::net` has the address types",
    ),
    ("std::env", "the environment belongs to synapse-cli"),
    ("std::process", "processes belong to synapse-process"),
    ("std::time::SystemTime", CLOCK),
    ("SystemTime::now", CLOCK),
    ("Instant::now", CLOCK),
    ("Timestamp::now", CLOCK),
    ("Zoned::now", CLOCK),
];

const CLOCK: &str = "time comes through the `Clock` port";

/// The pure crates and their directories.
const PURE: [(&str, &str); 3] = [
    ("synapse-core", "crates/synapse-core/src/"),
    ("synapse-documents", "crates/synapse-documents/src/"),
    ("synapse-redact", "crates/synapse-redact/src/"),
];

/// Checks one Rust file; files outside the pure crates pass.
pub(crate) fn check(file: &TextFile) -> Vec<Violation> {
    let Some((name, _)) = PURE
        .iter()
        .find(|(_, sources)| file.path.starts_with(sources))
    else {
        return Vec::new();
    };
    named(&file.text)
        .into_iter()
        .map(|(line, path, remedy)| {
            Violation::at(&file.path, line, format!("{name} names `{path}`: {remedy}"))
        })
        .collect()
}

fn named(source: &str) -> BTreeSet<(usize, &'static str, &'static str)> {
    let code = mask(source, Hidden::LiteralsAndComments);
    let mut found = BTreeSet::new();
    for (index, line) in code.lines().enumerate() {
        for &(path, remedy) in BANNED {
            if mentions(line, path) {
                found.insert((index + 1, path, remedy));
            }
        }
    }
    for (line, imported) in imports(&code) {
        for &(path, remedy) in BANNED {
            if mentions(&imported, path) {
                found.insert((line, path, remedy));
            }
        }
    }
    found
}

/// Reports whether the text contains the path as whole words.
fn mentions(text: &str, path: &str) -> bool {
    text.match_indices(path).any(|(start, _)| {
        let before = text.get(..start).and_then(|text| text.chars().next_back());
        let after = text
            .get(start + path.len()..)
            .and_then(|text| text.chars().next());
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}

/// Returns every imported path in full, with the line of its `use`: `use std::{fs, env};` hides
/// both paths from a line-based search.
fn imports(code: &str) -> Vec<(usize, String)> {
    let mut imports = Vec::new();
    for (start, _) in code.match_indices("use ") {
        let before = code.get(..start).unwrap_or_default();
        if before.chars().next_back().is_some_and(is_word) {
            continue;
        }
        let line = before.matches('\n').count() + 1;
        let statement = code.get(start + "use ".len()..).unwrap_or_default();
        let tree = statement.split(';').next().unwrap_or_default();
        let tree: String = tree
            .chars()
            .filter(|character| !character.is_whitespace())
            .collect();
        let mut paths = Vec::new();
        expand("", &tree, &mut paths);
        imports.extend(paths.into_iter().map(|path| (line, path)));
    }
    imports
}

fn expand(prefix: &str, tree: &str, paths: &mut Vec<String>) {
    let Some((head, group)) = tree.split_once('{') else {
        paths.push(format!("{prefix}{tree}"));
        return;
    };
    let prefix = format!("{prefix}{head}");
    let group = group.strip_suffix('}').unwrap_or(group);
    let mut depth = 0_usize;
    let branches = group.split(|character| {
        match character {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        character == ',' && depth == 0
    });
    for branch in branches.filter(|branch| !branch.is_empty()) {
        expand(&prefix, branch, paths);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(source: &str) -> Vec<(usize, &'static str)> {
        named(source)
            .into_iter()
            .map(|(line, path, _)| (line, path))
            .collect()
    }

    #[test]
    fn a_banned_path_is_found_on_its_line() {
        assert_eq!(
            paths("fn f() {\n    std::fs::read(x);\n}"),
            [(2, "std::fs")]
        );
        assert_eq!(paths("let now = Instant::now();"), [(1, "Instant::now")]);
        assert_eq!(paths("jiff::Timestamp::now()"), [(1, "Timestamp::now")]);
    }

    #[test]
    fn a_grouped_import_does_not_hide_one() {
        let source = "\nuse std::{\n    fmt,\n    time::{Duration, SystemTime},\n    env,\n};";
        assert_eq!(
            paths(source),
            [(2, "std::env"), (2, "std::time::SystemTime")]
        );
        assert_eq!(paths("use std::fs as files;"), [(1, "std::fs")]);
    }

    #[test]
    fn comments_strings_and_longer_names_are_not_code() {
        assert_eq!(paths("// std::fs\n/* std::env */ \"std::net\""), []);
        assert_eq!(
            paths("use std::fmt; std::environment; reinstant::nowhere; core::net::IpAddr"),
            []
        );
        assert_eq!(paths("use std::time::Duration;"), []);
    }

    #[test]
    fn only_the_pure_crates_are_held_to_it() {
        let violations = |crate_name: &str| {
            let file = TextFile {
                path: format!("crates/{crate_name}/src/a.rs"),
                text: "use std::fs;".to_owned(),
            };
            check(&file).len()
        };
        assert_eq!(violations("synapse-core"), 1);
        assert_eq!(violations("synapse-redact"), 1);
        assert_eq!(violations("synapse-store"), 0);
    }
}
