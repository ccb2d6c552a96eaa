//! The text of `mcp-servers.json`, with positions.

use std::path::{Path, PathBuf};

use synapse_core::{Code, Failure};
use synapse_files::FileError;
use synapse_home::failure::{of_file, shown};

use crate::failure::at_position;

/// The file as read.
#[derive(Debug)]
pub(super) struct UpstreamsText {
    pub(super) path: PathBuf,
    /// The original bytes, for the comparison before replacing; `None` if there was no file.
    pub(super) bytes: Option<Vec<u8>>,
    /// Whether the text has a byte order mark.
    pub(super) has_mark: bool,
    pub(super) text: String,
}

impl UpstreamsText {
    /// Reads the file at `path`, following links; a missing one has an empty text.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let bytes = match synapse_files::read(path, LIMIT) {
            Ok(bytes) => bytes,
            Err(FileError::TooLarge { .. }) => {
                return Err(Failure::new(
                    Code::ConfigSyntax,
                    format!("{} is larger than {} KiB", shown(path), LIMIT / 1024),
                )
                .cause("a list of servers is never that long")
                .with("file", shown(path)));
            }
            Err(error) => return Err(of_file(error)),
        };
        let content = bytes.as_deref().unwrap_or_default();
        let (content, has_mark) = match content.strip_prefix(MARK) {
            Some(rest) => (rest, true),
            None => (content, false),
        };
        let text = match std::str::from_utf8(content) {
            Ok(text) => text.to_owned(),
            Err(error) => {
                let valid = content.get(..error.valid_up_to()).unwrap_or_default();
                let source = Self {
                    path: path.to_owned(),
                    text: String::from_utf8_lossy(valid).into_owned(),
                    bytes: None,
                    has_mark,
                };
                let failure = Failure::new(
                    Code::ConfigSyntax,
                    format!("{} is not UTF-8 text", shown(path)),
                )
                .hint("save it as UTF-8");
                return Err(source.locate(failure, valid.len()));
            }
        };
        Ok(Self {
            path: path.to_owned(),
            text,
            has_mark,
            bytes,
        })
    }

    /// The same file with another text.
    pub(super) fn with_text(&self, text: String) -> Self {
        Self {
            path: self.path.clone(),
            bytes: None,
            has_mark: self.has_mark,
            text,
        }
    }

    /// Adds file, line and column of the byte `at` to a failure. Lines and columns count from 1.
    pub(super) fn locate(&self, failure: Failure, at: usize) -> Failure {
        let before = self
            .text
            .get(..self.text.floor_char_boundary(at))
            .unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before
            .rsplit('\n')
            .next()
            .unwrap_or_default()
            .chars()
            .count()
            + 1;
        at_position(failure, &self.path, line, column)
    }
}

const LIMIT: u64 = 1024 * 1024;
const MARK: &[u8] = b"\xef\xbb\xbf";
