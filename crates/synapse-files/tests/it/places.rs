//! Places and identities: one file under many paths.

use std::os::unix::fs::symlink;
use std::path::Path;

use synapse_files::{Identity, Place, is_within, same_file};
use synapse_testkit::disk::{set_mode, write};

#[test]
fn a_file_is_the_same_under_every_path() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    std::fs::create_dir(at("repo")).unwrap();
    write(&at("repo/program"), "");
    write(&at("other"), "");
    symlink("repo/program", at("link")).unwrap();
    std::fs::hard_link(at("repo/program"), at("second")).unwrap();
    let program = at("repo/program");
    for path in [at("repo/../repo/program"), at("link"), at("second")] {
        assert!(same_file(&program, &path), "{}", path.display());
    }
    assert!(!same_file(&program, &at("other")));
    assert!(!same_file(&at("missing"), &at("missing")));
    assert!(Identity::of(&at("missing")).is_err());
}

#[test]
fn containment_is_by_identity() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    std::fs::create_dir_all(at("project/tools")).unwrap();
    write(&at("project/tools/program"), "");
    write(&at("outside"), "");
    symlink("project", at("alias")).unwrap();
    symlink("../outside", at("project/out")).unwrap();
    symlink("project/tools/program", at("in")).unwrap();
    let within = |path: &str, directory: &str| is_within(&at(path), &at(directory)).unwrap();
    assert!(within("project/tools/program", "project"));
    assert!(within("project/tools/program", "alias"));
    assert!(within("alias/tools/../tools/program", "project"));
    assert!(within("in", "project"));
    assert!(within("project", "alias"));
    assert!(!within("project/out", "project"));
    assert!(!within("outside", "project"));
    assert!(is_within(&at("missing"), &at("project")).is_err());
    #[cfg(target_os = "linux")]
    assert!(is_within(Path::new("/proc/self/cwd"), Path::new(".")).unwrap());
}

#[test]
fn a_place_tells_who_shares_it() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let nothing = Place::of(&at("file")).unwrap();
    assert!(nothing.metadata().is_none() && !nothing.is_link() && nothing.names() == 0);
    write(&at("file"), "");
    assert_eq!(Place::of(&at("file")).unwrap().names(), 1);
    std::fs::hard_link(at("file"), at("second")).unwrap();
    symlink("second", at("link")).unwrap();
    let link = Place::of(&at("link")).unwrap();
    assert_eq!((link.names(), link.is_link()), (2, true));
    assert_eq!(link.target(), at("second"));
    assert!(!link.is_mount_point() && !link.is_read_only());
    set_mode(&at("file"), 0o444);
    assert!(Place::of(&at("file")).unwrap().is_read_only());
}
