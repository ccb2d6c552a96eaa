//! The supported protocol revisions and their two eras.

use std::fmt;

use rmcp::model::ProtocolVersion;

/// A revision of the Model Context Protocol, oldest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProtocolRevision {
    /// 2024-11-05, the first one.
    V2024_11_05,
    /// 2025-03-26.
    V2025_03_26,
    /// 2025-06-18.
    V2025_06_18,
    /// 2025-11-25, the last one with an `initialize` handshake.
    V2025_11_25,
    /// 2026-07-28, the first one without sessions.
    V2026_07_28,
}

/// Whether a revision has sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Era {
    /// A session opened by `initialize` (2024-11-05 to 2025-11-25).
    Legacy,
    /// No session; every request carries its context in `_meta` (2026-07-28 and later).
    Modern,
}

impl ProtocolRevision {
    /// Every revision, oldest first.
    pub const ALL: [Self; 5] = [
        Self::V2024_11_05,
        Self::V2025_03_26,
        Self::V2025_06_18,
        Self::V2025_11_25,
        Self::V2026_07_28,
    ];

    /// Parses a revision, or returns `None` for an unknown one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|revision| revision.as_str() == name)
    }

    /// Returns the revision's date as used on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V2024_11_05 => "2024-11-05",
            Self::V2025_03_26 => "2025-03-26",
            Self::V2025_06_18 => "2025-06-18",
            Self::V2025_11_25 => "2025-11-25",
            Self::V2026_07_28 => "2026-07-28",
        }
    }

    /// Returns the era of the revision.
    #[must_use]
    pub const fn era(self) -> Era {
        match self {
            Self::V2024_11_05 | Self::V2025_03_26 | Self::V2025_06_18 | Self::V2025_11_25 => {
                Era::Legacy
            }
            Self::V2026_07_28 => Era::Modern,
        }
    }

    /// Converts the revision negotiated by rmcp; `None` if this crate does not support it.
    pub(crate) fn from_version(version: &ProtocolVersion) -> Option<Self> {
        Self::from_name(version.as_str())
    }
}

impl fmt::Display for ProtocolRevision {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rmcp_and_this_crate_know_the_same_revisions() {
        let known: Vec<_> = ProtocolVersion::KNOWN_VERSIONS
            .iter()
            .map(ProtocolRevision::from_version)
            .collect();
        assert_eq!(known, ProtocolRevision::ALL.map(Some));
    }

    #[test]
    fn eras_agree_with_rmcp() {
        for version in ProtocolVersion::KNOWN_VERSIONS {
            let era = ProtocolRevision::from_version(version).map(ProtocolRevision::era);
            let expected = if version.has_initialize() {
                Era::Legacy
            } else {
                Era::Modern
            };
            assert_eq!(era, Some(expected), "{version}");
        }
    }

    #[test]
    fn revisions_sort_by_date() {
        let mut sorted = ProtocolRevision::ALL;
        sorted.sort();
        assert_eq!(sorted, ProtocolRevision::ALL);
        assert_eq!(ProtocolRevision::from_name("2026-07-29"), None);
    }
}
