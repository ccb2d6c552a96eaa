//! Names in a dataset of many machines: machine, month, part. No I/O.
//!
//! The names are the complete state of an export: a part's name has its range in a chain of seals,
//! so no other state is needed and machines need not coordinate.

use std::fmt;
use std::str::FromStr;

use super::chain::ChainHead;
use crate::error::{Code, Failure};
use crate::redact::Redactor;
use crate::time::Timestamp;

/// The id of a machine: 64 random bits, generated once, revealing nothing about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MachineId(u64);

impl MachineId {
    /// Wraps random bits.
    #[must_use]
    pub const fn from_random(bits: u64) -> Self {
        Self(bits)
    }

    /// The default name of a machine.
    #[must_use]
    pub fn name(self) -> MachineName {
        MachineName(self.to_string())
    }
}

/// Starts with a letter, so that no engine reads its directory name as a number.
impl fmt::Display for MachineId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "m{:016x}", self.0)
    }
}

impl FromStr for MachineId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let bits = text
            .strip_prefix('m')
            .filter(|bits| is_hex(bits))
            .ok_or(())?;
        u64::from_str_radix(bits, 16).map(Self).map_err(drop)
    }
}

/// A machine's name: 1 to 64 lower-case letters, digits, `-`, `_` and `.`, starting with a letter.
/// Used in the column `machine` and as a directory name on every system.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MachineName(String);

impl MachineName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its directory name in a dataset.
    #[must_use]
    pub fn directory(&self) -> String {
        format!("machine={}", self.0)
    }
}

impl fmt::Display for MachineName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for MachineName {
    type Err = Failure;

    /// # Errors
    /// `usage.invalid-arguments`.
    fn from_str(text: &str) -> Result<Self, Failure> {
        let admitted =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte);
        let begins = text
            .bytes()
            .next()
            .is_some_and(|byte| byte.is_ascii_lowercase());
        // Windows strips a trailing dot.
        if begins && text.len() <= MOST_BYTES && text.bytes().all(admitted) && !text.ends_with('.')
        {
            return Ok(Self(text.to_owned()));
        }
        Err(Failure::new(
            Code::UsageInvalidArguments,
            format!(
                "`{}` cannot be the name of a machine",
                Redactor::none().clean(text, MOST_BYTES)
            ),
        )
        .cause("a name has 1 to 64 of a-z, 0-9, `-`, `_` and `.`, and begins with a letter")
        .with("argument", "--machine"))
    }
}

/// A month, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Month(Timestamp);

impl Month {
    /// The month of a time.
    #[must_use]
    pub fn of(time: Timestamp) -> Self {
        Self(time.month_start())
    }

    /// Its start.
    #[must_use]
    pub const fn start(self) -> Timestamp {
        self.0
    }

    /// The start of the next month.
    #[must_use]
    pub fn end(self) -> Timestamp {
        // A month has 28 to 31 days.
        Timestamp::of_day(self.0.day() + 31).month_start()
    }

    /// Its directory name in a dataset.
    #[must_use]
    pub fn directory(self) -> String {
        format!("month={self}")
    }
}

/// `2026-11`.
impl fmt::Display for Month {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = self.0.to_string();
        formatter.write_str(start.get(..7).unwrap_or(&start))
    }
}

impl FromStr for Month {
    type Err = ();

    /// Parses exactly the displayed form.
    fn from_str(text: &str) -> Result<Self, ()> {
        let start: Timestamp = format!("{text}-01T00:00:00Z").parse().map_err(drop)?;
        let month = Self::of(start);
        (month.to_string() == text).then_some(month).ok_or(())
    }
}

/// The name of a part: the calls of one machine and month in a range of the chain.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PartName {
    /// The machine.
    pub machine: MachineId,
    /// The first place of its range.
    pub first: u64,
    /// The last place of its range.
    pub last: u64,
    /// Start of the seal at the last place, which identifies the chain.
    seal: String,
}

impl PartName {
    /// The name of a part from place `first` to the end of the chain.
    #[must_use]
    pub fn new(machine: MachineId, first: u64, head: &ChainHead) -> Self {
        Self {
            machine,
            first,
            last: head.sequence,
            seal: head.hash.chars().take(SEAL_DIGITS).collect(),
        }
    }

    /// Whether the part belongs to the chain with the seal `hash` at its last place.
    #[must_use]
    pub fn is_sealed_by(&self, hash: &str) -> bool {
        hash.starts_with(&self.seal)
    }
}

