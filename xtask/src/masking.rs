//! Blanks out non-code parts of Rust sources, preserving lines and columns.
//!
//! A minimal lexer for comments (nested ones too), strings, raw strings and character literals.
//! Text that does not lex is treated as code.

/// The parts to blank out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hidden {
    /// Literals only; comments stay visible.
    Literals,
    /// Literals and comments; only code stays visible.
    LiteralsAndComments,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    Code,
    Comment,
    Literal,
}

/// Replaces the hidden parts with spaces, line for line.
pub(crate) fn mask(source: &str, hidden: Hidden) -> String {
    let mut masked = String::with_capacity(source.len());
    let mut rest = source;
    let mut previous = None;
    while let Some(first) = rest.chars().next() {
        let (token, length) = lex(rest, first, previous);
        let (text, tail) = rest.split_at(length);
        let visible = match token {
            Token::Code => true,
            Token::Comment => hidden == Hidden::Literals,
            Token::Literal => false,
        };
        if visible {
            masked.push_str(text);
        } else {
            masked.extend(text.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        }
        previous = text.chars().next_back();
        rest = tail;
    }
    masked
}

/// Returns the literals of the source, with quotes, each with its first line number.
pub(crate) fn literals(source: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut rest = source;
    let mut previous = None;
    let mut line = 1;
    while let Some(first) = rest.chars().next() {
        let (token, length) = lex(rest, first, previous);
        let (text, tail) = rest.split_at(length);
        if token == Token::Literal {
            found.push((line, text));
        }
        line += text.matches('\n').count();
        previous = text.chars().next_back();
        rest = tail;
    }
    found
}

/// Reports whether a character can be part of an identifier.
pub(crate) fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

fn lex(rest: &str, first: char, previous: Option<char>) -> (Token, usize) {
    let code = (Token::Code, first.len_utf8());
    match first {
        '/' if rest.starts_with("//") => (Token::Comment, rest.find('\n').unwrap_or(rest.len())),
        '/' if rest.starts_with("/*") => (Token::Comment, block_comment(rest)),
        '"' => (Token::Literal, quoted(rest, '"')),
        '\'' => character(rest).map_or(code, |length| (Token::Literal, length)),
        'r' | 'b' | 'c' if !previous.is_some_and(is_word) => {
            raw_string(rest).map_or(code, |length| (Token::Literal, length))
        }
        _ => code,
    }
}

/// Returns the length of a comment starting here; comments nest.
fn block_comment(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut position = 0;
    while let Some(tail) = rest.get(position..) {
        let Some(next) = tail.chars().next() else {
            break;
        };
        if tail.starts_with("/*") {
            depth += 1;
            position += 2;
        } else if tail.starts_with("*/") {
            depth -= 1;
            position += 2;
            if depth == 0 {
                return position;
            }
        } else {
            position += next.len_utf8();
        }
    }
    rest.len()
}

/// Returns the length of a literal starting here, up to the same unescaped quote.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (position, character) in rest.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if character == '\\' {
            escaped = true;
        } else if character == quote {
            return position + quote.len_utf8();
        }
    }
    rest.len()
}

/// Returns the length of a character literal, or `None` for a lifetime.
fn character(rest: &str) -> Option<usize> {
    let mut characters = rest.char_indices().skip(1);
    let (_, content) = characters.next()?;
    if content == '\\' {
        return Some(quoted(rest, '\''));
    }
    let (position, closing) = characters.next()?;
    (closing == '\'').then_some(position + 1)
}

/// Returns the length of a raw string with any prefix, or `None` for an identifier.
fn raw_string(rest: &str) -> Option<usize> {
    let body = ["br", "cr", "r"]
        .iter()
        .find_map(|prefix| rest.strip_prefix(prefix))?;
    let quoted = body.trim_start_matches('#');
    let hashes = body.len() - quoted.len();
    let content = quoted.strip_prefix('"')?;
    let opening = rest.len() - content.len();
    let closing = format!("\"{}", "#".repeat(hashes));
    Some(
        content
            .find(&closing)
            .map_or(rest.len(), |end| opening + end + closing.len()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(source: &str) -> String {
        mask(source, Hidden::LiteralsAndComments)
    }

    #[test]
    fn comments_are_blanked_to_their_end_and_no_further() {
        assert_eq!(code("a // b\nc"), "a     \nc");
        assert_eq!(code("a /* b /* c */ d */ e"), "a                   e");
        assert_eq!(code("a /* open"), "a        ");
    }

    #[test]
    fn comments_can_stay_visible() {
        assert_eq!(mask("a // b \"c\"", Hidden::Literals), "a // b \"c\"");
        assert_eq!(mask("\"a\" // b", Hidden::Literals), "    // b");
    }

    #[test]
    fn strings_are_blanked_with_their_escapes() {
        assert_eq!(code(r#"f("a\"b"); g"#), "f(      ); g");
        assert_eq!(code("\"one\ntwo\" g"), "    \n     g");
        assert_eq!(code("b\"x\" c"), "b    c");
        assert_eq!(code(r#""http://x" g"#), "           g");
    }

    #[test]
    fn raw_strings_end_at_their_own_hashes() {
        assert_eq!(code("r#\"a\"b\"# g"), "         g");
        assert_eq!(code("br\"\\\" g"), "      g");
        assert_eq!(code("r#type = var\"x\""), "r#type = var   ");
    }

    #[test]
    fn literals_come_with_the_line_they_begin_on() {
        assert_eq!(
            literals("f(\"a\");\n// \"b\"\nr#\"c\nd\"# + \"e\""),
            [(1, "\"a\""), (3, "r#\"c\nd\"#"), (4, "\"e\"")]
        );
    }

    #[test]
    fn lifetimes_are_not_character_literals() {
        assert_eq!(
            code("fn f<'a>(c: &'a str) { '\"' }"),
            "fn f<'a>(c: &'a str) {     }"
        );
        assert_eq!(
            code(r"'\'' 'é' '\u{1F600}' x"),
            format!("{}x", " ".repeat(21))
        );
    }
}
