//! A model list and warnings about its unreadable parts.

use serde_json::Value;
use synapse_core::error::Failure;
use synapse_core::preflight::Finding;
use synapse_core::secret::BoundSecret;

use crate::classify::Problem;
use crate::clean::{flaws, partly_read, redactor};
use crate::json::Seen;
use crate::send::AnswerReader;
use crate::wire::model::{Entries, MODELS, ModelInfo};

/// A model list, as far as it was readable.
#[derive(Debug)]
pub(crate) struct List {
    /// The models with an id.
    pub(crate) models: Vec<ModelInfo>,
    /// It exceeds the limit of read entries.
    pub(crate) is_cut: bool,
    /// Warnings about unreadable parts.
    pub(crate) warnings: Vec<Failure>,
}

impl List {
    /// Adjusts a finding to a truncated list: a missing model may be in the unread part.
    pub(crate) fn unless_cut(&self, finding: Finding, host: &str) -> Finding {
        match finding {
            Finding::Fail(failure) if self.is_cut => Finding::Warn(format!(
                "{}, and {host} lists more than are read; only --live shows it",
                failure.message()
            )),
            finding => finding,
        }
    }
}

/// Reads a list of models.
pub(crate) fn list_reader(
    read: fn(&Value) -> Option<Entries>,
    secret: Option<&BoundSecret>,
) -> AnswerReader<impl FnOnce(&Seen) -> Result<List, Problem> + Send + 'static> {
    let redactor = redactor(secret);
    AnswerReader {
        shape: &MODELS,
        stated: None,
        read: move |seen: &Seen| {
            let entries = read(&seen.value).ok_or(Problem::Shape)?;
            if entries.models.is_empty() && seen.flaws.is_cut() {
                return Err(Problem::Shape);
            }
            Ok(List {
                models: entries.models,
                is_cut: seen.flaws.left_out() > 0,
                warnings: warnings(entries.unnamed, flaws(&seen.flaws, &redactor)),
            })
        },
    }
}

/// Warnings about an incompletely read list.
pub(crate) fn warnings(unnamed: usize, mut told: Vec<String>) -> Vec<Failure> {
    match unnamed {
        0 => {}
        1 => told.push("1 entry without an id, which is not a model".to_owned()),
        count => told.push(format!(
            "{count} entries without an id, which are not models"
        )),
    }
    let warning = partly_read("part of the list of models could not be read", told);
    warning.into_iter().collect()
}
