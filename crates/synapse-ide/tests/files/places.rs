//! Secondary places that a client reads: all are listed, one takes precedence, all are cleaned.

use synapse_core::{Code, Remedy};
use synapse_ide::{Action, CLIENTS, Keep, PlaceState, Replace, Scope, System, install};

use crate::desk::{BOTH, Desk, client, content, put, warnings};

const OURS: &str = r#"{"command": "/usr/local/bin/synapse", "args": ["serve"]}"#;
const OTHER: &str = r#"{"command": "npx", "args": ["-y", "other"]}"#;

/// The places with an entry: scope, file, state and precedence.
fn found(desk: &Desk, id: &str) -> Vec<(Scope, String, &'static str, bool)> {
    let states = desk.states(client(id));
    let there = states
        .iter()
        .filter(|place| !["no-file", "absent"].contains(&place.state.as_str()));
    there
        .map(|place| {
            let file = place.file.strip_prefix(desk.path("")).unwrap();
            let file = file.to_str().unwrap().to_owned();
            (place.scope, file, place.state.as_str(), place.wins)
        })
        .collect()
}

fn notes(desk: &Desk, id: &str) -> String {
    let states: Vec<PlaceState> = desk.states(client(id));
    let notes: Vec<String> = states.into_iter().flat_map(|place| place.notes).collect();
    notes.join("\n")
}

