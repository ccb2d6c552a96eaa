//! Hides secrets in a preview. Allows only the known harmless: white space, punctuation of the
//! format, keys, and values of our entry that Synapse itself would write. Everything else,
//! including comments, becomes an ellipsis on its line.

use std::ops::Range;

use super::part::{Visibility, Visible};
use super::{json, toml, yaml};
use crate::client::FileFormat;

/// Masks every potential secret in the `window` of `text`, which is whole lines.
pub(super) fn masked(
    format: FileFormat,
    text: &str,
    window: Range<usize>,
    key: &str,
    visible: &Visible,
) -> String {
    let (start, end) = (window.start, window.end);
    let visibility = Visibility { key, visible };
    let parts = match format {
        FileFormat::Json | FileFormat::Jsonc => json::parts(text, window, &visibility),
        FileFormat::Toml => toml::parts(text, window, &visibility),
        FileFormat::Yaml => yaml::parts(text, window, &visibility),
    };
    let mut masked = String::with_capacity(end - start);
    let mut done = start;
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
    push_between(&mut masked, text.get(done..end).unwrap_or_default());
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
