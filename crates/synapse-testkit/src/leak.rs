//! Searches output for a secret in every notation an attacker could recover, and writes secrets in
//! those notations. Shares no code with the redactor it tests.

use std::collections::HashMap;

/// A made-up secret to search for.
#[derive(Debug, Clone)]
pub struct Canary {
    token: String,
    /// Pieces to find among the letters and digits of a text, with the name of the notation.
    pieces: HashMap<[u8; PIECE], &'static str>,
    /// Pieces to find verbatim, by their first bytes.
    written: HashMap<[u8; 8], Vec<WrittenForm>>,
}

/// A piece of a secret in one notation.
#[derive(Debug, Clone)]
struct WrittenForm {
    piece: Vec<u8>,
    title: &'static str,
}

/// A notation for a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disguise {
    /// Verbatim.
    None,
    /// Upper case.
    Upper,
    /// Upper and lower case swapped.
    Swapped,
    /// Each byte as `%XX`.
    Percent,
    /// URL-encoded twice.
    PercentTwice,
    /// JSON string content.
    Json,
    /// Each character as `\uXXXX`.
    JsonUnicode,
    /// Each character as `&#NN;`.
    Html,
    /// Hexadecimal.
    Hex,
    /// Hexadecimal, separated by spaces.
    HexSpaced,
    /// Base64, preceded by that many bytes.
    Base64(usize),
    /// URL-safe base64, preceded by that many bytes.
    Base64Url(usize),
    /// Broken into lines.
    Lines,
    /// Split over two strings of a list.
    List,
    /// With a zero-width character after every letter.
    ZeroWidth,
    /// UTF-16.
    Wide,
    /// Reversed.
    Reversed,
    /// Each character as `&amp;#NN;`: HTML inside HTML.
    HtmlTwice,
    /// Each character as `&#xNN;`.
    HtmlHex,
    /// Each character as `\NNN` in octal.
    Octal,
    /// Each character as `\u{NN}`.
    Braced,
    /// Full-width letters.
    FullWidth,
    /// A tag around each character.
    Tags,
    /// In pieces of XML character data.
    CharacterData,
    /// A terminal colour sequence before each character.
    Colours,
    /// A list of bytes, each as `0xNN`.
    HexList,
    /// Hexadecimal, separated by colons.
    HexColons,
    /// A list of bytes in decimal.
    DecimalList,
    /// An object of bytes by index, as JavaScript serialises a byte array.
    DecimalObject,
    /// A list of bytes in octal.
    OctalList,
    /// Base64 of base64, each preceded by that many bytes.
    Base64Twice(usize),
    /// Base64 of UTF-16.
    Base64Wide,
    /// Base64 of hexadecimal.
    Base64Hex,
    /// Base64 of a JSON document that contains it as a string.
    Base64Json,
    /// Base32.
    Base32,
}

impl Disguise {
    /// All notations.
    pub const ALL: [Self; 40] = [
        Self::None,
        Self::Upper,
        Self::Swapped,
        Self::Percent,
        Self::PercentTwice,
        Self::Json,
        Self::JsonUnicode,
        Self::Html,
        Self::Hex,
        Self::HexSpaced,
        Self::Base64(0),
        Self::Base64(1),
        Self::Base64(2),
        Self::Base64Url(0),
        Self::Base64Url(1),
        Self::Base64Url(2),
        Self::Lines,
        Self::List,
        Self::ZeroWidth,
        Self::Wide,
        Self::Reversed,
        Self::HtmlTwice,
        Self::HtmlHex,
        Self::Octal,
        Self::Braced,
        Self::FullWidth,
        Self::Tags,
        Self::CharacterData,
        Self::Colours,
        Self::HexList,
        Self::HexColons,
        Self::DecimalList,
        Self::DecimalObject,
        Self::OctalList,
        Self::Base64Twice(0),
        Self::Base64Twice(1),
        Self::Base64Wide,
        Self::Base64Hex,
        Self::Base64Json,
        Self::Base32,
    ];

