//! Writing files: stale previews, links, modes, concurrent writers, and undo.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::thread;

use synapse_core::Code;
use synapse_ide::{Action, Scope, System};

use crate::desk::{Desk, client, content, entry, in_use, now, places, put, warnings};

const USER: Scope = Scope::User;

#[test]
fn a_stale_preview_is_not_written() {
    let desk = Desk::new();
    let cursor = client("cursor");
    let file = desk.file(cursor, USER);
    for (first, second) in [
        (None, Some("{}")),
        (Some("{}"), Some("{ }")),
        (Some("{}"), None),
    ] {
        drop(std::fs::remove_file(&file));
        if let Some(text) = first {
            put(&file, text);
        }
        let change = desk.plan(cursor, USER).unwrap();
        match second {
            Some(text) => put(&file, text),
            None => std::fs::remove_file(&file).unwrap(),
        }
        let failure = desk.journal().apply(&change, now()).unwrap_err();
        assert_eq!(failure.code(), Code::IdeFileChanged, "{first:?} {second:?}");
        assert_eq!(content(&file).as_deref(), second);
    }
}

#[test]
fn a_link_stays_and_what_it_leads_to_is_changed() {
    let desk = Desk::of(System::Windows);
    for (each, scope) in places(&desk) {
        let file = desk.file(each, scope);
        let real = desk.path("dotfiles/file");
        put(&real, in_use(each));
        // The second link is relative.
        symlink(desk.path("dotfiles/link"), &file).unwrap();
        symlink("file", desk.path("dotfiles/link")).unwrap();
        let change = desk.plan(each, scope).unwrap();
        assert_eq!(change.target().unwrap(), real, "{each}");
        desk.make(&change);
        assert!(content(&real).unwrap().contains("synapse"));
        desk.make(&desk.plan_removal(each, scope).unwrap());
        assert_eq!(content(&real).unwrap(), in_use(each), "{each}");
        for link in [file, desk.path("dotfiles/link")] {
            assert!(link.symlink_metadata().unwrap().is_symlink(), "{each}");
            std::fs::remove_file(link).unwrap();
        }
    }
}

#[test]
fn a_link_to_nothing_yet_makes_the_file_there() {
    let desk = Desk::new();
    let cursor = client("cursor");
    let file = desk.file(cursor, USER);
    symlink(desk.path("dotfiles/mcp.json"), &file).unwrap();
    desk.install(cursor, USER);
    assert!(file.symlink_metadata().unwrap().is_symlink());
    assert!(desk.path("dotfiles/mcp.json").is_file());
    let around = desk.path("circle");
    std::fs::remove_file(&file).unwrap();
    symlink(&around, &file).unwrap();
    symlink(&file, &around).unwrap();
    let failure = desk.plan(cursor, USER).unwrap_err();
    assert_eq!(failure.code(), Code::IdeFileUnusable);
}

#[test]
fn a_file_with_other_names_is_left_to_them() {
    let desk = Desk::new();
    let cursor = client("cursor");
    let file = desk.file(cursor, USER);
    put(&file, "{}");
    let other = desk.path("other-name");
    std::fs::hard_link(&file, &other).unwrap();
    let failure = desk.plan(cursor, USER).unwrap_err();
    assert_eq!(failure.code(), Code::IdeFileHardLinked);
    assert!(!failure.hints().is_empty());
    for name in [&file, &other] {
        assert_eq!(content(name).unwrap(), "{}");
    }
    std::fs::remove_file(other).unwrap();
    desk.install(cursor, USER);
}

#[test]
fn a_link_out_of_the_project_is_named_before_anything_is_changed() {
    let desk = Desk::new();
    let cursor = client("cursor");
    let outside = desk.path("outside");
    std::fs::create_dir(&outside).unwrap();
    let file = desk.path("project/.cursor/mcp.json");
    let named = |change: &synapse_ide::FileChange, real: &std::path::Path| {
        assert_eq!(change.target().unwrap(), real);
        let warnings = warnings(change);
        assert!(warnings.contains("out of the project"), "{warnings}");
        assert!(warnings.contains(real.to_str().unwrap()), "{warnings}");
    };
    // First the directory is a link, then the file.
    symlink(&outside, desk.path("project/.cursor")).unwrap();
    named(
        &desk.plan(cursor, Scope::Project).unwrap(),
        &outside.join("mcp.json"),
    );
    std::fs::remove_file(desk.path("project/.cursor")).unwrap();
    std::fs::create_dir(desk.path("project/.cursor")).unwrap();
    symlink(outside.join("settings.json"), &file).unwrap();
    let change = desk.plan(cursor, Scope::Project).unwrap();
    named(&change, &outside.join("settings.json"));
    // The named file is changed.
    std::fs::remove_file(&file).unwrap();
    symlink(outside.join("another.json"), &file).unwrap();
    let failure = desk.journal().apply(&change, now()).unwrap_err();
    assert_eq!(failure.code(), Code::IdeFileChanged);
    std::fs::remove_file(&file).unwrap();
    symlink("../inside.json", &file).unwrap();
    let change = desk.plan(cursor, Scope::Project).unwrap();
    assert_eq!(change.target().unwrap(), desk.path("project/inside.json"));
    assert_eq!(warnings(&change), "");
}

