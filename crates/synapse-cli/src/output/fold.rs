//! Wraps notes between words at a terminal, each under its own text. A command stays on one line, so
//! that it can be copied.

use std::io;

use terminal_size::{Width, terminal_size_of};
use unicode_width::UnicodeWidthChar as _;

/// The width of the terminal at stderr; `None` when stderr is none, or of unknown width.
pub(super) fn stderr_width() -> Option<usize> {
    let (Width(columns), _) = terminal_size_of(io::stderr())?;
    Some(usize::from(columns)).filter(|columns| *columns >= NARROWEST)
}

/// Every line of `text`, wrapped to `width` columns.
pub(super) fn folded(text: &str, width: usize) -> String {
    let lines = text.split('\n').map(|line| match columns(line) > width {
        true => folded_line(line, width),
        false => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn folded_line(line: &str, width: usize) -> String {
    let text = line.trim_start_matches(' ');
    let indent = hanging(line, text, width);
    let (prose, command) = split_command(text);
    let mut done = " ".repeat(line.len() - text.len());
    let mut taken = columns(&done);
    let mut add = |piece: &str, spaces: usize| {
        let is_first = done.trim_start().is_empty();
        if !is_first && taken + spaces + columns(piece) > width {
            done.push('\n');
            done.push_str(&" ".repeat(indent));
            taken = indent;
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
        add(command, 1);
    }
    done
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
/// In fewer columns, wrapped text is harder to read than the terminal's own breaks.
const NARROWEST: usize = 40;

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
    fn a_command_is_never_broken() {
        let hint = "  hint: open the gate: synapse connection edit a-long-name --allow-network";
        assert_eq!(
            folded(hint, 50),
            "  hint: open the gate:\n        synapse connection edit a-long-name --allow-network"
        );
        let same = "  same as: synapse connection create work --provider openai --model gpt";
        assert_eq!(
            folded(same, 50),
            "  same as:\n    synapse connection create work --provider openai --model gpt"
        );
        let bare = "  synapse connection create work --provider openai --model gpt";
        assert_eq!(folded(bare, 50), bare);
    }

    #[test]
    fn styles_take_no_columns_and_lines_are_kept() {
        let styled = "\u{1b}[1merror[x]\u{1b}[0m: one two";
        assert_eq!(folded(styled, 17), styled);
        assert_eq!(folded(styled, 16), "\u{1b}[1merror[x]\u{1b}[0m: one\n  two");
        assert_eq!(folded("a\n\nb", 1), "a\n\nb");
    }
}
