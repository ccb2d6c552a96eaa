//! Points in time in flags.

use synapse_core::error::{Code, Failure, Remedy};
use synapse_core::time::{PeriodStart, Timestamp};

/// The time that `text`, the value of `flag`, means at `now`.
pub(super) fn when(flag: &str, text: &str, now: Timestamp) -> Result<Timestamp, Failure> {
    Timestamp::named(text, now).ok_or_else(|| not_a_time(flag, text, Timestamp::NAMES))
}

/// The time at which `text`, the value of `--since`, begins; `None` for all calls.
pub(super) fn since(text: Option<&str>, now: Timestamp) -> Result<Option<Timestamp>, Failure> {
    let Some(text) = text else {
        return Ok(None);
    };
    let start = PeriodStart::named(text, now);
    let start = start.ok_or_else(|| not_a_time("--since", text, PeriodStart::NAMES))?;
    Ok(start.time())
}

fn not_a_time(flag: &str, text: &str, names: &str) -> Failure {
    Failure::new(Code::UsageInvalidArguments, "that is not a point in time")
        .cause(format!("{flag} takes {names}"))
        .remedy(
            "for example, 7 days ago",
            &Remedy::Retype {
                wrong: text.to_owned(),
                right: "7d".to_owned(),
            },
        )
}

/// As above for an optional flag.
pub(super) fn maybe_when(
    flag: &str,
    text: Option<&str>,
    now: Timestamp,
) -> Result<Option<Timestamp>, Failure> {
    text.map(|text| when(flag, text, now)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_of_all_calls_has_no_beginning() {
        let now = Timestamp::of_day(20_000);
        assert_eq!(since(None, now), Ok(None));
        assert_eq!(since(Some("all"), now), Ok(None));
        assert_eq!(since(Some("1d"), now), Ok(Some(Timestamp::of_day(19_999))));
        let refused = since(Some("al"), now).unwrap_err();
        assert!(refused.causes()[0].ends_with("this-month or all"));
        assert!(when("--before", "all", now).is_err());
    }
}
