//! Unreadable parts of a JSON value with their paths, and the budget of kept values.

use std::cell::{Cell, RefCell};

/// A kind of flaw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    Half,
    Bytes,
    Control,
    Escape,
    Quote,
    NoJson,
    NoValue,
    NoColon,
    Bare,
    Superfluous,
    Bracket,
    Deep,
    Cut,
    Trailing,
    Twice,
    NoText,
    NoCount,
    NoContainer,
    Numbered,
    More(usize),
}

impl Flaw {
    fn text(self) -> String {
        let text = match self {
            Self::Half => "half of a surrogate pair, replaced by U+FFFD",
            Self::Bytes => "bytes that are not UTF-8, replaced by U+FFFD",
            Self::Control => "a control character without an escape, kept",
            Self::Escape => "an escape that JSON does not have, kept as text",
            Self::Quote => "a quotation mark without an escape",
            Self::NoJson => "not a JSON value, read as null unless its meaning is clear",
            Self::NoValue => "no value, read as null",
            Self::NoColon => "no colon before the value",
            Self::Bare => "a name without quotation marks",
            Self::Superfluous => "something superfluous, left out",
            Self::Bracket => "a bracket of the wrong kind",
            Self::Deep => "nested too deeply, read as null",
            Self::Cut => "ends in the middle",
            Self::Trailing => "text after the JSON, left out",
            Self::Twice => "stated more than once",
            Self::NoText => "no text",
            Self::NoCount => "no whole number",
            Self::NoContainer => "not of the type that it should have",
            Self::Numbered => "a list by number, read as a list",
            Self::More(1) => "1 more entry, left out",
            Self::More(count) => return format!("{count} more entries, left out"),
        };
        text.to_owned()
    }
}

/// The first few flaws, and their total number.
#[derive(Debug, Clone, Default)]
pub(crate) struct Flaws {
    first: Vec<(String, Flaw)>,
    more: usize,
    looked_at: usize,
    left_out: usize,
    is_cut: bool,
    of_transfer: Option<&'static str>,
}

impl Flaws {
    /// Records a loss during transfer.
    pub(crate) const fn in_transfer(&mut self, sentence: &'static str) {
        self.of_transfer = Some(sentence);
    }

    /// Records a flaw. `place` is only evaluated if the flaw is reported.
    pub(super) fn note(&mut self, flaw: Flaw, place: impl FnOnce() -> String) {
        if let Flaw::More(count) = flaw {
            self.left_out += count;
        }
        self.is_cut |= flaw == Flaw::Cut;
        // Paths are computed a limited number of times, however much damage there is.
        self.looked_at += 1;
        if self.first.len() >= MOST || self.looked_at > MOST_PLACES {
            self.more += 1;
            return;
        }
        let told = (place(), flaw);
        // Merges repeated flaws.
        if self.first.last() != Some(&told) {
            self.first.push(told);
        }
    }

    /// Whether the body was truncated.
    pub(crate) const fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// Number of entries dropped beyond the limit.
    pub(crate) const fn left_out(&self) -> usize {
        self.left_out
    }

    /// One line per flaw. Names in it are foreign text.
    pub(crate) fn sentences(&self) -> Vec<String> {
        let told = self.first.iter().map(|(place, flaw)| match place.as_str() {
            "" => format!("the body: {}", flaw.text()),
            place => format!("`{place}`: {}", flaw.text()),
        });
        let more = (self.more > 0).then(|| format!("{} more of these", self.more));
        let transfer = self.of_transfer.map(str::to_owned);
        transfer.into_iter().chain(told).chain(more).collect()
    }
}

/// Flaws and remaining budget while reading.
#[derive(Debug)]
pub(super) struct Notes {
    flaws: RefCell<Flaws>,
    entries: Cell<usize>,
    values: Cell<usize>,
    spare: Cell<usize>,
}

impl Notes {
    pub(super) const fn new(flaws: Flaws) -> Self {
        Self {
            flaws: RefCell::new(flaws),
            entries: Cell::new(ENTRIES),
            values: Cell::new(VALUES),
            spare: Cell::new(SPARE),
        }
    }

    pub(super) fn into_flaws(self) -> Flaws {
        self.flaws.into_inner()
    }

    pub(super) fn note(&self, flaw: Flaw, place: impl FnOnce() -> String) {
        self.flaws.borrow_mut().note(flaw, place);
    }

    /// Whether to keep one more entry of a list with a shape.
    pub(super) fn keep_entry(&self) -> bool {
        keep(&self.entries)
    }

    /// Whether to keep one more value of a member kept whole.
    pub(super) fn keep_value(&self) -> bool {
        keep(&self.values)
    }

    /// Whether to keep one more unrequested value.
    pub(super) fn keep_spare(&self) -> bool {
        keep(&self.spare)
    }
}

fn keep(left: &Cell<usize>) -> bool {
    let more = left.get();
    left.set(more.saturating_sub(1));
    more > 0
}

/// Reported flaws.
const MOST: usize = 8;
const MOST_PLACES: usize = 64;
/// Entries of lists with a shape: a body is at most 8 MiB, and real ones have far fewer.
const ENTRIES: usize = 50_000;
/// Values in members kept whole.
const VALUES: usize = 20_000;
/// Unrequested values.
const SPARE: usize = 1_000;
