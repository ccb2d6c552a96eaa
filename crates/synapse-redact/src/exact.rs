//! Finds one known value in a reading of a text: verbatim, in any case, interleaved with other
//! characters, in pieces, reversed, in hexadecimal, base64 and base32.
//!
//! Only letters and digits are compared. A window of eight slides over the text and is looked up,
//! through a bit filter, among the windows of the value's forms; a hit is extended as far as it
//! matches. Text without a hit, which is nearly all text, costs one pass and no memory.
//!
//! **Invariant (linear):** a match that was too short is not extended again from its next window
//! ([`Tried`]), and a base64 run around a match is measured once.

use std::ops::{ControlFlow, Range};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use secrecy::zeroize::Zeroizing;

use super::read::Reading;

/// A value and the forms it is searched for in.
pub(super) struct Known {
    /// For values with too few letters and digits: matched verbatim.
    literal: Vec<Zeroizing<String>>,
    /// The letters and digits of each form.
    forms: Vec<EncodedForm>,
    windows: Vec<Window>,
    filter: WindowFilter,
}

/// How much of a known value must match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Matches {
    /// Every piece that is distinguishable from a word.
    Pieces,
    /// The whole value.
    Whole,
}

struct EncodedForm {
    letters: Zeroizing<Vec<u8>>,
    kind: Encoding,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Encoding {
    /// Verbatim.
    Text,
    /// Base64; its ends depend on the bytes around the value.
    Base64,
    /// Two characters per byte.
    Hexadecimal,
    /// Base32; its ends depend on the bytes around the value.
    Base32,
}

impl Encoding {
    /// Distance between windows. Every fragment of `step + WINDOW` letters contains a whole window.
    const fn step(self) -> usize {
        match self {
            Self::Text => 4,
            Self::Base64 | Self::Base32 => 8,
            Self::Hexadecimal => 16,
        }
    }
}

/// A bit set of possible windows, sparse enough to reject most others.
struct WindowFilter(Box<[u64; 64]>);

impl WindowFilter {
    fn of(windows: &[Window]) -> Self {
        let mut bits = Box::new([0; 64]);
        for window in windows {
            let (word, bit) = Self::place(window.word);
            if let Some(word) = bits.get_mut(word) {
                *word |= bit;
            }
        }
        Self(bits)
    }

    fn passes(&self, word: u64) -> bool {
        let (word, bit) = Self::place(word);
        self.0.get(word).is_some_and(|word| word & bit != 0)
    }

    /// One of 4096 bits, by Fibonacci hashing.
    fn place(word: u64) -> (usize, u64) {
        let hash = word.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 52;
        (
            usize::try_from(hash >> 6).unwrap_or_default(),
            1 << (hash & 63),
        )
    }
}

/// Eight letters of a form.
struct Window {
    word: u64,
    form: usize,
    offset: usize,
}

impl Known {
    pub(super) fn new(value: &str) -> Self {
        let plain = letters(value.as_bytes());
        if plain.len() < WINDOW {
            return Self::literal(value);
        }
        let mut forms = vec![EncodedForm::text(plain)];
        // An escaped value has several readings itself.
        let read = Reading::of(value.as_bytes()).each(&mut |reading| {
            let letters = letters(reading.bytes());
            if forms.iter().all(|form| *form.letters != *letters) {
                forms.push(EncodedForm::text(letters));
            }
            ControlFlow::Continue(())
        });
        debug_assert!(read.is_continue());
        let hexadecimal = Zeroizing::new(hexadecimal(value).into_bytes());
        forms.push(EncodedForm {
            letters: hexadecimal,
            kind: Encoding::Hexadecimal,
        });
        let backwards = value.bytes().rev().filter(u8::is_ascii_alphanumeric);
        let backwards: Vec<u8> = backwards.map(|byte| byte.to_ascii_lowercase()).collect();
        forms.push(EncodedForm::text(Zeroizing::new(backwards)));
        for shift in 0..3 {
            forms.push(EncodedForm {
                letters: letters(base64_core(value, shift).as_bytes()),
                kind: Encoding::Base64,
            });
        }
        for shift in 0..5 {
            forms.push(EncodedForm {
                letters: base32_core(value, shift),
                kind: Encoding::Base32,
            });
        }
        forms.retain(|form| form.letters.len() >= WINDOW);
        let mut windows = Vec::new();
        for (index, form) in forms.iter().enumerate() {
            let last = form.letters.len() - WINDOW;
            for offset in (0..last).step_by(form.kind.step()).chain([last]) {
                if let Some(word) = word_at(&form.letters, offset) {
                    windows.push(Window {
                        word,
                        form: index,
                        offset,
                    });
                }
            }
        }
        windows.sort_unstable_by_key(|window| window.word);
        let filter = WindowFilter::of(&windows);
        Self {
            literal: Vec::new(),
            forms,
            windows,
            filter,
        }
    }

