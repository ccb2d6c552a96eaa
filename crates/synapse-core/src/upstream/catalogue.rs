//! The lists of an upstream as its owner approved them, raw.

use std::fmt;

use serde_json::{Map, Value};

/// What an upstream offered when it was approved: every object exactly as it came.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Catalogue {
    /// The protocol revision that was spoken.
    pub protocol: String,
    /// `serverInfo`.
    pub server_info: Map<String, Value>,
    /// Its capabilities.
    pub capabilities: Map<String, Value>,
    /// Its instructions.
    pub instructions: Option<String>,
    /// The items of `tools/list`, all pages, in the server's order.
    pub tools: Vec<Map<String, Value>>,
    /// The items of `prompts/list`.
    pub prompts: Vec<Map<String, Value>>,
    /// The items of `resources/list`.
    pub resources: Vec<Map<String, Value>>,
    /// The items of `resources/templates/list`.
    pub templates: Vec<Map<String, Value>>,
    /// The items of `skills/list` of the extension `io.modelcontextprotocol/skills`.
    pub skills: Vec<Map<String, Value>>,
}

impl Eq for Catalogue {}

impl Catalogue {
    /// The tool that the server calls `name`.
    #[must_use]
    pub fn tool(&self, name: &str) -> Option<&Map<String, Value>> {
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
