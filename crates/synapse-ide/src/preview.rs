//! What a change looks like: a unified diff in which only keys and our own values can be read.

use std::collections::HashSet;

use diffy::DiffOptions;
use synapse_core::credential::looks_like_token;
use synapse_core::redact::printable;

use crate::client::Format;

/// The difference between two contents of the file called `name`.
pub(crate) fn diff(
    name: &str,
    before: Option<&[u8]>,
    after: Option<&[u8]>,
    own: &[String],
    format: Format,
) -> String {
    let own: HashSet<&str> = own.iter().map(String::as_str).collect();
    let text = |content: Option<&[u8]>| {
        let text = String::from_utf8_lossy(content.unwrap_or_default()).replace("\r\n", "\n");
        masked(&text, &own, format)
    };
    let header = |content: Option<&[u8]>| match content {
        Some(_) => name.to_owned(),
        None => "/dev/null".to_owned(),
    };
    let (old, new) = (text(before), text(after));
    DiffOptions::new()
        .set_original_filename(header(before))
        .set_modified_filename(header(after))
        .create_patch(&old, &new)
        .to_string()
}

/// `text` with every value that is not ours hidden.
fn masked(text: &str, own: &HashSet<&str>, format: Format) -> String {
    let mut masked = String::with_capacity(text.len());
    // Inside a TOML text of several lines nothing is quoted.
    let mut inside = false;
    for line in text.split_inclusive('\n') {
        let (line, end) = match line.strip_suffix('\n') {
            Some(line) => (line, "\n"),
            None => (line, ""),
        };
        let fences = line.matches(r#"""""#).count() + line.matches("'''").count();
        let was_inside = inside;
        inside ^= format == Format::Toml && fences % 2 == 1;
        let line = match format {
            _ if was_inside => HIDDEN.to_owned(),
            Format::Yaml => yaml_line(line, own),
            Format::Json | Format::Jsonc | Format::Toml => quoted_line(line, own),
        };
        masked.push_str(&printable(&line));
        masked.push_str(end);
    }
    masked
}

/// Hides what stands in quotes and is no key.
fn quoted_line(line: &str, own: &HashSet<&str>) -> String {
    let mut shown = String::new();
    let mut rest = line;
    while let Some(start) = rest.find(['"', '\'']) {
        let (plain, quoted) = rest.split_at(start);
        shown.push_str(&without_tokens(plain));
        let quote = quoted.chars().next().unwrap_or('"');
        let length = closing(quoted, quote);
        let (literal, behind) = quoted.split_at(length);
        let is_key = behind.trim_start().starts_with([':', '=']);
        let content = literal.trim_matches(quote);
        let decoded: Option<String> = serde_json::from_str(literal).ok();
        let is_own = own.contains(content) || decoded.is_some_and(|text| own.contains(&*text));
        if is_own || (is_key && !looks_like_token(content)) || content.is_empty() {
            shown.push_str(literal);
        } else {
            shown.push(quote);
            shown.push_str(HIDDEN);
            shown.push(quote);
        }
        rest = behind;
    }
    shown.push_str(&without_tokens(rest));
    shown
}

/// How long the literal at the start of `text` is; to the end of the line when it is not closed.
fn closing(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (index, each) in text.char_indices().skip(1) {
        match each {
            _ if escaped => escaped = false,
            '\\' if quote == '"' => escaped = true,
            _ if each == quote => return index + each.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

/// Hides what follows the key of a line, and lines without one.
fn yaml_line(line: &str, own: &HashSet<&str>) -> String {
    let content = line.trim_start();
    let indent = line.get(..line.len() - content.len()).unwrap_or_default();
    let (dash, content) = match content.strip_prefix("- ") {
        Some(content) => ("- ", content),
        None => ("", content),
    };
    let (key, value) = match content.split_once(": ") {
        Some((key, value)) => (format!("{key}: "), value),
        None if content.ends_with(':') => (content.to_owned(), ""),
        None => (String::new(), content),
    };
    let bare = value.trim().trim_matches(['"', '\'']);
    let plain = bare.is_empty()
        || own.contains(bare)
        || matches!(bare, "true" | "false" | "null" | "{}" | "[]" | "|" | ">")
        || bare.parse::<f64>().is_ok();
    let value = if plain { value } else { HIDDEN };
    format!("{indent}{dash}{}{value}", without_tokens(&key))
}

/// `text` without words in the shape of a token, as in a comment.
fn without_tokens(text: &str) -> String {
    let separates = |each: char| each.is_whitespace() || "\"'=:,;".contains(each);
    text.split_inclusive(separates)
        .map(|word| {
            let bare = word.trim_end_matches(separates);
            if looks_like_token(bare) {
                word.replace(bare, HIDDEN)
            } else {
                word.to_owned()
            }
        })
        .collect()
}

const HIDDEN: &str = "…";

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(format: Format, text: &str) -> String {
        masked(text, &HashSet::from(["/usr/bin/synapse", "serve"]), format)
    }

    #[test]
    fn keys_and_our_values_are_shown() {
        for (format, text, expected) in [
            (
                Format::Json,
                r#"{"a": "x", "b":["y", 1, true], "command": "/usr/bin/synapse", "args": ["serve"]}"#,
                r#"{"a": "…", "b":["…", 1, true], "command": "/usr/bin/synapse", "args": ["serve"]}"#,
            ),
            (Format::Json, r#""K\"": "a\"b", "#, r#""K\"": "…", "#),
            (Format::Json, r#"  "open: x"#, r#"  "…""#),
            (Format::Toml, "k = 'x' # \"y\"", "k = '…' # \"…\""),
            (
                Format::Toml,
                "k = \"\"\"\nx\n\"\"\"\nn = 1",
                "k = \"\"\"\n…\n…\nn = 1",
            ),
            (
                Format::Yaml,
                "k: x\nl:\n  - y\n  - serve\nm: |\n  z\nn: true\no: 3",
                "k: …\nl:\n  - …\n  - serve\nm: |\n  …\nn: true\no: 3",
            ),
        ] {
            assert_eq!(shown(format, text), expected, "{text}");
        }
    }

    #[test]
    fn a_token_in_a_comment_or_a_key_is_hidden() {
        let token = format!("{}{}", "sk-", "fake-fake-fake-fake-fake");
        for format in [Format::Jsonc, Format::Toml, Format::Yaml] {
            for text in [
                format!("// {token}"),
                format!("# key={token}, x"),
                format!("\"{token}\": 1"),
                format!("{token}: 1"),
            ] {
                let hidden = shown(format, &text);
                assert!(!hidden.contains(&token), "{format:?} {text}: {hidden}");
            }
        }
    }
}
