//! The result of an export to a dataset.

use serde::Serialize;
use synapse_core::dataset::{MachineName, Month, PartName};
use synapse_core::ledger::Extent;

/// `synapse.dataset/1`: the calls added to a dataset.
#[derive(Debug, Clone, Serialize)]
pub struct DatasetDocument {
    schema: &'static str,
    ok: bool,
    directory: String,
    machine: String,
    /// Number of calls added.
    rows: u64,
    parts: Vec<PartView>,
    /// Calls in progress, left for the next export.
    under_way: u64,
    /// The last exported seal; `null` if nothing is sealed yet.
    through: Option<SealView>,
}

#[derive(Debug, Clone, Serialize)]
struct PartView {
    month: String,
    file: String,
    rows: u64,
}

#[derive(Debug, Clone, Serialize)]
struct SealView {
    sequence: u64,
    hash: String,
}

impl DatasetDocument {
    /// The document of an export of everything in `extent` to `directory`; `parts` are the written
    /// ones with their rows.
    #[must_use]
    pub fn new(
        directory: String,
        machine: &MachineName,
        parts: &[(Month, PartName, u64)],
        extent: &Extent,
    ) -> Self {
        Self {
            schema: "synapse.dataset/1",
            ok: true,
            directory,
            machine: machine.to_string(),
            rows: parts.iter().map(|(_, _, rows)| rows).sum(),
            parts: parts
                .iter()
                .map(|(month, name, rows)| PartView {
                    month: month.to_string(),
                    file: name.to_string(),
                    rows: *rows,
                })
                .collect(),
            under_way: extent.open,
            through: extent.head.as_ref().map(|head| SealView {
                sequence: head.sequence,
                hash: head.hash.clone(),
            }),
        }
    }
}
