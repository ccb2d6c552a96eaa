//! One search for everything that is a secret in a text: known values and shapes, in every reading
//! of the text and inside of what is encoded there.
//!
//! **Invariant (linear):** a text is searched in blocks of a fixed size that overlap, each in a
//! fixed number of readings, and what is decoded is searched to a fixed depth; so time and memory
//! do not depend on what stands in the text, and memory not on how long it is.

use std::ops::Range;

use super::exact::Known;
use super::read::Reading;
use super::{encoded, shapes};

/// What is searched for.
pub(super) struct Search<'a> {
    known: Vec<&'a Known>,
    matches: Matches,
    shapes: Shapes,
}

/// How much of a known value counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Matches {
    /// Every piece that can be told from a word.
    Pieces,
    /// All of it.
    Whole,
}

/// Whether what has the shape of a token counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shapes {
    Count,
    Stay,
}

impl<'a> Search<'a> {
    /// Known values in pieces, and whatever has the shape of a token.
    pub(super) fn thorough(known: impl IntoIterator<Item = &'a Known>) -> Self {
        Self {
            known: known.into_iter().collect(),
            matches: Matches::Pieces,
            shapes: Shapes::Count,
        }
    }

    /// Whole known values that are no words.
    pub(super) fn sparing(known: impl IntoIterator<Item = &'a Known>) -> Self {
        Self {
            known: known
                .into_iter()
                .filter(|known| known.is_no_word())
                .collect(),
            matches: Matches::Whole,
            shapes: Shapes::Stay,
        }
    }

    /// Where `text` holds any of it. Spans may overlap and come in any order.
    pub(super) fn spans(&self, text: &str) -> Vec<Range<usize>> {
        let mut spans = Vec::new();
        if self.shapes == Shapes::Count {
            shapes::find(text.as_bytes(), &mut spans);
        } else if self.known.is_empty() {
            return spans;
        }
        for known in &self.known {
            known.find_literal(text, &mut spans);
        }
        let longest = self.known.iter().map(|known| known.longest_form()).max();
        let overlap = LEAST_OVERLAP.max(SPREAD * longest.unwrap_or_default());
        let step = BLOCK.max(4 * overlap);
        for start in (0..text.len()).step_by(step) {
            let end = text.len().min(start + step + overlap);
            let block = text.as_bytes().get(start..end).unwrap_or_default();
            Reading::of(block).each(&mut |reading| {
                self.search(reading, NESTED, &mut |from, to| {
                    let span = reading.span(from, to);
                    spans.extend(span.map(|span| start + span.start..start + span.end));
                });
            });
        }
        spans
    }

    /// Whether `text` holds any of it.
    pub(super) fn any(&self, text: &str) -> bool {
        // Most texts that hold a token show it as it stands.
        let shown = self.shapes == Shapes::Count && shapes::any(text.as_bytes());
        shown || !self.spans(text).is_empty()
    }

    /// Hands out what one reading holds, in places of that reading.
    fn search(&self, reading: &Reading<'_>, nested: usize, found: &mut impl FnMut(usize, usize)) {
        let bytes = reading.bytes();
        for known in &self.known {
            known.find(self.matches, bytes, found);
        }
        // The text itself was looked at as a whole.
        if self.shapes == Shapes::Count && (nested < NESTED || !reading.is_text()) {
            let mut spans = Vec::new();
            shapes::find(bytes, &mut spans);
            spans.iter().for_each(|span| found(span.start, span.end));
        }
        if nested > 0 {
            let mut holds = |decoded: &[u8]| self.holds(decoded, nested - 1);
            encoded::find(bytes, &mut holds, |run| found(run.start, run.end));
        }
    }

    /// Whether what was decoded holds any of it.
    fn holds(&self, decoded: &[u8], nested: usize) -> bool {
        let mut held = false;
        let mut found = |_, _| held = true;
        if is_text(decoded) {
            Reading::of(decoded).each(&mut |reading| self.search(reading, nested, &mut found));
        } else {
            // Nobody escapes or encodes anything in the middle of what is no text.
            self.search(&Reading::of(decoded), 0, &mut found);
        }
        held
    }
}

/// Whether there are letters alone, and what goes with them.
fn is_text(bytes: &[u8]) -> bool {
    bytes
        .iter()
        .all(|byte| !byte.is_ascii_control() || matches!(byte, 0 | b'\t' | b'\n' | b'\r'))
}

/// So much of a text is read at a time.
const BLOCK: usize = 64 * 1024;
/// A secret that is written in fewer bytes is whole in some block.
const LEAST_OVERLAP: usize = 8 * 1024;
/// Bytes for one letter, on average, in the wordiest way to write one.
const SPREAD: usize = 16;
/// Base64 of base64 of what is written in any way.
const NESTED: usize = 2;
