//! connections.toml as it was read: its text, with positions, and whether the file still has it.

use std::cell::OnceCell;
use std::fs::{File, Metadata};
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use synapse_core::{Code, Failure};
use synapse_files::{self as file, Found};
use synapse_home::failure::{not_a_file, reading};

use crate::failure::at_position;

/// The file as read. A missing file has an empty text.
#[derive(Debug)]
pub(super) struct Source {
    path: PathBuf,
    text: String,
    marks: OnceCell<Vec<Mark>>,
}

/// A known position to count from, because each of many broken connections needs one.
#[derive(Debug, Clone, Copy)]
struct Mark {
    byte: usize,
    line: usize,
    column: usize,
}

/// The file, opened but not read.
#[derive(Debug)]
pub(super) struct OpenedFile<'a> {
    path: &'a Path,
    file: Option<(File, Metadata)>,
}

impl<'a> OpenedFile<'a> {
    /// Opens the file at `path`, following a symbolic link. A missing one counts as empty.
    pub(super) fn at(path: &'a Path) -> Result<Self, Failure> {
        let file = match file::open(path) {
            Ok(Found::Regular(file, metadata)) => Some((file, metadata)),
            Ok(Found::Other(what)) => return Err(not_a_file(path, what)),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(reading(path, &error)),
        };
        Ok(Self { path, file })
    }

    /// The stamp at opening time, where available.
    pub(super) fn stamp(&self) -> Option<Stamp> {
        self.file
            .as_ref()
            .and_then(|(_, metadata)| Stamp::of(metadata))
    }

    /// Reads the file.
    pub(super) fn read(self) -> Result<Source, Failure> {
        let mut bytes = Vec::new();
        if let Some((file, metadata)) = self.file {
            // One extra byte lets the read detect the end without growing the buffer.
            let length = usize::try_from(metadata.len()).unwrap_or(USUAL);
            bytes.reserve(length.min(USUAL) + 1);
            // `take` prevents the file from querying its length again.
            file.take(u64::MAX)
                .read_to_end(&mut bytes)
                .map_err(|error| reading(self.path, &error))?;
        }
        Source::decode(self.path, bytes)
    }
}

impl Source {
    /// Reads the file at `path`, following a symbolic link.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        OpenedFile::at(path)?.read()
    }

    fn decode(path: &Path, bytes: Vec<u8>) -> Result<Self, Failure> {
        let mark = BYTE_ORDER_MARKS
            .iter()
            .find(|(mark, _)| bytes.starts_with(mark));
        let decoded = String::from_utf8(bytes);
        let (text, wrong_at) = match decoded {
            Ok(text) => (text, None),
            Err(error) => {
                let valid = error.utf8_error().valid_up_to();
                let mut bytes = error.into_bytes();
                bytes.truncate(valid);
                (String::from_utf8_lossy(&bytes).into_owned(), Some(valid))
            }
        };
        let source = Self {
            path: path.to_owned(),
            text,
            marks: OnceCell::new(),
        };
        if let Some((_, name)) = mark {
            return Err(source
                .failure(
                    Code::ConfigSyntax,
                    "connections.toml begins with a byte order mark",
                    0,
                )
                .cause(format!("it is the mark of {name}"))
                .hint("save it as UTF-8 without a byte order mark"));
        }
        match wrong_at {
            None => Ok(source),
            Some(offset) => Err(source
                .failure(
                    Code::ConfigSyntax,
                    "connections.toml is not UTF-8 text",
                    offset,
                )
                .hint("save it as UTF-8")),
        }
    }

    /// The same file with another text.
    pub(super) fn with_text(&self, text: String) -> Self {
        Self {
            path: self.path.clone(),
            text,
            marks: OnceCell::new(),
        }
    }

    /// Path of the file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Content of the file.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Line and column of a byte, both counted from 1, the column in characters.
    pub(super) fn position(&self, offset: usize) -> (usize, usize) {
        let offset = self.text.floor_char_boundary(offset);
        let marks = self.marks.get_or_init(|| marks(&self.text));
        let behind = marks.partition_point(|mark| mark.byte <= offset);
        let mark = behind.checked_sub(1).and_then(|index| marks.get(index));
        mark.map_or((1, 1), |mark| {
            let found = counted(&self.text, *mark, offset);
            (found.line, found.column)
        })
    }

    /// A failure at the byte `offset`.
    pub(super) fn failure(&self, code: Code, message: &str, offset: usize) -> Failure {
        self.locate(Failure::new(code, message), offset)
    }

    /// Adds file, line and column of the byte `offset` to a failure.
    pub(super) fn locate(&self, failure: Failure, offset: usize) -> Failure {
        let (line, column) = self.position(offset);
        at_position(failure, &self.path, line, column)
    }
}

