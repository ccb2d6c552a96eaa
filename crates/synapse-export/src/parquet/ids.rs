//! Reads the call ids from a Parquet file written by an earlier export.

use std::fs::File;
use std::io;

use parquet::column::reader::ColumnReader;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use synapse_core::call::CallId;
use synapse_core::ledger::Column;

use super::io_error;

/// Passes every call id of the Parquet file to `visit`. Reads only that column.
///
/// # Errors
/// `InvalidData` if it is no Parquet file with call ids; I/O errors.
pub fn call_ids(file: File, mut visit: impl FnMut(CallId)) -> io::Result<()> {
    read(file, &mut visit).map_err(|error| match io_error(&error) {
        error if error.kind() == io::ErrorKind::Other => {
            io::Error::new(io::ErrorKind::InvalidData, error.to_string())
        }
        error => error,
    })
}

fn read(file: File, visit: &mut impl FnMut(CallId)) -> Result<(), ParquetError> {
    let reader = SerializedFileReader::new(file)?;
    let foreign = || ParquetError::General("it has no column of call ids".to_owned());
    let schema = reader.metadata().file_metadata().schema_descr_ptr();
    let index = schema
        .columns()
        .iter()
        .position(|column| column.name() == Column::CallId.as_str())
        .ok_or_else(foreign)?;
    for group in 0..reader.num_row_groups() {
        let group = reader.get_row_group(group)?;
        let ColumnReader::ByteArrayColumnReader(mut column) = group.get_column_reader(index)?
        else {
            return Err(foreign());
        };
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