impl fmt::Display for PartName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            machine,
            first,
            last,
            seal,
        } = self;
        write!(formatter, "{machine}-{first:012}-{last:012}-{seal}.parquet")
    }
}

impl FromStr for PartName {
    type Err = ();

    /// Parses exactly the canonical form.
    fn from_str(text: &str) -> Result<Self, ()> {
        let stem = text.strip_suffix(".parquet").ok_or(())?;
        let mut fields = stem.split('-');
        let mut next = || fields.next().ok_or(());
        let part = Self {
            machine: next()?.parse()?,
            first: next()?.parse().map_err(drop)?,
            last: next()?.parse().map_err(drop)?,
            seal: next()?.to_owned(),
        };
        let is_whole = part.first <= part.last && is_hex(&part.seal) && part.to_string() == text;
        is_whole.then_some(part).ok_or(())
    }
}

fn is_hex(text: &str) -> bool {
    text.len() == SEAL_DIGITS
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

const MOST_BYTES: usize = 64;
const SEAL_DIGITS: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn head(sequence: u64) -> ChainHead {
        ChainHead {
            sequence,
            hash: "0123456789abcdef".repeat(4),
        }
    }

    #[test]
    fn a_part_is_read_as_it_is_written_and_in_no_other_way() {
        let part = PartName::new(MachineId::from_random(0xa1), 7, &head(1_000));
        let text = part.to_string();
        assert_eq!(
            text,
            "m00000000000000a1-000000000007-000000001000-0123456789abcdef.parquet"
        );
        assert_eq!(text.parse(), Ok(part));
        for other in [
            "",
            "calls.parquet",
            "m00000000000000a1-7-1000-0123456789abcdef.parquet",
            "m00000000000000a1-000000000007-000000001000-0123456789ABCDEF.parquet",
            "m00000000000000a1-000000000007-000000000001-0123456789abcdef.parquet",
            "m00000000000000a1-000000000007-000000001000-0123456789abcdef.parquet.tmp",
            "ma1-000000000007-000000001000-0123456789abcdef.parquet",
            "m00000000000000a1-000000000007-000000001000-0123456789abcdef-1.parquet",
        ] {
            assert_eq!(other.parse::<PartName>(), Err(()), "{other}");
        }
    }

    #[test]
    fn a_part_knows_its_chain() {
        let part = PartName::new(MachineId::from_random(1), 1, &head(2));
        assert!(part.is_sealed_by(&head(2).hash));
        assert!(!part.is_sealed_by(&"f".repeat(64)));
    }

    #[test]
    fn a_machine_has_a_name_that_is_a_directory_and_no_number() {
        for good in ["m", "work-laptop", "build_7.example", "m0000000000000001"] {
            assert_eq!(good.parse::<MachineName>().unwrap().as_str(), good);
        }
        let long = "a".repeat(65);
        for bad in [
            "", "7", "Laptop", "../x", "a/b", "a=b", "a b", "a.", "ä", ".a", &long,
        ] {
            let failure = bad.parse::<MachineName>().unwrap_err();
            assert_eq!(failure.code(), Code::UsageInvalidArguments, "{bad}");
        }
        let id = MachineId::from_random(0x12);
        assert_eq!(id.name().as_str().parse(), Ok(id));
        assert!(id.name().as_str().parse::<MachineName>().is_ok());
    }

    #[test]
    fn months_follow_each_other() {
        let month = |text: &str| Month::of(text.parse().unwrap());
        let december = month("2026-12-31T23:59:59.999Z");
        assert_eq!(december.directory(), "month=2026-12");
        assert_eq!("2026-12".parse(), Ok(december));
        for none in [
            "",
            "2026-13",
            "2026-1",
            "2026-12-01",
            "+2026-12",
            "../2026-12",
        ] {
            assert_eq!(none.parse::<Month>(), Err(()), "{none}");
        }
        assert_eq!(Month::of(december.end()).to_string(), "2027-01");
        assert_eq!(
            Month::of(month("2028-02-29T12:00:00Z").end()).to_string(),
            "2028-03"
        );
        // An absurd clock still yields a name.
        assert_eq!(
            Month::of(Timestamp::from_millis(i64::MIN)).to_string(),
            "0001-01"
        );
        assert_eq!(
            Month::of(Timestamp::from_millis(i64::MAX)).to_string(),
            "9999-01"
        );
    }
}