    fn literal(value: &str) -> Self {
        let percent: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
        let json = serde_json::to_string(value).unwrap_or_default();
        let json = json.trim_matches('"').to_owned();
        let base64 = |text: &str| STANDARD_NO_PAD.encode(text);
        let mut literal = vec![value.to_owned(), percent, json];
        // The encoding of three letters is too common to remove.
        if value.len() > 3 {
            // `Bearer ` shifts the alignment.
            let header = format!("Bearer {value}");
            literal.extend([hexadecimal(value), base64(value), base64(&header)]);
        }
        let mut literal: Vec<_> = literal.into_iter().map(Zeroizing::new).collect();
        literal.sort_by_key(|form| std::cmp::Reverse(form.len()));
        Self {
            literal,
            forms: Vec::new(),
            windows: Vec::new(),
            filter: WindowFilter::of(&[]),
        }
    }

    /// Whether the value is too long to be an ordinary word.
    pub(super) fn is_no_word(&self) -> bool {
        self.forms
            .first()
            .is_some_and(|form| form.letters.len() >= NO_WORD)
    }

    /// Whether the value has enough letters and digits to be searched in every form.
    pub(super) fn is_telling(&self) -> bool {
        !self.forms.is_empty()
    }

    /// Number of letters and digits in its longest form.
    pub(super) fn longest_form(&self) -> usize {
        let lengths = self.forms.iter().map(|form| form.letters.len());
        lengths.max().unwrap_or_default()
    }

