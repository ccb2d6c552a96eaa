//! Validates credentials, independent of where they are stored: one line of visible ASCII.

use std::fmt;

use secrecy::SecretString;
use synapse_core::{Code, Failure};

/// The longest credential, in bytes.
pub(super) const MAX_LENGTH: usize = 8 * 1024;

/// Why bytes are not a credential. Has kinds and positions, never content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CredentialFlaw {
    Empty,
    TooLong,
    ByteOrderMark(&'static str),
    NotUtf8,
    Lines(usize),
    Character {
        kind: CharacterKind,
        place: CharacterPosition,
    },
    Dressed(Dress),
}

/// The text around a token when a line of another file was copied whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dress {
    Quotes,
    Assignment,
    Scheme,
}

/// The kind of an invalid character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CharacterKind {
    WhiteSpace,
    WideSpace,
    Control,
    NotAscii,
}

/// The position of a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CharacterPosition {
    Start,
    End,
    Inside,
}

/// The credential in `bytes`: everything except one final line end.
pub(super) fn check(bytes: &[u8]) -> Result<SecretString, CredentialFlaw> {
    for (mark, name) in BYTE_ORDER_MARKS {
        if bytes.starts_with(mark) {
            return Err(CredentialFlaw::ByteOrderMark(name));
        }
    }
    if bytes.len() > MAX_LENGTH + "\r\n".len() {
        return Err(CredentialFlaw::TooLong);
    }
    let text = str::from_utf8(bytes).map_err(|_| CredentialFlaw::NotUtf8)?;
    let line = text
        .strip_suffix("\r\n")
        .or_else(|| text.strip_suffix('\n'))
        .unwrap_or(text);
    if line.is_empty() {
        return Err(CredentialFlaw::Empty);
    }
    if line.len() > MAX_LENGTH {
        return Err(CredentialFlaw::TooLong);
    }
    match count_lines(line) {
        1 => {}
        lines => return Err(CredentialFlaw::Lines(lines)),
    }
    // `export KEY=…` has a space as well, but this is more specific.
    if let Some(dress) = dress(line) {
        return Err(CredentialFlaw::Dressed(dress));
    }
    if let Some(flaw) = wrong_character(line) {
        return Err(flaw);
    }
    // Exactly as large as needed, so that boxing it does not leave a copy.
    let mut value = String::with_capacity(line.len());
    value.push_str(line);
    Ok(SecretString::from(value))
}

impl CredentialFlaw {
    /// The failure of the credential in `place`, such as `the file /x` or `the variable X`.
    pub(super) fn failure(self, place: &str) -> Failure {
        match self {
            Self::Empty => Failure::new(Code::CredentialEmpty, format!("{place} is empty"))
                .hint("write the token into it, on one line"),
            Self::Lines(lines) => Failure::new(
                Code::CredentialMultiLine,
                format!("{place} has {lines} lines"),
            )
            .cause("a credential is exactly one line; only one final line end is removed")
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
            Self::Dressed(dress) => malformed(place, dress.cause()).first_hint(dress.remedy()),
        }
    }
}

impl Dress {
    const fn cause(self) -> &'static str {
        match self {
            Self::Quotes => "there are quotes around it",
            Self::Assignment => "it is a line like NAME=value, as in an env file",
            Self::Scheme => "it is a whole header line, with the word before the token",
        }
    }

    const fn remedy(self) -> &'static str {
        match self {
            Self::Quotes => "remove the quotes",
            Self::Assignment => "keep only the part after the `=`, without quotes",
            Self::Scheme => "keep only the part after `Bearer`; Synapse adds the word itself",
        }
    }
}

fn malformed(place: &str, cause: &str) -> Failure {
    Failure::new(
        Code::CredentialMalformed,
        format!("{place} does not hold a token"),
    )
    .cause(cause)
    .hint("copy the token again, without anything around it; its content is not shown here")
}

impl fmt::Display for CharacterKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::WhiteSpace => "white space",
            Self::WideSpace => "a non-ASCII space",
            Self::Control => "a control character",
            Self::NotAscii => "a non-ASCII character",
        })
    }
}

