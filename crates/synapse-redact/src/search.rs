//! One search for every secret in a text: known values and token shapes, in every reading of the
//! text and inside encoded runs.
//!
//! **Invariant (linear):** a text is searched in fixed-size blocks with a bounded overlap, each in
//! a fixed number of readings, and decoded data to a fixed depth. Time per byte and memory
//! therefore do not depend on the content, nor memory on the length.

use std::ops::{ControlFlow, Range};

use super::exact::{Known, Matches};
use super::read::{Reading, Words};
use super::{encoded, shapes};

/// The set of secrets to search for.
pub(super) struct Search<'a> {
    known: Vec<&'a Known>,
    matches: Matches,
    shapes: Shapes,
}

/// Whether token shapes count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shapes {
    Count,
    Stay,
}

impl<'a> Search<'a> {
    /// Known values in pieces, and anything shaped like a token.
    pub(super) fn thorough(known: impl IntoIterator<Item = &'a Known>) -> Self {
        Self {
            known: known.into_iter().collect(),
            matches: Matches::Pieces,
            shapes: Shapes::Count,
        }
    }

    /// Whole known values that cannot be words.
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

    /// The spans of all matches in `text`. They may overlap and come in any order.
    pub(super) fn spans(&self, text: &str) -> Vec<Range<usize>> {
        let mut spans = Vec::new();
        let searched = self.each(text, &mut |span| {
            spans.push(span);
            ControlFlow::Continue(())
        });
        debug_assert!(searched.is_continue());
        spans
    }

    /// Whether `text` contains a match. Stops at the first.
    pub(super) fn any(&self, text: &str) -> bool {
        let searched = self.each(text, &mut |_| ControlFlow::Break(()));
        searched.is_break()
    }

    /// Yields the matches in `text` until `found` breaks: first verbatim, then in every reading,
    /// block by block.
    fn each(
        &self,
        text: &str,
        found: &mut impl FnMut(Range<usize>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        if self.shapes == Shapes::Count {
            shapes::find(text.as_bytes(), Words::Apart, found)?;
        } else if self.known.is_empty() {
            return ControlFlow::Continue(());
        }
        for known in &self.known {
            known.find_literal(text, found)?;
        }
        let longest = self.known.iter().map(|known| known.longest_form()).max();
        let longest = longest.unwrap_or_default();
        let overlap = LEAST_OVERLAP.max(SPREAD * longest);
        let step = BLOCK.max(4 * overlap);
        let letters = LEAST_LETTERS.max(NESTING * longest);
        let mut start = 0;
        loop {
            let end = text.len().min(start + step + overlap);
            let block = text.as_bytes().get(start..end).unwrap_or_default();
            // A reading with few letters for its length shares more of its end with the next block.
            let mut next = step;
            Reading::of(block).each(&mut |reading| {
                let tail = reading.tail(letters, block.len());
                next = next.min(tail.unwrap_or(next));
                self.search(
                    reading,
                    NESTED,
                    &mut |span| match reading.span(span.start, span.end) {
                        Some(span) => found(start + span.start..start + span.end),
                        None => ControlFlow::Continue(()),
                    },
                )
            })?;
            if end == text.len() {
                return ControlFlow::Continue(());
            }
            start += next.max(step / 4);
        }
    }

    /// Yields the matches in one reading, as positions of that reading, until `found` breaks.
    fn search(
        &self,
        reading: &Reading<'_>,
        nested: usize,
        found: &mut impl FnMut(Range<usize>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let bytes = reading.bytes();
        for known in &self.known {
            known.find(self.matches, bytes, found)?;
        }
        // The text itself was searched as a whole.
        if self.shapes == Shapes::Count && (nested < NESTED || !reading.is_text()) {
            shapes::find(bytes, reading.words(), found)?;
        }
        if nested > 0 {
            let mut holds = |decoded: &[u8]| self.holds(decoded, nested - 1).is_break();
            encoded::find(bytes, &mut holds, found)?;
        }
        ControlFlow::Continue(())
    }

    /// Breaks if the decoded bytes contain a match.
    fn holds(&self, decoded: &[u8], nested: usize) -> ControlFlow<()> {
        let mut found = |_| ControlFlow::Break(());
        if is_text(decoded) {
            Reading::of(decoded).each(&mut |reading| self.search(reading, nested, &mut found))
        } else {
            // Binary data contains no escapes or encodings worth decoding.
            self.search(&Reading::of(decoded), 0, &mut found)
        }
    }
}

/// Whether all bytes are letters or common in text.
fn is_text(bytes: &[u8]) -> bool {
    bytes
        .iter()
        .all(|byte| !byte.is_ascii_control() || matches!(byte, 0 | b'\t' | b'\n' | b'\r'))
}

/// Bytes of text searched at a time.
const BLOCK: usize = 64 * 1024;
/// A secret written in fewer bytes is whole in some block.
const LEAST_OVERLAP: usize = 8 * 1024;
/// A secret of fewer letters is whole in some block, provided they spread over at most three
/// quarters of one.
const LEAST_LETTERS: usize = 1024;
/// Base64-of-base64 characters per encoded letter.
const NESTING: usize = 2;
/// Average bytes per letter in the most verbose notation.
const SPREAD: usize = 16;
/// Decoding depth: base64 of base64 of any reading.
const NESTED: usize = 2;
