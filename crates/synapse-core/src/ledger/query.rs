//! Queries for rows: column filters, keyset pagination, full-text search.

use std::fmt;
use std::str::FromStr;

use super::column::{Column, ColumnKind, ColumnValue};
use super::{Entry, Outcome};
use crate::call::CallId;
use crate::error::{Code, Failure};
use crate::money::CostSource;
use crate::redact::Redactor;
use crate::time::Timestamp;

/// A query for rows. All conditions must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HistoryQuery {
    /// The page length.
    pub limit: u32,
    /// In which order.
    pub order: Order,
    /// Only rows after this call in that order: the last row of the previous page.
    pub after: Option<CallId>,
    /// Only calls started at or after this time.
    pub since: Option<Timestamp>,
    /// Only calls started before this time.
    pub until: Option<Timestamp>,
    /// Only this outcome.
    pub outcome: Option<Outcome>,
    /// Conditions on single columns.
    pub filters: Vec<Filter>,
    /// Only calls whose recorded texts contain all these words.
    pub text: Option<String>,
    /// Only complete rows in this range of the chain.
    pub places: Option<ChainRange>,
}

/// A range of the chain of seals, inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChainRange {
    /// The first place.
    pub first: u64,
    /// The last place.
    pub last: u64,
}

/// The order of rows by call id, which is total and immutable, whatever the clock does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Order {
    /// Newest call first.
    #[default]
    NewestFirst,
    /// Oldest call first.
    OldestFirst,
}

impl HistoryQuery {
    /// The first page of all rows, newest first.
    #[must_use]
    pub fn newest(limit: u32) -> Self {
        Self {
            limit,
            ..Self::default()
        }
    }

    /// Whether a row matches, ignoring texts, seal and position.
    #[must_use]
    pub fn admits(&self, entry: &Entry) -> bool {
        self.since.is_none_or(|since| entry.started_at >= since)
            && self.until.is_none_or(|until| entry.started_at < until)
            && self.outcome.is_none_or(|outcome| entry.outcome == outcome)
            && self.filters.iter().all(|filter| filter.admits(entry))
    }
}

/// A condition on one column: `COLUMN=VALUE`, `COLUMN!=VALUE`, `COLUMN>=NUMBER`, `COLUMN<=NUMBER`,
/// `COLUMN=unknown` or `COLUMN!=unknown`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// The column.
    pub column: Column,
    /// The condition.
    pub test: Test,
}

/// A condition on a value. An unknown value only satisfies [`Test::Unknown`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// Exactly this text.
    Is(String),
    /// Known, and another text.
    IsNot(String),
    /// Exactly this number or time.
    Equals(i64),
    /// Known, and another number or time.
    Differs(i64),
    /// At least this number or time.
    AtLeast(i64),
    /// At most this number or time.
    AtMost(i64),
    /// Unknown.
    Unknown,
    /// Known.
    Known,
}

impl Filter {
    /// Rows with this text in a text column.
    pub fn is(column: Column, text: impl Into<String>) -> Self {
        Self {
            column,
            test: Test::Is(text.into()),
        }
    }

    /// Whether a row matches.
    #[must_use]
    pub fn admits(&self, entry: &Entry) -> bool {
        let value = self.column.value(entry);
        match (&self.test, value) {
            (Test::Unknown, value) => value.is_none(),
            (Test::Known, value) => value.is_some(),
            (Test::Is(text), Some(ColumnValue::Text(value))) => value == *text,
            (Test::IsNot(text), Some(ColumnValue::Text(value))) => value != *text,
            (Test::Equals(number), Some(value)) => value.number() == Some(*number),
            (Test::Differs(number), Some(value)) => value.number() != Some(*number),
            (Test::AtLeast(number), Some(value)) => value.number() >= Some(*number),
            (Test::AtMost(number), Some(value)) => {
                value.number().is_some_and(|value| value <= *number)
            }
            _ => false,
        }
    }
}

impl FromStr for Filter {
    type Err = Failure;

