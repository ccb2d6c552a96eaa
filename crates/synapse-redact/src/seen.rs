//! The secrets that this process has resolved, remembered only to keep them out of its own output.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use secrecy::{ExposeSecret, SecretString};

use super::exact::Known;
use super::{find_shapes, without};

/// What was resolved so far, shared by whatever writes output: logs, messages, panics.
///
/// Cheap to clone; every clone is the same memory.
#[derive(Clone, Default)]
pub struct SeenSecrets {
    seen: Arc<RwLock<VecDeque<Seen>>>,
}

struct Seen {
    value: SecretString,
    known: Known,
}

impl SeenSecrets {
    /// Nothing is remembered yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Remembers a value that was just resolved. One of fewer than 8 letters and digits is not:
    /// taking it out of every text would spoil more than it hides.
    pub fn remember(&self, value: &SecretString) {
        let text = value.expose_secret();
        {
            let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner);
            if seen.iter().any(|each| each.value.expose_secret() == text) {
                return;
            }
        }
        let known = Known::new(text);
        if !known.is_telling() {
            return;
        }
        let mut seen = self.seen.write().unwrap_or_else(PoisonError::into_inner);
        if seen.len() == MOST {
            seen.pop_front();
        }
        seen.push_back(Seen {
            value: value.clone(),
            known,
        });
    }

    /// `text` without any of them and without token shapes.
    #[must_use]
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut spans = Vec::new();
        for each in &*self.seen.read().unwrap_or_else(PoisonError::into_inner) {
            each.known.find(text, &mut spans);
        }
        find_shapes(text, &mut spans);
        without(text, spans)
    }

    /// `text`, a result that is to stay as it is, without any of them that cannot be a word.
    #[must_use]
    pub fn spare<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut spans = Vec::new();
        for each in &*self.seen.read().unwrap_or_else(PoisonError::into_inner) {
            if each.known.is_no_word() {
                each.known.find_whole(text, &mut spans);
            }
        }
        without(text, spans)
    }
}

impl fmt::Debug for SeenSecrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SeenSecrets(not shown)")
    }
}

/// A process sees a handful; one that runs for months and sees many rotations forgets the oldest.
const MOST: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_goes_from_every_text_and_a_word_stays() {
        let seen = SeenSecrets::new();
        for value in [
            "fake-value-0123",
            "fake-value-0123",
            "fake-Other-4567-value",
            "ollama",
        ] {
            seen.clone().remember(&SecretString::from(value));
        }
        assert_eq!(seen.seen.read().unwrap().len(), 2);
        let text = "ollama: FAKE-VALUE-0123, fake%2Dother-4567-value";
        assert_eq!(seen.redact(text), "ollama: [redacted], [redacted]");
        assert_eq!(seen.spare(text), "ollama: FAKE-VALUE-0123, [redacted]");
        assert!(!format!("{seen:?}").contains("fake"));
    }

    #[test]
    fn the_oldest_is_forgotten_first() {
        let seen = SeenSecrets::new();
        for number in 0..=MOST {
            seen.remember(&SecretString::from(format!(
                "fake-value-number-{number:04}"
            )));
        }
        assert_eq!(seen.spare("fake-value-number-0064"), "[redacted]");
        assert_eq!(seen.seen.read().unwrap().len(), MOST);
    }
}
