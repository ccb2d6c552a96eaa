//! File operations of the tests.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use synapse_files::{FileError, Prepared, Replacement, Rights};

pub(crate) fn write(path: &Path, content: &str) {
    let mut file = std::fs::File::create(path).unwrap();
    file.write_all(content.as_bytes()).unwrap();
}

pub(crate) fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

pub(crate) fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

pub(crate) fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

pub(crate) fn names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

pub(crate) fn prepared(path: &Path, rights: Rights, content: &str) -> Prepared {
    let mut replacement = Replacement::begin(path, rights).unwrap();
    replacement.write_all(content.as_bytes()).unwrap();
    replacement.prepare().unwrap()
}

pub(crate) fn replace(path: &Path, rights: Rights, content: &str) -> Result<(), FileError> {
    let mut replacement = Replacement::begin(path, rights)?;
    replacement.write_all(content.as_bytes()).unwrap();
    replacement.prepare()?.take_place()
}
