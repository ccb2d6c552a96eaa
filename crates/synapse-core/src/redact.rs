//! Makes foreign text fit to show: without the secret, without control characters, not too long.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// Removes one secret from text, in the forms in which servers are known to echo it.
///
/// Holds the forms in memory and shows none of them in `Debug`.
pub struct Redactor {
    forms: Vec<String>,
}

impl Redactor {
    /// A redactor that knows no secret and only makes text safe to print.
    #[must_use]
    pub fn none() -> Self {
        Self { forms: Vec::new() }
    }

    /// A redactor for `secret` as it stands, percent-encoded and in base64.
    #[must_use]
    pub fn for_secret(secret: &str) -> Self {
        if secret.is_empty() {
            return Self::none();
        }
        let mut forms = vec![secret.to_owned(), percent_encoded(secret)];
        // `Bearer <secret>` shifts the base64 alignment, so both are looked for.
        for text in [secret.to_owned(), format!("Bearer {secret}")] {
            forms.push(STANDARD_NO_PAD.encode(text));
        }
        forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
        forms.dedup();
        Self { forms }
    }

    /// Whether it knows no secret.
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        self.forms.is_empty()
    }

    /// `text` without the secret, with control and direction characters made visible, at most
    /// `max` characters long.
    #[must_use]
    pub fn clean(&self, text: &str, max: usize) -> String {
        let mut text = text.to_owned();
        for form in &self.forms {
            if text.contains(form.as_str()) {
                text = text.replace(form.as_str(), REDACTED);
            }
        }
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
        write!(formatter, "Redactor({} forms)", self.forms.len())
    }
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

fn percent_encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

const REDACTED: &str = "[redacted]";

#[cfg(test)]
mod tests {
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
