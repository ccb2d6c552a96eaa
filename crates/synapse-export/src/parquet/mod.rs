//! Apache Parquet via the crate of the Arrow project: rows are buffered into row groups, and each
//! column chunk is written with a suitable encoding and statistics.
//!
//! Every column is optional and uncompressed: dictionary and delta encodings achieve most of what a
//! codec would, and every reader supports them.

mod column;
mod ids;
mod schema;

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use parquet::errors::ParquetError;
use parquet::file::writer::SerializedFileWriter;
use synapse_core::ledger::{Entry, RecordedText};

use self::column::ColumnBuffer;
pub use self::ids::call_ids;
use self::schema::{Field, fields, metadata, properties, schema};
pub use self::schema::{Origin, Texts};

/// Writes a Parquet file, one row group at a time.
pub struct ParquetWriter<W: Write + Send> {
    file: SerializedFileWriter<SharedWriter<W>>,
    sink: SharedWriter<W>,
    buffered: usize,
    columns: Vec<(Field, ColumnBuffer)>,
}

impl<W: Write + Send> std::fmt::Debug for ParquetWriter<W> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ParquetWriter")
            .field("buffered", &self.buffered)
            .finish_non_exhaustive()
    }
}

impl<W: Write + Send> ParquetWriter<W> {
    /// Starts a file in `sink`. Its metadata records the format, the units and `origin`.
    ///
    /// # Errors
    /// I/O errors of `sink`.
    pub fn begin(sink: W, texts: Texts, origin: Option<&Origin>) -> io::Result<Self> {
        let fields = fields(texts);
        let schema = schema(&fields).map_err(|error| io_error(&error))?;
        let properties = properties(metadata(texts, origin));
        let sink = SharedWriter(Arc::new(Mutex::new(sink)));
        let file = SerializedFileWriter::new(sink.clone(), schema.into(), properties.into())
            .map_err(|error| io_error(&error))?;
        let columns = fields
            .into_iter()
            .map(|field| (field, ColumnBuffer::new(field.kind())))
            .collect();
        Ok(Self {
            file,
            sink,
            buffered: 0,
            columns,
        })
    }

    /// Writes one row, with the recorded texts if the file has columns for them.
    ///
    /// # Errors
    /// I/O errors of the sink; the file is incomplete then.
    pub fn row(&mut self, entry: &Entry, text: Option<&RecordedText>) -> io::Result<()> {
        for (field, buffer) in &mut self.columns {
            buffer.push(field.value(entry, text));
        }
        self.buffered += 1;
        if self.buffered == ROWS_OF_A_GROUP {
            self.write_group().map_err(|error| io_error(&error))?;
        }
        Ok(())
    }

    /// Writes the remaining rows and the footer, and returns the sink. Without this call the file
    /// is incomplete.
    ///
    /// # Errors
    /// I/O errors of the sink.
    pub fn finish(mut self) -> io::Result<W> {
        if self.buffered > 0 {
            self.write_group().map_err(|error| io_error(&error))?;
        }
        let Self { mut file, sink, .. } = self;
        file.finish().map_err(|error| io_error(&error))?;
        file.flush()?;
        drop(file);
        let gone = || io::Error::other("the sink is in use");
        let sink = Arc::into_inner(sink.0).ok_or_else(gone)?;
        Ok(sink.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    fn write_group(&mut self) -> Result<(), ParquetError> {
        self.buffered = 0;
        let mut group = self.file.next_row_group()?;
        for (_, buffer) in &mut self.columns {
            let Some(mut column) = group.next_column()? else {
                break;
            };
            buffer.write(&mut column)?;
            column.close()?;
        }
        group.close().map(drop)
    }
}

/// The sink, shared with the crate's writer, whose own accessor would hide I/O errors.
#[derive(Debug)]
struct SharedWriter<W>(Arc<Mutex<W>>);

impl<W> SharedWriter<W> {
    fn lock(&self) -> MutexGuard<'_, W> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<W> Clone for SharedWriter<W> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<W: Write> Write for SharedWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.lock().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.lock().flush()
    }
}

/// Unwraps the sink's own error.
fn io_error(error: &ParquetError) -> io::Error {
    if let ParquetError::External(source) = error
        && let Some(source) = source.downcast_ref::<io::Error>()
    {
        return match source.raw_os_error() {
            Some(code) => io::Error::from_raw_os_error(code),
            None => io::Error::new(source.kind(), source.to_string()),
        };
    }
    io::Error::other(error.to_string())
}

/// Large enough for effective dictionaries and parallel reads, small enough for about 10 MB of
/// memory.
const ROWS_OF_A_GROUP: usize = 32_768;
