//! Looks for a secret where it must not be, in every form that is worth a thief's time, and writes
//! it in those forms. Shares no code with the redactor that it judges.

use std::collections::HashMap;
use std::fmt::Write as _;

/// A made-up secret that is looked for.
#[derive(Debug, Clone)]
pub struct Canary {
    token: String,
    /// What is looked for among the letters and digits of a text, with the name of the form.
    pieces: HashMap<[u8; PIECE], &'static str>,
}

/// A way to write a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disguise {
    /// As it is.
    None,
    /// In capitals.
    Upper,
    /// With small letters and capitals exchanged.
    Swapped,
    /// Each byte as `%XX`.
    Percent,
    /// `%XX` for what a URL must escape, and that escaped again.
    PercentTwice,
    /// As the inside of a JSON string.
    Json,
    /// Each character as `\uXXXX`.
    JsonUnicode,
    /// Each character as `&#NN;`.
    Html,
    /// In hexadecimal.
    Hex,
    /// In hexadecimal, with spaces.
    HexSpaced,
    /// Base64 behind that many bytes.
    Base64(usize),
    /// Base64 for URLs behind that many bytes.
    Base64Url(usize),
    /// Broken into lines.
    Lines,
    /// In two strings of a list.
    List,
    /// With a character of no width behind every letter.
    ZeroWidth,
    /// Two bytes for each character.
    Wide,
    /// Backwards.
    Reversed,
}

impl Disguise {
    /// Every way.
    pub const ALL: [Self; 21] = [
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
    ];

    /// `token` in this way.
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
            Self::PercentTwice => formatted(&|byte| match byte.is_ascii_alphanumeric() {
                true => char::from(byte).to_string(),
                false => format!("%25{byte:02x}"),
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
        }
    }
}

impl Canary {
    /// A canary of `token`, which has at least 16 letters and digits.
    ///
    /// # Panics
    /// When it has fewer.
    #[must_use]
    pub fn new(token: &str) -> Self {
        let mut pieces = HashMap::new();
        for disguise in Disguise::ALL {
            let written = disguise.of(token);
            let (name, core) = match disguise {
                Disguise::None => ("as it is", written.as_str()),
                Disguise::Hex => ("in hexadecimal", written.as_str()),
                Disguise::Reversed => ("backwards", written.as_str()),
                // The ends depend on what stands around.
                Disguise::Base64(_) => (
                    "in base64",
                    written.get(4..written.len() - 6).unwrap_or_default(),
                ),
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
        }
    }

    /// The token itself.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// How `bytes` tell the token or a piece of it that is worth having, if they do.
    #[must_use]
    pub fn found_in(&self, bytes: &[u8]) -> Option<&'static str> {
        let find = |letters: &[u8]| {
            let mut windows = letters.windows(PIECE);
            windows.find_map(|window| self.pieces.get(window).copied())
        };
        find(&letters(bytes)).or_else(|| match bytes.iter().any(|byte| b"%\\&".contains(byte)) {
            true => find(&letters(&unescaped(bytes))),
            false => None,
        })
    }
}

fn letters(bytes: &[u8]) -> Vec<u8> {
    let letters = bytes.iter().filter(|byte| byte.is_ascii_alphanumeric());
    letters.map(u8::to_ascii_lowercase).collect()
}

/// The text with `%XX`, `\uXXXX` and `&#NN;` undone, twice.
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
    match byte.is_ascii_uppercase() {
        true => byte.to_ascii_lowercase(),
        false => byte.to_ascii_uppercase(),
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
            match index <= group.len() {
                true => text.extend(alphabet.get(place).map(|byte| char::from(*byte))),
                false => drop(write!(text, "=")),
            }
        }
    }
    text
}

/// So many letters in a row are worth having; what is shorter is a word that both happen to have.
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
