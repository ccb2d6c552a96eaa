//! Repairs almost-JSON in one pass: unparsable parts become `null`, the rest stays. The result is
//! always valid JSON.
//!
//! Looks ahead over white space only, and backtracks at most to the last quotation mark, so time is
//! linear.

use std::borrow::Cow;

use serde_json::{Number, Value};

use super::flaws::{Flaw, Flaws};
use super::reading::push_name;

/// Repairs `body`, which starts like an object or a list, and reports the changes.
pub(super) fn mend(body: &[u8]) -> (Vec<u8>, Flaws) {
    let mut mender = Mender {
        input: body,
        at: 0,
        output: Vec::with_capacity(body.len() + 64),
        open: Vec::new(),
        flaws: Flaws::default(),
    };
    mender.skip_space();
    mender.value();
    while !mender.open.is_empty() {
        mender.step();
    }
    mender.end();
    (mender.output, mender.flaws)
}

struct Mender<'a> {
    input: &'a [u8],
    at: usize,
    output: Vec<u8>,
    /// The open containers, outermost first.
    open: Vec<Container>,
    flaws: Flaws,
}

/// An open object or list.
struct Container {
    is_object: bool,
    /// Members or entries so far.
    count: usize,
    /// Range of the last member's name in the output.
    name: (usize, usize),
}

impl Container {
    const fn bracket(&self) -> u8 {
        if self.is_object { b'}' } else { b']' }
    }
}

/// The role of a quotation mark inside a string.
enum Quote {
    /// The end of the text.
    End,
    /// A character of the string.
    Inside,
    /// The end of the next member's name: the string was never closed.
    OfNextName,
}

impl<'a> Mender<'a> {
    /// Processes one member or entry, or the end of the innermost container.
    fn step(&mut self) {
        self.separator();
        let Some(byte) = self.peek() else {
            self.flaw(Flaw::Cut);
            while let Some(container) = self.open.pop() {
                self.output.push(container.bracket());
            }
            return;
        };
        match byte {
            b'}' | b']' => self.close(byte),
            _ if self.open.last().is_some_and(|each| each.is_object) => self.member(),
            _ => {
                self.comma();
                self.value();
            }
        }
    }

    /// Skips separators between entries; extra commas are dropped.
    fn separator(&mut self) {
        let mut commas = 0;
        self.skip_space();
        while self.peek() == Some(b',') {
            commas += 1;
            self.at += 1;
            self.skip_space();
        }
        let first = self.open.last().is_some_and(|each| each.count == 0);
        let last = matches!(self.peek(), Some(b'}' | b']'));
        if commas > usize::from(!first && !last) {
            self.flaw(Flaw::Superfluous);
        }
    }

    fn comma(&mut self) {
        if let Some(container) = self.open.last_mut() {
            if container.count > 0 {
                self.output.push(b',');
            }
            container.count += 1;
        }
    }

    /// Closes the innermost container of this kind, and everything open inside it.
    fn close(&mut self, bracket: u8) {
        self.at += 1;
        let kind = |each: &Container| each.bracket() == bracket;
        let Some(position) = self.open.iter().rposition(kind) else {
            self.flaw(Flaw::Bracket);
            return;
        };
        if position + 1 < self.open.len() {
            self.flaw(Flaw::Bracket);
        }
        while self.open.len() > position {
            if let Some(container) = self.open.pop() {
                self.output.push(container.bracket());
            }
        }
    }

    fn member(&mut self) {
        if self.peek() == Some(b'"') {
            self.comma();
            let start = self.output.len();
            self.string(true);
            self.named(start);
        } else {
            let name = self.word();
            self.skip_space();
            if name.is_empty() || self.peek() != Some(b':') {
                self.flaw(Flaw::Superfluous);
                // Ensures progress.
                self.at += usize::from(name.is_empty());
                return;
            }
            self.comma();
            let start = self.output.len();
            let name = Value::from(String::from_utf8_lossy(name)).to_string();
            self.output.extend_from_slice(name.as_bytes());
            self.named(start);
            self.flaw(Flaw::Bare);
        }
        self.skip_space();
        if self.peek() == Some(b':') {
            self.at += 1;
        } else if self.peek().is_some() {
            self.flaw(Flaw::NoColon);
        }
        self.output.push(b':');
        self.skip_space();
        self.value();
    }

