//! Formats numbers, money and times. Days are UTC.

use maud::{Markup, html};
use synapse_core::money::dollars;
use synapse_core::time::Timestamp;

/// An integer with thousands separators.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A verb in the third person for so many.
pub(crate) const fn verb(number: u64, one: &'static str, many: &'static str) -> &'static str {
    match number {
        1 => one,
        _ => many,
    }
}

/// `1 call`, `2 calls`.
pub(crate) fn several(number: u64, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        number => format!("{} {what}s", count(number)),
    }
}

/// Money: with cents if there are any, with all digits for smaller amounts, so that nothing above 0
/// displays as 0.
pub(crate) fn money(nano_usd: u64) -> String {
    const CENT: u64 = 10_000_000;
    if nano_usd == 0 {
        return "$0.00".to_owned();
    }
    if nano_usd < CENT {
        return format!("${}", dollars(nano_usd));
    }
    let cents = nano_usd.saturating_add(CENT / 2) / CENT;
    format!("${}.{:02}", count(cents / 100), cents % 100)
}

/// The hatched word for unknown values.
pub(crate) fn unknown() -> Markup {
    html! { span .unk { "unknown" } }
}

/// A sum with its gaps: unknown if it covers nothing, `≥` if partial.
pub(crate) fn sum(sum: u64, left_out: u64, text: impl Fn(u64) -> String) -> Markup {
    html! {
        @match (sum, left_out) {
            (_, 0) => (text(sum)),
            (0, _) => (unknown()),
            _ => { span .ge title="at least: some are unknown" { "≥ " } (text(sum)) }
        }
    }
}

/// A number that may be unknown.
pub(crate) fn maybe(number: Option<u64>, text: impl Fn(u64) -> String) -> Markup {
    html! {
        @match number {
            Some(number) => (text(number)),
            None => (unknown()),
        }
    }
}

/// A percentage that shows 100 only for exactly all.
pub(crate) fn percent(rate: f64) -> String {
    let rounded = (rate * 1000.0).round() / 10.0;
    let shown = if rate < 1.0 {
        rounded.min(99.9)
    } else {
        rounded
    };
    format!("{shown:.1} %")
}

/// Milliseconds: `812 ms`, `1.2 s`.
pub(crate) fn span(millis: u64) -> String {
    match millis {
        0..=999 => format!("{millis} ms"),
        1000..=59_999 => format!("{}.{} s", millis / 1000, millis % 1000 / 100),
        _ => format!("{} min {} s", millis / 60_000, millis % 60_000 / 1000),
    }
}

/// `2026-11-20`.
pub(crate) fn date(time: Timestamp) -> String {
    time.to_string().chars().take(10).collect()
}

/// `21:46`.
pub(crate) fn clock(time: Timestamp) -> String {
    time.to_string().chars().skip(11).take(5).collect()
}

/// `2026-11-20 21:46:07 UTC`.
pub(crate) fn moment(time: Timestamp) -> String {
    let text = time.to_string();
    let seconds: String = text.chars().skip(11).take(8).collect();
    format!("{} {seconds} UTC", date(time))
}

/// The time of day if today, else the date.
pub(crate) fn lately(time: Timestamp, now: Timestamp) -> String {
    if time.day() == now.day() {
        clock(time)
    } else {
        date(time)
    }
}

/// `2 min ago`.
pub(crate) fn ago(time: Timestamp, now: Timestamp) -> String {
    let seconds = now.as_millis().saturating_sub(time.as_millis()) / 1000;
    match seconds {
        ..=-1 => format!("dated {}", moment(time)),
        0..=59 => "just now".to_owned(),
        60..=3599 => format!("{} min ago", seconds / 60),
        3600..=86_399 => format!("{} h ago", seconds / 3600),
        _ => match seconds / 86_400 {
            1 => "1 day ago".to_owned(),
            days => format!("{days} days ago"),
        },
    }
}

/// Remaining time of today.
pub(crate) fn rest_of_day(now: Timestamp) -> String {
    let end = Timestamp::of_day(now.day() + 1);
    let minutes = end.as_millis().saturating_sub(now.as_millis()) / 60_000;
    format!("{} h {} min", minutes / 60, minutes % 60)
}

/// `November 2026`.
pub(crate) fn month(time: Timestamp) -> String {
    let text = time.to_string();
    let number = text.get(5..7).and_then(|month| month.parse::<usize>().ok());
    let name = number.and_then(|number| MONTHS.get(number.checked_sub(1)?));
    format!(
        "{} {}",
        name.copied().unwrap_or_default(),
        text.get(..4).unwrap_or_default()
    )
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_above_zero_reads_as_zero() {
        assert_eq!(money(0), "$0.00");
        assert_eq!(money(9_999_999), "$0.009999999");
        assert_eq!(money(10_000_000), "$0.01");
        assert_eq!(money(1_234_565_000_000), "$1,234.57");
        assert_eq!(percent(0.999_999), "99.9 %");
        assert_eq!(percent(1.0), "100.0 %");
    }

    #[test]
    fn a_sum_says_what_it_leaves_out() {
        let text = |sum: u64, left_out| super::sum(sum, left_out, count).into_string();
        assert_eq!(text(0, 0), "0");
        assert_eq!(text(5, 0), "5");
        assert!(text(0, 1).contains("unknown"));
        assert!(text(5, 1).contains("≥ "));
    }

    #[test]
    fn times_are_utc_and_say_so() {
        let time: Timestamp = "2026-11-20T21:46:07.123Z".parse().unwrap();
        assert_eq!(moment(time), "2026-11-20 21:46:07 UTC");
        assert_eq!(month(time), "November 2026");
        assert_eq!(rest_of_day(time), "2 h 13 min");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(span(1_210), "1.2 s");
        let later: Timestamp = "2026-11-22T21:46:08Z".parse().unwrap();
        assert_eq!(ago(time, later), "2 days ago");
        assert_eq!(ago(later, time), "dated 2026-11-22 21:46:08 UTC");
    }
}
