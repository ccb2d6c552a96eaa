//! Replacing files: modes, links, and no leftovers.

use std::os::unix::fs::symlink;
use std::time::Duration;

use synapse_core::Code;
use synapse_home::atomic::{Lock, replace};
use synapse_testkit::disk::{make_fifo, mode, names, read, set_mode, write};

#[test]
fn a_new_file_is_private_and_an_old_one_never_gets_wider() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file");
    replace(&path, b"one").unwrap();
    assert_eq!((read(&path).as_str(), mode(&path)), ("one", 0o600));
    for (before, after) in [(0o644, 0o600), (0o400, 0o400), (0o700, 0o600)] {
        set_mode(&path, before);
        replace(&path, b"two").unwrap();
        assert_eq!((read(&path).as_str(), mode(&path)), ("two", after));
    }
    assert_eq!(names(directory.path()), ["file"]);
}

#[test]
fn links_stay_and_what_they_point_to_is_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let elsewhere = directory.path().join("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    let real = elsewhere.join("real");
    write(&real, "old");
    let link = directory.path().join("link");
    symlink("chain", &link).unwrap();
    symlink("elsewhere/real", directory.path().join("chain")).unwrap();
    replace(&link, b"new").unwrap();
    assert!(link.is_symlink());
    assert_eq!(read(&real), "new");
    assert_eq!(names(&elsewhere), ["real"]);

    let dangling = directory.path().join("dangling");
    symlink(elsewhere.join("made"), &dangling).unwrap();
    replace(&dangling, b"made").unwrap();
    assert!(dangling.is_symlink());
    assert_eq!(read(&elsewhere.join("made")), "made");

    let circle = directory.path().join("circle");
    symlink("circle", &circle).unwrap();
    let failure = replace(&circle, b"x").unwrap_err();
    assert_eq!(failure.code(), Code::StorageUnavailable);
}

#[test]
fn what_is_no_file_is_not_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let fifo = directory.path().join("fifo");
    make_fifo(&fifo);
    for path in [directory.path(), &fifo] {
        let failure = replace(path, b"x").unwrap_err();
        assert_eq!(failure.code(), Code::StorageUnavailable);
    }
    assert_eq!(names(directory.path()), ["fifo"]);
}

#[test]
fn a_lock_is_held_by_one_and_free_when_dropped() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("lock");
    let held = Lock::acquire(&path, Duration::ZERO).unwrap();
    assert_eq!(mode(&path), 0o600);
    let failure = Lock::acquire(&path, Duration::from_millis(20)).unwrap_err();
    assert_eq!(failure.code(), Code::StorageLocked);
    assert_eq!(failure.context()["file"], path.to_str().unwrap());
    drop(held);
    Lock::acquire(&path, Duration::ZERO).unwrap();
}
