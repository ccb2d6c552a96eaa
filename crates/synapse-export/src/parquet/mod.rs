//! A Parquet file: the magic, row groups one after the other, and a footer that says where they are.
//!
//! <https://parquet.apache.org/docs/file-format/>. Written are version 1 data pages, one for each
//! column of a row group, and dictionary pages; nothing is compressed. Every column is optional.

mod column;
mod levels;
mod thrift;

use std::io::{self, Write};

use synapse_core::ledger::{Column, ColumnKind, Entry};

use self::column::{Chunk, ColumnBuffer};
use self::thrift::Struct;

/// Writes a Parquet file, a row group at a time.
#[derive(Debug)]
pub(crate) struct ParquetWriter<W> {
    sink: W,
    written: u64,
    rows: u64,
    buffered: usize,
    columns: Vec<(Column, ColumnBuffer)>,
    groups: Vec<Group>,
}

/// A row group that has been written.
#[derive(Debug)]
struct Group {
    rows: u64,
    chunks: Vec<Chunk>,
}

impl<W: Write> ParquetWriter<W> {
    pub(crate) fn begin(mut sink: W) -> io::Result<Self> {
        sink.write_all(MAGIC)?;
        let columns = Column::ALL
            .iter()
            .map(|column| (*column, ColumnBuffer::new(physical(column.kind()))))
            .collect();
        Ok(Self {
            sink,
            written: MAGIC.len() as u64,
            rows: 0,
            buffered: 0,
            columns,
            groups: Vec::new(),
        })
    }

    pub(crate) fn row(&mut self, entry: &Entry) -> io::Result<()> {
        for (column, buffer) in &mut self.columns {
            buffer.push(column.value(entry));
        }
        self.buffered += 1;
        if self.buffered == ROWS_OF_A_GROUP {
            self.write_group()?;
        }
        Ok(())
    }

    pub(crate) fn finish(mut self) -> io::Result<W> {
        if self.buffered > 0 {
            self.write_group()?;
        }
        let footer = self.footer();
        self.sink.write_all(&footer)?;
        // A footer is far below 4 GiB: that would take some million row groups.
        let length = u32::try_from(footer.len()).map_err(io::Error::other)?;
        self.sink.write_all(&length.to_le_bytes())?;
        self.sink.write_all(MAGIC)?;
        Ok(self.sink)
    }

    fn write_group(&mut self) -> io::Result<()> {
        let rows = std::mem::take(&mut self.buffered) as u64;
        let mut chunks = Vec::with_capacity(self.columns.len());
        for (_, buffer) in &mut self.columns {
            let (bytes, chunk) = buffer.take(self.written)?;
            self.sink.write_all(&bytes)?;
            self.written += bytes.len() as u64;
            chunks.push(chunk);
        }
        self.rows += rows;
        self.groups.push(Group { rows, chunks });
        Ok(())
    }

    /// `FileMetaData` of parquet.thrift.
    fn footer(&self) -> Vec<u8> {
        let mut file = Struct::default();
        file.i32(1, 1);
        file.structs(2, schema());
        file.i64(3, self.rows);
        file.structs(4, self.groups.iter().map(|group| self.group(group)));
        file.text(6, concat!("synapse ", env!("CARGO_PKG_VERSION")));
        // The smallest and largest values below are by the order of their types.
        file.structs(
            7,
            self.columns.iter().map(|_| {
                let mut order = Struct::default();
                order.nested(1, Struct::default());
                order
            }),
        );
        file.end()
    }

    /// `RowGroup`.
    fn group(&self, group: &Group) -> Struct {
        let size = group.chunks.iter().map(|chunk| chunk.size).sum();
        let mut to = Struct::default();
        to.structs(
            1,
            self.columns
                .iter()
                .zip(&group.chunks)
                .map(|((column, buffer), chunk)| {
                    let mut to = Struct::default();
                    to.i64(2, chunk.begin);
                    to.nested(3, chunk.metadata(column.as_str(), buffer.physical()));
                    to
                }),
        );
        to.i64(2, size);
        to.i64(3, group.rows);
        to
    }
}

/// How a column's values are stored. The numbers are those of `Type` in parquet.thrift.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Physical {
    Boolean = 0,
    Int64 = 2,
    ByteArray = 6,
}

const fn physical(kind: ColumnKind) -> Physical {
    match kind {
        ColumnKind::Text => Physical::ByteArray,
        ColumnKind::Number | ColumnKind::Time => Physical::Int64,
        ColumnKind::Flag => Physical::Boolean,
    }
}

/// The root and a leaf for each column, as `SchemaElement`.
fn schema() -> impl ExactSizeIterator<Item = Struct> {
    let mut elements = Vec::with_capacity(Column::ALL.len() + 1);
    let mut root = Struct::default();
    root.text(4, "synapse_history");
    root.i32(5, i32::try_from(Column::ALL.len()).unwrap_or(i32::MAX));
    elements.push(root);
    for column in Column::ALL {
        let mut leaf = Struct::default();
        leaf.i32(1, physical(column.kind()) as i32);
        leaf.i32(3, OPTIONAL);
        leaf.text(4, column.as_str());
        match column.kind() {
            ColumnKind::Text => {
                leaf.i32(6, CONVERTED_UTF8);
                let mut logical = Struct::default();
                logical.nested(1, Struct::default());
                leaf.nested(10, logical);
            }
            ColumnKind::Time => {
                leaf.i32(6, CONVERTED_TIMESTAMP_MILLIS);
                let mut unit = Struct::default();
                unit.nested(1, Struct::default());
                let mut timestamp = Struct::default();
                timestamp.truth(1, true);
                timestamp.nested(2, unit);
                let mut logical = Struct::default();
                logical.nested(8, timestamp);
                leaf.nested(10, logical);
            }
            ColumnKind::Number | ColumnKind::Flag => {}
        }
        elements.push(leaf);
    }
    elements.into_iter()
}

const MAGIC: &[u8] = b"PAR1";
/// Large enough for dictionaries to pay, small enough for a few MB of memory.
const ROWS_OF_A_GROUP: usize = 16_384;
const OPTIONAL: i32 = 1;
const CONVERTED_UTF8: i32 = 0;
const CONVERTED_TIMESTAMP_MILLIS: i32 = 9;
