//! One command configures each client, which then sees the tools.

use serde_json::{Value, json};
use synapse_tests::{Era, Flags, Home, Ide};

use crate::TWIN;

/// The clients with a configuration file on this system.
const WITH_FILES: [(&str, &[&str]); 20] = [
    ("claude-desktop", &["user"]),
    ("claude-code", &["user", "project"]),
    ("vscode", &["user", "project"]),
    ("vscode-insiders", &["user", "project"]),
    ("vscodium", &["user", "project"]),
    ("cursor", &["user", "project"]),
    ("windsurf", &["user"]),
    ("devin", &["user", "project"]),
    ("zed", &["user", "project"]),
    ("codex", &["user", "project"]),
    ("gemini", &["user", "project"]),
    ("cline", &["user"]),
    ("roo", &["user", "project"]),
    ("continue", &["user", "project"]),
    ("lm-studio", &["user"]),
    ("goose", &["user"]),
    ("opencode", &["user", "project"]),
    ("kiro", &["user", "project"]),
    ("copilot-cli", &["user", "project"]),
    ("crush", &["user", "project"]),
];

const SDK: [&str; 6] = ["HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER"];

#[test]
fn install_check_and_remove_for_every_client() {
    for (client, scopes) in WITH_FILES {
        for scope in scopes {
            let home = Home::new(TWIN);
            home.write("project/README.md", "mine\n");
            let before = files(&home);
            let project = home.path().join("project");
            let project = project.to_str().unwrap();
            let place = ["--scope", scope, "--project", project, "--json"];
            let run = |words: &[&str]| {
                let words = words.iter().chain(&place);
                let mut twin = home.twin(words).env("SECRET_TOKEN", "not-for-a-server");
                for name in SDK.into_iter().filter(|name| *name != "HOME") {
                    twin = twin.env(name, "/usr/bin");
                }
                twin.env("LANG", "C").output().with_code(0).json()
            };
            let installed = run(&["ide", "install", client, "--yes"]);
            assert_eq!(installed["schema"], "synapse.ide-change/1");
            assert_eq!(installed["action"], "created", "{installed}");
            assert_eq!(installed["scope"], *scope);

            let check = run(&["ide", "check", client]);
            assert_eq!(check["schema"], "synapse.ide-check/1");
            assert_eq!(check["ok"], true, "{check}");
            for step in check["checks"].as_array().unwrap() {
                assert_eq!(step["outcome"], "ok", "{client} {scope}: {check}");
            }
            assert_eq!(check["server"]["name"], "synapse");
            let tools = check["tools"].as_array().unwrap();
            assert!(tools.contains(&json!("chat")), "{check}");
            let mut expected: Vec<&str> = match client {
                "copilot-cli" => vec!["PATH"],
                "codex" => SDK.into_iter().chain(["LANG"]).collect(),
                _ => SDK.to_vec(),
            };
            expected.push("SYNAPSE_HOME");
            expected.sort_unstable();
            assert_eq!(check["variables"], json!(expected), "{client}");

            let again = run(&["ide", "install", client, "--yes"]);
            assert_eq!(again["action"], "unchanged", "{again}");
            let removed = run(&["ide", "remove", client, "--yes"]);
            assert_eq!(removed["action"], "removed", "{removed}");
            assert_eq!(files(&home), before, "{client} {scope}");
        }
    }
}

/// The user's files, without those of Synapse.
fn files(home: &Home) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut files = home.files();
    files.retain(|(path, _)| !path.starts_with(home.synapse()));
    files.sort();
    files
}

