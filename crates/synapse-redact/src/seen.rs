//! Remembers the secrets resolved by this process, only to keep them out of its output.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use secrecy::{ExposeSecret, SecretString};

use super::exact::Known;
use super::search::Search;
use super::{Redactor, without};

/// The secrets resolved so far, shared by all output: logs, messages, panics.
///
/// Cheap to clone; clones share their contents.
#[derive(Clone, Default)]
pub struct KnownSecrets {
    seen: Arc<RwLock<VecDeque<SeenSecret>>>,
}

struct SeenSecret {
    value: SecretString,
    known: Arc<Known>,
}

impl KnownSecrets {
    /// Creates an empty set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Remembers a resolved value and returns its redactor. An unchanged value shares its prepared
    /// form.
    ///
    /// A value of fewer than 8 letters and digits is not remembered: removing it everywhere would
    /// damage ordinary text.
    pub fn remember(&self, value: &SecretString) -> Redactor {
        let text = value.expose_secret();
        {
            let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(same) = seen.iter().find(|each| each.value.expose_secret() == text) {
                return Redactor::of(Arc::clone(&same.known));
            }
        }
        let redactor = Redactor::for_secret(text);
        let Some(known) = redactor.known.as_ref().filter(|known| known.is_telling()) else {
            return redactor;
        };
        let mut seen = self.seen.write().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= MOST {
            // A value whose redactor is still held is in use and stays.
            let unused = |each: &SeenSecret| Arc::strong_count(&each.known) == 1;
            if let Some(oldest) = seen.iter().position(unused) {
                seen.remove(oldest);
            }
        }
        seen.push_back(SeenSecret {
            value: value.clone(),
            known: Arc::clone(known),
        });
        redactor
    }

    /// Whether `text` contains any of them, or anything shaped like a token.
    #[must_use]
    pub fn holds(&self, text: &str) -> bool {
        let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner);
        Search::thorough(seen.iter().map(|each| &*each.known)).any(text)
    }

    /// Removes all of them, and anything shaped like a token, from `text`.
    #[must_use]
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner);
        let search = Search::thorough(seen.iter().map(|each| &*each.known));
        without(text, search.spans(text))
    }

    /// Removes those that cannot be words from `text`, a result that must otherwise stay unchanged.
    #[must_use]
    pub fn spare<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner);
        let search = Search::sparing(seen.iter().map(|each| &*each.known));
        without(text, search.spans(text))
    }
}

impl fmt::Debug for KnownSecrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("KnownSecrets(not shown)")
    }
}

/// A process sees a handful. After months of rotations, the oldest unused ones are forgotten.
const MOST: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_goes_from_every_text_and_a_word_stays() {
        let seen = KnownSecrets::new();
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
        assert!(seen.holds(text) && !seen.holds("ollama"));
        assert_eq!(seen.spare(text), "ollama: FAKE-VALUE-0123, [redacted]");
        assert!(!format!("{seen:?}").contains("fake"));
    }

    #[test]
    fn the_oldest_is_forgotten_first() {
        let seen = KnownSecrets::new();
        for number in 0..=MOST {
            let value = format!("fake-value-number-{number:04}");
            seen.remember(&SecretString::from(value));
        }
        assert_eq!(seen.spare("fake-value-number-0064"), "[redacted]");
        assert_eq!(seen.seen.read().unwrap().len(), MOST);
    }

    #[test]
    fn what_is_in_use_is_not_forgotten() {
        let seen = KnownSecrets::new();
        let value = |number| SecretString::from(format!("fake-value-number-{number:04}"));
        let held = seen.remember(&value(0));
        for number in 1..=2 * MOST {
            seen.remember(&value(number));
        }
        assert_eq!(seen.spare("fake-value-number-0000"), "[redacted]");
        drop(held);
        seen.remember(&value(2 * MOST + 1));
        assert_eq!(
            seen.spare("fake-value-number-0000"),
            "fake-value-number-0000"
        );
    }
}
