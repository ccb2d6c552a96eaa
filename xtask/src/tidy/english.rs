//! The wording of comments and user texts: no doc comment that begins with "What" or "Who", and
//! none of the phrases that CONTRIBUTING lists as unclear.
//!
//! The rule finds only the greppable symptoms; reviews judge the rest.

use crate::masking::{Hidden, is_word, literals, mask};
use crate::repository::TextFile;
use crate::violation::Violation;

use super::codes::{is_shipped, shipped_part};

/// Finds unclear wording in comments and shipped literals of a Rust file, or in a page.
pub(crate) fn check(file: &TextFile) -> Vec<Violation> {
    if file.path == RULE {
        return Vec::new();
    }
    let mut violations = Vec::new();
    if file.is_rust() {
        violations.extend(openings(file));
        violations.extend(in_comments(file));
        violations.extend(in_literals(file));
    } else if file.is_markdown() && !HISTORICAL.iter().any(|path| file.path.starts_with(path)) {
        for (index, line) in file.text.lines().enumerate() {
            violations.extend(unclear(&file.path, index + 1, line));
        }
    }
    violations
}

/// Doc comments whose first word is a pronoun.
fn openings(file: &TextFile) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut continues = false;
    for (index, line) in file.text.lines().enumerate() {
        let text = doc(line);
        if let Some(word) = text.and_then(|text| text.split(' ').next())
            && !continues
            && OPENINGS.contains(&word)
        {
            violations.push(Violation::at(
                &file.path,
                index + 1,
                format!("begins a doc comment with \"{word}\"; say what the item is or does"),
            ));
        }
        continues = text.is_some_and(|text| !text.is_empty());
    }
    violations
}

/// The text of a line of a doc comment.
fn doc(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let text = line
        .strip_prefix("///")
        .or_else(|| line.strip_prefix("//!"))?;
    Some(text.trim())
}

fn in_comments(file: &TextFile) -> Vec<Violation> {
    let code = mask(&file.text, Hidden::LiteralsAndComments);
    let visible = mask(&file.text, Hidden::Literals);
    let lines = visible.lines().zip(code.lines()).enumerate();
    let comments = lines.filter(|(_, (visible, code))| visible != code);
    comments
        .flat_map(|(index, (visible, _))| unclear(&file.path, index + 1, visible))
        .collect()
}

fn in_literals(file: &TextFile) -> Vec<Violation> {
    if !is_shipped(&file.path) || PHRASES_OF_PEERS.contains(&file.path.as_str()) {
        return Vec::new();
    }
    literals(shipped_part(&file.text))
        .into_iter()
        .flat_map(|(line, text)| unclear(&file.path, line, text))
        .collect()
}

fn unclear(path: &str, line: usize, text: &str) -> Vec<Violation> {
    let text = text.to_lowercase();
    let found = PHRASES.iter().filter(|phrase| has(&text, phrase));
    found
        .map(|phrase| {
            Violation::at(
                path,
                line,
                format!("says \"{phrase}\"; use the words of a native engineer (see CONTRIBUTING)"),
            )
        })
        .collect()
}

/// Whether `text` contains `phrase` as whole words.
fn has(text: &str, phrase: &str) -> bool {
    text.match_indices(phrase).any(|(start, _)| {
        let before = text
            .get(..start)
            .and_then(|before| before.chars().next_back());
        let after = text.get(start + phrase.len()..).unwrap_or_default();
        !before.is_some_and(is_word) && !after.starts_with(is_word)
    })
}

const OPENINGS: [&str; 3] = ["What", "Who", "Whoever"];

const PHRASES: [&str; 35] = [
    "so much",
    "is told",
    "are told",
    "nobody told",
    "tells of",
    "stands",
    "whoever",
    "none to",
    "there is none to",
    "that is none",
    "may be had",
    "can be had",
    "cannot be told",
    "comes of it",
    "in vain",
    "is none of its",
    "nobody can be asked",
    "gone on with",
    "goes on from there",
    "that is no",
    "which is no",
    "is no object",
    "is no url",
    "is no name",
    "is no json",
    "are no text",
    "which are no",
    "speaks of",
    "hears of",
    "was looked at",
    "took not",
    "took no more",
    "more than anybody",
    "was to be worked",
    "exists already",
];

const RULE: &str = "xtask/src/tidy/english.rs";

/// Records of earlier decisions and releases are not reworded.
const HISTORICAL: [&str; 2] = ["docs/adr/", "CHANGELOG.md"];

/// Lists of phrases that other programs write.
const PHRASES_OF_PEERS: [&str; 1] = ["crates/synapse-providers/src/classify/words/lists.rs"];

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<String> {
        let file = TextFile {
            path: path.to_owned(),
            text: text.to_owned(),
        };
        check(&file).iter().map(ToString::to_string).collect()
    }

    const SOURCE: &str = "crates/synapse-core/src/x.rs";

    #[test]
    fn a_doc_comment_that_begins_with_a_pronoun_is_reported() {
        let found = lines(SOURCE, "/// What it holds.\nstruct X;\n\n//! Who asks.\n");
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("crates/synapse-core/src/x.rs:1: error: begins"));
    }

    #[test]
    fn a_later_line_and_a_plain_comment_may_begin_so() {
        let text =
            "/// Returns the rest.\n/// What follows is code.\n// What a line.\nstruct Whatever;\n";
        assert_eq!(lines(SOURCE, text), Vec::<String>::new());
    }

    #[test]
    fn listed_phrases_are_reported_in_comments_literals_and_pages() {
        assert_eq!(lines(SOURCE, "// Nobody is told.\n").len(), 1);
        assert_eq!(lines(SOURCE, "/// It takes so much.\n").len(), 1);
        assert_eq!(
            lines(SOURCE, "fn x() { print(\"it stands there\"); }\n").len(),
            1
        );
        assert_eq!(lines("docs/guides/x.md", "Whoever asks.\n").len(), 1);
    }

    #[test]
    fn identifiers_tests_and_records_are_free() {
        assert_eq!(
            lines(SOURCE, "fn the_owner_is_told() { stands() }\n"),
            [""; 0]
        );
        assert_eq!(lines(SOURCE, "// It understands, withstands.\n"), [""; 0]);
        assert_eq!(
            lines("crates/synapse-core/tests/x.rs", "\"is told\"\n"),
            [""; 0]
        );
        assert_eq!(lines("docs/adr/0001-x.md", "Whoever asks.\n"), [""; 0]);
    }
}