    /// Yields verbatim occurrences of a value with few letters and digits in `text`, until `found`
    /// breaks.
    pub(super) fn find_literal(
        &self,
        text: &str,
        found: &mut impl FnMut(Range<usize>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        for form in &self.literal {
            for (start, literal) in text.match_indices(form.as_str()) {
                found(start..start + literal.len())?;
            }
        }
        ControlFlow::Continue(())
    }

    /// Yields occurrences of the value in `bytes`, or of a piece of it if pieces count, until
    /// `found` breaks.
    pub(super) fn find(
        &self,
        matches: Matches,
        bytes: &[u8],
        found: &mut impl FnMut(Range<usize>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        if self.forms.is_empty() || !self.may_stand_in(bytes) {
            return ControlFlow::Continue(());
        }
        let least = match matches {
            Matches::Pieces => FRAGMENT,
            Matches::Whole => usize::MAX,
        };
        let skeleton = Skeleton::of(bytes);
        let mut tried = vec![Tried::default(); self.forms.len()];
        let mut run = 0..0;
        let mut word = 0_u64;
        let mut done = 0;
        for (index, letter) in skeleton.letters.iter().enumerate() {
            word = (word << 8) | u64::from(*letter);
            if !self.filter.passes(word) || index + 1 < done + WINDOW {
                continue;
            }
            let at = index + 1 - WINDOW;
            if let Some((from, to, kind)) =
                self.longest(least, &skeleton.letters, at, word, &mut tried)
                && let Some(span) = skeleton.span(from, to)
            {
                match kind {
                    Encoding::Text | Encoding::Hexadecimal => found(span)?,
                    Encoding::Base64 | Encoding::Base32 if run.contains(&span.start) => {}
                    Encoding::Base64 | Encoding::Base32 => {
                        run = whole_run(bytes, span);
                        found(run.clone())?;
                    }
                }
                done = to;
            }
        }
        ControlFlow::Continue(())
    }

    /// Whether any window occurs in `bytes`.
    fn may_stand_in(&self, bytes: &[u8]) -> bool {
        let mut word = 0_u64;
        bytes.iter().any(|byte| {
            if !byte.is_ascii_alphanumeric() {
                return false;
            }
            word = (word << 8) | u64::from(byte.to_ascii_lowercase());
            self.filter.passes(word)
                && self
                    .windows
                    .binary_search_by_key(&word, |window| window.word)
                    .is_ok()
        })
    }

    /// The longest match of any form around the window at `at`, if it is long enough to count.
    fn longest(
        &self,
        least: usize,
        letters: &[u8],
        at: usize,
        word: u64,
        tried: &mut [Tried],
    ) -> Option<(usize, usize, Encoding)> {
        let first = self.windows.partition_point(|window| window.word < word);
        let candidates = self.windows.get(first..)?;
        candidates
            .iter()
            .take_while(|window| window.word == word)
            .filter_map(|window| {
                let form = self.forms.get(window.form)?;
                let tried = tried.get_mut(window.form)?;
                let diagonal = at.wrapping_sub(window.offset);
                if tried.diagonal == diagonal && at < tried.end {
                    return None;
                }
                let before = common_end(letters.get(..at)?, form.letters.get(..window.offset)?);
                let behind = common_start(
                    letters.get(at + WINDOW..)?,
                    form.letters.get(window.offset + WINDOW..)?,
                );
                let length = before + WINDOW + behind;
                let least = least.max(form.kind.step() + WINDOW);
                let enough = length >= form.letters.len().min(least);
                *tried = Tried {
                    diagonal,
                    end: at + WINDOW + behind,
                };
                enough.then_some((at - before, at + WINDOW + behind, form.kind))
            })
            .max_by_key(|(from, to, _)| to - from)
    }
}

/// The most recent match of a form: the offset between text and form, and where the match ends.
/// Every other window on that offset yields the same match.
#[derive(Clone, Default)]
struct Tried {
    diagonal: usize,
    end: usize,
}

/// The letters and digits of a reading in lower case, with their positions.
struct Skeleton {
    letters: Zeroizing<Vec<u8>>,
    places: Vec<u32>,
}

impl Skeleton {
    fn of(bytes: &[u8]) -> Self {
        // Allocated at full size: a growing vector leaves its old buffer in memory unwiped.
        let mut letters = Zeroizing::new(Vec::with_capacity(bytes.len()));
        let mut places = Vec::with_capacity(bytes.len());
        for (at, byte) in bytes.iter().enumerate() {
            if byte.is_ascii_alphanumeric() {
                letters.push(byte.to_ascii_lowercase());
                places.push(u32::try_from(at).unwrap_or(u32::MAX));
            }
        }
        Self { letters, places }
    }

    /// The span of the letters `from..to`.
    fn span(&self, from: usize, to: usize) -> Option<Range<usize>> {
        let place = |index: usize| usize::try_from(*self.places.get(index)?).ok();
        Some(place(from)?..place(to.checked_sub(1)?)? + 1)
    }
}

fn letters(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    Skeleton::of(bytes).letters
}

impl EncodedForm {
    const fn text(letters: Zeroizing<Vec<u8>>) -> Self {
        Self {
            letters,
            kind: Encoding::Text,
        }
    }
}

fn common_start(left: &[u8], right: &[u8]) -> usize {
    left.iter().zip(right).take_while(|(a, b)| a == b).count()
}

fn common_end(left: &[u8], right: &[u8]) -> usize {
    let pairs = left.iter().rev().zip(right.iter().rev());
    pairs.take_while(|(a, b)| a == b).count()
}

fn word_at(letters: &[u8], offset: usize) -> Option<u64> {
    let bytes = letters.get(offset..offset + WINDOW)?;
    Some(u64::from_be_bytes(bytes.try_into().ok()?))
}

/// The base64 characters that `value` alone determines when preceded by `shift` bytes of a group of
/// three.
fn base64_core(value: &str, shift: usize) -> Zeroizing<String> {
    let mut bytes = Zeroizing::new(vec![0; shift]);
    bytes.extend_from_slice(value.as_bytes());
    let encoded = Zeroizing::new(STANDARD_NO_PAD.encode(bytes.as_slice()));
    let start = match shift {
        0 => 0,
        1 => 2,
        _ => 3,
    };
    let end = encoded.len() - usize::from(!bytes.len().is_multiple_of(3));
    Zeroizing::new(encoded.get(start..end).unwrap_or_default().to_owned())
}

/// The base32 characters, in lower case, that `value` alone determines when preceded by `shift`
/// bytes of a group of five.
fn base32_core(value: &str, shift: usize) -> Zeroizing<Vec<u8>> {
    let bytes = value.as_bytes();
    // Neighbouring bytes may contribute to the first and last character.
    let first = (shift * 8).div_ceil(5);
    let last = (shift + bytes.len()) * 8 / 5;
    let bit = |at: usize| {
        let byte = at.checked_sub(shift * 8).and_then(|at| bytes.get(at / 8));
        byte.is_some_and(|byte| byte >> (7 - at % 8) & 1 == 1)
    };
    let characters = (first..last).map(|character| {
        let bits = (0..5).fold(0, |bits, index| {
            bits << 1 | u8::from(bit(character * 5 + index))
        });
        match bits {
            0..=25 => b'a' + bits,
            _ => b'2' + (bits - 26),
        }
    });
    Zeroizing::new(characters.collect())
}

/// Extends the span over the surrounding base64, which holds the rest of the value.
fn whole_run(bytes: &[u8], span: Range<usize>) -> Range<usize> {
    let within = |byte: &&u8| byte.is_ascii_alphanumeric() || b"+/_-".contains(byte);
    let behind_end = |byte: &&u8| within(byte) || **byte == b'=';
    let before = bytes.get(..span.start).unwrap_or_default();
    let behind = bytes.get(span.end..).unwrap_or_default();
    let start = span.start - before.iter().rev().take_while(within).count();
    start..span.end + behind.iter().take_while(behind_end).count()
}

fn hexadecimal(value: &str) -> String {
    let mut text = String::with_capacity(value.len() * 2);
    for byte in value.bytes() {
        for digit in [byte >> 4, byte & 15] {
            text.extend(char::from_digit(digit.into(), 16));
        }
    }
    text
}

/// Letters compared at once: the bytes of a machine word.
const WINDOW: usize = 8;
/// Shorter common runs are coincidental words.
const FRAGMENT: usize = 12;
const NO_WORD: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "fake/0123+Qwerty==Zxcvb";

    fn found(text: &str) -> Vec<&str> {
        let mut found = Vec::new();
        let searched = Known::new(SECRET).find(Matches::Pieces, text.as_bytes(), &mut |span| {
            found.push(text.get(span).unwrap());
            ControlFlow::Continue(())
        });
        assert!(searched.is_continue());
        found
    }

    #[test]
    fn a_match_is_as_long_as_it_goes_and_no_longer() {
        assert_eq!(found(&format!("a {SECRET} b")), [SECRET]);
        assert_eq!(
            found("xFAKE/0123+qwERTY==zxcvbx"),
            ["FAKE/0123+qwERTY==zxcvb"]
        );
        assert_eq!(found("x 0123+Qwerty==Zx y"), ["0123+Qwerty==Zx"]);
        assert_eq!(
            found("fake/0123\",\n \"+Qwerty==Zxcvb"),
            ["fake/0123\",\n \"+Qwerty==Zxcvb"]
        );
    }

    #[test]
    fn less_than_a_fragment_is_no_match() {
        assert_eq!(found("fake/0123+Qw"), [""; 0]);
        assert_eq!(found("qwerty zxcvb nothing of it"), [""; 0]);
        assert_eq!(found(""), [""; 0]);
    }

    #[test]
    fn base64_goes_with_what_it_came_with() {
        let encoded = STANDARD_NO_PAD.encode(format!("user:{SECRET}:x"));
        assert_eq!(
            found(&format!("Basic {encoded}=, y")),
            [format!("{encoded}=")]
        );
    }

    #[test]
    fn base32_is_that_of_rfc_4648() {
        let core = |value, shift| String::from_utf8(base32_core(value, shift).to_vec()).unwrap();
        // "foobar" is MZXW6YTBOI======.
        assert_eq!(core("foobar", 0), "mzxw6ytbo");
        assert_eq!(core("oobar", 1), "xw6ytbo");
        assert_eq!(core("obar", 2), "6ytbo");
    }

    #[test]
    fn a_short_value_is_found_as_it_stands() {
        let literal = |known: &Known, text: &str| {
            let mut spans = Vec::new();
            let searched = known.find_literal(text, &mut |span| {
                spans.push(span);
                ControlFlow::Continue(())
            });
            assert!(searched.is_continue());
            spans
        };
        let spans = literal(&Known::new("m"), "an m and an M");
        assert!(spans.iter().all(|span| *span == (3..4)), "{spans:?}");
        let known = Known::new("a\"b&c");
        for text in ["a\"b&c", "a\\\"b&c", "a%22b%26c", "6122622663"] {
            assert_eq!(
                literal(&known, text).first(),
                Some(&(0..text.len())),
                "{text}"
            );
        }
    }
}
