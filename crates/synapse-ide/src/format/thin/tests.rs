//! A thin text is edited as the whole text is, byte by byte, and only a valid one is thinned.

use serde_json::json;

use super::*;
use crate::format::{Edit, Text, edit_thin, edit_whole, read};

const FORMATS: [FileFormat; 4] = [
    FileFormat::Json,
    FileFormat::Jsonc,
    FileFormat::Toml,
    FileFormat::Yaml,
];

fn section(format: FileFormat) -> &'static str {
    match format {
        FileFormat::Json | FileFormat::Jsonc => "mcpServers",
        FileFormat::Toml => "mcp_servers",
        FileFormat::Yaml => "extensions",
    }
}

fn path(format: FileFormat) -> Vec<String> {
    vec![section(format).to_owned(), "synapse".to_owned()]
}

/// A file with `count` entries, ours being entry `ours`, with odd but valid spellings.
fn file(format: FileFormat, count: usize, ours: Option<usize>) -> String {
    let name = |index: usize| {
        if ours == Some(index) {
            "synapse".to_owned()
        } else {
            format!("s{index}")
        }
    };
    let entries = (0..count).map(|index| {
        let name = name(index);
        match format {
            FileFormat::Json => format!(
                "    \"{name}\": {{\n      \"command\": \"x \\\" }} // {index}\",\n      \
                 \"args\": [\"[\", \"a\"]\n    }}"
            ),
            FileFormat::Jsonc => {
                format!("    // the \"next\" {{\n    \"{name}\": {{ \"command\": \"x\" /* }} */ }}")
            }
            FileFormat::Toml => format!(
                "# [a.comment]\n[mcp_servers.\"{name}\"]\ncommand = '[x]'\nargs = [ # [b]\n  \
                 \"\"\"\n[c]\\\"\"\"\", 'd'\n]\n[mcp_servers.\"{name}\".env]\nA = 1979-05-27\n\n"
            ),
            FileFormat::Yaml => format!(
                "  {name}:\n    cmd: x # {name}:\n    text: |\n      a: b\n\n      # c\n    args: \
                 [a, 'b: c']\n"
            ),
        }
    });
    match format {
        FileFormat::Json | FileFormat::Jsonc => {
            let entries: Vec<String> = entries.collect();
            let entries = entries.join(",\n");
            format!("{{\n  \"z\": [1],\n  \"mcpServers\": {{\n{entries}\n  }},\n  \"y\": 2\n}}\n")
        }
        FileFormat::Toml => format!("model = \"x\"\n{}[z]\na = 1\n", entries.collect::<String>()),
        FileFormat::Yaml => format!("a: 1\nextensions:\n{}z: 2\n", entries.collect::<String>()),
    }
}

#[test]
fn a_thin_edit_is_the_whole_edit() {
    for format in FORMATS {
        let set = |value| vec![Edit::Set(path(format), value)];
        let command = [path(format), vec!["command".to_owned()]].concat();
        let entry = json!({"command": "/bin/synapse", "args": ["serve"]});
        for (ours, edits) in [
            (None, set(entry)),
            (Some(0), vec![Edit::Remove(path(format))]),
            (Some(20), vec![Edit::Remove(path(format))]),
            (Some(39), vec![Edit::Remove(path(format))]),
            (Some(20), vec![Edit::Set(command, json!("/new"))]),
        ] {
            let text = Text::of(file(format, 40, ours).as_bytes()).unwrap();
            let keep = [edits[0].path()];
            let thin = Thin::cut(format, text.as_str(), &keep).unwrap();
            assert!(
                thin.text.len() < text.as_str().len() * 3 / 4,
                "{}",
                thin.text
            );
            let edited = edit_thin(format, &text, &edits, &thin).unwrap();
            let whole = edit_whole(format, &text, &edits).unwrap();
            assert_eq!(edited.as_str(), whole.as_str(), "{format:?} {ours:?}");
        }
    }
}

#[test]
fn what_is_cut_out_is_restored_and_ours_stays() {
    for format in FORMATS {
        let text = file(format, 2000, Some(1000));
        let path = path(format);
        let thin = Thin::cut(format, &text, &[&path]).unwrap();
        assert!(thin.text.contains("synapse"), "{format:?}");
        assert!(thin.text.len() < text.len() / 40, "{}", thin.text.len());
        assert_eq!(thin.restored(&text, &thin.text).unwrap(), text);
        let lost = thin.text.replacen(MARK, "lost-", 1);
        assert_eq!(thin.restored(&text, &lost), None);
    }
}

/// An error anywhere is found by reading the whole text, which names its line.
#[test]
fn a_damaged_text_is_not_thinned() {
    for (format, from, to) in [
        (FileFormat::Json, "// 20\"", "// 20"),
        (
            FileFormat::Json,
            "{\n      \"command\": \"x \\\" } // 20\"",
            "{ x \" // 20\"",
        ),
        (FileFormat::Jsonc, "\"s20\": {", "\"s20\": ["),
        (
            FileFormat::Toml,
            "[mcp_servers.\"s20\"]",
            "[mcp_servers.\"s19\"]",
        ),
        (
            FileFormat::Toml,
            "[mcp_servers.\"s20\"]",
            "[mcp_servers.\"s20\"] x",
        ),
        (
            FileFormat::Toml,
            "[mcp_servers.\"s20\".env]",
            "a b\n[mcp_servers.\"s20\".env]",
        ),
        (FileFormat::Yaml, "  s20:", "  s19:"),
        (FileFormat::Yaml, "  s20:", " s20:"),
        (FileFormat::Yaml, "  s20:", "  s20: *x"),
        (FileFormat::Yaml, "  s20:", "  - s20:"),
        (FileFormat::Yaml, "    cmd: x # s20:", "\tcmd: x # s20:"),
    ] {
        let text = file(format, 40, None);
        let damaged = text.replacen(from, to, 1);
        assert_ne!(text, damaged, "{from}");
        let thin = Thin::cut(format, &text, &[&path(format)]).unwrap();
        assert!(thin.is_valid(format, &text));
        let thin = Thin::cut(format, &damaged, &[&path(format)]);
        let is_refused = thin.is_none_or(|thin| {
            !thin.is_valid(format, &damaged) || read(format, &thin.text).is_err()
        });
        assert!(is_refused, "{format:?} {to}");
    }
}

/// Of any bytes, a thin text is a part of the original, and gives it back.
#[test]
fn any_text_is_given_back() {
    for format in FORMATS {
        let text = file(format, 12, Some(5));
        for at in 0..text.len() {
            for change in ["", "\"", "{", "]", "\n", "#", "\\", "'''"] {
                let Some((before, behind)) = text.split_at_checked(at) else {
                    continue;
                };
                let behind: String = behind.chars().skip(1).collect();
                let damaged = [before, change, &behind].concat();
                if let Some(thin) = Thin::cut(format, &damaged, &[&path(format)]) {
                    assert_eq!(thin.restored(&damaged, &thin.text).unwrap(), damaged);
                }
            }
        }
    }
}
