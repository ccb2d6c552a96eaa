//! The paths that a Rust file names: those of its imports, and those in its code.

use crate::masking::{Hidden, is_word, mask};
use crate::tidy::codes::shipped_part;

/// A path as it is written, such as `super::rows::key`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// The line, counted from 1.
    pub(super) line: usize,
    /// Its segments.
    pub(super) path: Vec<String>,
    /// The name that it has in the file, for an import.
    pub(super) alias: Option<String>,
    /// Whether it is for others only: a re-export.
    pub(super) is_public: bool,
}

/// The paths of a source without its inline tests. Paths in code begin with `crate`, `self`, `super`,
/// or one of `children`.
pub(super) fn named(source: &str, children: &[&str]) -> Vec<Named> {
    let code = mask(shipped_part(source), Hidden::LiteralsAndComments);
    let mut reader = Reader {
        tokens: tokens(&code),
        at: 0,
        found: Vec::new(),
    };
    let mut is_public = false;
    let mut previous = Token::Mark('\n');
    while let Some((line, token)) = reader.next() {
        match token {
            Token::Word("use") if reader.peek() != Some(Token::Mark('<')) => {
                reader.import(line, &[], is_public);
            }
            Token::Word(word)
                if previous != Token::Path
                    && reader.peek() == Some(Token::Path)
                    && (ROOTS.contains(&word) || children.contains(&word)) =>
            {
                let path = reader.path(word);
                reader.add(line, path, None, false);
            }
            _ => {}
        }
        // `pub use`, and `pub(crate) use`, whose bracket is what comes before.
        is_public = match token {
            Token::Word("pub") => true,
            Token::Mark('(' | ')') | Token::Word("crate" | "super" | "self" | "in") => is_public,
            _ => false,
        };
        previous = token;
    }
    reader.found
}

const ROOTS: [&str; 3] = ["crate", "self", "super"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'a> {
    Word(&'a str),
    Path,
    Mark(char),
}

fn tokens(code: &str) -> Vec<(usize, Token<'_>)> {
    let mut tokens = Vec::new();
    let mut rest = code;
    let mut line = 1;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            _ if is_word(first) => rest.find(|c: char| !is_word(c)).unwrap_or(rest.len()),
            ':' if rest.starts_with("::") => 2,
            _ => first.len_utf8(),
        };
        let (text, tail) = rest.split_at(length);
        match text {
            "\n" => line += 1,
            "::" => tokens.push((line, Token::Path)),
            _ if is_word(first) => tokens.push((line, Token::Word(text))),
            _ if first.is_whitespace() => {}
            _ => tokens.push((line, Token::Mark(first))),
        }
        rest = tail;
    }
    tokens
}

struct Reader<'a> {
    tokens: Vec<(usize, Token<'a>)>,
    at: usize,
    found: Vec<Named>,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<Token<'a>> {
        self.tokens.get(self.at).map(|(_, token)| *token)
    }

    fn next(&mut self) -> Option<(usize, Token<'a>)> {
        let token = self.tokens.get(self.at).copied();
        self.at += 1;
        token
    }

    /// The segments that follow `first`.
    fn path(&mut self, first: &str) -> Vec<String> {
        let mut path = vec![first.to_owned()];
        while self.peek() == Some(Token::Path) {
            self.at += 1;
            match self.peek() {
                Some(Token::Word(word)) => path.push(word.to_owned()),
                _ => break,
            }
            self.at += 1;
        }
        path
    }

    /// The tree of an import, behind `prefix`.
    fn import(&mut self, line: usize, prefix: &[String], is_public: bool) {
        let mut path = prefix.to_vec();
        while let Some((_, token)) = self.next() {
            match token {
                Token::Word("self") if !path.is_empty() => {}
                Token::Word("as") => {
                    let alias = match self.next() {
                        Some((_, Token::Word(alias))) => Some(alias.to_owned()),
                        _ => None,
                    };
                    self.add(line, path, alias, is_public);
                    return;
                }
                Token::Word(word) => path.push(word.to_owned()),
                Token::Path => {}
                Token::Mark('{') => {
                    while !matches!(self.peek(), None | Some(Token::Mark('}'))) {
                        self.import(line, &path, is_public);
                        if self.peek() == Some(Token::Mark(',')) {
                            self.at += 1;
                        }
                    }
                    self.at += 1;
                    return;
                }
                // The reader of the list handles it.
                Token::Mark(',' | '}') => {
                    self.at -= 1;
                    break;
                }
                Token::Mark(_) => break,
            }
        }
        if path.len() > prefix.len() || !prefix.is_empty() {
            let alias = path.last().cloned();
            self.add(line, path, alias, is_public);
        }
    }

    fn add(&mut self, line: usize, path: Vec<String>, alias: Option<String>, is_public: bool) {
        self.found.push(Named {
            line,
            path,
            alias,
            is_public,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(source: &str, children: &[&str]) -> Vec<String> {
        let shown = |named: &Named| {
            let public = if named.is_public { "pub " } else { "" };
            let alias = named.alias.as_deref().unwrap_or("-");
            format!(
                "{}: {public}{} as {alias}",
                named.line,
                named.path.join("::")
            )
        };
        named(source, children).iter().map(shown).collect()
    }

    #[test]
    fn imports_are_read_with_their_trees_and_other_names() {
        let source =
            "use std::fmt;\nuse crate::{a, b::{C, self}, d::E as F};\npub(crate) use self::g::H;\n";
        assert_eq!(
            paths(source, &[]),
            [
                "1: std::fmt as fmt",
                "2: crate::a as a",
                "2: crate::b::C as C",
                "2: crate::b as b",
                "2: crate::d::E as F",
                "3: pub self::g::H as H",
            ]
        );
    }

    #[test]
    fn paths_in_code_are_read_and_those_in_comments_and_tests_are_not() {
        let source = "fn f(x: super::x::Y) { crate::z(); child::go(); other::go() } // crate::no\n\
                      fn g() -> impl Sized + use<'_> {}\n\
                      #[cfg(test)]\nmod tests {\n    use crate::nowhere;\n}\n";
        assert_eq!(
            paths(source, &["child"]),
            [
                "1: super::x::Y as -",
                "1: crate::z as -",
                "1: child::go as -",
            ]
        );
    }
}
