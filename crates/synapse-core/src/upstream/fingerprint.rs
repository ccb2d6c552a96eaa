//! The fingerprint of an approved target.
//!
//! SHA-256 over parts with tags and lengths, so that different targets never have the same
//! encoding. It covers the resolved program, every argument, the directory and the declared
//! variables, or the URL and the headers, independent of the order of variables and headers. Values
//! count as follows:
//! - plain text and plain variables by value;
//! - secret references by reference, and variables with secrets by name, so that a new token needs
//!   no new approval;
//! - `${workspaceFolder}` by name, because it differs per window.

use sha2::{Digest as _, Sha256};

use super::sensitive::is_secret;
use super::{Fingerprint, Piece, Template};

/// A part of the hash input.
pub(super) enum Part {
    Text(&'static str),
    Owned(String),
    Count(usize),
    Name(String),
    Reference(String),
}

/// Placeholder for the IDE's folder.
pub(super) const WORKSPACE: &str = "\u{0}workspaceFolder\u{0}";

/// The fingerprint of `parts`.
pub(super) fn of(parts: &[Part]) -> Fingerprint {
    let mut hash = Sha256::new();
    let mut add = |tag: u8, bytes: &[u8]| {
        hash.update([tag]);
        hash.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(bytes);
    };
    add(b'v', FORMAT);
    for part in parts {
        match part {
            Part::Text(text) => add(b't', text.as_bytes()),
            Part::Owned(text) => add(b't', text.as_bytes()),
            Part::Count(count) => add(b'c', count.to_string().as_bytes()),
            Part::Name(name) => add(b'n', name.as_bytes()),
            Part::Reference(reference) => add(b'r', reference.as_bytes()),
        }
    }
    let hex: String = hash
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Fingerprint(hex)
}

/// The parts of variables or headers, sorted by name.
pub(super) fn pairs(pairs: &[(String, Template)]) -> Vec<Part> {
    let mut sorted: Vec<&(String, Template)> = pairs.iter().collect();
    sorted.sort_by(|one, other| one.0.cmp(&other.0));
    let mut parts = vec![Part::Count(sorted.len())];
    for (name, template) in sorted {
        let pieces = pieces(name, template);
        parts.push(Part::Owned(name.clone()));
        parts.push(Part::Count(pieces.len()));
        parts.extend(pieces);
    }
    parts
}

/// The pieces of `owner`'s value, with adjacent plain ones merged.
fn pieces(owner: &str, template: &Template) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let plain = |parts: &mut Vec<Part>, text: &str| match parts.last_mut() {
        Some(Part::Owned(before)) => before.push_str(text),
        _ => parts.push(Part::Owned(text.to_owned())),
    };
    for piece in &template.pieces {
        match piece {
            Piece::Text(text) => plain(&mut parts, text),
            Piece::WorkspaceFolder => plain(&mut parts, WORKSPACE),
            Piece::Value { name, value } => {
                let hides = is_secret(name, value.expose())
                    || is_secret(owner, "")
                    || owner.eq_ignore_ascii_case("authorization");
                match hides {
                    true => parts.push(Part::Name(name.clone())),
                    false => plain(&mut parts, value.expose()),
                }
            }
            // None remain after expansion.
            Piece::Variable { name, .. } => parts.push(Part::Name(name.clone())),
            Piece::Secret(reference) => parts.push(Part::Reference(reference.to_string())),
        }
    }
    parts
}

const FORMAT: &[u8] = b"synapse.upstream/1";
