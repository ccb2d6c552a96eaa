//! `ide check` detects entries that fail in the client although the server starts.

use serde_json::{Value, json};
use synapse_tests::{Flags, Home, Output};

use crate::TWIN;

fn check(home: &Home, client: &str) -> Output {
    let words = ["ide", "check", client, "--json", "--timeout", "20"];
    home.twin(words).env("PATH", "/usr/bin:/bin").output()
}

fn steps(document: &Value, id: &str) -> Vec<Value> {
    let steps = document["checks"].as_array().unwrap();
    steps
        .iter()
        .filter(|step| step["id"] == id)
        .cloned()
        .collect()
}

/// A home in which Cursor has an entry with these arguments and variables.
fn with_entry(arguments: &[&str], variables: &[(&str, &str)]) -> Home {
    let home = Home::new(TWIN);
    let synapse = home.synapse().display().to_string();
    let mut environment = json!({"SYNAPSE_HOME": synapse});
    for (name, value) in variables {
        environment[*name] = json!(value);
    }
    let arguments: Vec<&str> = ["serve"].iter().chain(arguments).copied().collect();
    let entry = json!({"command": TWIN, "args": arguments, "env": environment});
    home.write(
        ".cursor/mcp.json",
        json!({"mcpServers": {"synapse": entry}}).to_string(),
    );
    home
}

/// Creates a connection, then moves its secret if a new place is given.
fn connect(home: &Home, name: &str, credential: Option<&str>) {
    let key = home.write(&format!("{name}.key"), "fake");
    let key = format!("file:{}", key.display());
    let flags = Flags::new("openai", "m", &key, "http://127.0.0.1:9/v1");
    let created = home.create(name, &flags, &["--offline", "--allow-network"]);
    created.with_code(0);
    let Some(credential) = credential else { return };
    let file = home.connections();
    let text = std::fs::read_to_string(&file).unwrap();
    let moved = text.replace(&format!("\"{key}\""), &format!("'{credential}'"));
    assert!(moved.contains(credential), "{text}");
    std::fs::remove_file(&file).unwrap();
    home.write(".synapse/connections.toml", moved);
}

