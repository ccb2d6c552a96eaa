//! Properties of the redactor for arbitrary bytes. The fuzz target runs them on fuzzer input, the
//! test suite on pseudo-random input.

use synapse_redact::{KnownSecrets, Redactor};

use crate::leak::{Canary, Disguise};

/// Hides a secret derived from `data` in a text derived from `data`, and searches for it after
/// redaction.
///
/// # Panics
/// If the secret is still present, in any notation.
pub fn check(data: &[u8]) {
    check_with(data, |secret, text| {
        Redactor::for_secret(secret).redact(text).into_owned()
    });
    check_with(data, |secret, text| {
        Redactor::for_secret(secret).clean(text, usize::MAX)
    });
    check_with(data, |secret, text| {
        let seen = KnownSecrets::new();
        seen.remember(&secret.into());
        seen.redact(text).into_owned()
    });
}

/// [`check`] for another redactor, a function of secret and text.
///
/// # Panics
/// If the secret is still present, in any notation.
pub fn check_with(data: &[u8], redact: impl Fn(&str, &str) -> String) {
    let [disguise, length, rest @ ..] = data else {
        return;
    };
    let length = SHORTEST + usize::from(*length) % (LONGEST - SHORTEST);
    let secret: String = rest
        .iter()
        .take(length)
        .map(|byte| visible(*byte))
        .collect();
    let letters = secret.bytes().filter(u8::is_ascii_alphanumeric).count();
    if letters < SHORTEST {
        return;
    }
    let around = rest.get(length..).unwrap_or_default();
    let (before, behind) = around.split_at(around.len() / 2);
    let all = Disguise::ALL;
    let Some(disguise) = all.get(usize::from(*disguise) % all.len()) else {
        return;
    };
    let [before, behind] = [before, behind].map(String::from_utf8_lossy);
    let canary = Canary::written(&secret, &[*disguise]);
    // The search ignores case, and a fuzzer learns to write base64 in small letters, which nobody
    // can decode. Only the notation under test counts.
    if [&before, &behind].map(|text| canary.found_in(text.as_bytes())) != [None, None] {
        return;
    }
    let text = format!("{before}{}{behind}", disguise.of(&secret));
    let clean = redact(&secret, &text);
    if let Some(how) = canary.found_in(clean.as_bytes()) {
        panic!("{secret:?}, written as {disguise:?}, is left {how}: {text:?} -> {clean:?}");
    }
}

/// Redacts a long text that repeats a piece of `data`, with a secret derived from `data`, twice: as
/// a caller's own and as a seen one. Super-linear redaction would never finish.
pub fn check_time(data: &[u8]) {
    let Some((secret, piece)) = data.split_at_checked(SHORTEST + 8) else {
        return;
    };
    if piece.is_empty() {
        return;
    }
    let secret: String = secret.iter().map(|byte| visible(*byte)).collect();
    let text = String::from_utf8_lossy(piece).repeat(LONG / piece.len() + 1);
    drop(Redactor::for_secret(&secret).redact(&text));
    let seen = KnownSecrets::new();
    drop(seen.remember(&secret.as_str().into()));
    drop(seen.redact(&text));
}

fn visible(byte: u8) -> char {
    char::from(b'!' + byte % (b'~' - b'!'))
}

/// Minimum letters and digits of a canary.
const SHORTEST: usize = 24;
const LONGEST: usize = 120;
const LONG: usize = 256 * 1024;
