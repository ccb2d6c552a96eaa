//! Programs and directories of this machine, for expanding entries.

use std::ffi::OsStr;
use std::path::Path;

use synapse_core::upstream::expand::Places;
use synapse_process::Program;

/// Accesses the file system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemPlaces;

impl Places for SystemPlaces {
    fn program(&self, name: &str, search_path: Option<&str>) -> Option<String> {
        let found = Program::find(name, search_path.map(OsStr::new))?;
        found.path().to_str().map(str::to_owned)
    }

    fn directory(&self, path: &str) -> Result<String, String> {
        if !Path::new(path).is_absolute() {
            return Err("it is not absolute, and would differ between IDEs".to_owned());
        }
        // Without `\\?\`, which cmd.exe refuses as a working directory.
        let canonical = dunce::canonicalize(path).map_err(|error| error.to_string())?;
        if !canonical.is_dir() {
            return Err("it is not a directory".to_owned());
        }
        let text = canonical.to_str().ok_or("its path is not UTF-8")?;
        Ok(text.to_owned())
    }
}

#[cfg(all(test, windows))]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_one_in_which_a_script_can_start() {
        let directory = SystemPlaces.directory("C:/windows/.").unwrap();
        assert!(directory.eq_ignore_ascii_case(r"C:\windows"), "{directory}");
    }
}
