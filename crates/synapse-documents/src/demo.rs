//! The document of `synapse demo`.

use serde::Serialize;

/// `synapse.demo/1`: the steps of the demo, in order. A failed step yields an error document
/// instead.
#[derive(Debug, Clone, Serialize)]
pub struct DemoDocument {
    schema: &'static str,
    ok: bool,
    steps: Vec<DemoStepView>,
}

/// A step that passed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct DemoStepView {
    /// Its title.
    pub title: String,
    /// The executed commands, shell-quoted.
    pub commands: Vec<String>,
    /// The observation.
    pub proof: String,
}

impl DemoDocument {
    /// The document of steps, all passed.
    #[must_use]
    pub const fn new(steps: Vec<DemoStepView>) -> Self {
        Self {
            schema: "synapse.demo/1",
            ok: true,
            steps,
        }
    }
}
