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
pub(super) enum HashInput {
    Text(&'static str),
    Owned(String),
    Count(usize),
    Name(String),
    Reference(String),
}

/// Placeholder for the IDE's folder.
pub(super) const WORKSPACE: &str = "\u{0}workspaceFolder\u{0}";

/// The fingerprint of `parts`.
pub(super) fn of(parts: &[HashInput]) -> Fingerprint {
    let mut hash = Sha256::new();
    let mut add = |tag: u8, bytes: &[u8]| {
        hash.update([tag]);
        hash.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(bytes);
    };
    add(b'v', FORMAT);
    for part in parts {
        match part {
            HashInput::Text(text) => add(b't', text.as_bytes()),
            HashInput::Owned(text) => add(b't', text.as_bytes()),
            HashInput::Count(count) => add(b'c', count.to_string().as_bytes()),
            HashInput::Name(name) => add(b'n', name.as_bytes()),
            HashInput::Reference(reference) => add(b'r', reference.as_bytes()),
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
pub(super) fn pairs(pairs: &[(String, Template)]) -> Vec<HashInput> {
    let mut sorted: Vec<&(String, Template)> = pairs.iter().collect();
    sorted.sort_by(|one, other| one.0.cmp(&other.0));
    let mut parts = vec![HashInput::Count(sorted.len())];
    for (name, template) in sorted {
        let pieces = pieces(name, template);
        parts.push(HashInput::Owned(name.clone()));
        parts.push(HashInput::Count(pieces.len()));
        parts.extend(pieces);
    }
    parts
}

/// The pieces of `owner`'s value, with adjacent plain ones merged.
fn pieces(owner: &str, template: &Template) -> Vec<HashInput> {
    let mut parts: Vec<HashInput> = Vec::new();
    let plain = |parts: &mut Vec<HashInput>, text: &str| match parts.last_mut() {
        Some(HashInput::Owned(before)) => before.push_str(text),
        _ => parts.push(HashInput::Owned(text.to_owned())),
    };
    for piece in &template.pieces {
        match piece {
            Piece::Text(text) => plain(&mut parts, text),
            Piece::WorkspaceFolder => plain(&mut parts, WORKSPACE),
            Piece::Value { name, value } => {
                let hides = is_secret(name, value.expose())
                    || is_secret(owner, "")
                    || owner.eq_ignore_ascii_case("authorization");
                if hides {
                    parts.push(HashInput::Name(name.clone()));
                } else {
                    plain(&mut parts, value.expose());
                }
            }
            // None remain after expansion.
            Piece::Variable { name, .. } => parts.push(HashInput::Name(name.clone())),
            Piece::Secret(reference) => parts.push(HashInput::Reference(reference.to_string())),
        }
    }
    parts
}

const FORMAT: &[u8] = b"synapse.upstream/1";
