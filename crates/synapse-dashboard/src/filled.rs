//! The form of a connection, as far as it was filled in, and the models to choose from.

use maud::{Markup, html};
use synapse_core::connection::Draft;
use synapse_core::engine::Models;
use synapse_core::error::Failure;
use synapse_core::provider::models::ListedModel;
use synapse_core::redact::printable;

use crate::text::foreign;
use crate::words::{count, several};

/// A form with its values and its error.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filled {
    pub(crate) name: String,
    /// The name of the edited connection.
    pub(crate) editing: Option<String>,
    /// The digest of the draft the form started with.
    pub(crate) digest: String,
    pub(crate) draft: Draft,
    pub(crate) failure: Option<Failure>,
    /// The models to choose from.
    pub(crate) choice: Option<Choice>,
}

/// The models to choose from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Choice {
    host: String,
    /// Ids, with the prices that the list states.
    models: Vec<(String, String)>,
    /// The number of listed models.
    of: usize,
}

impl Choice {
    /// The models that contain the text in the field, or all of them: also if it is the id of one,
    /// whose owner looks for another.
    pub(crate) fn of(models: &Models, typed: &str) -> Self {
        let all = &models.listed.models;
        // An id that cannot be shown as it is cannot be chosen either.
        let shown = |model: &&ListedModel| printable(&model.id) == model.id;
        let found: Vec<&ListedModel> = all.iter().filter(|model| model.matches(typed)).collect();
        let is_one = all.iter().any(|model| model.id == typed.trim());
        let found = if is_one || found.is_empty() {
            all.iter().collect()
        } else {
            found
        };
        Self {
            host: models.exchange.host.clone(),
            models: found
                .into_iter()
                .filter(shown)
                .take(MOST)
                .map(|model| (model.id.clone(), prices(model)))
                .collect(),
            of: all.len(),
        }
    }

    /// The list, beside the model's field: suggestions within the field would be narrowed to the id
    /// that is in it.
    pub(crate) fn list(&self) -> Markup {
        html! {
            @if !self.models.is_empty() {
                label for=(LISTED) { "Or one that is listed" }
                select .mono id=(LISTED) name=(LISTED) autofocus aria-describedby="listed-hint" {
                    option value="" { "the id in the field above" }
                    @for (id, prices) in &self.models { option value=(id) { (id) @if !prices.is_empty() { " · " (prices) } } }
                }
            }
        }
    }

    /// A sentence about the list.
    pub(crate) fn sentence(&self) -> Markup {
        let of = u64::try_from(self.of).unwrap_or(u64::MAX);
        let here = u64::try_from(self.models.len()).unwrap_or(u64::MAX);
        html! {
            p .hint #listed-hint role="status" {
                @if self.models.is_empty() { (foreign(&self.host)) " lists no model: type the id." }
                @else {
                    b { (several(of, "model")) " listed by " (foreign(&self.host)) } @if here < of { ", " (count(here)) " of them in the list above" }
                    ". One that is chosen there counts, whatever is in the field. Not each of them answers prompts."
                }
            }
        }
    }
}

/// The prices of a million tokens, if the list states both.
fn prices(model: &ListedModel) -> String {
    match (model.rates.input, model.rates.output) {
        (Some(input), Some(output)) => format!("${input} in, ${output} out, per million tokens"),
        _ => String::new(),
    }
}

/// The field of the list.
pub(crate) const LISTED: &str = "listed";
/// Keeps the page below its size limit.
const MOST: usize = 500;
