//! Reads the ledger settings of connections.toml: a connection's limits, and retention of rows and
//! texts.

use synapse_core::Failure;
use synapse_core::limits::DraftLimits;
use toml_edit::{Document, TableLike};

use super::super::fields::{LEDGER, LEDGER_FIELDS, LIMITS};
use super::super::source::Source;
use super::{DocumentReader, may_have, offset, syntax};

/// Retention (`None` is forever), and whether calls require a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct LedgerSettings {
    /// Days to keep rows.
    pub(crate) retention_days: Option<u32>,
    /// Days to keep recorded texts, if shorter than for rows.
    pub(crate) text_retention_days: Option<u32>,
    /// Whether a call is refused if its row cannot be written.
    pub(crate) required: bool,
}

/// Reads the settings in `source`. An error here does not invalidate the connections.
pub(crate) fn settings(source: &Source) -> Result<LedgerSettings, Failure> {
    if !may_have(source, LEDGER) {
        return Ok(LedgerSettings::default());
    }
    let document = Document::parse(source.text()).map_err(|error| syntax(source, &error))?;
    let reader = DocumentReader { source };
    let root = document.as_table();
    let Some(item) = root.get(LEDGER) else {
        return Ok(LedgerSettings::default());
    };
    reader.check_format(root)?;
    let table = reader.table(root, LEDGER, item)?;
    reader.refuse_unknown(table, &LEDGER_FIELDS, "`ledger`")?;
    let [rows, texts, required] = LEDGER_FIELDS;
    Ok(LedgerSettings {
        retention_days: reader.days(table, rows)?,
        text_retention_days: reader.days(table, texts)?,
        required: reader.flag(table, required)?.unwrap_or_default(),
    })
}

impl DocumentReader<'_> {
    /// The unvalidated limits of a connection.
    pub(super) fn limits(&self, table: &dyn TableLike) -> Result<DraftLimits, Failure> {
        let Some(item) = table.get(LIMITS) else {
            return Ok(DraftLimits::default());
        };
        let limits = self.table(table, LIMITS, item)?;
        self.refuse_unknown(limits, &DraftLimits::KEYS, "`limits`")?;
        let [tokens_day, tokens_month, usd_day, usd_month, mode, strict] = DraftLimits::KEYS;
        Ok(DraftLimits {
            tokens_per_day: self.tokens(limits, tokens_day)?,
            tokens_per_month: self.tokens(limits, tokens_month)?,
            usd_per_day: self.dollars(limits, usd_day)?,
            usd_per_month: self.dollars(limits, usd_month)?,
            mode: self.text(limits, mode)?,
            strict: self.flag(limits, strict)?,
        })
    }

    /// Whether a flag is set.
    pub(super) fn flag(&self, table: &dyn TableLike, field: &str) -> Result<Option<bool>, Failure> {
        self.value(table, field, "true or false", |item| item.as_bool())
    }

    fn tokens(&self, table: &dyn TableLike, field: &str) -> Result<Option<u64>, Failure> {
        self.value(table, field, "a whole number of tokens", |item| {
            item.as_integer()
                .and_then(|tokens| u64::try_from(tokens).ok())
        })
    }

    /// Money as written: a string, or a number whose digits count instead of the nearest
    /// floating-point value.
    fn dollars(&self, table: &dyn TableLike, field: &str) -> Result<Option<String>, Failure> {
        let text = self.source.text();
        self.value(
            table,
            field,
            "US dollars such as \"2.50\"",
            |item| match item.as_str() {
                Some(dollars) => Some(dollars.to_owned()),
                None if item.is_float() || item.is_integer() => {
                    text.get(item.span()?).map(|digits| digits.replace('_', ""))
                }
                None => None,
            },
        )
    }

    fn days(&self, table: &dyn TableLike, field: &str) -> Result<Option<u32>, Failure> {
        let days = self.value(table, field, "a whole number of days", |item| {
            item.as_integer()
        })?;
        match days.map(u32::try_from) {
            None => Ok(None),
            Some(Ok(days)) if (1..=MOST_DAYS).contains(&days) => Ok(Some(days)),
            Some(_) => Err(self.wrong_value(
                field,
                offset(table, field),
                &format!("it takes 1 to {MOST_DAYS} days"),
            )),
        }
    }
}

/// A hundred years.
const MOST_DAYS: u32 = 36_500;
