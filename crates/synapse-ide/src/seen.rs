//! The content of a client's file, and our entry in it: missing, current, stale or foreign. Read
//! only.

use std::path::Path;

use serde_json::Value;
use synapse_core::Failure;

use crate::client::{Client, FileFormat};
use crate::entry::{Configured, Entry, NAME};
use crate::failure::invalid;
use crate::file;
use crate::format::{self, Text};

/// The state of our entry in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryState {
    /// The file does not exist.
    NoFile,
    /// It has no entry of our name.
    Absent,
    /// Our entry, up to date.
    Current,
    /// Our entry, with another command or a shape the client rejects.
    Stale,
    /// An entry of our name that starts something else.
    Foreign,
    /// The file is invalid.
    Broken(Box<Failure>),
}

impl EntryState {
    /// The stable name.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::NoFile => "no-file",
            Self::Absent => "absent",
            Self::Current => "current",
            Self::Stale => "stale",
            Self::Foreign => "foreign",
            Self::Broken(_) => "broken",
        }
    }
}

/// The current content of a client's file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FileContent {
    /// `None` if it does not exist.
    pub(crate) bytes: Option<Vec<u8>>,
    pub(crate) text: Text,
    pub(crate) found: ExistingEntry,
    pub(crate) warnings: Vec<String>,
}

/// The entry under our name.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ExistingEntry {
    Nothing,
    Ours(Configured, Value),
    Foreign(Value),
}

impl FileContent {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// `ide.file-unusable`, `ide.file-invalid`.
    pub(crate) fn at(
        client: &Client,
        path: &Path,
        section: &[String],
        entry: &Entry,
    ) -> Result<Self, Failure> {
        Self::of(client, path, file::read(path)?, section, entry)
    }

    /// Parses `bytes` as the content of the file at `path`.
    ///
    /// # Errors
    /// `ide.file-invalid`.
    pub(crate) fn of(
        client: &Client,
        path: &Path,
        bytes: Option<Vec<u8>>,
        section: &[String],
        entry: &Entry,
    ) -> Result<Self, Failure> {
        let text =
            Text::of(bytes.as_deref().unwrap_or_default()).map_err(|why| invalid(path, why))?;
        let keys = [section, &[NAME.to_owned()]].concat();
        let value = format::read_at(client.format, text.as_str(), &keys)
            .map_err(|why| invalid(path, why))?;
        let entries = section.iter().try_fold(&value, |value, key| value.get(key));
        match entries {
            None | Some(Value::Object(_)) => {}
            Some(Value::Null) if client.format == FileFormat::Yaml => {}
            Some(other) => {
                let kind = format::kind(other);
                let why = format!("`{}` is {kind}, an object is needed", section.join("."));
                return Err(invalid(path, why));
            }
        }
        let found = match entries.and_then(|entries| entries.get(NAME)) {
            None => ExistingEntry::Nothing,
            Some(value) => match Configured::read(client, value) {
                Some(configured) if configured.is_ours(entry.command()) => {
                    ExistingEntry::Ours(configured, value.clone())
                }
                _ => ExistingEntry::Foreign(value.clone()),
            },
        };
        Ok(Self {
            warnings: warnings(client, &text),
            bytes,
            text,
            found,
        })
    }
}

/// Problems for a client that reads plain JSON only.
fn warnings(client: &Client, text: &Text) -> Vec<String> {
    if client.format != FileFormat::Json {
        return Vec::new();
    }
    let mark = text
        .is_marked()
        .then(|| "it begins with a byte order mark; save it as UTF-8 without one".to_owned());
    let syntax = if text.as_str().trim().is_empty() {
        None
    } else {
        format::json_strictly(text.as_str())
    };
    let problems = mark.into_iter().chain(syntax);
    problems
        .map(|problem| {
            format!(
                "{} reads plain JSON only and will not read this file: {problem}",
                client.title()
            )
        })
        .collect()
}
