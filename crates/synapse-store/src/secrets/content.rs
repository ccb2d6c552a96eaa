//! What a credential may look like, whatever place it comes from: one line of visible ASCII.

use std::fmt;

use secrecy::SecretString;
use synapse_core::{Code, Failure};

/// The longest credential, in bytes.
pub(super) const MAX_LENGTH: usize = 8 * 1024;

/// Why bytes are no credential. Tells kinds and places, never content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    Empty,
    TooLong,
    ByteOrderMark(&'static str),
    NotUtf8,
    Lines(usize),
    Character { kind: Kind, place: Place },
}

/// What kind of character does not belong there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    WhiteSpace,
    WideSpace,
    Control,
    NotAscii,
}

/// Where a character stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Start,
    End,
    Inside,
}

/// The credential in `bytes`: everything but one line end behind it.
pub(super) fn check(bytes: &[u8]) -> Result<SecretString, Flaw> {
    for (mark, name) in BYTE_ORDER_MARKS {
        if bytes.starts_with(mark) {
            return Err(Flaw::ByteOrderMark(name));
        }
    }
    if bytes.len() > MAX_LENGTH + "\r\n".len() {
        return Err(Flaw::TooLong);
    }
    let text = str::from_utf8(bytes).map_err(|_| Flaw::NotUtf8)?;
    let line = text
        .strip_suffix("\r\n")
        .or_else(|| text.strip_suffix('\n'))
        .unwrap_or(text);
    if line.is_empty() {
        return Err(Flaw::Empty);
    }
    if line.len() > MAX_LENGTH {
        return Err(Flaw::TooLong);
    }
    match count_lines(line) {
        1 => {}
        lines => return Err(Flaw::Lines(lines)),
    }
    if let Some(flaw) = wrong_character(line) {
        return Err(flaw);
    }
    // Exactly as large as needed, so that boxing it does not leave a copy behind.
    let mut value = String::with_capacity(line.len());
    value.push_str(line);
    Ok(SecretString::from(value))
}

impl Flaw {
    /// The failure of the credential in `place`, such as `the file /x` or `the variable X`.
    pub(super) fn failure(self, place: &str) -> Failure {
        match self {
            Self::Empty => Failure::new(Code::CredentialEmpty, format!("{place} is empty"))
                .hint("write the token into it, on one line"),
            Self::Lines(lines) => Failure::new(
                Code::CredentialMultiLine,
                format!("{place} has {lines} lines"),
            )
            .cause("a credential is exactly one line; only one line end behind it is taken off")
            .hint("keep the line with the token and remove everything else")
            .with("lines", lines),
            Self::TooLong => malformed(place, "it is longer than 8 KiB, which no token is"),
            Self::ByteOrderMark(name) => {
                malformed(place, &format!("it begins with a {name} byte order mark"))
                    .hint("save it as plain UTF-8 without a byte order mark")
            }
            Self::NotUtf8 => malformed(place, "it is not UTF-8 text"),
            Self::Character {
                kind,
                place: where_,
            } => malformed(place, &format!("there is {kind} {where_}")),
        }
    }
}

fn malformed(place: &str, cause: &str) -> Failure {
    Failure::new(
        Code::CredentialMalformed,
        format!("{place} holds something that no token is"),
    )
    .cause(cause)
    .hint("copy the token again, without anything around it; its content is not shown here")
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::WhiteSpace => "white space",
            Self::WideSpace => "a non-ASCII space",
            Self::Control => "a control character",
            Self::NotAscii => "a non-ASCII character",
        })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Start => "at the start",
            Self::End => "at the end",
            Self::Inside => "inside",
        })
    }
}

/// Lines as any platform counts them: `\r\n`, `\n` and a lone `\r` each begin a new one.
fn count_lines(text: &str) -> usize {
    let returns = text.matches('\r').count();
    let feeds = text.matches('\n').count();
    let pairs = text.matches("\r\n").count();
    returns + feeds - pairs + 1
}

/// The first wrong character; the ends come first, because a space there is the classic accident.
fn wrong_character(line: &str) -> Option<Flaw> {
    let kind = |each: char| match each {
        ' ' | '\t' => Some(Kind::WhiteSpace),
        _ if each.is_control() => Some(Kind::Control),
        _ if each.is_ascii() => None,
        _ if each.is_whitespace() => Some(Kind::WideSpace),
        _ => Some(Kind::NotAscii),
    };
    let at = |place: Place, each: Option<char>| {
        each.and_then(kind)
            .map(|kind| Flaw::Character { kind, place })
    };
    at(Place::Start, line.chars().next())
        .or_else(|| at(Place::End, line.chars().next_back()))
        .or_else(|| {
            at(
                Place::Inside,
                line.chars().find(|each| kind(*each).is_some()),
            )
        })
}

const BYTE_ORDER_MARKS: [(&[u8], &str); 3] = [
    (b"\xef\xbb\xbf", "UTF-8"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
];

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    fn flaw(bytes: &[u8]) -> Flaw {
        check(bytes).unwrap_err()
    }

    #[test]
    fn one_line_end_is_taken_off_and_nothing_else() {
        for text in ["fake-token", "fake-token\n", "fake-token\r\n"] {
            assert_eq!(
                check(text.as_bytes()).unwrap().expose_secret(),
                "fake-token"
            );
        }
        let longest = "x".repeat(MAX_LENGTH);
        assert!(check(format!("{longest}\r\n").as_bytes()).is_ok());
    }

    #[test]
    fn every_flaw_is_told_apart() {
        let character = |kind, place| Flaw::Character { kind, place };
        let longest = "x".repeat(MAX_LENGTH);
        for (text, expected) in [
            ("", Flaw::Empty),
            ("\n", Flaw::Empty),
            ("\r\n", Flaw::Empty),
            ("a\nb", Flaw::Lines(2)),
            ("a\n\n", Flaw::Lines(2)),
            ("a\r\nb\r\nc\r\n", Flaw::Lines(3)),
            ("a\r", Flaw::Lines(2)),
            ("a\rb\n", Flaw::Lines(2)),
            ("\na\n", Flaw::Lines(2)),
            ("\u{feff}a\n", Flaw::ByteOrderMark("UTF-8")),
            (" a\n", character(Kind::WhiteSpace, Place::Start)),
            ("a \n", character(Kind::WhiteSpace, Place::End)),
            ("a\t", character(Kind::WhiteSpace, Place::End)),
            ("a b", character(Kind::WhiteSpace, Place::Inside)),
            ("a\0b", character(Kind::Control, Place::Inside)),
            ("\u{1b}a", character(Kind::Control, Place::Start)),
            ("a\u{7f}", character(Kind::Control, Place::End)),
            ("a\u{a0}", character(Kind::WideSpace, Place::End)),
            ("ä", character(Kind::NotAscii, Place::Start)),
            ("a\u{200b}b", character(Kind::NotAscii, Place::Inside)),
            (&format!("{longest}x"), Flaw::TooLong),
            (&format!("{longest}x\n"), Flaw::TooLong),
            (&format!("{longest}\n\n\n"), Flaw::TooLong),
        ] {
            assert_eq!(flaw(text.as_bytes()), expected, "{text:?}");
        }
        assert_eq!(flaw(b"\xff\xfea\0"), Flaw::ByteOrderMark("UTF-16"));
        assert_eq!(flaw(b"a\xffb"), Flaw::NotUtf8);
    }
}
