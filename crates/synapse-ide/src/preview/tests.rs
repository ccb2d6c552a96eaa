//! Shown and hidden parts of files.

use std::path::Path;

use super::*;
use crate::client::FileFormat;
use crate::entry::Entry;

fn visible(client: &Client) -> Visible {
    Visible::of(client, &Entry::new(Path::new("/usr/bin/synapse")).unwrap())
}

fn client(format: FileFormat) -> &'static Client {
    let id = match format {
        FileFormat::Json => "claude-desktop",
        FileFormat::Jsonc => "cursor",
        FileFormat::Toml => "codex",
        FileFormat::Yaml => "goose",
    };
    Client::named(id).unwrap()
}

#[track_caller]
fn shows(format: FileFormat, text: &str, expected: &str) {
    let client = client(format);
    let masked = mask::masked(format, text, 0..text.len(), client.key, &visible(client));
    assert_eq!(masked, expected, "{text}");
}

#[test]
fn keys_are_shown_and_values_only_in_our_entry() {
    shows(
        FileFormat::Json,
        r#"{"a": "x", "b":["serve", 1, true, null, -2e5], "command": "/usr/bin/synapse"}"#,
        r#"{"a": "…", "b":["…", …, true, null, …], "command": "…"}"#,
    );
    shows(
        FileFormat::Json,
        r#"{"mcpServers": {"synapse": {"command": "\/usr/bin/synapse", "args": ["serve", "x"], "t": 3}, "o": {"command": "serve"}}}"#,
        r#"{"mcpServers": {"synapse": {"command": "\/usr/bin/synapse", "args": ["serve", "…"], "t": …}, "o": {"command": "…"}}}"#,
    );
    shows(
        FileFormat::Toml,
        "a.'b' = 'x'\nc = [1, {d = 2}]\n[mcp_servers.synapse]\ncommand = \"/usr/bin/synapse\"\nargs = [\n  \"serve\",\n  \"x\"\n]\n[mcp_servers.o]\ncommand = \"serve\"\n",
        "a.'b' = '…'\nc = […, {d = …}]\n[mcp_servers.synapse]\ncommand = \"/usr/bin/synapse\"\nargs = [\n  \"serve\",\n  \"…\"\n]\n[mcp_servers.o]\ncommand = \"…\"\n",
    );
    shows(
        FileFormat::Toml,
        "mcp_servers = { synapse = { command = '/usr/bin/synapse', env = { A = 'x' } }, o = {args=['serve']} }",
        "mcp_servers = { synapse = { command = '/usr/bin/synapse', env = { A = '…' } }, o = {args=['…']} }",
    );
    shows(
        FileFormat::Yaml,
        "extensions:\n  synapse:\n    cmd: /usr/bin/synapse\n    args: [serve, x, \"y\"]\n    enabled: true\n    timeout: 300\n  o:\n    cmd: serve\n    n: 3\n",
        "extensions:\n  synapse:\n    cmd: /usr/bin/synapse\n    args: [serve, …, \"…\"]\n    enabled: true\n    timeout: 300\n  o:\n    cmd: …\n    n: …\n",
    );
}

#[test]
fn comments_are_hidden_and_stay_comments() {
    shows(
        FileFormat::Jsonc,
        "// a \"b\": 1\n{ // c\n  /* d\n   e */ \"k\": 1, //\n}",
        "// …\n{ // …\n  /* …\n   …*/ \"k\": …, //\n}",
    );
    shows(
        FileFormat::Toml,
        "# a = 1\nk = 'x' # y\n[t] # z\n#\n",
        "# …\nk = '…' # …\n[t] # …\n#\n",
    );
    shows(
        FileFormat::Yaml,
        "# a: 1\nk: x # y: z\n#\nl: [x, # y\n  z]\n",
        "# …\nk: … # …\n#\nl: […, # …\n  …]\n",
    );
}

#[test]
fn a_text_of_several_lines_is_hidden_line_by_line() {
    shows(
        FileFormat::Toml,
        "k = \"\"\"\nx = 1\n\n  # y\"\"\"\nn = '''z'''\n",
        "k = \"\"\"\n…\n\n  …\"\"\"\nn = '''…'''\n",
    );
    shows(
        FileFormat::Yaml,
        "k: |\n  x: 1\n\n  # y\nl: >-\n  z\nm: a\n  b c\n",
        "k: |\n  …\n\n  …\nl: >-\n  …\nm: …\n  …\n",
    );
}

