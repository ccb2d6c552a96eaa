//! The checkout this tool was built from: its root, its text files and its `target` directory.
//! Reads each file once; the rules work on what is held here and never touch the disk themselves.

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// The checkout.
#[derive(Debug, Clone)]
pub(crate) struct Repository {
    root: PathBuf,
}

/// A text file, with its path below the root written with `/`.
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

    /// Returns a directory for this tool's own products, created if it was missing.
    ///
    /// # Errors
    /// `File` when it cannot be created.
    pub(crate) fn target(&self, relative: &str) -> Result<PathBuf, Failure> {
        let directory = self.root.join("target").join(relative);
        create_directory(&directory)?;
        Ok(directory)
    }

    /// Returns the text of one file, or `None` when there is no such file.
    ///
    /// # Errors
    /// `File` when it exists and cannot be read as text.
    pub(crate) fn read(&self, relative: &str) -> Result<Option<String>, Failure> {
        let path = self.path(relative);
        if !path.exists() {
            return Ok(None);
        }
        read(&path).map(Some)
    }

    /// Returns every UTF-8 file of the checkout, sorted by path; build products, installed packages
    /// and the files that `.gitignore` keeps for secrets are left out.
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
            // Another task may have removed a file of its own between the listing and the reading.
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

/// Reads a file of any bytes.
///
/// # Errors
/// `File` when it cannot be read.
pub(crate) fn read_bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|source| unreadable(path, source))
}

/// Returns the name and the bytes of each file in a directory whose name ends so, sorted by name.
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

/// Writes a file of any bytes.
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

/// Creates a directory and those above it.
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

/// Removes a directory and all below it, if it exists.
///
/// # Errors
/// `File` when it exists and cannot be removed.
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
