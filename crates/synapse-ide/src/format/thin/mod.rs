//! Cuts out of a large text the entries that a reader or an edit does not look at, so that the rest
//! is small. The parts are validated on their own, a few hundred entries at a time, and restored
//! byte by byte: memory depends on the size of the text, not on the number of its values.

mod lines;
mod properties;
mod tables;

use std::collections::HashSet;
use std::ops::Range;

use crate::client::FileFormat;
use crate::format::{json, toml, yaml};

/// A text without most of its entries.
#[derive(Debug)]
pub(super) struct Thin {
    pub(super) text: String,
    /// The parts cut out, in order: the placeholder and the range in the original.
    parts: Vec<(String, Range<usize>)>,
}

impl Thin {
    /// Thins a large text, except the entries on the paths of `keep`. `None` for a small text, and
    /// for one that is not written in the usual way or, in a part cut out, invalid.
    pub(super) fn of(format: FileFormat, text: &str, keep: &[&[String]]) -> Option<Self> {
        Self::of_valid(format, text, keep).filter(|thin| thin.is_valid(format, text))
    }

    /// The same for a text that was, or will be, read.
    pub(super) fn of_valid(format: FileFormat, text: &str, keep: &[&[String]]) -> Option<Self> {
        (text.len() >= LARGE).then(|| Self::cut(format, text, keep))?
    }

    /// Whether all parts are valid, and no key is in two of them.
    pub(super) fn is_valid(&self, format: FileFormat, text: &str) -> bool {
        let mut known = HashSet::new();
        self.parts.iter().all(|(_, run)| {
            let part = text.get(run.clone()).unwrap_or_default();
            match format {
                FileFormat::Json | FileFormat::Jsonc => json::read(&format!("{{{part}}}")).is_ok(),
                FileFormat::Toml => toml::read(part).is_ok(),
                FileFormat::Yaml => yaml::keys(part)
                    .is_some_and(|keys| keys.into_iter().all(|key| known.insert(key))),
            }
        })
    }

    /// Thins a text of any size.
    pub(super) fn cut(format: FileFormat, text: &str, keep: &[&[String]]) -> Option<Self> {
        if text.contains(MARK) {
            return None;
        }
        let runs = match format {
            FileFormat::Json | FileFormat::Jsonc => properties::runs(text, keep),
            FileFormat::Toml => tables::runs(text, keep),
            FileFormat::Yaml => lines::runs(text, keep),
        }?;
        let line_end = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let mut thin = String::new();
        let mut parts = Vec::with_capacity(runs.len());
        let mut done = 0;
        for (index, run) in runs.into_iter().enumerate() {
            let mark = match format {
                FileFormat::Json | FileFormat::Jsonc => format!("\"{MARK}{index}-\": 0"),
                FileFormat::Toml | FileFormat::Yaml => format!("# {MARK}{index}-{line_end}"),
            };
            thin.push_str(text.get(done..run.start)?);
            thin.push_str(&mark);
            done = run.end;
            parts.push((mark, run));
        }
        thin.push_str(text.get(done..)?);
        (!parts.is_empty()).then_some(Self { text: thin, parts })
    }

    /// The edited thin text with the parts of `original` in their places; `None` if a place is
    /// missing.
    pub(super) fn restored(&self, original: &str, edited: &str) -> Option<String> {
        let mut whole = String::with_capacity(original.len() + edited.len());
        let mut rest = edited;
        for (mark, run) in &self.parts {
            let (before, behind) = rest.split_once(mark.as_str())?;
            whole.push_str(before);
            whole.push_str(original.get(run.clone())?);
            rest = behind;
        }
        whole.push_str(rest);
        (!whole.contains(MARK)).then_some(whole)
    }
}

/// Consecutive entries that are not looked at.
#[derive(Debug, Default)]
struct SkippedRun {
    entries: Vec<Range<usize>>,
}

impl SkippedRun {
    /// Ends the run. Its first and last entries stay, since an edit follows their layout.
    fn end(&mut self, runs: &mut Vec<Range<usize>>) {
        let entries = std::mem::take(&mut self.entries);
        let inner = entries.len().saturating_sub(STAYS);
        let middle = entries.get(STAYS..inner).unwrap_or_default();
        if middle.len() < STAYS {
            return;
        }
        for part in middle.chunks(AT_ONCE) {
            if let [first, ..] = part
                && let [.., last] = part
            {
                runs.push(first.start..last.end);
            }
        }
    }
}

/// Texts below this size are read whole.
const LARGE: usize = 1024 * 1024;
/// Entries at each end of a run that stay.
const STAYS: usize = 3;
/// Entries that are validated together.
const AT_ONCE: usize = 500;
const MARK: &str = "synapse-cut-out-";

#[cfg(test)]
mod tests;
