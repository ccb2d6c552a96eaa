//! Quotes paths and texts in suggested commands, so that they can be copied.

use std::path::Path;

/// `path` as one word of a POSIX shell. One that starts with `-` would be an option, quoted or not.
#[must_use]
pub fn quote(path: &Path) -> String {
    let text = path.to_string_lossy();
    if text.starts_with('-') {
        quote_text(&format!("./{text}"))
    } else {
        quote_text(&text)
    }
}

/// `text` as one word of a POSIX shell.
#[must_use]
pub fn quote_text(text: &str) -> String {
    // A shell expands `~` only at the start of a word.
    let plain = !text.is_empty()
        && !text.starts_with('~')
        && text
            .chars()
            .all(|each| each.is_ascii_alphanumeric() || "/._-+,:@%~".contains(each));
    if plain {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_only_when_the_shell_would_read_them_otherwise() {
        for (path, quoted) in [
            ("/home/a/.synapse/hf.token", "/home/a/.synapse/hf.token"),
            ("/home/a b/x", "'/home/a b/x'"),
            ("/it's/$(x)", r"'/it'\''s/$(x)'"),
            ("-x", "./-x"),
            ("file:~/x", "file:~/x"),
            ("~x", "'~x'"),
            ("", "''"),
        ] {
            assert_eq!(quote(Path::new(path)), quoted);
        }
        assert_eq!(quote_text("-x"), "-x", "a text is not changed");
    }
}
