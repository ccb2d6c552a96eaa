//! Every client, in every scope, on every system: what is installed is found again, and what is
//! removed leaves the bytes that were there.

use serde_json::Value;
use synapse_ide::{Action, CLIENTS, Journal, System, remove, snippet};

use crate::desk::{BOTH, Desk, client, commented, content, entry, in_use, put};

const SYSTEMS: [System; 3] = [System::Linux, System::Mac, System::Windows];

#[test]
fn every_file_state_of_every_client_is_given_back() {
    let mut seen = 0;
    for each in CLIENTS {
        let used = in_use(each);
        let states = [
            None,
            Some(String::new()),
            Some(used.clone()),
            Some(used.replace('\n', "\r\n")),
            Some(format!("\u{feff}{used}")),
            Some(used.trim_end().to_owned()),
            Some(commented(each)),
            Some(commented(each).replace('\n', "\r\n")),
        ];
        for (system, scope) in SYSTEMS
            .into_iter()
            .flat_map(|system| BOTH.map(|scope| (system, scope)))
        {
            // The state of a file is no matter of the system: one of them shows all.
            let shown = match system {
                System::Linux => &states[..],
                System::Mac | System::Windows => &states[2..3],
            };
            for before in shown {
                let desk = Desk::of(system);
                if each.file(&desk.machine(), scope).is_none() {
                    continue;
                }
                seen += 1;
                let file = desk.file(each, scope);
                if let Some(text) = before {
                    put(&file, text);
                }
                let name = format!("{each} {scope} {system:?} {before:?}");
                desk.install(each, scope);
                assert_eq!(desk.state(each, scope), "current", "{name}");
                let with = content(&file).unwrap();
                let marked = |text: &str| text.starts_with('\u{feff}');
                let plain = |text: &str| text.replace("\r\n", "").contains('\n');
                if let Some(text) = before.as_ref().filter(|text| !text.is_empty()) {
                    assert_eq!(marked(&with), marked(text), "{name}");
                    assert_eq!(plain(&with), plain(text), "{name}");
                }
                let again = desk.plan(each, scope).unwrap();
                assert_eq!(again.action(), Action::Nothing, "{name}");
                desk.make(&desk.plan_removal(each, scope).unwrap());
                assert_eq!(content(&file), *before, "{name}");
            }
        }
    }
    // Fewer would mean that a row of the table lost its places.
    assert!(seen >= 270, "{seen}");
}

#[test]
fn a_file_in_use_is_given_back_without_the_journal_too() {
    for each in CLIENTS {
        for scope in BOTH {
            let desk = Desk::of(System::Windows);
            if each.file(&desk.machine(), scope).is_none() {
                continue;
            }
            let file = desk.file(each, scope);
            for before in [
                in_use(each),
                in_use(each).replace('\n', "\r\n"),
                commented(each),
            ] {
                put(&file, &before);
                desk.install(each, scope);
                let empty = Journal::new(desk.path("another"));
                let change = remove(each, &desk.machine(), scope, &entry(), &empty).unwrap();
                desk.make(&change);
                assert_eq!(content(&file).unwrap(), before, "{each} {scope}");
            }
        }
    }
}

#[test]
fn a_removal_after_other_changes_keeps_those() {
    let desk = Desk::new();
    let cursor = client("cursor");
    let [user, _] = BOTH;
    let file = desk.file(cursor, user);
    desk.install(cursor, user);
    let with = content(&file).unwrap();
    put(&file, with.replace("\n}\n", ",\n  \"more\": 1\n}\n"));
    desk.make(&desk.plan_removal(cursor, user).unwrap());
    let left: Value = serde_json::from_str(&content(&file).unwrap()).unwrap();
    assert_eq!(left, serde_json::json!({"mcpServers": {}, "more": 1}));
}

#[test]
fn an_update_keeps_what_the_user_added() {
    let desk = Desk::new();
    let [user, _] = BOTH;
    let cursor = client("cursor");
    let file = desk.file(cursor, user);
    let old = "{\n  \"mcpServers\": {\n    \"synapse\": {\n      \"command\": \"/old/synapse\",\n      \
               \"args\": [\"serve\", \"--connection\", \"a\"],\n      \"autoApprove\": [\"chat\"],\n      \
               \"env\": { \"SYNAPSE_HOME\": \"/old\", \"SYNAPSE_LOG\": \"info\" }\n    }\n  }\n}\n";
    put(&file, old);
    assert_eq!(desk.state(cursor, user), "stale");
    let change = desk.plan(cursor, user).unwrap();
    assert_eq!(change.action(), Action::Update);
    desk.make(&change);
    let now: Value = serde_json::from_str(&content(&file).unwrap()).unwrap();
    assert_eq!(
        now["mcpServers"]["synapse"],
        serde_json::json!({
            "command": "/usr/local/bin/synapse",
            "args": ["serve"],
            "autoApprove": ["chat"],
            "env": {"SYNAPSE_LOG": "info"},
        })
    );
    // Removing it does not bring the old one back.
    desk.make(&desk.plan_removal(cursor, user).unwrap());
    let now: Value = serde_json::from_str(&content(&file).unwrap()).unwrap();
    assert_eq!(now, serde_json::json!({"mcpServers": {}}));
}

#[test]
fn an_entry_for_one_connection_is_current_as_it_is() {
    let desk = Desk::new();
    let [user, _] = BOTH;
    for id in ["cursor", "opencode", "codex", "goose"] {
        let each = client(id);
        let file = desk.file(each, user);
        let scoped = entry().with_argument("--connection").with_argument("work");
        put(&file, snippet(each, &scoped).unwrap());
        assert_eq!(desk.state(each, user), "current", "{id}");
        // Asked for the plain one, it is changed.
        let change = desk.plan(each, user).unwrap();
        assert_eq!(change.action(), Action::Update, "{id}");
    }
}

#[test]
fn a_file_of_an_older_version_of_a_client_is_used_where_it_is() {
    let desk = Desk::new();
    let [user, _] = BOTH;
    for (id, old) in [
        ("lm-studio", "home/.cache/lm-studio/mcp.json"),
        ("opencode", "home/.config/opencode/opencode.jsonc"),
    ] {
        let each = client(id);
        let fresh = each.file(&desk.machine(), user).unwrap();
        assert_ne!(fresh, desk.path(old));
        put(&desk.path(old), "{}");
        assert_eq!(each.file(&desk.machine(), user).unwrap(), desk.path(old));
    }
}

#[test]
fn variables_say_where_files_are() {
    let desk = Desk::new()
        .with("CODEX_HOME", "/c")
        .with("CLAUDE_CONFIG_DIR", "/d")
        .with("XDG_CONFIG_HOME", "/x")
        .with("CLINE_MCP_SETTINGS_PATH", "/e/cline.json")
        .with("COPILOT_HOME", "relative");
    let [user, _] = BOTH;
    for (id, file) in [
        ("codex", "/c/config.toml"),
        ("claude-code", "/d/.claude.json"),
        ("vscode", "/x/Code/User/mcp.json"),
        ("zed", "/x/zed/settings.json"),
        ("cline", "/e/cline.json"),
    ] {
        let found = client(id).file(&desk.machine(), user).unwrap();
        assert_eq!(found.to_str().unwrap(), file);
    }
    let copilot = client("copilot-cli").file(&desk.machine(), user).unwrap();
    assert_eq!(copilot, desk.path("home/.copilot/mcp-config.json"));
}
