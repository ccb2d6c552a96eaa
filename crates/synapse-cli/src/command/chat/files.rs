//! Input files of a prompt: read whole up to a cap, and typed by content. Pipes are files too, as
//! in `<(jq …)`; `-` is stdin where an argument says so.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use synapse_core::chat::{ImageFormat, ImageUrl};
use synapse_core::error::{Code, Failure};
use synapse_core::redact::Redactor;

/// A file named by an argument.
#[derive(Debug)]
pub(super) struct InputFile<'a> {
    argument: &'static str,
    what: &'static str,
    path: &'a Path,
}

impl<'a> InputFile<'a> {
    pub(super) const fn new(argument: &'static str, what: &'static str, path: &'a Path) -> Self {
        Self {
            argument,
            what,
            path,
        }
    }

    pub(super) fn failure(&self, wrong: &str) -> Failure {
        let path = if self.is_stdin() {
            "stdin".to_owned()
        } else {
            clean(&self.path.to_string_lossy())
        };
        Failure::new(
            Code::UsageInvalidArguments,
            format!("{} in `{path}` {wrong}", self.what),
        )
        .with("argument", self.argument)
        .with("file", path)
    }

    fn is_stdin(&self) -> bool {
        self.path.as_os_str() == "-"
    }

    fn open(&self) -> io::Result<Box<dyn Read>> {
        if self.is_stdin() {
            Ok(Box::new(io::stdin()))
        } else {
            Ok(Box::new(File::open(self.path)?))
        }
    }

    /// Reads the whole file, or refuses it beyond `cap` bytes.
    fn read(&self, cap: u64) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        self.open()
            .and_then(|file| file.take(cap + 1).read_to_end(&mut bytes))
            .map_err(|error| {
                self.failure("cannot be read")
                    .caused_by(&error)
                    .hint(format!("check the file that {} names", self.argument))
            })?;
        if u64::try_from(bytes.len()).is_ok_and(|length| length <= cap) {
            return Ok(bytes);
        }
        Err(self
            .failure("is too large")
            .cause(format!("it has more than {} MiB", cap >> 20))
            .hint("make it smaller; a large image can be given by its URL"))
    }
}

/// Reads an image file as a data URL.
///
/// # Errors
/// `usage.invalid-arguments` when it is missing, unreadable, too large or not an image.
pub(super) fn image(input: &InputFile<'_>) -> Result<ImageUrl, Failure> {
    let bytes = input.read(MAX_IMAGE)?;
    match ImageFormat::detect(&bytes) {
        Some(format) => Ok(ImageUrl::data(format, &bytes)),
        None => Err(input
            .failure("is not an image that models accept")
            .cause("its first bytes are not those of PNG, JPEG, GIF or WebP")
            .hint("convert it to PNG or JPEG")),
    }
}

/// Reads a text file unchanged.
///
/// # Errors
/// `usage.invalid-arguments` when it is missing, unreadable, too large or not UTF-8 text.
pub(super) fn text(input: &InputFile<'_>) -> Result<String, Failure> {
    String::from_utf8(input.read(MAX_TEXT)?).map_err(|error| {
        input
            .failure("is not UTF-8 text")
            .cause(format!(
                "the byte at {} does not begin a character",
                error.utf8_error().valid_up_to()
            ))
            .hint("convert it to UTF-8; an image goes with --image")
    })
}

/// Reads a JSON file.
///
/// # Errors
/// `usage.invalid-arguments` when it cannot be read or is not JSON of that shape; with line and
/// column.
pub(super) fn json<T: DeserializeOwned>(input: &InputFile<'_>) -> Result<T, Failure> {
    let bytes = input.read(MAX_JSON)?;
    let text = without_mark(&bytes);
    serde_json::from_slice(text).map_err(|error| misfit(input, &error, None))
}

/// Reads a JSON file that holds a list.
///
/// # Errors
/// As [`json`]; an element that does not match is named by its number.
pub(super) fn json_list<T: DeserializeOwned>(input: &InputFile<'_>) -> Result<Vec<T>, Failure> {
    elements(input, &input.read(MAX_JSON)?)
}

fn elements<T: DeserializeOwned>(input: &InputFile<'_>, bytes: &[u8]) -> Result<Vec<T>, Failure> {
    let text = without_mark(bytes);
    let raw: Vec<&RawValue> =
        serde_json::from_slice(text).map_err(|error| misfit(input, &error, None))?;
    let read = |(index, element): (usize, &RawValue)| {
        serde_json::from_str(element.get()).map_err(|error| {
            let offset = element.get().as_ptr().addr() - text.as_ptr().addr();
            misfit(input, &error, Some((index, TextPosition::of(text, offset))))
        })
    };
    raw.into_iter().enumerate().map(read).collect()
}

