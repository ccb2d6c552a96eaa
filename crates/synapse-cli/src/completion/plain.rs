//! Decides which texts may be offered to a shell unquoted.

use clap_complete::CompletionCandidate;
use synapse_core::redact::{holds_token, printable_line};

/// Whether no character of `text` has a special meaning in any shell.
pub(super) fn is_plain(text: &str) -> bool {
    let first = text.chars().next();
    let begins_well =
        first.is_some_and(|first| first.is_alphanumeric() || matches!(first, '.' | '_' | '/'));
    begins_well
        && text.len() <= LONGEST
        && text
            .chars()
            .all(|each| each.is_alphanumeric() || "._-/:@+=~,".contains(each))
        && !holds_token(text)
}

/// A candidate, or `None` if `value` is not plain. The help is truncated to one short line.
pub(super) fn candidate(value: &str, help: &str) -> Option<CompletionCandidate> {
    let help: String = printable_line(help).chars().take(HELP).collect();
    is_plain(value).then(|| {
        CompletionCandidate::new(value)
            .help((!help.is_empty()).then(|| help.trim().to_owned().into()))
    })
}

/// Longer than any model id; a longer text is useless on a command line.
const LONGEST: usize = 200;
const HELP: usize = 72;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_paths_and_references_are_plain() {
        for text in [
            "work",
            "org/model-8B:novita",
            "file:~/.synapse/a.token",
            "./a,b",
            "2026-11-01",
            "café",
        ] {
            assert!(is_plain(text), "{text}");
        }
    }

    #[test]
    fn nothing_that_a_shell_reads_is_offered() {
        for text in [
            "",
            "-rf",
            "~root",
            "=ls",
            "a b",
            "a;b",
            "a|b",
            "a&b",
            "$(id)",
            "`id`",
            "a>b",
            "a\nb",
            "a\tb",
            "a\u{1b}[2Jb",
            "a'b",
            "a\"b",
            "a\\b",
            "a*",
            "a?",
            "a#b",
            "{a}",
            "!a",
            "a%b",
            "a\u{202e}b",
            "(a)",
            "^a",
            "[a]",
            "a<b",
        ] {
            assert!(!is_plain(text), "{text:?}");
            assert!(candidate(text, "").is_none(), "{text:?}");
        }
        assert!(!is_plain(&"a".repeat(LONGEST + 1)));
    }

    #[test]
    fn a_text_that_looks_like_a_token_is_not_offered() {
        let token = format!("sk-{}", "fake0Fake1".repeat(5));
        assert!(!is_plain(&token));
    }

    #[test]
    fn help_is_one_short_line() {
        let found = candidate("work", &format!("a\n\u{1b}[31mb{}", "c".repeat(200))).unwrap();
        let help = found.get_help().unwrap().to_string();
        assert!(help.chars().count() <= HELP, "{help}");
        assert!(!help.contains(['\n', '\u{1b}']), "{help:?}");
    }
}
