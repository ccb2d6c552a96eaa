//! Parquet, read by the Parquet library of the Arrow project.

use std::io::Write as _;

use bytes::Bytes;
use parquet::basic::{ConvertedType, Encoding, LogicalType};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::statistics::Statistics;
use parquet::record::Field;
use synapse_core::ledger::{Column, ColumnKind, ColumnValue, RecordedText};
use synapse_export::{ExportFormat, ParquetWriter, Texts, call_ids};

use crate::rows::{exported, row};

fn reader(count: u64) -> SerializedFileReader<Bytes> {
    SerializedFileReader::new(Bytes::from(exported(ExportFormat::Parquet, count))).unwrap()
}

/// A cell, as returned by the reader.
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
    // One full row group and part of a second.
    const ROWS: u64 = 40_000;
    let reader = reader(ROWS);
    assert_eq!(reader.metadata().file_metadata().num_rows(), 40_000);
    assert_eq!(reader.num_row_groups(), 2);
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
        // The data pages follow the dictionary page, if there is one.
        match chunk.dictionary_page_offset() {
            Some(first) => assert!(chunk.data_page_offset() > first, "{column:?}"),
            None => assert!(!dictionary),
        }
        assert_eq!(dictionary, chunk.dictionary_page_offset().is_some());
        match column {
            Column::Connection | Column::Provider | Column::ModelRequested => assert!(dictionary),
            Column::CallId | Column::RequestId | Column::StartedAt => assert!(!dictionary),
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

#[test]
fn the_metadata_has_the_format_the_version_and_the_units() {
    let reader = reader(1);
    let pairs = reader.metadata().file_metadata().key_value_metadata();
    let value = |key: &str| {
        let mut found = pairs.unwrap().iter().filter(|pair| pair.key == key);
        found.next().and_then(|pair| pair.value.clone())
    };
    assert_eq!(value("synapse.schema").as_deref(), Some("synapse.calls/1"));
    assert_eq!(
        value("synapse.version").as_deref(),
        Some(env!("CARGO_PKG_VERSION"))
    );
    assert_eq!(value("synapse.texts").as_deref(), Some("left out"));
    let units: serde_json::Value = serde_json::from_str(&value("synapse.units").unwrap()).unwrap();
    assert_eq!(units["cost_nano_usd"], "nano-USD");
    assert_eq!(units["latency_ms"], "ms");
    assert_eq!(units.get("model_served"), None);
}

#[test]
fn texts_have_columns_only_where_they_are_asked_for_and_no_statistics() {
    let said = RecordedText {
        prompt: "what was asked".to_owned(),
        reply: None,
    };
    let written = |texts| {
        let mut writer = ParquetWriter::begin(Vec::new(), texts, None).unwrap();
        writer.row(&row(0), Some(&said)).unwrap();
        writer.row(&row(1), None).unwrap();
        writer.finish().unwrap()
    };
    let without = written(Texts::LeftOut);
    assert!(!without.windows(14).any(|bytes| bytes == b"what was asked"));
    let with = SerializedFileReader::new(Bytes::from(written(Texts::Included))).unwrap();
    let rows: Vec<_> = with
        .get_row_iter(None)
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let cell = |row: usize, name: &str| {
        let mut cells = rows[row].get_column_iter();
        cells.find(|(found, _)| *found == name).unwrap().1.clone()
    };
    assert_eq!(cell(0, "prompt"), Field::Str("what was asked".to_owned()));
    assert_eq!(cell(0, "reply"), Field::Null);
    assert_eq!(cell(1, "prompt"), Field::Null);
    let prompt = with.metadata().row_group(0).column(Column::ALL.len());
    assert!(prompt.statistics().is_none());
}

#[test]
fn the_ids_of_a_file_read_back_and_another_file_says_so() {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&exported(ExportFormat::Parquet, 9_000))
        .unwrap();
    let mut found = Vec::new();
    call_ids(file, |id| found.push(id)).unwrap();
    let ids: Vec<_> = (0..9_000)
        .map(|number| row(number).receipt.call_id)
        .collect();
    assert_eq!(found, ids);
    let mut other = tempfile::tempfile().unwrap();
    other.write_all(b"PAR1 but no more than that").unwrap();
    let error = call_ids(other, |_| ()).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);
}

/// A sink that fills up after some bytes.
struct Full(usize);

impl std::io::Write for Full {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self.0.checked_sub(bytes.len()) {
            Some(left) => self.0 = left,
            None => return Err(std::io::ErrorKind::StorageFull.into()),
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_sink_says_that_it_is_full_wherever_it_happens() {
    let whole = exported(ExportFormat::Parquet, 3).len();
    for room in (0..whole).step_by(97).chain([whole - 1]) {
        let written = || {
            let mut writer = ParquetWriter::begin(Full(room), Texts::LeftOut, None)?;
            for number in 0..3 {
                writer.row(&row(number), None)?;
            }
            writer.finish().map(drop)
        };
        let error = written().unwrap_err();
        assert_eq!(
            error.kind(),
            std::io::ErrorKind::StorageFull,
            "{room}: {error}"
        );
    }
}
