//! Makes foreign text safe to show: removes secrets and control characters, and limits its length.
//!
//! Known values are removed exactly, in any case, splitting or encoding (`exact`); unknown tokens
//! by their shape (`shapes`); both in every reading of the text (`read`) and inside encoded runs
//! (`encoded`). Does not know where a text comes from or goes to.
//!
//! **Invariant (linear):** running time grows linearly with the length of the text and depends on
//! nothing else in it.

mod encoded;
mod exact;
mod read;
mod runs;
mod search;
mod seen;
mod shapes;
pub mod vendors;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

pub use self::seen::KnownSecrets;

use self::exact::Known;
use self::search::Search;

/// Removes secrets from text: one known value, and anything shaped like a token.
///
/// Holds the value in memory, wipes it on drop, and hides it in `Debug`.
#[derive(Clone)]
pub struct Redactor {
    known: Option<Arc<Known>>,
}

impl Redactor {
    /// Creates a redactor without a known value; it removes anything shaped like a token.
    #[must_use]
    pub const fn none() -> Self {
        Self { known: None }
    }

    /// Creates a redactor that also removes `secret`, in every form.
    #[must_use]
    pub fn for_secret(secret: &str) -> Self {
        Self {
            known: (!secret.is_empty()).then(|| Arc::new(Known::new(secret))),
        }
    }

    /// Creates a redactor from a prepared value.
    const fn of(known: Arc<Known>) -> Self {
        Self { known: Some(known) }
    }

    /// Whether it knows no secret.
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        self.known.is_none()
    }

    /// Removes the secret and anything shaped like a token from `text`.
    #[must_use]
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        without(text, self.thorough().spans(text))
    }

    /// Removes the secret alone from `text`, a result that must otherwise stay unchanged.
    ///
    /// Only a value of at least 16 letters and digits is removed: a shorter one, such as a local
    /// server's placeholder, may be a word of the result.
    #[must_use]
    pub fn spare<'a>(&self, text: &'a str) -> Cow<'a, str> {
        without(text, Search::sparing(self.known.as_deref()).spans(text))
    }

    /// [`Redactor::redact`], with control and direction characters made visible, at most `max`
    /// characters long.
    ///
    /// Scans only the visible part and a margin after it, so that a secret across the cut is still
    /// recognised and removed.
    #[must_use]
    pub fn clean(&self, text: &str, max: usize) -> String {
        let window = max
            .saturating_mul(LONGEST_CHARACTER)
            .saturating_add(2 * MARGIN);
        let seen = text.get(..text.floor_char_boundary(window)).unwrap_or(text);
        let mut spans = self.thorough().spans(seen);
        let mut shown = seen;
        if seen.len() < text.len() {
            let end = seen.floor_char_boundary(seen.len().saturating_sub(MARGIN));
            shown = seen.get(..end).unwrap_or_default();
            spans.retain(|span| span.start < end);
        }
        let text_goes_on = shown.len() < text.len();
        let redacted = without(shown, spans);
        let mut clean = String::new();
        let mut characters = if text_goes_on {
            redacted.trim_start().chars()
        } else {
            redacted.trim().chars()
        };
        characters
            .by_ref()
            .take(max)
            .for_each(|each| push_visible(&mut clean, each));
        if text_goes_on || characters.next().is_some() {
            clean.push('…');
        }
        clean
    }

    fn thorough(&self) -> Search<'_> {
        Search::thorough(self.known.as_deref())
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

/// Removes anything shaped like a token from `text`.
#[must_use]
pub fn without_tokens(text: &str) -> Cow<'_, str> {
    Redactor::none().redact(text)
}

/// Whether `text` contains anything shaped like a token.
#[must_use]
pub fn holds_token(text: &str) -> bool {
    !vendors::is_short_name(text) && Search::thorough(None).any(text)
}

/// Whether `word` may be a token of unknown shape: long, letters and digits without spaces, neither
/// a path nor a URL. Such words are never repeated.
#[must_use]
pub fn is_opaque(word: &str) -> bool {
    let place = word.starts_with(['/', '~', '.', '-']) || word.contains("://");
    word.len() >= OPAQUE
        && !place
        && !word.contains(char::is_whitespace)
        && word.contains(|each: char| each.is_ascii_digit())
        && word.contains(|each: char| each.is_ascii_alphabetic())
}

/// Makes `text` safe for a terminal: line feeds and tabs stay, every other control character and
/// every direction override becomes a visible placeholder, a Unicode line separator a space.
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

/// [`printable`] on a single line; line ends in `text` are replaced.
#[must_use]
pub fn printable_line(text: &str) -> String {
    if text.bytes().all(|byte| (b' '..0x7f).contains(&byte)) {
        return text.to_owned();
    }
    let mut clean = String::with_capacity(text.len());
    text.chars().for_each(|each| push_visible(&mut clean, each));
    clean
}

