//! Wraps words of several styles.

use anstyle::Style;
use unicode_width::UnicodeWidthChar as _;

use crate::output::styled;

/// A run of text in one style.
pub(super) struct StyledText {
    pub(super) text: String,
    pub(super) style: Style,
}

/// Lines of at most `width` columns, wrapped between words; a longer word is not broken.
pub(super) fn wrapped(pieces: &[StyledText], width: usize) -> Vec<String> {
    let mut lines = WrappedLines {
        width,
        ..WrappedLines::default()
    };
    for piece in pieces {
        for each in piece.text.chars() {
            match each {
                '\n' => lines.end(),
                ' ' | '\t' => {
                    lines.word_end();
                    lines.spaces += 1;
                }
                _ => lines.word_goes_on(each, piece.style),
            }
        }
    }
    // A block that ends its last line itself, as HTML does, gets no further one.
    if !lines.word.is_empty() || !lines.line.is_empty() {
        lines.end();
    }
    lines.done
}

#[derive(Default)]
struct WrappedLines {
    width: usize,
    done: Vec<String>,
    line: Vec<StyledText>,
    line_width: usize,
    spaces: usize,
    word: Vec<StyledText>,
    word_width: usize,
}

impl WrappedLines {
    fn word_goes_on(&mut self, each: char, style: Style) {
        self.word_width += each.width().unwrap_or_default();
        match self.word.last_mut() {
            Some(piece) if piece.style == style => piece.text.push(each),
            _ => self.word.push(StyledText {
                text: each.into(),
                style,
            }),
        }
    }

    fn word_end(&mut self) {
        if self.word.is_empty() {
            return;
        }
        let begun = self.line_width > 0;
        if begun && self.line_width + self.spaces + self.word_width > self.width {
            self.break_line();
        }
        if self.spaces > 0 {
            let style = self
                .line
                .last()
                .map_or_else(Style::new, |piece| piece.style);
            let style = match self.word.first() {
                Some(word) if word.style == style => style,
                _ => Style::new(),
            };
            self.line.push(StyledText {
                text: " ".repeat(self.spaces),
                style,
            });
            self.line_width += self.spaces;
        }
        self.spaces = 0;
        self.line_width += std::mem::take(&mut self.word_width);
        self.line.append(&mut self.word);
    }

    fn end(&mut self) {
        self.word_end();
        self.break_line();
    }

    fn break_line(&mut self) {
        let mut line = String::new();
        let mut pieces = std::mem::take(&mut self.line).into_iter().peekable();
        while let Some(mut piece) = pieces.next() {
            while let Some(next) = pieces.next_if(|next| next.style == piece.style) {
                piece.text.push_str(&next.text);
            }
            if piece.style.is_plain() {
                line.push_str(&piece.text);
            } else {
                line.push_str(&styled(piece.style, &piece.text));
            }
        }
        self.done.push(line);
        self.line_width = 0;
        self.spaces = 0;
    }
}
