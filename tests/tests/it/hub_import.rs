//! `synapse hub import` from a file of each client, in the form that client writes.

use serde_json::{Value, json};
use synapse_tests::Home;

use crate::TWIN;

/// A client's file with a local and a remote server; `@@` is a token that is written out.
struct Theirs {
    client: &'static str,
    file: &'static str,
    text: &'static str,
    /// The names and entries in our file.
    ours: fn() -> Value,
}

const TABLE: &[Theirs] = &[
    Theirs {
        client: "claude-desktop",
        file: ".config/Claude/claude_desktop_config.json",
        text: r#"{"globalShortcut": "", "mcpServers": {"synapse": {"command": "synapse", "args": ["serve"]},
            "github": {"command": "sh", "args": ["-c", "x"], "env": {"GITHUB_TOKEN": "@@", "TZ": "UTC"}}}}"#,
        ours: || {
            json!({"github": {"command": "sh", "args": ["-c", "x"],
            "env": {"GITHUB_TOKEN": "${keyring:github-github-token}", "TZ": "UTC"}}})
        },
    },
    Theirs {
        client: "claude-code",
        file: ".claude.json",
        text: r#"{"numStartups": 7, "mcpServers": {"docs": {"type": "http", "url": "https://docs.example/mcp",
            "headers": {"Authorization": "Bearer ${DOCS_TOKEN}"}}},
            "projects": {"PROJECT": {"mcpServers": {"here": {"type": "stdio", "command": "sh", "args": [],
                "env": {"KEY": "${KEY:-none}"}}}},
              "/somewhere/else": {"mcpServers": {"there": {"command": "sh"}}}}}"#,
        ours: || {
            json!({
            "here": {"type": "stdio", "command": "sh", "args": [], "env": {"KEY": "${KEY:-none}"}},
            "docs": {"type": "http", "url": "https://docs.example/mcp",
                "headers": {"Authorization": "Bearer ${DOCS_TOKEN}"}}})
        },
    },
    Theirs {
        client: "vscode",
        file: ".config/Code/User/mcp.json",
        text: r#"{
            // asked once
            "inputs": [{"type": "promptString", "id": "perplexity-key", "description": "key", "password": true}],
            "servers": {
                "perplexity": {"type": "stdio", "command": "sh", "args": ["--root", "${workspaceFolder}", "${userHome}/x"],
                    "env": {"PERPLEXITY_API_KEY": "${input:perplexity-key}"}, "envFile": "${workspaceFolder}/.env"},
                "io.github.github/github-mcp-server": {"type": "http", "url": "https://api.example/mcp/",
                    "headers": {"Authorization": "Bearer @@"}, "gallery": "https://g.example", "version": "1.0"},
            }
        }"#,
        ours: || {
            json!({
            "perplexity": {"type": "stdio", "command": "sh", "args": ["--root", "${workspaceFolder}", "${HOME}/x"],
                "env": {"PERPLEXITY_API_KEY": "${PERPLEXITY_KEY}"}, "envFile": "PROJECT/.env"},
            "io.github.github-github-mcp-server": {"type": "http", "url": "https://api.example/mcp/",
                "headers": {"Authorization": "Bearer ${keyring:io.github.github-github-mcp-server-authorization}"},
                "gallery": "https://g.example", "version": "1.0"}})
        },
    },
    Theirs {
        client: "vscode-insiders",
        file: ".config/Code - Insiders/User/mcp.json",
        text: r#"{"servers": {"one": {"type": "http", "url": "https://one.example/mcp"}}}"#,
        ours: || json!({"one": {"type": "http", "url": "https://one.example/mcp"}}),
    },
    Theirs {
        client: "vscodium",
        file: ".config/VSCodium/User/mcp.json",
        text: r#"{"servers": {"one": {"type": "stdio", "command": "sh", "env": {"A": "${env:A}"}}}}"#,
        ours: || json!({"one": {"type": "stdio", "command": "sh", "env": {"A": "${env:A}"}}}),
    },
    Theirs {
        client: "cursor",
        file: ".cursor/mcp.json",
        text: r#"{"mcpServers": {
            "Figma Desktop": {"url": "http://127.0.0.1:3845/mcp"},
            "db": {"command": "sh", "args": ["--url", "${env:DB_URL}"], "env": {"DB_PASSWORD": "fake pass"}},
            "app": {"url": "https://app.example/mcp", "auth": {"CLIENT_ID": "abc", "CLIENT_SECRET": "fake-secret", "scopes": ["read"]}}}}"#,
        ours: || {
            json!({
            "Figma-Desktop": {"url": "http://127.0.0.1:3845/mcp"},
            "db": {"command": "sh", "args": ["--url", "${env:DB_URL}"],
                "env": {"DB_PASSWORD": "fake ${keyring:db-db-password}"}},
            "app": {"url": "https://app.example/mcp", "auth": {"CLIENT_ID": "abc",
                "CLIENT_SECRET": "${keyring:app-client-secret}", "scopes": ["read"]}}})
        },
    },
    Theirs {
        client: "windsurf",
        file: ".codeium/windsurf/mcp_config.json",
        text: r#"{"mcpServers": {"far": {"serverUrl": "https://far.example/mcp", "headers": {"API_KEY": "Bearer ${file:/etc/far.token}"}},
            "near": {"command": "sh", "args": [], "env": {}, "disabled": true, "disabledTools": ["drop"]}}}"#,
        ours: || {
            json!({
            "far": {"serverUrl": "https://far.example/mcp", "headers": {"API_KEY": "Bearer ${file:/etc/far.token}"}},
            "near": {"command": "sh", "args": [], "env": {}, "disabled": true, "disabledTools": ["drop"]}})
        },
    },
    Theirs {
        client: "devin",
        file: ".config/devin/mcp_config.json",
        text: r#"{"mcpServers": {"far": {"serverUrl": "https://far.example/mcp", "headers": {"Authorization": "Bearer @@"}}}}"#,
        ours: || {
            json!({"far": {"serverUrl": "https://far.example/mcp",
            "headers": {"Authorization": "Bearer ${keyring:far-authorization}"}}})
        },
    },
    Theirs {
        client: "zed",
        file: ".config/zed/settings.json",
        text: r#"{
            // the editor
            "theme": "One",
            "context_servers": {
                "local": {"source": "custom", "enabled": true, "command": "sh", "args": ["x"], "env": {"A_TOKEN": "@@"}},
                "remote": {"url": "https://r.example/mcp", "headers": {"Authorization": "Bearer @@"}},
            },
        }"#,
        ours: || {
            json!({
            "local": {"source": "custom", "enabled": true, "command": "sh", "args": ["x"],
                "env": {"A_TOKEN": "${keyring:local-a-token}"}},
            "remote": {"url": "https://r.example/mcp", "headers": {"Authorization": "Bearer ${keyring:remote-authorization}"}}})
        },
    },
    Theirs {
        client: "codex",
        file: ".codex/config.toml",
        text: r#"model = "gpt"

            [mcp_servers.local]
            command = "sh"
            args = ["x"]
            env = { A = "1", A_TOKEN = "@@" }
            env_vars = ["B_TOKEN", { name = "C", source = "local" }]
            startup_timeout_sec = 20

            [mcp_servers.remote]
            url = "https://r.example/mcp"
            bearer_token_env_var = "R_TOKEN"
            http_headers = { "X-Region" = "eu", "X-Api-Key" = "@@" }
            env_http_headers = { "X-Team" = "TEAM" }
            enabled_tools = ["read"]
        "#,
        ours: || {
            json!({
            "local": {"command": "sh", "args": ["x"], "startup_timeout_sec": 20,
                "env": {"A": "1", "A_TOKEN": "${keyring:local-a-token}", "B_TOKEN": "${B_TOKEN}", "C": "${C}"}},
            "remote": {"url": "https://r.example/mcp", "bearer_token_env_var": "R_TOKEN",
                "http_headers": {"X-Region": "eu", "X-Api-Key": "${keyring:remote-x-api-key}"},
                "env_http_headers": {"X-Team": "TEAM"}, "enabled_tools": ["read"]}})
        },
    },
    Theirs {
        client: "gemini",
        file: ".gemini/settings.json",
        text: r#"{"ui": {"theme": "x"}, "mcpServers": {
            "local": {"command": "sh", "args": ["--key", "$A_KEY"], "env": {"A_KEY": "$A_KEY", "B": "${B}"}, "timeout": 5000, "trust": false},
            "remote": {"httpUrl": "https://r.example/mcp", "headers": {"Authorization": "Bearer $R_TOKEN"}, "includeTools": ["read"]}}}"#,
        ours: || {
            json!({
            "local": {"command": "sh", "args": ["--key", "${A_KEY}"], "env": {"A_KEY": "${A_KEY}", "B": "${B}"},
                "timeout": 5000, "trust": false},
            "remote": {"httpUrl": "https://r.example/mcp", "headers": {"Authorization": "Bearer ${R_TOKEN}"}, "includeTools": ["read"]}})
        },
    },
    Theirs {
        client: "cline",
        file: ".cline/data/settings/cline_mcp_settings.json",
        text: r#"{"mcpServers": {
            "local": {"command": "sh", "args": [], "env": {"API_KEY": "fake-key"}, "disabled": false, "autoApprove": ["x"], "timeout": 60},
            "remote": {"type": "streamableHttp", "url": "https://r.example/mcp"}}}"#,
        ours: || {
            json!({
            "local": {"command": "sh", "args": [], "env": {"API_KEY": "${keyring:local-api-key}"}, "disabled": false,
                "autoApprove": ["x"], "timeout": 60},
            "remote": {"type": "streamableHttp", "url": "https://r.example/mcp"}})
        },
    },
    Theirs {
        client: "roo",
        file: ".config/Code/User/globalStorage/rooveterinaryinc.roo-cline/settings/mcp_settings.json",
        text: r#"{"mcpServers": {
            "local": {"command": "sh", "args": ["x"], "cwd": "/tmp", "env": {"A_TOKEN": "${env:A_TOKEN}"}, "alwaysAllow": ["x"],
                "disabledTools": ["y"], "watchPaths": ["/x"], "timeout": 60},
            "remote": {"type": "streamable-http", "url": "https://r.example/mcp", "headers": {"x-key": "@@"}}}}"#,
        ours: || {
            json!({
            "local": {"command": "sh", "args": ["x"], "cwd": "/tmp", "env": {"A_TOKEN": "${env:A_TOKEN}"}, "alwaysAllow": ["x"],
                "disabledTools": ["y"], "watchPaths": ["/x"], "timeout": 60},
            "remote": {"type": "streamable-http", "url": "https://r.example/mcp", "headers": {"x-key": "${keyring:remote-x-key}"}}})
        },
    },
    Theirs {
        client: "continue",
        file: ".continue/config.yaml",
        text: "name: mine\nversion: 0.0.1\nmcpServers:\n  # both\n  - name: My Local\n    command: sh\n    args:\n      - x\n    \
               env:\n      A_KEY: ${{ secrets.A_KEY }}\n  - name: remote\n    type: streamable-http\n    url: https://r.example/mcp\n",
        ours: || {
            json!({
            "My-Local": {"command": "sh", "args": ["x"], "env": {"A_KEY": "${A_KEY}"}},
            "remote": {"type": "streamable-http", "url": "https://r.example/mcp"}})
        },
    },
    Theirs {
        client: "continue",
        file: ".continue/mcpServers/copied.json",
        text: r#"{"mcpServers": {"copied": {"command": "sh", "env": {"A_TOKEN": "@@"}}}}"#,
        ours: || json!({"copied": {"command": "sh", "env": {"A_TOKEN": "${keyring:copied-a-token}"}}}),
    },
    Theirs {
        client: "lm-studio",
        file: ".lmstudio/mcp.json",
        text: r#"{"mcpServers": {"hf": {"url": "https://huggingface.co/mcp", "headers": {"Authorization": "Bearer @@"}}}}"#,
        ours: || json!({"hf": {"url": "https://huggingface.co/mcp", "headers": {"Authorization": "Bearer ${keyring:hf-authorization}"}}}),
    },
    Theirs {
        client: "goose",
        file: ".config/goose/config.yaml",
        text: "GOOSE_PROVIDER: openai\nextensions:\n  local:\n    type: stdio\n    name: local\n    cmd: sh\n    args:\n    - x\n    \
               envs:\n      TZ: UTC\n    env_keys:\n    - A_TOKEN\n    enabled: true\n    timeout: 300\n  far:\n    \
               type: streamable_http\n    name: far\n    uri: https://far.example/mcp\n    headers:\n      Authorization: Bearer @@\n    \
               enabled: false\n",
        ours: || {
            json!({
            "local": {"type": "stdio", "name": "local", "cmd": "sh", "args": ["x"], "enabled": true, "timeout": 300,
                "envs": {"TZ": "UTC", "A_TOKEN": "${keyring:local-a-token}"}},
            "far": {"type": "streamable_http", "name": "far", "uri": "https://far.example/mcp", "enabled": false,
                "headers": {"Authorization": "Bearer ${keyring:far-authorization}"}}})
        },
    },
    Theirs {
        client: "opencode",
        file: ".config/opencode/opencode.json",
        text: r#"{"$schema": "https://opencode.ai/config.json", "mcp": {
            "local": {"type": "local", "command": ["sh", "--key", "{env:A_KEY}"], "environment": {"A_KEY": "{env:A_KEY}", "B_KEY": "{file:~/b.key}"}, "enabled": true},
            "remote": {"type": "remote", "url": "https://r.example/mcp", "headers": {"Authorization": "Bearer {env:R_TOKEN}"}, "timeout": 5000}}}"#,
        ours: || {
            json!({
            "local": {"type": "local", "command": ["sh", "--key", "${A_KEY}"],
                "environment": {"A_KEY": "${A_KEY}", "B_KEY": "${file:~/b.key}"}, "enabled": true},
            "remote": {"type": "remote", "url": "https://r.example/mcp", "headers": {"Authorization": "Bearer ${R_TOKEN}"}, "timeout": 5000}})
        },
    },
    Theirs {
        client: "kiro",
        file: ".kiro/settings/mcp.json",
        text: r#"{"mcpServers": {
            "local": {"command": "sh", "args": [], "env": {"A_KEY": "${A_KEY}"}, "disabled": true, "autoApprove": [], "disabledTools": []},
            "remote": {"url": "https://r.example/mcp", "headers": {"X-Key": "${X_KEY}"}}}}"#,
        ours: || {
            json!({
            "local": {"command": "sh", "args": [], "env": {"A_KEY": "${A_KEY}"}, "disabled": true, "autoApprove": [], "disabledTools": []},
            "remote": {"url": "https://r.example/mcp", "headers": {"X-Key": "${X_KEY}"}}})
        },
    },
    Theirs {
        client: "copilot-cli",
        file: ".copilot/mcp-config.json",
        text: r#"{"mcpServers": {
            "local": {"type": "local", "command": "sh", "args": [], "env": {"A_TOKEN": "@@"}, "tools": ["*"]},
            "remote": {"type": "http", "url": "https://r.example/mcp", "headers": {}, "tools": ["read"]}}}"#,
        ours: || {
            json!({
            "local": {"type": "local", "command": "sh", "args": [], "env": {"A_TOKEN": "${keyring:local-a-token}"}, "tools": ["*"]},
            "remote": {"type": "http", "url": "https://r.example/mcp", "headers": {}, "tools": ["read"]}})
        },
    },
    Theirs {
        client: "crush",
        file: ".config/crush/crush.json",
        text: r#"{"mcp": {
            "local": {"type": "stdio", "command": "sh", "args": ["$HOME"], "env": {"A_KEY": "$(pass show a)", "B_KEY": "$B_KEY"}},
            "remote": {"type": "http", "url": "https://r.example/mcp", "headers": {"Authorization": "Bearer $R_TOKEN"}}}}"#,
        ours: || {
            json!({
            "local": {"type": "stdio", "command": "sh", "args": ["${HOME}"],
                "env": {"A_KEY": "${keyring:local-a-key}", "B_KEY": "${B_KEY}"}},
            "remote": {"type": "http", "url": "https://r.example/mcp", "headers": {"Authorization": "Bearer ${R_TOKEN}"}}})
        },
    },
];

