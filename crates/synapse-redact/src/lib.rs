//! Makes foreign text fit to show: without secrets, without control characters, not too long.
//!
//! Two rules. A value that is known is removed exactly, in any case, split or encoding (`exact`);
//! what only has the shape of a token is removed by that shape (`shapes`, `encoded`). Knows nothing
//! of where a text comes from or where it goes.

mod encoded;
mod exact;
mod read;
mod seen;
mod shapes;
mod vendors;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

pub use self::seen::SeenSecrets;

use self::exact::Known;

/// Removes secrets from text: one that it was made for, and whatever has the shape of a token.
///
/// Holds the value in memory, wipes it when dropped, and shows none of it in `Debug`.
#[derive(Clone)]
pub struct Redactor {
    known: Option<Arc<Known>>,
}

impl Redactor {
    /// A redactor that knows no value: it removes what has the shape of a token.
    #[must_use]
    pub const fn none() -> Self {
        Self { known: None }
    }

    /// A redactor that also removes `secret`, however it is written.
    #[must_use]
    pub fn for_secret(secret: &str) -> Self {
        Self {
            known: (!secret.is_empty()).then(|| Arc::new(Known::new(secret))),
        }
    }

    /// Whether it knows no secret.
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        self.known.is_none()
    }

    /// `text` without secrets and without token shapes.
    #[must_use]
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut spans = Vec::new();
        if let Some(known) = &self.known {
            known.find(text, &mut spans);
        }
        find_shapes(text, &mut spans);
        without(text, spans)
    }

    /// `text`, an answer that is to stay as it came, without the secret itself.
    ///
    /// Only a value of at least 16 letters and digits is removed: a shorter one, such as the
    /// placeholder that a local server takes, may be a word of the answer.
    #[must_use]
    pub fn spare<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut spans = Vec::new();
        if let Some(known) = self.known.as_ref().filter(|known| known.is_no_word()) {
            known.find_whole(text, &mut spans);
        }
        without(text, spans)
    }

    /// [`Redactor::redact`], with control and direction characters made visible, at most `max`
    /// characters long.
    #[must_use]
    pub fn clean(&self, text: &str, max: usize) -> String {
        let text = self.redact(text);
        let mut clean = String::new();
        for (count, each) in text.trim().chars().enumerate() {
            if count == max {
                clean.push('…');
                break;
            }
            push_visible(&mut clean, each);
        }
        clean
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.known {
            Some(_) => "Redactor(one secret)",
            None => "Redactor(no secret)",
        })
    }
}

/// `text` without whatever has the shape of a token.
#[must_use]
pub fn without_tokens(text: &str) -> Cow<'_, str> {
    Redactor::none().redact(text)
}

/// Whether `text` holds what has the shape of a token.
#[must_use]
pub fn holds_token(text: &str) -> bool {
    let mut spans = Vec::new();
    find_shapes(text, &mut spans);
    !spans.is_empty()
}

/// Whether `word` may be a token of no known shape: long, without a space, of letters and digits, and
/// no path or address. Worth repeating to nobody.
#[must_use]
pub fn is_opaque(word: &str) -> bool {
    let place = word.starts_with(['/', '~', '.', '-']) || word.contains("://");
    word.len() >= OPAQUE
        && !place
        && !word.contains(char::is_whitespace)
        && word.contains(|each: char| each.is_ascii_digit())
        && word.contains(|each: char| each.is_ascii_alphabetic())
}

/// `text` as a terminal may show it: line feeds and tabs stay, every other control character and
/// every direction override becomes a visible placeholder.
#[must_use]
pub fn printable(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for each in text.chars() {
        match each {
            '\n' | '\t' => clean.push(each),
            _ => push_visible(&mut clean, each),
        }
    }
    clean
}

