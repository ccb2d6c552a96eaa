//! Output, refusals and side effects of the commands.

use serde_json::Value;
use synapse_tests::Home;

use crate::TWIN;

#[test]
fn nobody_to_ask_means_nothing_written() {
    let home = Home::new(TWIN);
    for words in [
        &["ide", "install", "cursor"][..],
        &["ide", "install", "cursor", "--json"],
    ] {
        let refused = home.run(words).with_code(2);
        assert!(refused.stderr.contains("pass --yes"), "{refused}");
    }
    assert_eq!(home.files(), []);
    let looked = home
        .run(["ide", "install", "cursor", "--dry-run"])
        .with_code(0);
    assert!(looked.stdout.contains("+  \"mcpServers\": {"), "{looked}");
    assert_eq!(home.files(), []);
}

#[test]
fn an_entry_of_somebody_else_takes_force() {
    let home = Home::new(TWIN);
    let foreign = r#"{"mcpServers": {"synapse": {"command": "npx", "args": ["other"]}}}"#;
    let file = home.write(".cursor/mcp.json", foreign);
    for words in [
        &["ide", "install", "cursor", "--yes"][..],
        &["ide", "remove", "cursor", "--yes"],
        &["ide", "check", "cursor"],
    ] {
        let refused = home.run(words).with_code(3);
        assert!(
            refused.stderr.contains("error[ide.foreign-entry]"),
            "{refused}"
        );
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap(), foreign);
    let forced = ["ide", "install", "cursor", "--yes", "--force"];
    home.run(forced).with_code(0);
    home.run(["ide", "check", "cursor"]).with_code(0);
    let undone = home
        .run(["ide", "undo", "cursor", "--yes", "--json"])
        .with_code(0);
    assert_eq!(undone.json()["action"], "undone");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), foreign);
}

#[test]
fn a_broken_file_is_named_and_left() {
    let home = Home::new(TWIN);
    let file = home.write(".cursor/mcp.json", "{\n  \"mcpServers\": {,}\n}\n");
    let refused = home
        .run(["ide", "install", "cursor", "--yes", "--json"])
        .with_code(3);
    let document = refused.json();
    assert_eq!(document["schema"], "synapse.error/1");
    assert_eq!(document["error"]["code"], "ide.file-invalid");
    assert_eq!(document["error"]["context"]["file"], file.to_str().unwrap());
    assert!(refused.stderr.contains("line 2, column"), "{refused}");
}

#[test]
fn a_client_whose_settings_are_pasted_gets_a_snippet() {
    let home = Home::new(TWIN);
    for client in ["jetbrains", "warp"] {
        let refused = home.run(["ide", "install", client, "--yes"]).with_code(2);
        assert!(
            refused.stderr.contains("error[ide.not-supported]"),
            "{refused}"
        );
        let snippet = home.run(["ide", "snippet", client]).with_code(0);
        assert_eq!(snippet.json()["mcpServers"]["synapse"]["command"], TWIN);
        assert!(
            snippet.stderr.contains("paste it into Settings"),
            "{snippet}"
        );
    }
}

#[test]
fn snippets_are_in_the_form_of_the_client() {
    let home = Home::new(TWIN);
    let of = |client: &str| {
        let words = ["ide", "snippet", client, "--connection", "work"];
        let snippet = home.run(words).with_code(0).stdout;
        home.shown(&snippet.replace(TWIN, "[TWIN]"))
    };
    insta::assert_snapshot!(of("codex"), @r#"
    [mcp_servers.synapse]
    command = "[TWIN]"
    args = ["serve", "--connection", "work"]
    env = { SYNAPSE_HOME = "[HOME]/.synapse" }
    "#);
    insta::assert_snapshot!(of("goose"), @r#"
    extensions:
      synapse:
        type: stdio
        cmd: [TWIN]
        args:
          - serve
          - "--connection"
          - work
        envs:
          SYNAPSE_HOME: [HOME]/.synapse
        name: synapse
        enabled: true
        timeout: 300
    "#);
    insta::assert_snapshot!(of("opencode"), @r#"
    {
      "mcp": {
        "synapse": {
          "type": "local",
          "command": ["[TWIN]", "serve", "--connection", "work"],
          "environment": {
            "SYNAPSE_HOME": "[HOME]/.synapse"
          },
          "enabled": true
        }
      }
    }
    "#);
    let plain: Value = home.run(["ide", "snippet"]).with_code(0).json();
    assert_eq!(plain["mcpServers"]["synapse"]["command"], TWIN);
    let document = home
        .run(["ide", "snippet", "zed", "--json"])
        .with_code(0)
        .json();
    assert_eq!(document["schema"], "synapse.ide-snippet/1");
    let inner: Value = serde_json::from_str(document["snippet"].as_str().unwrap()).unwrap();
    assert_eq!(inner["context_servers"]["synapse"]["command"], TWIN);
    // Zed has removed the member since.
    assert_eq!(inner["context_servers"]["synapse"].get("source"), None);
}

#[test]
fn links_are_printed_for_those_who_take_them() {
    let home = Home::new(TWIN);
    let document = home
        .run(["ide", "link", "cursor", "--json"])
        .with_code(0)
        .json();
    assert_eq!(document["schema"], "synapse.ide-link/1");
    let link = document["link"].as_str().unwrap();
    assert!(link.starts_with("cursor://anysphere.cursor-deeplink/mcp/install?name=synapse&"));
    let refused = home.run(["ide", "link", "codex"]).with_code(2);
    assert!(
        refused.stderr.contains("synapse ide install codex"),
        "{refused}"
    );
}

#[test]
fn arguments_that_make_no_sense_are_refused() {
    let home = Home::new(TWIN);
    for (words, code) in [
        (&["ide", "install", "emacs", "--yes"][..], 2),
        (&["ide", "install", "cursor", "--yes", "--dry-run"], 2),
        (
            &["ide", "install", "cursor", "--yes", "--scope", "world"],
            2,
        ),
        (
            &["ide", "install", "cursor", "--yes", "--project", "/no/such"],
            2,
        ),
        (
            &["ide", "install", "cursor", "--yes", "--connection", "a b"],
            3,
        ),
        (
            &["ide", "install", "windsurf", "--yes", "--scope", "project"],
            2,
        ),
        (&["ide", "check", "cursor", "--timeout", "0"], 2),
        (&["ide", "check", "cursor"], 3),
        (&["ide", "remove", "cursor", "--yes"], 3),
        (&["ide", "undo", "--yes"], 3),
    ] {
        home.run(words).with_code(code);
    }
    assert_eq!(home.files(), []);
}

/// A server for a missing connection starts and lists its tools, so only this check notices.
#[test]
fn a_connection_that_is_mistyped_is_told() {
    let home = Home::new(TWIN);
    let create = ["connection", "create", "work", "--provider", "ollama"];
    home.run(create.into_iter().chain(["--model", "m", "--offline"]))
        .with_code(0);
    let install = |name: &str| {
        let words = ["ide", "install", "cursor", "--yes", "--connection", name];
        home.run(words).with_code(0).stderr
    };
    let warning = "warning[config.not-found]: no connection is called `wrok`";
    assert!(install("wrok").contains(warning));
    assert!(!install("work").contains("warning[config.not-found]"));
}