#[test]
fn a_secret_that_the_client_would_not_reach() {
    for (credential, code) in [
        ("env:SOME_TOKEN", "credential.missing"),
        ("keyring:openai", "credential.store-unreachable"),
        (r#"cmd:["no-such-program"]"#, "credential.store-not-found"),
        ("op://a/b/c", "credential.store-not-found"),
        ("vault:local/openai", "credential.store-not-found"),
        ("file:/no/such/file", "credential.missing"),
    ] {
        // Set in the terminal, absent in the client.
        let nowhere = [("XDG_RUNTIME_DIR", "/nowhere")];
        let home = with_entry(&[], &nowhere);
        connect(&home, "work", Some(credential));
        let words = ["ide", "check", "cursor", "--json", "--timeout", "20"];
        let run = home
            .twin(words)
            .env("PATH", "/usr/bin:/bin")
            .env("SOME_TOKEN", "fake");
        let output = run.output();
        assert_ne!(output.code, 0, "{credential}: {output}");
        let document = output.json();
        let line = &steps(&document, "connection")[0];
        assert_eq!(line["subject"], "work");
        assert_eq!(line["error"]["code"], code, "{document}");
        assert!(
            !line["error"]["hints"].as_array().unwrap().is_empty(),
            "{document}"
        );
        // The server itself starts.
        assert_eq!(steps(&document, "tools")[0]["outcome"], "ok", "{document}");
        assert!(!output.stdout.contains("fake"));
    }
}

/// A call is refused before the secret is read, so the check is not green.
#[test]
fn a_host_that_nobody_confirmed() {
    let home = with_entry(&[], &[]);
    connect(&home, "work", None);
    let file = home.connections();
    let text = std::fs::read_to_string(&file).unwrap();
    let base_url = "base_url = \"http://127.0.0.1:9/v1\"";
    assert!(text.contains(base_url), "{text}");
    std::fs::remove_file(&file).unwrap();
    home.write(
        ".synapse/connections.toml",
        text.replace(base_url, "base_url = \"https://example.com/v1\""),
    );
    let document = check(&home, "cursor").with_code(4).json();
    assert_eq!(
        document["error"]["code"], "credential.unbound",
        "{document}"
    );
}

#[test]
fn a_secret_that_the_client_reaches() {
    let home = with_entry(&[], &[("SOME_TOKEN", "${env:SOME_TOKEN}")]);
    connect(&home, "work", Some("env:SOME_TOKEN"));
    let words = ["ide", "check", "cursor", "--json", "--timeout", "20"];
    let run = home
        .twin(words)
        .env("PATH", "/usr/bin:/bin")
        .env("SOME_TOKEN", "fake");
    let document = run.output().with_code(0).json();
    assert_eq!(
        steps(&document, "connection")[0]["outcome"],
        "ok",
        "{document}"
    );
}

#[test]
fn one_of_several_out_of_reach_is_a_warning() {
    let home = with_entry(&[], &[]);
    connect(&home, "bad", Some("env:SOME_TOKEN"));
    connect(&home, "good", None);
    let document = check(&home, "cursor").with_code(0).json();
    let lines = steps(&document, "connection");
    let outcomes: Vec<_> = lines
        .iter()
        .map(|line| (&line["subject"], &line["outcome"]))
        .collect();
    assert_eq!(
        outcomes,
        [
            (&json!("bad"), &json!("warn")),
            (&json!("good"), &json!("ok"))
        ]
    );
}

#[test]
fn an_entry_for_a_connection_that_is_not_there() {
    let home = with_entry(&["--connection", "wrok"], &[]);
    connect(&home, "work", None);
    let document = check(&home, "cursor").with_code(3).json();
    assert_eq!(document["error"]["code"], "config.not-found", "{document}");
}

#[test]
fn a_home_that_only_the_terminal_has() {
    let home = with_entry(&[], &[("SYNAPSE_HOME", "/nowhere/else")]);
    let document = check(&home, "cursor").with_code(0).json();
    let line = &steps(&document, "connection")[0];
    assert_eq!(line["outcome"], "warn", "{document}");
    let command = line["error"]["hints"][0]["command"].as_str().unwrap();
    assert_eq!(
        command,
        "synapse ide install cursor --pass-env SYNAPSE_HOME"
    );
    // The remedy fixes exactly this.
    let words = command
        .split(' ')
        .skip(1)
        .chain(["--yes"])
        .collect::<Vec<_>>();
    home.run(words).with_code(0);
    let document = check(&home, "cursor").with_code(0).json();
    assert_eq!(
        steps(&document, "connection")[0]["outcome"],
        "ok",
        "{document}"
    );
}

#[test]
fn a_tool_that_does_not_exist() {
    let home = with_entry(&["--tools", "usage,prmpt"], &[]);
    let document = check(&home, "cursor").with_code(2).json();
    assert_eq!(document["error"]["code"], "usage.invalid-arguments");
    assert!(
        document["error"].to_string().contains("--tools"),
        "{document}"
    );
}

#[test]
fn an_entry_that_the_client_does_not_load() {
    let home = Home::new(TWIN);
    let project = home.path().join("project");
    std::fs::create_dir(&project).unwrap();
    let place = project.to_str().unwrap();
    let projects = json!({place: {"mcpServers": {"synapse": {"command": "npx", "args": ["x"]}}}});
    home.write(
        ".claude.json",
        json!({"mcpServers": {}, "projects": projects}).to_string(),
    );
    home.write(
        ".gemini/settings.json",
        json!({"mcp": {"excluded": ["synapse"]}}).to_string(),
    );
    for (client, says) in [
        ("claude-code", "for the project"),
        ("gemini", "mcp.excluded"),
    ] {
        let place = ["--scope", "user", "--project", place];
        let install = [&["ide", "install", client, "--yes"][..], &place].concat();
        let installed = home.run(install).with_code(0);
        assert!(installed.stderr.contains(says), "{installed}");
        let check = [&["ide", "check", client, "--json"][..], &place].concat();
        let document = home.run(check).with_code(3).json();
        assert_eq!(document["error"]["code"], "ide.not-loaded", "{document}");
        assert!(document["error"].to_string().contains(says), "{document}");
        assert!(!document["error"]["hints"].as_array().unwrap().is_empty());
    }
}

#[test]
fn all_files_of_a_client_are_cleared() {
    let home = Home::new(TWIN);
    home.write(".config/opencode/opencode.json", "{}");
    home.run(["ide", "install", "opencode", "--yes"])
        .with_code(0);
    let text = std::fs::read_to_string(home.path().join(".config/opencode/opencode.json")).unwrap();
    home.write(".config/opencode/opencode.jsonc", &text);
    let listed = home.run(["ide", "list"]).with_code(0);
    assert_eq!(listed.stdout.matches("current").count(), 2, "{listed}");
    let removed = ["ide", "remove", "opencode", "--yes", "--json"];
    let document = home.run(removed).with_code(0).json();
    assert_eq!(document["also"].as_array().unwrap().len(), 1, "{document}");
    let listed = home.run(["ide", "list"]).with_code(0);
    assert_eq!(listed.stdout.matches("current").count(), 0, "{listed}");
}
