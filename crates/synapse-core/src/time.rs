//! Points in time, without a clock.

use std::fmt;
use std::str::FromStr;

/// A point in time: milliseconds since 1970-01-01T00:00:00Z. Displays as RFC 3339 in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// The text is not an RFC 3339 time.
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

    /// The start of a day counted as in [`Timestamp::day`].
    #[must_use]
    pub fn of_day(day: i64) -> Self {
        Self::from_millis(day.saturating_mul(MILLIS_PER_DAY))
    }

    /// The start of this time's month, UTC.
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

    /// The forms accepted by [`Timestamp::named`].
    pub const NAMES: &'static str = "30d, 24h, 2w, 2026-11-01, 2026-11, 2026-11-01T08:00:00Z, now, \
        today, this-week or this-month";

    /// Parses a time, a day, a month, an age or a word as of `now`, in UTC.
    #[must_use]
    pub fn named(text: &str, now: Self) -> Option<Self> {
        word(text, now)
            .or_else(|| age(text, now))
            .or_else(|| absolute(text))
    }

    /// Its age at `now`: `3 min ago`. A future time is written out.
    #[must_use]
    pub fn ago(self, now: Self) -> String {
        let seconds = now.0.saturating_sub(self.0).div_euclid(1000);
        match seconds {
            ..=-1 => self.to_string(),
            0..=59 => format!("{seconds} s ago"),
            60..=3599 => format!("{} min ago", seconds / 60),
            3600..=86_399 => format!("{} h ago", seconds / 3600),
            _ => match seconds / 86_400 {
                1 => "1 day ago".to_owned(),
                days => format!("{days} days ago"),
            },
        }
    }

    fn civil(self) -> Option<jiff::civil::Date> {
        let time = jiff::Timestamp::from_millisecond(self.0).ok()?;
        Some(time.to_zoned(jiff::tz::TimeZone::UTC).date())
    }
}

/// Where a period of calls begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeriodStart {
    /// With the first call.
    First,
    /// With the first call at this time or later.
    At(Timestamp),
}

impl PeriodStart {
    /// The forms accepted by [`PeriodStart::named`].
    pub const NAMES: &'static str = "30d, 24h, 2w, 2026-11-01, 2026-11, 2026-11-01T08:00:00Z, now, \
        today, this-week, this-month or all";

    /// Parses `all`, or what [`Timestamp::named`] parses.
    #[must_use]
    pub fn named(text: &str, now: Timestamp) -> Option<Self> {
        match text {
            "all" => Some(Self::First),
            _ => Timestamp::named(text, now).map(Self::At),
        }
    }

    /// The time; `None` when there is no limit.
    #[must_use]
    pub const fn time(self) -> Option<Timestamp> {
        match self {
            Self::First => None,
            Self::At(time) => Some(time),
        }
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

fn word(word: &str, now: Timestamp) -> Option<Timestamp> {
    match word {
        "now" => Some(now),
        "today" => Some(Timestamp::of_day(now.day())),
        // 1970-01-01 was a Thursday.
        "this-week" => Some(Timestamp::of_day(now.day() - (now.day() + 3).rem_euclid(7))),
        "this-month" => Some(now.month_start()),
        _ => None,
    }
}

fn age(text: &str, now: Timestamp) -> Option<Timestamp> {
    let unit = match text.chars().last()? {
        'h' => MILLIS_PER_HOUR,
        'd' => MILLIS_PER_DAY,
        'w' => 7 * MILLIS_PER_DAY,
        _ => return None,
    };
    let digits = text.get(..text.len() - 1)?;
    let count: i64 = digits.parse().ok().filter(|count| *count >= 0)?;
    let past = count.saturating_mul(unit);
    Some(Timestamp::from_millis(now.as_millis().saturating_sub(past)))
}

fn absolute(text: &str) -> Option<Timestamp> {
    let midnight = |day: &str| format!("{day}T00:00:00Z").parse().ok();
    text.parse()
        .ok()
        .or_else(|| midnight(text))
        .or_else(|| midnight(&format!("{text}-01")))
}

const MILLIS_PER_HOUR: i64 = 3_600_000;
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

    #[test]
    fn an_age_has_the_unit_that_fits() {
        let now: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        for (time, age) in [
            ("2026-11-20T12:00:00Z", "0 s ago"),
            ("2026-11-20T11:59:00.001Z", "59 s ago"),
            ("2026-11-20T11:57:00Z", "3 min ago"),
            ("2026-11-20T00:00:00Z", "12 h ago"),
            ("2026-11-19T12:00:00Z", "1 day ago"),
            ("2026-10-20T12:00:00Z", "31 days ago"),
            ("2026-11-20T12:00:00.001Z", "2026-11-20T12:00:00.001Z"),
        ] {
            let time: Timestamp = time.parse().unwrap();
            assert_eq!(time.ago(now), age);
        }
    }

    fn shown(text: &str) -> Option<String> {
        let now: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        let time = Timestamp::named(text, now)?;
        Some(time.to_string().replace(":00.000Z", ""))
    }

    #[test]
    fn points_in_time_are_absolute_an_age_or_a_word() {
        for (text, expected) in [
            ("30d", "2026-10-21T12:00"),
            ("12h", "2026-11-20T00:00"),
            ("2w", "2026-11-06T12:00"),
            ("0d", "2026-11-20T12:00"),
            ("2026-11-01", "2026-11-01T00:00"),
            ("2026-11", "2026-11-01T00:00"),
            ("2026-11-01T08:00:00+01:00", "2026-11-01T07:00"),
            ("now", "2026-11-20T12:00"),
            ("today", "2026-11-20T00:00"),
            // The Monday of that week.
            ("this-week", "2026-11-16T00:00"),
            ("this-month", "2026-11-01T00:00"),
        ] {
            assert_eq!(shown(text).as_deref(), Some(expected), "{text}");
        }
        for bad in [
            "",
            "d",
            "-1d",
            "yesterday",
            "2026-13-01",
            "2026",
            "99999999999999999999d",
        ] {
            assert_eq!(shown(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_week_begins_on_monday() {
        for (now, monday) in [
            ("2026-11-16T00:00:00Z", "2026-11-16T00:00:00.000Z"),
            ("2026-11-22T23:59:59Z", "2026-11-16T00:00:00.000Z"),
            ("1970-01-01T00:00:00Z", "1969-12-29T00:00:00.000Z"),
        ] {
            let begin = word("this-week", now.parse().unwrap()).unwrap();
            assert_eq!(begin.to_string(), monday);
        }
    }
}