    /// Its name in the documentation.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::None => "as it is",
            Self::Upper => "in capitals",
            Self::Swapped => "with small letters and capitals exchanged",
            Self::Percent => "percent-encoded",
            Self::PercentTwice => "percent-encoded twice",
            Self::Json => "as a JSON string",
            Self::JsonUnicode => "in JSON escapes",
            Self::Html => "in HTML entities, decimal",
            Self::Hex => "in hexadecimal",
            Self::HexSpaced => "in hexadecimal with spaces",
            Self::Base64(0) => "in base64",
            Self::Base64(1) => "in base64, after one byte",
            Self::Base64(_) => "in base64, after two bytes",
            Self::Base64Url(0) => "in base64 for URLs",
            Self::Base64Url(1) => "in base64 for URLs, after one byte",
            Self::Base64Url(_) => "in base64 for URLs, after two bytes",
            Self::Lines => "broken into lines",
            Self::List => "in several strings",
            Self::ZeroWidth => "with invisible characters between",
            Self::Wide => "in UTF-16",
            Self::Reversed => "backwards",
            Self::HtmlTwice => "in HTML entities that are escaped again",
            Self::HtmlHex => "in HTML entities, hexadecimal",
            Self::Octal => "in octal escapes",
            Self::Braced => "in escapes with braces",
            Self::FullWidth => "in letters of full width",
            Self::Tags => "with markup between",
            Self::CharacterData => "in pieces of XML character data",
            Self::Colours => "with terminal colours between",
            Self::HexList => "as a list of bytes, `0x` before each",
            Self::HexColons => "in hexadecimal with colons",
            Self::DecimalList => "as a list of bytes, decimal",
            Self::DecimalObject => "as an object of bytes by index",
            Self::OctalList => "as a list of bytes, octal",
            Self::Base64Twice(0) => "in base64 of base64",
            Self::Base64Twice(_) => "in base64 of base64, after other bytes",
            Self::Base64Wide => "in base64 of UTF-16",
            Self::Base64Hex => "in base64 of hexadecimal",
            Self::Base64Json => "in base64 of JSON",
            Self::Base32 => "in base32",
        }
    }

    /// Writes `token` in this notation.
    #[must_use]
    pub fn of(self, token: &str) -> String {
        let each = |write: &dyn Fn(&mut String, u8)| {
            let mut text = String::new();
            token.bytes().for_each(|byte| write(&mut text, byte));
            text
        };
        let formatted = |format: &dyn Fn(u8) -> String| each(&|text, byte| *text += &format(byte));
        match self {
            Self::None => token.to_owned(),
            Self::Upper => token.to_ascii_uppercase(),
            Self::Swapped => formatted(&|byte| char::from(swapped(byte)).to_string()),
            Self::Percent => formatted(&|byte| format!("%{byte:02X}")),
            Self::PercentTwice => formatted(&|byte| {
                if byte.is_ascii_alphanumeric() {
                    char::from(byte).to_string()
                } else {
                    format!("%25{byte:02x}")
                }
            }),
            Self::Json => {
                let text = serde_json::Value::from(token).to_string();
                text.trim_matches('"').to_owned()
            }
            Self::JsonUnicode => formatted(&|byte| format!("\\u{byte:04x}")),
            Self::Html => formatted(&|byte| format!("&#{byte};")),
            Self::Hex => formatted(&|byte| format!("{byte:02x}")),
            Self::HexSpaced => formatted(&|byte| format!("{byte:02X} ")),
            Self::Base64(before) => base64(token, before, STANDARD),
            Self::Base64Url(before) => base64(token, before, URL_SAFE),
            Self::Lines => pieces(token, 9, "\n  "),
            Self::List => pieces(token, token.len().div_ceil(2), "\", \""),
            Self::ZeroWidth => pieces(token, 1, "\u{200b}"),
            Self::Wide => pieces(token, 1, "\0"),
            Self::Reversed => token.chars().rev().collect(),
            Self::HtmlTwice => formatted(&|byte| format!("&amp;#{byte};")),
            Self::HtmlHex => formatted(&|byte| format!("&#x{byte:x};")),
            Self::Octal => formatted(&|byte| format!("\\{byte:03o}")),
            Self::Braced => formatted(&|byte| format!("\\u{{{byte:x}}}")),
            Self::FullWidth => token.chars().map(full_width).collect(),
            Self::CharacterData => formatted(&|byte| format!("{}]]><![CDATA[", char::from(byte))),
            Self::Tags => formatted(&|byte| format!("<b class=\"x\">{}</b>", char::from(byte))),
            Self::Colours => formatted(&|byte| format!("\u{1b}[31m{}\u{1b}[0m", char::from(byte))),
            Self::HexList => listed(token, &|_, byte| format!("0x{byte:02X}")),
            Self::HexColons => formatted(&|byte| format!("{byte:02x}:")),
            Self::DecimalList => listed(token, &|_, byte| byte.to_string()),
            Self::DecimalObject => indexed(token, 0),
            Self::OctalList => listed(token, &|_, byte| format!("{byte:o}")),
            Self::Base64Twice(before) => base64(&base64(token, before, STANDARD), before, STANDARD),
            Self::Base64Wide => base64(&pieces(&format!("{token}."), 1, "\0"), 0, STANDARD),
            Self::Base64Hex => base64(&Self::Hex.of(token), 0, STANDARD),
            Self::Base64Json => {
                let json = serde_json::json!({"error": {"key": token}}).to_string();
                base64(&json, 0, STANDARD)
            }
            Self::Base32 => base32(token),
        }
    }
}

