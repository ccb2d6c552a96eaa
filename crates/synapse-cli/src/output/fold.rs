//! Wraps notes between words at a terminal, each under its own text. A command goes on the next line
//! as a whole, and one that is wider than the window is broken as a shell continues lines, so that
//! it can be copied.

use std::io;

use terminal_size::{Width, terminal_size_of};
use unicode_width::UnicodeWidthChar as _;

/// The width of the terminal at stderr; `None` if stderr is not a terminal, or of unknown width.
pub(super) fn stderr_width() -> Option<usize> {
    let (Width(columns), _) = terminal_size_of(io::stderr())?;
    Some(usize::from(columns)).filter(|columns| *columns >= NARROWEST)
}

/// Every line of `text`, wrapped to `width` columns.
pub(super) fn folded(text: &str, width: usize) -> String {
    let lines = text.split('\n').map(|line| {
        if columns(line) > width {
            folded_line(line, width)
        } else {
            line.to_owned()
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn folded_line(line: &str, width: usize) -> String {
    let text = line.trim_start_matches(' ');
    let margin = line.len() - text.len();
    let indent = hanging(line, text, width);
    let (prose, command) = split_command(text);
    let mut done = " ".repeat(margin);
    let mut taken = columns(&done);
    let mut add = |piece: &str, spaces: usize| {
        let is_first = done.trim_start().is_empty();
        if !is_first && taken + spaces + columns(piece) > width {
            // A word that is too wide for its column may fit into the line.
            let widest = piece.lines().map(columns).max().unwrap_or_default();
            taken = if indent + widest > width {
                margin + 2
            } else {
                indent
            };
            done.push('\n');
            done.push_str(&" ".repeat(taken));
        } else if !is_first {
            done.push_str(&" ".repeat(spaces));
            taken += spaces;
        }
        done.push_str(piece);
        taken += columns(piece);
    };
    let mut spaces = 0;
    for word in prose.split(' ') {
        if !word.is_empty() {
            add(word, spaces);
            spaces = 0;
        }
        spaces += 1;
    }
    if let Some(command) = command {
        let alone = if prose.is_empty() { margin } else { indent };
        add(&continued(command, alone, width), 1);
    }
    done
}

/// A command that begins at column `margin`, on several lines if one is too narrow: broken before
/// flags, or else between words, as a POSIX shell continues lines.
fn continued(command: &str, margin: usize, width: usize) -> String {
    if cfg!(windows) || margin + columns(command) <= width {
        return command.to_owned();
    }
    let start = margin + CONTINUED;
    let mut done = String::new();
    let mut taken = margin;
    // The piece, a space, and the backslash.
    let fits = |taken: usize, piece: &str| taken + 1 + columns(piece) + 2 <= width;
    let mut add = |piece: &str| {
        if !done.is_empty() && fits(taken, piece) {
            done.push(' ');
            taken += 1;
        } else if !done.is_empty() {
            done.push_str(" \\\n");
            done.push_str(&" ".repeat(start));
            taken = start;
        }
        done.push_str(piece);
        taken += columns(piece);
    };
    for flag in before_flags(command) {
        if fits(start, flag) {
            add(flag);
        } else {
            shell_words(flag).into_iter().for_each(&mut add);
        }
    }
    done
}

/// `command` in parts that begin with a flag, but for the first.
fn before_flags(command: &str) -> Vec<&str> {
    parts(command, |rest| rest.starts_with('-'))
}

/// The words of `command`, with their quotes.
fn shell_words(command: &str) -> Vec<&str> {
    parts(command, |_| true)
}

/// `command`, split at the unquoted spaces whose rest `begins` a part.
fn parts(command: &str, begins: impl Fn(&str) -> bool) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut is_quoted = false;
    let mut left = command;
    let mut at = 0;
    while let Some(found) = left.get(at..).and_then(|rest| rest.find(SPECIAL)) {
        at += found;
        let (before, rest) = left.split_at(at);
        let mut rest = rest.chars();
        match rest.next() {
            Some(' ') if !is_quoted && begins(rest.as_str()) => {
                parts.push(before);
                left = rest.as_str();
                at = 0;
                continue;
            }
            Some('\'') => is_quoted = !is_quoted,
            // Outside quotes, the next character is literal.
            Some('\\') if !is_quoted => at += rest.next().map_or(0, char::len_utf8),
            _ => {}
        }
        at += 1;
    }
    parts.push(left);
    parts
}

/// The column at which further lines begin: that of the last cell, if the line has several, or
/// after the word that says what the line is.
fn hanging(line: &str, text: &str, width: usize) -> usize {
    let margin = line.len() - text.len();
    let cell = text.rfind("  ").map(|at| columns(&text[..at]) + 2);
    let label = ["cause: ", "hint: "]
        .into_iter()
        .find(|label| text.starts_with(label))
        .map(str::len);
    let inner = cell.or(label).filter(|inner| margin + inner <= width / 2);
    margin + inner.unwrap_or(2)
}

/// The text before a command of this program, and the command.
fn split_command(text: &str) -> (&str, Option<&str>) {
    if text.starts_with(PROGRAM) {
        return ("", Some(text));
    }
    match text.split_once(&format!(": {PROGRAM}")) {
        Some((prose, _)) => {
            let (prose, command) = text.split_at(prose.len() + 1);
            (prose, Some(command.trim_start()))
        }
        None => (text, None),
    }
}

/// The columns that `text` takes, without its styles.
fn columns(text: &str) -> usize {
    let mut count = 0;
    let mut is_style = false;
    for each in text.chars() {
        match (is_style, each) {
            (false, '\u{1b}') => is_style = true,
            (true, 'm') => is_style = false,
            (true, _) => {}
            (false, _) => count += each.width().unwrap_or_default(),
        }
    }
    count
}

const PROGRAM: &str = "synapse ";
/// The characters that a shell's words depend on, as far as our own commands have them.
const SPECIAL: [char; 3] = [' ', '\'', '\\'];
/// The indent of a continued line.
const CONTINUED: usize = 4;
/// In fewer columns, wrapped text is harder to read than the terminal's own breaks.
pub(super) const NARROWEST: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_whole_and_under_their_label() {
        let text = "  cause: HTTP 401 from http://127.0.0.1/v1/models, type invalid_request_error";
        assert_eq!(
            folded(text, 60),
            "  cause: HTTP 401 from http://127.0.0.1/v1/models, type\n         \
             invalid_request_error"
        );
        assert_eq!(folded(text, 200), text);
    }

    #[test]
    fn a_list_line_goes_on_in_its_last_column() {
        assert_eq!(
            folded("  skip  live        not asked for: one two three four", 40),
            "  skip  live        not asked for: one\n                    two three four"
        );
    }

    #[test]
    fn a_word_that_is_too_wide_for_its_column_gets_a_line() {
        let text = "  connection  work: a-model-with-a-name-of-forty-columns-or-so, open";
        assert_eq!(
            folded(text, 50),
            "  connection  work:\n    a-model-with-a-name-of-forty-columns-or-so,\n              open"
        );
    }

    #[test]
    fn a_command_that_fits_on_a_line_is_on_one() {
        let hint = "  hint: open the gate: synapse connection edit a-long-name --allow-network";
        assert_eq!(
            folded(hint, 65),
            "  hint: open the gate:\n        synapse connection edit a-long-name --allow-network"
        );
        let same = "  same as: synapse connection create work --model gpt";
        assert_eq!(
            folded(same, 50),
            "  same as:\n    synapse connection create work --model gpt"
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_wider_command_is_continued_as_a_shell_does() {
        let same = "  same as: synapse connection create work --provider openai --model gpt";
        assert_eq!(
            folded(same, 50),
            "  same as:\n    synapse connection create work \\\n        \
             --provider openai --model gpt"
        );
        let bare = "  synapse chat work --system 'one two three four five six seven' --json";
        assert_eq!(
            folded(bare, 50),
            "  synapse chat work --system \\\n      'one two three four five six seven' --json"
        );
        // A word that is wider than the window stays whole.
        let long = format!("  synapse chat {} -f a", "x".repeat(60));
        assert_eq!(
            folded(&long, 50),
            format!("  synapse chat \\\n      {} \\\n      -f a", "x".repeat(60))
        );
    }

    #[test]
    fn spaces_within_quotes_are_not_between_words() {
        assert_eq!(
            shell_words(r"synapse chat 'a b' 'it'\''s one' \' x"),
            ["synapse", "chat", "'a b'", r"'it'\''s one'", r"\'", "x"]
        );
        assert_eq!(shell_words(r"a \"), ["a", r"\"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_continued_command_is_the_same_to_a_shell_at_any_width() {
        let command = "synapse connection create work --credential 'file:/a b/c d' --base-url \
                       http://127.0.0.1:1/v1 --model 'it'\\''s one' --allow-network";
        for width in 20..140 {
            let folded = continued(command, 4, width);
            assert_eq!(folded.replace(" \\\n        ", " "), command, "{width}");
            for line in folded.lines().filter(|_| width >= 60) {
                assert!(columns(line) <= width, "{width}: {folded}");
            }
        }
    }

    #[test]
    fn styles_take_no_columns_and_lines_are_kept() {
        let styled = "\u{1b}[1merror[x]\u{1b}[0m: one two";
        assert_eq!(folded(styled, 17), styled);
        assert_eq!(folded(styled, 16), "\u{1b}[1merror[x]\u{1b}[0m: one\n  two");
        assert_eq!(folded("a\n\nb", 1), "a\n\nb");
    }
}
