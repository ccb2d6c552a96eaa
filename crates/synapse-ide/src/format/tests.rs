//! Realistic files, format by format.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Edit, Text, at, edit, read};
use crate::client::FileFormat;

fn path(keys: &[&str]) -> Vec<String> {
    keys.iter().map(|&key| key.to_owned()).collect()
}

fn entry() -> Value {
    json!({"command": "/usr/bin/synapse", "args": ["serve"], "env": {"SYNAPSE_HOME": "/a b"}})
}

fn key(format: FileFormat) -> &'static str {
    match format {
        FileFormat::Json | FileFormat::Jsonc => "mcpServers",
        FileFormat::Toml => "mcp_servers",
        FileFormat::Yaml => "extensions",
    }
}

fn added(format: FileFormat, text: &str) -> Result<String, String> {
    let add = Edit::Set(path(&[key(format), "synapse"]), entry());
    let text = Text::of(text.as_bytes())?;
    let bytes = edit(format, &text, &[add])?.to_bytes();
    Ok(String::from_utf8(bytes).unwrap())
}

fn removed(format: FileFormat, text: &str) -> Result<String, String> {
    let remove = Edit::Remove(path(&[key(format), "synapse"]));
    let text = Text::of(text.as_bytes())?;
    let bytes = edit(format, &text, &[remove])?.to_bytes();
    Ok(String::from_utf8(bytes).unwrap())
}

/// Adds and removes an entry, and expects the original bytes.
#[track_caller]
fn there_and_back(format: FileFormat, text: &str) {
    let with = added(format, text).unwrap();
    assert_ne!(with, text);
    let value = read(format, with.trim_start_matches('\u{feff}')).unwrap();
    assert_eq!(value[key(format)]["synapse"], entry(), "{with}");
    assert_eq!(removed(format, &with).unwrap(), text, "by way of\n{with}");
}

#[test]
fn json_is_given_back_byte_by_byte() {
    for text in [
        "{\n  \"mcpServers\": {}\n}\n",
        "{\n  \"mcpServers\": {\n    \"a\": { \"command\": \"x\", \"args\": [] }\n  }\n}\n",
        "{\n\t\"mcpServers\": {\n\t\t\"a\": {\n\t\t\t\"command\": \"x\"\n\t\t}\n\t},\n\t\"z\": 1\n}",
        "{\r\n  \"mcpServers\": {\r\n    \"a\": {}\r\n  }\r\n}\r\n",
        "\u{feff}{\n    \"mcpServers\": {\n        \"a\": {}\n    }\n}\n",
        "// first\n{\n  // second\n  \"mcpServers\": { // third\n    /* fourth */ \"a\": {} // fifth\n  \
         } // sixth\n}\n// last\n",
        "{\n  \"mcpServers\": {\n    \"a\": {},\n  },\n}\n",
        "{\"mcpServers\":{\"a\":{\"command\":\"x\"}},\"z\":1}",
        "{ \"mcpServers\": { \"a\": {}, }, }\r\n",
        "{\"mcpServers\": {\"a\": 1 /* one */ } /* two */ } // three",
        "{\"x\": [1, 2.50, 1e3, 12345678901234567890, \"\\u00e4\\/\"],\n \"mcpServers\": {\n  \
         \"a\": null\n }}\n",
    ] {
        there_and_back(FileFormat::Jsonc, text);
    }
}

