//! `synapse hub`: from an entry to a call, and refusals on the way. The upstream is the twin
//! itself, which is an MCP server too.

use serde_json::{Value, json};
use synapse_tests::{Home, Output};

use crate::{TWIN, write};

/// A home with the twin as the upstream `self`, which has its own home.
fn with_upstream() -> Home {
    let home = Home::new(TWIN);
    let other = format!("SYNAPSE_HOME={}", home.path().join("other").display());
    let words = [
        "hub",
        "add",
        "self",
        "--env",
        &other,
        "--",
        TWIN,
        "serve",
        "--read-only",
    ];
    home.run(words).with_code(0);
    home
}

fn approved() -> Home {
    let home = with_upstream();
    home.run(["hub", "approve", "self", "--yes"]).with_code(0);
    home
}

fn file(home: &Home) -> std::path::PathBuf {
    home.synapse().join("mcp-servers.json")
}

fn state(home: &Home) -> String {
    let document = home.run(["hub", "status", "--json"]).json();
    document["servers"][0]["state"].as_str().unwrap().to_owned()
}

fn error_code(output: &Output) -> String {
    output.json()["error"]["code"].as_str().unwrap().to_owned()
}

/// The child processes of the approved server.
fn processes(home: &Home) -> Vec<Value> {
    let document = home.run(["hub", "ps", "--json"]).with_code(0).json();
    document["processes"].as_array().unwrap().clone()
}

#[test]
fn nothing_runs_before_it_was_looked_at() {
    let home = with_upstream();
    let output = home.run(["hub", "call", "self", "usage", "--json"]);
    assert_eq!(error_code(&output), "upstream.not-approved");
    assert_eq!(output.code, 11);
    // The upstream has not even created its directory.
    assert!(!home.path().join("other").exists());
    assert_eq!(state(&home), "not-approved");
}

