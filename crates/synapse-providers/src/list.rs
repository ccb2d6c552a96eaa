//! A list of models as far as it was read, with what there is to say of the rest.

use serde_json::Value;
use synapse_core::error::Failure;
use synapse_core::preflight::Finding;
use synapse_core::secret::BoundSecret;

use crate::classify::Problem;
use crate::json::Seen;
use crate::reply::{flaws, partly_read, redactor};
use crate::send::Reader;
use crate::wire::model::{Entries, MODELS, ModelInfo};

/// A list of models as far as it was read.
#[derive(Debug)]
pub(crate) struct List {
    /// The models that have an id.
    pub(crate) models: Vec<ModelInfo>,
    /// There are more than are read.
    pub(crate) is_cut: bool,
    /// What could not be read.
    pub(crate) warnings: Vec<Failure>,
}

impl List {
    /// What the list says about a model: one that is not among the entries that were read may be
    /// among the others.
    pub(crate) fn unless_cut(&self, finding: Finding, host: &str) -> Finding {
        match finding {
            Finding::Fail(failure) if self.is_cut => Finding::Warn(format!(
                "{}, and {host} lists more than are read; only --live can tell",
                failure.message
            )),
            finding => finding,
        }
    }
}

/// How a list of models is read.
pub(crate) fn list_reader(
    read: fn(&Value) -> Option<Entries>,
    secret: Option<&BoundSecret>,
) -> Reader<impl FnOnce(&Seen) -> Result<List, Problem> + Send + 'static> {
    let redactor = redactor(secret);
    Reader {
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

/// What is said of a list that was not read as it is.
pub(crate) fn warnings(unnamed: usize, mut told: Vec<String>) -> Vec<Failure> {
    match unnamed {
        0 => {}
        1 => told.push("1 entry without an id, which is no model".to_owned()),
        count => told.push(format!(
            "{count} entries without an id, which are no models"
        )),
    }
    let warning = partly_read("part of the list of models could not be read", told);
    warning.into_iter().collect()
}
