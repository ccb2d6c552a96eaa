//! Tokenises TOML: keys, values and comments, including multi-line strings and arrays.

use std::ops::Range;

use super::part::{Parts, PreviewPart, Visibility};

pub(super) fn parts(
    text: &str,
    window: Range<usize>,
    visibility: &Visibility<'_>,
) -> Vec<PreviewPart> {
    let mut scanner = TomlScanner {
        text,
        at: 0,
        table: Vec::new(),
        path: Vec::new(),
        levels: Vec::new(),
        state: ScanState::Key,
        parts: Parts::within(window),
    };
    while let Some(next) = scanner.rest().chars().next()
        && !scanner.parts.is_behind(scanner.at)
    {
        scanner.step(next, visibility);
    }
    scanner.parts.into_vec()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ScanState {
    /// Before `=`.
    Key,
    /// Between the brackets of a header.
    Header,
    /// After `=`.
    Value,
}

struct TomlScanner<'a> {
    text: &'a str,
    at: usize,
    /// The current table header.
    table: Vec<String>,
    /// The keys leading to the current value.
    path: Vec<String>,
    /// The open arrays and inline tables.
    levels: Vec<TomlLevel>,
    state: ScanState,
    parts: Parts,
}

struct TomlLevel {
    is_table: bool,
    /// Length of the path outside.
    depth: usize,
}

impl<'a> TomlScanner<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn step(&mut self, next: char, visibility: &Visibility<'_>) {
        match (self.state, next) {
            (_, '#') => self.comment(),
            (ScanState::Value, '\n') if !self.levels.is_empty() => self.at += 1,
            (_, '\n') => self.end_line(),
            (_, '"' | '\'') => self.quoted(visibility),
            (ScanState::Key, '[') if self.levels.is_empty() => {
                self.state = ScanState::Header;
                self.table.clear();
                self.at += 1;
            }
            (ScanState::Key, '=') => {
                self.state = ScanState::Value;
                self.at += 1;
            }
            (ScanState::Key | ScanState::Value, '}' | ']') => self.close(),
            (ScanState::Value, '{' | '[') => self.open(next == '{'),
            (ScanState::Value, ',') => self.next_item(),
            (ScanState::Header, '[' | ']') | (ScanState::Key | ScanState::Header, '.' | ',') => {
                self.at += 1;
            }
            _ if next.is_whitespace() || next == '\u{feff}' => self.at += next.len_utf8(),
            _ => self.word(visibility),
        }
    }

    fn end_line(&mut self) {
        self.at += 1;
        self.state = ScanState::Key;
        self.levels.clear();
        self.path.clone_from(&self.table);
    }

    fn open(&mut self, is_table: bool) {
        self.at += 1;
        self.levels.push(TomlLevel {
            is_table,
            depth: self.path.len(),
        });
        if is_table {
            self.state = ScanState::Key;
        }
    }

    fn close(&mut self) {
        self.at += 1;
        if let Some(level) = self.levels.pop() {
            self.path.truncate(level.depth);
        }
        self.state = ScanState::Value;
    }

    fn next_item(&mut self) {
        self.at += 1;
        if let Some(level) = self.levels.last() {
            self.path.truncate(level.depth);
            if level.is_table {
                self.state = ScanState::Key;
            }
        }
    }

    fn comment(&mut self) {
        let rest = self.rest();
        let length = rest.find('\n').unwrap_or(rest.len());
        let start = self.at + 1;
        self.parts.push(PreviewPart::shown(self.at..start));
        self.at += length;
        self.parts.push(PreviewPart::hidden(start..self.at));
    }

    fn quoted(&mut self, visibility: &Visibility<'_>) {
        let rest = self.rest();
        let (length, fence, is_closed) = literal(rest);
        let start = self.at + fence;
        let end = self.at + length - if is_closed { fence } else { 0 };
        self.at += length;
        let content = self.text.get(start..end).unwrap_or_default();
        let literal = rest.get(..length).unwrap_or_default();
        let decoded = serde_json::from_str(literal).unwrap_or_else(|_| content.to_owned());
        self.part(start..end, content, decoded, visibility);
    }

    /// A bare key, a number, a date, or any other unquoted token.
    fn word(&mut self, visibility: &Visibility<'_>) {
        let rest = self.rest();
        let dots = self.state != ScanState::Value;
        let ends = |each: char| {
            each.is_whitespace() || "\"'#{}[],=".contains(each) || (dots && each == '.')
        };
        let word = rest.split(ends).next().unwrap_or(rest);
        let start = self.at;
        // Ensures progress.
        self.at += word.len().max(1);
        self.part(start..start + word.len(), word, word.to_owned(), visibility);
    }

    fn part(
        &mut self,
        range: Range<usize>,
        content: &str,
        decoded: String,
        visibility: &Visibility<'_>,
    ) {
        match self.state {
            ScanState::Value => {
                let is_own = visibility.is_own(self.path.iter().map(String::as_str));
                self.parts.push(visibility.value(range, &decoded, is_own));
            }
            ScanState::Key => {
                self.path.push(decoded);
                self.parts.push(PreviewPart::key(range, content));
            }
            ScanState::Header => {
                self.table.push(decoded);
                self.parts.push(PreviewPart::key(range, content));
            }
        }
    }
}

/// Length of the literal at the start of `text`, length of its quotes, and whether it is closed.
fn literal(text: &str) -> (usize, usize, bool) {
    let quote = text.chars().next().unwrap_or('"');
    let fence = String::from_iter([quote; 3]);
    let (fence, is_long) = if text.starts_with(&fence) {
        (fence, true)
    } else {
        (quote.to_string(), false)
    };
    let mut is_escaped = false;
    for (index, each) in text.char_indices().skip(fence.len()) {
        match each {
            '\n' if !is_long => return (index, 1, false),
            _ if is_escaped => is_escaped = false,
            '\\' if quote == '"' => is_escaped = true,
            _ if each == quote
                && text
                    .get(index..)
                    .is_some_and(|rest| rest.starts_with(&fence)) =>
            {
                return (index + fence.len(), fence.len(), true);
            }
            _ => {}
        }
    }
    (text.len(), fence.len(), false)
}
