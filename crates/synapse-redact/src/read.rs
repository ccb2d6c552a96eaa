//! Reads text as the letters and digits that are left when everything else is taken away, each
//! with the place where it stands: as written, and with the escapes of URLs, JSON and HTML undone.

use std::ops::Range;

use secrecy::zeroize::Zeroizing;

/// The letters and digits of a text in lower case, and the bytes that each was read from.
#[derive(Default)]
pub(super) struct Skeleton {
    pub(super) letters: Zeroizing<Vec<u8>>,
    places: Vec<(usize, usize)>,
}

impl Skeleton {
    /// As it is written: punctuation, white space and everything beyond ASCII is passed over.
    pub(super) fn plain(text: &str) -> Self {
        let mut skeleton = Self::with_capacity(text.len());
        for (at, byte) in text.bytes().enumerate() {
            if byte.is_ascii_alphanumeric() {
                skeleton.push(byte, at, at + 1);
            }
        }
        skeleton
    }

    /// With escapes undone: `%2F`, `%252F`, `\u002f`, `\x2f`, `\n`, `&#47;`, `&quot;`.
    pub(super) fn decoded(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut skeleton = Self::with_capacity(bytes.len());
        let mut at = 0;
        while at < bytes.len() {
            let (byte, length) = unit(bytes, at);
            if let Some(byte) = byte.filter(u8::is_ascii_alphanumeric) {
                skeleton.push(byte, at, at + length);
            }
            at += length;
        }
        skeleton
    }

    /// The bytes of the text that the letters `from..to` were read from.
    pub(super) fn span(&self, from: usize, to: usize) -> Option<Range<usize>> {
        let (start, _) = self.places.get(from)?;
        let (_, end) = self.places.get(to.checked_sub(1)?)?;
        Some(*start..*end)
    }

    fn with_capacity(capacity: usize) -> Self {
        Self {
            // Large enough from the start: a vector that grows leaves its old buffer behind.
            letters: Zeroizing::new(Vec::with_capacity(capacity)),
            places: Vec::with_capacity(capacity),
        }
    }

    fn push(&mut self, byte: u8, start: usize, end: usize) {
        self.letters.push(byte.to_ascii_lowercase());
        self.places.push((start, end));
    }
}

/// A text with its escapes undone, and where each of its bytes was read from.
pub(super) struct Decoded {
    pub(super) text: Zeroizing<String>,
    places: Vec<(usize, usize)>,
}

impl Decoded {
    /// `None` when there is nothing to undo.
    pub(super) fn of(text: &str) -> Option<Self> {
        if !has_escapes(text) {
            return None;
        }
        let bytes = text.as_bytes();
        let mut decoded = Self {
            text: Zeroizing::new(String::with_capacity(bytes.len())),
            places: Vec::with_capacity(bytes.len()),
        };
        let mut at = 0;
        while at < bytes.len() {
            let (byte, length) = unit(bytes, at);
            // One byte for one unit keeps the places simple; what is not ASCII is in no token.
            decoded.text.push(match byte {
                Some(byte) if byte.is_ascii() && !byte.is_ascii_control() => char::from(byte),
                _ => '\n',
            });
            decoded.places.push((at, at + length));
            at += length;
        }
        Some(decoded)
    }

    /// Where `span` of the decoded text stands in the original.
    pub(super) fn original(&self, span: &Range<usize>) -> Option<Range<usize>> {
        let (start, _) = self.places.get(span.start)?;
        let (_, end) = self.places.get(span.end.checked_sub(1)?)?;
        Some(*start..*end)
    }
}

/// Whether there is an escape to undo, perhaps.
pub(super) fn has_escapes(text: &str) -> bool {
    text.bytes().any(|byte| matches!(byte, b'%' | b'\\' | b'&'))
}

/// What stands at `at`, and how many bytes it takes, which is at least one. `None` is a character
/// that is no ASCII, or an escape for a control character.
fn unit(bytes: &[u8], at: usize) -> (Option<u8>, usize) {
    match bytes.get(at) {
        Some(b'%') => percent(bytes, at),
        Some(b'\\') => backslash(bytes, at),
        Some(b'&') => entity(bytes, at),
        other => (other.copied(), 1),
    }
}

