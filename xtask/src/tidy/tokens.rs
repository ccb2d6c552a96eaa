//! No text file contains anything shaped like a vendor's credential, real or made up: neither
//! scanners nor readers can tell the difference. Tests build such strings at run time.

use crate::repository::TextFile;
use crate::violation::Violation;

/// Checks one text file. The message never repeats the finding.
pub(crate) fn check(file: &TextFile) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        for vendor in found(line) {
            violations.push(Violation::at(
                &file.path,
                index + 1,
                format!("has a string shaped like {vendor}; revoke it if it is real"),
            ));
        }
    }
    violations
}

fn found(line: &str) -> impl Iterator<Item = &'static str> {
    SHAPES
        .iter()
        .filter(|(_, prefix, is_token)| runs_after(line, prefix).any(is_token))
        .map(|(vendor, _, _)| *vendor)
}

/// A vendor's credential: name, prefix, and the check for the rest.
type TokenShape = (&'static str, &'static str, fn(&str) -> bool);

const SHAPES: [TokenShape; 4] = [
    ("a Hugging Face token", "hf_", is_hugging_face),
    ("an OpenAI key", "sk-", is_openai),
    ("an Anthropic key", "sk-ant-", is_anthropic),
    ("a Groq key", "gsk_", is_groq),
];

/// `hf_` and 34 letters.
fn is_hugging_face(run: &str) -> bool {
    run.chars().take_while(char::is_ascii_alphabetic).count() >= 34
}

/// `sk-`, at least 20 characters, and the marker in the middle of every OpenAI key (`OpenAI` in
/// base64), with any project or service-account prefix.
fn is_openai(run: &str) -> bool {
    run.find(concat!("T3Bl", "bkFJ"))
        .is_some_and(|position| position >= 20)
}

/// `sk-ant-`, kind and version, then 93 base64 characters ending in `AA`.
fn is_anthropic(run: &str) -> bool {
    run.len() >= 95 && run.ends_with("AA")
}

/// `gsk_` and 52 letters and digits.
fn is_groq(run: &str) -> bool {
    run.chars().take_while(char::is_ascii_alphanumeric).count() >= 52
}

/// Returns the token characters after each occurrence of the prefix at the start of a word.
fn runs_after<'a>(line: &'a str, prefix: &'a str) -> impl Iterator<Item = &'a str> {
    line.match_indices(prefix).filter_map(move |(start, _)| {
        let before = line.get(..start)?.chars().next_back();
        let after = line.get(start + prefix.len()..)?;
        let run = after
            .split(|character| !is_token_character(character))
            .next()?;
        (!before.is_some_and(is_token_character)).then_some(run)
    })
}

fn is_token_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vendors(line: &str) -> Vec<&'static str> {
        found(line).collect()
    }

    #[test]
    fn hugging_face_tokens_are_found() {
        let token = format!("hf_{}", "aB".repeat(17));
        assert_eq!(
            vendors(&format!("token = \"{token}\"")),
            ["a Hugging Face token"]
        );
        assert_eq!(vendors(&token), ["a Hugging Face token"]);
    }

    #[test]
    fn openai_keys_are_found_with_any_prefix() {
        let mark = concat!("T3Bl", "bkFJ");
        let old = format!("sk-{}{mark}{}", "a1".repeat(10), "b2".repeat(10));
        let project = format!("sk-proj-{}{mark}x", "a_".repeat(37));
        assert_eq!(vendors(&old), ["an OpenAI key"]);
        assert_eq!(
            vendors(&format!("OPENAI_API_KEY={project}")),
            ["an OpenAI key"]
        );
    }

    #[test]
    fn keys_of_anthropic_and_groq_are_found() {
        let anthropic = format!("sk-ant-api03-{}-AA", "a_".repeat(46));
        assert_eq!(vendors(&anthropic), ["an Anthropic key"]);
        let groq = format!("gsk_{}", "aB3x".repeat(13));
        assert_eq!(vendors(&format!("key: '{groq}'")), ["a Groq key"]);
    }

    #[test]
    fn placeholders_and_prose_are_not() {
        assert_eq!(
            vendors("hf_xxx, hf_token, sk-..., sk-test, a task-runner"),
            [""; 0]
        );
        assert_eq!(vendors(&format!("hf_{}", "a".repeat(33))), [""; 0]);
        assert_eq!(vendors(&format!("shelf_{}", "a".repeat(40))), [""; 0]);
        assert_eq!(vendors(&format!("sk-{}", "a".repeat(60))), [""; 0]);
        assert_eq!(vendors("sk-ant-fake-key, sk-ant-…, gsk_…"), [""; 0]);
    }

    #[test]
    fn the_message_does_not_repeat_the_token() {
        let token = format!("hf_{}", "q".repeat(34));
        let file = TextFile {
            path: "a.md".to_owned(),
            text: format!("one\n{token}\n"),
        };
        let [violation] = check(&file).try_into().unwrap();
        assert!(violation.to_string().starts_with("a.md:2: error"));
        assert!(!violation.to_string().contains(&token));
    }
}