#[test]
fn approval_shows_the_exact_command_and_pins_the_tools() {
    let home = with_upstream();
    let output = home.run(["hub", "approve", "self", "--yes"]).with_code(0);
    for shown in [
        TWIN,
        "argument 1",
        "serve",
        "--read-only",
        "SYNAPSE_HOME",
        "usage",
        "history",
    ] {
        assert!(output.stdout.contains(shown), "{shown}: {output}");
    }
    let tools = home
        .run(["hub", "tools", "self", "--json"])
        .with_code(0)
        .json();
    let names: Vec<&str> = tools["tools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| tool["name"].as_str().unwrap())
        .collect();
    assert!(names.contains(&"usage"), "{names:?}");
    assert!(!names.contains(&"chat"), "{names:?}");
    assert_eq!(
        tools["tools"][0]["offered_as"]
            .as_str()
            .unwrap()
            .split("__")
            .next(),
        Some("self")
    );
    assert_eq!(state(&home), "approved");
    assert_eq!(processes(&home), [json!(null); 0]);
}

/// A program takes its credentials from its environment: there is nothing to log in to.
#[test]
fn a_program_has_no_login() {
    let home = approved();
    let output = home.run(["hub", "login", "self", "--yes", "--json"]);
    assert_ne!(output.code, 0, "{output}");
    assert!(error_code(&output).starts_with("upstream."), "{output}");
    assert!(output.stdout.contains("program"), "{output}");
    assert_eq!(processes(&home), [json!(null); 0]);
}

#[test]
fn a_call_gives_the_result_and_leaves_a_row_without_its_arguments() {
    let home = approved();
    let arguments = r#"{"by": "model"}"#;
    let output = home
        .run(["hub", "call", "self", "usage", arguments, "--json"])
        .with_code(0);
    let document = output.json();
    assert_eq!(document["schema"], "synapse.hub-call/1");
    assert_eq!(document["result"]["structuredContent"]["by"], "model");
    let rows = home.history_of(["--server", "self", "--kind", "call"]);
    assert_eq!(rows.len(), 1, "{rows:?}");
    let row = &rows[0];
    assert_eq!(row["tool"], "usage");
    assert_eq!(row["outcome"], "ok");
    assert_eq!(row["hub"]["transport"], "stdio");
    assert_eq!(row["hub"]["may_have_run"], true);
    assert_eq!(row["attempts"], 1);
    assert!(row["bytes_in"].as_u64().unwrap() > 0, "{row}");
    assert!(!row.to_string().contains("\"model\""), "{row}");
    let usage = home
        .run(["usage", "--by", "tool", "--json"])
        .with_code(0)
        .json();
    assert_eq!(usage["lines"][0]["key"], "self/usage");
    for sum in ["prompt_tokens", "completion_tokens", "cost_nano_usd"] {
        assert_eq!(usage["lines"][0][sum], Value::Null, "{sum}");
        assert_eq!(usage["total"][sum], Value::Null, "{sum}");
    }
    let verified = home
        .run(["history", "verify", "--json"])
        .with_code(0)
        .json();
    assert_eq!(verified["ok"], true);
}

#[test]
fn a_tool_that_fails_makes_the_command_fail() {
    let home = approved();
    let output = home.run([
        "hub",
        "call",
        "self",
        "history",
        r#"{"limit": "no number"}"#,
        "--json",
    ]);
    assert_ne!(output.code, 0);
    let rows = home.history_of(["--server", "self", "--kind", "call"]);
    assert_eq!(rows[0]["outcome"], "error", "{rows:?}");
    assert_eq!(rows[0]["hub"]["may_have_run"], true);
    let missing = home.run(["hub", "call", "self", "no_such_tool", "--json"]);
    assert_eq!(missing.json()["error"]["code"], "upstream.tool-denied");
    // It was not started for it.
    assert_eq!(
        home.history_of(["--server", "self", "--kind", "call"]),
        rows
    );
    let text = home.run(["hub", "call", "self", "usage", "not json"]);
    assert_eq!(text.code, 2);
}

#[test]
fn what_is_to_be_done_about_another_configuration_names_it() {
    let home = with_upstream();
    let file = file(&home).display().to_string();
    let output = home.run(["hub", "call", "self", "usage", "--json", "--config", &file]);
    assert_eq!(error_code(&output), "upstream.not-approved");
    let error = output.json()["error"].to_string();
    let command = format!("synapse hub approve self --config {file}");
    assert!(error.contains(&command), "{error}");
}

#[test]
fn a_change_of_the_command_is_refused_until_it_is_looked_at_again() {
    let home = approved();
    let text = std::fs::read_to_string(file(&home)).unwrap();
    let edited = text.replace("--read-only", "--tools=usage");
    assert_ne!(text, edited);
    write(&file(&home), &edited);
    assert_eq!(state(&home), "changed");
    let output = home.run(["hub", "call", "self", "usage", "--json"]);
    assert_eq!(error_code(&output), "upstream.changed");
    write(&file(&home), &text);
    home.run(["hub", "call", "self", "usage"]).with_code(0);
}

#[test]
fn a_script_has_to_say_yes() {
    let home = with_upstream();
    let output = home.run(["hub", "approve", "self", "--json"]);
    assert_eq!(
        (output.code, error_code(&output).as_str()),
        (2, "usage.invalid-arguments")
    );
    assert_eq!(state(&home), "not-approved");
}

#[test]
fn a_broken_server_fails_alone() {
    let home = approved();
    let text = std::fs::read_to_string(file(&home)).unwrap();
    let with_broken = text.replacen('{', r#"{"broken": {"command": 5}, "#, 2);
    let inner = with_broken.replacen(r#"{"broken": {"command": 5}, "#, "{", 1);
    write(&file(&home), &inner);
    let output = home.run(["hub", "validate", "--json"]);
    assert_eq!(output.code, 3, "{output}");
    let document = output.json();
    assert_eq!(document["ok"], false);
    let states: Vec<&str> = document["servers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|server| server["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["broken", "valid"]);
    home.run(["hub", "call", "self", "usage"]).with_code(0);
}

/// As curl and other clients write it.
#[test]
fn a_header_is_taken_with_a_colon_too() {
    let home = Home::new(TWIN);
    for (server, header) in [("one", "X-Key=${A_KEY}"), ("two", "X-Key: ${A_KEY}")] {
        home.run([
            "hub",
            "add",
            server,
            "https://mcp.test/mcp",
            "--header",
            header,
        ])
        .with_code(0);
    }
    let text = std::fs::read_to_string(file(&home)).unwrap();
    let servers: Value = serde_json::from_str(&text).unwrap();
    let servers = servers.get("mcpServers").unwrap_or(&servers);
    assert_eq!(servers["one"], servers["two"]);
    assert_eq!(servers["two"]["headers"], json!({"X-Key": "${A_KEY}"}));
}

/// Lists the reasons for which an approval would fail.
#[test]
fn the_status_of_a_server_that_nobody_approved_names_what_it_lacks() {
    let home = with_upstream();
    home.run(["hub", "add", "broken", "--", "/no/such/program"])
        .with_code(0);
    home.run([
        "hub",
        "add",
        "waiting",
        "https://mcp.test/mcp",
        "--header",
        "X-Key: ${NO_SUCH}",
    ])
    .with_code(0);
    let status = home.run(["hub", "status", "--json"]).with_code(0).json();
    let causes: Vec<String> = status["servers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|server| server["error"]["causes"].to_string())
        .collect();
    assert!(!causes[0].contains("not found"), "{causes:?}");
    assert!(
        causes[1].contains("`/no/such/program` is not found"),
        "{causes:?}"
    );
    assert!(
        causes[2].contains("`NO_SUCH`, which is not set"),
        "{causes:?}"
    );
}

#[test]
fn an_entry_whose_variables_are_set_elsewhere_is_valid() {
    let home = Home::new(TWIN);
    let entry = json!({"hf-transformers": {
        "type": "streamable-http", "url": "https://huggingface.co/mcp",
        "headers": {"Authorization": "Bearer ${HF_TOKEN}"},
        "env": {"HF_TOKEN": "${HF_TOKEN}", "HF_CLIENT_ID": "${HF_CLIENT_ID}"},
        "disabled": false, "note": "Hugging Face",
    }});
    home.write(".synapse/mcp-servers.json", entry.to_string());
    let document = home.run(["hub", "validate", "--json"]).with_code(0).json();
    let server = &document["servers"][0];
    assert_eq!(server["state"], "valid");
    assert_eq!(server["warnings"][0]["code"], "config.unresolved-variable");
    let set = home
        .twin(["hub", "validate", "--json"])
        .env("HF_TOKEN", "fake");
    assert_eq!(
        set.output().with_code(0).json()["servers"][0]["warnings"],
        json!([])
    );
}

#[test]
fn a_valid_entry_says_in_its_line_what_is_doubtful_about_it() {
    let home = Home::new(TWIN);
    let servers = json!({
        "fine": {"command": TWIN, "args": ["serve"]},
        "lost": {"command": "no-such-program-here"},
        "newest": {"command": TWIN, "args": ["serve"], "alwaysAllow": [], "colour": "red"},
    });
    home.write(".synapse/mcp-servers.json", servers.to_string());
    let output = home.run(["hub", "validate"]).with_code(0);
    let lines: Vec<&str> = output.stdout.lines().collect();
    assert_eq!(lines[0], "fine  ok");
    assert!(lines[1].starts_with("lost  ok, but "), "{output}");
    assert!(lines[1].contains("no-such-program-here"), "{output}");
    assert!(lines[2].starts_with("newest  ok, but "), "{output}");
    assert!(lines[2].contains("colour"), "{output}");
    assert!(output.stderr.contains("warning["), "{output}");
}

#[test]
fn another_file_has_approvals_of_its_own() {
    let home = approved();
    let other = home.path().join("other.json");
    std::fs::copy(file(&home), &other).unwrap();
    let config = other.to_str().unwrap();
    let words = ["hub", "call", "--config", config, "self", "usage", "--json"];
    let output = home.run(words);
    assert_eq!(error_code(&output), "upstream.not-approved");
    home.run(["hub", "approve", "self", "--yes", "--config", config])
        .with_code(0);
    home.run(words).with_code(0);
}

#[test]
fn no_variable_of_ours_reaches_a_child_that_did_not_declare_it() {
    let home = approved();
    let output = home
        .twin(["hub", "env", "self", "--explain", "--json"])
        .env("SSH_AUTH_SOCK", "/tmp/agent")
        .env("PATH", "/usr/bin:/bin")
        .output()
        .with_code(0);
    let document = output.json();
    let names: Vec<&str> = document["variables"]
        .as_array()
        .unwrap()
        .iter()
        .map(|variable| variable["name"].as_str().unwrap())
        .collect();
    assert!(
        names.contains(&"HOME") && names.contains(&"SYNAPSE_HOME"),
        "{names:?}"
    );
    assert!(!names.contains(&"SSH_AUTH_SOCK"), "{names:?}");
}

#[test]
fn a_secret_of_another_client_is_not_copied() {
    let home = Home::new(TWIN);
    let token = ["hf_", &"a1B2c3D4e5".repeat(4)[..34]].concat();
    let entry = json!({"mcpServers": {
        "hub": {"url": "https://a.example/mcp", "headers": {"Authorization": format!("Bearer {token}")}},
        "argued": {"command": "x", "args": [token]},
        "synapse": {"command": "synapse", "args": ["serve"]},
    }});
    home.write(".cursor/mcp.json", entry.to_string());
    let output = home.run(["hub", "import", "cursor", "--json"]).with_code(0);
    assert!(!output.to_string().contains(&token));
    let document = output.json();
    let changes = document["changes"].as_array().unwrap();
    assert_eq!(changes.len(), 2, "{document}");
    let text = std::fs::read_to_string(file(&home)).unwrap();
    assert!(
        text.contains("Bearer ${keyring:hub-authorization}"),
        "{text}"
    );
    assert!(!text.contains(&token));
    let argued = changes
        .iter()
        .find(|change| change["server"] == "argued")
        .unwrap();
    assert_eq!(argued["error"]["code"], "config.secret-in-argv");
}

#[test]
fn a_token_on_the_command_line_is_refused() {
    let home = Home::new(TWIN);
    let token = ["hf_", &"a1B2c3D4e5".repeat(4)[..34]].concat();
    let header = format!("Authorization=Bearer {token}");
    let output = home.run([
        "hub",
        "add",
        "hf",
        "https://a.example/mcp",
        "--header",
        &header,
    ]);
    assert_eq!(output.code, 4, "{output}");
    assert!(!output.to_string().contains(&token));
    assert!(!file(&home).exists());
}

#[test]
fn removing_a_server_takes_its_approval_with_it() {
    let home = approved();
    home.run(["hub", "remove", "self"]).with_code(0);
    let list = home.run(["hub", "list", "--json"]).with_code(0).json();
    assert_eq!(list["servers"], json!([]));
    let other = format!("SYNAPSE_HOME={}", home.path().join("other").display());
    home.run([
        "hub",
        "add",
        "self",
        "--env",
        &other,
        "--",
        TWIN,
        "serve",
        "--read-only",
    ])
    .with_code(0);
    assert_eq!(state(&home), "not-approved");
}

#[test]
fn a_program_that_is_no_server_says_so_and_its_last_words_are_kept() {
    let home = Home::new(TWIN);
    let words = [
        "hub",
        "add",
        "bad",
        "--",
        "/bin/sh",
        "-c",
        "echo sorry >&2; exit 3",
    ];
    home.run(words).with_code(0);
    let output = home.run(["hub", "approve", "bad", "--yes", "--json"]);
    assert_eq!(output.code, 11, "{output}");
    assert!(error_code(&output).starts_with("upstream."), "{output}");
    assert_eq!(state(&home), "not-approved");
    let log = home
        .run(["hub", "log", "bad", "--json"])
        .with_code(0)
        .json();
    assert!(log["lines"].to_string().contains("sorry"), "{log}");
    let preflight = home.run(["hub", "preflight", "bad", "--json"]);
    assert_eq!(preflight.code, 11, "{preflight}");
    assert_eq!(preflight.json()["ok"], false);
}

#[test]
fn approving_what_is_not_there_names_what_is() {
    let home = Home::new(TWIN);
    let none = home.run(["hub", "approve", "--all"]).with_code(0);
    assert!(none.stderr.contains("no servers in"), "{none}");
    let home = with_upstream();
    let unknown = home.run(["hub", "approve", "slef"]).with_code(3);
    assert!(unknown.stderr.contains("config.not-found"), "{unknown}");
    assert!(unknown.stderr.contains("did you mean `self`?"), "{unknown}");
}
