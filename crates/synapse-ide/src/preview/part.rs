//! The parts of a text, and which of them a preview may show: keys, and values of our entry that
//! Synapse itself would write.

use std::collections::HashSet;
use std::ops::Range;

use synapse_core::credential::looks_like_token;

use crate::client::{Client, Constant, Passing};
use crate::entry::{Configured, Entry, NAME, is_plain_argument};

/// Values of our entry that may be shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Visible(HashSet<String>);

impl Visible {
    /// The values of `entry` in the form of `client`.
    pub(crate) fn of(client: &Client, entry: &Entry) -> Self {
        let constants = client.shape.initial.iter();
        let mut values: HashSet<String> = constants
            .flat_map(|(_, constant)| match constant {
                Constant::Text(text) => vec![(*text).to_owned()],
                Constant::Number(number) => vec![number.to_string()],
                Constant::List(items) => items.iter().map(|&item| item.to_owned()).collect(),
                Constant::True => Vec::new(),
            })
            .collect();
        for kind in client.shape.kind {
            values.insert(kind.value.to_owned());
            values.extend(kind.also.iter().map(|&value| value.to_owned()));
        }
        let passing = |name: &String| match client.passing {
            Some(Passing::Between(before, after)) => format!("{before}{name}{after}"),
            Some(Passing::Named(_)) | None => name.clone(),
        };
        values.extend(entry.passed().iter().map(passing));
        values.insert(entry.command().to_owned());
        values.extend(entry.arguments());
        let variables = entry.environment().into_iter();
        values.extend(variables.map(|(_, value)| value.to_owned()));
        Self(values)
    }

    /// Adds the command of our existing entry and its harmless arguments.
    pub(crate) fn and(mut self, configured: &Configured) -> Self {
        if !looks_like_token(&configured.command) {
            self.0.insert(configured.command.clone());
        }
        let arguments = configured.arguments.iter().enumerate();
        let plain = arguments.filter(|(index, _)| is_plain_argument(&configured.arguments, *index));
        self.0.extend(plain.map(|(_, argument)| argument.clone()));
        self
    }

    fn has(&self, value: &str) -> bool {
        self.0.contains(value)
    }
}

/// A key, value or comment in a text. The rest is punctuation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PreviewPart {
    pub(super) range: Range<usize>,
    pub(super) is_shown: bool,
}

impl PreviewPart {
    pub(super) fn shown(range: Range<usize>) -> Self {
        Self {
            range,
            is_shown: true,
        }
    }

    pub(super) fn hidden(range: Range<usize>) -> Self {
        Self {
            range,
            is_shown: false,
        }
    }

    /// The key spelled `text`: names are shown, tokens are not.
    pub(super) fn key(range: Range<usize>, text: &str) -> Self {
        Self {
            range,
            is_shown: !looks_like_token(text),
        }
    }
}

/// The parts of a text within a window.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) window: Range<usize>,
    list: Vec<PreviewPart>,
}

impl Parts {
    pub(super) const fn within(window: Range<usize>) -> Self {
        Self {
            window,
            list: Vec::new(),
        }
    }

    /// Adds a part. Outside the window it is dropped; one that only overlaps is hidden.
    pub(super) fn push(&mut self, part: PreviewPart) {
        let (start, end) = (part.range.start, part.range.end);
        if start >= self.window.end || end <= self.window.start {
            return;
        }
        let is_inside = start >= self.window.start && end <= self.window.end;
        self.list.push(PreviewPart {
            range: start.max(self.window.start)..end.min(self.window.end),
            is_shown: part.is_shown && is_inside,
        });
    }

    /// Whether the window ends before `place`.
    pub(super) const fn is_behind(&self, place: usize) -> bool {
        place >= self.window.end
    }

    pub(super) fn into_vec(self) -> Vec<PreviewPart> {
        self.list
    }
}

/// Decides which values are shown.
pub(super) struct Visibility<'a> {
    /// The key of the entries.
    pub(super) key: &'a str,
    pub(super) visible: &'a Visible,
}

impl Visibility<'_> {
    /// Whether `key` may lead to our entry.
    pub(super) fn leads(&self, key: &str) -> bool {
        key == self.key || key == NAME
    }

    /// Whether a path is inside our entry, anywhere in the file. Irrelevant keys may be empty.
    pub(super) fn is_own<'k>(&self, path: impl IntoIterator<Item = &'k str>) -> bool {
        let mut above = "";
        path.into_iter().any(|key| {
            let is_own = above == self.key && key == NAME;
            above = key;
            is_own
        })
    }

    /// The value `text` at `range`, inside our entry or not.
    pub(super) fn value(&self, range: Range<usize>, text: &str, is_own: bool) -> PreviewPart {
        let is_word = matches!(text, "true" | "false" | "null");
        PreviewPart {
            range,
            is_shown: is_word || (is_own && self.visible.has(text)),
        }
    }
}