    /// Records that the member's name starts at `start` in the output.
    fn named(&mut self, start: usize) {
        let end = self.output.len();
        if let Some(container) = self.open.last_mut() {
            container.name = (start, end);
        }
    }

    fn value(&mut self) {
        match self.peek() {
            None => self.null(),
            Some(byte @ (b'{' | b'[')) if self.open.len() < DEEPEST => {
                self.at += 1;
                self.output.push(byte);
                self.open.push(Container {
                    is_object: byte == b'{',
                    count: 0,
                    name: (0, 0),
                });
            }
            Some(b'{' | b'[') => {
                self.skip_container();
                self.flaw(Flaw::Deep);
                self.null();
            }
            Some(b'"') => self.string(false),
            Some(b',' | b'}' | b']') => {
                self.flaw(Flaw::NoValue);
                self.null();
            }
            Some(_) => self.bare_value(),
        }
    }

    fn null(&mut self) {
        self.output.extend_from_slice(b"null");
    }

    /// A number or a word.
    fn bare_value(&mut self) {
        let word = self.word();
        let meant: &[u8] = match word {
            b"true" | b"false" | b"null" => word,
            b"True" | b"TRUE" => b"true",
            b"False" | b"FALSE" => b"false",
            _ if word.len() <= LONGEST_NUMBER && serde_json::from_slice::<Number>(word).is_ok() => {
                word
            }
            _ => b"null",
        };
        if word.is_empty() {
            // A colon in place of a value.
            self.at += 1;
        }
        if meant != word {
            self.flaw(Flaw::NoJson);
        }
        self.output.extend_from_slice(meant);
    }