impl Canary {
    /// A canary for `token`, which needs at least 16 letters and digits.
    ///
    /// # Panics
    /// If it has fewer.
    #[must_use]
    pub fn new(token: &str) -> Self {
        Self::written(token, &Disguise::ALL)
    }

    /// A canary that is searched verbatim, in the common encodings, and in these notations.
    ///
    /// # Panics
    /// Same as [`Canary::new`].
    #[must_use]
    pub fn written(token: &str, ways: &[Disguise]) -> Self {
        let mut pieces = HashMap::new();
        let mut written: HashMap<_, Vec<_>> = HashMap::new();
        for disguise in Disguise::ALL {
            let ways = ways.iter().filter(|way| **way == disguise);
            for piece in ways.flat_map(|way| way.pieces(token)) {
                let begins: Option<[u8; 8]> = piece.get(..8).and_then(|each| each.try_into().ok());
                if let Some(begins) = begins {
                    let title = disguise.title();
                    written
                        .entry(begins)
                        .or_default()
                        .push(WrittenForm { piece, title });
                }
            }
            let text = disguise.of(token);
            let (name, core) = match disguise {
                Disguise::None => ("as it is", text.as_str()),
                Disguise::Hex => ("in hexadecimal", text.as_str()),
                Disguise::Reversed => ("backwards", text.as_str()),
                // The ends depend on the neighbouring bytes.
                Disguise::Base64(_) => {
                    ("in base64", text.get(4..text.len() - 6).unwrap_or_default())
                }
                _ => continue,
            };
            let letters = letters(core.as_bytes());
            assert!(
                letters.len() >= PIECE,
                "a canary has at least {PIECE} letters and digits"
            );
            pieces.extend(letters.windows(PIECE).filter_map(|piece| {
                let piece: [u8; PIECE] = piece.try_into().ok()?;
                Some((piece, name))
            }));
        }
        Self {
            token: token.to_owned(),
            pieces,
            written,
        }
    }

    /// The token itself.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// How `bytes` reveal the token or a useful piece of it, if they do.
    #[must_use]
    pub fn found_in(&self, bytes: &[u8]) -> Option<&'static str> {
        let find = |letters: &[u8]| {
            let mut windows = letters.windows(PIECE);
            windows.find_map(|window| self.pieces.get(window).copied())
        };
        let found = find(&letters(bytes)).or_else(|| self.written_in(bytes));
        found.or_else(|| {
            if bytes.iter().any(|byte| b"%\\&".contains(byte)) {
                find(&letters(&unescaped(bytes)))
            } else {
                None
            }
        })
    }
}

impl Canary {
    /// How `bytes` contain the token or a useful piece of it in one of the notations.
    fn written_in(&self, bytes: &[u8]) -> Option<&'static str> {
        bytes.windows(8).enumerate().find_map(|(at, begins)| {
            let mut written = self.written.get(begins)?.iter();
            let rest = bytes.get(at..)?;
            let held = written.find(|written| rest.starts_with(&written.piece));
            held.map(|written| written.title)
        })
    }
}

impl Disguise {
    /// The useful pieces of `token` in this notation, where its letters and digits alone do not
    /// reveal it.
    fn pieces(self, token: &str) -> Vec<Vec<u8>> {
        match self {
            Self::HtmlTwice
            | Self::HtmlHex
            | Self::Octal
            | Self::Braced
            | Self::FullWidth
            | Self::Tags
            | Self::CharacterData
            | Self::Colours
            | Self::HexList
            | Self::DecimalList
            | Self::DecimalObject
            | Self::OctalList => {
                let whole = self.of(token);
                let parts = (0..token.len()).filter_map(|from| {
                    let lengths = PIECE..=token.len() - from;
                    let mut parts = lengths.filter_map(|length| token.get(from..from + length));
                    let part = parts.find(|part| letters(part.as_bytes()).len() >= PIECE)?;
                    Some((from, part))
                });
                parts
                    .map(|(from, part)| match self {
                        Self::DecimalObject => indexed(part, from),
                        _ => self.of(part),
                    })
                    .map(|part| part.trim_matches(['[', ']', '{', '}']).to_owned())
                    .inspect(|part| assert!(whole.contains(part), "{part} of {whole}"))
                    .map(String::into_bytes)
                    .collect()
            }
            Self::Base64Twice(_) | Self::Base64Wide | Self::Base64Hex | Self::Base32 => {
                let whole = self.of(token).into_bytes();
                let piece = (whole.len() * PIECE).div_ceil(token.len());
                whole.windows(piece).map(<[u8]>::to_vec).collect()
            }
            _ => Vec::new(),
        }
    }
}

