//! A model as Anthropic's models endpoints describe it.

use serde_json::Value;
use synapse_core::models::ListedModel;
use synapse_core::redact::Redactor;
use synapse_core::time::Timestamp;

use crate::wire::{MAX_WORD, count, text};

/// What a lookup or a list told of one model.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct ModelInfo {
    /// The id, dated also when an alias was asked for.
    pub(super) id: String,
    /// When it was released.
    pub(super) created: Option<Timestamp>,
    /// The longest prompt, in tokens.
    pub(super) max_input_tokens: Option<u64>,
    /// The longest answer that may be asked for, in tokens.
    pub(super) max_tokens: Option<u64>,
}

/// A page of models.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Page {
    /// The models on it.
    pub(super) models: Vec<ModelInfo>,
    /// There are more behind it, which are not asked for.
    pub(super) has_more: bool,
}

impl ModelInfo {
    /// Reads one model leniently; `None` when it has no id.
    pub(super) fn read(value: &Value) -> Option<Self> {
        // A maximum of zero says that there is none to say.
        let most = |key: &str| count(value, key).filter(|tokens| *tokens > 0);
        let created = value.get("created_at").and_then(Value::as_str);
        Some(Self {
            id: text(value, "id")?,
            created: created
                .and_then(|text| text.parse::<Timestamp>().ok())
                .filter(|time| *time != Timestamp::from_millis(0)),
            max_input_tokens: most("max_input_tokens"),
            max_tokens: most("max_tokens"),
        })
    }

    /// The model for a list, with what is text made fit to show.
    pub(super) fn listed(&self, redactor: &Redactor) -> ListedModel {
        ListedModel {
            id: redactor.clean(&self.id, MAX_WORD),
            created: self.created,
            context_length: self.max_input_tokens,
            ..ListedModel::default()
        }
    }
}

impl Page {
    /// Reads a list, leaving out what is no model; `None` when there is none.
    pub(super) fn read(value: &Value) -> Option<Self> {
        let data = value.get("data")?.as_array()?;
        Some(Self {
            models: data.iter().filter_map(ModelInfo::read).collect(),
            has_more: value.get("has_more").and_then(Value::as_bool) == Some(true),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_said_is_unknown() {
        let bare = ModelInfo::read(&json!({"id": "m", "created_at": "1970-01-01T00:00:00Z",
            "max_tokens": 0, "max_input_tokens": null, "type": "model"}));
        let expected = ModelInfo {
            id: "m".into(),
            ..ModelInfo::default()
        };
        assert_eq!(bare, Some(expected));
        assert_eq!(ModelInfo::read(&json!({"type": "model"})), None);
        assert_eq!(Page::read(&json!({"data": {}})), None);
        let page = Page::read(&json!({"data": [{"id": "m"}, 7], "has_more": true})).unwrap();
        assert_eq!((page.models.len(), page.has_more), (1, true));
    }
}
