//! Points in time in flags.

use synapse_core::error::{Code, Failure, Remedy};
use synapse_core::time::Timestamp;

/// The time that `text`, the value of `flag`, means at `now`.
pub(super) fn when(flag: &str, text: &str, now: Timestamp) -> Result<Timestamp, Failure> {
    Timestamp::named(text, now).ok_or_else(|| {
        Failure::new(Code::UsageInvalidArguments, "that is not a point in time")
            .cause(format!("{flag} takes {}", Timestamp::NAMES))
            .remedy(
                "for example, 7 days ago",
                &Remedy::Retype {
                    wrong: text.to_owned(),
                    right: "7d".to_owned(),
                },
            )
    })
}

/// As above for an optional flag.
pub(super) fn maybe_when(
    flag: &str,
    text: Option<&str>,
    now: Timestamp,
) -> Result<Option<Timestamp>, Failure> {
    text.map(|text| when(flag, text, now)).transpose()
}
