//! File operations of the tests.

use std::io::Write as _;
use std::path::Path;

use synapse_files::{FileError, Prepared, Replacement, Rights};

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
