//! The documents of error codes.

use serde::Serialize;

use crate::error::CodeEntry;

/// `synapse.codes/1`: every code.
#[derive(Debug, Clone, Serialize)]
pub struct CodesDocument {
    schema: &'static str,
    ok: bool,
    codes: Vec<CodeDocument>,
}

/// `synapse.code/1`: what a code means.
#[derive(Debug, Clone, Serialize)]
pub struct CodeDocument {
    schema: &'static str,
    ok: bool,
    code: &'static str,
    class: &'static str,
    exit_code: u8,
    means: &'static str,
    detected: &'static str,
    remedy: &'static str,
}

impl CodesDocument {
    /// The document of these codes.
    #[must_use]
    pub fn new(entries: &'static [CodeEntry]) -> Self {
        Self {
            schema: "synapse.codes/1",
            ok: true,
            codes: entries.iter().map(CodeDocument::from).collect(),
        }
    }
}

impl From<&CodeEntry> for CodeDocument {
    fn from(entry: &CodeEntry) -> Self {
        Self {
            schema: "synapse.code/1",
            ok: true,
            code: entry.name,
            class: entry.class.as_str(),
            exit_code: entry.class.exit_code(),
            means: entry.meaning,
            detected: entry.detected,
            remedy: entry.remedy,
        }
    }
}
