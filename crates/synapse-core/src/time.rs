//! Points in time, without a clock.

use std::fmt;
use std::str::FromStr;

/// A point in time: milliseconds since 1970-01-01T00:00:00Z. Displays as RFC 3339 in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// A text that is no RFC 3339 time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an RFC 3339 time such as 2026-11-20T12:00:00Z")]
pub struct TimestampParseError;

impl Timestamp {
    /// From milliseconds since the Unix epoch; clamped to the years 1 to 9999.
    #[must_use]
    pub fn from_millis(millis: i64) -> Self {
        Self(millis.clamp(YEAR_ONE, YEAR_9999))
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Days since 1970-01-01, UTC.
    #[must_use]
    pub const fn day(self) -> i64 {
        self.0.div_euclid(MILLIS_PER_DAY)
    }

    /// The first moment of a day that is counted as [`Timestamp::day`] counts.
    #[must_use]
    pub fn of_day(day: i64) -> Self {
        Self::from_millis(day.saturating_mul(MILLIS_PER_DAY))
    }

    /// The first moment of the month of this time, UTC.
    #[must_use]
    pub fn month_start(self) -> Self {
        self.civil().map_or(self, |date| {
            let past = i64::from(date.day()) - 1;
            Self::of_day(self.day() - past)
        })
    }

    /// The ISO week, such as `2026-W47`.
    pub(crate) fn iso_week(self) -> Option<String> {
        let week = self.civil()?.iso_week_date();
        Some(format!("{:04}-W{:02}", week.year(), week.week()))
    }

    fn civil(self) -> Option<jiff::civil::Date> {
        let time = jiff::Timestamp::from_millisecond(self.0).ok()?;
        Some(time.to_zoned(jiff::tz::TimeZone::UTC).date())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = jiff::Timestamp::from_millisecond(self.0).map_err(|_| fmt::Error)?;
        write!(formatter, "{time:.3}")
    }
}

impl FromStr for Timestamp {
    type Err = TimestampParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse::<jiff::Timestamp>()
            .map(|time| Self(time.as_millisecond()))
            .map_err(|_| TimestampParseError)
    }
}

const MILLIS_PER_DAY: i64 = 86_400_000;
/// 0001-01-01T00:00:00Z.
const YEAR_ONE: i64 = -62_135_596_800_000;
/// 9999-01-01T00:00:00Z.
const YEAR_9999: i64 = 253_370_764_800_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_round_trip_to_the_millisecond() {
        let time = Timestamp::from_millis(1_795_176_000_123);
        assert_eq!(time.to_string(), "2026-11-20T12:00:00.123Z");
        assert_eq!(time.to_string().parse(), Ok(time));
        assert!("yesterday".parse::<Timestamp>().is_err());
        assert_eq!(
            Timestamp::from_millis(i64::MAX).to_string(),
            "9999-01-01T00:00:00.000Z"
        );
        assert_eq!(
            Timestamp::from_millis(i64::MIN).to_string(),
            "0001-01-01T00:00:00.000Z"
        );
    }
}
