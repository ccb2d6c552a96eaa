//! Leftovers of killed writers are found and swept; files being written are not.

use std::io::Write as _;

use synapse_files::{Lock, Replacement, Rights, create, leftovers, sweep, tighten};
use synapse_testkit::disk::{mode, names, read, set_mode, write};

#[test]
fn only_what_nobody_writes_any_more_is_swept() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    // As a killed writer leaves it: the lock is released.
    write(&at(".synapse-aB3xYz"), "a secret");
    write(&at(".synapse-notes"), "somebody's");
    write(&at(".synapse-longer-name"), "somebody's");
    let mut writing = Replacement::begin(&at("other"), Rights::Private).unwrap();
    assert_eq!(names(directory.path()).len(), 3, "beginning sweeps");
    writing.write_all(b"half").unwrap();

    write(&at(".synapse-aB3xYz"), "a secret");
    assert_eq!(leftovers(directory.path()), [at(".synapse-aB3xYz")]);
    assert!(create(&at("third"), b"x").unwrap());
    assert_eq!(
        leftovers(directory.path()),
        [""; 0].map(std::path::PathBuf::from)
    );
    sweep(directory.path());
    writing.prepare().unwrap().take_place().unwrap();
    assert_eq!(read(&at("other")), "half");
}

#[test]
fn locks_are_private_and_become_so() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("lock");
    write(&path, "");
    set_mode(&path, 0o666);
    let held = Lock::acquire(&path, std::time::Duration::ZERO).unwrap();
    assert_eq!(mode(&path), 0o600);
    Lock::acquire(&path, std::time::Duration::from_millis(20)).unwrap_err();
    drop(held);
    Lock::acquire(&path, std::time::Duration::ZERO).unwrap();
}

#[test]
fn tightening_follows_no_link() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    write(&at("real"), "");
    set_mode(&at("real"), 0o644);
    std::os::unix::fs::symlink("real", at("link")).unwrap();
    assert!(!tighten(&at("link")) && !tighten(&at("missing")) && !tighten(directory.path()));
    assert_eq!(mode(&at("real")), 0o644);
    assert!(tighten(&at("real")));
    assert!(!tighten(&at("real")));
    assert_eq!(mode(&at("real")), 0o600);
}
