//! Reads the call ids from a Parquet file written by an earlier export.
//!
//! Pages of the one column are read directly: a reader of whole files links decoders of all types,
//! a megabyte of them.

use std::fs::File;
use std::io;
use std::sync::Arc;

use parquet::basic::Type as Physical;
use parquet::column::reader::ColumnReaderImpl;
use parquet::data_type::{ByteArray, ByteArrayType};
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaDataReader;
use parquet::file::serialized_reader::SerializedPageReader;
use synapse_core::call::CallId;
use synapse_core::ledger::Column;

use super::io_error;

/// Passes every call id of the Parquet file to `visit`. Reads only that column.
///
/// # Errors
/// `InvalidData` if it is not a Parquet file with call ids; I/O errors.
pub fn call_ids(file: File, mut visit: impl FnMut(CallId)) -> io::Result<()> {
    read(file, &mut visit).map_err(|error| match io_error(&error) {
        error if error.kind() == io::ErrorKind::Other => {
            io::Error::new(io::ErrorKind::InvalidData, error.to_string())
        }
        error => error,
    })
}

fn read(file: File, visit: &mut impl FnMut(CallId)) -> Result<(), ParquetError> {
    let metadata = ParquetMetaDataReader::new().parse_and_finish(&file)?;
    let file = Arc::new(file);
    let foreign = || ParquetError::General("it has no column of call ids".to_owned());
    let schema = metadata.file_metadata().schema_descr_ptr();
    let (index, description) = schema
        .columns()
        .iter()
        .enumerate()
        .find(|(_, column)| column.name() == Column::CallId.as_str())
        .filter(|(_, column)| column.physical_type() == Physical::BYTE_ARRAY)
        .ok_or_else(foreign)?;
    for group in metadata.row_groups() {
        let chunk = group.columns().get(index).ok_or_else(foreign)?;
        if chunk.column_type() != Physical::BYTE_ARRAY {
            return Err(foreign());
        }
        let rows = usize::try_from(group.num_rows()).map_err(|_| foreign())?;
        let pages = SerializedPageReader::new(Arc::clone(&file), chunk, rows, None)?;
        let mut column =
            ColumnReaderImpl::<ByteArrayType>::new(Arc::clone(description), Box::new(pages));
        loop {
            let mut values: Vec<ByteArray> = Vec::with_capacity(TOGETHER);
            let mut known: Vec<i16> = Vec::with_capacity(TOGETHER);
            let (records, ..) =
                column.read_records(TOGETHER, Some(&mut known), None, &mut values)?;
            if records == 0 {
                break;
            }
            for value in &values {
                let id = std::str::from_utf8(value.data()).ok();
                visit(id.and_then(|id| id.parse().ok()).ok_or_else(foreign)?);
            }
        }
    }
    Ok(())
}

const TOGETHER: usize = 8_192;
