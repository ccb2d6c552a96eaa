//! The offered names of upstreams' tools and prompts.
//!
//! `<server>__<tool>`, of `A-Z a-z 0-9 _ -`, at most [`MAX_NAME_CHARACTERS`] long: Claude Code adds
//! the prefix `mcp__synapse__`, Cursor allows 60 including the server, VS Code 64.

use std::collections::HashMap;

use sha2::{Digest as _, Sha256};

/// Maximum length of an offered name.
pub const MAX_NAME_CHARACTERS: usize = 50;

/// The name of `tool` of `server` if it does not collide with another.
#[must_use]
pub fn offered_name(server: &str, tool: &str) -> String {
    let full = format!("{server}{SEPARATOR}{tool}");
    let plain = plain(&full);
    if plain.len() <= MAX_NAME_CHARACTERS {
        plain
    } else {
        marked(&plain, &full)
    }
}

/// Assigns a unique name to every pair of server and tool, independent of order. Unmodified names
/// take precedence; others are made unique with a hash.
pub(crate) fn assign(pairs: &[(&str, &str)]) -> Vec<String> {
    let wanted: Vec<String> = pairs
        .iter()
        .map(|(server, tool)| offered_name(server, tool))
        .collect();
    let full = |number: usize| {
        pairs
            .get(number)
            .map(|(server, tool)| format!("{server}{SEPARATOR}{tool}"))
            .unwrap_or_default()
    };
    let mut claims: HashMap<&str, usize> = HashMap::with_capacity(wanted.len());
    for name in &wanted {
        *claims.entry(name).or_default() += 1;
    }
    // Almost always empty: of most names there is one.
    let mut contested: HashMap<&str, Vec<usize>> = HashMap::new();
    for (number, name) in wanted.iter().enumerate() {
        if claims.get(name.as_str()).is_some_and(|count| *count > 1) {
            contested.entry(name).or_default().push(number);
        }
    }
    wanted
        .iter()
        .enumerate()
        .map(|(number, name)| {
            let Some(rivals) = contested.get(name.as_str()) else {
                return name.clone();
            };
            let unchanged: Vec<usize> = rivals
                .iter()
                .copied()
                .filter(|rival| full(*rival) == *name)
                .collect();
            if unchanged.as_slice() == [number] {
                name.clone()
            } else {
                marked(&plain(&full(number)), &unambiguous(pairs.get(number)))
            }
        })
        .collect()
}

/// Replaces characters that some clients reject.
fn plain(text: &str) -> String {
    text.chars()
        .map(|each| match each {
            'A'..='Z' | 'a'..='z' | '0'..='9' | '_' | '-' => each,
            _ => '_',
        })
        .collect()
}

/// `plain`, truncated, with 8 hexadecimal digits of the hash of `full`.
fn marked(plain: &str, full: &str) -> String {
    let digest = Sha256::digest(full.as_bytes());
    let hash: String = digest
        .iter()
        .take(4)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let room = MAX_NAME_CHARACTERS - hash.len() - 1;
    let head: String = plain.chars().take(room).collect();
    format!("{head}_{hash}")
}

/// A unique text per pair: `a__b` and `c` differs from `a` and `b__c`.
fn unambiguous(pair: Option<&(&str, &str)>) -> String {
    pair.map(|(server, tool)| format!("{server}\n{tool}"))
        .unwrap_or_default()
}

const SEPARATOR: &str = "__";

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_short_name_is_server_and_tool() {
        assert_eq!(offered_name("files", "read_file"), "files__read_file");
        assert_eq!(offered_name("my.files", "read file"), "my_files__read_file");
    }

    #[test]
    fn a_long_name_is_cut_and_marked_by_its_hash() {
        let name = offered_name(
            "a-server-with-a-long-name",
            "a_tool_with_a_very_long_name_indeed",
        );
        assert_eq!(name.len(), MAX_NAME_CHARACTERS);
        assert!(
            name.starts_with("a-server-with-a-long-name__a_tool_with_a_"),
            "{name}"
        );
        let other = offered_name(
            "a-server-with-a-long-name",
            "a_tool_with_a_very_long_name_too",
        );
        assert_ne!(name, other);
    }

    #[test]
    fn the_name_that_stands_as_declared_is_kept() {
        let names = assign(&[("my.files", "read"), ("my_files", "read")]);
        assert_eq!(names[1], "my_files__read");
        assert!(names[0].starts_with("my_files__read_"), "{}", names[0]);
        let swapped = assign(&[("my_files", "read"), ("my.files", "read")]);
        assert_eq!(swapped, [names[1].clone(), names[0].clone()]);
    }

    #[test]
    fn two_ways_to_split_the_same_text_differ() {
        let names = assign(&[("a__b", "c"), ("a", "b__c")]);
        assert_ne!(names[0], names[1]);
    }

    proptest! {
        #[test]
        fn names_fit_every_client_and_are_unique(
            pairs in proptest::collection::hash_set(("[a-z.]{1,30}", ".{0,40}"), 1..20)
        ) {
            let pairs: Vec<_> = pairs.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
            let names = assign(&pairs);
            let distinct: HashSet<_> = names.iter().collect();
            prop_assert_eq!(distinct.len(), names.len());
            for name in &names {
                prop_assert!(name.len() <= MAX_NAME_CHARACTERS);
                prop_assert!(name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b)));
            }
        }
    }
}
