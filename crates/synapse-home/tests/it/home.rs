//! Homes that others can change.

use synapse_files::{ModeSupport, TrustFlaw};
use synapse_home::Home;
use synapse_testkit::disk::{set_mode, write};

#[test]
fn a_home_is_relied_on_when_only_its_owner_may_change_it() {
    let directory = tempfile::tempdir().unwrap();
    let home = Home::new(directory.path().join("home"));
    let file = home.connections();
    assert_eq!(home.rely_on(&file), Ok(()));
    home.create().unwrap();
    assert_eq!(home.rely_on(&file), Ok(()));
    write(&file, "");
    for mode in [0o600, 0o644, 0o400] {
        set_mode(&file, mode);
        assert_eq!(home.rely_on(&file), Ok(()), "{mode:o}");
    }
    for mode in [0o660, 0o602, 0o666] {
        set_mode(&file, mode);
        let distrust = home.rely_on(&file).unwrap_err();
        assert_eq!(distrust.flaw, TrustFlaw::Writable { mode });
        assert_eq!(distrust.path, file);
        assert_eq!(distrust.keeping, ModeSupport::Kept);
    }
    set_mode(&file, 0o600);
    for mode in [0o770, 0o707, 0o1777] {
        set_mode(home.directory(), mode);
        let distrust = home.rely_on(&file).unwrap_err();
        assert_eq!(
            (distrust.flaw, distrust.is_directory),
            (TrustFlaw::Writable { mode }, true)
        );
    }
}