#[test]
fn two_files_that_are_merged() {
    let opencode =
        r#"{"mcp": {"synapse": {"type": "local", "command": ["/usr/local/bin/synapse", "serve"]}}}"#
            .to_owned();
    let crush = format!(r#"{{"mcp": {{"synapse": {OURS}}}}}"#);
    let lm_studio = format!(r#"{{"mcpServers": {{"synapse": {OURS}}}}}"#);
    for (id, low, high, ours) in [
        (
            "opencode",
            "home/.config/opencode/opencode.json",
            "home/.config/opencode/opencode.jsonc",
            &opencode,
        ),
        (
            "opencode",
            "home/.config/opencode/config.json",
            "home/.config/opencode/opencode.json",
            &opencode,
        ),
        (
            "crush",
            "home/.config/crush/crush.json",
            "home/.local/share/crush/crush.json",
            &crush,
        ),
        (
            "lm-studio",
            "home/.cache/lm-studio/mcp.json",
            "home/.lmstudio/mcp.json",
            &lm_studio,
        ),
    ] {
        let desk = Desk::new();
        put(&desk.path(low), ours);
        put(&desk.path(high), "{}");
        // It is found in its place, and neither lost nor duplicated.
        let [user, _] = BOTH;
        assert_eq!(found(&desk, id), [(user, low.to_owned(), "current", true)]);
        assert_eq!(
            desk.states(client(id))
                .iter()
                .filter(|place| place.scope == user)
                .count(),
            2
        );
        let again = desk.plan(client(id), user).unwrap();
        assert_eq!(again.action(), Action::Nothing, "{id}");

        // Both have one: one takes precedence, and both are removed.
        put(&desk.path(high), ours);
        let both = [
            (user, high.to_owned(), "current", true),
            (user, low.to_owned(), "current", false),
        ];
        assert_eq!(found(&desk, id), both);
        let changes = desk.plan_removals(client(id), user).unwrap();
        assert_eq!(changes.len(), 2, "{id}");
        for change in &changes {
            desk.make(change);
        }
        for file in [low, high] {
            assert!(
                !content(&desk.path(file)).unwrap().contains("synapse"),
                "{id}"
            );
        }
    }
}

#[test]
fn a_field_of_the_file_that_wins_switches_a_merged_entry_off() {
    for (id, low, high, flag) in [
        (
            "opencode",
            "home/.config/opencode/opencode.json",
            "home/.config/opencode/opencode.jsonc",
            r#"{"mcp": {"synapse": {"enabled": false}}}"#,
        ),
        (
            "crush",
            "home/.config/crush/crush.json",
            "project/crush.json",
            r#"{"mcp": {"synapse": {"disabled": true}}}"#,
        ),
    ] {
        let desk = Desk::new();
        let [user, _] = BOTH;
        desk.install(client(id), user);
        assert!(desk.path(low).exists());
        put(&desk.path(high), flag);
        let notes = notes(&desk, id);
        assert!(notes.contains("switched off"), "{id}: {notes}");
    }
}

#[test]
fn entries_of_one_project_in_a_users_file() {
    let desk = Desk::new();
    let [user, _] = BOTH;
    let project = desk.path("project");
    let file = desk.path("home/.claude.json");
    let text = format!(
        r#"{{"mcpServers": {{"synapse": {OURS}}}, "projects": {{"{}": {{"mcpServers": {{"synapse": {OTHER}}}}}, "/else": {{"mcpServers": {{"synapse": {OURS}}}}}}}}}"#,
        project.display()
    );
    put(&file, &text);
    let name = "home/.claude.json".to_owned();
    assert_eq!(
        found(&desk, "claude-code"),
        [
            (user, name.clone(), "current", false),
            (Scope::Local, name, "foreign", true),
        ]
    );
    // Ours are removed anywhere in the file; the other stays.
    desk.make(&desk.plan_removal(client("claude-code"), user).unwrap());
    let left = content(&file).unwrap();
    assert!(!left.contains("/usr/local/bin/synapse"), "{left}");
    assert!(left.contains("npx"), "{left}");
}

/// As `claude mcp add --scope local` does, also for a project that is not in the file yet.
#[test]
fn a_first_entry_of_one_project_goes_into_the_users_file() {
    let claude = client("claude-code");
    let file = |desk: &Desk| desk.path("home/.claude.json");
    let entry_of = |desk: &Desk, project: &std::path::Path| {
        let text = content(&file(desk)).unwrap();
        let root: serde_json::Value = serde_json::from_str(&text).unwrap();
        let project = project.to_string_lossy().into_owned();
        root["projects"][&project]["mcpServers"]["synapse"].clone()
    };
    for before in [
        None,
        Some(r#"{"mcpServers": {}, "projects": {"/else": {}}}"#),
    ] {
        let desk = Desk::new();
        if let Some(before) = before {
            put(&file(&desk), before);
        }
        desk.install(claude, Scope::Local);
        let entry = entry_of(&desk, &desk.path("project"));
        assert_eq!(entry["command"], "/usr/local/bin/synapse", "{before:?}");
        assert_eq!(desk.state(claude, Scope::Local), "current");
        // With an entry of the user beside it, the one of the project still counts.
        desk.install(claude, Scope::User);
        let states = desk.states(claude);
        let wins: Vec<_> = states.iter().filter(|place| place.wins).collect();
        assert_eq!(wins.len(), 1);
        assert_eq!(wins[0].scope, Scope::Local);
    }

    // The key that the client wrote for this project is used, also one of its repository.
    let desk = Desk::new();
    let (below, link) = (desk.path("project/below"), desk.path("link"));
    std::fs::create_dir_all(desk.path("project/.git")).unwrap();
    std::fs::create_dir_all(&below).unwrap();
    std::os::unix::fs::symlink(desk.path("project"), &link).unwrap();
    put(
        &file(&desk),
        format!(
            r#"{{"projects": {{"{}": {{"history": []}}}}}}"#,
            link.display()
        ),
    );
    let machine = desk.machine_in(&below);
    let (entry, own, kept) = (crate::desk::entry(), Replace::OwnOnly, Keep::Settings);
    let change = install(claude, &machine, Scope::Local, &entry, own, kept).unwrap();
    assert_eq!(warnings(&change), "");
    desk.make(&change);
    assert!(entry_of(&desk, &link).is_object());
}

#[test]
fn a_missing_entry_of_one_project_is_not_installed() {
    let desk = Desk::new();
    let claude = client("claude-code");
    let failure = desk.plan_removal(claude, Scope::Local).unwrap_err();
    assert_eq!(failure.code(), Code::IdeNotInstalled);
    // A client without such entries says so.
    let failure = desk.plan(client("cursor"), Scope::Local).unwrap_err();
    assert_eq!(failure.code(), Code::IdeNotSupported);
}

#[test]
fn a_project_that_is_written_as_a_link_is_the_same_project() {
    let desk = Desk::new();
    let link = desk.path("link");
    std::os::unix::fs::symlink(desk.path("project"), &link).unwrap();
    let text = format!(
        r#"{{"projects": {{"{}": {{"mcpServers": {{"synapse": {OURS}}}}}}}}}"#,
        link.display()
    );
    put(&desk.path("home/.claude.json"), text);
    let found = found(&desk, "claude-code");
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].0, found[0].3), (Scope::Local, true));
}

