//! One search for everything that is a secret in a text: known values and shapes, in every reading
//! of the text and inside of what is encoded there.
//!
//! **Invariant (linear):** a text is searched in blocks of a fixed size that overlap by a part of it
//! at most, each in a fixed number of readings, and what is decoded is searched to a fixed depth; so
//! time and memory do not depend on what stands in the text, and memory not on how long it is.

use std::ops::{ControlFlow, Range};

use super::exact::Known;
use super::read::{Reading, Words};
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
        let searched = self.each(text, &mut |span| {
            spans.push(span);
            ControlFlow::Continue(())
        });
        debug_assert!(searched.is_continue());
        spans
    }

    /// Whether `text` holds any of it. Stops at the first that is found.
    pub(super) fn any(&self, text: &str) -> bool {
        let searched = self.each(text, &mut |_| ControlFlow::Break(()));
        searched.is_break()
    }

    /// Hands out where `text` holds any of it, until `found` breaks: first as it stands, then in every
    /// reading, block by block.
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
            // Where a reading has few letters for its length, more of it is read again with the next.
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

    /// Hands out what one reading holds, in places of that reading, until `found` breaks.
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
        // The text itself was looked at as a whole.
        if self.shapes == Shapes::Count && (nested < NESTED || !reading.is_text()) {
            shapes::find(bytes, reading.words(), found)?;
        }
        if nested > 0 {
            let mut holds = |decoded: &[u8]| self.holds(decoded, nested - 1).is_break();
            encoded::find(bytes, &mut holds, found)?;
        }
        ControlFlow::Continue(())
    }

    /// Breaks when what was decoded holds any of it.
    fn holds(&self, decoded: &[u8], nested: usize) -> ControlFlow<()> {
        let mut found = |_| ControlFlow::Break(());
        if is_text(decoded) {
            Reading::of(decoded).each(&mut |reading| self.search(reading, nested, &mut found))
        } else {
            // Nobody escapes or encodes anything in the middle of what is no text.
            self.search(&Reading::of(decoded), 0, &mut found)
        }
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
/// A secret of fewer letters is whole in some block, as long as they are spread over no more than three
/// quarters of one.
const LEAST_LETTERS: usize = 1024;
/// Letters of base64 of base64 for one letter of what is in it.
const NESTING: usize = 2;
/// Bytes for one letter, on average, in the wordiest way to write one.
const SPREAD: usize = 16;
/// Base64 of base64 of what is written in any way.
const NESTED: usize = 2;