/// The metadata of one state of a file, including the status change time, which programs cannot set
/// back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    device: u64,
    number: u64,
    length: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    #[cfg(unix)]
    pub(super) fn of(metadata: &Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt as _;

        Some(Self {
            device: metadata.dev(),
            number: metadata.ino(),
            length: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }

    #[cfg(not(unix))]
    pub(super) const fn of(_metadata: &Metadata) -> Option<Self> {
        None
    }
}

/// A file with a known text, which its metadata may prove unchanged.
///
/// A change within the clock tick of the first observation may leave the metadata unchanged. So the
/// file is reread until its metadata has been stable for longer than any file system's tick; a
/// later change always shows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Watched {
    stamp: Option<Stamp>,
    /// First observation of this stamp.
    since: Instant,
    /// The text was reread long enough after that.
    settled: bool,
}

impl Watched {
    /// A file that was just read, opened at `began`.
    pub(super) const fn since(stamp: Option<Stamp>, began: Instant) -> Self {
        Self {
            stamp,
            since: began,
            settled: false,
        }
    }

    /// Whether the file with this stamp certainly has the known text.
    pub(super) fn is_unchanged(&self, stamp: Option<Stamp>) -> bool {
        self.settled && stamp.is_some() && stamp == self.stamp
    }

    /// Records that the file had this stamp and the known text when opened at `began`.
    pub(super) fn note(&mut self, stamp: Option<Stamp>, began: Instant) {
        if stamp == self.stamp {
            self.settled = began.saturating_duration_since(self.since) >= TICK;
        } else {
            *self = Self::since(stamp, began);
        }
    }
}

/// The positions of every `STEP`th byte.
fn marks(text: &str) -> Vec<Mark> {
    let first = Mark {
        byte: 0,
        line: 1,
        column: 1,
    };
    let mut marks = vec![first];
    let mut last = first;
    while let Some(byte) = last
        .byte
        .checked_add(STEP)
        .filter(|byte| *byte < text.len())
    {
        last = counted(text, last, text.ceil_char_boundary(byte));
        marks.push(last);
    }
    marks
}

/// The position of the byte `to`, counted from `mark`.
fn counted(text: &str, mark: Mark, to: usize) -> Mark {
    let between = text.get(mark.byte..to).unwrap_or_default();
    let lines = between.matches('\n').count();
    let column = match between.rfind('\n') {
        Some(feed) => between.get(feed..).unwrap_or_default().chars().count(),
        None => mark.column + between.chars().count(),
    };
    Mark {
        byte: to,
        line: mark.line + lines,
        column,
    }
}

/// Larger than hand-written files; beyond it the length is found by reading.
const USUAL: usize = 64 * 1024;
/// Longer than the coarsest tick, the 2 seconds of FAT.
const TICK: Duration = Duration::from_secs(3);
const STEP: usize = 4096;
const BYTE_ORDER_MARKS: [(&[u8], &str); 3] = [
    (b"\xef\xbb\xbf", "UTF-8"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters_from_one() {
        let source = |text: &str| Source::decode(Path::new("x"), text.into()).unwrap();
        let text = source("a\näö = x\r\n\nend");
        for (offset, expected) in [
            (0, (1, 1)),
            (1, (1, 2)),
            (2, (2, 1)),
            (4, (2, 2)),
            (6, (2, 3)),
            (text.text().len(), (4, 4)),
            (1000, (4, 4)),
        ] {
            assert_eq!(text.position(offset), expected, "{offset}");
        }
        assert_eq!(source("").position(0), (1, 1));
    }

    #[test]
    fn positions_behind_a_mark_are_those_of_the_text() {
        for line in [
            "ä".repeat(3_000) + "\n",
            "x = 1\n".to_owned(),
            "é".to_owned(),
        ] {
            let text = line.repeat(20_000 / line.len() + 1);
            let source = Source::decode(Path::new("x"), text.clone().into()).unwrap();
            for offset in (0..=text.len()).step_by(997).chain([text.len()]) {
                let before = text.get(..text.floor_char_boundary(offset)).unwrap();
                let expected = (
                    before.matches('\n').count() + 1,
                    before.rsplit('\n').next().unwrap().chars().count() + 1,
                );
                assert_eq!(source.position(offset), expected, "{offset}");
            }
        }
    }

    fn stamp(number: u64) -> Option<Stamp> {
        Some(Stamp {
            device: 1,
            number,
            length: 10,
            modified: (1, 0),
            changed: (1, 0),
        })
    }

    #[test]
    fn a_file_is_read_until_its_stamp_has_outlived_the_tick() {
        let began = Instant::now();
        let mut watched = Watched::since(stamp(1), began);
        assert!(!watched.is_unchanged(stamp(1)));
        watched.note(stamp(1), began + TICK / 2);
        assert!(!watched.is_unchanged(stamp(1)));
        watched.note(stamp(1), began + TICK);
        assert!(watched.is_unchanged(stamp(1)));
        assert!(!watched.is_unchanged(stamp(2)));
        watched.note(stamp(2), began + 2 * TICK);
        assert!(!watched.is_unchanged(stamp(2)));
    }

    #[test]
    fn without_a_stamp_every_call_reads() {
        let began = Instant::now();
        let mut watched = Watched::since(None, began);
        watched.note(None, began + 2 * TICK);
        assert!(!watched.is_unchanged(None));
    }
}