#[test]
fn a_home_that_is_the_project_has_one_file_for_both() {
    let [user, project] = BOTH;
    for id in ["cursor", "gemini", "codex", "kiro"] {
        let desk = Desk::new();
        let home = desk.path("home");
        desk.install(client(id), user);
        let machine = desk.machine_in(&home);
        let states = synapse_ide::states(client(id), &machine, &crate::desk::entry());
        let seen: Vec<_> = states
            .iter()
            .map(|place| (place.scope, place.wins, place.notes.clone()))
            .collect();
        let expected = [user, project].map(|scope| (scope, true, Vec::new()));
        assert_eq!(seen, expected, "{id}");
    }
}

#[test]
fn the_entry_of_a_project_wins_over_that_of_the_user() {
    let mut seen = 0;
    for each in CLIENTS {
        let desk = Desk::of(System::Windows);
        let machine = desk.machine();
        if BOTH
            .iter()
            .any(|scope| each.file(&machine, *scope).is_none())
        {
            continue;
        }
        for scope in BOTH {
            desk.install(each, scope);
        }
        let states = desk.states(each);
        let wins = |scope: Scope| {
            let mut places = states.iter();
            places.find(|place| place.scope == scope).unwrap().wins
        };
        assert_eq!([wins(BOTH[0]), wins(BOTH[1])], [false, true], "{each}");
        seen += 1;
    }
    assert!(seen >= 14, "{seen}");
}

