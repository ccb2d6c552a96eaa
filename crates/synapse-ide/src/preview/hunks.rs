//! Unified diff hunks of two texts, compared in raw form and displayed in masked form.
//!
//! A client's file changes in one place, so the common prefix and suffix are stripped first; the
//! rest is compared line by line up to a work limit.

use std::fmt::Write as _;
use std::iter::zip;
use std::ops::Range;

use synapse_core::redact::printable;

/// The lines of one text.
pub(super) struct Side<'a> {
    /// Raw lines with line ends.
    raw: Vec<&'a str>,
    /// Displayed lines.
    shown: Vec<&'a str>,
}

impl<'a> Side<'a> {
    /// `shown` has one line per line of `raw`.
    pub(super) fn new(raw: &'a str, shown: &'a str) -> Self {
        Self {
            raw: raw.split_inclusive('\n').collect(),
            shown: shown.split_inclusive('\n').collect(),
        }
    }

    fn line(&self, index: usize) -> &'a str {
        let line = self.shown.get(index).copied().unwrap_or(HIDDEN);
        line.trim_end_matches(['\n', '\r'])
    }

    fn ends(&self, index: usize) -> bool {
        self.raw.get(index).is_none_or(|line| line.ends_with('\n'))
    }
}

/// A line of the diff, with its index in the old and new text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DiffLine {
    Kept(usize, usize),
    Gone(usize),
    Added(usize),
}

/// The hunks where the texts differ, which begin `skipped` lines down their files.
pub(super) fn hunks(old: &Side<'_>, new: &Side<'_>, skipped: usize) -> String {
    let pairs = zip(&old.raw, &new.raw);
    let first = pairs.take_while(|(old, new)| old == new).count();
    let rest = |side: &[&str]| side.len() - first;
    let pairs = zip(old.raw.iter().rev(), new.raw.iter().rev());
    let last = pairs
        .take(rest(&old.raw).min(rest(&new.raw)))
        .take_while(|(old, new)| old == new)
        .count();
    let (old_end, new_end) = (old.raw.len() - last, new.raw.len() - last);

    let above = first.saturating_sub(CONTEXT)..first;
    let mut lines: Vec<DiffLine> = above.map(|line| DiffLine::Kept(line, line)).collect();
    let was = old.raw.get(first..old_end).unwrap_or_default();
    let is = new.raw.get(first..new_end).unwrap_or_default();
    lines.extend(compared(was, is, first));
    let below = 0..last.min(CONTEXT);
    lines.extend(below.map(|line| DiffLine::Kept(old_end + line, new_end + line)));

    let mut text = String::new();
    for hunk in grouped(&lines) {
        write_hunk(&mut text, hunk, old, new, skipped);
    }
    text
}

/// The parts of two texts that differ, with the lines around them, and the number of lines before.
pub(super) fn differing(old: &str, new: &str) -> (Range<usize>, Range<usize>, usize) {
    let same = zip(old.bytes(), new.bytes()).take_while(|(old, new)| old == new);
    let same = same.count();
    let before = old.as_bytes().get(..same).unwrap_or_default();
    let mut start = same;
    for _ in 0..=CONTEXT {
        let lines = before.get(..start.saturating_sub(1)).unwrap_or_default();
        start = lines
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |end| end + 1);
    }
    let rest = (old.len() - same).min(new.len() - same);
    let ends = zip(old.bytes().rev(), new.bytes().rev()).take(rest);
    let ends = ends.take_while(|(old, new)| old == new).count();
    let tail = old.as_bytes().get(old.len() - ends..).unwrap_or_default();
    let feeds = tail.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    let kept = feeds.map(|(at, _)| at + 1).nth(CONTEXT + 1).unwrap_or(ends);
    let skipped = before.get(..start).unwrap_or_default();
    let skipped = skipped.iter().filter(|byte| **byte == b'\n').count();
    (
        start..old.len() - ends + kept,
        start..new.len() - ends + kept,
        skipped,
    )
}

/// The lines of both sides in order, counted from `first`.
fn compared(old: &[&str], new: &[&str], first: usize) -> Vec<DiffLine> {
    let width = new.len() + 1;
    let mut lines = Vec::with_capacity(old.len() + new.len());
    if (old.len() + 1).saturating_mul(width) > MOST_WORK {
        lines.extend((0..old.len()).map(|line| DiffLine::Gone(first + line)));
        lines.extend((0..new.len()).map(|line| DiffLine::Added(first + line)));
        return lines;
    }
    // Longest common subsequence lengths, from the end.
    let mut common = vec![0_u32; (old.len() + 1) * width];
    let at = |common: &[u32], i: usize, j: usize| common.get(i * width + j).copied().unwrap_or(0);
    for (i, was) in old.iter().enumerate().rev() {
        for (j, is) in new.iter().enumerate().rev() {
            let best = if was == is {
                at(&common, i + 1, j + 1) + 1
            } else {
                at(&common, i + 1, j).max(at(&common, i, j + 1))
            };
            if let Some(cell) = common.get_mut(i * width + j) {
                *cell = best;
            }
        }
    }
    let (mut i, mut j) = (0, 0);
    loop {
        lines.push(match (old.get(i), new.get(j)) {
            (None, None) => return lines,
            (Some(was), Some(is)) if was == is => {
                (i, j) = (i + 1, j + 1);
                DiffLine::Kept(first + i - 1, first + j - 1)
            }
            (Some(_), is) if is.is_none() || at(&common, i + 1, j) >= at(&common, i, j + 1) => {
                i += 1;
                DiffLine::Gone(first + i - 1)
            }
            _ => {
                j += 1;
                DiffLine::Added(first + j - 1)
            }
        });
    }
}

