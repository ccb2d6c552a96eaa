//! Files that others can change.

use synapse_files::{TrustFlaw, examine};
use synapse_testkit::disk::{set_mode, write};

#[test]
fn a_link_is_judged_by_what_it_leads_to() {
    let directory = tempfile::tempdir().unwrap();
    let (real, link) = (directory.path().join("real"), directory.path().join("link"));
    write(&real, "");
    std::os::unix::fs::symlink("real", &link).unwrap();
    assert_eq!(examine(&link), Ok(()));
    set_mode(&real, 0o646);
    assert_eq!(examine(&link).unwrap_err().path, link);
}

#[test]
fn a_file_of_somebody_else_is_not_relied_on() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    write(&file, "");
    if std::os::unix::fs::chown(&file, Some(65_534), None).is_err() {
        // Only root can give files away.
        return;
    }
    let distrust = examine(&file).unwrap_err();
    assert_eq!(
        distrust.flaw,
        TrustFlaw::Foreign {
            owner: 65_534,
            user: 0
        }
    );
}
