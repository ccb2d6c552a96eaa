//! The preview of a change: a unified diff that shows only keys and our own values.
//!
//! Lines are compared raw and masked afterwards, so that every changed line shows even if the
//! difference is hidden.

mod hunks;
mod json;
mod mask;
mod part;
mod toml;
mod yaml;

use std::ops::Range;

use self::hunks::{Side, differing, hunks};
pub(crate) use self::part::Visible;
use crate::client::Client;

/// The diff between two contents of the file `name` of `client`.
pub(crate) fn diff(
    client: &Client,
    name: &str,
    before: Option<&[u8]>,
    after: Option<&[u8]>,
    visible: &Visible,
) -> String {
    let text =
        |content: Option<&[u8]>| String::from_utf8_lossy(content.unwrap_or_default()).into_owned();
    let (old, new) = (text(before), text(after));
    let (old_part, new_part, skipped) = differing(&old, &new);
    let masked = |text: &str, part: &Range<usize>| {
        mask::masked(client.format, text, part.clone(), client.key, visible)
    };
    let (old_masked, new_masked) = (masked(&old, &old_part), masked(&new, &new_part));
    let raw = |text: &'_ str, part: Range<usize>| text.get(part).unwrap_or_default().to_owned();
    let (old, new) = (raw(&old, old_part), raw(&new, new_part));
    let found = hunks(
        &Side::new(&old, &old_masked),
        &Side::new(&new, &new_masked),
        skipped,
    );
    if found.is_empty() {
        return found;
    }
    let header = |content: Option<&[u8]>| match content {
        Some(_) => name.to_owned(),
        None => "/dev/null".to_owned(),
    };
    format!("--- {}\n+++ {}\n{found}", header(before), header(after))
}

#[cfg(test)]
mod tests;
