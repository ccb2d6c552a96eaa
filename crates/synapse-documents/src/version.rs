//! Document versions. The first is a permanent contract; the second uses lower case for cost
//! sources, as for every other word, in documents that can contain a receipt.

use serde_json::Value;
use synapse_core::money::CostSource;

/// The requested version of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DocumentVersion {
    /// `ACTUAL`, `ESTIMATED`, `UNKNOWN`. The default.
    #[default]
    One,
    /// `actual`, `estimated`, `unknown`.
    Two,
}

impl DocumentVersion {
    /// Both versions.
    pub const ALL: [Self; 2] = [Self::One, Self::Two];

    /// Its number.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::One => "1",
            Self::Two => "2",
        }
    }

    /// Converts a document of the first version to this one. Documents without receipts have one
    /// version and stay unchanged.
    #[must_use]
    pub fn of(self, mut document: Value) -> Value {
        if self == Self::One {
            return document;
        }
        let Some(schema) = document.get("schema").and_then(Value::as_str) else {
            return document;
        };
        let Some(name) = WITH_RECEIPTS
            .iter()
            .find(|name| schema.strip_prefix(**name) == Some("/1"))
        else {
            return document;
        };
        let schema = format!("{name}/2");
        lower_sources(&mut document);
        if let Some(stated) = document.get_mut("schema") {
            *stated = Value::String(schema);
        }
        document
    }
}

/// In every cost at any depth. Iterative, because documents contain foreign data.
fn lower_sources(document: &mut Value) {
    let mut left = vec![document];
    while let Some(value) = left.pop() {
        match value {
            Value::Object(members) => {
                let is_cost = COST.iter().all(|key| members.contains_key(*key));
                if is_cost
                    && let Some(Value::String(source)) = members.get_mut(SOURCE)
                    && CostSource::parse(source).is_some()
                {
                    source.make_ascii_lowercase();
                }
                left.extend(members.values_mut());
            }
            Value::Array(values) => left.extend(values),
            _ => {}
        }
    }
}

/// The keys of a cost.
const COST: [&str; 3] = ["amount_nano_usd", SOURCE, "priced_at"];
const SOURCE: &str = "source";

/// The documents that can contain a receipt.
const WITH_RECEIPTS: [&str; 7] = [
    "synapse.chat",
    "synapse.error",
    "synapse.history",
    "synapse.history-entry",
    "synapse.preflight",
    "synapse.preflights",
    "synapse.connection",
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_second_version_has_lower_case_sources_and_nothing_else_changes() {
        let cost =
            |source: &str| json!({"amount_nano_usd": 1, "source": source, "priced_at": null});
        let first = json!({"schema": "synapse.chat/1", "content": "ACTUAL",
            "receipt": {"cost": cost("ESTIMATED")}});
        let second = json!({"schema": "synapse.chat/2", "content": "ACTUAL",
            "receipt": {"cost": cost("estimated")}});
        assert_eq!(DocumentVersion::One.of(first.clone()), first);
        assert_eq!(DocumentVersion::Two.of(first), second);
        let without = json!({"schema": "synapse.usage/1", "total": {}});
        assert_eq!(DocumentVersion::Two.of(without.clone()), without);
    }
}
