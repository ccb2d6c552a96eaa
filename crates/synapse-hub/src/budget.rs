//! The context cost of tools: bytes and estimated tokens.

use serde::Serialize;
use synapse_mcp::JsonObject;

/// The context cost of an offered tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolCost {
    /// The server.
    pub server: String,
    /// The tool's name at its server.
    pub tool: String,
    /// Its offered name.
    pub offered: String,
    /// Size of its JSON description in bytes.
    pub bytes: u64,
    /// Estimated tokens of its description.
    pub tokens: u64,
}

/// Estimates the tokens of `bytes` of JSON at four bytes each, rounded up. Measured on tool lists,
/// current tokenizers take 3.6 to 4.4 bytes per token.
#[must_use]
pub const fn estimated_tokens(bytes: u64) -> u64 {
    bytes.div_ceil(4)
}

/// The size of an object as JSON.
pub(crate) fn bytes_of(object: &JsonObject) -> u64 {
    let mut counted = Counted(0);
    let mut serializer = serde_json::Serializer::new(&mut counted);
    // Counting cannot fail.
    drop(object.serialize(&mut serializer));
    counted.0
}

/// Counts written bytes.
struct Counted(u64);

impl std::io::Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tokens_are_a_quarter_of_the_bytes_rounded_up() {
        assert_eq!([0, 1, 4, 5].map(estimated_tokens), [0, 1, 1, 2]);
    }

    #[test]
    fn bytes_are_those_on_the_wire() {
        let object = json!({"name": "é"}).as_object().unwrap().clone();
        assert_eq!(
            bytes_of(&object),
            serde_json::to_string(&object).unwrap().len() as u64
        );
    }
}
