//! Buffers the values of one column of a row group and writes them together.

use bytes::Bytes;
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::writer::SerializedColumnWriter;
use synapse_core::ledger::{ColumnKind, ColumnValue};

/// Values of a column that are not written yet.
#[derive(Debug)]
pub(super) struct ColumnBuffer {
    /// Definition levels: per row, 1 if its value is known, else 0.
    known: Vec<i16>,
    values: Values,
}

#[derive(Debug)]
enum Values {
    Flags(Vec<bool>),
    Numbers(Vec<i64>),
    /// Concatenated texts and the end offset of each.
    Texts {
        bytes: Vec<u8>,
        ends: Vec<usize>,
    },
}

impl ColumnBuffer {
    pub(super) const fn new(kind: ColumnKind) -> Self {
        let values = match kind {
            ColumnKind::Flag => Values::Flags(Vec::new()),
            ColumnKind::Number | ColumnKind::Time => Values::Numbers(Vec::new()),
            ColumnKind::Text => Values::Texts {
                bytes: Vec::new(),
                ends: Vec::new(),
            },
        };
        Self {
            known: Vec::new(),
            values,
        }
    }

    pub(super) fn push(&mut self, value: Option<ColumnValue>) {
        self.known.push(i16::from(value.is_some()));
        let Some(value) = value else { return };
        match &mut self.values {
            Values::Flags(flags) => flags.push(value.number() == Some(1)),
            Values::Numbers(numbers) => numbers.push(value.number().unwrap_or_default()),
            Values::Texts { bytes, ends } => {
                if let ColumnValue::Text(text) = &value {
                    bytes.extend_from_slice(text.as_bytes());
                }
                ends.push(bytes.len());
            }
        }
    }

    /// Writes the buffered values and clears the buffer.
    pub(super) fn write(
        &mut self,
        column: &mut SerializedColumnWriter<'_>,
    ) -> Result<(), ParquetError> {
        let known = std::mem::take(&mut self.known);
        let known = Some(known.as_slice());
        let written = match &mut self.values {
            Values::Flags(flags) => {
                let flags = std::mem::take(flags);
                column.typed::<BoolType>().write_batch(&flags, known, None)
            }
            Values::Numbers(numbers) => {
                let numbers = std::mem::take(numbers);
                column
                    .typed::<Int64Type>()
                    .write_batch(&numbers, known, None)
            }
            Values::Texts { bytes, ends } => {
                let bytes = Bytes::from(std::mem::take(bytes));
                let mut begin = 0;
                let texts: Vec<ByteArray> = std::mem::take(ends)
                    .into_iter()
                    .map(|end| {
                        let text = bytes.slice(begin..end);
                        begin = end;
                        ByteArray::from(text)
                    })
                    .collect();
                column
                    .typed::<ByteArrayType>()
                    .write_batch(&texts, known, None)
            }
        };
        written.map(drop)
    }
}