#[test]
fn the_mode_is_kept_and_a_new_file_is_private() {
    let desk = Desk::new();
    let cursor = client("cursor");
    let file = desk.file(cursor, USER);
    let mode = || file.metadata().unwrap().permissions().mode() & 0o777;
    desk.install(cursor, USER);
    assert_eq!(mode(), 0o600);
    for kept in [0o644, 0o640, 0o755, 0o600] {
        put(&file, "{}");
        std::fs::set_permissions(&file, PermissionsExt::from_mode(kept)).unwrap();
        desk.install(cursor, USER);
        assert_eq!(mode(), kept);
    }
}

#[test]
fn a_backup_is_private_and_outside_the_project() {
    let desk = Desk::new();
    let vscode = client("vscode");
    let file = desk.file(vscode, Scope::Project);
    put(&file, in_use(vscode));
    let applied = desk.install(vscode, Scope::Project);
    let backup = applied.backup.unwrap();
    assert_eq!(content(&backup).unwrap(), in_use(vscode));
    assert_eq!(backup.parent().unwrap(), desk.path("journal"));
    let name = backup.file_name().unwrap().to_str().unwrap();
    assert_eq!(name, "20261120T120000123Z-00-vscode.bak");
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&backup), 0o600);
    assert_eq!(mode(&desk.path("journal")), 0o700);
    let beside: Vec<_> = std::fs::read_dir(file.parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(beside, ["mcp.json"], "something was left beside it");
}

#[test]
fn undo_goes_back_step_by_step_and_stops_at_what_others_did() {
    let desk = Desk::new();
    let cursor = client("cursor");
    let zed = client("zed");
    put(&desk.file(cursor, USER), in_use(cursor));
    desk.install(cursor, USER);
    desk.install(zed, USER);
    desk.make(&desk.plan_removal(cursor, USER).unwrap());
    assert_eq!(desk.state(cursor, USER), "absent");

    let change = desk.journal().undo(Some(cursor), &entry()).unwrap();
    assert_eq!(change.action(), Action::Undo);
    desk.make(&change);
    assert_eq!(desk.state(cursor, USER), "current");
    // Without a client, the newest of all.
    desk.make(&desk.journal().undo(None, &entry()).unwrap());
    assert_eq!(desk.state(zed, USER), "no-file");
    put(&desk.file(cursor, USER), "{}");
    let failure = desk.journal().undo(None, &entry()).unwrap_err();
    assert_eq!(failure.code(), Code::IdeFileChanged);
    assert_eq!(content(&desk.file(cursor, USER)).unwrap(), "{}");
    let kept = failure
        .hints()
        .iter()
        .any(|hint| hint.text.contains(".bak"));
    assert!(kept, "{failure:?}");
}

#[test]
fn two_at_once_leave_one_entry_and_a_whole_file() {
    for _ in 0..10 {
        let desk = Desk::new();
        let cursor = client("cursor");
        let file = desk.file(cursor, USER);
        put(&file, in_use(cursor));
        let outcomes: Vec<_> = thread::scope(|scope| {
            let work = || {
                let change = desk.plan(cursor, USER)?;
                desk.journal().apply(&change, now()).map(drop)
            };
            let all: Vec<_> = (0..4).map(|_| scope.spawn(work)).collect();
            all.into_iter().map(|each| each.join().unwrap()).collect()
        });
        assert!(outcomes.iter().any(Result::is_ok));
        for failure in outcomes.into_iter().filter_map(Result::err) {
            assert_eq!(failure.code(), Code::IdeFileChanged, "{failure:?}");
        }
        assert_eq!(desk.state(cursor, USER), "current");
        desk.make(&desk.plan_removal(cursor, USER).unwrap());
        assert_eq!(content(&file).unwrap(), in_use(cursor));
    }
}

#[test]
fn hard_paths_are_only_paths() {
    let desk = Desk::new();
    let codex = client("codex");
    let awkward = "/a b/\"c\"\\d/'e'/\u{e4}$(x)/synapse";
    let entry = synapse_ide::Entry::new(std::path::Path::new(awkward)).unwrap();
    for each in synapse_ide::CLIENTS {
        let Some(file) = each.file(&desk.machine(), USER) else {
            continue;
        };
        let machine = desk.machine();
        let replace = synapse_ide::Replace::OwnOnly;
        let change = {
            let keep = synapse_ide::Keep::Settings;
            synapse_ide::install(each, &machine, USER, &entry, replace, keep).unwrap()
        };
        desk.make(&change);
        let states = synapse_ide::states(each, &machine, &entry);
        assert_eq!(states[0].state.as_str(), "current", "{each}");
        assert_eq!(states[0].file, file);
    }
    assert_eq!(desk.state(codex, USER), "stale");
}
