//! The document of `synapse completions install` and `remove`.

use serde::Serialize;

/// `synapse.completions/1`: a change of a shell's startup file, made or only shown.
#[derive(Debug, Clone, Serialize)]
pub struct CompletionsDocument {
    schema: &'static str,
    ok: bool,
    #[serde(flatten)]
    change: CompletionsView,
}

/// The change. `action` is `install`, `remove` or `nothing`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct CompletionsView {
    /// The shell.
    pub shell: String,
    /// The file, before links are followed.
    pub file: String,
    /// The change.
    pub action: &'static str,
    /// Whether it was only shown.
    pub dry_run: bool,
    /// The lines, each prefixed with `+ ` or `- `.
    pub lines: String,
}

impl CompletionsDocument {
    /// The document of a change.
    #[must_use]
    pub const fn new(change: CompletionsView) -> Self {
        Self {
            schema: "synapse.completions/1",
            ok: true,
            change,
        }
    }
}
