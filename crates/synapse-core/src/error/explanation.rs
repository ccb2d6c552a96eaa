//! The texts of a code, with its actions rendered for one surface.

use super::catalogue::CodeEntry;
use super::remedy::{Action, RemedyText};

impl CodeEntry {
    /// How Synapse detects it.
    #[must_use]
    pub fn detected(&self, remedies: &dyn RemedyText) -> String {
        rendered(self.detected, remedies)
    }

    /// Remedies.
    #[must_use]
    pub fn remedy(&self, remedies: &dyn RemedyText) -> String {
        rendered(self.remedy, remedies)
    }
}

/// Renders every `{action}` in `text`.
fn rendered(text: &str, remedies: &dyn RemedyText) -> String {
    let mut whole = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, inside, after)) = next_name(rest) {
        whole.push_str(before);
        match Action::ALL.iter().find(|each| each.as_str() == inside) {
            Some(action) => whole.push_str(&remedies.action(*action)),
            None => {
                whole.push('{');
                whole.push_str(inside);
                whole.push('}');
            }
        }
        rest = after;
    }
    whole.push_str(rest);
    whole
}

/// Splits at the first `{` and the next `}`.
fn next_name(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('{')?;
    let (inside, after) = rest.split_once('}')?;
    Some((before, inside, after))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::error::Code;

    /// Braces around anything but a variable name denote an action.
    #[test]
    fn every_action_in_the_catalogue_is_known_and_each_is_used() {
        let mut used = BTreeSet::new();
        for entry in Code::CATALOGUE {
            for text in [entry.detected, entry.remedy] {
                let mut rest = text;
                while let Some((before, inside, after)) = next_name(rest) {
                    if !before.ends_with('$') {
                        used.insert(inside);
                    }
                    rest = after;
                }
            }
        }
        let all: BTreeSet<&str> = Action::ALL.iter().map(|action| action.as_str()).collect();
        assert_eq!(used, all);
    }

    #[test]
    fn names_are_unique_dotted_and_parse_back() {
        let mut seen = BTreeSet::new();
        for entry in Code::CATALOGUE {
            assert!(seen.insert(entry.name), "{} occurs twice", entry.name);
            assert!(entry.name.contains('.'), "{} has no dot", entry.name);
            assert_eq!(entry.name.parse(), Ok(entry.code));
            assert_eq!(entry.code.as_str(), entry.name);
            assert_eq!(entry.code.class(), entry.class);
        }
        assert!("no.such".parse::<Code>().is_err());
    }
}
