//! Refusals, which lose nothing.

use std::os::unix::fs::PermissionsExt;

use synapse_core::{Code, Remedy};
use synapse_ide::{Action, CLIENTS, Replace, System};

use crate::desk::{BOTH, Desk, client, content, entry, in_use, key, places, put};

#[test]
fn a_broken_file_is_left_as_it_is() {
    let desk = Desk::of(System::Windows);
    for (each, scope) in places(&desk) {
        let key = key(each);
        let broken: &[String] = &match each.id() {
            "codex" => [
                format!("[{key}\n"),
                format!("{key} = \"x\"\n"),
                format!("[[{key}]]\n"),
            ],
            "goose" => [
                format!("{key}: [\n"),
                format!("{key}: text\n"),
                format!("- {key}\n"),
            ],
            _ => [
                format!("{{\"{key}\": "),
                format!("{{\"{key}\": null}}"),
                format!("[\"{key}\"]"),
            ],
        };
        let no_text = b"\"\xff\"".to_vec();
        let broken = broken.iter().map(|text| text.clone().into_bytes());
        let file = desk.file(each, scope);
        for broken in broken.chain([no_text]) {
            put(&file, &broken);
            for refused in [desk.plan(each, scope), desk.plan_removal(each, scope)] {
                let failure = refused.unwrap_err();
                assert_eq!(failure.code(), Code::IdeFileInvalid, "{each} {broken:?}");
                assert_eq!(failure.context()["file"], file.to_str().unwrap());
                assert!(!failure.causes().is_empty());
            }
            assert_eq!(desk.state(each, scope), "broken");
            assert_eq!(std::fs::read(&file).unwrap(), broken);
        }
        // Some share a file.
        std::fs::remove_file(file).unwrap();
    }
}

#[test]
fn an_entry_of_somebody_else_is_left_alone_unless_told_otherwise() {
    let [user, _] = BOTH;
    for each in CLIENTS {
        let desk = Desk::new();
        if each.file(&desk.machine(), user).is_none() {
            continue;
        }
        let file = desk.file(each, user);
        let foreign = in_use(each).replace("other", "synapse");
        put(&file, &foreign);
        assert_eq!(desk.state(each, user), "foreign", "{each}");
        for refused in [desk.plan(each, user), desk.plan_removal(each, user)] {
            let failure = refused.unwrap_err();
            assert_eq!(failure.code(), Code::IdeForeignEntry, "{each}");
        }
        assert_eq!(content(&file).unwrap(), foreign);
        let change = desk.plan_with(each, user, Replace::Foreign).unwrap();
        assert_eq!(change.action(), Action::Replace, "{each}");
        assert!(!change.diff().contains("not-for-show"), "{}", change.diff());
        desk.make(&change);
        assert_eq!(desk.state(each, user), "current", "{each}");
        // Its own content is restored by undo, not by remove.
        desk.make(&desk.journal().undo(Some(each), &entry()).unwrap());
        assert_eq!(content(&file).unwrap(), foreign, "{each}");
    }
}

#[test]
fn a_client_without_a_file_has_its_snippet() {
    let desk = Desk::new();
    let [user, project] = BOTH;
    for (id, scope) in [
        ("jetbrains", user),
        ("warp", project),
        ("visual-studio", user),
        ("claude-desktop", project),
    ] {
        let failure = desk.plan(client(id), scope).unwrap_err();
        assert_eq!(failure.code(), Code::IdeNotSupported, "{id}");
        let remedy = failure.hints().iter().find_map(|hint| hint.remedy.clone());
        let client = Some(id.to_owned());
        assert_eq!(remedy, Some(Remedy::PrintEntry { client }));
    }
}

#[test]
fn a_client_that_reads_plain_json_is_warned_about_comments() {
    let desk = Desk::new();
    let [user, _] = BOTH;
    for (id, warned) in [("claude-desktop", 1), ("cursor", 0)] {
        let file = desk.file(client(id), user);
        put(&file, "{\n  // mine\n  \"mcpServers\": {}\n}\n");
        let change = desk.plan(client(id), user).unwrap();
        assert_eq!(change.warnings().len(), warned, "{id}");
    }
}

