//! Removes an entry's values from a process's output: programs tend to echo unknown arguments.

use synapse_core::credential::looks_like_token;
use synapse_core::redact::Redactor;

/// Values to hide in a process's output.
#[derive(Debug)]
pub(super) struct Veil(Vec<Redactor>);

impl Veil {
    /// Hides those of `secrets` that are long enough to be distinguishable from words.
    pub(super) fn over<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let secrets = secrets.into_iter();
        let secrets = secrets.filter(|secret| secret.len() >= SHORTEST);
        Self(secrets.map(Redactor::for_secret).collect())
    }

    /// Makes a line safe to show.
    pub(super) fn fit(&self, line: &[u8]) -> String {
        // Scans far more than is shown, so that a cut never exposes part of a secret.
        let line = line.get(..MOST_READ).unwrap_or(line);
        let text = String::from_utf8_lossy(line);
        let text = self.0.iter().fold(text.into_owned(), |text, redactor| {
            redactor.redact(&text).into_owned()
        });
        let words: Vec<&str> = text
            .split(' ')
            .map(|word| {
                if looks_like_token(word) {
                    "[not shown]"
                } else {
                    word
                }
            })
            .collect();
        Redactor::none().clean(&words.join(" "), LONGEST_SHOWN)
    }
}

const SHORTEST: usize = 4;
const MOST_READ: usize = 64 * 1024;
const LONGEST_SHOWN: usize = 200;
