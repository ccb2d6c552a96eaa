//! The document of a connection's checklist.

use serde::Serialize;
use synapse_core::check::Check;
use synapse_core::error::{Failure, RemedyText};

use crate::failure::{ErrorView, HintView};

/// `synapse.checklist/1`.
#[derive(Debug, Clone, Serialize)]
pub struct ChecklistDocument {
    schema: &'static str,
    ok: bool,
    connection: String,
    items: Vec<ItemView>,
    error: Option<ErrorView>,
}

/// One line of a checklist. `verdict` is `ok`, `warn` or `missing`.
#[derive(Debug, Clone, Serialize)]
pub struct ItemView {
    id: &'static str,
    verdict: &'static str,
    detail: String,
    next: Option<HintView>,
}

impl ChecklistDocument {
    /// The document of the checklist of the connection `name`. `remedies` renders its commands.
    #[must_use]
    pub fn new(
        name: &str,
        items: &[Check],
        failure: Option<&Failure>,
        remedies: &dyn RemedyText,
    ) -> Self {
        Self {
            schema: "synapse.checklist/1",
            ok: failure.is_none(),
            connection: name.to_owned(),
            items: items
                .iter()
                .map(|item| ItemView::new(item, remedies))
                .collect(),
            error: failure.map(|failure| ErrorView::new(failure, remedies)),
        }
    }
}

impl ItemView {
    fn new(item: &Check, remedies: &dyn RemedyText) -> Self {
        Self {
            id: item.id.as_str(),
            verdict: item.outcome().as_str(),
            detail: item.what().into_owned(),
            next: item.remedy().map(|hint| HintView::new(hint, remedies)),
        }
    }
}
