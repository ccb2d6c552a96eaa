//! The documents of error codes.

use serde::Serialize;
use synapse_core::error::{CodeEntry, RemedyText};

/// `synapse.codes/1`: all codes.
#[derive(Debug, Clone, Serialize)]
pub struct CodesDocument {
    schema: &'static str,
    ok: bool,
    codes: Vec<CodeDocument>,
}

/// `synapse.code/1`: the explanation of a code.
#[derive(Debug, Clone, Serialize)]
pub struct CodeDocument {
    schema: &'static str,
    ok: bool,
    code: &'static str,
    class: &'static str,
    exit_code: u8,
    means: &'static str,
    detected: String,
    remedy: String,
}

impl CodesDocument {
    /// The document of these codes. `remedies` renders their commands.
    #[must_use]
    pub fn new<'a>(
        entries: impl IntoIterator<Item = &'a CodeEntry>,
        remedies: &dyn RemedyText,
    ) -> Self {
        Self {
            schema: "synapse.codes/1",
            ok: true,
            codes: entries
                .into_iter()
                .map(|entry| CodeDocument::new(entry, remedies))
                .collect(),
        }
    }
}

impl CodeDocument {
    /// The document of a code. `remedies` renders its commands.
    #[must_use]
    pub fn new(entry: &CodeEntry, remedies: &dyn RemedyText) -> Self {
        Self {
            schema: "synapse.code/1",
            ok: true,
            code: entry.name,
            class: entry.class.as_str(),
            exit_code: entry.class.exit_code(),
            means: entry.meaning,
            detected: entry.detected(remedies),
            remedy: entry.remedy(remedies),
        }
    }
}
