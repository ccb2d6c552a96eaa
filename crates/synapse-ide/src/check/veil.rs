//! Takes out of what a process writes the values that its entry gave it: a program repeats an
//! argument that it does not know.

use synapse_core::credential::looks_like_token;
use synapse_core::redact::Redactor;

/// What is hidden in the lines of a process.
#[derive(Debug)]
pub(super) struct Veil(Vec<Redactor>);

impl Veil {
    /// Hides `secrets`, as far as they are long enough to be told from words.
    pub(super) fn over<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let secrets = secrets.into_iter();
        let secrets = secrets.filter(|secret| secret.len() >= SHORTEST);
        Self(secrets.map(Redactor::for_secret).collect())
    }

    /// A line as a message may show it.
    pub(super) fn fit(&self, line: &[u8]) -> String {
        // Far more than is shown, so that what is cut off hides nothing.
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
