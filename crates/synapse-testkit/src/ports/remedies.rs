//! Remedies by their names: a test sees which one a text has, whatever a program would render.

use synapse_core::error::{Action, Remedy, RemedyText};

/// Renders each remedy as its `Debug`, and the line of another program as it is.
#[derive(Debug, Clone, Copy, Default)]
pub struct NamedRemedies;

impl RemedyText for NamedRemedies {
    fn command(&self, remedy: &Remedy) -> Option<String> {
        match remedy {
            // No command of its own, or the one that was given.
            Remedy::Wait | Remedy::Retype { .. } | Remedy::AddFlag { .. } => None,
            Remedy::Shell { line } => Some(line.clone()),
            remedy => Some(format!("{remedy:?}")),
        }
    }

    fn action(&self, action: Action) -> String {
        format!("`{}`", action.as_str())
    }
}