impl fmt::Display for CharacterPosition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Start => "at the start",
            Self::End => "at the end",
            Self::Inside => "inside",
        })
    }
}

/// Counts lines as on any platform: `\r
/// `, `
/// ` and a lone `\r` each begin a new one.
fn count_lines(text: &str) -> usize {
    let returns = text.matches('\r').count();
    let feeds = text.matches('\n').count();
    let pairs = text.matches("\r\n").count();
    returns + feeds - pairs + 1
}

/// The text around the token. Has nothing of the token.
fn dress(line: &str) -> Option<Dress> {
    let line = line.trim();
    let ends = |quote: char| line.starts_with(quote) || line.ends_with(quote);
    if is_assignment(line) {
        return Some(Dress::Assignment);
    }
    if QUOTES.into_iter().any(ends) {
        return Some(Dress::Quotes);
    }
    let (word, behind) = line.split_once([' ', '\t'])?;
    let is_scheme = SCHEMES
        .iter()
        .any(|scheme| word.eq_ignore_ascii_case(scheme));
    (is_scheme && !behind.trim().is_empty()).then_some(Dress::Scheme)
}

/// Whether a line assigns a value to a name. A token may contain `=`, as base64 does at its end, so
/// the name must look like that of a variable or a secret.
fn is_assignment(line: &str) -> bool {
    let exported = ["export ", "set ", "setx ", "$env:"]
        .iter()
        .find_map(|word| line.strip_prefix(word));
    let Some((name, value)) = exported.unwrap_or(line).split_once('=') else {
        return false;
    };
    let name = name.trim().trim_matches(QUOTES);
    let is_name = name.starts_with(|each: char| each.is_ascii_alphabetic() || each == '_')
        && name
            .bytes()
            .all(|each| each.is_ascii_alphanumeric() || each == b'_' || each == b'-');
    let lower = name.to_ascii_lowercase();
    let names_secret = ["key", "token", "secret", "password", "credential"]
        .iter()
        .any(|word| lower.ends_with(word));
    let is_variable = name.contains('_') && !name.contains(|each: char| each.is_ascii_lowercase());
    let has_value = !value.trim_start_matches('=').trim().is_empty();
    is_name && has_value && (exported.is_some() || names_secret || is_variable)
}

/// The first invalid character; both ends are checked first, because a space there is the most
/// common mistake.
fn wrong_character(line: &str) -> Option<CredentialFlaw> {
    let kind = |each: char| match each {
        ' ' | '\t' => Some(CharacterKind::WhiteSpace),
        _ if each.is_control() => Some(CharacterKind::Control),
        _ if each.is_ascii() => None,
        _ if each.is_whitespace() => Some(CharacterKind::WideSpace),
        _ => Some(CharacterKind::NotAscii),
    };
    let at = |place: CharacterPosition, each: Option<char>| {
        each.and_then(kind)
            .map(|kind| CredentialFlaw::Character { kind, place })
    };
    at(CharacterPosition::Start, line.chars().next())
        .or_else(|| at(CharacterPosition::End, line.chars().next_back()))
        .or_else(|| {
            at(
                CharacterPosition::Inside,
                line.chars().find(|each| kind(*each).is_some()),
            )
        })
}