/// Line and column in a file, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct TextPosition {
    line: usize,
    column: usize,
}

impl TextPosition {
    /// The position of the byte at `offset`.
    fn of(text: &[u8], offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before.iter().rposition(|byte| *byte == b'\n');
        Self {
            line: before.iter().filter(|byte| **byte == b'\n').count() + 1,
            column: before.len() - line_start.map_or(0, |newline| newline + 1) + 1,
        }
    }

    /// The position of `line` and `column` of a text that begins here; 0 means unknown.
    const fn within(self, line: usize, column: usize) -> Self {
        match line {
            0 => self,
            1 => Self {
                line: self.line,
                column: (self.column + column).saturating_sub(1),
            },
            further => Self {
                line: self.line + further - 1,
                column,
            },
        }
    }
}

/// The error for invalid JSON or JSON of another shape: position and reason.
fn misfit(
    input: &InputFile<'_>,
    error: &serde_json::Error,
    element: Option<(usize, TextPosition)>,
) -> Failure {
    let (line, column) = (error.line(), error.column());
    let reason = error.to_string();
    let reason = reason
        .strip_suffix(&format!(" at line {line} column {column}"))
        .unwrap_or(&reason);
    let reason = clean(reason);
    let (place, reason) = match element {
        None => (TextPosition { line, column }, reason),
        Some((index, start)) => (start.within(line, column), format!("[{index}]: {reason}")),
    };
    let TextPosition { line, column } = place;
    input
        .failure("does not fit")
        .cause(format!("line {line}, column {column}: {reason}"))
        .with("line", line)
        .with("column", column)
}

fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes)
}

fn clean(text: &str) -> String {
    Redactor::none().clean(text, MAX_SHOWN)
}

/// The largest image that providers accept, a third larger as base64.
const MAX_IMAGE: u64 = 20 << 20;
/// More text than a model accepts.
const MAX_TEXT: u64 = 4 << 20;
/// The size limit of an MCP message.
const MAX_JSON: u64 = 64 << 20;
const MAX_SHOWN: usize = 200;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

#[cfg(test)]
mod tests {
    use synapse_core::chat::Message;

    use super::*;

    fn messages(text: &str) -> Result<Vec<Message>, Failure> {
        let path = Path::new("talk.json");
        elements(
            &InputFile::new("--messages", "the conversation", path),
            text.as_bytes(),
        )
    }

    #[test]
    fn what_is_wrong_with_json_is_told_with_its_place() {
        for (text, cause) in [
            ("[\n  {\"role\": ]", "line 2, column 12: expected value"),
            ("", "line 1, column 0: EOF while parsing a value"),
            (
                "{}",
                "line 1, column 0: invalid type: map, expected a sequence",
            ),
            ("\u{1b}", "line 1, column 1: expected value"),
            (
                "[\"hi\"]",
                "line 1, column 5: [0]: invalid type: string \"hi\", expected a message",
            ),
            (
                "[\n {\"role\": \"bot\", \"content\": \"x\"}]",
                "line 2, column 15: [0]: unknown variant `bot`, expected one of",
            ),
            (
                "[\n {\"role\": \"user\",\n  \"content\": 5}]",
                "line 3, column 14: [0]: invalid type: integer `5`, expected `content` as text",
            ),
            (
                "[{\"role\": \"user\", \"content\": \"ü\"},\n  {\"role\": \"tool\",\n \"content\": \"5\"}\n]",
                "line 2, column 3: [1]: a tool message needs the `tool_call_id`",
            ),
        ] {
            let failure = messages(text).unwrap_err();
            assert_eq!(
                failure.message(),
                "the conversation in `talk.json` does not fit"
            );
            assert!(
                failure.causes()[0].starts_with(cause),
                "{}",
                failure.causes()[0]
            );
            assert_eq!(failure.context()["argument"], "--messages");
        }
        let long = messages(&format!("[\"{}\"]", "x".repeat(5000))).unwrap_err();
        assert!(long.causes()[0].len() < 300, "{}", long.causes()[0]);
        assert_eq!(messages("\u{feff}[]"), Ok(Vec::new()));
    }
}
