//! Read-only files and directories, and non-regular files.

use std::os::unix::fs::PermissionsExt;

use synapse_core::Code;
use synapse_ide::{Scope, System, snippet};

use crate::desk::{Desk, client, content, entry, in_use, now, places, put};

const USER: Scope = Scope::User;

#[test]
fn a_read_only_file_is_not_replaced() {
    let desk = Desk::new();
    let cursor = client("cursor");
    let file = desk.file(cursor, USER);
    put(&file, "{}");
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o444)).unwrap();
    let failure = desk.plan(cursor, USER).unwrap_err();
    assert_eq!(failure.code(), Code::IdeFileUnusable);
    assert!(failure.message().ends_with("is read-only"), "{failure}");
    assert_eq!(content(&file).unwrap(), "{}");

    // Made read-only after the preview.
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).unwrap();
    let change = desk.plan(cursor, USER).unwrap();
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o444)).unwrap();
    let failure = desk.journal().apply(&change, now()).unwrap_err();
    assert_eq!(failure.code(), Code::IdeFileUnusable);
    assert_eq!(content(&file).unwrap(), "{}");
    // The backup from before the failure is harmless.
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).unwrap();
    desk.install(cursor, USER);
    desk.make(&desk.journal().undo(None, &entry()).unwrap());
    assert_eq!(content(&file).unwrap(), "{}");
    let failure = desk.journal().undo(None, &entry()).unwrap_err();
    assert_eq!(failure.code(), Code::IdeNotInstalled);
}

#[test]
fn a_read_only_file_of_any_client_stays() {
    let desk = Desk::of(System::Windows);
    for (each, scope) in places(&desk) {
        let file = desk.file(each, scope);
        let installed = snippet(each, &entry()).unwrap();
        for text in [in_use(each), installed] {
            put(&file, &text);
            std::fs::set_permissions(&file, PermissionsExt::from_mode(0o400)).unwrap();
            let refused = if text == in_use(each) {
                desk.plan(each, scope)
            } else {
                desk.plan_removal(each, scope)
            };
            let failure = refused.unwrap_err();
            assert_eq!(failure.code(), Code::IdeFileUnusable, "{each}");
            assert_eq!(content(&file).unwrap(), text, "{each}");
            std::fs::remove_file(&file).unwrap();
        }
    }
}

#[test]
fn a_directory_and_a_socket_are_no_files() {
    let desk = Desk::new();
    let cursor = client("cursor");
    let file = desk.file(cursor, USER);
    std::fs::create_dir(&file).unwrap();
    let failure = desk.plan(cursor, USER).unwrap_err();
    assert_eq!(failure.code(), Code::IdeFileUnusable);
    assert!(file.is_dir());
    std::fs::remove_dir(&file).unwrap();
    let socket = std::os::unix::net::UnixListener::bind(&file).unwrap();
    let failure = desk.plan(cursor, USER).unwrap_err();
    assert_eq!(failure.code(), Code::IdeFileUnusable);
    drop(socket);
}

#[test]
fn a_huge_file_is_not_read_into_memory() {
    let desk = Desk::new();
    let cursor = client("cursor");
    let file = desk.file(cursor, USER);
    let huge = std::fs::File::create(&file).unwrap();
    huge.set_len(1 << 40).unwrap();
    let failure = desk.plan(cursor, USER).unwrap_err();
    assert_eq!(failure.code(), Code::IdeFileTooLarge);
    assert!(failure.message().contains("64 MiB"), "{failure}");
}

#[test]
fn a_parent_that_is_a_file_is_said() {
    let desk = Desk::new();
    put(&desk.path("home/.cursor"), "not a directory");
    let failure = desk.plan(client("cursor"), USER).unwrap_err();
    assert_eq!(failure.code(), Code::IdeFileUnusable);
}
