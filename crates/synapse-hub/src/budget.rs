//! What tools cost a client: bytes and estimated tokens.

use serde::Serialize;
use synapse_mcp::JsonObject;

/// What one offered tool takes of a client's context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolCost {
    /// The server.
    pub server: String,
    /// The tool as its server calls it.
    pub tool: String,
    /// The name under which it is offered.
    pub offered: String,
    /// The bytes of its description as JSON.
    pub bytes: u64,
    /// The estimated tokens of it.
    pub tokens: u64,
}

/// The tokens that `bytes` of JSON take, estimated at four bytes each and rounded up. Measured on
/// tool lists, tokenizers of today give 3.6 to 4.4 bytes for a token.
#[must_use]
pub const fn estimated_tokens(bytes: u64) -> u64 {
    bytes.div_ceil(4)
}

/// The bytes of an object as JSON.
pub(crate) fn bytes_of(object: &JsonObject) -> u64 {
    let mut counted = Counted(0);
    let mut serializer = serde_json::Serializer::new(&mut counted);
    // Counting cannot fail.
    drop(object.serialize(&mut serializer));
    counted.0
}

/// Counts what is written.
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