/// Groups changed lines with their context.
fn grouped(lines: &[DiffLine]) -> Vec<&[DiffLine]> {
    let mut groups: Vec<(usize, usize)> = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        if matches!(line, DiffLine::Kept(..)) {
            continue;
        }
        let from = index.saturating_sub(CONTEXT);
        let to = lines.len().min(index + 1 + CONTEXT);
        match groups.last_mut() {
            Some(group) if from <= group.1 => group.1 = to,
            _ => groups.push((from, to)),
        }
    }
    let groups = groups.into_iter();
    groups
        .filter_map(|(from, to)| lines.get(from..to))
        .collect()
}

fn write_hunk(
    text: &mut String,
    lines: &[DiffLine],
    old: &Side<'_>,
    new: &Side<'_>,
    skipped: usize,
) {
    let (mut was, mut is) = (Vec::new(), Vec::new());
    for line in lines {
        match *line {
            DiffLine::Kept(old, new) => {
                was.push(old);
                is.push(new);
            }
            DiffLine::Gone(old) => was.push(old),
            DiffLine::Added(new) => is.push(new),
        }
    }
    // An empty side is numbered by the preceding line.
    let start = |own: &[usize], lines: &[DiffLine]| match own.first() {
        Some(first) => skipped + first + 1,
        None => lines.first().map_or(0, |line| match *line {
            DiffLine::Kept(line, _) | DiffLine::Gone(line) | DiffLine::Added(line) => {
                skipped + line
            }
        }),
    };
    let range = |own: &[usize]| match own.len() {
        1 => start(own, lines).to_string(),
        length => format!("{},{length}", start(own, lines)),
    };
    let written = writeln!(text, "@@ -{} +{} @@", range(&was), range(&is));
    debug_assert!(written.is_ok(), "a string takes everything");
    for (index, line) in lines.iter().enumerate() {
        let (sign, side, number) = match *line {
            DiffLine::Kept(_, number) => (' ', new, number),
            DiffLine::Gone(number) => ('-', old, number),
            DiffLine::Added(number) => ('+', new, number),
        };
        let shown = fit(side.line(number), counterpart(lines, index, old, new));
        text.push(sign);
        text.push_str(&printable(&shown));
        text.push('\n');
        if !side.ends(number) {
            text.push_str("\\ No newline at end of file\n");
        }
    }
}

/// The line that replaces, or is replaced by, the changed line at `index`.
fn counterpart<'a>(
    lines: &[DiffLine],
    index: usize,
    old: &Side<'a>,
    new: &Side<'a>,
) -> Option<&'a str> {
    let line = lines.get(index)?;
    let is_same = |other: &DiffLine| std::mem::discriminant(other) == std::mem::discriminant(line);
    let before = lines.get(..index)?.iter().rev();
    let place = before.take_while(|other| is_same(other)).count();
    match line {
        DiffLine::Kept(..) => None,
        DiffLine::Gone(_) => {
            let gone = lines
                .get(index..)?
                .iter()
                .take_while(|other| is_same(other));
            match lines.get(index + gone.count() + place)? {
                DiffLine::Added(number) => Some(new.line(*number)),
                _ => None,
            }
        }
        DiffLine::Added(_) => {
            let run = lines.get(..index - place)?;
            let gone = run.iter().rev();
            let gone = gone.take_while(|other| matches!(other, DiffLine::Gone(_)));
            match run.get(run.len() - gone.count() + place)? {
                DiffLine::Gone(number) => Some(old.line(*number)),
                _ => None,
            }
        }
    }
}

/// A line; a long one is cut to the part that differs from `other`.
fn fit(line: &str, other: Option<&str>) -> String {
    if line.len() <= LONGEST {
        return line.to_owned();
    }
    let other = other.unwrap_or_default();
    let same = zip(line.bytes(), other.bytes()).take_while(|(line, other)| line == other);
    let from = line.floor_char_boundary(same.count().saturating_sub(AROUND));
    let rest = line.get(from..).unwrap_or_default();
    let same = zip(rest.bytes().rev(), other.bytes().rev());
    let same = same.take_while(|(rest, other)| rest == other).count();
    let length = (rest.len() - same + AROUND).min(LONGEST);
    let part = rest.get(..rest.ceil_char_boundary(length)).unwrap_or(rest);
    let before = if from > 0 { HIDDEN } else { "" };
    let behind = if part.len() < rest.len() { HIDDEN } else { "" };
    format!("{before}{part}{behind}")
}

const HIDDEN: &str = "…";
const CONTEXT: usize = 3;
/// Maximum line pairs to compare; beyond it, all lines count as changed.
const MOST_WORK: usize = 1_000_000;
/// Maximum displayed bytes per line; a whole file may be one line.
const LONGEST: usize = 2_000;
const AROUND: usize = 60;