/// JSON text as a terminal may show it, and the same JSON: what [`printable`] would replace is
/// written as an escape, which only strings have room for.
#[must_use]
pub fn printable_json(json: &str) -> String {
    let mut clean = String::with_capacity(json.len());
    for each in json.chars() {
        match each {
            '\n' | '\t' => clean.push(each),
            // All of these are in the basic plane, where four digits are enough.
            _ if each.is_control() || is_direction_override(each) => {
                clean.push_str(&format!("\\u{:04x}", u32::from(each)));
            }
            _ => clean.push(each),
        }
    }
    clean
}

/// Finds what has the shape of a token, as it stands or encoded.
fn find_shapes(text: &str, spans: &mut Vec<Range<usize>>) {
    shapes::find(text, spans);
    encoded::find(text, spans);
}

/// `text` with every span replaced. Spans may overlap and come in any order.
fn without(text: &str, mut spans: Vec<Range<usize>>) -> Cow<'_, str> {
    if spans.is_empty() {
        return Cow::Borrowed(text);
    }
    spans.sort_unstable_by_key(|span| (span.start, span.end));
    let mut clean = String::with_capacity(text.len());
    let mut copied = 0;
    for span in spans {
        // A span that begins inside the one before only makes that one longer.
        if span.start >= copied {
            clean.push_str(text.get(copied..span.start).unwrap_or_default());
            clean.push_str(REDACTED);
        }
        copied = copied.max(span.end);
    }
    clean.push_str(text.get(copied..).unwrap_or_default());
    Cow::Owned(clean)
}

fn push_visible(clean: &mut String, each: char) {
    match each {
        '\n' | '\r' | '\t' => clean.push(' '),
        _ if each.is_control() || is_direction_override(each) => clean.push('\u{fffd}'),
        _ => clean.push(each),
    }
}

/// Unicode bidirectional controls, which can make a line read as something it is not.
fn is_direction_override(each: char) -> bool {
    matches!(each, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A shorter word is one that somebody may have mistyped.
const OPAQUE: usize = 24;
/// What stands in place of a secret.
pub const REDACTED: &str = "[redacted]";

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD_NO_PAD;

    use super::*;

    #[test]
    fn every_known_form_of_the_secret_goes() {
        let secret = "fake+secret/value=1";
        let redactor = Redactor::for_secret(secret);
        for echoed in [
            format!("Incorrect API key: {secret}."),
            "url fake%2Bsecret%2Fvalue%3D1".to_owned(),
            format!("raw {}", STANDARD_NO_PAD.encode(secret)),
            format!(
                "header {}",
                STANDARD_NO_PAD.encode(format!("Bearer {secret}"))
            ),
        ] {
            let clean = redactor.clean(&echoed, 300);
            assert!(clean.contains(REDACTED), "{echoed} -> {clean}");
            assert!(!clean.contains("fake"), "{clean}");
        }
        assert!(!format!("{redactor:?}").contains("fake"));
    }

    #[test]
    fn an_answer_loses_a_secret_and_keeps_a_word() {
        let answer = "say ollama, or sk-0123456789abcdef0123";
        assert_eq!(Redactor::for_secret("ollama").spare(answer), answer);
        let long = Redactor::for_secret("fake-0123456789-abcdef");
        assert_eq!(
            long.spare("it is fake-0123456789-abcdef."),
            "it is [redacted]."
        );
        assert_eq!(long.spare(answer), answer);
    }

    #[test]
    fn json_that_is_fit_to_show_is_the_same_json() {
        let text = "a\u{9b}31mb\u{202e}c\u{7f}\u{200f}é\u{1f600}\"\\\n";
        let json = serde_json::to_string(text).unwrap();
        let shown = printable_json(&json);
        assert_eq!(printable(&shown), shown);
        assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), text);
    }

    #[test]
    fn control_and_direction_characters_become_visible_and_length_is_capped() {
        let redactor = Redactor::none();
        assert_eq!(
            redactor.clean("a\u{1b}[31mb\u{202e}c\nd", 300),
            "a\u{fffd}[31mb\u{fffd}c d"
        );
        assert_eq!(redactor.clean("abcdef", 3), "abc…");
        assert_eq!(printable("a\n\tb\u{7}\r"), "a\n\tb\u{fffd} ");
    }
}
