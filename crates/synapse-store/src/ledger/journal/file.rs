//! The file of a journal. Its text ends at the first zero byte.

use std::fs::{self, File};
use std::io;
use std::path::PathBuf;

use synapse_files::private_options;

/// The file of a journal, created for its first line.
#[derive(Debug)]
pub(super) struct JournalFile {
    path: PathBuf,
    file: Option<File>,
    /// Where the next line begins.
    end: u64,
}

/// The place of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    begin: u64,
    length: usize,
}

impl Place {
    const fn end(self) -> u64 {
        self.begin + self.length as u64
    }
}

/// Whether old lines stay in the file after its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Old {
    May,
    /// They hold prompts or answers.
    Never,
}

impl JournalFile {
    pub(super) const fn new(path: PathBuf) -> Self {
        Self {
            path,
            file: None,
            end: 0,
        }
    }

    pub(super) const fn end(&self) -> u64 {
        self.end
    }

    /// Appends a line, which ends with its newline.
    ///
    /// # Errors
    /// The system's; the text is as before then.
    pub(super) fn append(&mut self, mut line: Vec<u8>) -> io::Result<Place> {
        let place = Place {
            begin: self.end,
            length: line.len(),
        };
        line.push(END);
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(create(&self.path)?),
        };
        write_at(file, place.begin, &line)?;
        self.end = place.end();
        Ok(place)
    }

    /// Removes all lines. Best effort: lines of written rows are skipped.
    pub(super) fn empty(&mut self, old: Old) {
        if let Some(file) = &self.file {
            drop(match old {
                Old::May => write_at(file, 0, &[END]),
                Old::Never => file.set_len(0),
            });
        }
        self.end = 0;
    }

    /// Overwrites the lines at sorted `places`. Best effort likewise.
    pub(super) fn overwrite(&self, places: &[Place]) {
        let Some(file) = &self.file else {
            return;
        };
        let mut rest = places.iter().copied().peekable();
        while let Some(Place { begin, mut length }) = rest.next() {
            while let Some(next) = rest.next_if(|next| next.begin == begin + length as u64) {
                length += next.length;
            }
            let mut spoiled = vec![SPOILED; length];
            if let Some(last) = spoiled.last_mut() {
                *last = b'\n';
            }
            drop(write_at(file, begin, &spoiled));
        }
    }

    /// Replaces the file by one with only the lines at sorted `places`, which it updates.
    ///
    /// # Errors
    /// The system's; file and places are as before then.
    pub(super) fn shrink(&mut self, places: &mut [&mut Place]) -> io::Result<()> {
        let Some(old) = &self.file else {
            return Ok(());
        };
        let mut text = Vec::new();
        for place in &*places {
            let begin = text.len();
            text.resize(begin + place.length, 0);
            read_at(old, place.begin, text.get_mut(begin..).unwrap_or_default())?;
        }
        let end = text.len() as u64;
        text.push(END);
        let draft = self.path.with_extension(DRAFT);
        let file = create(&draft)?;
        let replaced = write_at(&file, 0, &text).and_then(|()| fs::rename(&draft, &self.path));
        if let Err(error) = replaced {
            drop(fs::remove_file(&draft));
            return Err(error);
        }
        self.file = Some(file);
        self.end = end;
        let mut begin = 0;
        for place in places {
            place.begin = begin;
            begin = place.end();
        }
        Ok(())
    }

    /// Removes it.
    pub(super) fn remove(&mut self) {
        if self.file.take().is_some() {
            // Best effort: without lines it means nothing.
            drop(fs::remove_file(&self.path));
        }
    }
}

fn create(path: &PathBuf) -> io::Result<File> {
    private_options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(path)
}

#[cfg(unix)]
fn write_at(file: &File, begin: u64, bytes: &[u8]) -> io::Result<()> {
    use std::os::unix::fs::FileExt as _;

    file.write_all_at(bytes, begin)
}

#[cfg(unix)]
fn read_at(file: &File, begin: u64, bytes: &mut [u8]) -> io::Result<()> {
    use std::os::unix::fs::FileExt as _;

    file.read_exact_at(bytes, begin)
}

#[cfg(not(unix))]
fn write_at(mut file: &File, begin: u64, bytes: &[u8]) -> io::Result<()> {
    use std::io::{Seek as _, Write as _};

    file.seek(io::SeekFrom::Start(begin))?;
    file.write_all(bytes)
}

#[cfg(not(unix))]
fn read_at(mut file: &File, begin: u64, bytes: &mut [u8]) -> io::Result<()> {
    use std::io::{Read as _, Seek as _};

    file.seek(io::SeekFrom::Start(begin))?;
    file.read_exact(bytes)
}

pub(super) const END: u8 = 0;
/// The file that replaces a journal.
pub(super) const DRAFT: &str = "calls-new";
/// Begins no line.
const SPOILED: u8 = b'-';
