//! Finds the properties of a JSON text that may be cut out. Comments and trailing commas are
//! allowed; everything else odd ends the search.

use std::ops::Range;

use super::SkippedRun;

pub(super) fn runs(text: &str, keep: &[&[String]]) -> Option<Vec<Range<usize>>> {
    let mut scanner = PropertyScanner {
        text,
        at: 0,
        runs: Vec::new(),
    };
    scanner.skip_trivia()?;
    scanner.object(keep)?;
    Some(scanner.runs)
}

struct PropertyScanner<'a> {
    text: &'a str,
    at: usize,
    runs: Vec<Range<usize>>,
}

impl PropertyScanner<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    /// White space and comments.
    fn skip_trivia(&mut self) -> Option<()> {
        while let Some(byte) = self.peek() {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' => self.at += 1,
                b'/' => {
                    let rest = self.text.get(self.at..)?;
                    self.at += match rest.as_bytes().get(1)? {
                        b'/' => rest.find('\n').unwrap_or(rest.len()),
                        b'*' => rest.get(2..)?.find("*/")? + 4,
                        _ => return None,
                    };
                }
                _ => break,
            }
        }
        Some(())
    }

    /// The range of a string with its quotation marks.
    fn string(&mut self) -> Option<Range<usize>> {
        let start = self.at;
        self.take(b'"')?;
        loop {
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    return Some(start..self.at);
                }
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
    }

    fn value(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            self.skip_trivia()?;
            match self.peek()? {
                b'"' => {
                    self.string()?;
                }
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    depth = depth.checked_sub(1)?;
                    self.at += 1;
                }
                b',' | b':' if depth > 0 => self.at += 1,
                b',' | b':' => return None,
                _ => self.word(),
            }
            if depth == 0 {
                return Some(());
            }
        }
    }

    /// A number or another unquoted token.
    fn word(&mut self) {
        while let Some(byte) = self.peek()
            && !b"\"{}[],:/ \t\r\n".contains(&byte)
        {
            self.at += 1;
        }
    }

    /// An object, of whose properties those on the paths stay.
    fn object(&mut self, keep: &[&[String]]) -> Option<()> {
        self.take(b'{')?;
        let mut run = SkippedRun::default();
        loop {
            self.skip_trivia()?;
            if self.peek()? == b'}' {
                self.at += 1;
                run.end(&mut self.runs);
                return Some(());
            }
            let key = self.string()?;
            let start = key.start;
            let key: String = serde_json::from_str(self.text.get(key)?).ok()?;
            self.skip_trivia()?;
            self.take(b':')?;
            self.skip_trivia()?;
            let below: Vec<&[String]> = keep
                .iter()
                .filter_map(|path| path.split_first())
                .filter(|(first, _)| **first == key)
                .map(|(_, rest)| rest)
                .collect();
            if below.is_empty() {
                self.value()?;
                run.entries.push(start..self.at);
            } else {
                run.end(&mut self.runs);
                match self.peek()? {
                    b'{' if below.iter().any(|path| !path.is_empty()) => self.object(&below)?,
                    _ => self.value()?,
                }
            }
            self.skip_trivia()?;
            if self.peek()? != b'}' {
                self.take(b',')?;
            }
        }
    }
}