/// Straight quotes, and the typographic ones that editors substitute.
const QUOTES: [char; 8] = [
    '"', '\'', '`', '\u{201c}', '\u{201d}', '\u{2018}', '\u{2019}', '\u{201e}',
];
const SCHEMES: [&str; 3] = ["bearer", "authorization:", "x-api-key:"];
const BYTE_ORDER_MARKS: [(&[u8], &str); 3] = [
    (b"\xef\xbb\xbf", "UTF-8"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
];

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    fn flaw(bytes: &[u8]) -> CredentialFlaw {
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
        let character = |kind, place| CredentialFlaw::Character { kind, place };
        let longest = "x".repeat(MAX_LENGTH);
        for (text, expected) in [
            ("", CredentialFlaw::Empty),
            ("\n", CredentialFlaw::Empty),
            ("\r\n", CredentialFlaw::Empty),
            ("a\nb", CredentialFlaw::Lines(2)),
            ("a\n\n", CredentialFlaw::Lines(2)),
            ("a\r\nb\r\nc\r\n", CredentialFlaw::Lines(3)),
            ("a\r", CredentialFlaw::Lines(2)),
            ("a\rb\n", CredentialFlaw::Lines(2)),
            ("\na\n", CredentialFlaw::Lines(2)),
            ("\u{feff}a\n", CredentialFlaw::ByteOrderMark("UTF-8")),
            (
                " a\n",
                character(CharacterKind::WhiteSpace, CharacterPosition::Start),
            ),
            (
                "a \n",
                character(CharacterKind::WhiteSpace, CharacterPosition::End),
            ),
            (
                "a\t",
                character(CharacterKind::WhiteSpace, CharacterPosition::End),
            ),
            (
                "a b",
                character(CharacterKind::WhiteSpace, CharacterPosition::Inside),
            ),
            (
                "a\0b",
                character(CharacterKind::Control, CharacterPosition::Inside),
            ),
            (
                "\u{1b}a",
                character(CharacterKind::Control, CharacterPosition::Start),
            ),
            (
                "a\u{7f}",
                character(CharacterKind::Control, CharacterPosition::End),
            ),
            (
                "a\u{a0}",
                character(CharacterKind::WideSpace, CharacterPosition::End),
            ),
            (
                "ä",
                character(CharacterKind::NotAscii, CharacterPosition::Start),
            ),
            (
                "a\u{200b}b",
                character(CharacterKind::NotAscii, CharacterPosition::Inside),
            ),
            (&format!("{longest}x"), CredentialFlaw::TooLong),
            (&format!("{longest}x\n"), CredentialFlaw::TooLong),
            (&format!("{longest}\n\n\n"), CredentialFlaw::TooLong),
        ] {
            assert_eq!(flaw(text.as_bytes()), expected, "{text:?}");
        }
        assert_eq!(
            flaw(b"\xff\xfea\0"),
            CredentialFlaw::ByteOrderMark("UTF-16")
        );
        assert_eq!(flaw(b"a\xffb"), CredentialFlaw::NotUtf8);
    }

    /// A line of an env file, a header or a shell, and the reported flaw.
    #[test]
    fn what_a_token_is_dressed_in_is_told() {
        for (line, dress) in [
            ("\"fake-token\"", Dress::Quotes),
            ("'fake-token'", Dress::Quotes),
            ("`fake-token`", Dress::Quotes),
            ("\u{201c}fake-token\u{201d}", Dress::Quotes),
            ("fake-token\"", Dress::Quotes),
            ("OPENAI_API_KEY=fake-token", Dress::Assignment),
            ("OPENAI_API_KEY=\"fake-token\"", Dress::Assignment),
            ("export KEY=fake-token", Dress::Assignment),
            ("set X=fake-token", Dress::Assignment),
            ("$env:GROQ='fake-token'", Dress::Assignment),
            ("api_key = fake-token", Dress::Assignment),
            ("apiKey=fake-token", Dress::Assignment),
            ("HF_TOKEN=fake=token==", Dress::Assignment),
            ("Bearer fake-token", Dress::Scheme),
            ("Authorization: Bearer fake-token", Dress::Scheme),
        ] {
            assert_eq!(
                flaw(line.as_bytes()),
                CredentialFlaw::Dressed(dress),
                "{line}"
            );
            let failure = flaw(line.as_bytes()).failure("the credential file /x");
            assert_eq!(failure.code(), Code::CredentialMalformed);
            assert!(!format!("{failure:?}").contains("fake"), "{failure:?}");
        }
        // Base64 ends with it, and a token may contain any characters.
        for token in [
            "ZmFrZQ==",
            "ZmFrZS1mYWtlLQ=",
            "fake=token",
            "a_b=c",
            "KEY=",
            "=fake",
            "A==",
        ] {
            assert!(check(token.as_bytes()).is_ok(), "{token}");
        }
    }
}
