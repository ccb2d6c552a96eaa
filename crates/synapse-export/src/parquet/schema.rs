//! The schema of a file: column types and encodings, and metadata with format, units and origin.

use parquet::basic::{Encoding, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::Type;
use serde_json::{Map, Value, json};
use synapse_core::dataset::{MachineName, Month, PartName};
use synapse_core::ledger::{Column, ColumnKind, ColumnValue, Entry, RecordedText};

/// Whether a file has columns for prompts and replies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Texts {
    /// It has none.
    LeftOut,
    /// Columns `prompt` and `reply`, null where nothing was recorded.
    Included,
}

/// The origin of the rows in a dataset file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The machine, as in the column `machine`.
    pub machine: MachineName,
    /// The month.
    pub month: Month,
    /// The range of the chain.
    pub part: PartName,
}

/// A column of the file.
#[derive(Debug, Clone, Copy)]
pub(super) enum Field {
    Of(Column),
    Prompt,
    Reply,
}

impl Field {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Of(column) => column.as_str(),
            Self::Prompt => "prompt",
            Self::Reply => "reply",
        }
    }

    pub(super) const fn kind(self) -> ColumnKind {
        match self {
            Self::Of(column) => column.kind(),
            Self::Prompt | Self::Reply => ColumnKind::Text,
        }
    }

    pub(super) fn value(self, entry: &Entry, text: Option<&RecordedText>) -> Option<ColumnValue> {
        match self {
            Self::Of(column) => column.value(entry),
            Self::Prompt => text.map(|text| ColumnValue::Text(text.prompt.clone())),
            Self::Reply => text
                .and_then(|text| text.reply.clone())
                .map(ColumnValue::Text),
        }
    }
}

pub(super) fn fields(texts: Texts) -> Vec<Field> {
    let mut fields: Vec<Field> = Column::ALL.iter().copied().map(Field::Of).collect();
    if texts == Texts::Included {
        fields.extend([Field::Prompt, Field::Reply]);
    }
    fields
}

pub(super) fn schema(fields: &[Field]) -> Result<Type, ParquetError> {
    let mut leaves = Vec::with_capacity(fields.len());
    for field in fields {
        let (physical, logical) = match field.kind() {
            ColumnKind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
            ColumnKind::Number => (Physical::INT64, None),
            ColumnKind::Time => (
                Physical::INT64,
                Some(LogicalType::timestamp(true, TimeUnit::MILLIS)),
            ),
            ColumnKind::Flag => (Physical::BOOLEAN, None),
        };
        let leaf = Type::primitive_type_builder(field.name(), physical)
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type(logical)
            .build()?;
        leaves.push(leaf.into());
    }
    Type::group_type_builder("synapse_history")
        .with_fields(leaves)
        .build()
}

pub(super) fn properties(metadata: Vec<KeyValue>) -> WriterProperties {
    let mut properties = WriterProperties::builder()
        .set_created_by(concat!("synapse version ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_key_value_metadata(Some(metadata))
        // Page statistics let a reader skip within a row group.
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_dictionary_enabled(true);
    for column in Column::ALL {
        let encoding = match (column, column.kind()) {
            // Ids start with the time, so neighbours share a prefix.
            (Column::CallId, _) => Encoding::DELTA_BYTE_ARRAY,
            // All values differ.
            (Column::RequestId, _) => Encoding::DELTA_LENGTH_BYTE_ARRAY,
            (_, ColumnKind::Time) => Encoding::DELTA_BINARY_PACKED,
            _ => continue,
        };
        properties = without_dictionary(properties, column.as_str(), encoding);
    }
    for text in [Field::Prompt, Field::Reply] {
        // Statistics would copy the start of prompts into the footer.
        properties = without_dictionary(properties, text.name(), Encoding::DELTA_LENGTH_BYTE_ARRAY)
            .set_column_statistics_enabled(text.name().into(), EnabledStatistics::None);
    }
    properties.build()
}

fn without_dictionary(
    properties: WriterPropertiesBuilder,
    column: &str,
    encoding: Encoding,
) -> WriterPropertiesBuilder {
    properties
        .set_column_dictionary_enabled(column.into(), false)
        .set_column_encoding(column.into(), encoding)
}

pub(super) fn metadata(texts: Texts, origin: Option<&Origin>) -> Vec<KeyValue> {
    let units: Map<String, Value> = Column::ALL
        .iter()
        .filter_map(|column| Some((column.as_str().to_owned(), json!(column.unit()?))))
        .collect();
    let mut pairs = vec![
        ("synapse.schema", SCHEMA.to_owned()),
        ("synapse.version", env!("CARGO_PKG_VERSION").to_owned()),
        ("synapse.units", Value::Object(units).to_string()),
        ("synapse.unknown", "null".to_owned()),
        (
            "synapse.texts",
            match texts {
                Texts::LeftOut => "left out",
                Texts::Included => "included",
            }
            .to_owned(),
        ),
    ];
    if let Some(origin) = origin {
        pairs.extend([
            ("synapse.machine", origin.machine.to_string()),
            ("synapse.machine_id", origin.part.machine.to_string()),
            ("synapse.month", origin.month.to_string()),
            ("synapse.first_place", origin.part.first.to_string()),
            ("synapse.last_place", origin.part.last.to_string()),
        ]);
    }
    pairs
        .into_iter()
        .map(|(key, value)| KeyValue::new(key.to_owned(), value))
        .collect()
}

/// Version of the columns' meaning. Adding a column does not change it; a column never changes its
/// meaning or unit.
const SCHEMA: &str = "synapse.calls/1";
