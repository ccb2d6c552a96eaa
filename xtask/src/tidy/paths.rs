//! Paths in backticks on pages exist in this repository: whole, or as a suffix such as
//! `error/catalogue.rs`. Decision records are exempt: they keep the paths of their time.

use crate::repository::TextFile;
use crate::violation::Violation;

/// Finds dead paths in pages, and an architecture page without its ten changes.
pub(crate) fn check(files: &[TextFile]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for page in files.iter().filter(|file| is_checked(file)) {
        for (line, path) in paths(&page.text) {
            if !exists(&path, files) {
                let message = format!("names `{path}`, which is not in this repository");
                violations.push(Violation::at(&page.path, line, message));
            }
        }
    }
    if let Some(page) = files.iter().find(|file| file.path == ARCHITECTURE) {
        let changes = changes(&page.text);
        if changes < CHANGES {
            violations.push(Violation::of(
                ARCHITECTURE,
                format!("has {changes} of {CHANGES} changes with their files under `{HEADING}`"),
            ));
        }
    }
    violations
}

fn is_checked(file: &TextFile) -> bool {
    file.is_markdown() && !file.path.starts_with("docs/adr/") && file.path != "CHANGELOG.md"
}

/// The rows of the table of changes that name a source file.
fn changes(text: &str) -> usize {
    let section = text.lines().skip_while(|line| *line != HEADING).skip(1);
    let section = section.take_while(|line| !line.starts_with("## "));
    let rows = section.filter(|line| line.starts_with('|'));
    rows.filter(|row| row.contains(".rs`")).count()
}

/// Every path outside code blocks, with its line; braces are expanded.
fn paths(text: &str) -> Vec<(usize, String)> {
    let mut paths = Vec::new();
    let mut is_fenced = false;
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            is_fenced = !is_fenced;
            continue;
        }
        if is_fenced {
            continue;
        }
        for span in line
            .split('`')
            .skip(1)
            .step_by(2)
            .filter(|span| is_path(span))
        {
            paths.extend(expanded(span).into_iter().map(|path| (index + 1, path)));
        }
    }
    paths
}

fn is_path(span: &str) -> bool {
    let is_plain = span
        .chars()
        .all(|each| each.is_ascii_alphanumeric() || "_-./{},".contains(each));
    let has_name = span.rsplit('/').next().is_some_and(|name| name != ".rs");
    let is_rust = span.ends_with(".rs") && has_name;
    let is_of_repository = ROOTS.iter().any(|root| span.starts_with(root));
    is_plain && (is_rust || is_of_repository)
}

/// Expands `a/{b,c}.rs` to `a/b.rs` and `a/c.rs`.
fn expanded(span: &str) -> Vec<String> {
    let parts = span.split_once('{').and_then(|(before, rest)| {
        rest.split_once('}')
            .map(|(names, after)| (before, names, after))
    });
    match parts {
        Some((before, names, after)) => names
            .split(',')
            .map(|name| format!("{before}{name}{after}"))
            .collect(),
        None => vec![span.to_owned()],
    }
}

/// Whether a file, or one of its parent directories, ends with this path.
fn exists(path: &str, files: &[TextFile]) -> bool {
    let path = format!("/{}", path.trim_end_matches('/'));
    let directory = format!("{path}/");
    files.iter().any(|file| {
        let file = format!("/{}", file.path);
        file.ends_with(&path) || file.contains(&directory)
    })
}

const ROOTS: [&str; 5] = [
    "crates/",
    "tests/tests/",
    "xtask/src/",
    "docs/",
    "tests/src/",
];
const ARCHITECTURE: &str = "docs/architecture.md";
const HEADING: &str = "## Where to make a change";
const CHANGES: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> TextFile {
        TextFile {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    fn found(page: &str) -> Vec<String> {
        let files = [
            file("docs/page.md", page),
            file("crates/a/src/error/mod.rs", ""),
            file("crates/a/src/error/class.rs", ""),
        ];
        check(&files).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_path_that_is_there_passes() {
        for span in [
            "crates/a/src/error/mod.rs",
            "error/class.rs",
            "class.rs",
            "error/{mod,class}.rs",
            "crates/a/src/error/",
            "crates/a",
            "serve --tools",
            "~/.synapse",
            ".rs",
            "tools/list",
        ] {
            assert_eq!(found(&format!("See `{span}`.")), [""; 0], "{span}");
        }
        assert_eq!(found("```\n`gone.rs`\n```\n"), [""; 0]);
    }

    #[test]
    fn a_path_that_leads_nowhere_is_named_with_its_line() {
        for span in [
            "error.rs",
            "crates/b/src",
            "error/{mod,gone}.rs",
            "ror/mod.rs",
        ] {
            let lines = found(&format!("One.\nSee `{span}`."));
            assert_eq!(lines.len(), 1, "{span}: {lines:?}");
            assert!(
                lines[0].starts_with("docs/page.md:2: error: names `"),
                "{lines:?}"
            );
        }
    }

    #[test]
    fn the_architecture_page_has_ten_changes() {
        let row = "| a | `class.rs` |\n";
        let page = |rows: usize| {
            format!(
                "{HEADING}\n\n| change | file |\n|---|---|\n{}",
                row.repeat(rows)
            )
        };
        let check =
            |text: &str| check(&[file(ARCHITECTURE, text), file("crates/a/class.rs", "")]).len();
        assert_eq!(check(&page(10)), 0);
        assert_eq!(check(&page(9)), 1);
        assert_eq!(check("# Architecture\n"), 1);
    }
}
