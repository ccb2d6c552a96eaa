//! Hides secrets in a preview. Allows only the known harmless: white space, punctuation of the
//! format, keys, and values of our entry that Synapse itself would write. Everything else,
//! including comments, becomes an ellipsis on its line.

use std::collections::HashSet;
use std::ops::Range;

use synapse_core::credential::looks_like_token;

use super::{json, toml, yaml};
use crate::client::{Client, Constant, Format, Passing};
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
pub(super) struct Part {
    pub(super) range: Range<usize>,
    pub(super) is_shown: bool,
}

impl Part {
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

/// Decides which values are shown.
pub(super) struct Judge<'a> {
    /// The key of the entries.
    key: &'a str,
    visible: &'a Visible,
}

impl Judge<'_> {
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
    pub(super) fn value(&self, range: Range<usize>, text: &str, is_own: bool) -> Part {
        let is_word = matches!(text, "true" | "false" | "null");
        Part {
            range,
            is_shown: is_word || (is_own && self.visible.has(text)),
        }
    }
}

/// Masks every potential secret in `text`, line by line.
pub(super) fn masked(format: Format, text: &str, key: &str, visible: &Visible) -> String {
    let judge = Judge { key, visible };
    let parts = match format {
        Format::Json | Format::Jsonc => json::parts(text, &judge),
        Format::Toml => toml::parts(text, &judge),
        Format::Yaml => yaml::parts(text, &judge),
    };
    let mut masked = String::with_capacity(text.len());
    let mut done = 0;
    for part in parts {
        // Overlaps the previous one, which covers it.
        let Some(between) = text.get(done..part.range.start) else {
            continue;
        };
        push_between(&mut masked, between);
        let content = text.get(part.range.clone()).unwrap_or_default();
        if part.is_shown && !content.contains('\n') {
            masked.push_str(content);
        } else {
            push_hidden(&mut masked, content);
        }
        done = part.range.end;
    }
    push_between(&mut masked, text.get(done..).unwrap_or_default());
    masked
}

/// Punctuation, with an ellipsis for anything else.
fn push_between(masked: &mut String, text: &str) {
    let mut is_hiding = false;
    for each in text.chars().filter(|each| *each != BYTE_ORDER_MARK) {
        if each.is_ascii_whitespace() || PUNCTUATION.contains(each) {
            masked.push(each);
            is_hiding = false;
        } else if !is_hiding {
            masked.push_str(HIDDEN);
            is_hiding = true;
        }
    }
}

/// An ellipsis for each non-blank line of `text`.
fn push_hidden(masked: &mut String, text: &str) {
    for line in text.split_inclusive('\n') {
        let content = line.trim_start_matches([' ', '\t']);
        let indent = line.get(..line.len() - content.len()).unwrap_or_default();
        masked.push_str(indent);
        let said = content.trim_end_matches(['\n', '\r']);
        if !said.is_empty() {
            masked.push_str(HIDDEN);
        }
        masked.push_str(content.get(said.len()..).unwrap_or_default());
    }
}

const HIDDEN: &str = "…";
const BYTE_ORDER_MARK: char = '\u{feff}';
/// No letters or digits, so no useful part of a secret.
const PUNCTUATION: &str = "{}[]()\"',:=.-|>/*#";
