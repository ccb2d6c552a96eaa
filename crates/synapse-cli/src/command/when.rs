//! Points in time as people write them: dates, times, ages and a few words. In UTC, like the ledger.

use synapse_core::error::{Code, Failure};
use synapse_core::time::Timestamp;

/// The time that `text`, the value of `flag`, means when it is `now`.
pub(super) fn when(flag: &str, text: &str, now: Timestamp) -> Result<Timestamp, Failure> {
    named(text, now)
        .or_else(|| age(text, now))
        .or_else(|| absolute(text))
        .ok_or_else(|| {
            Failure::new(Code::UsageInvalidArguments, "that is no point in time").cause(format!(
                "{flag} takes 30d, 24h, 2w, 2026-11-01, 2026-11, 2026-11-01T08:00:00Z, now, today, \
                 this-week or this-month"
            ))
        })
}

/// The same for a flag that may be left out.
pub(super) fn maybe_when(
    flag: &str,
    text: Option<&str>,
    now: Timestamp,
) -> Result<Option<Timestamp>, Failure> {
    text.map(|text| when(flag, text, now)).transpose()
}

fn named(word: &str, now: Timestamp) -> Option<Timestamp> {
    match word {
        "now" => Some(now),
        "today" => Some(Timestamp::of_day(now.day())),
        // 1970-01-01 was a Thursday, three days into its week.
        "this-week" => Some(Timestamp::of_day(now.day() - (now.day() + 3).rem_euclid(7))),
        "this-month" => Some(now.month_start()),
        _ => None,
    }
}

fn age(text: &str, now: Timestamp) -> Option<Timestamp> {
    let unit = match text.chars().last()? {
        'h' => HOUR,
        'd' => DAY,
        'w' => 7 * DAY,
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

const HOUR: i64 = 60 * 60 * 1000;
const DAY: i64 = 24 * HOUR;

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Option<String> {
        let now: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        let time = when("--since", text, now).ok()?;
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
            // A Friday's week began on Monday.
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
            let begin = named("this-week", now.parse().unwrap()).unwrap();
            assert_eq!(begin.to_string(), monday);
        }
    }
}