    /// # Errors
    /// `usage.invalid-arguments`, listing columns and forms.
    fn from_str(text: &str) -> Result<Self, Failure> {
        let (at, operator) = OPERATORS
            .iter()
            .filter_map(|operator| Some((text.find(operator)?, *operator)))
            .min_by_key(|(at, operator)| (*at, std::cmp::Reverse(operator.len())))
            .ok_or_else(|| invalid(text).cause(FORMS))?;
        let (name, rest) = text.split_at(at);
        let value = rest.get(operator.len()..).unwrap_or_default().trim();
        let name = name.trim();
        let column: Column = name.parse().map_err(|()| {
            let names: Vec<&str> = Column::ALL.iter().map(|each| each.as_str()).collect();
            invalid(text).cause(format!("columns are: {}", names.join(", ")))
        })?;
        // Case-insensitive like documents; stored in capitals.
        let value = match (column, CostSource::parse(value)) {
            (Column::CostSource, Some(source)) => source.as_str(),
            _ => value,
        };
        let test = match (column.kind(), operator, value) {
            (_, "=", UNKNOWN) => Test::Unknown,
            (_, "!=", UNKNOWN) => Test::Known,
            (ColumnKind::Text, "=", value) => Test::Is(value.to_owned()),
            (ColumnKind::Text, "!=", value) => Test::IsNot(value.to_owned()),
            (ColumnKind::Text, ..) => {
                return Err(
                    invalid(text).cause(format!("`{name}` is text, which takes = and != only"))
                );
            }
            (kind, operator, value) => {
                let number = number(kind, value).ok_or_else(|| {
                    invalid(text).cause(match kind {
                        ColumnKind::Time => format!("`{name}` takes a time such as 2026-11-20"),
                        _ => format!("`{name}` takes a whole number, or `{UNKNOWN}`"),
                    })
                })?;
                match operator {
                    ">=" => Test::AtLeast(number),
                    "<=" => Test::AtMost(number),
                    "!=" => Test::Differs(number),
                    _ => Test::Equals(number),
                }
            }
        };
        Ok(Self { column, test })
    }
}

fn number(kind: ColumnKind, text: &str) -> Option<i64> {
    match kind {
        ColumnKind::Time => text
            .parse::<Timestamp>()
            .or_else(|_| format!("{text}T00:00:00Z").parse())
            .ok()
            .map(Timestamp::as_millis),
        ColumnKind::Flag => match text {
            "true" | "1" => Some(1),
            "false" | "0" => Some(0),
            _ => None,
        },
        ColumnKind::Number => text.parse().ok(),
        ColumnKind::Text => None,
    }
}

fn invalid(text: &str) -> Failure {
    Failure::new(
        Code::UsageInvalidArguments,
        format!(
            "`{}` is not a condition on a column",
            Redactor::none().clean(text, 64)
        ),
    )
    .hint("compare a column with a value, such as latency_ms>=10000")
}

impl fmt::Display for Filter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let column = self.column.as_str();
        match &self.test {
            Test::Is(text) => write!(formatter, "{column}={text}"),
            Test::IsNot(text) => write!(formatter, "{column}!={text}"),
            Test::Equals(number) => write!(formatter, "{column}={number}"),
            Test::Differs(number) => write!(formatter, "{column}!={number}"),
            Test::AtLeast(number) => write!(formatter, "{column}>={number}"),
            Test::AtMost(number) => write!(formatter, "{column}<={number}"),
            Test::Unknown => write!(formatter, "{column}={UNKNOWN}"),
            Test::Known => write!(formatter, "{column}!={UNKNOWN}"),
        }
    }
}

const OPERATORS: [&str; 4] = [">=", "<=", "!=", "="];
const UNKNOWN: &str = "unknown";
const FORMS: &str =
    "write COLUMN=VALUE, COLUMN!=VALUE, COLUMN>=NUMBER, COLUMN<=NUMBER or COLUMN=unknown";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_read_as_they_are_shown() {
        for text in [
            "connection=work",
            "tool!=chat",
            "tool=unknown",
            "cost_nano_usd!=unknown",
            "latency_ms>=1000",
            "latency_ms<=1000",
            "http_status=503",
            "http_status!=200",
            "maybe_billed=1",
            "model_requested=a=b",
        ] {
            let filter: Filter = text.parse().unwrap();
            assert_eq!(filter.to_string(), text);
        }
        let filter: Filter = "priced_at >= 2026-11-20".parse().unwrap();
        assert_eq!(filter.test, Test::AtLeast(1_795_132_800_000));
    }

    #[test]
    fn what_is_no_condition_says_why() {
        for (text, why) in [
            ("work", "write COLUMN=VALUE"),
            ("colour=red", "columns are: "),
            ("tool>=chat", "takes = and != only"),
            ("latency_ms=fast", "takes a whole number"),
            ("started_at>=soon", "takes a time"),
        ] {
            let failure = text.parse::<Filter>().unwrap_err();
            assert_eq!(failure.code(), Code::UsageInvalidArguments, "{text}");
            assert!(failure.causes()[0].contains(why), "{text}: {failure:?}");
        }
    }
}