    /// Takes everything up to the next structural character.
    fn word(&mut self) -> &'a [u8] {
        let ends = |byte: &u8| *byte <= b' ' || b",:{}[]\"".contains(byte);
        let rest = self.rest();
        let length = rest.iter().position(ends).unwrap_or(rest.len());
        let (word, _) = rest.split_at(length);
        self.at += length;
        word
    }

    /// A string, from its opening quotation mark.
    fn string(&mut self, is_name: bool) {
        self.at += 1;
        self.output.push(b'"');
        // Positions in input and output at the last inner quotation mark.
        let mut inside = None;
        let start = self.output.len();
        loop {
            let special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..=0x1f);
            let rest = self.rest();
            let plain = rest.iter().position(special).unwrap_or(rest.len());
            self.text(plain);
            match self.peek() {
                None => {
                    self.flaw(Flaw::Cut);
                    break;
                }
                Some(b'"') => match (self.quote(is_name), inside) {
                    (Quote::Inside, _) => {
                        self.flaw(Flaw::Quote);
                        inside = Some((self.at, self.output.len()));
                        self.output.extend_from_slice(b"\\\"");
                        self.at += 1;
                    }
                    (Quote::OfNextName, Some((at, length))) => {
                        self.at = at;
                        self.output.truncate(length);
                        self.give_back(start);
                        break;
                    }
                    (Quote::End | Quote::OfNextName, _) => {
                        self.at += 1;
                        break;
                    }
                },
                Some(b'\\') => self.escape(),
                Some(control) => {
                    self.flaw(Flaw::Control);
                    self.output
                        .extend_from_slice(format!("\\u{control:04x}").as_bytes());
                    self.at += 1;
                }
            }
        }
        self.output.push(b'"');
    }

    /// Returns commas and brackets swallowed by an unclosed string to the input.
    fn give_back(&mut self, start: usize) {
        let own = |byte: &u8| matches!(byte, b',' | b'{' | b'}' | b'[' | b']' | b' ');
        while self.output.len() > start && self.output.last().is_some_and(own) {
            self.output.pop();
            self.at -= 1;
        }
    }

    /// The role of the quotation mark, judged by what follows.
    fn quote(&self, is_name: bool) -> Quote {
        let behind = self.rest().iter().skip(1).find(|byte| **byte > b' ');
        match behind {
            _ if is_name => Quote::End,
            None | Some(b',' | b'}' | b']' | b'"') => Quote::End,
            Some(b':') => Quote::OfNextName,
            Some(_) => Quote::Inside,
        }
    }

    /// Copies `length` bytes of text.
    fn text(&mut self, length: usize) {
        let (text, _) = self.rest().split_at(length);
        let decoded = String::from_utf8_lossy(text);
        if matches!(decoded, Cow::Owned(_)) {
            self.flaw(Flaw::Bytes);
        }
        self.output.extend_from_slice(decoded.as_bytes());
        self.at += length;
    }

    fn escape(&mut self) {
        let length = match self.rest().get(1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Some(2),
            Some(b'u') => match (self.unit(0), self.unit(6)) {
                (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => Some(12),
                (Some(0xd800..=0xdfff), _) => {
                    self.flaw(Flaw::Half);
                    self.output.extend_from_slice("\u{fffd}".as_bytes());
                    self.at += 6;
                    return;
                }
                (Some(_), _) => Some(6),
                (None, _) => None,
            },
            _ => None,
        };
        match length {
            Some(length) => {
                let (escape, _) = self.rest().split_at(length);
                self.output.extend_from_slice(escape);
                self.at += length;
            }
            None => {
                self.flaw(Flaw::Escape);
                self.output.extend_from_slice(b"\\\\");
                self.at += 1;
            }
        }
    }

    /// The UTF-16 unit of the escape at `offset` bytes ahead.
    fn unit(&self, offset: usize) -> Option<u16> {
        let escape = self.rest().get(offset..offset + 6)?;
        let digits = std::str::from_utf8(escape.strip_prefix(b"\\u")?).ok()?;
        let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hex.then(|| u16::from_str_radix(digits, 16).ok())?
    }

    /// Skips a container with its content.
    fn skip_container(&mut self) {
        let mut depth = 0_usize;
        let mut in_text = false;
        while let Some(byte) = self.peek() {
            self.at += 1;
            match (in_text, byte) {
                (true, b'\\') => self.at += 1,
                (_, b'"') => in_text = !in_text,
                (false, b'{' | b'[') => depth += 1,
                (false, b'}' | b']') => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return;
                    }
                }
                _ => {}
            }
        }
    }

    /// Handles data after the value. A stream's end marker is not reported.
    fn end(&mut self) {
        let rest = self.rest().trim_ascii();
        let rest = rest.strip_prefix(b"data:").unwrap_or(rest).trim_ascii();
        if !rest.is_empty() && rest != b"[DONE]" {
            self.flaw(Flaw::Trailing);
        }
    }

    fn peek(&self) -> Option<u8> {
        self.input.get(self.at).copied()
    }

    fn rest(&self) -> &'a [u8] {
        self.input.get(self.at..).unwrap_or_default()
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(|byte| byte <= b' ') {
            self.at += 1;
        }
    }

    fn flaw(&mut self, flaw: Flaw) {
        let (open, output) = (&self.open, &self.output);
        self.flaws.note(flaw, || path(open, output));
    }
}

/// The current path.
fn path(open: &[Container], output: &[u8]) -> String {
    let mut path = String::new();
    for container in open.iter().take(DEEPEST_PATH) {
        if container.is_object {
            let (start, end) = container.name;
            let name = output.get(start..end).unwrap_or_default();
            let name: String = serde_json::from_slice(name).unwrap_or_default();
            push_name(&mut path, &name);
        } else {
            path.push_str(&format!("[{}]", container.count.saturating_sub(1)));
        }
    }
    path
}

/// Well below the parser's limit.
const DEEPEST: usize = 100;
const DEEPEST_PATH: usize = 12;
const LONGEST_NUMBER: usize = 4_096;
