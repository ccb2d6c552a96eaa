//! YAML edits, verified with the library that clients use.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{edit, read};
use crate::client::FileFormat;
use crate::format::{Edit, Text};

fn path(keys: &[&str]) -> Vec<String> {
    keys.iter().map(|&key| key.to_owned()).collect()
}

fn set(text: &str, keys: &[&str], value: &Value) -> Result<String, String> {
    edit(text, &[Edit::Set(path(keys), value.clone())])
}

fn removed(text: &str, keys: &[&str]) -> Result<String, String> {
    edit(text, &[Edit::Remove(path(keys))])
}

/// The value as a client reads it.
#[track_caller]
fn client(text: &str) -> Value {
    serde_norway::from_str(text).unwrap_or_else(|error| panic!("{error} in\n{text}"))
}

fn entry() -> Value {
    json!({
        "type": "stdio", "cmd": "/a b/synapse", "args": ["serve", "--connection", "yes"],
        "envs": {"SYNAPSE_HOME": "C:\\x \"y\" #z: \u{e4}\t"}, "enabled": true, "timeout": 300,
    })
}

/// Entries that may precede or follow ours; `K` is their key.
const OTHERS: [&str; 20] = [
    "K: 1\n",
    "K: 'x: y' # why\n",
    "K: two\n  lines\n",
    "K: |\n  one\n\n   two\n",
    "K: >-\n  one\n  two\n\n\n",
    "K: |+\n  kept\n\n",
    "K: |2\n   x\n",
    "K:\n- 1\n- a: b\n  c:\n-\n",
    "K:\n  - - deep\n    - |\n      text\n  # behind\n",
    "K: {a: [1, 2], \"b\": x} # why\n",
    "K: [\n  1, # one\n  2,\n]\n",
    "K:\n",
    "K: ~ # why\n",
    "# between\n",
    "\n",
    "K: &K x\nKK: *K\n",
    "\"K\":\n    deep:\n        deeper: \"two\n          lines\"\n",
    "? K\n: v\n",
    "K: 0x1F\n",
    "K: \u{e4}\u{1f600} # \u{e4}\n",
];

/// The mapping that ours is added to, in various styles.
const OURS: [&str; 9] = [
    "extensions:\n",
    "extensions: # why\n",
    "extensions: {}\n",
    "extensions: { a: {b: c} } # why\n",
    "extensions: {\n  a: {b: c}, # one\n  d: [e],\n}\n",
    "extensions:\n  a:\n    enabled: true\n",
    "extensions:\n    a:\n        x: |\n            text\n    # behind\n",
    "'extensions':\n a: {}\n\n b:\n - 1\n",
    "extensions:\n  # only\n  a: >+\n   text\n\n",
];

fn texts() -> impl Strategy<Value = String> {
    let others = || proptest::collection::vec(0..OTHERS.len(), 0..5);
    let shape = (any::<bool>(), any::<bool>());
    (others(), 0..OURS.len(), others(), shape).prop_map(|(before, ours, behind, shape)| {
        let mut text = if shape.0 { "---\n" } else { "" }.to_owned();
        for (index, each) in before.iter().enumerate() {
            text += &OTHERS[*each].replace('K', &format!("b{index}"));
        }
        text += OURS[ours];
        for (index, each) in behind.iter().enumerate() {
            text += &OTHERS[*each].replace('K', &format!("z{index}"));
        }
        // A line end may be part of the last value.
        let cut = text.trim_end();
        if shape.1 && client(cut) == client(&text) {
            text.truncate(cut.len());
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..Default::default() })]

    /// Ours is added, the rest is unchanged, also for the client's parser; removing ours restores
    /// every byte.
    #[test]
    fn what_the_client_reads_is_what_was_meant(text in texts()) {
        let keys = ["extensions", "synapse"];
        let with = set(&text, &keys, &entry()).unwrap();
        let mut expected = client(&text);
        if expected["extensions"].is_null() {
            expected["extensions"] = json!({});
        }
        expected["extensions"]["synapse"] = entry();
        prop_assert_eq!(client(&with), expected, "{}", with);
        prop_assert_eq!(&read(&with).unwrap()["extensions"]["synapse"], &entry());
        prop_assert_eq!(removed(&with, &keys).unwrap(), text, "by way of\n{}", with);
    }
}

/// Random sequences of YAML tokens.
fn soup() -> impl Strategy<Value = String> {
    let part = proptest::sample::select(vec![
        "extensions",
        "extensions:",
        "synapse:",
        "a",
        "b: ",
        "\u{e4}",
        "- ",
        "-",
        "? ",
        ": ",
        ":",
        ", ",
        "{",
        "}",
        "[",
        "]",
        "&x ",
        "*x",
        "!t ",
        "!!str ",
        "| ",
        ">+",
        "'",
        "\"",
        "# ",
        " ",
        "  ",
        "\t",
        "\n",
        "\n  ",
        "\n    ",
        "---",
        "...",
        "%YAML 1.2",
        "~",
        "1",
        "\\",
    ]);
    proptest::collection::vec(part, 0..30).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..Default::default() })]

    /// For any text, an edit is correct or refused, also for the client's parser.
    #[test]
    fn an_edit_of_anything_is_right_or_refused(text in soup()) {
        let keys = ["extensions", "synapse"].map(str::to_owned).to_vec();
        let before = Text::of(text.as_bytes()).unwrap();
        for (edit, value) in [
            (Edit::Set(keys.clone(), entry()), Some(entry())),
            (Edit::Remove(keys), None),
        ] {
            let Ok(after) = crate::format::edit(FileFormat::Yaml, &before, &[edit]) else {
                continue;
            };
            let Ok(meant) = serde_norway::from_str::<Value>(&text) else {
                continue;
            };
            let found = client(after.as_str());
            prop_assert_eq!(found["extensions"].get("synapse"), value.as_ref(), "{:?}", after);
            prop_assert_eq!(without(found), without(meant), "{:?}", after);
        }
    }
}