#[test]
fn the_list_says_what_is_where() {
    let home = Home::new(TWIN);
    home.run(["ide", "install", "cursor", "--yes"]).with_code(0);
    home.write(
        ".codex/config.toml",
        "[mcp_servers.synapse]\ncommand = \"x\"\n",
    );
    home.write(".config/zed/settings.json", "{");
    home.write(
        ".kiro/settings/mcp.json",
        r#"{"mcpServers": {"synapse": {"command": "/old/synapse", "args": ["serve"]}}}"#,
    );
    let listed = home.run(["ide", "list", "--json"]).with_code(0).json();
    assert_eq!(listed["schema"], "synapse.ide/1");
    let clients = listed["clients"].as_array().unwrap();
    assert_eq!(clients.len(), 23);
    let of = |id: &str| -> Value {
        let found = clients.iter().find(|client| client["client"] == id);
        found.unwrap().clone()
    };
    for (id, detected, state) in [
        ("cursor", true, "current"),
        ("codex", true, "foreign"),
        ("zed", true, "broken"),
        ("kiro", true, "stale"),
        ("windsurf", false, "no-file"),
    ] {
        let client = of(id);
        assert_eq!(client["detected"], detected, "{client}");
        assert_eq!(client["files"][0]["state"], state, "{client}");
    }
    assert_eq!(of("zed")["files"][0]["error"]["code"], "ide.file-invalid");
    assert_eq!(of("jetbrains")["files"], json!([]));
    assert_eq!(of("visual-studio")["files"], json!([]));
    let shown = home.run(["ide", "list", "--all"]).with_code(0);
    assert!(shown.stdout.contains("not here"), "{shown}");
    let order = ["cursor ", "zed ", "windsurf "].map(|id| shown.stdout.find(id).unwrap());
    assert!(order.is_sorted(), "found ones come first: {shown}");
    let shown = home.run(["ide", "list"]).with_code(0);
    assert!(!shown.stdout.contains("windsurf"), "{shown}");
    assert!(shown.stderr.contains("synapse ide list --all"), "{shown}");
    assert!(
        shown.stderr.contains("warning[ide.file-invalid]"),
        "{shown}"
    );
}

#[test]
fn a_connection_made_in_the_shell_is_seen_through_the_entry() {
    let home = Home::new(TWIN);
    let credential = home.credential("fake");
    let flags = Flags::new(
        "openai",
        "gpt-4.1-mini",
        &credential,
        "http://127.0.0.1:9/v1",
    );
    home.create("work", &flags, &["--offline"]).with_code(0);
    home.run(["ide", "install", "cursor", "--yes"]).with_code(0);
    let text = std::fs::read_to_string(home.path().join(".cursor/mcp.json")).unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    let entry = &file["mcpServers"]["synapse"];
    let arguments = entry["args"].as_array().unwrap();
    let arguments = arguments.iter().map(|word| word.as_str().unwrap());
    let command = std::path::Path::new(entry["command"].as_str().unwrap());
    let mut run = synapse_tests::process::Run::new(command, arguments);
    for (name, value) in entry["env"].as_object().unwrap() {
        run = run.env(name, value.as_str().unwrap());
    }
    let mut ide = Ide::connect(run, Era::Legacy);
    let listed = ide.call("list_connections", json!({}));
    assert_eq!(
        listed["structuredContent"]["connections"][0]["name"],
        "work"
    );
    assert!(ide.close().status.success());
}

#[test]
fn without_a_home_of_its_own_the_entry_has_no_environment() {
    let home = Home::new(TWIN);
    let install = ["ide", "install", "codex", "--yes", "--connection", "work"];
    home.twin(install)
        .without("SYNAPSE_HOME")
        .output()
        .with_code(0);
    let text = std::fs::read_to_string(home.path().join(".codex/config.toml")).unwrap();
    assert_eq!(
        text.replace(TWIN, "[TWIN]"),
        "[mcp_servers.synapse]\ncommand = \"[TWIN]\"\nargs = [\"serve\", \"--connection\", \"work\"]\n"
    );
    let state = home.twin(["ide", "list", "--json"]).without("SYNAPSE_HOME");
    let listed = state.output().json();
    let clients = listed["clients"].as_array().unwrap();
    let codex = clients.iter().find(|client| client["client"] == "codex");
    assert_eq!(codex.unwrap()["files"][0]["state"], "current");
}