fn token() -> String {
    ["hf_", &"a1B2c3D4e5".repeat(4)[..34]].concat()
}

fn imported(theirs: &Theirs) -> (Home, Value, Value) {
    let home = Home::new(TWIN);
    let project = home.write("project/.git/HEAD", "");
    let project = project.parent().unwrap().parent().unwrap();
    let text = theirs.text.replace("@@", &token());
    let text = text.replace("PROJECT", project.to_str().unwrap());
    home.write(theirs.file, text);
    let run = home.twin(["hub", "import", theirs.client, "--json"]);
    let output = run.within(project).output().with_code(0);
    assert!(!output.to_string().contains(&token()), "{output}");
    let text = std::fs::read_to_string(home.synapse().join("mcp-servers.json"));
    let text = text.unwrap_or_else(|error| panic!("{}: {error}\n{output}", theirs.client));
    assert!(!text.contains(&token()), "{text}");
    let text = text.replace(project.to_str().unwrap(), "PROJECT");
    let ours: Value = serde_json::from_str(&text).unwrap();
    (home, output.json(), ours["mcpServers"].clone())
}

#[test]
fn the_servers_of_every_client_come_over_in_our_form_and_without_their_secrets() {
    for theirs in TABLE {
        let (home, document, file) = imported(theirs);
        let what = format!("{} {}", theirs.client, theirs.file);
        assert_eq!(file, (theirs.ours)(), "{what}\n{document}");
        for change in document["changes"].as_array().unwrap() {
            assert_eq!(change["action"], "added", "{what}: {change}");
            let own = &file[change["server"].as_str().unwrap()];
            let references = own.to_string().matches("${keyring:").count();
            let to_set = change["to_set"].as_array().unwrap();
            assert_eq!(to_set.len(), references, "{what}: {change}");
        }
        let valid = home.run(["hub", "validate", "--json"]).with_code(0).json();
        for server in valid["servers"].as_array().unwrap() {
            assert!(server["error"].is_null(), "{what}: {server}");
        }
    }
}

