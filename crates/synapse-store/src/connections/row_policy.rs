//! Whether calls require a row, looked up for each call: the file is read again when it changed.

use std::fs;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use synapse_home::Home;

use super::ledger_settings;
use super::source::{Stamp, Watched};

/// `required` in the `[ledger]` of a home's `connections.toml`.
#[derive(Debug)]
pub(crate) struct RowPolicy {
    home: Home,
    last: Mutex<Option<(Watched, bool)>>,
}

impl RowPolicy {
    pub(crate) const fn new(home: Home) -> Self {
        Self {
            home,
            last: Mutex::new(None),
        }
    }

    /// Whether a call requires a row. Unreadable settings may, so they do.
    pub(crate) fn requires_rows(&self) -> bool {
        let began = Instant::now();
        // Before reading: a change meanwhile shows at the next call.
        let found = fs::metadata(self.home.connections()).ok();
        let stamp = found.as_ref().and_then(Stamp::of);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((file, is_required)) = &*last
            && file.is_unchanged(stamp)
        {
            return *is_required;
        }
        let is_required = ledger_settings(&self.home).map_or(true, |settings| settings.required);
        let file = match last.take() {
            Some((mut file, _)) => {
                file.note(stamp, began);
                file
            }
            None => Watched::since(stamp, began),
        };
        *last = Some((file, is_required));
        is_required
    }
}
