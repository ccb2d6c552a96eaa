//! Finds the tables of a TOML text that may be cut out, from one header to the next.

use std::collections::HashSet;
use std::ops::Range;

use super::SkippedRun;

pub(super) fn runs(text: &str, keep: &[&[String]]) -> Option<Vec<Range<usize>>> {
    let mut runs = Vec::new();
    let mut run = SkippedRun::default();
    let mut known = HashSet::new();
    let mut current: Option<(usize, HeaderLine)> = None;
    let mut family = None;
    let mut scanner = TableScanner { text, at: 0 };
    loop {
        let (start, header) = match scanner.next()? {
            NextLine::Header(start, header) => (start, Some(header)),
            NextLine::End => (text.len(), None),
        };
        if let Some((begin, header)) = current.take() {
            if family != header.path.first().cloned() {
                run.end(&mut runs);
                family = header.path.first().cloned();
            }
            let on_path =
                |path: &&[String]| std::iter::zip(*path, &header.path).all(|(a, b)| a == b);
            if keep.iter().any(on_path) {
                run.end(&mut runs);
            } else {
                run.entries.push(begin..start);
            }
        }
        let Some(header) = header else { break };
        if !header.is_list && !known.insert(header.path.clone()) {
            return None;
        }
        current = Some((start, header));
    }
    run.end(&mut runs);
    Some(runs)
}

struct HeaderLine {
    path: Vec<String>,
    is_list: bool,
}

enum NextLine {
    /// A header, and where its line starts.
    Header(usize, HeaderLine),
    /// The end of the text.
    End,
}

struct TableScanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> TableScanner<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn next(&mut self) -> Option<NextLine> {
        loop {
            let line_start = self.at;
            let rest = self.rest();
            let content = rest.trim_start_matches([' ', '\t']);
            self.at += rest.len() - content.len();
            match content.bytes().next() {
                None => return Some(NextLine::End),
                Some(b'[') => {
                    let line = content.lines().next()?;
                    let header = header(line)?;
                    self.at += line.len();
                    self.end_line();
                    return Some(NextLine::Header(line_start, header));
                }
                Some(b'#' | b'\r' | b'\n') => self.end_line(),
                Some(_) => self.field()?,
            }
        }
    }

    fn end_line(&mut self) {
        let rest = self.rest();
        self.at += rest.find('\n').map_or(rest.len(), |end| end + 1);
    }

    /// A key with its value, which may span lines.
    fn field(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            let rest = self.rest();
            let Some(next) = rest.bytes().next() else {
                return (depth == 0).then_some(());
            };
            match next {
                b'"' | b'\'' => self.at += literal(rest)?,
                b'[' | b'{' => {
                    depth += 1;
                    self.at += 1;
                }
                b']' | b'}' => {
                    depth = depth.checked_sub(1)?;
                    self.at += 1;
                }
                b'#' if depth > 0 => self.end_line(),
                b'#' | b'\n' if depth == 0 => {
                    self.end_line();
                    return Some(());
                }
                _ => self.at += rest.chars().next()?.len_utf8(),
            }
        }
    }
}

/// The length of the string at the start of `text`, which may span lines.
fn literal(text: &str) -> Option<usize> {
    let quote = text.get(..1)?;
    let long = quote.repeat(3);
    let (fence, is_long) = if text.starts_with(&long) {
        (long.as_str(), true)
    } else {
        (quote, false)
    };
    let mut at = fence.len();
    loop {
        let rest = text.get(at..)?;
        let next = rest.chars().next()?;
        if rest.starts_with(fence) {
            at += fence.len();
            // Up to two quotation marks may precede the end.
            let more = text
                .get(at..)?
                .bytes()
                .take_while(|byte| [*byte] == *quote.as_bytes());
            return Some(at + if is_long { more.take(2).count() } else { 0 });
        }
        match next {
            '\\' if quote == "\"" => at += 1 + rest.chars().nth(1)?.len_utf8(),
            '\n' if !is_long => return None,
            next => at += next.len_utf8(),
        }
    }
}

/// The keys of a header line.
fn header(line: &str) -> Option<HeaderLine> {
    let is_list = line.starts_with("[[");
    let brackets = if is_list { 2 } else { 1 };
    let mut rest = line.get(brackets..)?.trim_start();
    let mut path = Vec::new();
    loop {
        let (key, behind) = match rest.bytes().next()? {
            b'"' | b'\'' => {
                let (key, behind) = rest.split_at_checked(literal(rest)?)?;
                let inner = key.get(1..key.len() - 1)?;
                let key = if key.starts_with('"') {
                    serde_json::from_str(key).ok()?
                } else {
                    inner.to_owned()
                };
                (key, behind)
            }
            _ => {
                let is_bare = |each: char| each.is_ascii_alphanumeric() || "_-".contains(each);
                let end = rest.find(|each| !is_bare(each)).filter(|end| *end > 0)?;
                let (key, behind) = rest.split_at_checked(end)?;
                (key.to_owned(), behind)
            }
        };
        path.push(key);
        let behind = behind.trim_start();
        match behind.strip_prefix('.') {
            Some(more) => rest = more.trim_start(),
            None => {
                let end = if is_list { "]]" } else { "]" };
                let tail = behind.strip_prefix(end)?.trim();
                let is_header = tail.is_empty() || tail.starts_with('#');
                return is_header.then_some(HeaderLine { path, is_list });
            }
        }
    }
}
