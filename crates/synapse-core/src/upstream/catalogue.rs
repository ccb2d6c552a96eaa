//! The approved raw lists of an upstream.

use std::fmt;

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::Item;

/// An upstream's offer at approval: every object verbatim.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Catalogue {
    /// The protocol version in use.
    pub protocol: String,
    /// `serverInfo`.
    pub server_info: Map<String, Value>,
    /// Its capabilities.
    pub capabilities: Map<String, Value>,
    /// Its instructions.
    pub instructions: Option<String>,
    /// The items of `tools/list`, all pages, in the server's order.
    pub tools: Vec<Item>,
    /// The items of `prompts/list`.
    pub prompts: Vec<Item>,
    /// The items of `resources/list`.
    pub resources: Vec<Item>,
    /// The items of `resources/templates/list`.
    pub templates: Vec<Item>,
    /// The items of `skills/list` of the extension `io.modelcontextprotocol/skills`.
    pub skills: Vec<Item>,
}

impl Eq for Catalogue {}

impl Catalogue {
    /// Its hash, independent of the order of object members.
    #[must_use]
    pub fn hash(&self) -> CatalogueHash {
        let mut hash = Hash(Sha256::new());
        hash.text(FORMAT);
        hash.text(&self.protocol);
        hash.object(&self.server_info);
        hash.object(&self.capabilities);
        match &self.instructions {
            Some(instructions) => hash.text(instructions),
            None => hash.value(&Value::Null),
        }
        let lists = [
            &self.tools,
            &self.prompts,
            &self.resources,
            &self.templates,
            &self.skills,
        ];
        for list in lists {
            hash.tag(b'[', list.len());
            for item in list {
                hash.object(item);
            }
        }
        CatalogueHash(hash.finish())
    }

    /// The tool `name`.
    #[must_use]
    pub fn tool(&self, name: &str) -> Option<&Item> {
        self.tools
            .iter()
            .find(|tool| tool.get("name").and_then(Value::as_str) == Some(name))
    }
}

/// The SHA-256 of a catalogue's canonical JSON, in lower-case hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CatalogueHash(pub String);

impl fmt::Display for CatalogueHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Hashes JSON without collisions of encoding: each value with a tag and its length, members sorted
/// by key.
struct Hash(Sha256);

impl Hash {
    fn tag(&mut self, tag: u8, length: usize) {
        self.0.update([tag]);
        let length = u64::try_from(length).unwrap_or(u64::MAX);
        self.0.update(length.to_be_bytes());
    }

    fn text(&mut self, text: &str) {
        self.tag(b's', text.len());
        self.0.update(text);
    }

    fn object(&mut self, object: &Map<String, Value>) {
        let mut members: Vec<(&String, &Value)> = object.iter().collect();
        members.sort_unstable_by_key(|(key, _)| *key);
        self.tag(b'{', members.len());
        for (key, value) in members {
            self.text(key);
            self.value(value);
        }
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.tag(b'n', 0),
            Value::Bool(flag) => self.tag(if *flag { b't' } else { b'f' }, 0),
            Value::Number(number) => {
                let written = number.to_string();
                self.tag(b'd', written.len());
                self.0.update(written);
            }
            Value::String(text) => self.text(text),
            Value::Array(items) => {
                self.tag(b'[', items.len());
                for item in items {
                    self.value(item);
                }
            }
            Value::Object(members) => self.object(members),
        }
    }

    fn finish(self) -> String {
        self.0
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

const FORMAT: &str = "synapse.catalogue/1";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn catalogue(tool: &Value) -> Catalogue {
        Catalogue {
            tools: vec![tool.as_object().unwrap().clone().into()],
            ..Catalogue::default()
        }
    }

    #[test]
    fn the_order_of_members_does_not_count_and_everything_else_does() {
        let first = catalogue(&json!({"name": "a", "inputSchema": {"x": 1, "y": [1, 2]}}));
        let turned = catalogue(&json!({"inputSchema": {"y": [1, 2], "x": 1}, "name": "a"}));
        assert_eq!(first.hash(), turned.hash());
        for other in [
            json!({"name": "a", "inputSchema": {"x": 1, "y": [2, 1]}}),
            json!({"name": "a", "inputSchema": {"x": "1", "y": [1, 2]}}),
            json!({"name": "a", "inputSchema": {"x": 1, "y": [1, 2], "z": null}}),
        ] {
            assert_ne!(first.hash(), catalogue(&other).hash(), "{other}");
        }
        let moved = Catalogue {
            prompts: first.tools.clone(),
            ..Catalogue::default()
        };
        assert_ne!(first.hash(), moved.hash());
        let told = Catalogue {
            instructions: Some(String::new()),
            ..first.clone()
        };
        assert_ne!(first.hash(), told.hash());
    }
}
