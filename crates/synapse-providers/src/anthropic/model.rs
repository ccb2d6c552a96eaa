//! A model from Anthropic's models endpoints.

use serde_json::Value;
use synapse_core::error::Failure;
use synapse_core::provider::models::ListedModel;
use synapse_core::redact::Redactor;
use synapse_core::time::Timestamp;

use crate::clean::flaws;
use crate::json::Seen;
use crate::list::warnings;
use crate::wire::{MAX_WORD, count, text};

/// A model's properties.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct AnthropicModel {
    /// The id; dated even if an alias was requested.
    pub(super) id: String,
    /// Release time.
    pub(super) created: Option<Timestamp>,
    /// Maximum prompt length in tokens.
    pub(super) max_input_tokens: Option<u64>,
    /// Maximum answer length in tokens.
    pub(super) max_tokens: Option<u64>,
}

/// A page of models.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct ModelPage {
    /// Its models.
    pub(super) models: Vec<AnthropicModel>,
    /// Further pages exist; they are not requested.
    pub(super) has_more: bool,
    /// Warnings about unreadable parts.
    pub(super) warnings: Vec<Failure>,
}

impl AnthropicModel {
    /// Reads one model leniently; `None` without an id.
    pub(super) fn read(value: &Value) -> Option<Self> {
        // Zero means the limit is unknown.
        let most = |key: &str| count(value, key).filter(|tokens| *tokens > 0);
        let created = value.get("created_at").and_then(Value::as_str);
        Some(Self {
            id: text(value, "id").filter(|id| !id.trim().is_empty())?,
            created: created
                .and_then(|text| text.parse::<Timestamp>().ok())
                .filter(|time| *time != Timestamp::from_millis(0)),
            max_input_tokens: most("max_input_tokens"),
            max_tokens: most("max_tokens"),
        })
    }

    /// The model for a list, with its texts cleaned.
    pub(super) fn listed(&self, redactor: &Redactor) -> ListedModel {
        ListedModel {
            id: redactor.clean(&self.id, MAX_WORD),
            created: self.created,
            context_length: self.max_input_tokens,
            ..ListedModel::default()
        }
    }
}

impl ModelPage {
    /// Reads a list, skipping invalid models; `None` if there is no list.
    pub(super) fn read(seen: &Seen, redactor: &Redactor) -> Option<Self> {
        let data = seen.value.get("data")?.as_array()?;
        let models: Vec<AnthropicModel> = data.iter().filter_map(AnthropicModel::read).collect();
        let has_more = seen.value.get("has_more").and_then(Value::as_bool) == Some(true);
        Some(Self {
            warnings: warnings(data.len() - models.len(), flaws(&seen.flaws, redactor)),
            models,
            has_more: has_more || seen.flaws.left_out() > 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::json;
    use crate::wire::model::MODELS;

    #[test]
    fn what_is_not_said_is_unknown() {
        let bare = AnthropicModel::read(&json!({"id": "m", "created_at": "1970-01-01T00:00:00Z",
            "max_tokens": 0, "max_input_tokens": null, "type": "model"}));
        let expected = AnthropicModel {
            id: "m".into(),
            ..AnthropicModel::default()
        };
        assert_eq!(bare, Some(expected));
        assert_eq!(AnthropicModel::read(&json!({"type": "model"})), None);
        let read = |list: &str| {
            let seen = json::read(list.as_bytes(), &MODELS).unwrap();
            ModelPage::read(&seen, &Redactor::none())
        };
        assert_eq!(read(r#"{"data": {}}"#), None);
        let page = read(r#"{"data": [{"id": "m"}, 7, {"id": ""}], "has_more": true}"#).unwrap();
        assert_eq!((page.models.len(), page.has_more), (1, true));
        let causes = page.warnings[0].causes().concat();
        assert!(causes.contains("2 entries without an id"), "{causes}");
    }
}
