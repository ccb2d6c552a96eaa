//! Detects from a file's metadata that it has not changed since it was read.
//!
//! A change within the clock tick of the first observation may leave the metadata unchanged. So the
//! file is reread until its metadata has been stable for longer than any file system's tick; a
//! later change always shows. The stamp includes the status change time, which programs cannot set
//! back.

use std::fs::Metadata;
use std::time::{Duration, Instant};

/// The metadata of one state of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    device: u64,
    number: u64,
    length: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    #[cfg(unix)]
    pub(super) fn of(metadata: &Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt as _;

        Some(Self {
            device: metadata.dev(),
            number: metadata.ino(),
            length: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }

    #[cfg(not(unix))]
    pub(super) const fn of(_metadata: &Metadata) -> Option<Self> {
        None
    }
}

/// A file with a known text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Watched {
    stamp: Option<Stamp>,
    /// First observation of this stamp.
    since: Instant,
    /// The text was reread long enough after that.
    settled: bool,
}

impl Watched {
    /// A file that was just read, opened at `began`.
    pub(super) const fn since(stamp: Option<Stamp>, began: Instant) -> Self {
        Self {
            stamp,
            since: began,
            settled: false,
        }
    }

    /// Whether the file with this stamp certainly has the known text.
    pub(super) fn is_unchanged(&self, stamp: Option<Stamp>) -> bool {
        self.settled && stamp.is_some() && stamp == self.stamp
    }

    /// Records that the file had this stamp and the known text when opened at `began`.
    pub(super) fn note(&mut self, stamp: Option<Stamp>, began: Instant) {
        if stamp == self.stamp {
            self.settled = began.saturating_duration_since(self.since) >= TICK;
        } else {
            *self = Self::since(stamp, began);
        }
    }
}

/// Longer than the coarsest tick, the 2 seconds of FAT.
const TICK: Duration = Duration::from_secs(3);

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(number: u64) -> Option<Stamp> {
        Some(Stamp {
            device: 1,
            number,
            length: 10,
            modified: (1, 0),
            changed: (1, 0),
        })
    }

    #[test]
    fn a_file_is_read_until_its_stamp_has_outlived_the_tick() {
        let began = Instant::now();
        let mut watched = Watched::since(stamp(1), began);
        assert!(!watched.is_unchanged(stamp(1)));
        watched.note(stamp(1), began + TICK / 2);
        assert!(!watched.is_unchanged(stamp(1)));
        watched.note(stamp(1), began + TICK);
        assert!(watched.is_unchanged(stamp(1)));
        assert!(!watched.is_unchanged(stamp(2)));
        watched.note(stamp(2), began + 2 * TICK);
        assert!(!watched.is_unchanged(stamp(2)));
    }

    #[test]
    fn without_a_stamp_every_call_reads() {
        let began = Instant::now();
        let mut watched = Watched::since(None, began);
        watched.note(None, began + 2 * TICK);
        assert!(!watched.is_unchanged(None));
    }
}
