//! The table of the files of a prompt's path, in the architecture page: every file exists in its
//! crate, and the numbers add up.

use crate::repository::TextFile;
use crate::violation::Violation;

/// Finds wrong numbers and missing files in the table.
pub(crate) fn check(files: &[TextFile]) -> Vec<Violation> {
    let Some(page) = files.iter().find(|file| file.path == ARCHITECTURE) else {
        return Vec::new();
    };
    let lines: Vec<&str> = page.text.lines().collect();
    let Some(start) = lines.iter().position(|line| *line == HEADING) else {
        return vec![Violation::of(ARCHITECTURE, format!("has no `{HEADING}`"))];
    };
    let mut violations = Vec::new();
    let mut total = 0;
    let mut stated = None;
    for (index, line) in lines.iter().enumerate().skip(start + 1) {
        if line.starts_with('#') {
            break;
        }
        if let Some(number) = number_of_files(line) {
            stated = Some((index + 1, number));
        }
        let Some(row) = Row::of(line) else { continue };
        total += row.files.len();
        if row.count != row.files.len() {
            let message = format!("states {} files and names {}", row.count, row.files.len());
            violations.push(Violation::at(ARCHITECTURE, index + 1, message));
        }
        for file in &row.files {
            let path = format!("crates/{}/src/{file}", row.in_crate);
            if !files.iter().any(|file| file.path == path) {
                let message = format!("names `{path}`, which does not exist");
                violations.push(Violation::at(ARCHITECTURE, index + 1, message));
            }
        }
    }
    match stated {
        Some((_, number)) if number == total => {}
        Some((line, number)) => {
            let message = format!("states {number} files, and the table names {total}");
            violations.push(Violation::at(ARCHITECTURE, line, message));
        }
        None => violations.push(Violation::of(
            ARCHITECTURE,
            format!("does not state the number of files under `{HEADING}`"),
        )),
    }
    violations
}

/// A row of the table.
struct Row<'a> {
    in_crate: &'a str,
    files: Vec<&'a str>,
    count: usize,
}

impl<'a> Row<'a> {
    fn of(line: &'a str) -> Option<Self> {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [in_crate, files, count] = cells.as_slice() else {
            return None;
        };
        Some(Self {
            in_crate: in_crate.trim_matches('`'),
            files: files.split('`').skip(1).step_by(2).collect(),
            count: count.parse().ok()?,
        })
    }
}

/// The number in `through 38 files`.
fn number_of_files(line: &str) -> Option<usize> {
    let (_, rest) = line.split_once("through ")?;
    let (number, _) = rest.split_once(" files")?;
    number.parse().ok()
}

const ARCHITECTURE: &str = "docs/architecture.md";
const HEADING: &str = "### The files of that path";

#[cfg(test)]
mod tests {
    use super::*;

    fn found(total: usize, count: usize, names: &str) -> Vec<String> {
        let text = format!(
            "{HEADING}\n\nIt passes\nthrough {total} files:\n\n| crate | files | count |\n\
             |---|---|---|\n| `a` | {names} | {count} |\n\n## Next\n| `b` | `c.rs` | 7 |\n"
        );
        let file = |path: &str, text: &str| TextFile {
            path: path.to_owned(),
            text: text.to_owned(),
        };
        let files = [
            file(ARCHITECTURE, &text),
            file("crates/a/src/one.rs", ""),
            file("crates/a/src/two.rs", ""),
        ];
        check(&files).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_table_that_adds_up_passes() {
        assert_eq!(found(2, 2, "`one.rs`; back: `two.rs`"), [""; 0]);
    }

    #[test]
    fn wrong_numbers_and_missing_files_are_found() {
        assert_eq!(found(3, 2, "`one.rs`, `two.rs`").len(), 1);
        assert_eq!(found(2, 3, "`one.rs`, `two.rs`").len(), 1);
        assert_eq!(found(2, 2, "`one.rs`, `gone.rs`").len(), 1);
    }
}
