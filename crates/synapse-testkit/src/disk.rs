//! File operations of tests, independent of the tested code.

use std::fs::{File, Permissions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// Writes or overwrites a file.
///
/// # Panics
/// If the system refuses it; the same for all functions here.
pub fn write(path: &Path, content: impl AsRef<[u8]>) {
    let mut file = File::create(path).expect("a file can be created");
    file.write_all(content.as_ref())
        .expect("a file can be written");
}

/// The text of a file.
///
/// # Panics
/// Same as [`write()`], and when it is not UTF-8.
#[must_use]
pub fn read(path: &Path) -> String {
    std::fs::read_to_string(path).expect("a text can be read")
}

/// The permissions of a file or directory, with the special bits.
///
/// # Panics
/// Same as [`write()`].
#[must_use]
pub fn mode(path: &Path) -> u32 {
    let found = std::fs::metadata(path).expect("it is there");
    found.permissions().mode() & 0o7777
}

/// Sets the permissions.
///
/// # Panics
/// Same as [`write()`].
pub fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, Permissions::from_mode(mode)).expect("modes can be set");
}

/// Creates a named pipe, which blocks every program that opens it.
///
/// # Panics
/// Same as [`write()`].
pub fn make_fifo(path: &Path) {
    // Not `mknod`, which macOS allows to its administrator only.
    #[expect(
        clippy::disallowed_methods,
        reason = "a double may start a program of the system"
    )]
    let made = std::process::Command::new("mkfifo").arg(path).status();
    assert!(
        made.is_ok_and(|status| status.success()),
        "no pipe was made"
    );
}

/// The names of the entries of a directory, sorted.
///
/// # Panics
/// Same as [`write()`], and for a name that is not UTF-8.
#[must_use]
pub fn names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).expect("a directory can be read");
    let name = |entry: std::io::Result<std::fs::DirEntry>| {
        let name = entry.expect("a directory can be read").file_name();
        name.into_string().expect("names of tests are UTF-8")
    };
    let mut names: Vec<String> = entries.map(name).collect();
    names.sort();
    names
}
