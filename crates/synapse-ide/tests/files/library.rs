//! The example of this crate, in an empty home.

use std::path::Path;

#[expect(dead_code, reason = "its `main` reads arguments")]
#[path = "../../examples/entry.rs"]
mod entry;

#[test]
fn the_example_shows_the_change_and_writes_nothing() {
    let home = tempfile::tempdir().unwrap();
    let program = Path::new("/usr/local/bin/synapse");
    let shown = entry::preview("cursor", program, home.path().to_owned()).unwrap();
    assert!(
        shown.contains("+      \"command\": \"/usr/local/bin/synapse\","),
        "{shown}"
    );
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
}
