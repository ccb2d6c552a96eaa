//! The checks of an upstream made so far.

use std::sync::Arc;

use synapse_core::check::CheckOutcome;
use synapse_core::error::{Failure, RemedyText};
use synapse_documents::{ErrorView, HubCheckView};

use crate::output::in_short;

/// The checks made, and the first failure.
pub(super) struct Checks {
    remedies: Arc<dyn RemedyText>,
    pub(super) checks: Vec<HubCheckView>,
    pub(super) failure: Option<Failure>,
}

impl Checks {
    pub(super) fn new(remedies: Arc<dyn RemedyText>) -> Self {
        Self {
            remedies,
            checks: Vec::new(),
            failure: None,
        }
    }

    pub(super) fn ok(&mut self, id: &'static str, detail: impl Into<String>) {
        self.add(CheckOutcome::Ok, id, detail.into(), None);
    }

    pub(super) fn warn(&mut self, id: &'static str, failure: &Failure) {
        self.add(CheckOutcome::Warn, id, in_short(failure), Some(failure));
    }

    pub(super) fn fail(&mut self, id: &'static str, failure: Failure) {
        self.add(CheckOutcome::Fail, id, in_short(&failure), Some(&failure));
        self.failure.get_or_insert(failure);
    }

    pub(super) fn skip(&mut self, id: &'static str, why: &str) {
        self.add(CheckOutcome::Skip, id, why.to_owned(), None);
    }

    fn add(
        &mut self,
        outcome: CheckOutcome,
        id: &'static str,
        detail: String,
        failure: Option<&Failure>,
    ) {
        let view = HubCheckView {
            id,
            outcome,
            detail,
            error: failure.map(|failure| ErrorView::new(failure, &*self.remedies)),
        };
        self.checks.push(view);
    }
}
