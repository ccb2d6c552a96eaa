//! Open rows whose process is gone, as SQL conditions.

use synapse_core::ledger::{Column, Outcome};
use uuid::Uuid;

use super::presence;

/// Open rows to show as interrupted: empty, unless they could not be completed, as on a read-only
/// file system.
#[derive(Debug, Default)]
pub(super) struct OrphanRows {
    pub(super) writers: Vec<Uuid>,
}

impl OrphanRows {
    /// Rows of another format, whose processes cannot be checked.
    pub(super) const fn none() -> Self {
        Self {
            writers: Vec::new(),
        }
    }

    /// SQL condition: true for rows to show as interrupted.
    pub(super) fn condition(&self) -> String {
        // Our own ids in hexadecimal need no escaping.
        let writers: Vec<String> = self
            .writers
            .iter()
            .map(|writer| format!("x'{}'", writer.simple()))
            .collect();
        format!("({OPEN} AND writer IN ({}))", writers.join(", "))
    }

    /// SQL expression: the outcome to show.
    pub(super) fn outcome(&self) -> String {
        if self.writers.is_empty() {
            return Column::Outcome.as_str().to_owned();
        }
        let interrupted = Outcome::Interrupted.as_str();
        format!(
            "CASE WHEN {} THEN '{interrupted}' ELSE outcome END",
            self.condition()
        )
    }

    /// SQL expression: whether to show it as possibly billed.
    pub(super) fn maybe_billed(&self) -> String {
        if self.writers.is_empty() {
            return Column::MaybeBilled.as_str().to_owned();
        }
        let silent = Self {
            writers: self
                .writers
                .iter()
                .copied()
                .filter(|writer| !presence::notes_sending(*writer))
                .collect(),
        };
        format!("(maybe_billed = 1 OR {})", silent.condition())
    }

    /// SQL condition: true for rows with the outcome `wanted`, in a form that can use the index.
    pub(super) fn filter(&self, wanted: Outcome) -> String {
        let condition = self.condition();
        let word = wanted.as_str();
        match wanted {
            Outcome::Ok => "outcome = 'ok'".to_owned(),
            Outcome::Open => format!("({OPEN} AND NOT {condition})"),
            Outcome::Interrupted if !self.writers.is_empty() => {
                format!("(outcome = '{word}' OR {condition})")
            }
            _ => format!("(outcome <> 'ok' AND outcome = '{word}')"),
        }
    }
}

/// The condition of open rows, in a form that can use the index.
pub(super) const OPEN: &str = "outcome <> 'ok' AND outcome = 'open'";