#[test]
fn the_table_has_every_client_with_a_file_here() {
    let home = Home::new(TWIN);
    let list = home
        .run(["ide", "list", "--all", "--json"])
        .with_code(0)
        .json();
    let mut missing: Vec<String> = Vec::new();
    for client in list["clients"].as_array().unwrap() {
        let id = client["client"].as_str().unwrap();
        if TABLE.iter().any(|theirs| theirs.client == id) {
            continue;
        }
        missing.push(id.to_owned());
    }
    // Pasted settings, and a file on Windows alone.
    missing.sort();
    assert_eq!(missing, ["jetbrains", "visual-studio", "warp"]);
}

#[test]
fn a_client_without_a_file_says_so_and_a_new_name_is_told() {
    let home = Home::new(TWIN);
    for client in ["jetbrains", "warp"] {
        let refused = home.run(["hub", "import", client]).with_code(2);
        assert!(
            refused.stderr.contains("keeps its servers in no file"),
            "{refused}"
        );
        assert!(refused.stderr.contains("add each by its URL"), "{refused}");
    }
    let servers = json!({"Figma Desktop": {"url": "http://127.0.0.1:3845/mcp"}});
    home.write(
        ".cursor/mcp.json",
        json!({"mcpServers": servers}).to_string(),
    );
    let taken = home.run(["hub", "import", "cursor"]).with_code(0);
    assert_eq!(taken.stdout, "Figma-Desktop  added, from `Figma Desktop`\n");
}
