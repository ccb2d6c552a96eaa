//! The digest of a displayed connection, by which a form finds a change made meanwhile.

use sha2::{Digest as _, Sha256};
use synapse_core::connection::Draft;
use synapse_core::connection::fields::FIELDS;

/// A digest of everything the form shows of this draft.
pub(crate) fn digest(draft: &Draft) -> String {
    let mut hash = Sha256::new();
    for field in FIELDS {
        hash.update(field.key);
        hash.update([0]);
        hash.update(field.value(draft));
        hash.update([0]);
    }
    hash.finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
