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
    let mut options = DiffOptions::new();
    options
        .set_original_filename(header(before))
        .set_modified_filename(header(after));
    let patch = options.create_patch(&old, &new);
    match patch.hunks() {
        [] => String::new(),
        _ => patch.to_string(),
    }
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
            Format::Json | Format::Jsonc | Format::Toml => {
                quoted_line(line, own, |plain, _| without_tokens(plain))
            }
        };
        masked.push_str(&printable(&line));
        masked.push_str(end);
    }
    masked
}

/// Hides what stands in quotes and is no key; what stands between is for `between` to show.
fn quoted_line(
    line: &str,
    own: &HashSet<&str>,
    between: fn(&str, &HashSet<&str>) -> String,
) -> String {
    let mut shown = String::new();
    let mut rest = line;
    while let Some(start) = rest.find(['"', '\'']) {
        let (plain, quoted) = rest.split_at(start);
        shown.push_str(&between(plain, own));
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
    shown.push_str(&between(rest, own));
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
    let begins = |text: &str| text.starts_with(['{', '[']);
    let (key, value) = match content.split_once(": ") {
        Some((key, value)) if !begins(content) => (format!("{key}: "), value),
        None if content.ends_with(':') => (content.to_owned(), ""),
        _ => (String::new(), content),
    };
    let value = if begins(value) {
        quoted_line(value, own, yaml_flow)
    } else {
        yaml_value(value, own).to_owned()
    };
    format!("{indent}{dash}{}{value}", without_tokens(&key))
}

/// Hides the values between braces that stand in no quotes.
fn yaml_flow(text: &str, own: &HashSet<&str>) -> String {
    let part = |part: &str| {
        let end = part.trim_end_matches(['{', '}', '[', ']', ',']);
        let (inside, end) = part.split_at(end.len());
        let key = inside.find(": ").map_or(0, |colon| colon + 2);
        let (key, value) = inside.split_at(key);
        let (space, value) = value.split_at(value.len() - value.trim_start().len());
        let value = yaml_value(value, own);
        format!("{}{space}{value}{end}", without_tokens(key))
    };
    text.split_inclusive(['{', '}', '[', ']', ','])
        .map(part)
        .collect()
}

/// A value, when anybody may see it.
fn yaml_value<'a>(value: &'a str, own: &HashSet<&str>) -> &'a str {
    let bare = value.trim().trim_matches(['"', '\'']);
    let is_shown = bare.is_empty()
        || own.contains(bare)
        || matches!(bare, "true" | "false" | "null" | "{}" | "[]" | "|" | ">")
        || bare.parse::<f64>().is_ok();
    if is_shown { value } else { HIDDEN }
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
            (
                Format::Yaml,
                "k: {a: x:y, \"b\": \"c, d\", command: /usr/bin/synapse, args: [serve, z: w]} # v",
                "k: {a: …, \"b\": \"…\", command: /usr/bin/synapse, args: [serve, z: …]} …",
            ),
            (Format::Yaml, "{a: x}\n- [x, 3]", "{a: …}\n- […, 3]"),
        ] {
            assert_eq!(shown(format, text), expected, "{text}");
        }
    }

    #[test]
    fn a_difference_is_shown_with_what_is_around_it() {
        let lines = |from: u32, to: u32| (from..to).map(|line| format!("{line}\n"));
        let old: String = lines(0, 40).collect();
        let new = old.replace("10\n", "").replace("12\n", "x\n") + "last";
        let shown = |old: Option<&str>, new: Option<&str>| {
            let [old, new] = [old, new].map(|text| text.map(str::as_bytes));
            diff("a.json", old, new, &[], Format::Json)
        };
        assert_eq!(
            shown(Some(&old), Some(&new)),
            "--- a.json\n+++ a.json\n\
             @@ -8,9 +8,8 @@\n 7\n 8\n 9\n-10\n 11\n-12\n+x\n 13\n 14\n 15\n\
             @@ -38,3 +37,4 @@\n 37\n 38\n 39\n+last\n\\ No newline at end of file\n"
        );
        assert_eq!(
            shown(None, Some("1\r\n2\r\n")),
            "--- /dev/null\n+++ a.json\n@@ -0,0 +1,2 @@\n+1\n+2\n"
        );
        assert_eq!(
            shown(Some("1"), None),
            "--- a.json\n+++ /dev/null\n@@ -1 +0,0 @@\n-1\n\\ No newline at end of file\n"
        );
        assert_eq!(shown(Some("1\n"), Some("1\r\n")), "");
        assert_eq!(shown(None, None), "");
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
