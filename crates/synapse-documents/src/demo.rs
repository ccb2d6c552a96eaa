//! The document of `synapse demo`.

use serde::Serialize;

/// `synapse.demo/1`: the steps of the demo, in order. A step that fails makes an error document
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
    /// What the step shows.
    pub title: String,
    /// The commands that were run, shell-quoted.
    pub commands: Vec<String>,
    /// What was seen.
    pub proof: String,
}

impl DemoDocument {
    /// The document of steps that all passed.
    #[must_use]
    pub const fn new(steps: Vec<DemoStepView>) -> Self {
        Self {
            schema: "synapse.demo/1",
            ok: true,
            steps,
        }
    }
}
