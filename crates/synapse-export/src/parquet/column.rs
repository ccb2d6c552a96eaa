//! One column of one row group: values are gathered, then handed to the crate together.

use bytes::Bytes;
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::writer::SerializedColumnWriter;
use synapse_core::ledger::{ColumnKind, ColumnValue};

/// The values of a column that are not written yet.
#[derive(Debug)]
pub(super) struct ColumnBuffer {
    /// For each row 1 when its value is known, else 0.
    known: Vec<i16>,
    values: Values,
}

#[derive(Debug)]
enum Values {
    Flags(Vec<bool>),
    Numbers(Vec<i64>),
    /// One text behind another, and where each ends.
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

    /// Writes everything gathered, and begins anew.
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
