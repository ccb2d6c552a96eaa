//! Changes of one call that are written together.

use std::fmt::Debug;

use synapse_core::call::CallId;
use synapse_core::time::Timestamp;
use uuid::Uuid;

use super::work::Work;

/// Changes of one call, in order: a single one of its row, or all of a call without a row, from
/// its start on.
#[derive(Debug)]
pub(super) struct Changes {
    pub(super) works: Vec<Work>,
    release: Option<Release>,
}

/// Releases on drop what was needed until the row is written.
pub(super) type Release = Box<dyn Debug + Send>;

impl Changes {
    pub(super) fn new(works: Vec<Work>, release: Release) -> Self {
        Self {
            works,
            release: Some(release),
        }
    }

    pub(super) fn call_id(&self) -> CallId {
        // Never empty.
        let nobody = CallId::new(Uuid::nil());
        self.works.first().map_or(nobody, Work::call_id)
    }

    /// Whether readers could enter the call as a row already.
    pub(super) const fn are_noted(&self) -> bool {
        self.release.is_some()
    }

    /// When the call started, if its start is among them.
    pub(super) fn started_at(&self) -> Option<Timestamp> {
        self.works.first().and_then(Work::started_at)
    }
}

impl From<Work> for Changes {
    fn from(work: Work) -> Self {
        Self {
            works: vec![work],
            release: None,
        }
    }
}
