//! Text files sent with a prompt, in the given order and before the prompt. Each is headed by its
//! name and enclosed in a fence that its content cannot close.

use std::path::PathBuf;

use synapse_core::error::Failure;
use synapse_core::redact::printable_line;

use super::files::{self, InputFile};

/// The prompt preceded by these files; the unchanged prompt without files.
///
/// # Errors
/// `usage.invalid-arguments` for a file that cannot be read, is too large or is not UTF-8 text, and
/// when the files are too large together.
pub(super) fn with_files(prompt: String, paths: &[PathBuf]) -> Result<String, Failure> {
    let mut text = String::new();
    for path in paths {
        let input = InputFile::new("--file", "the file", path);
        let content = files::text(&input)?;
        text.push_str(&block(&path.to_string_lossy(), &content));
        if text.len() > MAX_TOGETHER {
            return Err(input
                .failure("is one too many")
                .cause(format!(
                    "the files have more than {} MiB together",
                    MAX_TOGETHER >> 20
                ))
                .hint("send fewer"));
        }
    }
    text.push_str(&prompt);
    Ok(text)
}

fn block(name: &str, content: &str) -> String {
    let fence = fence(content);
    let end = if content.is_empty() || content.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    format!(
        "File: {}\n{fence}\n{content}{end}{fence}\n\n",
        printable_line(name)
    )
}

/// More backticks than the longest run in the content, and at least three.
fn fence(content: &str) -> String {
    let longest = content
        .split(|each| each != '`')
        .map(str::len)
        .max()
        .unwrap_or_default();
    "`".repeat((longest + 1).max(3))
}

const MAX_TOGETHER: usize = 16 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_headed_by_its_name_and_cannot_close_its_fence() {
        assert_eq!(block("a.rs", "x\n"), "File: a.rs\n```\nx\n```\n\n");
        assert_eq!(block("a\nb", "````x"), "File: a b\n`````\n````x\n`````\n\n");
        assert_eq!(block("empty", ""), "File: empty\n```\n```\n\n");
    }

    #[test]
    fn without_files_the_prompt_is_the_prompt() {
        assert_eq!(with_files("hi".into(), &[]), Ok("hi".to_owned()));
    }
}
