//! Changes of one call that are written together.

use synapse_core::call::CallId;
use synapse_core::time::Timestamp;
use uuid::Uuid;

use super::work::Work;

/// Changes of one call, in order: some of its row, or all of a call without a row, from its start
/// on.
#[derive(Debug)]
pub(super) struct Changes {
    pub(super) works: Vec<Work>,
    pub(super) lines: InJournal,
}

/// Whether the journal has lines of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InJournal {
    None,
    /// Of its changes but the last. Readers could enter it as a row already.
    Begun,
    /// Of all its changes. Its caller has its answer.
    Ended,
}

impl Changes {
    pub(super) fn call_id(&self) -> CallId {
        // Never empty.
        let nobody = CallId::new(Uuid::nil());
        self.works.first().map_or(nobody, Work::call_id)
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
            lines: InJournal::None,
        }
    }
}
