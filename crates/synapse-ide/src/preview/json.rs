//! Tokenises JSON with comments. Invalid JSON is tokenised too, and shows nothing more than valid
//! JSON would.

use std::ops::Range;

use super::part::{Parts, PreviewPart, Visibility};

pub(super) fn parts(
    text: &str,
    window: Range<usize>,
    visibility: &Visibility<'_>,
) -> Vec<PreviewPart> {
    let mut scanner = JsonScanner {
        text,
        at: 0,
        levels: Vec::new(),
        parts: Parts::within(window),
    };
    while let Some(next) = scanner.rest().chars().next()
        && !scanner.parts.is_behind(scanner.at)
    {
        match next {
            '"' | '\'' => scanner.quoted(visibility),
            '/' => scanner.comment(),
            '{' | '[' => scanner.open(next == '{'),
            '}' | ']' => scanner.close(),
            ',' => scanner.expect_key(true),
            ':' => scanner.expect_key(false),
            _ if next.is_whitespace() || next == '\u{feff}' => scanner.at += next.len_utf8(),
            _ => scanner.word(visibility),
        }
    }
    scanner.parts.into_vec()
}

struct JsonScanner<'a> {
    text: &'a str,
    at: usize,
    levels: Vec<JsonLevel>,
    parts: Parts,
}

/// An object or a list.
struct JsonLevel {
    is_object: bool,
    expects_key: bool,
    /// The current key, if it may lead to our entry.
    key: String,
}

impl<'a> JsonScanner<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn open(&mut self, is_object: bool) {
        self.at += 1;
        self.levels.push(JsonLevel {
            is_object,
            expects_key: is_object,
            key: String::new(),
        });
    }

    fn close(&mut self) {
        self.at += 1;
        self.levels.pop();
    }

    fn expect_key(&mut self, expects_key: bool) {
        self.at += 1;
        if let Some(level) = self.levels.last_mut() {
            level.expects_key = expects_key && level.is_object;
        }
    }

    fn quoted(&mut self, visibility: &Visibility<'_>) {
        let rest = self.rest();
        let (length, is_closed) = literal(rest);
        let start = self.at + 1;
        let end = self.at + length - usize::from(is_closed);
        self.at += length;
        let content = self.text.get(start..end).unwrap_or_default();
        let decoded = || -> String {
            let literal = rest.get(..length).unwrap_or_default();
            serde_json::from_str(literal).unwrap_or_else(|_| content.to_owned())
        };
        match self.levels.last_mut() {
            Some(level) if level.expects_key => {
                level.key = Some(decoded())
                    .filter(|key| visibility.leads(key))
                    .unwrap_or_default();
                self.parts.push(PreviewPart::key(start..end, content));
            }
            _ => {
                let is_own = self.is_own(visibility);
                let text = if is_own { decoded() } else { String::new() };
                self.parts.push(if is_own {
                    visibility.value(start..end, &text, true)
                } else {
                    PreviewPart::hidden(start..end)
                });
            }
        }
    }

    /// A number, a word, or any other unquoted token.
    fn word(&mut self, visibility: &Visibility<'_>) {
        let rest = self.rest();
        let ends = |each: char| each.is_whitespace() || "\"'/{}[],:".contains(each);
        let word = rest.split(ends).next().unwrap_or(rest);
        let range = self.at..self.at + word.len();
        self.at = range.end;
        self.parts
            .push(visibility.value(range, word, self.is_own(visibility)));
    }

    fn comment(&mut self) {
        let rest = self.rest();
        let (mark, length, tail) = if rest.starts_with("//") {
            (2, rest.find('\n').unwrap_or(rest.len()), 0)
        } else if rest.starts_with("/*") {
            match rest.get(2..).and_then(|inside| inside.find("*/")) {
                Some(inside) => (2, inside + 4, 2),
                None => (2, rest.len(), 0),
            }
        } else {
            (1, 1, 0)
        };
        let inside = self.at + mark..self.at + length - tail;
        self.parts.push(PreviewPart::shown(self.at..inside.start));
        self.at += length;
        self.parts.push(PreviewPart::hidden(inside));
    }

    fn is_own(&self, visibility: &Visibility<'_>) -> bool {
        visibility.is_own(self.levels.iter().map(|level| level.key.as_str()))
    }
}

/// Length of the literal at the start of `text`, and whether it is closed. An unclosed one ends
/// with its line.
fn literal(text: &str) -> (usize, bool) {
    let mut characters = text.char_indices();
    let quote = characters.next().map(|(_, quote)| quote);
    let mut is_escaped = false;
    for (index, each) in characters {
        match each {
            '\n' => return (index, false),
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            _ if Some(each) == quote => return (index + each.len_utf8(), true),
            _ => {}
        }
    }
    (text.len(), false)
}