/// The rest of a file; an empty mapping equals a missing one.
fn without(mut value: Value) -> Value {
    let Some(rest) = value.as_object_mut() else {
        return value;
    };
    let extensions = rest.get_mut("extensions").and_then(Value::as_object_mut);
    let is_empty = extensions.is_none_or(|extensions| {
        extensions.remove("synapse");
        extensions.is_empty()
    });
    if is_empty {
        rest.remove("extensions");
    }
    if rest.is_empty() { Value::Null } else { value }
}

#[test]
fn a_value_that_changes_leaves_the_rest_of_its_line() {
    for (text, field, value, expected) in [
        (
            "cmd: old # why\n",
            "cmd",
            json!("/new"),
            "cmd: /new # why\n",
        ),
        ("cmd: 'old'", "cmd", json!("a: b"), "cmd: \"a: b\""),
        ("cmd: # why\n", "cmd", json!("/new"), "cmd: /new # why\n"),
        ("cmd: |\n  old\nz: 1\n", "cmd", json!(7), "cmd: 7\nz: 1\n"),
        (
            "args: [a, b] # why\n",
            "args",
            json!(["c"]),
            "args: [c] # why\n",
        ),
        (
            "args:\n- a\n- b\nz: 1\n",
            "args",
            json!(["c"]),
            "args:\n  - c\nz: 1\n",
        ),
        (
            "{cmd: old, z: 1}\n",
            "cmd",
            json!("/new"),
            "{cmd: /new, z: 1}\n",
        ),
        (
            "{cmd: old}\n",
            "args",
            json!(["c"]),
            "{cmd: old, args: [c]}\n",
        ),
        (
            "cmd: ~ # why\n",
            "cmd",
            json!({"a": {}}),
            "cmd: {a: {}} # why\n",
        ),
    ] {
        let after = set(text, &[field], &value).unwrap();
        assert_eq!(after, expected, "{text}");
        assert_eq!(client(&after)[field], value);
    }
}

#[test]
fn a_last_text_without_a_line_end_gets_none() {
    for (text, is_edited) in [
        ("a: |\n  b", false),
        ("a: >+\n  b", false),
        ("a: |-\n  b", true),
    ] {
        let before = Text::of(text.as_bytes()).unwrap();
        let edit = Edit::Set(path(&["x", "y"]), json!("z"));
        let after = crate::format::edit(FileFormat::Yaml, &before, &[edit]);
        assert_eq!(after.is_ok(), is_edited, "{text}");
    }
}

#[test]
fn what_goes_takes_its_lines_with_it() {
    for (text, expected) in [
        ("x: 1\nz: 2\n", "z: 2\n"),
        (
            "a: 1\nx: # why\n  # deep\n  y: 1\n# behind\n",
            "a: 1\n# behind\n",
        ),
        ("a: 1\nx: 2", "a: 1"),
        ("x: 1", ""),
        ("# mine\nx: |\n  text\n", "# mine\n"),
        ("{x: 1, z: 2}", "{z: 2}"),
        ("{a: 1, x: [1], z: 2}", "{a: 1, z: 2}"),
        ("{ x }", "{  }"),
        ("a: 1\n", "a: 1\n"),
        ("# x\n", "# x\n"),
    ] {
        assert_eq!(removed(text, &["x"]).unwrap(), expected, "{text}");
    }
    assert!(removed("? x\n: 1\n", &["x"]).is_err());
}

#[test]
fn texts_are_plain_only_where_nobody_takes_them_for_more() {
    for text in [
        "",
        " ",
        "a ",
        "true",
        "No",
        "~",
        "1",
        "1e3",
        ".5",
        "-",
        "- a",
        "a: b",
        "a #b",
        "&a",
        "*a",
        "!a",
        "%a",
        "@a",
        "`a",
        "{",
        "[a]",
        "\"",
        "'",
        "a\nb",
        "\u{e4}",
        "a:",
        "0x1",
        "2001-01-01",
        "/usr/bin/x y",
        "serve",
        "--connection",
        "y",
        "null",
        "=",
        "<<",
        "\u{1}",
    ] {
        let value = json!({"a": [text], "b": {"c": text, "d": {}}});
        for before in ["", "{}"] {
            let with = set(before, &["x"], &value).unwrap();
            assert_eq!(client(&with)["x"], value, "{with}");
            assert_eq!(read(&with).unwrap()["x"], value, "{with}");
        }
    }
}

#[test]
fn values_are_told_apart() {
    let text = "a: [1, 1.0, '1', 0x1, true, yes, null, ~, '', !!str 2, !own 3, !!int 4, .inf]\n";
    let expected = json!([
        1, 1.0, "1", "0x1", true, "yes", null, null, "", "2", "3", 4, ".inf"
    ]);
    assert_eq!(read(text).unwrap()["a"], expected);
    let [one, other] = ["a: &x 1\nb: &y 1\nc: *x\n", "a: &x 1\nb: &y 1\nc: *y\n"];
    assert_ne!(read(one).unwrap(), read(other).unwrap());
    // Aliases are not expanded.
    let bomb: String = (1..64)
        .map(|level| format!("k{level}: &k{level} [*k{0}, *k{0}]\n", level - 1))
        .collect();
    assert!(read(&format!("k0: &k0 x\n{bomb}")).is_ok());
}
