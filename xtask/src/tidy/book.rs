//! Every documentation page is in SUMMARY.md, and every decision in the index of decisions. Dead
//! links are found by `links`.

use crate::repository::TextFile;
use crate::violation::Violation;

const DOCUMENTS: &str = "docs/";
const DECISIONS: &str = "docs/adr/";
const SUMMARY: &str = "docs/SUMMARY.md";
const INDEX: &str = "docs/adr/README.md";

/// Checks both lists.
pub(crate) fn check(files: &[TextFile]) -> Vec<Violation> {
    let mut violations = listed(files, SUMMARY, DOCUMENTS);
    violations.extend(listed(files, INDEX, DECISIONS));
    violations
}

/// The pages below `directory` missing from the list.
fn listed(files: &[TextFile], list: &str, directory: &str) -> Vec<Violation> {
    let Some(contents) = files.iter().find(|file| file.path == list) else {
        return vec![Violation::of(list, "is missing")];
    };
    let pages = files
        .iter()
        .filter(|file| file.is_markdown() && file.path != list);
    let pages = pages.filter_map(|file| file.path.strip_prefix(directory));
    pages
        .filter(|page| !contents.text.contains(&format!("]({page})")))
        .map(|page| Violation::of(list, format!("does not list `{page}`")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> TextFile {
        TextFile {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    #[test]
    fn every_page_is_listed() {
        let mut files = vec![
            file(
                SUMMARY,
                "- [A](guides/a.md)\n- [D](adr/README.md)\n  - [1](adr/0001-x.md)\n",
            ),
            file(INDEX, "| 1 | [x](0001-x.md) |\n"),
            file("docs/guides/a.md", ""),
            file("docs/adr/0001-x.md", ""),
            file("README.md", ""),
        ];
        assert_eq!(check(&files), []);
        files.push(file("docs/adr/0002-y.md", ""));
        let found: Vec<_> = check(&files).iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            [
                "docs/SUMMARY.md: error: does not list `adr/0002-y.md`",
                "docs/adr/README.md: error: does not list `0002-y.md`",
            ]
        );
    }

    #[test]
    fn a_missing_list_is_found() {
        assert_eq!(check(&[]).len(), 2);
    }
}