/// `%2F`, and `%252F` however often it was encoded.
fn percent(bytes: &[u8], at: usize) -> (Option<u8>, usize) {
    let Some(mut byte) = hexadecimal(bytes, at + 1, 2) else {
        return (Some(b'%'), 1);
    };
    let mut length = 3;
    while byte == u32::from(b'%') {
        let Some(next) = hexadecimal(bytes, at + length, 2) else {
            break;
        };
        byte = next;
        length += 2;
    }
    (u8::try_from(byte).ok(), length)
}

/// `\u002f`, `\x2f`, `\/`, `\n`, and the same behind several backslashes.
fn backslash(bytes: &[u8], at: usize) -> (Option<u8>, usize) {
    let rest = bytes.get(at..).unwrap_or_default();
    let count = rest.iter().take_while(|byte| **byte == b'\\').count();
    let escaped = |digits| hexadecimal(bytes, at + count + 1, digits);
    match rest.get(count) {
        Some(b'u') => match escaped(4) {
            Some(code) => (u8::try_from(code).ok(), count + 5),
            None => (Some(b'\\'), count),
        },
        Some(b'x') => match escaped(2) {
            Some(code) => (u8::try_from(code).ok(), count + 3),
            None => (Some(b'\\'), count),
        },
        Some(b'n' | b'r' | b't' | b'b' | b'f' | b'0') => (None, count + 1),
        _ => (Some(b'\\'), count),
    }
}

/// `&#47;`, `&#x2f;` and the names of the characters that HTML escapes.
fn entity(bytes: &[u8], at: usize) -> (Option<u8>, usize) {
    let rest = bytes.get(at + 1..).unwrap_or_default();
    let end = rest.iter().take(MAX_ENTITY).position(|byte| *byte == b';');
    let Some(name) = end.and_then(|end| rest.get(..end)) else {
        return (Some(b'&'), 1);
    };
    let length = name.len() + 2;
    let byte = match name {
        [b'#', b'x' | b'X', digits @ ..] if are(digits, u8::is_ascii_hexdigit) => {
            number(digits, 16)
        }
        [b'#', digits @ ..] if are(digits, u8::is_ascii_digit) => number(digits, 10),
        b"amp" => Some(b'&'),
        b"quot" => Some(b'"'),
        b"apos" => Some(b'\''),
        b"lt" => Some(b'<'),
        b"gt" => Some(b'>'),
        _ => return (Some(b'&'), 1),
    };
    (byte, length)
}

/// A number is of digits alone: what only begins like one must not swallow the one behind it.
fn are(digits: &[u8], digit: impl Fn(&u8) -> bool) -> bool {
    !digits.is_empty() && digits.iter().all(digit)
}

fn number(digits: &[u8], radix: u32) -> Option<u8> {
    u8::from_str_radix(str::from_utf8(digits).ok()?, radix).ok()
}

fn hexadecimal(bytes: &[u8], at: usize, digits: usize) -> Option<u32> {
    let digits = bytes.get(at..at + digits)?;
    digits.iter().try_fold(0, |number, digit| {
        Some(number * 16 + char::from(*digit).to_digit(16)?)
    })
}

/// `&#x0000002f;` is as long as it gets.
const MAX_ENTITY: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(text: &str) -> String {
        String::from_utf8(Skeleton::decoded(text).letters.to_vec()).unwrap()
    }

    #[test]
    fn escapes_are_undone_however_deep() {
        for text in [
            "a/B",
            "a%2fB",
            "a%2F%42",
            "a%252F%2542",
            r"a\/\u0042",
            r"a\\u002f\\u0042",
            "\\x61\\x42",
            r"a\nB",
            "a&#47;&#x42;",
            "&#<&#97;&#47;&#<&#x42;",
            "a&quot;B",
            "a\u{200b}B",
            "a\0B",
        ] {
            assert_eq!(decoded(text), "ab", "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_an_escape_stays() {
        assert_eq!(decoded("100%zz"), "100zz");
        assert_eq!(decoded(r"\u00"), "u00");
        assert_eq!(decoded("a&b;c&"), "abc");
        assert_eq!(decoded("%"), "");
        assert_eq!(decoded(r"\"), "");
    }

    #[test]
    fn places_are_those_of_the_original() {
        let text = "x %61%62 y";
        let skeleton = Skeleton::decoded(text);
        assert_eq!(text.get(skeleton.span(1, 3).unwrap()), Some("%61%62"));
        let decoded = Decoded::of(text).unwrap();
        assert_eq!(&**decoded.text, "x ab y");
        assert_eq!(decoded.original(&(2..4)), Some(2..8));
        assert!(Decoded::of("plain").is_none());
    }
}