fn letters(bytes: &[u8]) -> Vec<u8> {
    let letters = bytes.iter().filter(|byte| byte.is_ascii_alphanumeric());
    letters.map(u8::to_ascii_lowercase).collect()
}

/// Decodes `%XX`, `\uXXXX` and `&#NN;`, twice.
fn unescaped(bytes: &[u8]) -> Vec<u8> {
    let once = |text: &str| {
        let mut result = String::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let (read, length) = escape(rest).unwrap_or((first, first.len_utf8()));
            result.push(read);
            rest = rest.get(length..).unwrap_or_default();
        }
        result
    };
    once(&once(&String::from_utf8_lossy(bytes))).into_bytes()
}

fn escape(text: &str) -> Option<(char, usize)> {
    let (digits, radix, length) = if let Some(rest) = text.strip_prefix('%') {
        (rest.get(..2)?, 16, 3)
    } else if let Some(rest) = text.strip_prefix("\\u") {
        (rest.get(..4)?, 16, 6)
    } else {
        let rest = text.strip_prefix("&#")?;
        let end = rest.find(';').filter(|end| *end <= 5)?;
        (rest.get(..end)?, 10, end + 3)
    };
    let code = u32::from_str_radix(digits, radix).ok()?;
    Some((char::from_u32(code)?, length))
}

fn swapped(byte: u8) -> u8 {
    if byte.is_ascii_uppercase() {
        byte.to_ascii_lowercase()
    } else {
        byte.to_ascii_uppercase()
    }
}

fn pieces(token: &str, length: usize, between: &str) -> String {
    let mut text = String::new();
    for (count, each) in token.chars().enumerate() {
        if count > 0 && count % length == 0 {
            text.push_str(between);
        }
        text.push(each);
    }
    text
}

fn listed(token: &str, format: &dyn Fn(usize, u8) -> String) -> String {
    let items: Vec<String> = token
        .bytes()
        .enumerate()
        .map(|(index, byte)| format(index, byte))
        .collect();
    format!("[{}]", items.join(", "))
}

fn indexed(token: &str, from: usize) -> String {
    let list = listed(token, &|index, byte| format!("\"{}\":{byte}", from + index));
    format!("{{{}}}", list.trim_matches(['[', ']']))
}

fn full_width(each: char) -> char {
    match each {
        '!'..='~' => char::from_u32(u32::from(each) + 0xfee0).unwrap_or(each),
        _ => each,
    }
}

fn base32(token: &str) -> String {
    let bytes = token.as_bytes();
    let bit = |at: usize| {
        bytes
            .get(at / 8)
            .is_some_and(|byte| byte >> (7 - at % 8) & 1 == 1)
    };
    (0..(bytes.len() * 8).div_ceil(5))
        .filter_map(|character| {
            let bits = (0..5).fold(0, |bits, index| {
                bits << 1 | usize::from(bit(character * 5 + index))
            });
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
                .get(bits)
                .map(|byte| char::from(*byte))
        })
        .collect()
}

fn base64(token: &str, before: usize, alphabet: &[u8; 64]) -> String {
    let bytes: Vec<u8> = std::iter::repeat_n(b':', before)
        .chain(token.bytes())
        .collect();
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits = (0..3).fold(0_u32, |bits, index| {
            bits << 8 | u32::from(group.get(index).copied().unwrap_or_default())
        });
        for index in 0..4 {
            let place = usize::try_from(bits >> (18 - 6 * index) & 63).unwrap_or_default();
            if index <= group.len() {
                text.extend(alphabet.get(place).map(|byte| char::from(*byte)));
            } else {
                text.push('=');
            }
        }
    }
    text
}

/// Letters in a useful piece; a shorter match is a coincidental word.
const PIECE: usize = 14;
const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_disguise_is_seen_through() {
        let canary = Canary::new("fake-Canary/0123+4567==xyZ");
        for disguise in Disguise::ALL {
            let text = format!("before {} behind", disguise.of(canary.token()));
            assert!(canary.found_in(text.as_bytes()).is_some(), "{disguise:?}");
        }
        assert_eq!(canary.found_in(b"fake canary [redacted]"), None);
        assert_eq!(canary.found_in(b""), None);
    }

    #[test]
    fn base64_is_that_of_everybody() {
        assert_eq!(Disguise::Base64(0).of("fake"), "ZmFrZQ==");
        assert_eq!(Disguise::Base64(1).of("fake"), "OmZha2U=");
        assert_eq!(Disguise::Base64Url(0).of("f?~~"), "Zj9-fg==");
    }
}
