//! The checkout of this tool: its root, its text files and its `target` directory. Reads each file
//! once; rules work on the loaded texts and never access the disk.

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// The checkout.
#[derive(Debug, Clone)]
pub(crate) struct Repository {
    root: PathBuf,
}

/// A text file, with its path relative to the root, separated by `/`.
#[derive(Debug, Clone)]
pub(crate) struct TextFile {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl TextFile {
    pub(crate) fn is_rust(&self) -> bool {
        self.has_extension("rs")
    }

    pub(crate) fn is_markdown(&self) -> bool {
        self.has_extension("md")
    }

    fn has_extension(&self, extension: &str) -> bool {
        Path::new(&self.path)
            .extension()
            .is_some_and(|found| found == extension)
    }
}

impl Repository {
    pub(crate) fn locate() -> Self {
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        Self {
            root: package.parent().unwrap_or(package).to_owned(),
        }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// Returns a directory for this tool's output, creating it if missing.
    ///
    /// # Errors
    /// `File` when it cannot be created.
    pub(crate) fn target(&self, relative: &str) -> Result<PathBuf, Failure> {
        let directory = self.root.join("target").join(relative);
        create_directory(&directory)?;
        Ok(directory)
    }

    /// Returns the text of a file, or `None` if it does not exist.
    ///
    /// # Errors
    /// `File` when an existing file cannot be read as text.
    pub(crate) fn read(&self, relative: &str) -> Result<Option<String>, Failure> {
        let path = self.path(relative);
        if !path.exists() {
            return Ok(None);
        }
        read(&path).map(Some)
    }

    /// Returns every UTF-8 file of the checkout, sorted by path, except build output, installed
    /// packages and the secret files listed in `.gitignore`.
    ///
    /// # Errors
    /// `File` when a directory or a file cannot be read.
    pub(crate) fn text_files(&self) -> Result<Vec<TextFile>, Failure> {
        let mut files = Vec::new();
        let mut directories = vec![self.root.clone()];
        while let Some(directory) = directories.pop() {
            for entry in entries(&directory)? {
                let name = entry.file_name().to_string_lossy().into_owned();
                let kind = entry
                    .file_type()
                    .map_err(|source| unreadable(&directory, source))?;
                if kind.is_dir() && !SKIPPED_DIRECTORIES.contains(&name.as_str()) {
                    directories.push(entry.path());
                } else if kind.is_file() && !keeps_secrets(&name) {
                    files.extend(self.text_file(&entry.path())?);
                }
            }
        }
        files.sort_by(|left, right| left.path.cmp(&right.path));
        Ok(files)
    }

    fn text_file(&self, path: &Path) -> Result<Option<TextFile>, Failure> {
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            // Another task may have removed its file since the listing.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(unreadable(path, source)),
        };
        let relative = path.strip_prefix(&self.root).unwrap_or(path);
        let path = relative.to_string_lossy().replace('\\', "/");
        Ok(String::from_utf8(bytes)
            .ok()
            .map(|text| TextFile { path, text }))
    }
}

/// Reads a text file.
///
/// # Errors
/// `File` when it cannot be read as text.
pub(crate) fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|source| unreadable(path, source))
}

/// Reads a binary file.
///
/// # Errors
/// `File` when it cannot be read.
pub(crate) fn read_bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|source| unreadable(path, source))
}

/// Returns name and content of each file in a directory with that suffix, sorted by name.
///
/// # Errors
/// `File` when the directory or a file cannot be read.
pub(crate) fn files_ending(directory: &Path, end: &str) -> Result<Vec<(String, Vec<u8>)>, Failure> {
    let entries = entries(directory)?;
    let names = entries.iter().map(fs::DirEntry::file_name);
    let mut names: Vec<_> = names
        .map(|name| name.to_string_lossy().into_owned())
        .filter(|name| name.ends_with(end))
        .collect();
    names.sort();
    let read = |name: String| {
        let bytes = read_bytes(&directory.join(&name))?;
        Ok((name, bytes))
    };
    names.into_iter().map(read).collect()
}

/// Writes a text file.
///
/// # Errors
/// `File` when it cannot be written.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Failure> {
    write_bytes(path, text.as_bytes())
}

/// Writes a binary file.
///
/// # Errors
/// `File` when it cannot be written.
pub(crate) fn write_bytes(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    fs::write(path, bytes).map_err(|source| Failure::File {
        path: path.to_owned(),
        action: "written",
        source,
    })
}

/// Writes a program, such as a script.
///
/// # Errors
/// `File` when it cannot be written.
#[cfg(unix)]
pub(crate) fn write_script(path: &Path, text: &str) -> Result<(), Failure> {
    write_with_mode(path, text, 0o755)
}

/// Writes a script.
///
/// # Errors
/// Same as [`write`].
#[cfg(not(unix))]
pub(crate) fn write_script(path: &Path, text: &str) -> Result<(), Failure> {
    write(path, text)
}

/// Writes a text file readable by its owner only.
///
/// # Errors
/// `File` when it cannot be written.
#[cfg(unix)]
pub(crate) fn write_private(path: &Path, text: &str) -> Result<(), Failure> {
    write_with_mode(path, text, 0o600)
}

#[cfg(unix)]
fn write_with_mode(path: &Path, text: &str, mode: u32) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt as _;

    write(path, text)?;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(|source| Failure::File {
        path: path.to_owned(),
        action: "given its mode",
        source,
    })
}

/// Writes a text file.
///
/// # Errors
/// Same as [`write`].
#[cfg(not(unix))]
pub(crate) fn write_private(path: &Path, text: &str) -> Result<(), Failure> {
    write(path, text)
}

/// Creates a directory and its parents.
///
/// # Errors
/// `File` when it cannot be created.
pub(crate) fn create_directory(path: &Path) -> Result<(), Failure> {
    fs::create_dir_all(path).map_err(|source| Failure::File {
        path: path.to_owned(),
        action: "created",
        source,
    })
}

/// Removes a directory with its content, if it exists.
///
/// # Errors
/// `File` when an existing directory cannot be removed.
pub(crate) fn remove_directory(path: &Path) -> Result<(), Failure> {
    match fs::remove_dir_all(path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => Err(Failure::File {
            path: path.to_owned(),
            action: "removed",
            source,
        }),
        _ => Ok(()),
    }
}

/// Removes a file, if it exists.
///
/// # Errors
/// `File` when an existing file cannot be removed.
pub(crate) fn remove_file(path: &Path) -> Result<(), Failure> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => Err(Failure::File {
            path: path.to_owned(),
            action: "removed",
            source,
        }),
        _ => Ok(()),
    }
}

fn entries(directory: &Path) -> Result<Vec<fs::DirEntry>, Failure> {
    fs::read_dir(directory)
        .and_then(Iterator::collect)
        .map_err(|source| unreadable(directory, source))
}

fn keeps_secrets(name: &str) -> bool {
    name == ".env" || name.ends_with(".token")
}

fn unreadable(path: &Path, source: std::io::Error) -> Failure {
    Failure::File {
        path: path.to_owned(),
        action: "read",
        source,
    }
}

const SKIPPED_DIRECTORIES: &[&str] = &[".git", "target", "node_modules", ".secrets"];
