//! Exports ledger rows as JSON Lines, CSV and Parquet.
//!
//! **Invariant:** rows are written one at a time, in constant memory. Nothing here knows a path or
//! a database. Unknown values are absent, never 0.

mod csv;
mod parquet;

use std::io::{self, Write};

use synapse_core::ledger::Entry;
use synapse_documents::HistoryEntry;

pub use crate::csv::record;
pub use crate::parquet::{Origin, ParquetWriter, Texts, call_ids};

/// The format of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExportFormat {
    /// One JSON object per line, with the keys of the documents.
    Jsonl,
    /// RFC 4180, with a header.
    Csv,
    /// Apache Parquet.
    Parquet,
}

impl ExportFormat {
    /// Every format.
    pub const ALL: [Self; 3] = [Self::Jsonl, Self::Csv, Self::Parquet];

    /// Its name, also the usual file extension.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
            Self::Parquet => "parquet",
        }
    }

    /// Whether it is binary and should not go to a terminal.
    #[must_use]
    pub const fn is_binary(self) -> bool {
        matches!(self, Self::Parquet)
    }
}

/// Writes rows in one format.
#[derive(Debug)]
pub struct Exporter<W: Write + Send> {
    writer: Writer<W>,
}

#[derive(Debug)]
enum Writer<W: Write + Send> {
    Jsonl(W),
    Csv(W),
    Parquet(Box<ParquetWriter<W>>),
}

impl<W: Write + Send> Exporter<W> {
    /// Starts an export into `sink`, which should be buffered.
    ///
    /// # Errors
    /// I/O errors of `sink`.
    pub fn begin(format: ExportFormat, mut sink: W) -> io::Result<Self> {
        let writer = match format {
            ExportFormat::Jsonl => Writer::Jsonl(sink),
            ExportFormat::Csv => {
                sink.write_all(csv::header().as_bytes())?;
                Writer::Csv(sink)
            }
            ExportFormat::Parquet => {
                Writer::Parquet(Box::new(ParquetWriter::begin(sink, Texts::LeftOut, None)?))
            }
        };
        Ok(Self { writer })
    }

    /// Writes one row.
    ///
    /// # Errors
    /// I/O errors of the sink; the export is incomplete then.
    pub fn row(&mut self, entry: &Entry) -> io::Result<()> {
        match &mut self.writer {
            Writer::Jsonl(sink) => {
                serde_json::to_writer(&mut *sink, &HistoryEntry::from(entry))?;
                sink.write_all(b"\n")
            }
            Writer::Csv(sink) => sink.write_all(csv::row(entry).as_bytes()),
            Writer::Parquet(writer) => writer.row(entry, None),
        }
    }

    /// Writes the remaining rows, flushes and returns the sink. Without this call the export is
    /// incomplete.
    ///
    /// # Errors
    /// I/O errors of the sink.
    pub fn finish(self) -> io::Result<W> {
        let mut sink = match self.writer {
            Writer::Jsonl(sink) | Writer::Csv(sink) => sink,
            Writer::Parquet(writer) => writer.finish()?,
        };
        sink.flush()?;
        Ok(sink)
    }
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
