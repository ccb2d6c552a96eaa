//! Libraries contain no command line of the program: they name a `Remedy`, which each surface
//! renders in its own way. Command lines belong to `synapse-cli` and to the pages of
//! `synapse-dashboard`, which show the equivalent command.

use crate::masking::literals;
use crate::repository::TextFile;
use crate::violation::Violation;

use super::codes::{is_shipped, shipped_part};

/// Finds literals with a command line in libraries. The known commands come from the generated
/// command-line reference.
pub(crate) fn check(files: &[TextFile]) -> Vec<Violation> {
    let page = files.iter().find(|file| file.path == PAGE);
    let commands: Vec<&str> = page.map(|page| commands(&page.text)).unwrap_or_default();
    if commands.is_empty() {
        return vec![Violation::of(
            PAGE,
            "names no command; the rule on command lines in libraries reads them from it",
        )];
    }
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| is_library(file)) {
        for (line, text) in literals(shipped_part(&file.text)) {
            if let Some(found) = command_line(text, &commands) {
                violations.push(Violation::at(
                    &file.path,
                    line,
                    format!(
                        "writes the command line `synapse {found}`; name a `Remedy`, or an \
                         `Action` in the catalogue of codes, and let the surface render it"
                    ),
                ));
            }
        }
    }
    violations
}

fn is_library(file: &TextFile) -> bool {
    file.is_rust()
        && is_shipped(&file.path)
        && !file.path.contains("/tests/")
        && !SURFACES
            .iter()
            .any(|surface| file.path.starts_with(surface))
}

/// The commands with a section in the page, such as "## `synapse chat`".
fn commands(page: &str) -> Vec<&str> {
    let names = page.lines().filter_map(|line| {
        let name = line.strip_prefix("## `synapse ")?.strip_suffix('`')?;
        (!name.contains(' ')).then_some(name)
    });
    names.collect()
}

/// The first word of the first command line in a literal. A trailing backslash continues the line.
fn command_line<'a>(literal: &'a str, commands: &[&str]) -> Option<&'a str> {
    literal.match_indices(PROGRAM).find_map(|(start, _)| {
        let begins_word = !literal
            .get(..start)?
            .ends_with(|last: char| last.is_alphanumeric() || "-_/.".contains(last));
        let rest = literal.get(start + PROGRAM.len()..)?;
        let tail = rest.trim_start_matches([' ', '\\', '\n']);
        let word = tail.split(|next: char| !next.is_ascii_lowercase()).next()?;
        // A placeholder after the program's name can only be a command.
        let is_filled_in = tail.starts_with('{') && !tail.starts_with("{{");
        let is_command = is_filled_in || commands.contains(&word) || tail.starts_with("--help");
        (begins_word && rest.len() > tail.len() && is_command).then_some(word)
    })
}

const SURFACES: [&str; 2] = ["crates/synapse-cli/", "crates/synapse-dashboard/"];

const PAGE: &str = "docs/reference/cli.md";
const PROGRAM: &str = "synapse";

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<String> {
        let file = |path: &str, text: &str| TextFile {
            path: path.to_owned(),
            text: text.to_owned(),
        };
        let page = "# Command line\n\n## `synapse`\n\n## `synapse chat`\n\n## `synapse ide list`\n";
        let files = [file(PAGE, page), file(path, text)];
        check(&files).iter().map(ToString::to_string).collect()
    }

    const LIBRARY: &str = "crates/synapse-core/src/gate.rs";

    #[test]
    fn a_command_line_in_a_literal_of_a_library_is_found() {
        for literal in [
            r#""synapse chat hf""#,
            r#""run `synapse chat`""#,
            r##"r#"run "synapse chat"."#"##,
            "\"synapse \\\n     chat hf\"",
            r#"format!("synapse {command}")"#,
            r#""synapse --help""#,
        ] {
            let text = format!("//! A gate.\n\nfn f() {{ g({literal}) }}\n");
            let lines = found(LIBRARY, &text);
            assert_eq!(lines.len(), 1, "{literal}: {lines:?}");
            assert!(
                lines[0].starts_with(&format!("{LIBRARY}:3: error")),
                "{lines:?}"
            );
        }
    }

    #[test]
    fn prose_comments_tests_and_the_program_itself_are_not() {
        for text in [
            "//! `synapse chat` sends.",
            r#"const X: &str = "a hanging synapse process";"#,
            r#"const X: &str = "/opt/synapse chat";"#,
            r#"const X: &str = "synapse chatter";"#,
            "fn f() {}\n\n#[cfg(test)]\nmod tests { const X: &str = \"synapse chat\"; }",
        ] {
            assert_eq!(found(LIBRARY, text), [""; 0], "{text}");
        }
        let line = r#"const X: &str = "synapse chat";"#;
        for path in [
            "crates/synapse-cli/src/output/remedy.rs",
            "crates/synapse-core/tests/gate.rs",
            "crates/synapse-core/src/gate/tests/rows.rs",
            "crates/synapse-testkit/src/lib.rs",
        ] {
            assert_eq!(found(path, line), [""; 0], "{path}");
        }
    }

    #[test]
    fn without_the_page_nothing_can_be_checked() {
        assert_eq!(check(&[]).len(), 1);
    }
}
