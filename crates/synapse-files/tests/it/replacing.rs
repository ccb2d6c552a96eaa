//! Replacing: modes, owners, links, and the comparison right before the rename.

use std::os::unix::fs::symlink;

use synapse_files::{FileError, Rights, create, directory_within, remove_if};
use synapse_testkit::disk::{mode, names, read, set_mode, write};

use crate::support::{prepared, replace};

#[test]
fn a_private_file_never_gets_wider_and_another_one_keeps_its_mode() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file");
    for (rights, before, after) in [
        (Rights::Private, 0o644, 0o600),
        (Rights::Private, 0o400, 0o400),
        (Rights::Private, 0o700, 0o600),
        (Rights::Kept, 0o664, 0o664),
        (Rights::Kept, 0o640, 0o640),
    ] {
        write(&path, "old");
        set_mode(&path, before);
        replace(&path, rights, "new").unwrap();
        assert_eq!((read(&path).as_str(), mode(&path)), ("new", after));
        std::fs::remove_file(&path).unwrap();
        replace(&path, rights, "new").unwrap();
        assert_eq!(mode(&path), 0o600);
    }
    assert_eq!(names(directory.path()), ["file"]);
}

#[test]
fn a_change_between_preparing_and_taking_the_place_is_not_lost() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file");
    for (now, what) in [
        ("other", "longer"),
        ("odd", "of the same length"),
        ("", "empty"),
    ] {
        write(&path, "old");
        let new = prepared(&path, Rights::Kept, "new");
        write(&path, now);
        let error = new.take_place_of(Some(b"old")).unwrap_err();
        assert!(
            matches!(error, FileError::Changed { .. }),
            "{what}: {error}"
        );
        assert_eq!(read(&path), now, "{what}");
    }
    let new = prepared(&path, Rights::Kept, "new");
    std::fs::remove_file(&path).unwrap();
    let error = new.take_place_of(Some(b"")).unwrap_err();
    assert!(matches!(error, FileError::Changed { .. }), "{error}");
    assert_eq!(names(directory.path()), [""; 0]);

    let new = prepared(&path, Rights::Kept, "new");
    write(&path, "made meanwhile");
    let error = new.take_place_of(None).unwrap_err();
    assert!(matches!(error, FileError::Changed { .. }), "{error}");
    assert_eq!(read(&path), "made meanwhile");
    assert_eq!(names(directory.path()), ["file"]);
}

#[test]
fn a_file_that_is_still_the_same_is_replaced_or_removed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file");
    prepared(&path, Rights::Kept, "one")
        .take_place_of(None)
        .unwrap();
    prepared(&path, Rights::Kept, "two")
        .take_place_of(Some(b"one"))
        .unwrap();
    assert_eq!(read(&path), "two");
    let error = remove_if(&path, b"one").unwrap_err();
    assert!(matches!(error, FileError::Changed { .. }), "{error}");
    remove_if(&path, b"two").unwrap();
    assert_eq!(names(directory.path()), [""; 0]);
}

#[test]
fn links_stay_and_one_that_leads_elsewhere_by_now_is_a_change() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    write(&at("real"), "old");
    write(&at("other"), "old");
    symlink("real", at("link")).unwrap();
    prepared(&at("link"), Rights::Kept, "new")
        .take_place_of(Some(b"old"))
        .unwrap();
    assert!(at("link").is_symlink());
    assert_eq!(read(&at("real")), "new");

    let late = prepared(&at("link"), Rights::Kept, "late");
    std::fs::remove_file(at("link")).unwrap();
    symlink("other", at("link")).unwrap();
    write(&at("other"), "new");
    let error = late.take_place_of(Some(b"new")).unwrap_err();
    assert!(matches!(error, FileError::Changed { .. }), "{error}");
    assert_eq!(
        (read(&at("real")), read(&at("other"))),
        ("new".into(), "new".into())
    );

    symlink("circle", at("circle")).unwrap();
    let error = replace(&at("circle"), Rights::Kept, "x").unwrap_err();
    assert!(matches!(error, FileError::Circle { .. }), "{error}");
    let error = replace(directory.path(), Rights::Kept, "x").unwrap_err();
    assert!(matches!(error, FileError::NotAFile { .. }), "{error}");
}

#[test]
fn creating_leaves_what_is_there() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file");
    assert!(create(&path, b"one").unwrap());
    assert!(!create(&path, b"two").unwrap());
    assert_eq!((read(&path).as_str(), mode(&path)), ("one", 0o600));
    let dangling = directory.path().join("dangling");
    symlink("nowhere", &dangling).unwrap();
    assert!(!create(&dangling, b"two").unwrap());
    assert_eq!(names(directory.path()), ["dangling", "file"]);
}

#[test]
fn a_file_of_its_directory_is_read_by_whoever_may_read_that() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file");
    for (of_directory, of_file) in [
        (0o700, 0o600),
        (0o750, 0o640),
        (0o775, 0o644),
        (0o711, 0o600),
    ] {
        set_mode(directory.path(), of_directory);
        replace(&path, Rights::OfDirectory, "new").unwrap();
        assert_eq!(mode(&path), of_file, "{of_directory:o}");
    }
}

#[test]
fn a_directory_within_another_has_its_readers_and_is_no_link() {
    let directory = tempfile::tempdir().unwrap();
    let parent = directory.path();
    for (of_parent, within) in [(0o700, 0o700), (0o775, 0o755), (0o750, 0o750)] {
        set_mode(parent, of_parent);
        let path = directory_within(parent, "one").unwrap();
        assert_eq!(mode(&path) & 0o777, within);
        // An existing directory is left unchanged.
        set_mode(&path, 0o711);
        assert_eq!(directory_within(parent, "one").unwrap(), path);
        assert_eq!(mode(&path) & 0o777, 0o711);
        std::fs::remove_dir(&path).unwrap();
    }
    let elsewhere = tempfile::tempdir().unwrap();
    symlink(elsewhere.path(), parent.join("link")).unwrap();
    write(&parent.join("file"), "");
    for name in ["link", "file"] {
        let error = directory_within(parent, name).unwrap_err();
        assert!(
            matches!(error, FileError::NotADirectory { .. }),
            "{name}: {error}"
        );
    }
}

#[test]
fn a_name_that_is_taken_meanwhile_is_left_to_whoever_has_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file");
    let new = prepared(&path, Rights::OfDirectory, "new");
    symlink(directory.path().join("elsewhere"), &path).unwrap();
    assert!(matches!(
        new.take_place_of(None).unwrap_err(),
        FileError::Changed { .. }
    ));
    assert!(!directory.path().join("elsewhere").exists());
}
