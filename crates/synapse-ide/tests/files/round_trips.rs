//! Every client, scope and system: an installed entry is found again, and removing it restores the
//! original bytes.

use std::path::Path;

use serde_json::Value;
use synapse_core::Code;
use synapse_ide::{Action, CLIENTS, Client, Entry, Journal, Keep, System, remove, snippet};

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
            // States do not depend on the system: one system shows all.
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
    // Fewer would mean that a table row lost its places.
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
                let changes = remove(each, &desk.machine(), scope, &entry(), &empty).unwrap();
                assert_eq!(changes.len(), 1);
                desk.make(&changes[0]);
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
fn an_update_keeps_what_the_user_wrote() {
    let desk = Desk::new();
    let [user, _] = BOTH;
    let cursor = client("cursor");
    let file = desk.file(cursor, user);
    let old = "{\n  \"mcpServers\": {\n    \"synapse\": {\n      \"command\": \"/old/synapse\",\n      \
               \"args\": [\"serve\", \"--connection\", \"a\", \"--read-only\"],\n      \
               \"autoApprove\": [\"chat\"], // mine\n      \
               \"env\": { \"SYNAPSE_HOME\": \"/old\", \"SYNAPSE_LOG\": \"info\" }\n    }\n  }\n}\n";
    put(&file, old);
    assert_eq!(desk.state(cursor, user), "stale");
    let change = desk.plan(cursor, user).unwrap();
    assert_eq!(change.action(), Action::Update);
    let notes = change.notes().join("\n");
    assert!(
        notes.contains("kept as it is: --connection --read-only"),
        "{notes}"
    );
    desk.make(&change);
    // The program's path, and nothing else.
    let now = content(&file).unwrap();
    assert_eq!(now, old.replace("/old/synapse", "/usr/local/bin/synapse"));
    // Removing it does not restore the old one.
    desk.make(&desk.plan_removal(cursor, user).unwrap());
    let now: Value = serde_json::from_str(&content(&file).unwrap()).unwrap();
    assert_eq!(now, serde_json::json!({"mcpServers": {}}));
}

/// An entry of `each`, customised in every way that `install` must respect.
fn lived_in(each: &'static Client) -> Entry {
    let entry = Entry::new(Path::new("/old/bin/synapse"))
        .unwrap()
        .with_connection("mine")
        .with_tools("usage,history")
        .read_only()
        .with_home(Path::new("/data"))
        .unwrap();
    // Includes inherited variables where the client supports them.
    match entry.clone().with_variable("HTTPS_PROXY").unwrap() {
        passing if snippet(each, &passing).unwrap() != snippet(each, &entry).unwrap() => passing,
        _ => entry,
    }
}

#[test]
fn every_client_keeps_every_setting_of_every_entry() {
    for each in CLIENTS {
        for scope in BOTH {
            let desk = Desk::of(System::Windows);
            if each.file(&desk.machine(), scope).is_none() {
                continue;
            }
            let file = desk.file(each, scope);
            let old = snippet(each, &lived_in(each)).unwrap();
            put(&file, &old);
            assert_eq!(desk.state(each, scope), "stale", "{each} {scope}");
            desk.install(each, scope);
            let expected = old.replace("/old/bin/synapse", "/usr/local/bin/synapse");
            assert_eq!(content(&file).unwrap(), expected, "{each} {scope}");
            assert_eq!(desk.state(each, scope), "current", "{each} {scope}");
            let again = desk.plan(each, scope).unwrap();
            assert_eq!(again.action(), Action::Nothing, "{each} {scope}");

            // An explicit setting replaces only that setting.
            let asked = entry().with_connection("other");
            let change = desk.plan_of(each, scope, &asked, Keep::Settings).unwrap();
            let notes = change.notes().join("\n");
            assert!(
                notes.contains("--connection other replaces --connection mine"),
                "{notes}"
            );
            assert_eq!(
                change.arguments(),
                [
                    "serve",
                    "--connection",
                    "other",
                    "--tools",
                    "usage,history",
                    "--read-only"
                ]
            );
            desk.make(&change);
            let expected = expected.replace("mine", "other");
            assert_eq!(content(&file).unwrap(), expected, "{each} {scope}");

            // It is only recreated on request.
            let reset = desk.plan_of(each, scope, &entry(), Keep::Nothing).unwrap();
            desk.make(&reset);
            let fresh = snippet(each, &entry()).unwrap();
            assert_eq!(content(&file).unwrap(), fresh, "{each} {scope}");
        }
    }
}

#[test]
fn a_variable_is_passed_on_in_the_way_of_the_client() {
    let [user, _] = BOTH;
    let asked = entry().with_variable("HTTPS_PROXY").unwrap();
    let mut able = 0;
    for each in CLIENTS {
        let desk = Desk::of(System::Windows);
        if each.file(&desk.machine(), user).is_none() {
            continue;
        }
        let file = desk.file(each, user);
        desk.install(each, user);
        let plain = content(&file).unwrap();
        match desk.plan_of(each, user, &asked, Keep::Settings) {
            Ok(change) => {
                able += 1;
                desk.make(&change);
                assert!(content(&file).unwrap().contains("HTTPS_PROXY"), "{each}");
                let again = desk.plan_of(each, user, &asked, Keep::Settings).unwrap();
                assert_eq!(again.action(), Action::Nothing, "{each}");
            }
            Err(failure) => {
                assert_eq!(failure.code(), Code::IdeNotSupported, "{each}");
                assert_eq!(content(&file).unwrap(), plain);
            }
        }
    }
    assert_eq!(able, 14);
    let token = format!("{}{}", "sk-", "fake-fake-fake-fake-fake");
    for wrong in [
        "",
        "A=b",
        "1A",
        "A B",
        "${A}",
        &token,
        &format!("K={token}"),
    ] {
        let failure = entry().with_variable(wrong).unwrap_err();
        assert_eq!(failure.code(), Code::UsageInvalidArguments, "{wrong}");
        assert!(!format!("{failure:?}").contains("fake"), "{failure:?}");
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
