//! Patterns of tool names by which a client turns tools off, such as `synapse_*`.

use serde_json::Value;

use crate::entry::NAME;

/// The statement of patterns about all of our tools.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict<'v> {
    /// This one refuses them.
    Refused(&'v str),
    /// One of them allows them.
    Allowed,
    /// None is about all of them.
    Silent,
}

/// The first pattern of `patterns` that refuses all of our tools, unless another allows them.
pub(crate) fn refusing(patterns: &Value) -> Verdict<'_> {
    let all = patterns.as_object().into_iter().flatten();
    let about_us: Vec<_> = all
        .filter(|(pattern, _)| *pattern == NAME || fits(pattern, ANY_TOOL))
        .collect();
    let refused = |value: &Value| *value == Value::Bool(false) || *value == "deny";
    match about_us.iter().find(|(_, value)| refused(value)) {
        Some((pattern, _)) if about_us.iter().all(|(_, value)| refused(value)) => {
            Verdict::Refused(pattern)
        }
        _ if about_us.is_empty() => Verdict::Silent,
        _ => Verdict::Allowed,
    }
}

/// Whether `name` fits `pattern`, in which `*` is any text and `?` any character.
fn fits(pattern: &str, name: &str) -> bool {
    let Some((before, after)) = pattern.split_once('*') else {
        return same_length(pattern, name);
    };
    let Some((head, rest)) = name.split_at_checked(before.len()) else {
        return false;
    };
    let mut starts = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
    same_length(before, head)
        && starts.any(|at| rest.get(at..).is_some_and(|rest| fits(after, rest)))
}

/// Whether `name` fits `pattern`, in which `?` is any character.
fn same_length(pattern: &str, name: &str) -> bool {
    pattern.chars().count() == name.chars().count()
        && pattern
            .chars()
            .zip(name.chars())
            .all(|(wanted, found)| wanted == '?' || wanted == found)
}

/// A tool of ours, in the clients that put the server's name before it. No pattern names it.
const ANY_TOOL: &str = "synapse_\u{1}";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_a_pattern_of_all_our_tools_counts() {
        for (patterns, expected) in [
            (json!({"synapse*": false}), Verdict::Refused("synapse*")),
            (json!({"synapse_*": false}), Verdict::Refused("synapse_*")),
            (json!({"synapse": false}), Verdict::Refused("synapse")),
            (json!({"*": false}), Verdict::Refused("*")),
            (json!({"syn?pse_*": "deny"}), Verdict::Refused("syn?pse_*")),
            (
                json!({"*napse*": false, "x*": true}),
                Verdict::Refused("*napse*"),
            ),
            (json!({"*": false, "synapse_*": true}), Verdict::Allowed),
            (json!({"synapse_*": "ask"}), Verdict::Allowed),
            (
                json!({"synapse_chat": false, "other*": false}),
                Verdict::Silent,
            ),
            (
                json!({"*chat": false, "": false, "syn": false}),
                Verdict::Silent,
            ),
            (json!(["synapse*"]), Verdict::Silent),
        ] {
            assert_eq!(refusing(&patterns), expected, "{patterns}");
        }
    }
}