#[test]
fn a_client_that_reads_plain_json_is_warned_about_a_byte_order_mark() {
    let desk = Desk::of(System::Windows);
    let [user, _] = BOTH;
    for (id, warned) in [
        ("claude-desktop", 1),
        ("windsurf", 1),
        ("cursor", 0),
        ("zed", 0),
    ] {
        let file = desk.file(client(id), user);
        put(&file, "\u{feff}{\r\n}\r\n");
        let change = desk.plan(client(id), user).unwrap();
        let said = change.warnings().iter();
        let said = said.filter(|warning| warning.text.contains("byte order mark"));
        assert_eq!(said.count(), warned, "{id}: {:?}", change.warnings());
    }
}

#[test]
fn a_client_that_is_not_here_is_said_to_be_so() {
    let [user, project] = BOTH;
    for (id, scope, warned) in [("vscode", user, 1), ("vscode", project, 0)] {
        let desk = Desk::new();
        let change = desk.plan(client(id), scope).unwrap();
        assert_eq!(change.warnings().len(), warned, "{scope}");
    }
    // A program on PATH suffices.
    let desk = Desk::new();
    let program = desk.path("bin/code");
    put(&program, "");
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
    let desk = desk.with("PATH", program.parent().unwrap());
    let change = desk.plan(client("vscode"), user).unwrap();
    assert_eq!(change.warnings(), []);
}

#[test]
fn what_is_not_there_cannot_be_removed() {
    let desk = Desk::new();
    let [user, _] = BOTH;
    let cursor = client("cursor");
    let failure = desk.plan_removal(cursor, user).unwrap_err();
    assert_eq!(failure.code(), Code::IdeNotInstalled);
    put(&desk.file(cursor, user), "{}");
    let failure = desk.plan_removal(cursor, user).unwrap_err();
    assert_eq!(failure.code(), Code::IdeNotInstalled);
    let failure = desk.journal().undo(None, &entry()).unwrap_err();
    assert_eq!(failure.code(), Code::IdeNotInstalled);
    assert!(!desk.path("journal").exists(), "looking made a directory");
}

#[test]
fn names_that_look_like_ours_are_not_ours() {
    let desk = Desk::new();
    let [user, _] = BOTH;
    let cursor = client("cursor");
    let file = desk.file(cursor, user);
    let text = "{\n  \"mcpServers\": {\n    \"Synapse\": {},\n    \"synapse \": {},\n    \
                \"syn\\u0061pse2\": {},\n    \"__proto__\": {},\n    \"a.b\\\"c\": {}\n  }\n}\n";
    put(&file, text);
    assert_eq!(desk.state(cursor, user), "absent");
    desk.install(cursor, user);
    desk.make(&desk.plan_removal(cursor, user).unwrap());
    assert_eq!(content(&file).unwrap(), text);
    // The name in another case is recognised.
    put(
        &file,
        "{\"mcpServers\": {\"syn\\u0061pse\": {\"command\": \"x\"}}}",
    );
    assert_eq!(desk.state(cursor, user), "foreign");
}

#[test]
fn the_preview_shows_our_entry_and_no_value_of_another() {
    let [user, _] = BOTH;
    for (id, text) in [
        (
            "cursor",
            "{\"mcpServers\": {\"o\": {\"env\": {\"K\": \"not-for-show\"}}}}",
        ),
        (
            "codex",
            "[mcp_servers.o]\ncommand = 'not-for-show'\nlong = \"\"\"\nnot-for-show\n\"\"\"\n",
        ),
        (
            "goose",
            "extensions:\n  o:\n    cmd: not-for-show\n    envs:\n      K: |\n        not-for-show\n",
        ),
        (
            "goose",
            "extensions: {o: {cmd: not-for-show, envs: {\"K\": 'not-for-show'}}} # not-for-show\n",
        ),
    ] {
        let desk = Desk::new();
        put(&desk.file(client(id), user), text);
        let diff = desk.plan(client(id), user).unwrap().diff();
        assert!(diff.contains("/usr/local/bin/synapse"), "{diff}");
        assert!(!diff.contains("not-for-show"), "{diff}");
    }
}