#[test]
fn a_file_above_the_project_is_read_up_to_the_repository() {
    let desk = Desk::new();
    put(&desk.path("project/.git/HEAD"), "");
    put(
        &desk.path("project/.mcp.json"),
        format!(r#"{{"mcpServers": {{"synapse": {OURS}}}}}"#),
    );
    let inner = desk.path("project/a/b");
    std::fs::create_dir_all(&inner).unwrap();
    let machine = desk.machine_in(&inner);
    let states = synapse_ide::states(client("claude-code"), &machine, &crate::desk::entry());
    let above = states
        .iter()
        .find(|place| place.state.as_str() == "current")
        .unwrap();
    assert_eq!(above.file, desk.path("project/.mcp.json"));
    assert!(above.wins);
    // It belongs to another directory, so removing here does not touch it.
    let failure = desk
        .plan_removals_in(client("claude-code"), &inner)
        .unwrap_err();
    assert_eq!(failure.code(), Code::IdeNotInstalled);
}

#[test]
fn profiles_and_packages_have_files_of_their_own() {
    let [user, _] = BOTH;
    for (id, directory) in [
        ("vscode", "Code"),
        ("vscode-insiders", "Code - Insiders"),
        ("vscodium", "VSCodium"),
    ] {
        let desk = Desk::new();
        let profile = format!("home/.config/{directory}/User/profiles/5552b383/mcp.json");
        put(&desk.path(&profile), r#"{"servers": {}}"#);
        let change = desk.plan(client(id), user).unwrap();
        assert_eq!(
            change.file(),
            desk.path(&format!("home/.config/{directory}/User/mcp.json"))
        );
        let warnings = warnings(&change);
        assert!(warnings.contains("5552b383"), "{warnings}");
        // One of ours there is removed with the others.
        put(
            &desk.path(&profile),
            format!(r#"{{"servers": {{"synapse": {OURS}}}}}"#),
        );
        desk.make(&desk.plan_removal(client(id), user).unwrap());
        assert_eq!(content(&desk.path(&profile)).unwrap(), r#"{"servers": {}}"#);
    }

    let package = "Packages/Claude_abc/LocalCache/Roaming/Claude/claude_desktop_config.json";
    let desk = Desk::of(System::Windows);
    let claude = client("claude-desktop");
    let local = desk.path("home/AppData/Local");
    std::fs::create_dir_all(local.join("Packages/Claude_abc")).unwrap();
    desk.install(claude, user);
    assert!(local.join(package).exists());
    let states = desk.states(claude);
    assert_eq!(states.len(), 1, "{states:?}");
}

#[test]
fn settings_that_switch_an_entry_off() {
    let project = "[project]";
    for (id, file, text, says) in [
        (
            "gemini",
            "home/.gemini/settings.json",
            r#"{"mcp": {"excluded": ["Synapse"]}, "mcpServers": {"synapse": ENTRY}}"#,
            "`mcp.excluded`",
        ),
        (
            "gemini",
            "home/.gemini/settings.json",
            r#"{"mcp": {"allowed": ["x"]}, "mcpServers": {"synapse": ENTRY}}"#,
            "does not name",
        ),
        (
            "gemini",
            "project/.gemini/settings.json",
            r#"{"excludeMCPServers": ["synapse"]}"#,
            "`excludeMCPServers`",
        ),
        (
            "opencode",
            "home/.config/opencode/opencode.json",
            r#"{"tools": {"synapse*": false}}"#,
            "`tools` in",
        ),
        (
            "opencode",
            "project/opencode.json",
            r#"{"permission": {"bash": "ask", "synapse_*": "deny"}}"#,
            "turns off `synapse_*`",
        ),
        (
            "gemini",
            "home/.gemini/mcp-server-enablement.json",
            r#"{"synapse": {"enabled": false}}"#,
            "`synapse.enabled`",
        ),
        (
            "claude-code",
            "project/.claude/settings.local.json",
            r#"{"disabledMcpServers": ["synapse"]}"#,
            "`disabledMcpServers`",
        ),
        (
            "claude-code",
            "home/.claude/settings.json",
            r#"{"deniedMcpServers": [{"serverName": "synapse"}]}"#,
            "`deniedMcpServers`",
        ),
        (
            "claude-code",
            "home/.claude.json",
            r#"{"projects": {"[project]": {"disabledMcpServers": ["synapse"]}}, "mcpServers": {"synapse": ENTRY}}"#,
            "`projects.disabledMcpServers`",
        ),
        (
            "vscode",
            "home/.config/Code/User/settings.json",
            "{ // mine\n\"chat.mcp.access\": \"none\" }",
            "`chat.mcp.access`",
        ),
        (
            "zed",
            "home/.config/zed/settings.json",
            r#"{"disable_ai": true, "context_servers": {"synapse": ENTRY}}"#,
            "`disable_ai`",
        ),
    ] {
        let desk = Desk::new();
        let [user, _] = BOTH;
        let place = desk.path("project").display().to_string();
        let text = text.replace("ENTRY", OURS).replace(project, &place);
        put(&desk.path(file), text);
        desk.install(client(id), user);
        let notes = notes(&desk, id);
        assert!(notes.contains(says), "{id} {file}: {notes}");
        // Also shown before, when nothing changes.
        let warnings = warnings(&desk.plan(client(id), user).unwrap());
        assert!(warnings.contains(says), "{id} {file}: {warnings}");
    }
}

#[test]
fn a_list_that_names_us_is_no_reason() {
    let desk = Desk::new();
    let [user, _] = BOTH;
    let text = r#"{"mcp": {"allowed": ["x", "synapse"], "excluded": []}}"#;
    put(&desk.path("home/.gemini/settings.json"), text);
    desk.install(client("gemini"), user);
    assert_eq!(notes(&desk, "gemini"), "");
}

#[test]
fn fields_that_switch_an_entry_off() {
    let [user, _] = BOTH;
    for (id, field, is_off) in [
        ("cline", "\"disabled\": true", true),
        ("roo", "\"disabled\": true", true),
        ("kiro", "\"disabled\": true", true),
        ("windsurf", "\"disabled\": true", true),
        ("devin", "\"disabled\": true", true),
        ("crush", "\"disabled\": true", true),
        ("zed", "\"enabled\": false", true),
        ("opencode", "\"enabled\": false", true),
        ("cursor", "\"disabled\": true", true),
        ("cline", "\"disabled\": false", false),
        // An empty list of tools offers none.
        ("copilot-cli", "\"tools\": []", true),
        ("copilot-cli", "\"tools\": [\"chat\"]", false),
        ("gemini", "\"includeTools\": []", true),
        ("cursor", "\"tools\": []", false),
        // These have no such field.
        ("claude-code", "\"disabled\": true", false),
        ("copilot-cli", "\"disabled\": true", false),
    ] {
        let desk = Desk::new();
        let file = desk.file(client(id), user);
        desk.install(client(id), user);
        let text = content(&file)
            .unwrap()
            .replace(",\n      \"enabled\": true", "")
            .replace(",\n      \"tools\": [\"*\"]", "");
        let text = text.replacen("\"synapse\": {", &format!("\"synapse\": {{\n{field},"), 1);
        put(&file, text);
        let notes = notes(&desk, id);
        assert_eq!(
            notes.contains("switched off"),
            is_off,
            "{id} {field}: {notes}"
        );
    }
    for (id, before, after) in [
        (
            "codex",
            "[mcp_servers.synapse]\n",
            "[mcp_servers.synapse]\nenabled = false\n",
        ),
        (
            "codex",
            "[mcp_servers.synapse]\n",
            "[mcp_servers.synapse]\nenabled_tools = []\n",
        ),
        ("goose", "enabled: true", "enabled: false"),
    ] {
        let desk = Desk::new();
        let file = desk.file(client(id), user);
        desk.install(client(id), user);
        put(&file, content(&file).unwrap().replace(before, after));
        assert!(notes(&desk, id).contains("switched off"), "{id}");
    }
}

#[test]
fn variables_that_move_files_are_followed() {
    let desk = Desk::new();
    let desk = desk.with("OPENCODE_CONFIG_DIR", "/nowhere");
    let [user, _] = BOTH;
    desk.install(client("opencode"), user);
    assert_eq!(found(&desk, "opencode").len(), 1);
    let directory = Desk::new();
    let file = directory.path("opencode.json");
    put(
        &file,
        r#"{"mcp": {"synapse": {"type": "remote", "url": "https://example.invalid"}}}"#,
    );
    let desk = Desk::new().with("OPENCODE_CONFIG_DIR", directory.path(""));
    desk.install_anyway(client("opencode"), user);
    let states = desk.states(client("opencode"));
    let winner = states.iter().find(|place| place.wins).unwrap();
    assert_eq!(
        (winner.file.as_path(), winner.state.as_str()),
        (file.as_path(), "foreign")
    );
}

#[test]
fn a_client_that_was_taken_over_says_by_whom() {
    let desk = Desk::new();
    let [user, _] = BOTH;
    put(
        &desk.path("home/.config/devin/mcp_config.json"),
        r#"{"mcpServers": {}}"#,
    );
    let change = desk.plan(client("windsurf"), user).unwrap();
    let install = Remedy::InstallEntry {
        client: Some("devin".to_owned()),
        scope: user,
    };
    let warned = change.warnings().iter();
    let warned = warned.filter(|hint| hint.remedy.as_ref() == Some(&install));
    assert_eq!(warned.count(), 1, "{:?}", change.warnings());
}

#[test]
fn every_row_says_when_and_against_what_it_was_held() {
    for each in CLIENTS {
        let date: Vec<&str> = each.verified().split('-').collect();
        let lengths: Vec<usize> = date.iter().map(|part| part.len()).collect();
        assert_eq!(lengths, [4, 2, 2], "{each}");
        assert!(each.verified() >= "2026-11-01", "{each}");
        assert!(each.source().contains('/'), "{each}");
    }
}