/// [`printable`] for text that contains our own styles: keeps `ESC [ … m` and no other control
/// sequence. The last filter before the terminal; foreign text inside a styled line must go through
/// [`printable`] first.
#[must_use]
pub fn printable_styled(text: &str) -> Cow<'_, str> {
    let shown = |each: char| matches!(each, '\n' | '\t');
    let hidden = |each: char| is_hidden(each) && !shown(each);
    if !text.contains(hidden) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(each) = rest.chars().next() {
        let length = match style_length(rest) {
            0 if shown(each) => {
                clean.push(each);
                1
            }
            0 => {
                push_visible(&mut clean, each);
                each.len_utf8()
            }
            length => {
                clean.push_str(rest.get(..length).unwrap_or_default());
                length
            }
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    Cow::Owned(clean)
}

/// Length of the style, such as `ESC [ 1 ; 31 m`, at the start of `text`; 0 without one.
fn style_length(text: &str) -> usize {
    let Some(parameters) = text.strip_prefix("\u{1b}[") else {
        return 0;
    };
    let parameters = parameters.get(..parameters.floor_char_boundary(LONGEST_STYLE));
    let parameters = parameters.unwrap_or_default();
    let end = parameters.find(|each: char| !each.is_ascii_digit() && each != ';');
    match end.and_then(|end| Some((end, parameters.get(end..)?))) {
        Some((end, rest)) if rest.starts_with('m') => end + 3,
        _ => 0,
    }
}

/// Makes JSON safe for a terminal without changing its value: characters that [`printable`] would
/// replace, which only occur in strings, become JSON escapes.
#[must_use]
pub fn printable_json(json: &str) -> String {
    let mut clean = String::with_capacity(json.len());
    for each in json.chars() {
        match each {
            '\n' | '\t' => clean.push(each),
            // All of these are in the basic plane, so four digits suffice.
            _ if is_hidden(each) => {
                clean.push_str(&format!("\\u{:04x}", u32::from(each)));
            }
            _ => clean.push(each),
        }
    }
    clean
}

/// Replaces every span of `text`. Spans may overlap and come in any order.
fn without(text: &str, mut spans: Vec<Range<usize>>) -> Cow<'_, str> {
    if spans.is_empty() {
        return Cow::Borrowed(text);
    }
    spans.sort_unstable_by_key(|span| (span.start, span.end));
    let mut clean = String::with_capacity(text.len());
    let mut copied = 0;
    for span in spans {
        // A search block may end inside a character.
        let span = text.floor_char_boundary(span.start)..text.ceil_char_boundary(span.end);
        // A span that starts inside the previous one only extends it.
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
        '\n' | '\r' | '\t' | LINE_SEPARATOR | PARAGRAPH_SEPARATOR => clean.push(' '),
        _ if is_hidden(each) => clean.push('\u{fffd}'),
        _ => clean.push(each),
    }
}

/// Whether a character is not shown as it is: it controls the terminal, or ends a line for some
/// programs only.
fn is_hidden(each: char) -> bool {
    each.is_control()
        || is_direction_override(each)
        || matches!(each, LINE_SEPARATOR | PARAGRAPH_SEPARATOR)
}

/// Unicode bidirectional controls, which can make a line read differently from its content.
fn is_direction_override(each: char) -> bool {
    matches!(each, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

const LINE_SEPARATOR: char = '\u{2028}';
const PARAGRAPH_SEPARATOR: char = '\u{2029}';
/// In UTF-8.
const LONGEST_CHARACTER: usize = 4;
/// Bytes scanned past the visible part: even the most verbose encoding of a recognisable piece
/// fits.
const MARGIN: usize = 2048;
const LONGEST_STYLE: usize = 32;
/// A shorter word may be a typo.
const OPAQUE: usize = 24;
/// Replaces a secret.
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
        let text = "a\u{9b}31mb\u{202e}c\u{7f}\u{200f}\u{2028}é\u{1f600}\"\\\n";
        let json = serde_json::to_string(text).unwrap();
        let shown = printable_json(&json);
        assert_eq!(printable(&shown), shown);
        assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), text);
    }

    #[test]
    fn a_style_stays_and_every_other_sequence_goes() {
        let styled = "\u{1b}[1;31merror\u{1b}[0m: x\n\ty";
        assert_eq!(printable_styled(styled), styled);
        assert!(matches!(printable_styled("plain\n"), Cow::Borrowed(_)));
        assert_eq!(
            printable_styled("\u{1b}[31ma\u{1b}[2Jb\u{1b}]0;x\u{7}\u{9b}1mc\u{202e}d\re\u{1b}["),
            "\u{1b}[31ma\u{fffd}[2Jb\u{fffd}]0;x\u{fffd}\u{fffd}1mc\u{fffd}d e\u{fffd}["
        );
        assert_eq!(printable_line("a\nb\u{1b}c"), "a b\u{fffd}c");
        for separator in ["\u{2028}", "\u{2029}"] {
            let line = format!("a{separator}error: b");
            assert_eq!(printable_line(&line), "a error: b");
            assert_eq!(printable(&line), "a error: b");
            assert_eq!(printable_styled(&line), "a error: b");
        }
    }

    #[test]
    fn what_is_cut_off_is_not_looked_at_and_a_secret_at_the_cut_is_not_shown() {
        let secret = "fake-0123456789-ABCDEF-ghijkl";
        let redactor = Redactor::for_secret(secret);
        // Wherever the cut falls in it, and whatever was removed before it.
        for fill in 0..6000 {
            let text = format!("{}{secret} {}", "· ".repeat(fill / 3), "x ".repeat(4000));
            let clean = redactor.clean(&text, 300);
            assert!(!clean.contains("fake"), "{fill}: {clean}");
            assert!(
                clean.chars().count() <= 301 && clean.ends_with('…'),
                "{clean}"
            );
        }
        let removed = format!("key=a1{} {secret}", "b2".repeat(1600));
        let clean = redactor.clean(&removed, 300);
        assert!(!clean.contains("fake"), "{clean}");
        assert_eq!(redactor.clean("  a \n", 300), "a");
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