#[test]
fn json_without_the_key_gets_it() {
    let empty = "{\n  \"mcpServers\": {\n    \"synapse\": {\n      \
                 \"command\": \"/usr/bin/synapse\",\n      \"args\": [\"serve\"],\n      \
                 \"env\": {\n        \"SYNAPSE_HOME\": \"/a b\"\n      }\n    }\n  }\n}\n";
    assert_eq!(added(FileFormat::Json, "").unwrap(), empty);
    assert_eq!(added(FileFormat::Json, "\n").unwrap(), empty);
    assert_eq!(added(FileFormat::Json, "{}\n").unwrap(), empty);
    assert_eq!(
        added(FileFormat::Jsonc, "// mine\n").unwrap(),
        format!("// mine\n{empty}")
    );
    let one_line = added(FileFormat::Json, r#"{"a": 1}"#).unwrap();
    assert_eq!(
        read(FileFormat::Json, &one_line).unwrap(),
        json!({"a": 1, "mcpServers": {"synapse": entry()}})
    );
}

#[test]
fn what_is_on_one_line_stays_there() {
    assert_eq!(
        added(FileFormat::Json, r#"{"mcpServers":{"a":{}},"z":[1]}"#).unwrap(),
        r#"{"mcpServers":{"a":{}, "synapse": {"command": "/usr/bin/synapse", "args": ["serve"], "env": {"SYNAPSE_HOME": "/a b"}}},"z":[1]}"#
    );
    assert!(
        added(FileFormat::Json, r#"{"z":1}"#)
            .unwrap()
            .starts_with(r#"{"z":1, "mcpServers": {"synapse": {"command""#)
    );
}

#[test]
fn only_the_field_that_changes_changes() {
    let text = "{\n  \"mcpServers\": {\n    \"synapse\": {\n      // old\n      \
                \"command\": \"/old\", // why\n      \"args\": [\"serve\"],\n      \
                \"autoApprove\": [ \"chat\" ]\n    }\n  }\n}\n";
    let set = Edit::Set(path(&["mcpServers", "synapse", "command"]), json!("/new"));
    let after = edit(
        FileFormat::Json,
        &Text::of(text.as_bytes()).unwrap(),
        &[set],
    )
    .unwrap();
    assert_eq!(after.as_str(), text.replace("/old", "/new"));
}

#[test]
fn what_cannot_be_json_is_refused() {
    for (text, why) in [
        ("{", "line 1, column 1"),
        ("{\"mcpServers\": {}", "it is not JSON"),
        ("{\n  \"a\": 1\n  \"b\": 2\n}", "line 2"),
        ("{a: 1}", "it is not JSON"),
        ("{'a': 1}", "it is not JSON"),
        ("{\"a\": NaN}", "it is not JSON"),
        ("{} {}", "it is not JSON"),
        ("[]", "a list, not an object"),
        ("null x", "it is not JSON"),
        ("3", "a number, not an object"),
        ("{\"mcpServers\": []}", "`mcpServers` is a list"),
        ("{\"mcpServers\": \"x\"}", "`mcpServers` is a string"),
        ("{\"mcpServers\": {}, \"mcpServers\": {}}", "occurs twice"),
        (
            "{\"mcpServers\": {\"synapse\": {}, \"synapse\": {}}}",
            "occurs twice",
        ),
        ("\u{feff}\u{feff}{}", "it is not JSON"),
        ("mcp_servers = 1", "it is not JSON"),
    ] {
        let refusal = added(FileFormat::Jsonc, text).unwrap_err();
        assert!(refusal.contains(why), "{text}: {refusal}");
    }
    let latin = Text::of(b"{\"a\": \"\xe4\"}").unwrap_err();
    assert!(latin.contains("UTF-8: the byte at 7"), "{latin}");
    let utf16 = Text::of(b"\xff\xfe{\0}\0").unwrap_err();
    assert!(utf16.contains("UTF-8"), "{utf16}");
}

#[test]
fn deep_nesting_is_refused_and_not_followed() {
    for (format, text) in [
        (FileFormat::Json, "[".repeat(1_000_000)),
        (FileFormat::Json, "{\"a\":".repeat(300_000)),
        (FileFormat::Toml, format!("a = {}", "[".repeat(300_000))),
        (FileFormat::Yaml, format!("a: {}", "[".repeat(300_000))),
        (FileFormat::Yaml, "- ".repeat(300_000)),
    ] {
        assert!(added(format, &text).is_err(), "{format:?}");
    }
}

#[test]
fn a_message_about_a_broken_file_shows_nothing_of_it() {
    for (format, text) in [
        (FileFormat::Json, "{\"k\": \"fake-secret\" fake-secret}"),
        (FileFormat::Toml, "k = fake-secret = \"fake-secret\""),
        (FileFormat::Yaml, "k: \"fake-secret\" fake-secret: [\n"),
    ] {
        let refusal = added(format, text).unwrap_err();
        assert!(!refusal.contains("fake-secret"), "{refusal}");
    }
}

#[test]
fn five_megabytes_are_given_back_byte_by_byte() {
    let text = "lorem ipsum dolor sit amet ".repeat(20);
    for (format, before, row, behind) in [
        (
            FileFormat::Jsonc,
            "{\n  \"mcpServers\": {\n    \"a\": {}\n  },\n  \"history\": [\n",
            format!("    {{ \"role\": \"user\", \"text\": \"{text}\" }},\n"),
            "    {}\n  ]\n}\n",
        ),
        (
            FileFormat::Toml,
            "[mcp_servers.a]\ncommand = \"x\"\n",
            format!("[[history]]\nrole = \"user\"\ntext = '{text}' # why\n"),
            "",
        ),
        (
            FileFormat::Yaml,
            "extensions:\n  a: {}\nhistory:\n",
            format!("  - role: user # why\n    text: {text}\n"),
            "last: 1\n",
        ),
    ] {
        let rows = row.repeat(5_000_000 / row.len() + 1);
        there_and_back(format, &format!("{before}{rows}{behind}"));
    }
}

/// A file with that many entries, in each style.
fn crowded(format: FileFormat, entries: usize) -> Vec<String> {
    let join = |between: &str, entry: fn(usize) -> String| {
        (0..entries).map(entry).collect::<Vec<_>>().join(between)
    };
    match format {
        FileFormat::Json | FileFormat::Jsonc => {
            let entry = |index| format!("    \"s{index}\": {{\n      \"command\": \"x\"\n    }}");
            let flat = |index| format!("\"s{index}\": {{\"command\": \"x\"}}");
            vec![
                format!(
                    "{{\n  \"mcpServers\": {{\n{}\n  }}\n}}\n",
                    join(",\n", entry)
                ),
                format!(
                    "{{\n  // mine\n  \"mcpServers\": {{\n{}\n  }}\n}}\n",
                    join(",\n", entry)
                ),
                format!("{{\"mcpServers\": {{{}}}}}", join(", ", flat)),
                format!("{{{}}}", join(", ", flat)),
            ]
        }
        FileFormat::Toml => {
            let entry = |index| format!("[mcp_servers.s{index}]\ncommand = \"x\"\n");
            let flat = |index| format!("s{index} = {{ command = \"x\" }}");
            vec![
                join("\n", entry),
                format!("[mcp_servers]\n{}\n", join("\n", flat)),
                format!("mcp_servers = {{ {} }}\n", join(", ", flat)),
            ]
        }
        FileFormat::Yaml => {
            let entry = |index| format!("  s{index}:\n    cmd: x\n");
            let flat = |index| format!("s{index}: {{cmd: x}}");
            vec![
                format!("extensions:\n{}", join("", entry)),
                format!("extensions: {{{}}}\n", join(", ", flat)),
            ]
        }
    }
}

/// Minimum CPU time of `work`.
fn cost(work: impl Fn()) -> f64 {
    let began = std::time::Instant::now();
    let now = || {
        // Falls back to wall time where CPU time is unavailable.
        let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
        let told = told.and_then(|text| text.split(' ').next()?.parse::<u64>().ok());
        told.map_or_else(|| began.elapsed(), std::time::Duration::from_nanos)
    };
    let once = || {
        let before = now();
        work();
        (now() - before).as_secs_f64()
    };
    once().min(once())
}

/// Four times the entries take about four times as long in every style; comparing each entry with
/// each other would take sixteen times as long.
#[test]
fn the_work_grows_with_the_file_and_no_faster() {
    for (format, id) in [
        (FileFormat::Jsonc, "cursor"),
        (FileFormat::Toml, "codex"),
        (FileFormat::Yaml, "goose"),
    ] {
        let client = crate::Client::named(id).unwrap();
        let entry = crate::Entry::new(std::path::Path::new("/usr/bin/synapse")).unwrap();
        let visible = crate::preview::Visible::of(client, &entry);
        let work = |text: &str| {
            let with = added(format, text).unwrap();
            let [old, new] = [text, &with].map(|text| Some(text.as_bytes()));
            let diff = crate::preview::diff(client, "x", old, new, &visible);
            assert!(
                diff.contains("/usr/bin/synapse") && diff.len() < 10_000,
                "{diff}"
            );
            removed(format, &with).unwrap();
        };
        let (few, many) = (crowded(format, 400), crowded(format, 1_600));
        for (few, many) in few.iter().zip(&many) {
            let (small, large) = (cost(|| work(few)), cost(|| work(many)));
            let ratio = large / small;
            assert!(
                ratio < 9.0,
                "{format:?} {ratio}: {}",
                few.get(..80).unwrap()
            );
        }
    }
}

#[test]
fn toml_is_given_back_byte_by_byte() {
    for text in [
        "",
        "model = \"x\"\n",
        "# mine\nmodel   =  'x' # why\n\n[mcp_servers.a]\ncommand = \"y\"\n",
        "[mcp_servers.a]\r\ncommand = \"y\"\r\nargs = [\r\n  \"1\", # one\r\n]\r\n",
        "\u{feff}model = \"x\"\n\n[profiles.a]\nmodel = \"y\"\n# end\n",
        "[mcp_servers.a]\ncommand = \"y\"\n[mcp_servers.a.env]\nK = \"v\"\n\n[tui]\ntheme = 1\n",
        "mcp_servers = { a = { command = \"y\" } }\n",
        "mcp_servers.a.command = \"y\"\n",
        "[mcp_servers]\na.command = \"y\"\n",
        "[[x]]\ny = 1979-05-27T07:32:00Z\n[[x]]\n",
    ] {
        there_and_back(FileFormat::Toml, text);
    }
}

#[test]
fn a_toml_entry_is_a_table_of_its_own() {
    assert_eq!(
        added(FileFormat::Toml, "model = \"x\"\n").unwrap(),
        "model = \"x\"\n\n[mcp_servers.synapse]\ncommand = \"/usr/bin/synapse\"\n\
         args = [\"serve\"]\nenv = { SYNAPSE_HOME = \"/a b\" }\n"
    );
}

#[test]
fn what_cannot_be_toml_is_refused() {
    for (text, why) in [
        ("a = 1\n{", "line 2"),
        ("a = 1\na = 2\n", "it is not TOML"),
        ("mcp_servers = 1\n", "`mcp_servers` is a number"),
        ("[[mcp_servers]]\na = 1\n", "`mcp_servers` is a list"),
        ("a = 1\r\nb = 2\n", "mixes line ends"),
    ] {
        let refusal = added(FileFormat::Toml, text).unwrap_err();
        assert!(refusal.contains(why), "{text}: {refusal}");
    }
}

#[test]
fn yaml_is_given_back_byte_by_byte() {
    for text in [
        "extensions:\n  a:\n    enabled: true\n    type: builtin\n",
        "# mine\nGOOSE_MODEL: x # why\nextensions:\n  # first\n  a:\n    args:\n    - one\n    - 'two'\n\
         \n    envs: {}\n\nlast: 1\n",
        "extensions:\r\n  a:\r\n    enabled: true\r\n",
        "\u{feff}extensions:\n    a:\n        enabled: true\n",
        "a: &x {b: 1}\nc: *x\nextensions:\n  d: \"e: f\"\n",
    ] {
        there_and_back(FileFormat::Yaml, text);
    }
}

#[test]
fn a_yaml_entry_is_a_mapping() {
    let fresh = "extensions:\n  synapse:\n    command: /usr/bin/synapse\n    args:\n      - serve\n    \
                 env:\n      SYNAPSE_HOME: /a b\n";
    assert_eq!(added(FileFormat::Yaml, "").unwrap(), fresh);
    assert_eq!(
        added(FileFormat::Yaml, "# mine").unwrap(),
        format!("# mine\n{fresh}")
    );
    for text in ["a: 1\n", "a: 1\nextensions:\n", "a: 1\nextensions: {}\n"] {
        let with = added(FileFormat::Yaml, text).unwrap();
        let value = read(FileFormat::Yaml, &with).unwrap();
        assert_eq!(value, json!({"a": 1, "extensions": {"synapse": entry()}}));
    }
}

#[test]
fn what_cannot_be_yaml_is_refused() {
    for (text, why) in [
        ("a: [1\nb: 2\n", "it is not YAML"),
        ("a: 1\n\tb: 2\n", "it is not YAML"),
        ("- a\n", "a list, not an object"),
        ("extensions: [a]\n", "`extensions` is a list"),
        ("extensions: a\n", "`extensions` is a string"),
        ("a: 1\n---\nb: 2\n", "it is not YAML"),
        ("a: 1\na: 2\n", "it is not YAML"),
        ("a: *x\n", "it is not YAML"),
        ("a: 1\r\nb: 2\n", "mixes line ends"),
        ("a: 1\n  \t# b\n", "white space with a tab"),
        ("a: 1\n\t\n", "white space with a tab"),
        ("? |\n  a\n: 1\n", "it is not YAML"),
        ("? [a]\n: 1\n", "it is not YAML"),
    ] {
        let refusal = added(FileFormat::Yaml, text).unwrap_err();
        assert!(refusal.contains(why), "{text}: {refusal}");
    }
}

#[test]
fn removing_what_is_not_there_changes_nothing() {
    for (format, text) in [
        (FileFormat::Json, "{ }"),
        (FileFormat::Json, ""),
        (FileFormat::Toml, "a=1"),
        (FileFormat::Yaml, "a: 1\n"),
        (FileFormat::Yaml, "# x"),
    ] {
        let text = text.to_owned();
        let after = removed(format, &text).unwrap();
        assert_eq!(after.trim_end(), text.trim_end(), "{format:?}");
    }
}

/// Random sequences of JSON tokens.
fn soup() -> impl Strategy<Value = String> {
    let part = proptest::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"mcpServers\":",
        "\"synapse\":",
        "\"a\"",
        "\"\\u00e4\"",
        "\"\u{e4}\"",
        "1",
        "2.50",
        "null",
        "true",
        " ",
        "\n",
        "\n  ",
        "\t",
        "\r\n",
        "/*",
        "*/",
        "//",
        "{}",
        "{\"mcpServers\":{",
        "}}",
        "'",
        "\\",
    ]);
    proptest::collection::vec(part, 0..25).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..Default::default() })]

    /// For any text, an edit is correct or refused, also by a strict parser.
    #[test]
    fn an_edit_of_anything_is_right_or_refused(text in soup()) {
        let Ok(with) = added(FileFormat::Jsonc, &text) else {
            return Ok(());
        };
        if let Ok(mut meant) = serde_json::from_str::<Value>(&text) {
            let found: Value = serde_json::from_str(&with).unwrap();
            if meant["mcpServers"].is_null() {
                meant["mcpServers"] = json!({});
            }
            meant["mcpServers"]["synapse"] = entry();
            prop_assert_eq!(found, meant, "{}", with);
        }
        let without = removed(FileFormat::Jsonc, &with).unwrap();
        let left = read(FileFormat::Jsonc, &without).unwrap();
        prop_assert_eq!(at(&left, &["mcpServers", "synapse"]), None, "{}", without);
    }
}

#[test]
fn an_edit_that_changes_nothing_keeps_every_byte() {
    for (format, text) in [
        (
            FileFormat::Toml,
            "mcp_servers = { other = { command = \"x\" } }",
        ),
        (FileFormat::Toml, "a = 1"),
        (FileFormat::Yaml, "a: 1"),
        (FileFormat::Json, "{\"a\": 1}"),
        (FileFormat::Json, ""),
    ] {
        assert_eq!(removed(format, text).unwrap(), text);
    }
    let with = "[mcp_servers]\nsynapse = { command = \"/usr/bin/synapse\", args = [\"serve\"], env = { SYNAPSE_HOME = \"/a b\" } }";
    assert_eq!(added(FileFormat::Toml, with).unwrap(), with);
}