#[test]
fn a_token_is_no_key() {
    let token = format!("{}{}", "sk-", "fake-fake-fake-fake-fake");
    for (format, text) in [
        (FileFormat::Json, format!("{{\"{token}\": 1}}")),
        (
            FileFormat::Toml,
            format!("{token} = 1\n[{token}]\n\"{token}\" = 1\n"),
        ),
        (
            FileFormat::Yaml,
            format!("{token}: 1\n\"{token}\":\n  a: 2\n"),
        ),
    ] {
        let client = client(format);
        let masked = mask::masked(format, &text, 0..text.len(), client.key, &visible(client));
        assert!(!masked.contains(&token), "{masked}");
    }
}

#[test]
fn what_is_not_of_the_format_is_hidden() {
    for (format, text) in [
        (FileFormat::Json, "hidden\n\"hidden\n['hidden' /hidden"),
        (
            FileFormat::Toml,
            "= hidden\n[[\n]] = \"hidden\n'''hidden\nhidden",
        ),
        (FileFormat::Yaml, "- [\nhidden: {\n&hidden x: *hidden\n"),
    ] {
        let client = client(format);
        let masked = mask::masked(format, text, 0..text.len(), client.key, &visible(client));
        assert!(!masked.contains("hidden"), "{format:?}: {masked}");
        assert_eq!(masked.lines().count(), text.lines().count());
    }
}

fn change(old: Option<&str>, new: Option<&str>) -> String {
    let client = client(FileFormat::Json);
    let [old, new] = [old, new].map(|text| text.map(str::as_bytes));
    diff(client, "a.json", old, new, &visible(client))
}

#[test]
fn a_difference_is_shown_with_what_is_around_it() {
    let lines = |from: u32, to: u32| (from..to).map(|line| format!("\"{line}\": true,\n"));
    let old = format!("{{{}", lines(0, 40).collect::<String>());
    let new = old.replace("\"10\": true,\n", "");
    let new = new.replace("\"12\": true,\n", "\"x\": true,\n") + "}";
    assert_eq!(
        change(Some(&old), Some(&new))
            .replace("\": true,", "")
            .replace('"', ""),
        "--- a.json\n+++ a.json\n\
         @@ -8,9 +8,8 @@\n 7\n 8\n 9\n-10\n 11\n-12\n+x\n 13\n 14\n 15\n\
         @@ -38,3 +37,4 @@\n 37\n 38\n 39\n+}\n\\ No newline at end of file\n"
    );
}

#[test]
fn files_that_come_and_go_are_shown_whole() {
    assert_eq!(
        change(None, Some("{\r\n}\r\n")),
        "--- /dev/null\n+++ a.json\n@@ -0,0 +1,2 @@\n+{\n+}\n"
    );
    assert_eq!(
        change(Some("{}"), None),
        "--- a.json\n+++ /dev/null\n@@ -1 +0,0 @@\n-{}\n\\ No newline at end of file\n"
    );
    assert_eq!(change(Some("{}"), Some("{}")), "");
    assert_eq!(change(None, None), "");
}

#[test]
fn a_line_in_which_only_hidden_things_change_is_shown() {
    assert_eq!(
        change(Some("{\n\"a\": \"x\" }\n"), Some("{\n\"a\": \"y\" }\n")),
        "--- a.json\n+++ a.json\n@@ -1,2 +1,2 @@\n {\n-\"a\": \"…\" }\n+\"a\": \"…\" }\n"
    );
    assert_eq!(
        change(Some("{}\n"), Some("{}\r\n")),
        "--- a.json\n+++ a.json\n@@ -1 +1 @@\n-{}\n+{}\n"
    );
}

#[test]
fn of_a_long_line_the_part_that_changes_is_shown() {
    let others: String = (0..10_000)
        .map(|each| format!("\"s{each}\": 1, "))
        .collect();
    let old = format!("{{\"mcpServers\": {{{others}\"last\": 2}}}}");
    let entry = "\"synapse\": {\"command\": \"/usr/bin/synapse\"}";
    let new = old.replace("\"last\": 2", &format!("\"last\": 2, {entry}"));
    let shown = change(Some(&old), Some(&new));
    assert!(shown.contains(entry), "{shown}");
    assert!(shown.len() < 5_000, "{}", shown.len());
}
