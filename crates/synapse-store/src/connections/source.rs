//! The text of connections.toml and where in it something stands.

use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use synapse_core::{Code, Failure};
use synapse_files::{self as file, Found};

use crate::failure::{not_a_file, reading, shown};

/// The file as it was read. An absent file has no text.
#[derive(Debug)]
pub(super) struct Source {
    path: PathBuf,
    text: String,
}

impl Source {
    /// Reads the file at `path`, following a symbolic link.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let mut bytes = Vec::new();
        match file::open(path) {
            Ok(Found::Regular(file, metadata)) => {
                // One byte more, so that the end is found without growing.
                let length = usize::try_from(metadata.len()).unwrap_or(USUAL);
                bytes.reserve(length.min(USUAL) + 1);
                // Behind `take`, because a file by itself asks for its length again.
                file.take(u64::MAX)
                    .read_to_end(&mut bytes)
                    .map_err(|error| reading(path, &error))?;
            }
            Ok(Found::Other(what)) => return Err(not_a_file(path, what)),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(reading(path, &error)),
        }
        Self::decode(path, bytes)
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
        }
    }

    /// Where the file is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What stands in it.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// What stands in it, and nothing else.
    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// A failure at the byte `offset`.
    pub(super) fn failure(&self, code: Code, message: &str, offset: usize) -> Failure {
        self.locate(Failure::new(code, message), offset)
    }

    /// Adds file, line and column of the byte `offset` to a failure.
    pub(super) fn locate(&self, failure: Failure, offset: usize) -> Failure {
        let (line, column) = position(&self.text, offset);
        let file = shown(&self.path);
        failure
            .cause(format!("at {file}:{line}:{column}"))
            .with("file", file)
            .with("line", line)
            .with("column", column)
    }
}

/// Line and column of a byte, both counted from 1, the column in characters.
pub(super) fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..text.floor_char_boundary(offset)).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let line_start = before.rfind('\n').map_or(0, |feed| feed + 1);
    let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
    (line, column)
}

/// No file that people write is longer; what a longer one takes is found by reading it.
const USUAL: usize = 64 * 1024;
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
        let text = "a\näö = x\r\n\nend";
        for (offset, expected) in [
            (0, (1, 1)),
            (1, (1, 2)),
            (2, (2, 1)),
            (4, (2, 2)),
            (6, (2, 3)),
            (text.len(), (4, 4)),
            (1000, (4, 4)),
        ] {
            assert_eq!(position(text, offset), expected, "{offset}");
        }
        assert_eq!(position("", 0), (1, 1));
    }
}
