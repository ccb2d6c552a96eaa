//! Parquet, read by the Parquet library of the Arrow project.

use bytes::Bytes;
use parquet::basic::{ConvertedType, Encoding, LogicalType};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::statistics::Statistics;
use parquet::record::Field;
use synapse_core::ledger::{Column, ColumnKind, ColumnValue};
use synapse_export::Format;

use crate::rows::{exported, row};

fn reader(count: u64) -> SerializedFileReader<Bytes> {
    SerializedFileReader::new(Bytes::from(exported(Format::Parquet, count))).unwrap()
}

/// A cell as the reader gives it.
fn field(value: Option<ColumnValue>) -> Field {
    match value {
        None => Field::Null,
        Some(ColumnValue::Text(text)) => Field::Str(text),
        Some(ColumnValue::Number(number)) => Field::Long(number),
        Some(ColumnValue::Time(time)) => Field::TimestampMillis(time.as_millis()),
        Some(ColumnValue::Flag(flag)) => Field::Bool(flag),
    }
}

#[test]
fn every_cell_of_every_row_reads_back() {
    // Two whole groups and a part of a third.
    const ROWS: u64 = 40_000;
    let reader = reader(ROWS);
    assert_eq!(reader.metadata().file_metadata().num_rows(), 40_000);
    assert_eq!(reader.num_row_groups(), 3);
    let mut number = 0;
    for record in reader.get_row_iter(None).unwrap() {
        let record = record.unwrap();
        let entry = row(number);
        let cells: Vec<_> = record.get_column_iter().collect();
        assert_eq!(cells.len(), Column::ALL.len());
        for (column, (name, cell)) in Column::ALL.iter().zip(cells) {
            assert_eq!(name, column.as_str());
            assert_eq!(*cell, field(column.value(&entry)), "{name} of row {number}");
        }
        number += 1;
    }
    assert_eq!(number, ROWS);
}

#[test]
fn columns_are_typed_and_times_are_times() {
    let reader = reader(1);
    let schema = reader.metadata().file_metadata().schema_descr_ptr();
    for (column, leaf) in Column::ALL.iter().zip(schema.columns()) {
        assert_eq!(leaf.name(), column.as_str());
        let logical = leaf.logical_type_ref();
        match column.kind() {
            ColumnKind::Text => assert_eq!(logical, Some(&LogicalType::String)),
            ColumnKind::Time => assert_eq!(leaf.converted_type(), ConvertedType::TIMESTAMP_MILLIS),
            _ => assert_eq!(logical, None),
        }
    }
}

#[test]
fn metadata_lets_a_reader_skip_and_words_are_kept_once() {
    let reader = reader(1000);
    let group = reader.metadata().row_group(0);
    for (index, column) in Column::ALL.iter().enumerate() {
        let chunk = group.column(index);
        let values = (0..1000).map(|number| column.value(&row(number)));
        let nulls = values.clone().filter(Option::is_none).count() as u64;
        let statistics = chunk.statistics().unwrap();
        assert_eq!(statistics.null_count_opt(), Some(nulls), "{column:?}");
        if let Statistics::Int64(range) = statistics {
            let numbers = values.flatten().filter_map(|value| value.number());
            assert_eq!(range.min_opt().copied(), numbers.clone().min());
            assert_eq!(range.max_opt().copied(), numbers.max());
        }
        let dictionary = chunk
            .encodings()
            .any(|each| each == Encoding::RLE_DICTIONARY);
        // The data stand behind the dictionary, if there is one.
        match chunk.dictionary_page_offset() {
            Some(first) => assert!(chunk.data_page_offset() > first, "{column:?}"),
            None => assert_eq!(chunk.data_page_offset(), chunk.file_offset()),
        }
        assert_eq!(dictionary, chunk.dictionary_page_offset().is_some());
        match column {
            Column::Connection | Column::Provider | Column::ModelRequested => assert!(dictionary),
            Column::CallId | Column::RequestId | Column::BytesOut => assert!(!dictionary),
            _ => {}
        }
    }
}

#[test]
fn no_rows_are_a_whole_file_too() {
    let reader = reader(0);
    assert_eq!(reader.metadata().file_metadata().num_rows(), 0);
    assert_eq!(reader.get_row_iter(None).unwrap().count(), 0);
}
